# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform's functions over strings."""

from __future__ import annotations

import re
import warnings
from fractions import Fraction

from connguard.policies.model.patterns import lazily
from connguard.terraform.text_formats import jsonencode
from connguard.terraform.values import (
    Blocked,
    as_list,
    bounded_text,
    is_number,
    known,
    mistake,
    number_text,
    to_bool,
    to_integer,
    to_number,
    to_text,
)

_VERB = lazily(r"%(?:%|([-+ 0#]*)((?:[1-9]\d*)?)(?:\.(\d+))?(?:\[(\d+)\])?([a-zA-Z]))")


def character_count(text: str) -> int:
    """The number of characters. Raises Blocked where characters combine: Terraform counts those."""
    if text.isascii():
        return len(text)
    import unicodedata

    if any(unicodedata.combining(mark) or ord(mark) >= 0x1100 for mark in text):
        raise Blocked("a string with combined characters is measured")
    return len(text)


def join(separator: object, *lists: object) -> object:
    items = [to_text(item) for one in lists for item in as_list(one)]
    mark = to_text(separator)
    if sum(map(len, items)) + len(mark) * len(items) > 10_000_000:
        raise Blocked("a string is too long")
    return bounded_text(mark.join(items))


def split(separator: object, text: object) -> object:
    mark = to_text(separator)
    return to_text(text).split(mark) if mark else list(to_text(text))


def substr(text: object, offset: object, length: object) -> object:
    string, start, count = to_text(text), to_integer(offset), to_integer(length)
    character_count(string)
    if start < 0:
        start += len(string)
    if start < 0:
        raise mistake("substr() begins before the string")
    return string[start:] if count < 0 else string[start : start + count]


def title(text: object) -> object:
    return re.sub(r"(?<!\w)\w", lambda found: upper(found[0]), to_text(text))


def upper(text: object) -> str:
    """Upper case letter by letter, as Go does it: ß stays as it is."""
    return "".join(up if len(up := mark.upper()) == 1 else mark for mark in to_text(text))


def lower(text: object) -> str:
    return "".join(low if len(low := mark.lower()) == 1 else mark for mark in to_text(text))


def indent(spaces: object, text: object) -> object:
    count = to_integer(spaces)
    if not 0 <= count <= 1000:
        raise Blocked("an indentation that is too wide")
    return bounded_text(to_text(text).replace("\n", "\n" + " " * count))


def replace(text: object, old: object, new: object) -> object:
    string, pattern, replacement = to_text(text), to_text(old), to_text(new)
    if len(pattern) >= 2 and pattern.startswith("/") and pattern.endswith("/"):
        compiled = _compiled(pattern[1:-1], string)
        # Go writes $1 or ${name} where Python writes \1 or \g<name>.
        template = re.sub(
            r"\$(?:\{(\w+)\}|(\w+))",
            lambda found: rf"\g<{found[1] or found[2]}>",
            replacement.replace("\\", r"\\"),
        )
        try:
            return bounded_text(compiled.sub(template, string))
        except (re.error, IndexError) as error:
            raise Blocked("a replacement that cannot be read") from error
    grown = string.count(pattern) * max(0, len(replacement) - len(pattern))
    if len(string) + grown > 10_000_000:
        raise Blocked("a string is too long")
    return bounded_text(string.replace(pattern, replacement))


def regex(pattern: object, text: object) -> object:
    string = to_text(text)
    found = _compiled(to_text(pattern), string).search(string)
    if not found:
        raise mistake("regex() finds nothing")
    return _captured(found)


def regexall(pattern: object, text: object) -> object:
    string = to_text(text)
    return [_captured(found) for found in _compiled(to_text(pattern), string).finditer(string)]


def _captured(found: re.Match[str]) -> object:
    if found.re.groupindex:
        return dict(found.groupdict())
    return list(found.groups()) if found.re.groups else found[0]


def _compiled(pattern: str, text: str) -> re.Pattern[str]:
    """A pattern that Go and Python read alike, and that cannot run for long on this text."""
    if re.search(r"\\[pPQEzAC]|\(\?[^:P)]|\(\?P[=>]|\\\d|\[\[:|\$\)?.", pattern):
        raise Blocked("a regular expression that is not evaluated")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(re.sub(r"\$$", r"\\Z", pattern), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise Blocked("a regular expression that cannot be read") from error
    # Python backtracks. One loop costs at most the length of the text, and loops multiply; a loop
    # within a loop or over alternatives may cost two to that power.
    loops = len(re.findall(r"[*+}]", pattern))
    nested = re.search(r"\)[*+{]", pattern)
    if (len(text) + 1) ** (loops + 1) > 10**7 or (nested and len(text) > 16):
        raise Blocked("a regular expression that may take too long")
    return compiled


def format_text(template: object, *values: object) -> object:
    string = to_text(template)
    position = 0
    used: set[int] = set()

    def written(found: re.Match[str]) -> str:
        nonlocal position
        if found[0] == "%%":
            return "%"
        if found[4]:
            position = int(found[4]) - 1
        if position >= len(values):
            raise mistake("format() has too few arguments")
        used.add(position)
        value = values[position]
        position += 1
        return _formatted(found, value)

    if re.search(r"%(?!%)", _VERB.sub("", string)):
        raise Blocked("a format that is not evaluated")
    result = _VERB.sub(written, string)
    if len(used) < len(values):
        raise mistake("format() has too many arguments")
    return bounded_text(result)


def _formatted(found: re.Match[str], value: object) -> str:
    flags, width, precision, verb = found[1] or "", found[2], found[3], found[5]
    if len(width or "") > 4 or len(precision or "") > 3:
        raise Blocked("a format that is not evaluated")
    if value is None:
        raise mistake("format() of null")
    if verb == "v":
        verb = "d" if is_number(value) and precision is None else "s"
        if not isinstance(value, str) and not is_number(value):
            verb = "t" if isinstance(value, bool) else "j"
        if "#" in flags:
            verb = "j"
        if verb == "d" and isinstance(value, Fraction):
            return _padded(number_text(value), flags, width)
    if verb == "s":
        text = to_text(value)
        text = text if precision is None else text[: int(precision)]
    elif verb == "q":
        text = to_text(jsonencode(to_text(value)))
    elif verb == "j":
        text = to_text(jsonencode(value))
    elif verb == "t":
        text = to_text(to_bool(value))
    elif verb in "bdoxX":
        text = format(to_integer(value), verb)
        text = "+" + text if "+" in flags and text[0] != "-" else text
    elif verb == "f":
        text = _decimal(to_number(value), int(precision) if precision else 6)
        text = "+" + text if "+" in flags and text[0] != "-" else text
    else:
        raise Blocked("a format that is not evaluated")
    return _padded(text, flags, width)


def _decimal(number: int | Fraction, digits: int) -> str:
    scaled = round(abs(Fraction(number)) * 10**digits)
    text = str(scaled).rjust(digits + 1, "0")
    sign = "-" if number < 0 else ""
    return sign + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


def _padded(text: str, flags: str, width: str | None) -> str:
    wanted = int(width or 0)
    if "-" in flags:
        return text.ljust(wanted)
    if "0" in flags:
        sign = text[:1] if text[:1] in ("-", "+") else ""
        return sign + text[len(sign) :].rjust(wanted - len(sign), "0")
    return text.rjust(wanted)


def format_list(template: object, *values: object) -> object:
    lists = [value for value in values if isinstance(known(value), list)]
    if not lists:
        return [format_text(template, *values)]
    count = len(as_list(lists[0]))
    if any(len(as_list(value)) != count for value in lists):
        raise mistake("formatlist() with lists of different lengths")
    return [
        format_text(
            template, *(value[row] if isinstance(value, list) else value for value in values)
        )
        for row in range(count)
    ]
