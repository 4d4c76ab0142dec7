# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Reading the text of a server setting's value as the server does.

The rules are those of "Setting Parameters" in PostgreSQL's documentation (section 20.1); what the
section leaves open (octal integers, rounding, abbreviated booleans) is what servers were seen to
do. All functions give None for a text that the server refuses.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from connguard.policies.model.patterns import lazily

if TYPE_CHECKING:
    from fractions import Fraction

INT_MIN, INT_MAX = -(2**31), 2**31 - 1

_LONGEST = 400
"""Characters. A longer number that a server takes begins with hundreds of zeros."""

# C's strtol with base 0 ("089" is 0, and a stray "89" follows it), and strtod.
_INTEGER = lazily(r"[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_REAL = lazily(
    r"[ \t\n\v\f\r]*([+-]?(?:0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?\d+)?"
    r"|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))",
    re.ASCII,
)
_ZERO = lazily(r"[+-]?(?:0[xX][0.]+(?:[pP].*)?|[0.]+(?:[eE].*)?)")
_UNIT = lazily(r"[ \t\n\v\f\r]*(?:([^\s]{1,3})[ \t\n\v\f\r]*)?")

_MEMORY = {"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
_TIME = {
    "us": 1,
    "ms": 1000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
}
_BASE_UNIT = lazily(r"(\d*)(.*)")


def parse_integer(text: str, base_unit: str | None = None) -> int | None:
    """The value of an integer setting, in its base unit, such as "ms", "s", "kB" or "8kB".

    Without a base unit the setting has none, and a unit in the text is refused.
    """
    number = _in_base_unit(text, base_unit, _integer)
    if number is None:
        return None
    value = round(number)  # half to even, as rint() does
    return value if INT_MIN <= value <= INT_MAX else None


def parse_number(text: str, base_unit: str | None = None) -> Fraction | None:
    """The value of a real-valued setting, in its base unit, exactly.

    A zero in front does not make it octal: 010 is 8 for an integer setting, and 10 for this one.
    """
    return _in_base_unit(text, base_unit, _real)


def _in_base_unit(
    text: str, base_unit: str | None, read: Callable[[str], tuple[Fraction, str] | None]
) -> Fraction | None:
    found = read(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    number, rest = found
    unit = _UNIT.fullmatch(rest)
    if unit is None:
        return None
    return number if unit[1] is None else _convert(number, unit[1], base_unit)


def _integer(text: str) -> tuple[Fraction, str] | None:
    """The number at the beginning of a text, and what follows it."""
    from fractions import Fraction  # most scans read no number of a server

    match = _INTEGER.match(text)
    rest = text[match.end() :] if match else text
    if rest.startswith((".", "e", "E")):
        return _real(text)
    if match is None:
        return None
    digits = match[2]
    number = int(digits, 8 if digits[0] == "0" and digits.isdecimal() else 0)
    return Fraction(-number if match[1] == "-" else number), rest


def _real(text: str) -> tuple[Fraction, str] | None:
    """As `_integer`; None also for a number that no double can hold."""
    from fractions import Fraction

    match = _REAL.match(text)
    if match is None:
        return None
    written, rest = match[1], text[match.end() :]
    if _ZERO.fullmatch(written):
        return Fraction(0), rest
    is_hexadecimal = "x" in written.lower()
    try:
        value = float.fromhex(written) if is_hexadecimal else float(written)
    except OverflowError:
        return None
    if not sys.float_info.min <= abs(value) <= sys.float_info.max:
        return None
    return Fraction(value if is_hexadecimal else written), rest


def _convert(number: Fraction, unit: str, base_unit: str | None) -> Fraction | None:
    from fractions import Fraction

    factor = _BASE_UNIT.fullmatch(base_unit) if base_unit else None
    if factor is None:  # no unit is known, or one from a snapshot that no server wrote
        return None
    base = int(factor[1] or 1)
    for table in (_MEMORY, _TIME):
        if factor[2] in table:
            if unit not in table:
                return None
            value = number * table[unit]
            # A fraction of a unit is rounded to the next smaller one: 30.1GB is 30822MB.
            smaller = max((one for one in table.values() if one < table[unit]), default=None)
            if smaller:
                value = Fraction(round(value / smaller) * smaller)
            return value / (base * table[factor[2]])
    return None


def parse_boolean(text: str) -> bool | None:
    """The value of a boolean setting: on, off, true, false, yes, no, 1, 0 or a clear beginning."""
    word = text.lower()
    if word in ("1", "on") or (word and (_begins("true", word) or _begins("yes", word))):
        return True
    if word in ("0", "of", "off") or (word and (_begins("false", word) or _begins("no", word))):
        return False
    return None


def parse_choice(text: str, choices: Iterable[str]) -> str | None:
    """The value of an enumerated setting, in the spelling of `choices`."""
    return next((choice for choice in choices if choice.lower() == text.lower()), None)


def split_list(text: str) -> list[str] | None:
    """The elements of a list setting (listen_addresses): comma separated, quotes keep blanks."""
    if not text.strip():
        return []
    elements = []
    for part in re.findall(r'(?:"(?:[^"]|"")*"|[^",])+|(?<=,)(?=,)|(?<=,)$|^(?=,)', text):
        part = part.strip()
        if not part:
            return None
        if part.startswith('"'):
            if not re.fullmatch(r'"(?:[^"]|"")+"', part):
                return None
            part = part[1:-1].replace('""', '"')
        elements.append(part)
    return elements


def _begins(whole: str, part: str) -> bool:
    return whole.startswith(part)
