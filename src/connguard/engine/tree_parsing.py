# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Syntax trees of tree-sitter, given up where its recovery from errors would not end."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Point, Tree

_BLOCK = 4_096

# The parser reports every 100 operations, and whether it recovers from an error. It gets on by 35
# bytes and more from one report to the next. On some texts of 400 bytes it no longer gets on at
# all, with or without an error, and takes another 36 KB each time. At the end of a text it
# balances the tree, which takes less than a report for 50 bytes.
_AT_FIRST = 300
_A_BYTE = 0.1
_AT_MOST = 2_000
_A_BYTE_OF_THE_TREE = 0.03

# Real files are read twice at most. Where a comment or text may begin at many places and ends
# nowhere, it is looked for up to the end from each of them.
_MOST_READ = 10_000_000
_TIMES_READ = 20


class TooManyErrors(RecursionError):
    """A text in which the parser does not get on: it tries ever more ways to recover."""


def tree_of(parser: Parser, source: bytes) -> Tree:
    """The tree of a text in UTF-8, in time and memory that grow with its length.

    The same text always gives the same: operations are counted, not time. Raises TooManyErrors.
    """
    left: float = _AT_FIRST
    left_at_end = _AT_FIRST + len(source) * _A_BYTE_OF_THE_TREE
    end = len(source.rstrip()) - 1
    reached = 0
    left_to_read = _MOST_READ + len(source) * _TIMES_READ

    def is_stuck(offset: int, has_error: bool) -> bool:
        nonlocal left, left_at_end, reached
        if offset > reached:
            left = min(left + (offset - reached) * _A_BYTE, _AT_MOST)
            reached = offset
        if offset < end:
            left -= 1
        elif left_at_end >= 0:
            left_at_end -= 1
        elif has_error:
            left -= 1
        else:
            return True
        return left < 0 or left_to_read < 0

    def block(offset: int, _point: Point) -> bytes:
        nonlocal left_to_read
        left_to_read -= _BLOCK
        return source[offset : offset + _BLOCK] if left_to_read >= 0 else b""

    with suppress(ValueError):
        tree = parser.parse(block, progress_callback=is_stuck)
        if left_to_read >= 0:
            return tree
    parser.reset()
    raise TooManyErrors("syntax errors from which the parser does not recover")
