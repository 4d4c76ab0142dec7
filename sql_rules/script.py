# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL as the migration front end hands it to the replay: chunks of text with their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING

from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass

if TYPE_CHECKING:
    from connguard.sql_rules.outline import Outline

STATEMENT_SIZE = 8_000_000
"""Of a statement, in bytes of a file and in characters of a chunk; a larger one is not read."""

UNPARSED_STATEMENTS = 1_000
"""Of a file, that cannot be parsed and get a finding each."""


class Direction(Enum):
    """Forward SQL makes the state; a rollback is only run by hand."""

    UP = "up"
    DOWN = "down"


class Branch(Enum):
    """Where the branches of a program begin and end of which nobody knows which one runs."""

    FIRST = "if"
    NEXT = "elif"
    OTHERWISE = "else"
    END = "endif"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of SQL text.

    `origin(start, end)` maps a character range of `text` to its place in the file; for a plain
    .sql file it is `Text.origin`. SQL that is embedded in a program maps to the host file.
    `outline` is that of the text, where it is known already. `inputs` names the inputs of psql that
    the text stands in, the outermost first: a run of psql, and the files that it includes; it is
    empty where nobody knows that psql reads the text. `commits` says whether what runs the text
    commits a transaction that it leaves open, as most tools do, but not psql.
    A chunk with a `branch` has no text: it stands between the chunks of branches.
    """

    text: str
    origin: Callable[[int, int], Origin]
    direction: Direction = Direction.UP
    outline: Outline | None = None
    inputs: tuple[str, ...] = ()
    commits: bool = True
    branch: Branch | None = None


def branching(branch: Branch) -> Chunk:
    """The place where a branch begins or ends. Branches may reach over several scripts."""
    return Chunk("", _nowhere, branch=branch)


def _nowhere(start: int, end: int) -> Origin:
    raise ValueError("a chunk without text has no places")


@dataclass(frozen=True, slots=True)
class Script:
    """One migration: chunks in the order in which they run. `name` is the path findings show.

    `variables` are values known for psql variables and placeholders, by name.
    """

    name: str
    chunks: tuple[Chunk, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
