# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs many cases of a target, and keeps and minimises those with problems."""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Protocol

from .case import Case, Problem, save
from .checking import SLOW_S, Checker, has_settings
from .functions import FUNCTIONS, FunctionSubject
from .generating import SEEDS, Generator
from .mutation import LARGEST
from .reports import REPORTS, ReportSubject
from .targets import TARGETS

_BATCH = 48
"""Cases that are read at once."""
_THOROUGH = 16
"""One batch in this many is read twice and written in several formats."""
_SAMPLED = 4
"""One batch in this many has a case that is held against another parser."""
_KEPT = 2
"""How many cases of one problem are kept."""


_BOUNDED = {
    "text-symptoms": 0.3,
    **dict.fromkeys(("sql", "psql", "plpgsql", "migrations-sql"), 0.6),
    **dict.fromkeys(("text-replay", "text-psql", "text-plpgsql"), 0.6),
}
"""Seconds for readers that bound their work by a number of steps and not by the text's length."""


class Subject(Protocol):
    """Makes cases, and tells what is wrong with one."""

    def case(self, random: Random) -> Case: ...
    def case_of(self, data: bytes) -> Case: ...
    def seeds(self) -> list[bytes]: ...
    def mutate(self, random: Random, data: bytes) -> bytes: ...
    def problems(self, case: Case, *, thoroughly: bool = False) -> list[Problem]: ...
    def fine(self, cases: Sequence[Case], *, thoroughly: bool = False) -> bool: ...
    def silent(self, case: Case) -> bool: ...
    def close(self) -> None: ...


class ReaderSubject:
    """A reader with the whole of a scan around it."""

    def __init__(self, name: str, folder: Path, seeds: int = SEEDS) -> None:
        self._target = TARGETS[name]
        self._seeds = seeds
        self._checker = Checker(self._target, folder)
        self.problems = self._checker.problems
        self.fine = self._checker.fine
        self.silent = self._checker.silent
        self.close = self._checker.close

    def case(self, random: Random) -> Case:
        return self._generator.case(random)

    def case_of(self, data: bytes) -> Case:
        return Case(self._target.name, {self._target.file: data}, self._target.file)

    def seeds(self) -> list[bytes]:
        return [seed.files[seed.mutated] for seed in self._generator.seeds]

    def mutate(self, random: Random, data: bytes) -> bytes:
        return self._generator.mutator.mutate(random, data)

    @cached_property
    def _generator(self) -> Generator:
        return Generator(self._target, self._checker, self._seeds)


@dataclass(slots=True)
class Statistics:
    """What a run did; times are in seconds of this process.

    `single` cases were checked alone. `patience` is how much longer than usual each may take.
    """

    target: str
    seed: int
    cases: int = 0
    cpu: float = 0.0
    slowest: float = 0.0
    single: int = 0
    patience: float = 1.0
    problems: dict[str, int] = field(default_factory=dict)


def subject_of(name: str, folder: Path, seeds: int = SEEDS) -> Subject:
    """What is fuzzed under this name; `folder` is where it may write files."""
    if name == "reports" or name in REPORTS:
        return ReportSubject(name)
    if name in FUNCTIONS:
        return FunctionSubject(FUNCTIONS[name], seeds)
    return ReaderSubject(name, folder, seeds)


def run(
    name: str, cases: int, seed: int, found: Path, log: Path | None, *, seconds: float = 1e9
) -> Statistics:
    """Run cases `0..cases`; each follows from the seed and its number alone."""
    folder = Path(tempfile.mkdtemp(prefix="connguard-fuzz-", dir=_fastest()))
    subject = subject_of(name, folder)
    subject.case(Random(0))  # which reads the seeds
    statistics = Statistics(name, seed)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    started, typical = time.thread_time(), 0.0
    logged = time.monotonic()
    try:
        for first in range(0, cases, _BATCH):
            batch = [
                subject.case(Random(seed * 1_000_003_000 + number))
                for number in range(first, min(first + _BATCH, cases))
            ]
            thoroughly = first // _BATCH % _THOROUGH == 0
            alone = [case for case in batch if has_settings(case.files)]
            together = [case for case in batch if not has_settings(case.files)]
            start = time.thread_time()
            fine = subject.fine(together, thoroughly=thoroughly)
            took = time.thread_time() - start
            slow = typical and not thoroughly and took > 2 * typical + SLOW_S
            if not fine or slow or took > SLOW_S * len(batch):
                alone = batch
            elif not thoroughly:
                typical = took if not typical else 0.95 * typical + 0.05 * took
                statistics.slowest = max(statistics.slowest, took / (len(together) or 1))
            statistics.single += len(alone)
            for case in alone:
                check(subject, case, statistics, found, thoroughly)
            if first // _BATCH % _SAMPLED == 0 and subject.silent(batch[0]):
                _keep(subject, batch[0], Problem("silent", name), statistics, found)
            statistics.cases += len(batch)
            statistics.cpu = time.thread_time() - started
            if log and time.monotonic() - logged > 15:
                logged = time.monotonic()
                _write(statistics, log)
            if statistics.cpu > seconds:
                break
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    finally:
        subject.close()
    if log:
        _write(statistics, log)
    return statistics


def check(
    subject: Subject,
    case: Case,
    statistics: Statistics,
    found: Path,
    thoroughly: bool = False,
) -> None:
    """Check one case, and keep it if it is one of the first with its problem."""
    start = time.thread_time()
    problems = subject.problems(case, thoroughly=thoroughly)
    took = time.thread_time() - start
    limit = _limit(case) * statistics.patience
    if took > limit:
        took = _again(subject, case)
        if took > limit:
            problems.append(Problem("slow", _busiest(subject, case), f"{took:.3f} s"))
    statistics.slowest = max(statistics.slowest, took)
    if problems:
        _keep(subject, case, problems[0], statistics, found)


def _limit(case: Case) -> float:
    """The time that a case may take: longer where there are other files beside the mutated one."""
    size = sum(map(len, case.files.values()))
    bound = _BOUNDED.get(case.target, SLOW_S)
    if b"\0" in case.data:  # every one is an error to recover from
        bound = max(bound, 0.3)
    return bound * max(1, size / LARGEST)


def minimise(case: Case, wrong: Callable[[Case], bool], seconds: float = 4.0) -> Case:
    """A smaller case that is still wrong: fewer lines, then fewer characters."""
    until = time.thread_time() + seconds
    for splitter in (_lines, _characters):
        parts = splitter(case.data)
        size = max(1, len(parts) // 2)
        while size and time.thread_time() < until:
            start, shorter = 0, False
            while start < len(parts) and time.thread_time() < until:
                fewer = [*parts[:start], *parts[start + size :]]
                candidate = case.with_data(b"".join(fewer))
                if wrong(candidate):
                    parts, case, shorter = fewer, candidate, True
                else:
                    start += size
            if not shorter or size > 1:
                size //= 2
    return case


def _keep(
    subject: Subject, case: Case, problem: Problem, statistics: Statistics, found: Path
) -> None:
    key = problem.key
    statistics.problems[key] = statistics.problems.get(key, 0) + 1
    if statistics.problems[key] > _KEPT:
        return

    def wrong(candidate: Case) -> bool:
        if problem.kind == "silent":
            return subject.silent(candidate)
        if problem.kind == "slow":
            return _again(subject, candidate) > _limit(candidate) * statistics.patience
        return any(one.key == key for one in subject.problems(candidate, thoroughly=True))

    if problem.kind not in ("silent", "lost", "not deterministic"):
        case = minimise(case, wrong)
    path = save(case, f"{key}\n{problem.detail}", found)
    print(f"{statistics.target}: {key}: {path}", flush=True)


def _again(subject: Subject, case: Case) -> float:
    """The best of two more times."""
    times = []
    for _ in range(2):
        start = time.thread_time()
        subject.problems(case)
        times.append(time.thread_time() - start)
    return min(times)


def _busiest(subject: Subject, case: Case) -> str:
    """The function of connguard that most of the time is spent in."""
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.runcall(subject.problems, case)
    rows = pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
    own = [(row[2], place) for place, row in rows if "/fuzz/" not in place[0]]
    return next(
        (f"{Path(place[0]).stem}.{place[2]}" for _, place in sorted(own, reverse=True)), "?"
    )


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def _characters(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def _write(statistics: Statistics, log: Path) -> None:
    whole = log.with_suffix(".new")
    whole.write_text(json.dumps(asdict(statistics)) + "\n", encoding="ascii")
    whole.replace(log)


def _fastest() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def names() -> Iterable[str]:
    return (*TARGETS, *FUNCTIONS, *REPORTS)
