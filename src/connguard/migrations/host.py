# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program file with embedded SQL gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path

from connguard.engine.reading import SourceFile
from connguard.engine.text import Text
from connguard.migrations.fragment import Fragment
from connguard.migrations.history import History
from connguard.migrations.pool import Pool
from connguard.policies.model.facts import Undecided
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import (
    Comment,
    Notes,
    Span,
    Subject,
    mentions_suppression,
)
from connguard.policies.model.records import dataclass
from connguard.sql_rules.script import Branch, Chunk, Direction, Script, branching

OPAQUE = "the SQL text is only known at run time"
_PRODUCTS = lazily(
    r"postgres|(?i:postgres(?!_)|mysql|mariadb|sqlite|mssql|oracle|dialect|adapter|\b(?:pg|h2)\b)"
)
_EXISTS = lazily(r"exist", re.IGNORECASE)
_ENDS = (Branch.FIRST, Branch.OTHERWISE)


def is_open(condition: str, *, has_other: bool) -> bool:
    """Whether nobody knows if a condition of a program holds.

    One that asks for the database product is left alone, and one that asks whether something
    exists, if nothing runs otherwise: then that has been made elsewhere.
    """
    if _PRODUCTS.search(condition):
        return False
    return has_other or not _EXISTS.search(condition)


def _matters(chunk: Chunk) -> bool:
    return chunk.branch is None and chunk.direction is Direction.UP


@dataclass(frozen=True, slots=True)
class NamedFile:
    """An SQL file that a program reads and runs, before the chunk with this index."""

    index: int
    name: str
    direction: Direction
    gap: Undecided


@dataclass(slots=True)
class HostMigration:
    """The SQL that a program file runs, in the order in which it stands.

    `is_migration` says whether the file is a migration at all; other files are no part of the
    scan. The keys of `gaps` are calls that run SQL which cannot be read, and may touch roles.
    """

    text: Text
    chunks: list[Chunk] = field(default_factory=list)
    gaps: dict[Undecided, None] = field(default_factory=dict)
    files: list[NamedFile] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    is_migration: bool = True

    def sql(self, fragment: Fragment, direction: Direction) -> None:
        """Add a statement, or several."""
        if fragment.text.strip():
            self.chunks.append(fragment.chunk(self.text, direction))
            self.call(fragment.runs[0].start, fragment.runs[-1].end)

    def opaque(self, start: int, end: int, direction: Direction, named: str | None = None) -> None:
        """Record that the call at these offsets runs SQL that does not stand in the program.

        `named` is the SQL file that the code around the call names. Nothing is undecided in a
        rollback, since it makes no state.
        """
        gap = Undecided("PG001", OPAQUE, self.text.origin(start, end))
        if named is not None:
            self.files.append(NamedFile(len(self.chunks), named, direction, gap))
        elif direction is Direction.UP:
            self.gaps[gap] = None

    def choose(self, ways: Sequence[Callable[[], None]]) -> None:
        """Take the ways through a program of which one runs, and nobody knows which."""
        start, named = len(self.chunks), self._named()
        for number, way in enumerate(ways):
            last = number == len(ways) - 1
            self.chunks.append(
                branching(Branch.NEXT if number and not last else _ENDS[bool(number)])
            )
            way()
        self.chunks.append(branching(Branch.END))
        taken = self.chunks[start:]
        if self._named() == named and not any(_matters(chunk) for chunk in taken):
            self.chunks[start:] = [chunk for chunk in taken if chunk.branch is None]

    def _named(self) -> int:
        """How many files the program is known to run."""
        return len(self.files)

    def call(self, start: int, end: int) -> None:
        """Record the lines of a call: a suppression comment covers them as a whole."""
        first, _ = self.text.position(start)
        last, _ = self.text.position(max(start, end - 1))
        if first <= last:
            self.spans.append(Span(first, last))

    def comment(self, start: int, content: str) -> None:
        """Record a comment of the program; `content` is without comment marks."""
        line, column = self.text.position(start)
        own_line = not self.text.line(line)[: column - 1].strip()
        self.comments.append(Comment(line, column, content.strip(), own_line))

    def add_to(self, history: History, file: SourceFile, pool: Pool) -> None:
        """Append the migration, with the SQL files that it runs in their places."""
        chunks: list[Chunk] = []
        position = 0
        for named in self.files:
            chunks.extend(self.chunks[position : named.index])
            position = named.index
            found = _named_file(file.path.parent, named.name, pool)
            if found is not None:
                chunks.extend(pool.sql_chunks(history, found, named.direction) or ())
            elif named.direction is Direction.UP:
                self.gaps[named.gap] = None
        chunks.extend(self.chunks[position:])
        history.scripts.append(Script(self.text.path, tuple(chunks)))
        history.files.add(self.text.path)
        history.subjects.extend(Subject((gap,)) for gap in self.gaps)
        if mentions_suppression(self.text.string):
            notes = Notes(self.text.path, tuple(self.comments), tuple(self.spans))
            history.notes.append(notes)


def _named_file(folder: Path, name: str, pool: Pool) -> SourceFile | None:
    """The file that a program names: beside it, one folder down, or below a folder above it."""
    name = name.lstrip("/")
    for base in (folder, *folder.parents):
        found = pool.file(base / name)
        if found is not None:
            return found
    below = [file for file in pool.files_in(folder) if file.path.parent.parent == folder]
    matching = [file for file in below if file.path.name == name]
    return matching[0] if len(matching) == 1 else None
