# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program file with embedded SQL gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from connguard.migrations.fragment import Fragment
from connguard.migrations.history import History
from connguard.policies.model.facts import Undecided
from connguard.policies.model.reading import (
    Comment,
    Notes,
    Span,
    Subject,
    mentions_suppression,
)
from connguard.sql_rules.script import Chunk, Direction, Script
from connguard.text import Text

OPAQUE = "the SQL text is only known at run time"


@dataclass(slots=True)
class HostMigration:
    """The SQL that a program file runs, in the order in which it stands.

    `is_migration` says whether the file is a migration at all; other files are no part of the
    scan. `gaps` are calls that run SQL which cannot be read, and that may touch roles.
    """

    text: Text
    chunks: list[Chunk] = field(default_factory=list)
    gaps: list[Undecided] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    is_migration: bool = True

    def sql(self, fragment: Fragment, direction: Direction) -> None:
        """Add a statement, or several."""
        if fragment.text.strip():
            self.chunks.append(fragment.chunk(self.text, direction))
            self.call(fragment.runs[0].start, fragment.runs[-1].end)

    def opaque(self, start: int, end: int, direction: Direction) -> None:
        """Record that the call at these offsets runs SQL that cannot be read.

        What a rollback runs makes no state, so nothing is undecided there.
        """
        if direction is Direction.UP:
            gap = Undecided("PG001", OPAQUE, self.text.origin(start, end))
            if gap not in self.gaps:
                self.gaps.append(gap)

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

    def add_to(self, history: History) -> None:
        history.scripts.append(Script(self.text.path, tuple(self.chunks)))
        history.files.add(self.text.path)
        history.subjects.extend(Subject((gap,)) for gap in self.gaps)
        if mentions_suppression(self.text.string):
            notes = Notes(self.text.path, tuple(self.comments), tuple(self.spans))
            history.notes.append(notes)
