# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of DO blocks and functions: where they stand, and where statements stand in them."""

from __future__ import annotations

import re
from dataclasses import field

from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules import lexer
from connguard.sql_rules.lexer import Mark
from connguard.sql_rules.placeholders import Source

_OWN_TYPE = r"(?!pg_catalog\b)[^\W\d]\w*\.\w+(?:%\w+)?"
_TYPE_IN_HEAD = lazily(
    rf"(?<=[\s,(])({_OWN_TYPE})(?=\s*(?:[,)\[=]|default\b|as\b|language\b|\Z))", re.I
)
_DECLARATIONS = lazily(r"\bdeclare\b.*?\bbegin\b", re.IGNORECASE | re.DOTALL)
_DECLARED_TYPE = lazily(rf"(?m)^([^\S\n]*(?:declare\s+)?\w+\s+(?:constant\s+)?)({_OWN_TYPE})", re.I)
_DOUBLED = lazily(r"''")
_LINE_END = lazily(r"\n|\r(?!\n)")
_NO_LINE_END = lazily(r"[^\r\n]")


@dataclass(slots=True)
class Body:
    """The text of a body as it stands in `source`, from `start` to `end` without the quotes.

    PL/pgSQL counts lines from the opening quote; line 1 is the rest of its line.
    """

    source: Source
    start: int
    end: int
    dollar: bool
    _lines: list[int] = field(default_factory=list)
    _places: dict[tuple[int, str], Origin] = field(default_factory=dict)

    @property
    def raw(self) -> str:
        return self.source.text[self.start : self.end]

    def inner(self, text: str) -> Source:
        """The body's text as a source of its own."""
        if self.dollar:
            return self.source.part(self.start, self.end)
        whole = self.source.place(self.start, self.end)
        return Source(text, lambda _first, _last: whole, self.source.blanks)

    def place(self, line: int, first_word: str) -> Origin:
        """The range of the statement that starts in this line with this word."""
        found = self._places.get((line, first_word))
        if found is None:
            found = self._places[line, first_word] = self._found(line, first_word)
        return found

    def _found(self, line: int, first_word: str) -> Origin:
        text = self.source.text
        start = self._line_start(line)
        found = _LINE_END.search(text, start, self.end)
        line_end = found.start() if found else self.end
        match = lazily(rf"\b{re.escape(first_word)}\b", re.IGNORECASE).search(text, start, line_end)
        first = match.start() if match else start
        while not match and first < line_end and text[first].isspace():
            first += 1
        return self.source.place(first, self._statement_end(first))

    def _line_start(self, line: int) -> int:
        if not self._lines:
            ends = _LINE_END.finditer(self.source.text, self.start, self.end)
            self._lines = [self.start, *(match.end() for match in ends)]
        return self._lines[min(max(line, 1), len(self._lines)) - 1]

    def _statement_end(self, start: int) -> int:
        depth = 0
        end = start
        for token in lexer.tokens(self.source.text, start, self.end):
            if token.mark is Mark.SEMICOLON and depth <= 0:
                break
            depth += (token.mark is Mark.OPEN) - (token.mark is Mark.CLOSE)
            if token.mark not in (Mark.BLANK, Mark.COMMENT):
                end = token.end
        return end


def find_body(source: Source, start: int, end: int, content: str) -> Body | None:
    """The body with this content in the statement from `start` to `end`."""
    text = source.text
    for token in lexer.tokens(text, start, end):
        if token.mark is Mark.DOLLAR and token.closed:
            tag = text.index("$", token.start + 1) - token.start + 1
            first, last = token.start + tag, token.end - tag
            if text[first:last] == content:
                return Body(source, first, last, dollar=True)
        elif token.mark is Mark.STRING and token.closed:
            first, last = text.index("'", token.start) + 1, token.end - 1
            escaped = first - token.start > 1
            if escaped or _DOUBLED.sub("'", text[first:last]) == content:
                return Body(source, first, last, dollar=text[first:last] == content)
    return None


def without_own_types(head: str, body: str, tail: str) -> str:
    """The definition of a routine with text in place of types of other schemas.

    The parser of PL/pgSQL looks types up, and knows only the server's own.
    """
    declarations = _DECLARATIONS.sub(
        lambda found: _DECLARED_TYPE.sub(r"\1text", found.group()), body
    )
    name, opening, parameters = head.partition("(")
    parameters = _TYPE_IN_HEAD.sub("text", _without_comments(parameters))
    return name + opening + parameters + declarations + tail


def _without_comments(text: str) -> str:
    """The text with blanks in place of comments; lines stay where they are."""
    return "".join(
        _NO_LINE_END.sub(" ", text[token.start : token.end])
        if token.mark is Mark.COMMENT
        else text[token.start : token.end]
        for token in lexer.tokens(text)
    )
