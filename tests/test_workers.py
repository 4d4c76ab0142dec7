# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A function over items in several processes: order, failures, and processes that die."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from connguard.engine import disk, workers
from connguard.engine.workers import Lost, processes_for, run_all

_CAN_FORK = workers.can_fork

pytestmark = pytest.mark.usefixtures("threads_of_other_tests_do_not_matter")


def _children() -> set[int]:
    """The processes that this one has started, also those that have ended and still stand there."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = status.read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.add(int(status.parent.name))
    return found


def _square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("jobs", [1, 2, 3, 50])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
def test_results_come_in_the_order_of_the_items(jobs: int, count: int) -> None:
    """However many processes there are, and whichever is first."""
    costs = [(number * 37) % 11 for number in range(count)]

    assert run_all(_square, range(count), jobs=jobs) == [_square(one) for one in range(count)]
    assert run_all(_square, range(count), jobs=jobs, costs=costs) == [
        _square(one) for one in range(count)
    ]


def test_large_results_fit_through(tmp_path: Path) -> None:
    """Results are larger than what a pipe holds."""
    found = run_all(lambda size: "x" * size, [3_000_000, 0, 5, 2_000_000], jobs=2)

    assert [len(text) for text in found if isinstance(text, str)] == [3_000_000, 0, 5, 2_000_000]


def test_the_work_is_done_in_other_processes() -> None:
    """As many as there are jobs, and none of them is left behind."""
    before = _children()
    found = run_all(lambda _: os.getpid(), range(40), jobs=2)

    assert os.getpid() not in found
    assert 1 <= len(set(found)) <= 2
    assert _children() <= before


def test_a_process_that_dies_costs_only_the_item_that_killed_it() -> None:
    """It is tried twice, and the others are all there."""

    def work(number: int) -> int:
        if number == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 8:
            os._exit(3)
        return number

    found = run_all(work, range(12), jobs=2)

    assert found[5] == Lost("its process was ended by SIGKILL")
    assert found[8] == Lost("its process ended with code 3")
    assert [one for one in found if not isinstance(one, Lost)] == [
        number for number in range(12) if number not in (5, 8)
    ]


def test_an_item_that_kills_once_is_there_after_the_second_try(tmp_path: Path) -> None:
    """As where the system has killed the process for want of memory."""
    mark = tmp_path / "tried"

    def work(number: int) -> int:
        if number == 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert run_all(work, range(4), jobs=2) == [0, 1, 2, 3]
    assert mark.exists()


def test_everything_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    """No end of processes is started, and nothing is tried in this one."""
    monkeypatch.setattr(workers, "_MOST_DEATHS", 6)

    before = _children()
    found = run_all(lambda _: os._exit(1), range(10), jobs=2)

    assert all(isinstance(one, Lost) for one in found)
    assert _children() <= before


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_first_exception_is_raised(jobs: int) -> None:
    """As without processes, whichever is raised first."""

    def work(number: int) -> int:
        if number >= 3:
            raise ValueError(f"no {number}")
        return number

    with pytest.raises(ValueError, match="no 3"):
        run_all(work, range(6), jobs=jobs)


class Caught(Exception):
    """Is made anew as one that was raised and caught, as where tracebacks are sent along."""

    def __reduce__(self) -> tuple[Callable[[], Caught], tuple[()]]:
        return _caught, ()


def _caught() -> Caught:
    try:
        raise Caught
    except Caught as error:
        return error


def test_an_exception_may_keep_what_it_was_made_from() -> None:
    """Its traceback holds the frames that unpickled it."""

    def work(number: int) -> int:
        raise Caught

    with pytest.raises(Caught):
        run_all(work, range(6), jobs=2)


def test_an_exception_that_cannot_be_sent_is_raised_as_another_one() -> None:
    """Its type and its message are still told."""

    class OwnError(Exception):
        def __init__(self, first: str, second: str) -> None:
            super().__init__(f"{first} and {second}")

    def work(number: int) -> int:
        raise OwnError("this", "that")

    with pytest.raises(RuntimeError, match="OwnError: this and that"):
        run_all(work, range(2), jobs=2)


def test_without_room_for_processes_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the system refuses another process."""

    def refused() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refused)

    assert run_all(_square, range(5), jobs=2) == [0, 1, 4, 9, 16]


def test_one_process_where_copies_are_not_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    """With threads, and on systems without fork."""
    monkeypatch.setattr(workers, "can_fork", _CAN_FORK)
    alone = threading.active_count() == 1
    assert processes_for(4, 10, 0) == (4 if alone else 1)
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    assert processes_for(4, 10, 0) == 1
    ended.set()
    thread.join()
    monkeypatch.delattr(os, "fork")
    assert processes_for(4, 10, 0) == 1


def test_processes_are_started_when_they_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default little work is done here; a number given by the user holds."""
    monkeypatch.setattr(workers, "processors", lambda: 3)

    assert processes_for(None, 100, workers.WORTH_IT - 1) == 1
    assert processes_for(None, 100, workers.WORTH_IT) == 3
    assert processes_for(None, 2, workers.WORTH_IT) == 2
    assert processes_for(1, 100, workers.WORTH_IT) == 1
    assert processes_for(2, 100, 0) == 2


def test_what_a_process_asks_the_disk_is_recorded_here(tmp_path: Path) -> None:
    """A later run can then ask the same."""
    files = [tmp_path / f"{number}.sql" for number in range(6)]
    for number, file in enumerate(files):
        file.write_text(f"SELECT {number};\n")

    with disk.recording() as alone:
        expected = [disk.read_bytes(file) for file in files]
    with disk.recording() as several:
        found = run_all(disk.read_bytes, files, jobs=2)

    assert found == expected
    assert several.answers == alone.answers
    assert several.stamps == alone.stamps


def test_progress_is_told_to_the_end() -> None:
    """Once for each item, in one process and in several."""
    for jobs in (1, 2):
        told: list[int] = []
        run_all(_square, range(20), jobs=jobs, done=told.append)
        assert told == list(range(1, 21))


def test_every_item_is_given_out_once() -> None:
    """Cheap items go together, an expensive one alone."""
    batches = list(workers._batches([1, 100, 1, 1, 50, 1], 2))

    assert sorted(index for batch in batches for index in batch) == list(range(6))
    assert [1] in batches
    assert [4] in batches


def test_an_interrupt_ends_the_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes on in the background."""

    def work(number: int) -> int:
        if number:
            signal.pause()
        return number

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    before = _children()
    with pytest.raises(KeyboardInterrupt):
        run_all(work, range(4), jobs=4, done=interrupted)
    assert _children() <= before
