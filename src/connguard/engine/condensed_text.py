# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a large dump, without the data that cannot matter."""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

from connguard.engine import disk
from connguard.engine.limits import Limits, passed
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.sql_rules.condense import Cause, LeftOut, Stretch, condense

_LIMITS = Limits()
LEFT_OUT = "…"
"""Stands for a line of which nothing is kept."""


class CondensedText(Text):
    """What is kept of a file, with the places that it has there.

    Offsets count characters of what is kept; lines and columns are those of the file.
    """

    def __init__(self, path: str, stretches: Iterable[Stretch], lines: int) -> None:
        strings: list[str] = []
        self._offsets: list[int] = []
        self._places: list[tuple[int, int]] = []
        length = 0
        for stretch in stretches:
            string = _decoded(stretch.data)
            self._offsets.append(length)
            self._places.append((stretch.line, stretch.column))
            strings.append(string)
            length += len(string)
        super().__init__(path, "".join(strings))
        self._lines = lines

    @property
    def line_count(self) -> int:
        return self._lines

    def position(self, offset: int) -> tuple[int, int]:
        index = bisect_right(self._offsets, offset) - 1
        if index < 0:
            return 1, 1
        start = self._offsets[index]
        line, column = self._places[index]
        own_line, own_column = super().position(offset)
        first_line, _ = super().position(start)
        if own_line == first_line:
            return line, column + offset - start
        return line + own_line - first_line, own_column

    def offset(self, line: int, column: int = 1) -> int:
        """The place of what is kept of a line, or of what follows it."""
        index = max(bisect_right(self._places, (line, column)) - 1, 0)
        if index >= len(self._offsets):
            return 0
        start = self._offsets[index]
        first, its_column = self._places[index]
        end = self._offsets[index + 1] if index + 1 < len(self._offsets) else len(self.string)
        if line <= first:
            return min(max(start + column - its_column, start), end)
        own_line = super().position(start)[0] + line - first
        if own_line > super().line_count:
            return end
        return min(super().offset(own_line, column), end)

    def line(self, number: int) -> str:
        start = self.offset(number)
        end = self.offset(number + 1)
        if self.position(start)[0] != number and self.position(max(end - 1, 0))[0] != number:
            return LEFT_OUT
        return self.string[start:end].rstrip("\r\n")


def read(path: str, blocks: Iterable[bytes], limits: Limits = _LIMITS) -> CondensedText:
    """The text of a dump that comes in blocks of bytes."""
    condensed = condense(_without_mark(blocks), limits.statement_size, limits.kept_size)
    text = CondensedText(path, condensed.stretches, condensed.lines)
    text.gaps = tuple(_gap(path, one, limits) for one in condensed.left_out)
    return text


def load(name: str, path: str | Path, limits: Limits) -> CondensedText:
    """The text of a large file of SQL. Raises what `disk.read_bytes` raises."""
    blocks = disk.read_blocks(path, limits.sql_file_size)
    if disk.read_head(path).startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        blocks = _from_utf16(blocks)
    return read(name, blocks, limits)


def _gap(path: str, left_out: LeftOut, limits: Limits) -> NotParsed:
    if left_out.cause is Cause.STATEMENT:
        what = f"a statement or line of data of more than {limits.statement_size} bytes is not read"
    else:
        what = f"more than {limits.kept_size} bytes can matter: those from here on are not read"
    place = left_out.line, left_out.column
    return NotParsed(passed(left_out.cause, what), Origin(path, *place, *place))


def _without_mark(blocks: Iterable[bytes]) -> Iterator[bytes]:
    mark: bytes = codecs.BOM_UTF8
    for block in blocks:
        yield block.removeprefix(mark)
        mark = b""


def _from_utf16(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same in UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for block in blocks:
        text = decoder.decode(block)
        if text:
            yield text.encode("utf-8", "replace")


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
