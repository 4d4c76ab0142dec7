# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes new files, all or none, and never over others."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from connguard.fixing.layouts import NewFiles


def write(files: NewFiles) -> None:
    """Raises OSError, and then leaves nothing behind."""
    made: list[Path] = []
    try:
        for path, text in files.texts.items():
            path.parent.mkdir(exist_ok=True)
            with path.open("x", encoding="utf-8", newline="") as stream:
                made.append(path)
                stream.write(text)
    except OSError:
        for path in made:
            with contextlib.suppress(OSError):
                os.unlink(path)
        raise
