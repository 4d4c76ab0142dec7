# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks PostgreSQL's parser about many statements at once.

It takes less time to read a hundred statements in one call than each in one of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from connguard.sql_rules import isolation, syntax
from connguard.sql_rules.lexer import Piece

_FEWEST = 8
_NOT_ASKED = 16
"""How many that follow a group of which none parses are left out: they are likely to be broken."""

_MOST = 64
_LONGEST = 200_000
"""Characters of the statements that are read together."""


def with_verdicts(text: str, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, bool]]:
    """The pieces of a text, each with whether it is known that it parses.

    Of one that is not known to parse, nothing has been said.
    """
    left = iter(pieces)
    count = _FEWEST
    while group := list(islice(left, count)):
        some_parse = False
        for is_statement, run in groupby(group, key=_is_statement):
            found = list(run)
            known = _known(text, found) if is_statement else [False] * len(found)
            some_parse = some_parse or any(known)
            yield from zip(found, known, strict=True)
        if some_parse or len(group) == 1:
            count = min(2 * count, _MOST)
        else:
            count = 2
            for piece in islice(left, _NOT_ASKED):
                yield piece, False


def _is_statement(piece: Piece) -> bool:
    return piece.command is None


def _known(text: str, run: Sequence[Piece]) -> list[bool]:
    """Which of some statements that follow each other are known to parse."""
    if len(run) == 1:
        return [False]
    first, last = run[0].start, run[-1].end
    if last - first <= _LONGEST:
        together = text[first:last]
        if not isolation.has_long_operator(together):
            ranges = syntax.split_if_readable(together)
            if ranges is not None and [first + start for start, _ in ranges] == [
                piece.start for piece in run
            ]:
                return [True] * len(run)
    half = len(run) // 2
    return _known(text, run[:half]) + _known(text, run[half:])
