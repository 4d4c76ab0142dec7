# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits a migration file into its forward and its rollback sections.

Several tools keep both directions in one file and tell them apart by marker lines. The tools
themselves look for the markers line by line, without parsing SQL, and so does this module. A file
carries the markers of one tool only, so one table serves for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from connguard.engine.text import Text
from connguard.migrations.fragment import Fragment, verbatim, written
from connguard.policies.model.patterns import lazily
from connguard.sql_rules.relevance import holds_any
from connguard.sql_rules.script import Branch, Chunk, Direction, branching

if TYPE_CHECKING:
    from connguard.sql_rules.outline import Outline

_MARKER = lazily(
    r"""^[ \t]*(?:
        --[ \t]*\+[ \t]*goose[ \t]+(?P<goose>up|down)\b.*
      | --[ \t]*\+[ \t]*migrate[ \t]+(?P<migrate>up|down)\b.*
      | --[ \t]*migrate:(?P<dbmate>up|down)\b.*
      | (?:\#[ \t]*---|--+)[ \t]*!(?P<play>ups|downs)\b.*
      | --[ \t]*rambler[ \t]+(?P<rambler>up|down)\b.*
      | --[ \t]*={2,}[ \t]*(?P<shmig>up|down)[ \t]*={2,}.*
      | --[ \t]*//[ \t]*@?(?P<mybatis>undo)\b.*
      | ----[ \t]*create[ \t]+above[ \t]*/[ \t]*(?P<tern>drop[ \t]+below)[ \t]*----.*
      | --+[ \t]*(?P<node>up|down)[ \t]+migration(?P<more>\b.*)
      | --+[ \t]*(?P<word>up|down)[ \t]*+:?
    )[ \t]*+\r?$""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_COMMENT = lazily(r"--[^\n]*")
_WORDS = ("up", "down", "undo", "below")

_TOOLS = {
    "goose": "goose",
    "migrate": "sql-migrate",
    "dbmate": "dbmate",
    "play": "Play evolutions",
    "rambler": "rambler",
    "shmig": "shmig",
    "mybatis": "MyBatis migrations",
    "tern": "tern",
    "node": "node-pg-migrate",
}
_LIQUIBASE = lazily(r"\s*--\s*liquibase\s+formatted\s+sql", re.IGNORECASE)
_HASH_LINE = lazily(r"^[ \t]*#")


class Section(NamedTuple):
    """A stretch of a file of SQL: a range of characters, its direction, and its outline.

    `delimiter` is what stands in the place of semicolons, if something does; a section with a
    `branch` has no characters.
    """

    start: int
    end: int
    direction: Direction
    outline: Outline | None = None
    delimiter: str = ""
    branch: Branch | None = None


def sections(text: Text, direction: Direction = Direction.UP) -> tuple[Chunk, ...]:
    """The chunks of one SQL file, in the order in which they stand.

    `direction` is what the name of the file says. In a rollback file everything is DOWN; in other
    files a part is DOWN from its marker on.
    """
    if direction is Direction.DOWN:
        return (chunk_of(text, Section(0, len(text.string), Direction.DOWN)),)
    return tuple(chunk_of(text, section) for section in divided(text.string))


def divided(string: str) -> Iterator[Section]:
    """The sections of a text that is no rollback as a whole, without their outlines."""
    if _LIQUIBASE.match(string):
        from connguard.migrations.formatted_sql import change_sets

        return change_sets(string)
    return (Section(*each) for each in _ranges(string))


def marks(string: str) -> tuple[bool, str | None]:
    """Whether the text has marker lines, and the tool that they are of."""
    if _LIQUIBASE.match(string):
        return True, "Liquibase formatted SQL"
    match = next(_markers(string), None)
    if match is None:
        return False, None
    return True, next((tool for name, tool in _TOOLS.items() if match[name]), None)


def tool_of(string: str) -> str | None:
    """The tool whose marker lines the text has."""
    return marks(string)[1]


def _markers(string: str) -> Iterator[re.Match[str]]:
    """The marker lines; each has one of the words behind the marks of a comment."""
    for comment in _COMMENT.finditer(string):
        lowered = comment.group().lower()
        if holds_any(_WORDS, lowered):
            line = string.rfind("\n", 0, comment.start()) + 1
            marker = _MARKER.match(string, line)
            if marker:
                yield marker


def chunk_of(text: Text, section: Section) -> Chunk:
    """A stretch of a file, unchanged, with its places."""
    start = section.start
    if section.branch is not None:
        return branching(section.branch)
    if section.delimiter:
        found = verbatim(text.string[start : section.end], start)
        return delimited(found, section.delimiter).chunk(text, section.direction)
    return Chunk(
        text.string[start : section.end],
        lambda first, last: text.origin(start + first, start + last),
        section.direction,
        section.outline,
    )


def delimited(sql: Fragment, delimiter: str) -> Fragment:
    """SQL with semicolons in place of another delimiter that stands on lines of its own."""
    delimiter = delimiter.replace("\\n", "").replace("\\s*", "").strip()
    if not delimiter or delimiter == ";":
        return sql
    pattern = re.compile(rf"^[ \t]*{re.escape(delimiter)}[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
    return sql.substitute(pattern, lambda match, host: written(";", *host))


def _ranges(string: str) -> Iterator[tuple[int, int, Direction]]:
    start = 0
    direction = Direction.UP
    seen_up = False
    for match in _markers(string):
        word = next(value for key, value in match.groupdict().items() if value and key != "more")
        down = word.casefold() not in ("up", "ups")
        # A comment that only says "down" is a marker where another one says "up" before it.
        is_prose = match["word"] or (match["more"] or "").strip()
        if is_prose and down and not seen_up:
            continue
        seen_up = seen_up or not down
        if match.start() > start:
            yield start, match.start(), direction
        # A marker that is no SQL comment (Play's "# --- !Ups") is not part of any chunk.
        start = match.end() if _HASH_LINE.match(match[0]) else match.start()
        direction = Direction.DOWN if down else Direction.UP
    if len(string) > start:
        yield start, len(string), direction
