# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source lines with a marked range, for terminals.

Columns stay aligned with tabs and wide characters, long lines are cut around the range, and
passwords are masked: the output of a scan is read by more people than the repository.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence

from connguard.engine.masking import masked
from connguard.engine.text import Text
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.reporters.plain import printable, printable_characters
from connguard.reporters.style import Style

_TAB = 4
_MARGIN = 8
"""Cells kept for the line number and the bars beside it."""
_HEAD = 4
"""Lines of a multi-line range that are shown before the rest is left out."""

_NEAR = 1000
"""Characters around the range in which passwords are looked for."""

_Row = Callable[[int | None, str], str]


@dataclass(frozen=True, slots=True)
class _Line:
    """A source line as shown, and the cells that the marked range covers (end exclusive)."""

    number: int
    shown: str
    start: int
    end: int
    indented: bool
    """Whether nothing but blanks stands before the range."""


def excerpt(
    text: Text | None, origin: Origin, style: Style, colour: str, mark: str
) -> Iterator[str]:
    """The place, and the lines of the range with `mark` under it.

    Without a text, or when the range is outside the text, only the place.
    """
    place = f"{printable(origin.path)}:{origin.line}:{origin.column}"
    arrow = style.paint("gutter", "-->")
    if text is None or not 1 <= origin.line <= text.line_count:
        yield f" {arrow} {place}"
        return
    last = min(max(origin.line, origin.end_line), text.line_count)
    if last > origin.line and origin.end_line == last and origin.end_column == 1:
        last -= 1  # the range ends with a line end
    widest = style.width - _MARGIN
    lines = [_line(text, number, origin, last, widest) for number in _numbers(origin.line, last)]
    gutter = len(str(last))
    bar = style.paint("gutter", "|")

    def row(number: int | None, content: str) -> str:
        label = style.paint("gutter", f"{number or '':>{gutter}}")
        return f"{label} {bar} {content}".rstrip()

    yield f"{'':>{gutter}}{arrow} {place}"
    yield row(None, "")
    if len(lines) == 1:
        line = lines[0]
        yield row(line.number, line.shown)
        underline = style.paint(colour, mark * max(1, line.end - line.start))
        yield row(None, " " * line.start + underline)
    else:
        yield from _multi_line(lines, row, style, colour, mark)


def _numbers(first: int, last: int) -> list[int]:
    if last - first < _HEAD + 2:
        return list(range(first, last + 1))
    return [*range(first, first + _HEAD), last]


def _multi_line(
    lines: list[_Line], row: _Row, style: Style, colour: str, mark: str
) -> Iterator[str]:
    """A bracket on the left from the start of the range to its end, as compilers draw it."""
    first, last = lines[0], lines[-1]
    if first.indented:
        yield row(first.number, f"{style.paint(colour, '/')} {first.shown}")
    else:
        yield row(first.number, f"  {first.shown}")
        yield row(None, " " + style.paint(colour, "_" * (first.start + 1) + mark))
    side = style.paint(colour, "|")
    previous = first.number
    for line in lines[1:]:
        if line.number != previous + 1:
            yield row(None, f"{side} …")
        yield row(line.number, f"{side} {line.shown}")
        previous = line.number
    yield row(None, side + style.paint(colour, "_" * max(1, last.end) + mark))


def _line(text: Text, number: int, origin: Origin, last: int, widest: int) -> _Line:
    first, stop = _bounds(text, number)
    width = stop - first
    start = origin.column - 1 if number == origin.line else 0
    end = origin.end_column - 1 if number == last == origin.end_line else width
    start = min(max(start, 0), width)
    # A plan is one line of megabytes: only the part around the range is looked at.
    left = max(0, start - _NEAR)
    near = _masked(text, number, text.string[first + left : min(stop, first + start + _NEAR)])
    start -= left
    end = max(start, min(end - left, len(near.rstrip())))
    indented = left == 0 and not near[:start].strip()
    source, start, end = _cut(near, start, end, widest)
    shown, cells = _shown(source)
    return _Line(number, shown, cells[start], cells[end], indented)


def _bounds(text: Text, number: int) -> tuple[int, int]:
    """The offsets of the start and the end of a line, without its line end."""
    first = text.offset(number)
    stop = text.offset(number + 1) if number < text.line_count else len(text.string)
    while stop > first and text.string[stop - 1] in "\r\n":
        stop -= 1
    return first, stop


def _cut(source: str, start: int, end: int, widest: int) -> tuple[str, int, int]:
    """The part of a long line around the range, with the range moved along."""
    if len(source) <= widest:
        return source, start, end
    # More than a third of the line before the range is shown only where the range leaves room.
    before = max(widest // 3, min(widest - (end - start), widest // 2 - 6))
    left = max(0, start - before)
    right = left + widest - 2
    head = "…" if left else ""
    tail = "…" if right < len(source) else ""
    shift = len(head) - left
    cut = head + source[left:right] + tail
    return cut, start + shift, min(end + shift, len(cut))


def _shown(source: str) -> tuple[str, Sequence[int]]:
    """The printable form, and the cell at which each character and the end of the line stands."""
    if source.isascii() and source.isprintable() and "##" not in source:  # as nearly every line
        return source, range(len(source) + 1)
    parts: list[str] = []
    cells = [0]
    for char, harmless in zip(source, printable_characters(source), strict=True):
        part = " " * (_TAB - cells[-1] % _TAB) if char == "\t" else harmless
        parts.append(part)
        cells.append(cells[-1] + sum(map(_cells, part)))
    return "".join(parts), cells


def _cells(char: str) -> int:
    """The cells that a terminal gives to a printable character."""
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "FW" else 1


def _masked(text: Text, number: int, part: str) -> str:
    """A part of a line with passwords replaced by as many asterisks.

    The keyword may stand on an earlier line than the password.
    """
    above = []
    for line in range(max(1, number - 2), number):
        first, stop = _bounds(text, line)
        above.append(text.string[max(first, stop - _NEAR) : stop])
    block = "\n".join([*above, part])
    block = masked(block)
    return block[len(block) - len(part) :]
