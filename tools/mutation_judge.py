# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin that judges mutants: collects once, then one fork for each mutant.

The tests are run once as they are, with the lines that each of them runs. A mutant is then judged
by the tests that run the changed statement, those first that have killed the most and take the
least time, until the first one fails. Each test has some times the CPU time that it takes
without the mutant: a mutant that makes it loop costs a second, not minutes. `jobs` mutants are
judged at once.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import resource
import select
import signal
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest
from mutants import Mutant, put_in

KILLED, SURVIVED, TIMEOUT, UNREACHED = "killed", "survived", "timeout", "unreached"
LEFT = (SURVIVED, UNREACHED)
_LEAST_SECONDS = 1.0
_FORK_SECONDS = 5
_TIMES_LONGER = 8
_MOST_BYTES = 4 << 30
_NO_TEST = "none"
_STOPPED = (signal.SIGPROF, signal.SIGXCPU, signal.SIGKILL)


@dataclass(frozen=True)
class Judgement:
    """`by` is the test that has noticed, if one has; `seconds` are CPU time, forking included."""

    status: str
    by: str = ""
    seconds: float = 0.0


class Judge:
    def __init__(
        self,
        mutants: Iterable[Mutant],
        files: Iterable[Path],
        tell: Callable[[Mutant, Judgement], None],
        jobs: int = 1,
    ) -> None:
        self._mutants = list(mutants)
        self._jobs = jobs
        self._files = list(files)
        self._tell = tell
        self._seconds: list[float] = []
        self._reaching: dict[Path, dict[int, set[int]]] = {}
        self._kills: Counter[tuple[str, int]] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Without the tests that start a server."""
        items[:] = [
            item
            for item in items
            if not any(name.startswith("postgres") for name in getattr(item, "fixturenames", ()))
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._run_unchanged(session)
        if session.testsfailed:
            raise pytest.UsageError("the tests fail without a mutant")
        _forget_caches()
        gc.collect()
        gc.freeze()
        jobs = self._jobs
        _in_forks(jobs, lambda job: self._judge_all(session, self._mutants[job::jobs]))
        return True

    def _judge_all(self, session: pytest.Session, mutants: Iterable[Mutant]) -> None:
        for mutant in mutants:
            before = sum(os.times()[:4])
            status, by = self._judge(session, mutant)
            seconds = sum(os.times()[:4]) - before
            self._tell(mutant, Judgement(status, by, seconds))

    def _run_unchanged(self, session: pytest.Session) -> None:
        recorder = coverage.Coverage(
            data_file=None, config_file=False, include=[str(one) for one in self._files]
        )
        recorder.start()
        try:
            for index, item in enumerate(session.items):
                recorder.switch_context(str(index))
                start = time.process_time()
                _run(session, index, session.items)
                self._seconds.append(time.process_time() - start)
                if session.testsfailed:
                    raise pytest.UsageError(f"{item.nodeid} fails without a mutant")
        finally:
            recorder.stop()
        data = recorder.get_data()
        for file in data.measured_files():
            lines: dict[int, set[int]] = defaultdict(set)
            for line, contexts in data.contexts_by_lineno(file).items():
                lines[line] = {int(context) for context in contexts if context}
            self._reaching[Path(file).resolve()] = lines

    def _judge(self, session: pytest.Session, mutant: Mutant) -> tuple[str, str]:
        function = f"{mutant.module}.{mutant.function}"
        lines = self._reaching.get(mutant.file.resolve(), {})
        reaching = sorted(
            set().union(*(lines.get(line, ()) for line in mutant.lines)),
            key=lambda index: (-self._kills[function, index], self._seconds[index]),
        )
        if not reaching:
            return UNREACHED, ""
        limits = {
            index: _LEAST_SECONDS + _TIMES_LONGER * self._seconds[index] for index in reaching
        }
        most = int(_FORK_SECONDS + sum(limits.values()))
        answer = _forked(lambda: _first_failing(session, mutant, limits), most)
        if answer is None:
            return TIMEOUT, ""
        if answer == _NO_TEST:
            return SURVIVED, ""
        if not answer.isdecimal():
            return KILLED, answer
        self._kills[function, int(answer)] += 1
        return KILLED, session.items[int(answer)].nodeid


def _first_failing(session: pytest.Session, mutant: Mutant, limits: dict[int, float]) -> str:
    """The number of the test that fails, or that none does.

    `limits` are the seconds of CPU time that each test has, in the order in which they run; past
    them, the process ends by SIGPROF.
    """
    put_in(mutant)
    items = [session.items[index] for index in limits]
    for place, (index, seconds) in enumerate(limits.items()):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        _run(session, place, items)
        if session.testsfailed:
            return str(index)
    return _NO_TEST


def _run(session: pytest.Session, place: int, items: list[pytest.Item]) -> None:
    item = items[place]
    following = items[place + 1] if place + 1 < len(items) else None
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _in_forks(jobs: int, work: Callable[[int], None]) -> None:
    """Does each job in a fork of its own, all at once. A job that fails is a RuntimeError."""
    children = []
    for job in range(jobs):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                work(job)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitpid(child, 0)[1] for child in children]
    if any(codes):
        raise RuntimeError(f"jobs ended with {codes}")


def _forked(work: Callable[[], str], most_seconds: int) -> str | None:
    """What the work says in a fork of its own; None when it takes too long."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds + 5))
            resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
            silent = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silent, stream)
            os.write(writing, work().encode())
        except BaseException as error:
            os.write(writing, f"{type(error).__name__} outside of a test".encode())
        finally:
            os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], 20 * most_seconds)
    answer = os.read(reading, 10_000).decode() if ready else ""
    os.close(reading)
    if not answer:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not answer and os.WIFSIGNALED(status) and os.WTERMSIG(status) not in _STOPPED:
        return f"{signal.Signals(os.WTERMSIG(status)).name}"
    return answer or None


def _forget_caches() -> None:
    """What functions remember from the unchanged run would hide the change from the tests."""
    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper):
            one.cache_clear()
