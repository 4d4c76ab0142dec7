# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where repositories of a fleet are scanned, and what becomes of those that break."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO

import pytest
from fleet_repositories import write

from connguard.fleet import child, repository
from connguard.fleet.child import Scanner
from connguard.fleet.engines import EngineError, scan_all, scan_isolated
from connguard.fleet.repository import Job, scan_repository


def _jobs(folder: Path, count: int) -> list[Job]:
    text = "CREATE ROLE app LOGIN;\n"
    return [
        Job(f"r{number}", str(write(folder / f"r{number}", {"V1__a.sql": text * (number + 1)})))
        for number in range(count)
    ]


def test_dask_gives_what_this_machine_gives(tmp_path: Path) -> None:
    """A cluster of two workers, each with scanner processes of its own."""
    jobs = [*_jobs(tmp_path, 5), Job("gone", str(tmp_path / "gone"))]
    here = list(scan_all(jobs, "local", workers=2))
    there = list(scan_all(jobs, "dask", workers=2))

    names = [result["repository"]["repository"] for result in there]
    assert names == [job.name for job in jobs]
    assert [result["repository"] for result in there] == [one["repository"] for one in here]
    assert [result["findings"] for result in there] == [one["findings"] for one in here]
    assert there[-1]["repository"]["status"] == "failed"


def test_what_is_shipped_is_one_picklable_function(tmp_path: Path) -> None:
    """The function and its job; the result is plain JSON."""
    (job,) = _jobs(tmp_path, 1)
    function, argument = pickle.loads(pickle.dumps((scan_isolated, asdict(job))))

    assert function(argument)["repository"]["policies"] == {"PG001": 1}


def test_an_engine_that_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the extra that is missing."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineError, match=r"connguard\[dask\]"):
        list(scan_all(_jobs(tmp_path, 1), "dask"))


def test_a_process_that_is_killed_costs_its_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row says the signal, and the next repository has a new process."""
    (small,) = _jobs(tmp_path, 1)
    scanner = Scanner()
    try:
        assert scanner.scan(small)["repository"]["status"] == "scanned"
        process = scanner._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)  # it does not come to an end before it is killed

        receive = child._receive

        def killed(stream: IO[bytes]) -> object:
            process.kill()
            return receive(stream)

        with monkeypatch.context() as patched:
            patched.setattr(child, "_receive", killed)
            row = scanner.scan(small)["repository"]
        assert (row["status"], row["exit_code"]) == ("crashed", 2)
        assert row["reason"] == "the process that scanned it ended with signal SIGKILL"
        assert scanner.scan(small)["repository"]["status"] == "scanned"
    finally:
        scanner.close()


def test_one_slow_repository_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """Results come in the order of the jobs, and all of them."""
    many = "".join(f"CREATE ROLE r{number} LOGIN;\n" for number in range(4_000))
    slow = Job("slow", str(write(tmp_path / "slow", {"V1__a.sql": many})), timeout=0.1)
    jobs = [slow, *_jobs(tmp_path, 4)]
    results = list(scan_all(jobs, "local", workers=2))

    assert [one["repository"]["repository"] for one in results] == [job.name for job in jobs]
    assert results[0]["repository"]["status"] == "timed-out"
    assert {one["repository"]["status"] for one in results[1:]} == {"scanned"}


def test_the_memory_of_a_process_is_its_own() -> None:
    """Not that of the one who started it: that would replace the process for each repository."""
    ask = "from connguard.fleet.repository import peak_memory; print(peak_memory())"
    inner = f"subprocess.run([sys.executable, '-c', {ask!r}])"
    start = f"import subprocess, sys; held = b'x' * {300 << 20}; {inner}"
    shown = subprocess.run([sys.executable, "-c", start], capture_output=True, check=True)

    assert 1 << 20 < int(shown.stdout) < 200 << 20


def test_memory_is_limited_for_each_repository(tmp_path: Path) -> None:
    """What needs more than it may have is told, and the next repository is scanned."""
    (job,) = _jobs(tmp_path, 1)
    write(tmp_path / "large", {"V1__a.sql": "-- " + "x" * 9_000_000})
    large = Job("large", str(tmp_path / "large"), memory=1, timeout=30)
    scanner = Scanner()
    try:
        row = scanner.scan(large)["repository"]
        assert (row["status"], row["exit_code"]) == ("out-of-memory", 2)
        assert row["reason"] == "needs more than 1 MiB (--memory)"
        assert scanner.scan(job)["repository"]["status"] == "scanned"
    finally:
        scanner.close()


def test_a_limit_of_memory_holds_for_a_scan_alone(tmp_path: Path) -> None:
    """It never costs the process that reads jobs and writes results, however many there are."""
    jobs = [replace(job, memory=1) for job in _jobs(tmp_path, 20)]
    rows = [one["repository"] for one in scan_all(jobs, "local", workers=1)]

    assert {(row["status"], row["reason"]) for row in rows} == {
        ("out-of-memory", "needs more than 1 MiB (--memory)")
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MemoryError(), "out-of-memory"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "out-of-memory"),
        (SystemError("error return without exception set"), "out-of-memory"),
        (ImportError("x.so: failed to map segment from shared object"), "out-of-memory"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "failed"),
        (KeyError("x"), "failed"),
    ],
)
def test_what_a_limit_of_memory_breaks_is_called_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, status: str
) -> None:
    """Wherever in a scan it breaks."""

    def breaks(*_: object) -> None:
        raise error

    (job,) = _jobs(tmp_path, 1)
    monkeypatch.setattr(repository, "_settings", breaks)
    row = scan_repository(replace(job, memory=1 << 30))["repository"]

    assert (row["status"], row["exit_code"]) == (status, 2)
