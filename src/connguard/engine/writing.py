# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes files so that no half of one ever stands under its name."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name beside it, and rename it when it is whole.

    A file that exists is replaced and keeps its permissions; where a link stands, its target is.
    A pipe or a device is written to as it is. Raises OSError, and then, as after an interrupt, the
    file is as it was.
    """
    target = Path(os.path.realpath(path))
    mode = _mode(target)
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb", buffering=0) as stream:
            write_all(stream.fileno(), data)
        return
    with temporary(target, data) as part:
        os.chmod(part, stat.S_IMODE(mode) if mode is not None else 0o666 & ~_umask())
        os.replace(part, target)


def write_new(path: Path, data: bytes) -> None:
    """As `write_whole`, for a file that does not exist yet.

    Raises OSError, FileExistsError when there is anything of this name.
    """
    with temporary(path, data) as part:
        os.chmod(part, 0o666 & ~_umask())
        try:
            os.link(part, path)  # unlike a rename it does not replace anything
        except FileExistsError:
            raise FileExistsError(
                errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path)
            ) from None
        except OSError:  # a file system without links
            if os.path.lexists(path):
                raise
            os.replace(part, path)


@contextlib.contextmanager
def temporary(path: Path, data: bytes, *, durable: bool = True) -> Iterator[str]:
    """A file with this content beside `path`, of its owner only; it is gone after the block.

    A `durable` one is on the disk before it can be renamed. Raises OSError.
    """
    part = os.fspath(path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}.part"))
    number = os.open(part, _NEW_FILE, 0o600)
    try:
        try:
            write_all(number, data)
            if durable:
                os.fsync(number)
        finally:
            os.close(number)
        yield part
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)


_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_all(number: int, data: bytes) -> None:
    """Write to a file descriptor. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(number, view) :]


def _mode(path: Path) -> int | None:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
