# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where readers ask the file system.

What a scan reports follows from its settings and from the answers given here. While `recording()`
is in effect every question is kept with its answer, so that a later run can ask the same questions
and know that it would report the same. Without it nothing is kept.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from connguard.policies.model.records import dataclass

MOST = 20_000_000
"""Bytes that are read of a file for which the caller names no limit."""


class TooLarge(OSError):
    """A file of more bytes than may be read, of which nothing was read. `size` counts bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(errno.EFBIG, os.strerror(errno.EFBIG))
        self.size = size


class Kind(StrEnum):
    """What a path names. MISSING is also what cannot be looked at."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"
    MISSING = ""


class Entry(NamedTuple):
    """A name in a folder, and what it names, links not followed."""

    name: str
    kind: Kind


Stamp = tuple[int, int, int, int, int, int]
"""Mode, size in bytes, mtime and ctime in ns, inode and device of a path, links not followed.

Where there is nothing to look at the mode is the negative error number.
"""

NO_STAMP: Stamp = (0, 0, 0, 0, 0, 0)
"""Of what may change without a trace: links, and what was changed just now."""

JUST_NOW = 2_000_000_000
"""In ns. Twice changed within the precision of a file system's times looks as once changed; FAT's
is the coarsest. Git calls such files racily clean."""


@dataclass(slots=True)
class Observations:
    """Questions and answers of a run. A question is a key of QUESTIONS and a path.

    `stamps` tell the state of a path before it was first asked about. `repeatable` tells whether
    a run with the same answers comes out the same: not when one question got two answers.
    """

    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    stamps: dict[str, Stamp] = field(default_factory=dict)
    repeatable: bool = True

    def add(self, other: Observations) -> None:
        """Take in what was observed elsewhere, such as in another process."""
        for path, found in other.stamps.items():
            self.stamps.setdefault(path, found)
        for question, answer in other.answers.items():
            self.keep(question, answer)
        self.repeatable = self.repeatable and other.repeatable

    def keep(self, question: tuple[str, str], answer: str) -> None:
        if self.answers.setdefault(question, answer) != answer:
            self.repeatable = False


_kept: ContextVar[Observations | None] = ContextVar("observations", default=None)


@contextmanager
def recording() -> Iterator[Observations]:
    """Keep what is asked within the block, here and, by `forward`, in an outer recording."""
    found = Observations()
    token = _kept.set(found)
    try:
        yield found
    finally:
        _kept.reset(token)
        forward(found)


def is_recording() -> bool:
    """Whether observations are kept: another process then records and hands back its own."""
    return _kept.get() is not None


def forward(observed: Observations) -> None:
    """Add what another process observed to the recording that is in effect, if any."""
    kept = _kept.get()
    if kept is not None:
        kept.add(observed)


def unrepeatable() -> None:
    """Tell that what happens does not follow from the files alone, such as a limit of time."""
    kept = _kept.get()
    if kept is not None:
        kept.repeatable = False


def read_bytes(path: str | Path, most: int = MOST) -> bytes:
    """The content of a regular file; a pipe or a device is an error, so that nothing hangs.

    Raises TooLarge for a file of more than `most` bytes, OSError, and ValueError for a name that
    no file can have.
    """
    kept = _kept.get()
    if kept is None:
        return _content(path, most=most)
    try:
        _stamp(kept, path)
        data = _content(path, most=most)
    except TooLarge as error:
        kept.keep(("size", os.fspath(path)), str(error.size))
        raise
    except OSError as error:
        kept.keep(("read", os.fspath(path)), _failure(error))
        raise
    kept.keep(("read", os.fspath(path)), digest(data))
    return data


BLOCK = 1 << 20
"""How much `read_blocks` reads at a time, in bytes."""


def read_blocks(path: str | Path, most: int = MOST) -> Iterator[bytes]:
    """The content of a regular file, block by block. It counts as read when all of it was.

    Raises what `read_bytes` raises.
    """
    kept = _kept.get()
    if kept is not None:
        _stamp(kept, path)
    from hashlib import blake2b  # OpenSSL takes long to load

    seen = blake2b(digest_size=16)
    with open(path, "rb", buffering=0, opener=_open_at_once) as stream:
        _regular_size(stream.fileno(), path, most)
        while block := stream.read(BLOCK):
            seen.update(block)
            yield block
    if kept is not None:
        kept.keep(("read", os.fspath(path)), seen.hexdigest())


def read_text(path: str | Path, errors: str = "strict") -> str:
    """A UTF-8 file with all line ends as LF. Raises OSError, ValueError and UnicodeDecodeError."""
    return read_bytes(path).decode("utf-8", errors).replace("\r\n", "\n").replace("\r", "\n")


HEAD = 4096
"""How much `read_head` reads, in bytes."""


def read_head(path: str | Path) -> bytes:
    """The first HEAD bytes of a file. Raises OSError and ValueError."""
    kept = _kept.get()
    if kept is None:
        return _content(path, HEAD)
    try:
        _stamp(kept, path)
        data = _content(path, HEAD)
    except OSError as error:
        kept.keep(("head", os.fspath(path)), _failure(error))
        raise
    kept.keep(("head", os.fspath(path)), digest(data))
    return data


def size(path: Path) -> int:
    """The size of a file in bytes. Raises OSError and ValueError."""
    kept = _kept.get()
    if kept is None:
        return path.stat().st_size
    try:
        _stamp(kept, path)
        found = path.stat().st_size
    except OSError as error:
        kept.keep(("size", os.fspath(path)), _failure(error))
        raise
    kept.keep(("size", os.fspath(path)), str(found))
    return found


def kind(path: str | Path) -> Kind:
    """What a path names, links followed. Never raises."""
    kept = _kept.get()
    if kept is None:
        return _kind(path)
    question = ("kind", os.fspath(path))
    known = kept.answers.get(question)
    if known is not None:
        return Kind(known)
    try:
        stamp = _stamp(kept, path)
    except ValueError:
        return Kind.MISSING
    found = Kind.MISSING if stamp[0] == -errno.ENOENT else _kind(path)
    kept.keep(question, found)
    return found


def look(path: str | Path) -> Kind:
    """As `kind`, but raises OSError for what cannot be looked at."""
    kept = _kept.get()
    if kept is None:
        return _look(path)
    try:
        _stamp(kept, path)
        found = _look(path)
    except OSError as error:
        kept.keep(("look", os.fspath(path)), _failure(error))
        raise
    kept.keep(("look", os.fspath(path)), found)
    return found


def is_file(path: str | Path) -> bool:
    """Whether a path names a regular file. Never raises."""
    return kind(path) is Kind.FILE


def is_dir(path: str | Path) -> bool:
    """Whether a path names a folder. Never raises."""
    return kind(path) is Kind.FOLDER


def exists(path: str | Path) -> bool:
    """Whether a path names anything that can be looked at. Never raises."""
    return kind(path) is not Kind.MISSING


def entries(folder: str | Path) -> list[Entry]:
    """What a folder holds, by name. Raises OSError and ValueError."""
    kept = _kept.get()
    if kept is None:
        return _entries(folder)
    try:
        _stamp(kept, folder)
        found = _entries(folder)
    except OSError as error:
        kept.keep(("entries", os.fspath(folder)), _failure(error))
        raise
    kept.keep(("entries", os.fspath(folder)), _digest_of_entries(found))
    return found


def names(folder: str | Path) -> list[str]:
    """The sorted names in a folder. Raises OSError and ValueError."""
    return [name for name, _ in entries(folder)]


def tree(folder: Path) -> list[Path]:
    """The files in a folder and in the folders below, sorted; links to folders are not followed.

    Folders below that cannot be listed count as empty. Raises OSError and ValueError for `folder`.
    """
    found: list[Path] = []
    pending = [(folder, entries(folder))]
    while pending:
        above, listed = pending.pop()
        for name, its in listed:
            path = above / name
            if its is Kind.FOLDER:
                try:
                    pending.append((path, entries(path)))
                except OSError:
                    continue
            elif its is Kind.FILE or (its is Kind.LINK and is_file(path)):
                found.append(path)
    return sorted(found)


def resolve(path: Path) -> Path:
    """The absolute path without links and "..". Never raises.

    Links in a circle stay in it; a name that no file can have stays as it is.
    """
    kept = _kept.get()
    try:
        if kept is not None:
            _observe_links(kept, path)
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path


def _observe_links(kept: Observations, path: Path) -> None:
    """Keep, for every path on the way, whether it is a link and where to."""
    absolute = os.fspath(path) if path.is_absolute() else os.path.join(os.getcwd(), path)
    here, links = os.path.splitdrive(absolute)[0] + os.sep, 0
    parts = _parts(absolute)
    while parts:
        part = parts.pop()
        if part == os.pardir:
            here = os.path.dirname(here)
            continue
        there = os.path.join(here, part)
        target = kept.answers.get(("link", there))
        if target is None:
            _stamp(kept, there)
            target = _link(there)
            kept.keep(("link", there), target)
        if not target:
            here = there
        elif links < _MAX_LINKS:
            links += 1
            here = os.sep if os.path.isabs(target) else here
            parts.extend(_parts(target))


_MAX_LINKS = 40
"""As many links Linux follows on one path."""


def _parts(path: str) -> list[str]:
    """The names on a path, the last one first."""
    inside = os.path.splitdrive(path)[1]
    return [part for part in reversed(inside.split(os.sep)) if part not in ("", os.curdir)]


def _stamp(kept: Observations, path: str | Path) -> Stamp:
    """Note the state of a path, and of the folder in which it is missing.

    Raises ValueError for a name that no file can have.
    """
    key = os.fspath(path)
    found = kept.stamps.get(key)
    if found is None:
        found = kept.stamps[key] = stamp(key)
        folder = os.path.dirname(key)
        if found[0] < 0 and folder not in kept.stamps:
            kept.stamps[folder] = stamp(folder)
    return found


def stamp(path: str) -> Stamp:
    """The state of a path. Raises ValueError for a name that no file can have."""
    try:
        found = os.lstat(path)
    except OSError as error:
        return (-(error.errno or errno.EIO), 0, 0, 0, 0, 0)
    latest = max(found.st_mtime_ns, found.st_ctime_ns)
    if stat.S_ISLNK(found.st_mode) or latest > time.time_ns() - JUST_NOW:
        return NO_STAMP
    return (
        found.st_mode,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_ino,
        found.st_dev,
    )


_LASTING = frozenset(
    (
        *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG),
        *(errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENXIO),
    )
)
"""Errors that come again as long as the files stay as they are."""


def _failure(error: OSError) -> str:
    if error.errno not in _LASTING:
        unrepeatable()
    return f"error {error.errno}"


def digest(data: bytes) -> str:
    """What stands for a content in the answers."""
    from hashlib import blake2b  # OpenSSL takes long to load

    return blake2b(data, digest_size=16).hexdigest()


def _content(path: str | Path, length: int | None = None, most: int | None = None) -> bytes:
    handle = _open_at_once(os.fspath(path), _READ)
    try:
        size = _regular_size(handle, path, most)
        parts = []
        left = size + 1 if length is None else length
        while left > 0 and (part := os.read(handle, left)):
            parts.append(part)
            if length is not None:
                left -= len(part)
        return b"".join(parts)
    finally:
        os.close(handle)


def _regular_size(handle: int, path: str | Path, most: int | None) -> int:
    """The size of an open file. Raises OSError if it is no regular one, and TooLarge."""
    found = os.fstat(handle)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    if most is not None and found.st_size > most:
        raise TooLarge(found.st_size)
    return found.st_size


_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)


def _open_at_once(path: str, flags: int) -> int:
    """Opening a pipe without this waits until something is written to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER}


def _kind(path: str | Path) -> Kind:
    try:
        return _look(path)
    except OSError as error:
        _failure(error)
    except ValueError:
        pass
    return Kind.MISSING


def _look(path: str | Path) -> Kind:
    return _KINDS.get(stat.S_IFMT(os.stat(path).st_mode), Kind.OTHER)


def _entries(folder: str | Path) -> list[Entry]:
    found = []
    with os.scandir(folder) as listed:
        for entry in listed:
            if entry.is_file(follow_symlinks=False):
                its = Kind.FILE
            elif entry.is_dir(follow_symlinks=False):
                its = Kind.FOLDER
            elif entry.is_symlink():
                its = Kind.LINK
            else:
                its = Kind.OTHER
            found.append(Entry(entry.name, its))
    return sorted(found)


def _digest_of_entries(listed: list[Entry]) -> str:
    text = "\0".join(part for entry in listed for part in entry)
    return digest(text.encode("utf-8", "surrogateescape"))


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError as error:
        _failure(error)
        return ""


QUESTIONS: dict[str, Callable[[str], str]] = {
    "read": lambda path: digest(_content(path)),
    "head": lambda path: digest(_content(path, HEAD)),
    "size": lambda path: str(os.stat(path).st_size),
    "kind": _kind,
    "look": _look,
    "entries": lambda path: _digest_of_entries(_entries(path)),
    "link": _link,
}
"""How each question is asked again."""


def answer(question: str, path: str) -> str:
    """The answer to a question as it is now."""
    try:
        return QUESTIONS[question](path)
    except OSError as error:
        return _failure(error)
