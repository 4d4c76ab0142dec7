# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform's functions that read and write JSON, YAML and CSV."""

from __future__ import annotations

import json
import re
from fractions import Fraction

from connguard.terraform.values import (
    MAX_DEPTH,
    Blocked,
    bounded_text,
    is_number,
    mistake,
    normal_number,
    number_text,
    to_text,
)


def jsonencode(value: object) -> object:
    return bounded_text(json_text(value, 0))


def json_text(value: object, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise Blocked("a value is nested too deeply")
    if isinstance(value, dict):
        items = (f"{_quoted(key)}:{json_text(value[key], depth + 1)}" for key in sorted(value))
        return "{" + ",".join(items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(json_text(item, depth + 1) for item in value) + "]"
    if is_number(value):
        return number_text(value)
    if isinstance(value, str):
        return _quoted(value)
    return {True: "true", False: "false", None: "null"}[value]  # type: ignore[index]


def _quoted(text: str) -> str:
    """Go escapes these for use in HTML, and so does Terraform."""
    quoted = json.dumps(text, ensure_ascii=False)
    for mark in "<>&\u2028\u2029":
        quoted = quoted.replace(mark, f"\\u{ord(mark):04x}")
    return quoted


def jsondecode(text: object) -> object:
    try:
        return json.loads(
            to_text(text), parse_float=number_of, parse_int=number_of, parse_constant=_no_constant
        )
    except RecursionError as error:
        raise Blocked("a text is nested too deeply") from error
    except ValueError as error:
        raise mistake("jsondecode() cannot read the text") from error


def number_of(digits: str) -> int | Fraction:
    exponent = re.search(r"[eE]([+-]?\d+)$", digits)
    if len(digits) > 400 or (exponent and abs(int(exponent[1])) > 400):
        raise Blocked("a number is too large")
    return normal_number(Fraction(digits))


def _no_constant(name: str) -> object:
    raise ValueError(name)


def yamlencode(value: object) -> object:
    from connguard.terraform import yaml_formats  # few files need it, and it takes long to import

    return yaml_formats.yamlencode(value)


def yamldecode(text: object) -> object:
    from connguard.terraform import yaml_formats

    return yaml_formats.yamldecode(text)


def csvdecode(text: object) -> object:
    import csv
    import io

    try:
        rows = list(csv.reader(io.StringIO(to_text(text)), strict=True))
    except csv.Error as error:  # Go's reader takes some of what this one refuses
        raise Blocked(f"a CSV text that is not evaluated ({error})") from error
    if not rows:
        raise mistake("csvdecode() of an empty text")
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if row]
