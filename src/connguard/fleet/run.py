# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of `connguard fleet`: from repositories to rows, a summary and an exit code.

Only sums and the facts of the connection budget are kept of a repository; its rows are written as
soon as it is its turn.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Any

from connguard.engine.fail_on import FailOn
from connguard.engine.finding import (
    EXIT_CLEAN,
    EXIT_ERROR,
    EXIT_FINDINGS,
    EXIT_NOTHING_TO_SCAN,
)
from connguard.engine.progress import Progress, silent
from connguard.engine.version import __version__
from connguard.fleet.budget import (
    FleetBudget,
    Key,
    Splitter,
    budgets,
    connection_row,
    finding_rows,
    left_rows,
    server_row,
)
from connguard.fleet.declared import FleetFile
from connguard.fleet.engines import scan_all
from connguard.fleet.facts import Facts
from connguard.fleet.join import Contribution, join
from connguard.fleet.outputs import Output, Row
from connguard.fleet.plain import from_plain
from connguard.fleet.repository import NOTHING, SCANNED, Job, Result
from connguard.policies.model.records import dataclass

VERSION = 1
"""Of the rows: schemas/fleet-row-1.json."""

_SHOWN = 1000
"""Repositories with findings that are kept for the summary."""


class ResumeError(Exception):
    """A journal that cannot be used. The message is for the user."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `workers` 0 is one for each processor; `timings` adds them to the rows."""

    engine: str = "local"
    workers: int = 0
    address: str = ""
    timings: bool = False
    journal: Path | None = None


@dataclass(slots=True)
class Outcome:
    """The sums of a run. `worst` are the repositories to look at first, as rows."""

    repositories: int = 0
    files: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    policies: Counter[str] = field(default_factory=Counter)
    spread: Counter[str] = field(default_factory=Counter)
    worst: list[Row] = field(default_factory=list)
    failed: list[Row] = field(default_factory=list)
    slowest: list[tuple[float, int, str]] = field(default_factory=list)
    taken_over: int = 0
    budget: FleetBudget | None = None
    shared_fails: bool = False

    @property
    def exit_code(self) -> int:
        """As of `scan`: 2 before 1, and 3 where no repository holds anything to scan."""
        if self.codes[EXIT_ERROR] or (self.budget and self.budget.failures):
            return EXIT_ERROR
        if self.codes[EXIT_FINDINGS] or self.shared_fails:
            return EXIT_FINDINGS
        if not self.repositories or self.codes[EXIT_NOTHING_TO_SCAN] == self.repositories:
            return EXIT_NOTHING_TO_SCAN
        return EXIT_CLEAN

    def add(self, row: dict[str, Any]) -> None:
        self.repositories += 1
        self.files += row["files"]
        self.statuses[row["status"]] += 1
        self.codes[row["exit_code"]] += 1
        for severity in ("errors", "warnings", "notes"):
            self.severities[severity] += row[severity]
        self.policies.update(row["policies"])
        self.spread.update(row["policies"].keys())
        if row["status"] not in (SCANNED, NOTHING) or row["failures"]:
            self.failed.append(row)
        if row["errors"] or row["warnings"]:
            self.worst.append(row)
            if len(self.worst) > 2 * _SHOWN:
                self._shorten()
        if "seconds" in row:
            self.slowest.append((row["seconds"], row["memory"] or 0, row["repository"]))
            self.slowest = sorted(self.slowest, reverse=True)[:10]

    def _shorten(self) -> None:
        self.worst.sort(key=lambda row: (-row["errors"], -row["warnings"], row["repository"]))
        del self.worst[_SHOWN:]

    def finish(self) -> None:
        self._shorten()


def run(
    jobs: Sequence[Job],
    fleet: FleetFile,
    options: Options,
    outputs: Sequence[Output],
    fail_on: FailOn,
    progress: Progress = silent,
) -> Outcome:
    """Scan all repositories, write their rows, then those of the servers that they share.

    Raises EngineError, ResumeError, OSError (an output), ValueError (a policy that does not exist).
    """
    outcome = Outcome()
    facts: list[tuple[str, bytes]] = []
    reported: set[Key] = set()

    def write(row: Row) -> None:
        for output in outputs:
            output.write(row)

    write(
        {"type": "run", "version": VERSION, "tool": {"name": "connguard", "version": __version__}}
    )
    for number, result in enumerate(_results(jobs, options, outcome), 1):
        row = result["repository"]
        for finding in result["findings"]:
            write(finding)
            if finding["id"].startswith(("PG1", "PG007")):
                reported.add(_key(finding))
        if options.timings:
            row = {**row, "seconds": result.get("seconds"), "memory": result.get("memory")}
        write(row)
        outcome.add(row)
        if result["facts"] is not None:
            packed = zlib.compress(json.dumps(result["facts"]).encode(), 1)
            facts.append((row["repository"], packed))
        progress(f"repositories: {number} of {len(jobs)}")
    progress("adding up connections")
    names = [job.name for job in jobs]
    outcome.budget = budgets(join(_contributions(facts), fleet), fleet, names, frozenset(reported))
    _write_budget(outcome.budget, Splitter(names), outcome, write)
    every = [one for server in outcome.budget.servers for one in server.findings]
    outcome.shared_fails = fail_on.fails(every)
    outcome.finish()
    write(
        {
            "type": "end",
            "repositories": outcome.repositories,
            "files": outcome.files,
            **{name: outcome.severities[name] for name in ("errors", "warnings", "notes")},
            "statuses": dict(sorted(outcome.statuses.items())),
            "policies": dict(sorted(outcome.policies.items())),
            "servers": len(outcome.budget.servers),
            "exit_code": outcome.exit_code,
        }
    )
    return outcome


def _write_budget(found: FleetBudget, split: Splitter, outcome: Outcome, write: Any) -> None:
    for one in found.joined.services:
        write(connection_row(one))
    for shared in found.servers:
        for row in finding_rows(shared, split):
            write(row)
            outcome.severities[f"{row['severity']}s"] += 1
            outcome.policies[row["id"]] += 1
        write(server_row(shared))
    for row in left_rows(found.joined):
        write(row)


def _key(finding: Mapping[str, Any]) -> Key:
    where = finding["path"], finding["line"], finding["column"]
    return (finding["repository"], finding["id"], *where)


def _contributions(facts: Iterable[tuple[str, bytes]]) -> Iterator[Contribution]:
    for name, packed in facts:
        yield Contribution(name, from_plain(Facts, json.loads(zlib.decompress(packed))))


# Results: those of the journal of an interrupted run, and new ones.


def _results(jobs: Sequence[Job], options: Options, outcome: Outcome) -> Iterator[Result]:
    scan = (options.engine, options.workers, options.address)
    if options.journal is None:
        yield from scan_all(jobs, *scan)
        return
    journal = _Journal(options.journal, jobs)
    places = journal.places
    outcome.taken_over = len(places)
    missing = scan_all([job for job in jobs if job.name not in places], *scan)
    with journal.opened():
        for job in jobs:
            if job.name in places:
                yield journal.read(places[job.name])
            else:
                result = next(missing)
                journal.append(job.name, result)
                yield result
    journal.remove()


class _Journal:
    """The results of a run as it goes, one in each line, so that an interrupted run can go on.

    It ends with the run. Its first line says what was asked for; what was asked for otherwise
    cannot be resumed.
    """

    def __init__(self, path: Path, jobs: Sequence[Job]) -> None:
        self._path = path
        asked = json.dumps([__version__, [asdict(job) for job in jobs]], sort_keys=True)
        self._head = {"connguard-fleet": hashlib.sha256(asked.encode()).hexdigest()}
        self.places: dict[str, int] = {}
        self._end = 0
        if path.exists():
            self._load()

    def _load(self) -> None:
        with self._path.open("rb") as stream:
            line = stream.readline()
            if _parsed(line) != self._head:
                raise ResumeError(
                    f"{self._path}: not of a run with these repositories, options and version of"
                    " connguard; remove it to start anew"
                )
            self._end = stream.tell()
            while line := stream.readline():
                entry = _parsed(line)
                if entry is None:
                    break  # the line at which the run was interrupted
                self.places[entry["name"]] = self._end
                self._end = stream.tell()

    def opened(self) -> Any:
        self._stream = self._path.open("r+b" if self._end else "wb")
        self._stream.seek(self._end)
        self._stream.truncate()
        if not self._end:
            self._write(self._head)
        return self._stream

    def read(self, place: int) -> Result:
        end = self._stream.tell()
        self._stream.seek(place)
        result: Result = json.loads(self._stream.readline())["result"]
        self._stream.seek(end)
        return result

    def append(self, name: str, result: Result) -> None:
        self._stream.seek(0, os.SEEK_END)
        self._write({"name": name, "result": result})

    def _write(self, value: object) -> None:
        self._stream.write(json.dumps(value).encode("ascii") + b"\n")
        self._stream.flush()

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


def _parsed(line: bytes) -> Any:
    if not line.endswith(b"\n"):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None
