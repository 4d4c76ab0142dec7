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

from connguard.engine.text import Text
from connguard.migrations.names import for_postgresql
from connguard.policies.model.patterns import lazily
from connguard.sql_rules.relevance import holds_any
from connguard.sql_rules.script import Chunk, Direction

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
_CHANGE_SET = lazily(r"^[ \t]*--[ \t]*changeset\b(?P<attributes>.*)$", re.IGNORECASE | re.MULTILINE)
_DBMS = lazily(r"\bdbms:(?:\"([^\"]*)\"|(\S+))", re.IGNORECASE)
_HASH_LINE = lazily(r"^[ \t]*#")


def sections(text: Text, direction: Direction = Direction.UP) -> tuple[Chunk, ...]:
    """The chunks of one SQL file, in the order in which they stand.

    `direction` is what the name of the file says. In a rollback file everything is DOWN; in other
    files a part is DOWN from its marker on.
    """
    if direction is Direction.DOWN:
        return (chunk(text, 0, len(text.string), Direction.DOWN),)
    if _LIQUIBASE.match(text.string):
        return tuple(_change_sets(text))
    return tuple(
        chunk(text, start, end, way) for start, end, way in _ranges(text.string) if end > start
    )


def tool_of(string: str) -> str | None:
    """The tool whose marker lines the text has."""
    if _LIQUIBASE.match(string):
        return "Liquibase formatted SQL"
    match = next(_markers(string), None)
    if match is None:
        return None
    return next((tool for name, tool in _TOOLS.items() if match[name]), None)


def _markers(string: str) -> Iterator[re.Match[str]]:
    """The marker lines; each has one of the words behind the marks of a comment."""
    for comment in _COMMENT.finditer(string):
        lowered = comment.group().lower()
        if holds_any(_WORDS, lowered):
            line = string.rfind("\n", 0, comment.start()) + 1
            marker = _MARKER.match(string, line)
            if marker:
                yield marker


def chunk(text: Text, start: int, end: int, direction: Direction = Direction.UP) -> Chunk:
    """A stretch of a file, unchanged, with its places."""
    return Chunk(
        text.string[start:end],
        lambda first, last: text.origin(start + first, start + last),
        direction,
    )


def _change_sets(text: Text) -> Iterator[Chunk]:
    """The change sets of formatted SQL that are meant for PostgreSQL.

    Their rollbacks are comments. https://docs.liquibase.com/concepts/changelogs/sql-format.html
    """
    matches = list(_CHANGE_SET.finditer(text.string))
    ends = [match.start() for match in matches] + [len(text.string)]
    yield chunk(text, 0, ends.pop(0))
    for match, end in zip(matches, ends, strict=True):
        dbms = _DBMS.search(match["attributes"])
        if dbms is None or for_postgresql(dbms[1] or dbms[2]):
            yield chunk(text, match.start(), end)


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
        yield start, match.start(), direction
        # A marker that is no SQL comment (Play's "# --- !Ups") is not part of any chunk.
        start = match.end() if _HASH_LINE.match(match[0]) else match.start()
        direction = Direction.DOWN if down else Direction.UP
    yield start, len(string), direction
