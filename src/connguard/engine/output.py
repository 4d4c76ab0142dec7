# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a rendered report to standard output or to a file."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click


def write_output(text: str, output: Path | None) -> None:
    """Write `text`, as UTF-8; a file appears under its name only when it is whole."""
    if text and not text.endswith("\n"):
        text += "\n"
    if output is None:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
        return
    try:
        with tempfile.NamedTemporaryFile(
            "wb", dir=output.absolute().parent, prefix=f".{output.name}.", delete=False
        ) as part:
            try:
                part.write(text.encode("utf-8", "replace"))
                part.close()
                os.chmod(part.name, 0o666 & ~_umask())
                os.replace(part.name, output)
            except BaseException:
                os.unlink(part.name)
                raise
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
