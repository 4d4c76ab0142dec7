# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a scan that no history has taken yet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import chain
from pathlib import Path, PurePosixPath

from connguard.engine import disk, paths
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.migrations.claims import PLAIN_SUFFIXES
from connguard.migrations.history import History
from connguard.migrations.includes import Expanded, Includes
from connguard.migrations.names import direction_of
from connguard.migrations.nearby import nearby
from connguard.migrations.overview import overviews
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Subject
from connguard.sql_rules.script import Chunk, Direction, Script


class Pool:
    """Files by path. A layout takes the files that it understands; the rest is left to others.

    A layout may also read files that the scan did not claim, such as a plan or a configuration,
    as long as they are below a scanned directory.
    """

    def __init__(self, files: Iterable[SourceFile], context: Context) -> None:
        self._files = {str(file.path): file for file in files}
        self.context = context
        self.log: list[str] = []
        self.nearby = nearby(context)
        self._found: dict[str, SourceFile | None] = {}
        self._nearest: dict[str, dict[str, str | None]] = {}
        self.overviews = overviews(context)
        self._includes = Includes(
            self.file, context.text, self.overviews.of, context.settings.limits
        )
        self._left_out: list[SourceFile] = []
        self._by_suffix: dict[str, list[str]] = {}
        for path in self._files:
            self._by_suffix.setdefault(paths.suffix(path), []).append(path)
        self._all = tuple(self._files)

    def leave_out_included(self) -> None:
        """Scripts that others include run there and not on their own."""
        for path in self._includes.included(self.sql()):
            file = self._files.pop(str(path), None)
            if file is not None:
                self._left_out.append(file)

    def put_back(self, read: set[str]) -> bool:
        """Take in again what was left out as included, but did not get into a history.

        Returns whether there was any.
        """
        back = [file for file in self._left_out if file.name not in read]
        self._files.update((str(file.path), file) for file in back)
        return bool(back)

    def __iter__(self) -> Iterator[SourceFile]:
        return iter(self._in_order(self._files))

    def __contains__(self, file: SourceFile) -> bool:
        return str(file.path) in self._files

    def with_suffix(self, *suffixes: str) -> list[SourceFile]:
        groups = [self._by_suffix[one] for one in suffixes if one in self._by_suffix]
        return self._in_order(chain.from_iterable(groups), ordered=len(groups) == 1)

    def sql(self) -> list[SourceFile]:
        return self.with_suffix(*PLAIN_SUFFIXES)

    def has_sql_named(self, pattern: str) -> bool:
        """Whether there is an SQL file of such a name, taken or not."""
        if any(char in pattern for char in "*?["):
            return any(fnmatchcase(name, pattern) for name in self._sql_names)
        return pattern in self._sql_names

    @cached_property
    def _sql_names(self) -> frozenset[str]:
        found = (path for path in self._all if paths.suffix(path) in (*PLAIN_SUFFIXES, ".gz"))
        return frozenset(paths.last(path) for path in found)

    def sql_below(self, folder: Path) -> list[SourceFile]:
        """The SQL files left in a folder and the folders in it."""
        start = paths.within(str(folder))
        found = []
        for index in range(bisect_left(self._sorted, start), len(self._sorted)):
            path = self._sorted[index]
            if not path.startswith(start):
                break
            if paths.suffix(path) in PLAIN_SUFFIXES:
                found.append(path)
        return self._in_order(found)

    @cached_property
    def _places(self) -> dict[str, int]:
        """Where each path stands in the order of the scan."""
        return {path: index for index, path in enumerate(self._all)}

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._all)

    def _in_order(self, found: Iterable[str], *, ordered: bool = False) -> list[SourceFile]:
        """Those of the files that are left, in the order of the scan."""
        left = [path for path in found if path in self._files]
        if not ordered:
            left.sort(key=self._places.__getitem__)
        return [self._files[path] for path in left]

    def folders(self, files: Iterable[SourceFile], wanted: Callable[[str], bool]) -> list[str]:
        """The wanted folders of the files and above them, the outermost first."""
        found: set[str] = set()
        for lowest in {paths.parent(str(file.path)) for file in files}:
            for folder in (lowest, *paths.parents(lowest)) if lowest not in found else ():
                if folder in found:
                    break
                found.add(folder)
        split = {folder: paths.parts(folder) for folder in found if wanted(folder)}
        return sorted(split, key=lambda folder: (len(split[folder]), split[folder]))

    def take(self, file: SourceFile) -> None:
        self._files.pop(str(file.path), None)

    def direction_of(self, file: SourceFile) -> Direction:
        """The direction that the name of an SQL file announces."""
        return direction_of(file.path, self.nearby.is_file)

    def file(self, path: Path) -> SourceFile | None:
        """A file that the scan claimed, or one below a scanned directory."""
        return self._file(str(path))

    def _file(self, path: str) -> SourceFile | None:
        file = self._files.get(path)
        if file is None and path not in self._found:
            self._found[path] = self._find(path)
        return file or self._found[path]

    def _find(self, path: str) -> SourceFile | None:
        if not self.nearby.may_hold(paths.parent(path), paths.last(path)):
            return None
        try:
            return self.context.file(Path(path))
        except (OSError, ValueError):  # a name that no file can have
            return None

    def nearest(self, folder: Path, name: str) -> Path | None:
        """The nearest folder, from this one upwards within the scanned ones, with such a file."""
        found = self._nearest_holding(str(folder), name)
        return Path(found) if found is not None else None

    def lies_below(self, folder: str, name: str) -> bool:
        """Whether this folder or one above, within the scanned ones, holds a file of a name."""
        return self._nearest_holding(folder, name) is not None

    def _nearest_holding(self, folder: str, name: str) -> str | None:
        known = self._nearest.setdefault(name, {})
        passed = []
        here, below = folder, ""
        while here != below and here not in known:
            passed.append(here)
            if self._file(paths.within(here) + name) is not None:
                known[here] = here
                break
            here, below = paths.parent(here), here
        found = known.get(here)
        known.update(dict.fromkeys(passed, found))
        return found

    def files_in(self, folder: Path) -> list[SourceFile]:
        """The files in a folder and the folders in it, by name; none when there is no folder."""
        resolved = disk.resolve(folder)
        if not self.context.is_inside(resolved):
            return []
        try:
            found = disk.tree(resolved)
        except (OSError, ValueError):
            return []
        files = [self.file(path) for path in found]
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
        script = self._includes.expand(file, text, direction)
        if script.files or script.missing or text.gaps:
            return self._expanded(history, file, script)
        history.files.add(file.name)
        return script.chunks

    def psql_chunks(
        self, history: History, file: SourceFile, chunks: Iterable[Chunk]
    ) -> Iterator[Chunk]:
        """Chunks that a program hands to psql, with their includes."""
        for chunk in chunks:
            yield from self._expanded(history, file, self._includes.expand_chunk(file, chunk))

    def _expanded(self, history: History, file: SourceFile, script: Expanded) -> tuple[Chunk, ...]:
        history.subjects.extend([Subject((gap,)) for gap in script.missing])
        for one in dict.fromkeys((file, *script.files)):
            self.take(one)
            history.files.add(one.name)
            text = self.context.text(one)
            if text is not None and text.gaps:
                history.subjects.extend([Subject((gap,)) for gap in text.gaps])
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
    """Record a program that is nested deeper than can be followed, or too broken for its parser."""
    history.files.add(text.path)
    reason = "the program is nested too deeply, or has too many syntax errors"
    unreadable(history, reason, text.line_origin(1))
