# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where repositories are scanned: processes of this machine, or the workers of Dask.

An engine takes jobs and gives results in the order of the jobs. No more than a window of jobs is
under way, so that memory does not grow with the fleet.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict
from importlib import import_module
from typing import Any, TypeVar

from connguard.fleet.child import Scanner
from connguard.fleet.plain import from_plain
from connguard.fleet.repository import Job, Result

ENGINES = ("local", "dask")
_WINDOW = 32
"""Jobs under way for each worker; enough that one slow repository does not hold up the others."""

Handle = TypeVar("Handle")


class EngineError(Exception):
    """An engine that is not installed or cannot be reached. The message is for the user."""


def processors() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def scan_all(
    jobs: Iterable[Job], engine: str, workers: int = 0, address: str = ""
) -> Iterator[Result]:
    """The results, in the order of the jobs. `workers` 0 is one for each processor.

    Raises EngineError.
    """
    if engine == "dask":
        return _dask(jobs, workers, address)
    return _local(jobs, workers or processors())


def scan_isolated(job: dict[str, Any]) -> Result:
    """Scan a repository in the scanner process of this thread: what is shipped to workers."""
    scanner = getattr(_mine, "scanner", None)
    if scanner is None:
        scanner = _mine.scanner = Scanner()
        atexit.register(scanner.close)
    return scanner.scan(from_plain(Job, job))


_mine = threading.local()


def _local(jobs: Iterable[Job], workers: int) -> Iterator[Result]:
    idle: deque[Scanner] = deque(Scanner() for _ in range(workers))

    def scan(job: Job) -> Result:
        scanner = idle.pop()
        try:
            return scanner.scan(job)
        finally:
            idle.append(scanner)

    with ExitStack() as stack:
        for scanner in idle:
            stack.enter_context(closing(scanner))
        pool = ThreadPoolExecutor(workers)
        # On the way out of an interrupt nothing new starts, and what runs is ended.
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        yield from _windowed(jobs, workers, lambda job: pool.submit(scan, job), Future.result)


def _windowed(
    jobs: Iterable[Job],
    workers: int,
    submit: Callable[[Job], Handle],
    result: Callable[[Handle], Result],
) -> Iterator[Result]:
    waiting: deque[Handle] = deque()
    for job in jobs:
        waiting.append(submit(job))
        if len(waiting) >= workers * _WINDOW:
            yield result(waiting.popleft())
    while waiting:
        yield result(waiting.popleft())


def _module(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        needed = f"--engine {extra} needs connguard[{extra}]: pip install 'connguard[{extra}]'"
        raise EngineError(needed) from error


def _dask(jobs: Iterable[Job], workers: int, address: str) -> Iterator[Result]:
    dask, distributed = _module("dask", "dask"), _module("distributed", "dask")
    with ExitStack() as stack:
        # A worker that Dask marks as daemonic could have no process of its own.
        stack.enter_context(
            dask.config.set({"distributed.worker.daemon": False, "distributed.logging": {}})
        )
        if address:
            try:
                client = distributed.Client(address, timeout=30)
            except (OSError, ValueError) as error:
                raise EngineError(f"no Dask scheduler answers at {address}: {error}") from error
        else:
            cluster = distributed.LocalCluster(
                n_workers=workers or processors(),
                threads_per_worker=1,
                dashboard_address=None,
                memory_limit=0,  # --memory holds for each repository
            )
            client = distributed.Client(stack.enter_context(cluster))
        stack.enter_context(client)
        threads = max(1, sum(client.nthreads().values()))

        def submit(job: Job) -> Any:
            return client.submit(scan_isolated, asdict(job), pure=False)

        yield from _windowed(jobs, threads, submit, lambda future: future.result())
