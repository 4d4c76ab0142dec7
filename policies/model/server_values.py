# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Reading the text of a server setting's value as the server does.

The rules are those of "Setting Parameters" in PostgreSQL's documentation (section 20.1); what the
section leaves open (octal integers, rounding, abbreviated booleans) is what servers were seen to
do. All functions give None for a text that the server refuses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction

from connguard.policies.model.patterns import lazily

INT_MIN, INT_MAX = -(2**31), 2**31 - 1

_LONGEST = 400
"""No number that a server takes is longer."""

_TINY = 1e-30
"""Below this a number is as good as zero, and its exponent may be too large to write out."""

# C's strtol with base 0, and strtod.
_INTEGER = lazily(r"[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)")
_REAL = lazily(
    r"[ \t\n\v\f\r]*([+-]?(?:0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?\d+)?"
    r"|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))",
    re.ASCII,
)
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
    number = parse_number(text, base_unit)
    if number is None:
        return None
    value = round(number)  # half to even, as rint() does
    return value if INT_MIN <= value <= INT_MAX else None


def parse_number(text: str, base_unit: str | None = None) -> Fraction | None:
    """The value of a real-valued setting, in its base unit, exactly."""
    if len(text) > _LONGEST:
        return None
    match = _REAL.match(text)
    integer = _INTEGER.match(text)
    if integer and not (match and text[integer.end() : integer.end() + 1] in (".", "e", "E")):
        digits = integer[2]
        # strtol takes the digits that fit the base: "089" is 0, followed by a stray "89".
        if digits[0] == "0" and len(digits) > 1 and digits[1] not in "xX":
            octal = re.match(r"[0-7]+", digits)
            assert octal
            if octal.end() < len(digits):
                return None
            number = Fraction(int(digits, 8))
        else:
            number = Fraction(int(digits, 0))
        number = -number if integer[1] == "-" else number
        rest = text[integer.end() :]
    elif match:
        value = float.fromhex(match[1]) if "x" in match[1].lower() else float(match[1])
        if not math.isfinite(value):
            return None
        plain = "x" not in match[1].lower() and abs(value) > _TINY
        number = Fraction(match[1]) if plain else Fraction(value)
        rest = text[match.end() :]
    else:
        return None
    unit = _UNIT.fullmatch(rest)
    if unit is None:
        return None
    return number if unit[1] is None else _convert(number, unit[1], base_unit)


def _convert(number: Fraction, unit: str, base_unit: str | None) -> Fraction | None:
    factor = _BASE_UNIT.fullmatch(base_unit or "")
    if factor is None:  # in a snapshot that no server wrote
        return None
    base = int(factor[1] or 1)
    for table in (_MEMORY, _TIME):
        if factor[2] in table:
            if unit not in table:
                return None
            size = base * table[factor[2]]
            value = number * table[unit] / size
            # A fraction of a large unit is rounded to the next smaller one: 30.1GB is 30822MB.
            smaller = max((one for one in table.values() if one < table[unit]), default=None)
            if smaller and number.denominator != 1 and smaller >= size:
                value = Fraction(round(number * table[unit] / smaller) * smaller, size)
            return value
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
