# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a rendered report to standard output or to a file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from connguard.engine.interrupts import discard
from connguard.engine.writing import write_whole


def write_output(text: str, output: Path | None) -> None:
    """Write `text`, as UTF-8; a file appears under its name only when it is whole."""
    if text and not text.endswith("\n"):
        text += "\n"
    data = text.encode("utf-8", "replace")
    if output is None:
        _print(data)
        return
    try:
        write_whole(output, data)
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror}") from error


def _print(data: bytes) -> None:
    """Write to standard output. Who has read enough of it may go: the result stays what it is."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)
    except OSError as error:
        discard(sys.stdout)
        raise click.UsageError(f"standard output: {error.strerror}") from error
