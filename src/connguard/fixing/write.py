# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes new files, all or none, and never over others."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from connguard.engine.writing import write_new
from connguard.fixing.layouts import NewFiles


def write(files: NewFiles) -> None:
    """Raises OSError. Then, as after an interrupt, nothing is left behind."""
    made: list[Path] = []
    try:
        for path, text in files.texts.items():
            path.parent.mkdir(exist_ok=True)
            write_new(path, text.encode("utf-8"))
            made.append(path)
    except BaseException:
        for path in made:
            with contextlib.suppress(OSError):
                os.unlink(path)
        raise
