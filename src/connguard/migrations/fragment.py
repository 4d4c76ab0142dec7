# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that was read out of a host file, each character with its place there."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from connguard.engine.text import Text
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules.script import Chunk, Direction

_LINE = lazily(r".*(?:\r\n|\n|\r)|.+$")
_NUMBER = lazily(r"-?\d+(?:\.\d+)?")
_NAME_PART = lazily(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that come from the host file's characters `start` to `end`.

    In a verbatim run the n-th character is the host's n-th; otherwise (an escape sequence, a
    placeholder) every character stands for the whole range.
    """

    text: str
    start: int
    end: int
    verbatim: bool

    def part(self, first: int, last: int) -> Run:
        text = self.text[first:last]
        if self.verbatim:
            return Run(text, self.start + first, self.start + last, True)
        return Run(text, self.start, self.end, False)


@dataclass(frozen=True)
class Fragment:
    """A piece of text made of runs; can be cut and joined without losing the places."""

    runs: tuple[Run, ...]

    @cached_property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @cached_property
    def _starts(self) -> list[int]:
        starts, position = [], 0
        for run in self.runs:
            starts.append(position)
            position += len(run.text)
        return starts

    def __add__(self, other: Fragment) -> Fragment:
        return Fragment(self.runs + other.runs)

    def cut(self, first: int, last: int) -> Fragment:
        """The characters from `first` up to, not including, `last`."""
        return Fragment(tuple(self._parts(first, last)))

    def _parts(self, first: int, last: int) -> Iterator[Run]:
        index = max(bisect_right(self._starts, first) - 1, 0)
        while index < len(self.runs) and self._starts[index] < last:
            run, start = self.runs[index], self._starts[index]
            part = run.part(max(first - start, 0), min(last - start, len(run.text)))
            if part.text:
                yield part
            index += 1

    def range(self, first: int, last: int) -> tuple[int, int]:
        """The host range of the characters from `first` up to `last`."""
        if not self.runs:
            return 0, 0
        begin, start = self._find(first)
        if last <= first:
            place = begin.start + min(first - start, len(begin.text)) * begin.verbatim
            return place, place
        finish, finish_start = self._find(last - 1)
        host_start = begin.start + first - start if begin.verbatim else begin.start
        host_end = finish.start + last - finish_start if finish.verbatim else finish.end
        return host_start, max(host_start, min(host_end, finish.end))

    def _find(self, position: int) -> tuple[Run, int]:
        index = max(bisect_right(self._starts, position) - 1, 0)
        return self.runs[index], self._starts[index]

    def substitute(self, pattern: re.Pattern[str], replace: Replacement) -> Fragment:
        """Replace every match; `replace` gives the new fragment, or None to keep the text."""
        parts: list[Run] = []
        position = 0
        for match in pattern.finditer(self.text):
            new = replace(match, self.range(match.start(), match.end()))
            if new is not None:
                parts.extend(self._parts(position, match.start()))
                parts.extend(new.runs)
                position = match.end()
        parts.extend(self._parts(position, len(self.text)))
        return Fragment(tuple(parts))

    def lines(self) -> Iterator[Fragment]:
        """The lines, each with its line end."""
        for match in _LINE.finditer(self.text):
            yield self.cut(match.start(), match.end())

    def dedented(self) -> Fragment:
        """Without the white space that all lines begin with, blank lines aside."""
        lines = list(self.lines())
        margins = [
            len(line.text) - len(line.text.lstrip(" \t")) for line in lines if line.text.strip()
        ]
        margin = min(margins, default=0)
        return join(line.cut(min(margin, _blank(line.text)), len(line.text)) for line in lines)

    def chunk(self, host: Text, direction: Direction = Direction.UP) -> Chunk:
        """This text as SQL with its places in the host file."""

        def origin(first: int, last: int) -> Origin:
            return host.origin(*self.range(first, last))

        return Chunk(self.text, origin, direction)


def _blank(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


EMPTY = Fragment(())

Replacement = Callable[["re.Match[str]", tuple[int, int]], "Fragment | None"]
"""Takes a match and its range in the host file; None keeps the matched text."""


def verbatim(text: str, start: int) -> Fragment:
    """Text that stands in the host file exactly so, from `start` on."""
    return Fragment((Run(text, start, start + len(text), True),)) if text else EMPTY


def written(text: str, start: int, end: int) -> Fragment:
    """Text that the host's characters `start` to `end` stand for."""
    return Fragment((Run(text, start, end, False),)) if text else EMPTY


def placeholder(expression: str, start: int, end: int) -> Fragment:
    """`${name}` for a value that is only known at run time."""
    words = _NAME_PART.findall(expression)
    return written(f"${{{words[-1] if words else 'value'}}}", start, end)


def is_number(fragment: Fragment) -> bool:
    """Whether the text may be a number, which `+` adds and does not join."""
    return bool(_NUMBER.fullmatch(fragment.text))


def join(fragments: Iterable[Fragment]) -> Fragment:
    return Fragment(tuple(run for fragment in fragments for run in fragment.runs))
