# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for the parts of a statement that are only known later.

The parser gets a marker in place of a psql variable, a template placeholder or a computed piece of
text; names and limits that it gives back are turned into symbolic names and unknown limits here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import field

from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules import lexer
from connguard.sql_rules.lexer import Mark
from connguard.sql_rules.names import Name

_WORD = lazily(r"cg_blank_(\d+)_")
_FIRST_NUMBER = 2_147_400_000
_BEFORE_NUMBER = lazily(r"\blimit\s*+(?:=\s*+)?+(?:[-+]\s*+)?+\Z", re.IGNORECASE)
_BEFORE_STRING = lazily(r"\b(?:password|valid\s+until)\s*\Z", re.IGNORECASE)
_NEARBY = 40
_NOT_SQL = (Mark.TAG, Mark.COMMAND, Mark.PLACEHOLDER)
_MAY_NEED_FILLING = lazily(r"[\\${#%?@]|(?<!:):(?![:=\s])")
"""A placeholder, tag or psql command has one of these."""


@dataclass(slots=True)
class Blanks:
    """The markers of one text. `scope` keeps symbolic names of different code apart."""

    scope: str = ""
    labels: list[str] = field(default_factory=list)

    def marker(self, label: str, before: str) -> str:
        """A marker for `label` that fits behind the text `before`."""
        if label not in self.labels:
            self.labels.append(label)
        index = self.labels.index(label)
        nearby = before[-_NEARBY:].lower()
        if "limit" in nearby and _BEFORE_NUMBER.search(nearby):
            return str(_FIRST_NUMBER + index)
        word = f"cg_blank_{index}_"
        if ("password" in nearby or "until" in nearby) and _BEFORE_STRING.search(nearby):
            return f"'{word}'"
        return word

    def name(self, text: str) -> Name:
        if not _WORD.search(text):
            return Name(text, text)
        shown = self.shown(text)
        return Name(f"{self.scope}\0{shown}", shown, symbolic=True)

    def shown(self, text: str) -> str:
        """`text` with the labels in place of the markers."""
        return _WORD.sub(self._label, text)

    def limit(self, value: int) -> int | str:
        """The limit, or the reason why it is not known."""
        index = abs(value) - _FIRST_NUMBER
        if 0 <= index < len(self.labels):
            return f"it is {self.labels[index].strip('<>')}, which is only known at run time"
        return value

    def _label(self, match: re.Match[str]) -> str:
        index = int(match.group(1))
        return self.labels[index] if index < len(self.labels) else match.group()


@dataclass(frozen=True, slots=True)
class Source:
    """A text for the parser, with the places of its characters and the meaning of its markers.

    `computed` tells SQL that code puts together from SQL that a file shows.
    """

    text: str
    place: Callable[[int, int], Origin]
    blanks: Blanks = field(default_factory=Blanks)
    computed: bool = False

    def part(self, start: int, end: int, blanks: Blanks | None = None) -> Source:
        """A stretch of the text, with the same markers unless others are given."""
        place = self.place
        return Source(
            self.text[start:end],
            lambda first, last: place(start + first, start + last),
            self.blanks if blanks is None else blanks,
            self.computed,
        )

    def edited(self, edits: list[tuple[int, int, str]]) -> Source:
        """The text with ranges replaced; places in a replacement are those of the range."""
        if not edits:
            return self
        parts: list[str] = []
        starts: list[int] = []
        shifts: list[int] = []
        position = length = 0
        for start, end, new in sorted(edits):
            if start < position:
                continue
            parts += [self.text[position:start], new]
            length += start - position + len(new)
            starts.append(length)
            shifts.append(end - length)
            position = end
        parts.append(self.text[position:])
        place = self.place

        def original(offset: int) -> int:
            index = bisect_right(starts, offset) - 1
            return offset if index < 0 else offset + shifts[index]

        def edited_place(first: int, last: int) -> Origin:
            start = original(first)
            return place(start, max(start, original(last)))

        return Source("".join(parts), edited_place, self.blanks, self.computed)


def fill_in(source: Source, known: Callable[[str], str | None]) -> Source:
    """Replaces psql variables, template placeholders and tags by values or markers.

    `known` gives the value of a variable by its name. A psql variable in quotes (`:'x'`, `:"x"`)
    becomes a literal or a quoted name.
    """
    text = source.text
    if not _MAY_NEED_FILLING.search(text):
        return source
    edits: list[tuple[int, int, str]] = []
    for token in lexer.tokens_marked(text, _NOT_SQL):
        if token.mark is not Mark.PLACEHOLDER:
            edits.append((token.start, token.end, " "))
        else:
            raw = text[token.start : token.end]
            before = text[max(0, token.start - _NEARBY) : token.start]
            edits.append((token.start, token.end, _filling(source.blanks, raw, before, known)))
    return source.edited(edits)


def leave_out(source: Source) -> Source:
    """The text without placeholders, tags and psql commands."""
    found = lexer.tokens_marked(source.text, _NOT_SQL)
    return source.edited([(token.start, token.end, " ") for token in found])


def variable_name(placeholder: str) -> str:
    """The bare name in a placeholder such as `${x}`, `{{ x }}`, `:'x'` or `%(x)s`."""
    return placeholder.rstrip("sd").strip("${}#%()@:'\" -.")


def _filling(blanks: Blanks, raw: str, before: str, known: Callable[[str], str | None]) -> str:
    value = known(variable_name(raw))
    bare = f":{variable_name(raw)}"
    if raw.startswith(":'"):
        return _literal(value) if value is not None else f"'{blanks.marker(bare, '')}'"
    if raw.startswith(':"'):
        return _quoted_name(value) if value is not None else f'"{blanks.marker(bare, "")}"'
    return value if value is not None else blanks.marker(raw, before)


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted_name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
