# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comments, and the lines of the statements that a suppression comment can cover."""

from __future__ import annotations

from connguard.policies.model.reading import Comment, Notes, Span
from connguard.sql_rules import lexer
from connguard.sql_rules.lexer import Mark
from connguard.sql_rules.script import Chunk

_STARTS = frozenset({"then", "else", "loop", "begin", "declare"})
"""Words of PL/pgSQL behind which a statement starts without a semicolon before it."""


def notes(chunk: Chunk) -> Notes:
    """The comments and statements of a chunk, those in function bodies included."""
    path = chunk.origin(0, 0).path
    comments: list[Comment] = []
    spans: list[Span] = []
    waiting = [(0, len(chunk.text))]
    while waiting:
        start, end = waiting.pop()
        _collect(chunk, start, end, comments, spans, waiting)
    comments.sort(key=lambda comment: (comment.line, comment.column))
    spans.sort(key=lambda span: (span.first, span.last))
    return Notes(path, tuple(comments), tuple(dict.fromkeys(spans)))


def _collect(
    chunk: Chunk,
    start: int,
    end: int,
    comments: list[Comment],
    spans: list[Span],
    waiting: list[tuple[int, int]],
) -> None:
    text = chunk.text
    body = start > 0
    first = last = -1

    def close() -> None:
        if first >= 0:
            place = chunk.origin(first, last)
            spans.append(Span(place.line, place.end_line))

    own_line = not body
    for token in lexer.tokens(text, start, end):
        if token.mark is Mark.BLANK:
            blank = text[token.start : token.end]
            own_line = own_line or "\n" in blank or "\r" in blank
            continue
        if token.mark is Mark.COMMENT:
            comments.append(_comment(chunk, token.start, token.end, own_line=own_line))
        elif token.mark is Mark.SEMICOLON:
            close()
            first = -1
        elif token.matters:
            first = token.start if first < 0 else first
            last = token.end
            if token.mark is Mark.DOLLAR and token.closed:
                tag = text.index("$", token.start + 1) - token.start + 1
                waiting.append((token.start + tag, token.end - tag))
            elif body and text[token.start : token.end].lower() in _STARTS:
                close()
                first = -1
        own_line = False
    close()


def _comment(chunk: Chunk, start: int, end: int, *, own_line: bool) -> Comment:
    text = chunk.text[start:end]
    bare = text.removeprefix("--") if text.startswith("--") else text[2:].removesuffix("*/")
    place = chunk.origin(start, end)
    return Comment(place.line, place.column, bare.strip(" \t"), own_line)
