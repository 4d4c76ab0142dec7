# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A function over many items, in several processes where the platform can fork.

The processes are copies of this one: the function and the items need not be pickled, only the
results. What comes out is the same as in one process, in the order of the items.
"""

from __future__ import annotations

import gc
import os
import signal
import struct
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import field
from typing import Any, Generic, NoReturn, TypeVar

from connguard.engine import disk
from connguard.policies.model.records import dataclass

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH_IT = 3_000_000
"""Cost of all items, in bytes of text to read, from which more processes save time."""

_MOST_TRIES = 2
_MOST_DEATHS = 100
BATCHES = 8
"""Batches per process: small items go together, and no process waits long for the last one."""

_PIPE_SIZE = 1 << 20
"""Bytes; the most that Linux allows everybody."""

_HEAD = struct.Struct("=BQQ")
_STARTED, _DONE, _RAISED = range(3)


@dataclass(frozen=True, slots=True)
class Lost:
    """Stands for the result of an item whose process died, also when it was tried alone."""

    reason: str


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a copy of this process would be safe to use: there is only one thread to copy."""
    return hasattr(os, "fork") and threading.active_count() == 1


def processes_for(jobs: int | None, items: int, cost: int) -> int:
    """How many processes to use: `jobs`, or when it is None as many as pay for this cost.

    One where processes cannot be copied safely: without fork, or with threads.
    """
    if not can_fork():
        return 1
    if jobs is None:
        jobs = processors() if cost >= WORTH_IT else 1
    return max(1, min(jobs, items))


def run_all(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    jobs: int | None = None,
    costs: Sequence[int] | None = None,
    done: Callable[[int], None] | None = None,
    apart: bool = False,
) -> list[Result | Lost]:
    """The results for all items, in their order.

    `costs` tell how much there is to do for each item, in bytes of text; without them all are
    alike, and more than one process is only used when `jobs` says so. `done` is told how many
    items are done. `apart` keeps the function out of this process even when there is one item
    only. Raises what the function raises for the first item for which it does.
    """
    weights = list(costs) if costs is not None else [1] * len(items)
    count = processes_for(jobs, len(items), sum(weights))
    if not items or (count == 1 and not (apart and can_fork())):
        return [_told(function(item), index, done) for index, item in enumerate(items, 1)]
    return _Pool(function, items, weights, count, done).results()


def _told(result: Result, number: int, done: Callable[[int], None] | None) -> Result:
    if done is not None:
        done(number)
    return result


@dataclass(slots=True)
class _Worker:
    """A process, the pipes to and from it, and what it was given and has not answered yet."""

    pid: int
    tasks: int
    answers: int
    waiting: deque[int] = field(default_factory=deque)
    started: int | None = None
    received: bytearray = field(default_factory=bytearray)


class _Pool(Generic[Item, Result]):
    def __init__(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        costs: Sequence[int],
        count: int,
        done: Callable[[int], None] | None,
    ) -> None:
        self._function = function
        self._items = items
        self._count = count
        self._done = done
        self._queue = deque(_batches(costs, count))
        self._workers: dict[int, _Worker] = {}
        self._results: dict[int, Result | Lost] = {}
        self._raised: dict[int, BaseException] = {}
        self._tries: Counter[int] = Counter()
        self._deaths = 0

    def results(self) -> list[Result | Lost]:
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()  # so that a collection in a child does not copy every page
        try:
            self._run()
        finally:
            self._stop()
            gc.unfreeze()
        if self._raised:
            raise self._raised[min(self._raised)]
        return [self._results[index] for index in range(len(self._items))]

    def _run(self) -> None:
        import selectors

        with selectors.DefaultSelector() as selector:
            while True:
                while self._queue and len(self._workers) < self._count:
                    worker = self._start()
                    if worker is None:
                        self._here()
                        break
                    selector.register(worker.answers, selectors.EVENT_READ, worker)
                if not self._workers:
                    return
                for key, _ in selector.select():
                    worker = key.data
                    data = os.read(worker.answers, 1 << 20)
                    if data:
                        worker.received += data
                        self._take_answers(worker)
                    if not data or (not worker.waiting and not self._give(worker)):
                        selector.unregister(worker.answers)
                        self._end(worker)

    def _start(self) -> _Worker | None:
        """A new process with its first batch; None when there can be no more."""
        if self._deaths >= _MOST_DEATHS:
            return None
        tasks_out, tasks_in = os.pipe()
        answers_out, answers_in = os.pipe()
        _enlarge(answers_in)
        try:
            pid = os.fork()
        except OSError:
            for end in (tasks_out, tasks_in, answers_out, answers_in):
                os.close(end)
            return None
        if pid == 0:
            for end in (tasks_in, answers_out):
                os.close(end)
            for other in self._workers.values():
                os.close(other.tasks)
                os.close(other.answers)
            self._serve(tasks_out, answers_in)
        os.close(tasks_out)
        os.close(answers_in)
        worker = _Worker(pid, tasks_in, answers_out)
        self._workers[pid] = worker
        self._give(worker)
        return worker

    def _give(self, worker: _Worker) -> bool:
        """Hand the next batch to a process that waits for one; false when there is none left."""
        if not self._queue:
            return False
        worker.waiting.extend(self._queue.popleft())
        with suppress(BrokenPipeError):  # it has died; the end of its answers tells
            _write(worker.tasks, _packed(list(worker.waiting)))
        return True

    def _take_answers(self, worker: _Worker) -> None:
        received = worker.received
        position = 0
        while len(received) - position >= _HEAD.size:
            kind, index, length = _HEAD.unpack_from(received, position)
            end = position + _HEAD.size + length
            if end > len(received):
                break
            if kind == _STARTED:
                worker.started = index
            else:
                # A copy: an exception may keep what it is made from, and so `received` as it is.
                value, observed = _loads(bytes(received[position + _HEAD.size : end]))
                disk.forward(observed)
                if kind == _RAISED:
                    self._raised[index] = value
                else:
                    self._results[index] = value
                worker.started = None
                worker.waiting.remove(index)
                if self._done is not None:
                    self._done(len(self._results) + len(self._raised))
            position = end
        del received[:position]

    def _end(self, worker: _Worker) -> None:
        """Take leave of a process that has nothing to do any more, or that died."""
        del self._workers[worker.pid]
        os.close(worker.tasks)
        os.close(worker.answers)
        _, status = os.waitpid(worker.pid, 0)
        if not worker.waiting:
            return
        self._deaths += 1
        guilty = worker.started
        if guilty is not None:
            worker.waiting.remove(guilty)
            self._tries[guilty] += 1
            if self._tries[guilty] < _MOST_TRIES:
                self._queue.append([guilty])
            else:
                self._results[guilty] = Lost(_reason(status))
                disk.unrepeatable()
        if worker.waiting:
            self._queue.appendleft(list(worker.waiting))

    def _here(self) -> None:
        """Do in this process what no other one is left for, unless that may kill it, too."""
        too_many = self._deaths >= _MOST_DEATHS
        while self._queue:
            for index in self._queue.popleft():
                if self._tries[index] or too_many:
                    self._results[index] = Lost("no process was left that could do it")
                    disk.unrepeatable()
                    continue
                try:
                    self._results[index] = self._function(self._items[index])
                except Exception as error:  # whatever it is, it is raised in its turn
                    self._raised[index] = error

    def _stop(self) -> None:
        """End what still runs, as after an interrupt."""
        for worker in self._workers.values():
            with suppress(OSError):
                os.kill(worker.pid, signal.SIGKILL)
            os.close(worker.tasks)
            os.close(worker.answers)
            with suppress(OSError):
                os.waitpid(worker.pid, 0)
        self._workers.clear()

    # In the other process

    def _serve(self, tasks: int, answers: int) -> NoReturn:
        """Answer tasks up to the end of them; never comes back."""
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            while (indices := _read(tasks)) is not None:
                for index in indices:
                    _write(answers, _HEAD.pack(_STARTED, index, 0))
                    self._answer(index, answers)
            code = 0
        except OSError:  # nobody listens any more
            pass
        finally:
            os._exit(code)

    def _answer(self, index: int, answers: int) -> None:
        kind, observed = _DONE, disk.Observations()
        value: object
        try:
            if disk.is_recording():
                with disk.recording() as observed:
                    value = self._function(self._items[index])
            else:
                value = self._function(self._items[index])
            data = _dumps((value, observed))
        except Exception as error:  # the parent raises it again
            kind, data = _RAISED, _pickled_error(error, observed)
        _write(answers, _HEAD.pack(kind, index, len(data)))
        _write(answers, data)


def _enlarge(pipe: int) -> None:
    """Let a pipe hold more than 64 kB, so that who writes need not wait for who reads."""
    import fcntl

    with suppress(AttributeError, OSError):  # not on every platform, and not without limit
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)


def _batches(costs: Sequence[int], count: int) -> Iterable[list[int]]:
    """The indices of the items, the most expensive first, small ones together."""
    most = sum(costs) / (count * BATCHES)
    batch: list[int] = []
    size = 0
    for index in sorted(range(len(costs)), key=lambda index: -costs[index]):
        batch.append(index)
        size += costs[index]
        if size >= most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _pickled_error(error: Exception, observed: disk.Observations) -> bytes:
    try:
        data = _dumps((error, observed))
        _loads(data)  # some exceptions can be packed, but not unpacked
        return data
    except Exception:  # what an exception of others does to be packed can raise anything
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        return _dumps((plain, observed))


def _reason(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with suppress(ValueError):
            return f"its process was ended by {signal.Signals(number).name}"
        return f"its process was ended by signal {number}"
    return f"its process ended with code {os.waitstatus_to_exitcode(status)}"


def _dumps(value: Any) -> bytes:
    import pickle  # most scans need no second process

    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _loads(data: bytes) -> Any:
    import pickle

    return pickle.loads(data)


def _packed(value: Any) -> bytes:
    data = _dumps(value)
    return struct.pack("=Q", len(data)) + data


def _read(pipe: int) -> Any:
    """The next value of a pipe; None at its end."""
    head = _exactly(pipe, 8)
    if head is None:
        return None
    data = _exactly(pipe, struct.unpack("=Q", head)[0])
    return None if data is None else _loads(data)


def _exactly(pipe: int, length: int) -> bytes | None:
    parts = []
    while length:
        part = os.read(pipe, length)
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _write(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]
