# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ends that is interrupted, or that nobody reads any more: tidily, and with its own code.

The codes are those of shells: 128 and the number of the signal.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
EXIT_TERMINATED = 143


class Terminated(BaseException):
    """The process was asked to end. Files that are being written are removed on its way."""


@contextlib.contextmanager
def tidy_end() -> Iterator[None]:
    """Turn interrupts, SIGTERM and a reader that is gone into an exit code, without a traceback."""
    with _terminable():
        try:
            yield
        except KeyboardInterrupt:
            _say("interrupted")
            sys.exit(EXIT_INTERRUPTED)
        except Terminated:
            _say("terminated")
            sys.exit(EXIT_TERMINATED)
        except BrokenPipeError:
            discard(sys.stdout)
            sys.exit(EXIT_BROKEN_PIPE)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM an exception, where nobody else has a use for it."""
    number = signal.SIGTERM
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(number) is not signal.SIG_DFL
    ):
        yield
        return
    signal.signal(number, _terminate)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL)


def _terminate(_: int, __: FrameType | None) -> None:
    raise Terminated


def discard(stream: TextIO) -> None:
    """Let what a stream could not write go nowhere, so that it is not tried again at the end."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _say(what: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"\n{what}\n")
        sys.stderr.flush()
