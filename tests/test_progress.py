# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status line of long runs, and what a scan says only to those who sit at a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

AT_ONCE = """
import sys
from connguard.engine import progress
progress._FIRST = progress._AGAIN = 0
from connguard.engine.cli import main
main(prog_name="connguard")
"""
BAD = "CREATE ROLE app LOGIN CONNECTION LIMIT -1;\n"


def on_terminal(
    folder: Path, *arguments: str, columns: int = 80, out: bool = False, **environment: str
) -> tuple[str, str]:
    """What a scan writes to a terminal as standard error, and to standard output.

    With `out` standard output is the terminal, too. The status line appears at once.
    """
    control, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("CI", "COLUMNS")}
    done = subprocess.Popen(
        [sys.executable, "-c", AT_ONCE, *arguments],
        cwd=folder,
        stdin=terminal,
        stdout=terminal if out else subprocess.PIPE,
        stderr=terminal,
        env={**kept, "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": str(columns), **environment},
    )
    os.close(terminal)
    parts = []
    while True:
        try:
            part = os.read(control, 1 << 16)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        parts.append(part)
    stdout = done.stdout.read() if done.stdout else b""
    done.wait(60)
    os.close(control)
    return b"".join(parts).decode(), stdout.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(1, 4):
        (tmp_path / f"V{number}__role.sql").write_text(BAD.replace("app", f"app{number}"))
    return tmp_path


def test_the_line_is_drawn_in_place_and_cleared(folder: Path) -> None:
    """Each state replaces the one before; the terminal is left as it was, output untouched."""
    screen, stdout = on_terminal(folder, "scan")

    assert "\r\x1b[Kreading files: 3 of 3" in screen
    assert screen.endswith("\r\x1b[K")
    assert "\n" not in screen
    assert "reading files" not in stdout
    assert stdout.endswith("Found 3 errors in 3 files.\n")


@pytest.mark.parametrize("arguments", [("scan", "--quiet"), ("scan", "-q", "--format", "json")])
def test_quiet_has_no_line(folder: Path, arguments: tuple[str, ...]) -> None:
    assert on_terminal(folder, *arguments)[0] == ""


@pytest.mark.parametrize("command", ["budget", "init"])
def test_other_commands_that_read_everything(folder: Path, command: str) -> None:
    assert "\r\x1b[Kreading files: 3 of 3" in on_terminal(folder, command)[0]


def test_a_terminal_that_cannot_clear_has_no_line(folder: Path) -> None:
    assert on_terminal(folder, "scan", TERM="dumb")[0] == ""


def test_a_pipe_has_no_line(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, "scan"],
        cwd=folder,
        capture_output=True,
        env={**os.environ, "TERM": "xterm"},
        timeout=60,
        check=False,
    )
    assert done.stderr == b""


def test_the_line_fits_into_the_terminal(folder: Path) -> None:
    screen, _ = on_terminal(folder, "scan", "--diff", "x" * 200, columns=30)
    states = [part.split("\r")[0] for part in screen.split("\r\x1b[K")]
    assert max(len(state) for state in states if "Usage" not in state and "\n" not in state) < 30


def test_a_terminal_is_told_what_to_run_next(folder: Path) -> None:
    """Not a pipe: reports in files and logs are the same everywhere."""
    screen, _ = on_terminal(folder, "scan", out=True)
    last = screen.replace("\r\n", "\n").rstrip("\n").split("\n")[-3:]
    assert last == [
        "Found 3 errors in 3 files.",
        "More about one of them: connguard explain PG001",
        "A migration for 3 findings at most: connguard fix --dry-run",
    ]
    assert "connguard fix" not in on_terminal(folder, "scan")[1]


def test_excerpts_fit_into_a_narrow_terminal(folder: Path) -> None:
    (folder / "V4__long.sql").write_text(
        "CREATE ROLE long NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT LOGIN NOREPLICATION"
        " NOBYPASSRLS CONNECTION LIMIT -1;\n"
    )
    screen, _ = on_terminal(folder, "scan", "V4__long.sql", columns=50, out=True)
    excerpt = [line for line in screen.split("\r\n") if line.lstrip().startswith(("1 |", "|"))]
    assert any("^" in line for line in excerpt)
    assert max(map(len, excerpt)) <= 50
