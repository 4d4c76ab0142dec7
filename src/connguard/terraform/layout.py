# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be told of a Terraform file without its grammar, also where it has syntax errors.

One pass over the text tells code from comments, strings and heredocs, in time that grows with the
length of the text only. Texts are UTF-8, and places byte offsets in them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from enum import Enum, auto

from connguard.policies.model.patterns import lazily

_WORD = rb"[A-Za-z_\x80-\xff][\w\x80-\xff-]*+"
_CODE = lazily(
    rb"""(?P<start>^(?:resource|data|module|variable|output|provider|locals|terraform|check|moved
        |removed|import|ephemeral)(?=[ \t"{])(?=[^\n=]*\{))
    | (?P<line>\#|//) | (?P<comment>/\*) | (?P<quote>")
    | <<-?(?P<heredoc>%b)[ \t\r]*+\n
    | [][(){}]"""
    % _WORD,
    re.M | re.X,
)
_QUOTED = lazily(rb"""\\[^\n] | \$\$\{ | %%\{ | (?P<template>[$%]\{) | (?P<quote>") | \n""", re.X)
_MARKER = lazily(rb"^[ \t]*+(%b)[ \t\r]*+$" % _WORD, re.M)

_OPENING = {b")": b"(", b"]": b"[", b"}": b"{"}


class Kind(Enum):
    """`START`: the first word of a top-level block. `UNCLOSED`: what has no end opens there."""

    START = auto()
    COMMENT = auto()
    BRACKET = auto()
    UNCLOSED = auto()


Part = tuple[Kind, int, int]
"""A kind, and the range."""


def block_starts(source: bytes) -> list[int]:
    """Where top-level blocks seem to begin.

    A comment or heredoc that nothing ends hides none; a string ends with its line.
    """
    return [start for kind, start, _ in _parts(source) if kind is Kind.START]


def comments(source: bytes) -> list[tuple[int, int]]:
    """The ranges of the comments, comment marks included."""
    return [(start, end) for kind, start, end in _parts(source) if kind is Kind.COMMENT]


def first_fault(source: bytes) -> int | None:
    """The first bracket, quote, comment or heredoc that has no other end."""
    pending: list[int] = []
    for kind, start, end in _parts(source):
        if kind is Kind.UNCLOSED:
            return start
        if kind is Kind.BRACKET:
            opening = _OPENING.get(source[start:end])
            if opening is None:
                pending.append(start)
            elif not pending or source[(last := pending.pop()) : last + 1] != opening:
                return start
    return pending[0] if pending else None


def _parts(source: bytes) -> Iterator[Part]:
    """All parts in their order, but for what is unclosed: that comes where it is noticed."""
    markers = _Markers(source)
    last_close = source.rfind(b"*/")
    quotes: list[int] = []  # where the strings begin that stand around the place
    braces: list[int] = []  # of each template in one of them, the braces that are open in it
    at = 0
    while found := (_QUOTED if len(quotes) > len(braces) else _CODE).search(source, at):
        start, at = found.span()
        match found.lastgroup, found[0]:
            case "quote", _ if len(quotes) > len(braces):
                quotes.pop()
            case "quote", _:
                quotes.append(start)
            case "template", _:
                braces.append(0)
                yield Kind.BRACKET, at - 1, at
            case None, b"\n":
                yield Kind.UNCLOSED, quotes[-1], quotes[-1] + 1
                quotes, braces = [], []
            case "start", _:
                if quotes:
                    yield Kind.UNCLOSED, quotes[0], quotes[0] + 1
                quotes, braces = [], []
                yield Kind.START, start, at
            case "line", _:
                line_end = source.find(b"\n", at)
                at = line_end if line_end >= 0 else len(source)
                yield Kind.COMMENT, start, at
            case "comment", _ if at <= last_close:
                at = source.index(b"*/", at) + 2
                yield Kind.COMMENT, start, at
            case "heredoc", _ if (end := markers.after(found["heredoc"], at)) is not None:
                at = end
            case (("comment" | "heredoc"), _):
                at = start + 2
                yield Kind.UNCLOSED, start, at
            case None, (b"[" | b"]" | b"(" | b")" | b"{" | b"}") as bracket:
                yield Kind.BRACKET, start, at
                if braces and bracket == b"{":
                    braces[-1] += 1
                elif braces and bracket == b"}":
                    braces[-1] -= 1
                    if braces[-1] < 0:
                        braces.pop()
    if quotes:
        yield Kind.UNCLOSED, quotes[0], quotes[0] + 1


class _Markers:
    """The lines that can end a heredoc, found when they are first needed."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._ends: dict[bytes, list[int]] | None = None

    def after(self, marker: bytes, start: int) -> int | None:
        """The end of the first line after `start` that is this marker."""
        if self._ends is None:
            self._ends = {}
            for line in _MARKER.finditer(self._source):
                self._ends.setdefault(line[1], []).append(line.end())
        ends = self._ends.get(marker, [])
        index = bisect_left(ends, start)
        return ends[index] if index < len(ends) else None
