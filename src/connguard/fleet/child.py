# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that scans repositories one after the other, and the one who watches it.

A repository that kills its process, hangs or needs too much memory costs only its own row: the
process is ended, the row says why, and the next repository gets a new process. Jobs and results go
through pipes as JSON with a length before it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from importlib import import_module
from typing import IO, Any

from connguard.engine.frontends import FRONT_ENDS
from connguard.fleet.plain import from_plain
from connguard.fleet.repository import (
    CRASHED,
    TIMED_OUT,
    Job,
    Result,
    address_space,
    failure,
    peak_memory,
    scan_repository,
)

_LENGTH = struct.Struct(">Q")
_LARGEST_PROCESS = 400 << 20
"""Bytes; a process that has held more makes way for a new one, so that memory stays flat."""


class Scanner:
    """Scans repositories in a process of its own, which it replaces when that ends or must end."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def scan(self, job: Job) -> Result:
        """The result, also if the process ended over the job. Never raises for its content."""
        started = time.monotonic()
        answer, reason = self._ask(job)
        if answer is None:
            took = round(time.monotonic() - started, 3)
            return {**failure(job, *reason), "seconds": took, "memory": None}
        result: Result = answer["result"]
        result["seconds"], result["memory"] = answer["seconds"], answer["memory"]
        return result

    def _ask(self, job: Job) -> tuple[dict[str, Any] | None, tuple[str, str]]:
        """The answer of the process, or the status and the reason why there is none."""
        expired = threading.Event()
        try:
            process = self._started()
        except (OSError, EOFError) as error:
            self.close()
            return None, (CRASHED, f"no process could be started for it: {error}")
        assert process.stdin is not None
        assert process.stdout is not None
        guard = threading.Timer(job.timeout, self._expire, (process, expired))
        guard.daemon = True
        if job.timeout:
            guard.start()
        try:
            _send(process.stdin, asdict(job))
            answer: dict[str, Any] = _receive(process.stdout)
        except (OSError, EOFError):
            code = process.wait()
            self.close()
            if expired.is_set():
                return None, (TIMED_OUT, f"took more than {job.timeout:g} s (--timeout)")
            limit = f"; it may have {job.memory} MiB (--memory)" if job.memory else ""
            return None, (CRASHED, f"the process that scanned it ended with {_cause(code)}{limit}")
        finally:
            guard.cancel()
        # What one repository has taken for good is not there for the next.
        growth = (job.memory << 20) // 8 if job.memory else _LARGEST_PROCESS
        if answer["memory"] > _LARGEST_PROCESS or answer["grown"] > growth:
            self.close()
        return answer, ("", "")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            _kill(process)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:
                        continue  # what was left to write, to a process that is gone

    def _started(self) -> subprocess.Popen[bytes]:
        """The process, when it is ready: what it takes to start is no repository's time."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._process = subprocess.Popen(
                # -P: nothing is imported from the working directory.
                [sys.executable, "-P", "-m", "connguard.fleet.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # an interrupt is for the one who watches
            )
            assert self._process.stdout is not None
            _receive(self._process.stdout)
        return self._process

    @staticmethod
    def _expire(process: subprocess.Popen[bytes], expired: threading.Event) -> None:
        expired.set()
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process, and all that it has started."""
    killpg = getattr(os, "killpg", None)
    if killpg is not None:
        with contextlib.suppress(OSError):
            killpg(process.pid, signal.SIGKILL)
    process.kill()


def _cause(code: int) -> str:
    if code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


def _send(stream: IO[bytes], value: object) -> None:
    data = json.dumps(value, ensure_ascii=True).encode("ascii")
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    """The next value. Raises EOFError where the other side is gone."""
    header = stream.read(_LENGTH.size)
    if len(header) != _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(header)
    data = stream.read(length)
    if len(data) != length:
        raise EOFError
    return json.loads(data)


def main() -> None:
    """Answer jobs from standard input until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but answers goes through the pipe
    for entry in FRONT_ENDS:
        entry.load()
    import_module("connguard.migrations.replaying")  # loads PostgreSQL's parser
    at_start = address_space()
    _send(answers, {"ready": True})
    while True:
        try:
            job = _receive(sys.stdin.buffer)
        except EOFError:
            return
        started = time.monotonic()
        result = scan_repository(from_plain(Job, job))
        seconds = round(time.monotonic() - started, 3)
        grown = address_space() - at_start
        _send(
            answers,
            {"result": result, "seconds": seconds, "memory": peak_memory(), "grown": grown},
        )


if __name__ == "__main__":
    main()
