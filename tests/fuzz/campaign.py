# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of many targets in processes of their own, which may be stopped and taken up again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from .rows import ROWS, row_of

_OF_A_SCAN = 0.3
"""The time of a target that scans a folder, where one that calls a reader with a text gets 1."""
_MOST = 10_000_000
_UNKNOWN = 1000.0
"""Cases a second of a target that has not run yet."""


@dataclass(slots=True)
class Total:
    """What is known of a target; times are processor seconds, `slowest` that of one case."""

    target: str
    cases: int = 0
    cpu: float = 0.0
    slowest: float = 0.0
    problems: dict[str, int] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        """Whether it calls a reader or a reporter, and not all that a scan does."""
        return self.target.startswith(("text-", "report"))

    @property
    def rate(self) -> float:
        return self.cases / self.cpu if self.cpu else _UNKNOWN


def totals(log: Path) -> dict[str, Total]:
    """The sums of the statistics in a folder, by target."""
    found: dict[str, Total] = {}
    for path in sorted(log.glob("*.json")):
        statistics = json.loads(path.read_text(encoding="ascii"))
        total = found.setdefault(statistics["target"], Total(statistics["target"]))
        total.cases += statistics["cases"]
        total.cpu += statistics["cpu"]
        total.slowest = max(total.slowest, statistics["slowest"])
        for problem, count in statistics["problems"].items():
            total.problems[problem] = total.problems.get(problem, 0) + count
    return found


def campaign(
    rows: Sequence[str], cases: int, chunk: float, jobs: int, found: Path, log: Path
) -> None:
    """Run until the statistics in `log` show that many cases of every reader.

    A chunk is that many seconds of processor time. What is done soonest comes first.
    """
    log.mkdir(parents=True, exist_ok=True)
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            busy = set(running.values())
            while len(running) < jobs and (target := _next(rows, cases, log, busy)):
                running[pool.submit(_chunk, target, chunk, found, log)] = target
                busy.add(target)
            if not running:
                return
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                done.result()
                del running[done]


def _next(rows: Sequence[str], cases: int, log: Path, busy: set[str]) -> str | None:
    """The target to go on with: of the row that is done soonest the one that had least time.

    One that runs as part of a scan gets a part of the time of one that is called with a text.
    """
    done = totals(log)
    waiting: list[tuple[float, str]] = []
    for row in rows:
        targets = [done.get(name) or Total(name) for name in ROWS[row]]
        missing = cases - _cases(row, done)
        free = [one for one in targets if one.target not in busy]
        if missing > 0 and free:
            chosen = min(free, key=lambda one: one.cpu / (1 if one.is_text else _OF_A_SCAN))
            waiting.append(
                (missing / (sum(one.rate for one in targets) / len(targets)), chosen.target)
            )
    return min(waiting)[1] if waiting else None


def _cases(row: str, done: Mapping[str, Total]) -> int:
    return sum(total.cases for name, total in done.items() if row_of(name) == row)


def _chunk(name: str, seconds: float, found: Path, log: Path) -> None:
    seed = 1 + len(list(log.glob(f"{name}.*.json")))
    written = log / f"{name}.{seed}.json"
    arguments = ["run", "--target", name, "--cases", str(_MOST), "--seed", str(seed)]
    arguments += ["--seconds", str(seconds), "--found", str(found), "--log", str(written)]
    module = __name__.rpartition(".")[0]
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)
    if done.returncode:
        # A process that dies has died of a case: the number tells which are suspected.
        known = json.loads(written.read_text("ascii")) if written.exists() else {"cases": 0}
        problem = {f"the process ended with {done.returncode} after case {known['cases']}": 1}
        empty = {"cpu": seconds, "slowest": 0.0, "seed": seed, "target": name}
        written.write_text(json.dumps({**empty, **known, "problems": problem}) + "\n", "ascii")


def table(log: Path) -> Iterator[str]:
    """What was done for each reader, as rows of a Markdown table."""
    yield "| Reader | Cases | of these in a whole scan | Processor time |"
    yield "| --- | ---: | ---: | ---: |"
    done = totals(log)
    for row in ROWS:
        own = [total for name, total in done.items() if row_of(name) == row]
        scanned = sum(one.cases for one in own if not one.is_text)
        cpu = sum(one.cpu for one in own)
        yield f"| {row} | {_cases(row, done):,} | {scanned:,} | {cpu:,.0f} s |"


def details(log: Path) -> Iterator[str]:
    """What was done for each target, as rows of a Markdown table."""
    yield "| Target | Cases | Processor time | Cases a second | Slowest case | Problems |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for one in totals(log).values():
        rate = one.cases / one.cpu if one.cpu else 0
        yield (
            f"| {one.target} | {one.cases:,} | {one.cpu:,.0f} s | {rate:,.0f} "
            f"| {one.slowest * 1000:.1f} ms | {', '.join(one.problems) or 'none'} |"
        )
