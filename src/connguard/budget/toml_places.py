# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the values of a TOML file stand; tomllib parses, and keeps no positions."""

from __future__ import annotations

import re
import tomllib
from dataclasses import field
from typing import Any

from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

Path = tuple[str | int, ...]

_STRING = r"""(?:"(?:[^"\\]|\\.)*+"|'[^']*+')"""
_PART = rf"(?:[A-Za-z0-9_-]++|{_STRING})"
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = lazily(rf"[ \t]*(\[\[?)\s*({_NAME})\s*\]\]?")
_KEY = lazily(rf"[ \t]*({_NAME})[ \t]*=[ \t]*")
_PARTS = lazily(_PART)
_SKIPPED = lazily(
    r'"""(?:[^\\]|\\.)*?"""|' + r"'''.*?'''" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'|#[^\n]*",
    re.DOTALL,
)
_INLINE = lazily(rf"({_PART}+)[ \t]*+=[ \t]*+({_STRING}|[^,}}\s]++)|{_PART}+")
"""A key and its value; or other words, which are gone over once."""


@dataclass(slots=True)
class Document:
    """A parsed file: its values, and the places of tables and of values by path.

    A path goes through table names, keys, and indexes of arrays of tables.
    """

    values: dict[str, Any]
    text: Text
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def origin(self, *path: str | int) -> Origin:
        """The place of a value or table, or of the nearest table around it."""
        for length in range(len(path), 0, -1):
            place = self.places.get(tuple(path[:length]))
            if place is not None:
                return self.text.origin(*place)
        return self.text.line_origin(1)


def parse(text: Text) -> Document:
    """Parse a file. Raises tomllib.TOMLDecodeError."""
    try:
        values = tomllib.loads(text.string)
    except tomllib.TOMLDecodeError:
        raise
    except (RecursionError, ValueError) as error:  # nested too deeply, too many digits
        raise tomllib.TOMLDecodeError(str(error)) from error
    document = Document(values, text)
    _Scanner(document).scan()
    return document


def not_parsed(text: Text, error: tomllib.TOMLDecodeError) -> NotParsed:
    """What is reported of a file that is no TOML."""
    found = re.search(r"at line (\d+)", str(error))
    line = min(int(found[1]), text.line_count) if found else text.line_count
    return NotParsed(f"not TOML: {error}", text.line_origin(line))


class _Scanner:
    """Goes over the lines of a file that is known to be valid TOML."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._string = document.text.string
        self._table: Path = ()
        self._counts: dict[Path, int] = {}

    def scan(self) -> None:
        position = 0
        while position < len(self._string):
            position = self._line(position)

    def _line(self, start: int) -> int:
        if header := _HEADER.match(self._string, start):
            self._enter(header)
            return self._next_line(header.end())
        if key := _KEY.match(self._string, start):
            path = (*self._table, *_split(key[1]))
            end = self._value_end(key.end())
            shown = self._string[key.end() : end]
            self._document.places[path] = key.end(), key.end() + len(shown.rstrip())
            if shown.startswith("{"):
                for inner in _INLINE.finditer(self._string, key.end(), end):
                    if inner[1]:
                        self._document.places[*path, _unquote(inner[1])] = inner.span(2)
            return self._next_line(end)
        return self._next_line(start)

    def _enter(self, header: re.Match[str]) -> None:
        names = _split(header[2])
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            last = position == len(names) - 1
            if header[1] == "[[" and last:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        self._table = path
        start = header.start(1)
        self._document.places[path] = start, header.end()

    def _value_end(self, start: int) -> int:
        """The end of a value: of its line, or further for what spans several lines."""
        depth, position = 0, start
        while position < len(self._string):
            if match := _SKIPPED.match(self._string, position):
                if match[0].startswith("#") and depth == 0:
                    return position
                position = match.end()
                continue
            character = self._string[position]
            depth += character in "[{"
            depth -= character in "]}"
            if character in "\r\n" and depth <= 0:
                return position
            position += 1
        return position

    def _next_line(self, position: int) -> int:
        end = self._string.find("\n", position)
        return len(self._string) if end < 0 else end + 1


def _split(name: str) -> list[str]:
    return [_unquote(part) for part in _PARTS.findall(name)]


def _unquote(part: str) -> str:
    return part[1:-1] if part[:1] in ("'", '"') else part
