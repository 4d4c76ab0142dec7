# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupts, full disks and readers that go away: exit codes hold, and no half file is left."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

BAD = "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"

SLOW_SCAN = """
import sys, time
import connguard.engine.scan as module
def scan(*_, **__):
    print("started", flush=True)
    time.sleep(60)
module.scan = scan
from connguard.engine.cli import main
main(prog_name="connguard")
"""

SLOW_DISK = """
import os, sys, time
def fsync(_):
    print("started", flush=True)
    time.sleep(60)
os.fsync = fsync
from connguard.engine.cli import main
main(prog_name="connguard")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one finding, which is the working directory."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "V1__roles.sql").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def all_files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def ended_by(number: int, program: str, *arguments: str) -> tuple[int, str]:
    """The exit code and standard error of a run that gets a signal while it is at work."""
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell without job control lets what runs in the background ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert any(line == "started\n" for line in process.stdout)
        process.send_signal(number)
        return process.wait(timeout=60), process.stderr.read()


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_while_scanning(project: Path, number: int, code: int, said: str) -> None:
    """The code of the signal and one line, not a traceback, and no output."""
    before = all_files(project)
    ended = ended_by(number, SLOW_SCAN, "scan", "--output", "out.txt", ".")
    assert ended == (code, f"\n{said}\n")
    assert all_files(project) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", "--output", "out.txt", "."),
        ("scan", "--report", "sarif=out.txt", "."),
        ("scan", "--write-baseline", "out.txt", "."),
        ("init", "."),
        ("fix", "."),
        ("export", "--format", "prometheus", "--output", ".", "."),
        ("budget", "--init", "--output", "out.txt", "."),
    ],
    ids=" ".join,
)
def test_a_signal_while_writing(project: Path, number: int, arguments: tuple[str, ...]) -> None:
    """What was there stays as it was, and the part that was written is removed."""
    (project / "out.txt").write_text("old")
    (project / "compose.yaml").write_text(
        "services:\n  db:\n    image: postgres:16\n    command: -c max_connections=20\n"
    )
    before = all_files(project)
    code, _ = ended_by(number, SLOW_DISK, *arguments)
    assert code == 128 + number
    assert all_files(project) == before
    assert (project / "out.txt").read_text() == "old"


def run(
    *arguments: str, limit: int | None = None, stdout: int = subprocess.PIPE
) -> tuple[int, str]:
    """The exit code and standard error of a run; `limit` is the largest file it may write."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-B", "-m", "connguard", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=limited,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", "--output", "out.txt", "."),
        ("scan", "--report", "sarif=out.txt", "."),
        ("scan", "--write-baseline", "out.txt", "."),
        ("export", "--format", "prometheus", "--output", ".", "."),
        ("init", "."),
        ("fix", "."),
    ],
    ids=" ".join,
)
def test_a_full_disk(project: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 2 and the reason; files are as they were."""
    (project / "out.txt").write_text("old")
    before = all_files(project)
    code, said = run(*arguments, limit=20)
    assert code == 2
    assert "File too large" in said
    assert "Traceback" not in said
    assert all_files(project) == before
    assert (project / "out.txt").read_text() == "old"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_standard_output_on_a_full_disk(project: Path) -> None:
    """Exit code 2 and the reason, where the result could not be written."""
    number = os.open("/dev/full", os.O_WRONLY)
    try:
        code, said = run("scan", ".", stdout=number)
    finally:
        os.close(number)
    assert code == 2
    assert "standard output: No space left on device" in said
    assert "Traceback" not in said
    assert "Exception ignored" not in said


@pytest.mark.parametrize(
    ("arguments", "code"), [(("scan", "."), 1), (("rules",), 141)], ids=["scan", "rules"]
)
def test_a_reader_that_is_gone(project: Path, arguments: tuple[str, ...], code: int) -> None:
    """`| head` does not change the result of a scan, and there is no noise."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended, said = run(*arguments, stdout=writing)
    finally:
        os.close(writing)
    assert ended == code
    assert "Traceback" not in said
    assert "Exception ignored" not in said


def test_a_pipe_is_written_to_and_stays(project: Path) -> None:
    """An output that is no regular file is not replaced by one, such as /dev/null."""
    os.mkfifo(project / "pipe")
    received: list[str] = []
    reader = threading.Thread(target=lambda: received.append((project / "pipe").read_text()))
    reader.start()
    assert run("scan", "--quiet", "--output", "pipe", ".")[0] == 1
    reader.join(timeout=60)
    assert "PG001" in received[0]
    assert stat.S_ISFIFO((project / "pipe").stat().st_mode)


def test_a_link_and_the_permissions_of_its_target_stay(project: Path) -> None:
    """The output is written to where the link leads."""
    target = project / "kept.txt"
    target.write_text("old")
    target.chmod(0o640)
    (project / "out.txt").symlink_to(target)
    assert run("scan", "--quiet", "--output", "out.txt", ".")[0] == 1
    assert (project / "out.txt").is_symlink()
    assert "PG001" in target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
