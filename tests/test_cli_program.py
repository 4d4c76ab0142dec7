# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program ends at once, and yet loses nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_AT_THE_END = """
import atexit, sys
atexit.register(print, "at the end")
sys.argv = ["connguard", "scan", "a.sql", "--no-cache", "--fail-on", "warning"]
from connguard.engine.cli import run
run()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.sql").write_text("CREATE ROLE app LOGIN;\n")
    return tmp_path


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_waits_for_the_end_is_done(folder: Path) -> None:
    """All that was printed arrives, then the handlers of the end run, and the exit code holds."""
    done = _python(folder, "-c", _AT_THE_END)

    assert done.returncode == 1
    assert "PG001" in done.stdout
    assert done.stdout.splitlines()[-1] == "at the end"


def test_who_looks_on_sees_the_end(folder: Path) -> None:
    """A profiler reports."""
    done = _python(folder, "-m", "cProfile", "-m", "connguard", "scan", "a.sql", "--no-cache")

    assert "function calls" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("scan", "a.sql", "--fail-on", "warning"), 1),
        (("scan", "b.sql"), 2),
        (("nothing",), 2),
        (("--version",), 0),
    ],
)
def test_exit_codes_hold(folder: Path, arguments: tuple[str, ...], code: int) -> None:
    assert _python(folder, "-m", "connguard", *arguments).returncode == code


def test_a_report_that_cannot_be_printed_is_an_error(folder: Path) -> None:
    """A device that is full takes nothing."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "connguard", "scan", "a.sql", "--no-cache"],
            cwd=folder,
            stdout=full,
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    assert done.returncode not in (0, 1)
