# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers as files write them, however many digits."""

from __future__ import annotations

_MOST_DIGITS = 100
_LARGEST: int = 10**_MOST_DIGITS


def whole(written: str | int) -> int:
    """The integer that decimal digits make, as int() does; 10**100 for all that are larger.

    Python refuses to read more than some thousand digits, and needs long for fewer. Raises
    ValueError as int() does.
    """
    if isinstance(written, int):
        return written
    if len(written) <= _MOST_DIGITS:
        return int(written)
    stripped = written.strip()
    unsigned = stripped[1:] if stripped[:1] in ("+", "-") else stripped
    if not unsigned.isdecimal():
        return int(written)  # underscores, or no number
    digits = unsigned.lstrip("0") or "0"
    number = int(digits) if len(digits) <= _MOST_DIGITS else _LARGEST
    return -number if stripped.startswith("-") else number
