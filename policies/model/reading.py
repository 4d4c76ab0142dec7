# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""What readers give: subjects to judge, and the comments that may suppress findings."""

from __future__ import annotations

from dataclasses import field

from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to judge, in every state that may come true.

    Usually there is one alternative. Where a branch in the code leads to different states, each is
    a fact of its own, and the worst one counts.
    """

    alternatives: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment. `text` has no comment marks; `own_line` is False when code stands before it."""

    line: int
    column: int
    text: str
    own_line: bool


@dataclass(frozen=True, slots=True)
class Span:
    """The first and last line of a statement or block: what one suppression comment covers."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Notes:
    """The comments of a file and the spans of its statements and blocks, nested ones included.

    Front ends give notes only for files where `mentions_suppression` is true.
    """

    path: str
    comments: tuple[Comment, ...]
    spans: tuple[Span, ...]


def mentions_suppression(text: str) -> bool:
    """Whether a file can hold a suppression comment at all (a cheap test before lexing it)."""
    return "connguard:" in text or "checkov:skip" in text


@dataclass(slots=True)
class Reading:
    """What a front end made of its files.

    `files` are the names of the files that turned out to be of its kind; a scan that reads none
    has found nothing to scan. `log` is shown by --verbose.
    """

    files: set[str] = field(default_factory=set)
    subjects: list[Subject] = field(default_factory=list)
    notes: list[Notes] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def add(self, *alternatives: object) -> None:
        """Add one subject with these alternatives."""
        self.subjects.append(Subject(alternatives))

    def extend(self, other: Reading) -> None:
        self.files |= other.files
        self.subjects.extend(other.subjects)
        self.notes.extend(other.notes)
        self.log.extend(other.log)
