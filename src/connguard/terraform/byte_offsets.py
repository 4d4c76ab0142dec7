# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From tree-sitter's byte offsets to character offsets."""

from __future__ import annotations

from bisect import bisect_right

from connguard.policies.model.patterns import lazily

_NOT_ASCII = lazily(r"[^\x00-\x7f]")


class CharacterOffsets:
    """A string as UTF-8 (`encoded`), and the way back from its byte offsets."""

    def __init__(self, string: str) -> None:
        self.encoded = string.encode("utf-8", "replace")
        self._ends: list[int] = []
        self._surplus: list[int] = [0]
        if len(self.encoded) == len(string):
            return
        surplus = 0
        for match in _NOT_ASCII.finditer(string):
            surplus += len(match[0].encode("utf-8", "replace")) - 1
            self._ends.append(match.end() + surplus)
            self._surplus.append(surplus)

    def of(self, byte_offset: int) -> int:
        """The character offset of a byte offset that does not split a character."""
        if not self._ends:
            return byte_offset
        return byte_offset - self._surplus[bisect_right(self._ends, byte_offset)]
