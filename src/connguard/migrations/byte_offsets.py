# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts places that a parser counts in UTF-8 bytes to characters."""

from __future__ import annotations

from array import array
from bisect import bisect_right


class ByteOffsets:
    """The UTF-8 form of a text, and the character offsets of its bytes."""

    def __init__(self, string: str) -> None:
        self.data = string.encode("utf-8", "surrogatepass")
        self._wide = array("Q")
        if len(self.data) != len(string):
            # One entry for each byte that starts no character.
            self._wide.extend(at for at, byte in enumerate(self.data) if byte & 0xC0 == 0x80)

    def character(self, byte: int) -> int:
        return byte - bisect_right(self._wide, byte - 1) if self._wide else byte
