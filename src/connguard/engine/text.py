# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decoded file text with positions."""

from __future__ import annotations

from bisect import bisect_right
from codecs import BOM_UTF8
from functools import cached_property
from itertools import accumulate

from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily

_LINE_END = lazily(r"\r\n|\n|\r")


class Text:
    """The text of one file, without its byte order mark.

    Offsets count characters from 0; lines and columns count from 1. Line ends are LF, CRLF and a
    lone CR. `marked` tells that the mark was there, which some servers do not skip. `gaps` are
    the parts that may matter and have been left out.
    """

    def __init__(self, path: str, string: str) -> None:
        self.path = path
        self.string = string
        self.marked = False
        self.gaps: tuple[NotParsed, ...] = ()

    @cached_property
    def _starts(self) -> list[int]:
        if "\r" in self.string:
            return [0, *(match.end() for match in _LINE_END.finditer(self.string))]
        lengths = map(len, self.string.split("\n"))
        starts = [0, *accumulate(map((1).__add__, lengths))]
        return starts[:-1]  # after the last line there is no line end

    @property
    def line_count(self) -> int:
        return len(self._starts)

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a character offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int = 1) -> int:
        """The character offset of a 1-based line and column."""
        return self._starts[line - 1] + column - 1

    def origin(self, start: int, end: int) -> Origin:
        """The range from character offset `start` up to, not including, `end`."""
        return Origin(self.path, *self.position(start), *self.position(end))

    def until(self, end: int) -> Text:
        """The text before character offset `end`, with the same positions."""
        part = Text(self.path, self.string[:end])
        part._starts = self._starts
        return part

    def line_origin(self, line: int) -> Origin:
        """The whole of one 1-based line, without its line end."""
        return Origin(self.path, line, 1, line, len(self.line(line)) + 1)

    def line(self, number: int) -> str:
        """The text of one 1-based line, without its line end."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.string)
        return self.string[start:end].rstrip("\r\n")


class ChangedText(Text):
    """A text that stands in a file with escapes or folded lines: all places are the whole of it."""

    def __init__(self, string: str, whole: Origin) -> None:
        super().__init__(whole.path, string)
        self._whole = whole

    def position(self, offset: int) -> tuple[int, int]:
        return self._whole.line, self._whole.column

    def offset(self, line: int, column: int = 1) -> int:
        is_start = (line, column) == (self._whole.line, self._whole.column)
        return 0 if is_start else len(self.string)

    def origin(self, start: int, end: int) -> Origin:
        return self._whole

    def until(self, end: int) -> Text:
        return ChangedText(self.string[:end], self._whole)

    def line_origin(self, line: int) -> Origin:
        return self._whole


def in_utf8(data: bytes) -> bytes:
    """The bytes of a file to look for words in: UTF-16 with a byte order mark becomes UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data


def decode(path: str, data: bytes) -> tuple[Text, str | None]:
    """Decode a file: UTF-8, or UTF-16 with a byte order mark.

    Anything else is read as Latin-1, so that one odd byte in a comment does not hide the file; the
    second value then says so.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = Text(path, data.decode("utf-16"))
            text.marked = True
            return text, None
        except UnicodeDecodeError:
            pass
    try:
        # The codec "utf-8-sig" is written in Python, and slow for many files.
        text = Text(path, data.removeprefix(BOM_UTF8).decode("utf-8"))
        text.marked = data.startswith(BOM_UTF8)
        return text, None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return (
            Text(path, data.decode("latin-1")),
            f"{path}:{line}: not UTF-8, read as Latin-1",
        )
