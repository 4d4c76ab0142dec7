# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What front ends take (source files) and give (a reading: subjects for the policies)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from connguard.engine import disk
from connguard.engine.limits import SQL, Limits, passed
from connguard.engine.progress import Progress, silent
from connguard.engine.text import Text, decode
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Reading
from connguard.policies.model.records import dataclass

if TYPE_CHECKING:
    from connguard.engine.settings import Settings
    from connguard.sql_rules.script import Script

WHOLE = 8_000_000
"""Bytes of a file of SQL that is read as a whole; of a larger one, only what can matter is kept."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to scan. `path` is absolute; `name` is what findings show (posix separators).

    `named` files were given on the command line: they are read whatever folder they lie in.
    """

    path: Path
    name: str
    named: bool = False


@dataclass(slots=True)
class Context:
    """What a front end may use besides its files.

    `files` are all files of the scan. `roots` are the scanned directories: a file named by another
    file (a module, an include) may be read only below one of them. `unreadable` collects (name,
    reason) of files that could not be read; they lead to exit code 2. `refused` are those that
    were not read because they are too large; they are findings. `histories` are the scripts
    of every database that the SQL front end has replayed, for those who read after it. `cache`
    holds what several front ends make of the same files, each under a key of its maker. `progress`
    is told what is being done. `listed` are the names in folders that the scan has listed. `ahead`
    are texts that were read before anybody asked for them, as by `read_whole`.
    """

    roots: tuple[Path, ...]
    settings: Settings
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    refused: list[NotParsed] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    texts: dict[Path, Text | None] = field(default_factory=dict)
    ahead: dict[Path, tuple[Text, str | None]] = field(default_factory=dict)
    name_of: Callable[[Path], str] = str
    files: Sequence[SourceFile] = ()
    histories: list[Sequence[Script]] = field(default_factory=list)
    cache: dict[object, object] = field(default_factory=dict)
    progress: Progress = silent
    listed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _real_roots: tuple[Path, ...] | None = field(default=None, init=False, repr=False)

    def text(self, file: SourceFile) -> Text | None:
        """The decoded text; None when the file cannot be read, which is recorded once."""
        path = file.path
        try:
            return self.texts[path]
        except KeyError:
            if path in self.ahead:
                return self._take(file)
            text = self.texts[path] = self._load(file)
        # Files that others name are read beside those of the scan.
        total = max(len(self.files), len(self.texts))
        self.progress(f"reading files: {len(self.texts)} of {total}")
        return text

    def file(self, path: Path) -> SourceFile | None:
        """A file that another one names; None when it is missing or leaves the roots."""
        resolved = disk.resolve(path)
        if not self.is_inside(resolved):
            return None
        return SourceFile(resolved, self.name_of(resolved)) if disk.is_file(resolved) else None

    def is_inside(self, resolved: Path) -> bool:
        """Whether a path without links lies in or below one of the roots."""
        if self._real_roots is None:
            self._real_roots = tuple(disk.resolve(root) for root in self.roots)
        return any(resolved.is_relative_to(root) for root in self._real_roots)

    def _take(self, file: SourceFile) -> Text:
        text, remark = self.ahead.pop(file.path)
        self.texts[file.path] = text
        if remark:
            self.log.append(remark)
        return text

    def _load(self, file: SourceFile) -> Text | None:
        limits = self.settings.limits
        try:
            found = read_whole(file, limits)
            if found is None:
                from connguard.engine.condensed_text import load

                return load(file.name, file.path, limits)
        except disk.TooLarge as error:
            setting, most = limits.size_of(file.name)
            reason = passed(setting, f"the file has {error.size} bytes, more than {most}")
            self.refused.append(NotParsed(reason, Origin(file.name, 1, 1, 1, 1)))
            return None
        except OSError as error:
            self.unreadable.append((file.name, error.strerror or str(error)))
            return None
        text, remark = found
        if remark:
            self.log.append(remark)
        return text


def read_whole(file: SourceFile, limits: Limits) -> tuple[Text, str | None] | None:
    """The text of a file, and a remark on it; None for SQL that is too large to be kept as a whole.

    Raises OSError, and TooLarge for a file that is not read at all.
    """
    data = _small(file, limits.size_of(file.name)[1], limits)
    return None if data is None else decode(file.name, data)


def _small(file: SourceFile, most: int, limits: Limits) -> bytes | None:
    """The content; None for a file of SQL that is too large to be kept as a whole."""
    if not file.name.lower().endswith(SQL):
        return disk.read_bytes(file.path, most)
    try:
        return disk.read_bytes(file.path, min(most, largest_whole(limits)))
    except disk.TooLarge as error:
        if error.size > most:
            raise
        return None


def largest_whole(limits: Limits) -> int:
    """Bytes of the largest file of SQL that is read as a whole."""
    return min(WHOLE, limits.statement_size)


class FrontEnd(Protocol):
    """A module of this shape turns files of one kind into subjects.

    `read` gets all claimed files of the scan at once, sorted by name, since files of one kind
    belong together (a Terraform module, a migrations directory). It never raises for bad input: a
    part that cannot be read becomes a NotParsed fact.
    """

    def read(self, files: Sequence[SourceFile], context: Context) -> Reading: ...
