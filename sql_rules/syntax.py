# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Syntax trees of SQL and of PL/pgSQL, from PostgreSQL's parser.

Trees come as JSON: pglast's Python trees can kill the process on deep expressions, and cost three
times as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from connguard.sql_rules.postgres_parser import ParseError, parse_plpgsql_json, parse_sql_json

_SECRET = re.compile(r"password|secret|identified|token|://", re.IGNORECASE)
_HARMLESS = re.compile(r"(?:[^\W\d]\w{0,30}|[^\w\s'\"]{1,3}|\d{1,6})\"")

Node = dict[str, Any]
"""A node of a syntax tree: field names to values. Zero, false and empty fields are left out."""


class NotReadable(Exception):
    """A text that the parser does not take. `reason` is one sentence without the text itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
    if "\0" in text:
        raise NotReadable("the text holds a NUL character")
    try:
        document = orjson.loads(parse_sql_json(text))
    except ParseError as error:
        raise NotReadable(_message(error, text)) from None
    except orjson.JSONDecodeError:
        raise NotReadable("the statement is nested too deeply") from None
    except (UnicodeEncodeError, ValueError):
        raise NotReadable("the text holds characters that are not Unicode") from None
    return list(_statements(text, document.get("stmts", [])))


def parse_body(create_or_do: str) -> list[Node]:
    """The PL/pgSQL functions of a DO, CREATE FUNCTION or CREATE PROCEDURE statement.

    Raises NotReadable as `parse` does.
    """
    if "\0" in create_or_do:
        raise NotReadable("the text holds a NUL character")
    try:
        functions = orjson.loads(parse_plpgsql_json(create_or_do))
    except ParseError as error:
        raise NotReadable(_message(error, create_or_do)) from None
    except orjson.JSONDecodeError:
        raise NotReadable("the body is nested too deeply") from None
    except (UnicodeEncodeError, ValueError):
        raise NotReadable("the text holds characters that are not Unicode") from None
    return [function["PLpgSQL_function"] for function in functions]


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


def _message(error: ParseError, text: str) -> str:
    """What the parser says, without a part of the text that may be a secret."""
    message = str(error.args[0]) if error.args else "syntax error"
    said, near, token = message.partition(' at or near "')
    if near and (_SECRET.search(text) or not _HARMLESS.fullmatch(token)):
        return said
    return message
