# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line on a terminal that says how far a long run is, and goes away when it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Progress = Callable[[str], None]
"""Takes what is being done, in a few words."""

_FIRST = 0.7
"""Seconds after which the line appears: short runs show none."""
_AGAIN = 0.1
"""Seconds between two changes of it."""
_CLEAR = "\r\x1b[K"


def silent(_: str) -> None:
    """Shows nothing."""


@contextmanager
def status_line(stream: TextIO, *, wanted: bool = True) -> Iterator[Progress]:
    """A function that shows progress on `stream` if that is a terminal which can clear a line."""
    if not wanted or not stream.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield silent
        return
    due = time.monotonic() + _FIRST
    shown = False

    def show(what: str) -> None:
        nonlocal due, shown
        now = time.monotonic()
        if now < due:
            return
        import shutil

        due, shown = now + _AGAIN, True
        stream.write(_CLEAR + what[: shutil.get_terminal_size().columns - 1])
        stream.flush()

    try:
        yield show
    finally:
        if shown:
            stream.write(_CLEAR)
            stream.flush()
