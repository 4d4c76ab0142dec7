# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a scan that no history has taken yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.migrations.history import History
from connguard.migrations.includes import Expanded, Includes
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Subject
from connguard.sql_rules.script import Chunk, Direction, Script

SQL_SUFFIXES = frozenset((".sql", ".psql", ".pgsql", ".ddl"))


class Pool:
    """Files by path. A layout takes the files that it understands; the rest is left to others.

    A layout may also read files that the scan did not claim, such as a plan or a configuration,
    as long as they are below a scanned directory.
    """

    def __init__(self, files: Iterable[SourceFile], context: Context) -> None:
        self._files = {file.path: file for file in files}
        self.context = context
        self.log: list[str] = []
        self._present: dict[Path, bool] = {}
        self._includes = Includes(self.file, context.text, context.settings.limits)
        self._left_out: list[SourceFile] = []

    def leave_out_included(self) -> None:
        """Scripts that others include run there and not on their own."""
        for path in self._includes.included(self.sql()):
            file = self._files.pop(path, None)
            if file is not None:
                self._left_out.append(file)

    def put_back(self, read: set[str]) -> None:
        """Take in again what was left out as included, but did not get into a history."""
        for file in self._left_out:
            if file.name not in read:
                self._files[file.path] = file

    def __iter__(self) -> Iterator[SourceFile]:
        return iter(list(self._files.values()))

    def with_suffix(self, *suffixes: str) -> list[SourceFile]:
        return [file for file in self if file.path.suffix.lower() in suffixes]

    def sql(self) -> list[SourceFile]:
        return self.with_suffix(*SQL_SUFFIXES)

    def below(self, folder: Path) -> list[SourceFile]:
        """The files left in a folder and the folders in it."""
        return [file for file in self if folder in file.path.parents]

    def folders(self, files: Iterable[SourceFile]) -> list[Path]:
        """The folders of the files and every folder above them, the outermost first."""
        found = {parent for file in files for parent in file.path.parents}
        return sorted(found, key=lambda folder: (len(folder.parts), folder))

    def take(self, file: SourceFile) -> None:
        self._files.pop(file.path, None)

    def file(self, path: Path) -> SourceFile | None:
        """A file that the scan claimed, or one below a scanned directory."""
        try:
            return self._files.get(path) or self.context.file(path)
        except (OSError, ValueError):  # a name that no file can have
            return None

    def is_below(self, file: SourceFile, name: str) -> bool:
        """Whether a folder above a file, within the scanned directories, holds a file `name`."""
        return any(self._holds(folder, name) for folder in file.path.parents)

    def _holds(self, folder: Path, name: str) -> bool:
        key = folder / name
        if key not in self._present:
            self._present[key] = self.file(key) is not None
        return self._present[key]

    def files_in(self, folder: Path) -> list[SourceFile]:
        """The files in a folder and the folders in it, by name; none when there is no folder."""
        resolved = disk.resolve(folder)
        if not self.context.is_inside(resolved):
            return []
        try:
            paths = disk.tree(resolved)
        except (OSError, ValueError):
            return []
        files = [self.file(path) for path in paths]
        return [file for file in files if file is not None]

    def text(self, path: Path) -> Text | None:
        """The text of a file below a scanned directory; None when there is none."""
        file = self.file(path)
        return self.context.text(file) if file else None

    def add_sql(
        self,
        history: History,
        file: SourceFile,
        direction: Direction,
        variables: dict[str, str] | None = None,
    ) -> None:
        """Move an SQL file, with its sections and includes, to the end of a history."""
        chunks = self.sql_chunks(history, file, direction)
        if chunks is not None:
            history.scripts.append(Script(file.name, chunks, variables or {}))

    def sql_chunks(
        self, history: History, file: SourceFile, direction: Direction
    ) -> tuple[Chunk, ...] | None:
        """The chunks of an SQL file, which the history then has; None if it cannot be read."""
        self.take(file)
        text = self.context.text(file)
        if text is None:
            return None
        return self._expanded(history, file, self._includes.expand(file, text, direction))

    def psql_chunks(
        self, history: History, file: SourceFile, chunks: Iterable[Chunk]
    ) -> Iterator[Chunk]:
        """Chunks that a program hands to psql, with their includes."""
        for chunk in chunks:
            yield from self._expanded(history, file, self._includes.expand_chunk(file, chunk))

    def _expanded(self, history: History, file: SourceFile, script: Expanded) -> tuple[Chunk, ...]:
        for included in script.files:
            self.take(included)
        history.files.update(one.name for one in (file, *script.files))
        history.subjects.extend(Subject((gap,)) for gap in script.missing)
        return script.chunks


Layout = Callable[[Pool], Iterator[History]]
"""Finds the histories of one format and takes their files out of the pool."""


def shown(folder: Path, file: SourceFile) -> str:
    """How findings would spell a folder above a file."""
    depth = len(file.path.parts) - len(folder.parts)
    parents = PurePosixPath(file.name).parents
    return str(parents[depth - 1]) if 0 < depth <= len(parents) else folder.as_posix()


def unreadable(history: History, reason: str, origin: Origin) -> None:
    """Record a part of a migration that was not checked."""
    history.subjects.append(Subject((NotParsed(reason, origin),)))


def too_deep(history: History, text: Text) -> None:
    """Record a program that is nested deeper than can be followed."""
    history.files.add(text.path)
    unreadable(history, "the program is nested too deeply", text.line_origin(1))
