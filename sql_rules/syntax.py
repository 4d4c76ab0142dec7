# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Syntax trees of SQL and of PL/pgSQL, from PostgreSQL's parser.

Trees come as JSON: pglast's Python trees can kill the process on deep expressions, and cost three
times as much.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, TypeVar

import orjson

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules import isolation, lexer
from connguard.sql_rules.postgres_parser import ParseError, parse_plpgsql_json, parse_sql_json
from connguard.sql_rules.postgres_parser import split as pg_split

_SECRET = lazily(r"password|secret|identified|token|://", re.IGNORECASE)
_HARMLESS = lazily(r"(?:[^\W\d]\w{0,30}|[^\w\s'\"]{1,3}|\d{1,6})\"")

_LONE_RETURN = lazily(r"\r(?!\n)")

_GAP = lazily(r"(?:[\s;]++|--[^\r\n]*+)*+")
"""What stands between two statements, unless there is a comment in /* */."""

_SHORT_CODE = 4_000
"""Characters."""
_LONG_BODY = 100_000
_MOST_JSON = 50_000_000

_NO_MEMORY = "out of memory"
"""What the parser says where the system gives no more, whatever the text is."""

T = TypeVar("T")

_Answer = tuple[T | None, str | None]
"""What the parser makes of a text, or its message."""

Node = dict[str, Any]
"""A node of a syntax tree: field names to values. Zero, false and empty fields are left out."""


class NotReadable(Exception):
    """A text that the parser does not take. `reason` is one sentence without secrets of the text.

    The sentence is made when it is asked for: mostly a text is then read in another way.
    """

    def __init__(self, said: str, text: str = "") -> None:
        super().__init__()
        self._said = said
        self._text = text

    @property
    def reason(self) -> str:
        return _message(self._said, self._text)

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class Parsed:
    """A statement: the kind and the fields of its top node, and its range in characters.

    The range starts where the parser says, which may be at blanks and comments before the first
    token, and does not hold the final semicolon.
    """

    kind: str
    node: Node
    start: int
    end: int


def parse(text: str) -> list[Parsed]:
    """The statements of `text`.

    Raises NotReadable when any of them does not parse, or the text holds a NUL, at which the
    parser would silently stop.
    """
    document = _tree(_sql, text, "the statement")
    return list(_statements(text, document.get("stmts", [])))


def parse_code(text: str) -> Sequence[Parsed]:
    """As `parse`, for code, which runs again and again: trees of a few short texts are kept."""
    return _kept(text) if len(text) < _SHORT_CODE else parse(text)


@lru_cache(maxsize=128)
def _kept(text: str) -> Sequence[Parsed]:
    return parse(text)


def split(text: str) -> list[tuple[int, int]]:
    """The ranges of the statements of `text`, from the first token on, without their trees.

    That is faster than `parse`, and as strict: it raises NotReadable where the server would not
    take the text. Only expressions that nest too deeply to make a tree of them pass.
    """
    return _found_again(text, _told(_texts, text))


def split_if_readable(text: str) -> list[tuple[int, int]] | None:
    """What `split` gives; None where it raises."""
    try:
        return split(text)
    except NotReadable:
        return None


def is_readable(text: str) -> bool:
    """Whether the server would take a text."""
    return split_if_readable(text) is not None


def parse_body(create_or_do: str) -> list[Node]:
    """The PL/pgSQL functions of a DO, CREATE FUNCTION or CREATE PROCEDURE statement.

    A lone CR ends a line, as in all texts here; the parser by itself would count only LF. Raises
    NotReadable as `parse` does.
    """
    if "\r" in create_or_do:
        create_or_do = _LONE_RETURN.sub("\n", create_or_do)
    return _kept_body(create_or_do) if len(create_or_do) < _SHORT_CODE else _body(create_or_do)


def _body(create_or_do: str) -> list[Node]:
    risky = len(create_or_do) > _LONG_BODY
    functions = _tree(_plpgsql, create_or_do, "the body", risky=risky)
    return [function["PLpgSQL_function"] for function in functions]


@lru_cache(maxsize=128)
def _kept_body(create_or_do: str) -> list[Node]:
    return _body(create_or_do)


def _tree(
    function: Callable[[str], _Answer[str]], text: str, what: str, *, risky: bool = False
) -> Any:
    document = _told(function, text, risky=risky)
    if len(document) > _MOST_JSON:
        raise NotReadable(f"{what} is too large")
    try:
        return isolation.with_room(partial(orjson.loads, document))
    except orjson.JSONDecodeError:
        raise NotReadable(f"{what} is nested too deeply") from None


def _told(function: Callable[[str], _Answer[T]], text: str, *, risky: bool = False) -> T:
    if "\0" in text:
        raise NotReadable("the text holds a NUL character")
    try:
        if not text.isascii():
            text.encode()
        value, error = isolation.with_room(partial(isolation.call, function, text, risky=risky))
    except isolation.Crash as crash:
        raise NotReadable(crash.reason) from None
    except (UnicodeEncodeError, ValueError):
        raise NotReadable("the text holds characters that are not Unicode") from None
    if error is not None or value is None:
        raise NotReadable(error or "syntax error", text)
    return value


# Calls of the parser whose answers can go from one process to another.


def _sql(text: str) -> _Answer[str]:
    return _caught(parse_sql_json, text)


def _plpgsql(text: str) -> _Answer[str]:
    return _caught(parse_plpgsql_json, text)


def _texts(text: str) -> _Answer[tuple[str, ...]]:
    return _caught(pg_split, text)


def _caught(function: Callable[[str], T], text: str) -> _Answer[T]:
    try:
        return function(text), None
    except ParseError as error:
        said = _said(error)
        if said == _NO_MEMORY:
            raise MemoryError from None
        return None, said


def _said(error: ParseError) -> str:
    return str(error.args[0]) if error.args else "syntax error"


def _statements(text: str, raw_statements: list[Node]) -> Iterator[Parsed]:
    plain = text.isascii()
    encoded = b"" if plain else text.encode()
    seen_bytes = seen_characters = 0

    def characters(offset: int) -> int:
        nonlocal seen_bytes, seen_characters
        if plain:
            return offset
        seen_characters += len(encoded[seen_bytes:offset].decode(errors="replace"))
        seen_bytes = offset
        return seen_characters

    for raw in raw_statements:
        ((kind, node),) = raw["stmt"].items()
        first = raw.get("stmt_location", 0)
        length = raw.get("stmt_len", 0)
        start = characters(first)
        end = characters(first + length) if length else len(text)
        yield Parsed(kind, node, start, end)


def _found_again(text: str, statements: tuple[str, ...]) -> list[tuple[int, int]]:
    """The ranges of statements that follow each other in `text`.

    The parser's Python binding can give ranges as well, but counts every character of the text for
    them, and where not all are ASCII it needs time that grows with the square of the length.
    """
    found = []
    position = 0
    for statement in statements:
        gap = _GAP.match(text, position)
        position = gap.end() if gap else position
        if not text.startswith(statement, position):
            position = _behind_comments(text, position)
            if not text.startswith(statement, position):
                raise NotReadable("the text holds odd blanks between its statements")
        found.append((position, position + len(statement)))
        position += len(statement)
    return found


def _behind_comments(text: str, position: int) -> int:
    position = lexer.skip_blanks(text, position, len(text))
    while text.startswith(";", position):
        position = lexer.skip_blanks(text, position + 1, len(text))
    return position


def _message(message: str, text: str) -> str:
    """What the parser says, without a part of the text that may be a secret."""
    said, near, token = message.partition(' at or near "')
    if near and (_SECRET.search(text) or not _HARMLESS.fullmatch(token)):
        return said
    return message
