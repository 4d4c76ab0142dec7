# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puma's configuration file (config/puma.rb): how many workers it forks.

https://github.com/puma/puma: `workers 0` is a single process; without the line, WEB_CONCURRENCY
counts, and without that there is one process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.whole_numbers import whole

_WORKERS = lazily(r"^([ \t]*+)workers(?:[ \t]*+\(|[ \t])[ \t]*+([^#\n]+)", re.M)
_CONDITION = lazily(r"\s(?:if|unless)\s.*$")
_ENV = lazily(
    r"""ENV(?:\.fetch\(\s*|\[)["'](\w++)["']\s*+(?:[\])]\s*+)?"""
    r"""(?:(?:,|\|\||\{|\)\s*+\{)\s*+["']?(\d++)["']?)?[\s})\].to_i]*+"""
)


def processes(
    text: Text, environment: Mapping[str, tuple[str, Origin, bool]], label: str
) -> Amount | None:
    """The number of worker processes; None where the file does not say it."""
    found = list(_WORKERS.finditer(text.string))
    if not found:
        return None
    match = found[-1]
    code = match[2].strip()
    place = text.origin(match.start(2), match.start(2) + len(match[2].rstrip()))
    condition = _CONDITION.search(code)
    if condition is not None:
        code = code[: condition.start()]
    amount = expression(
        code.removesuffix(")") if "(" not in code else code, environment, place, label
    )
    if len(found) == 1 and condition is None and not match[1]:
        return amount
    # In a branch: it may be left out, and then there is one process.
    return Amount(1, amount.high, label, place, amount.reason or "whether this line holds")


def expression(
    code: str, environment: Mapping[str, tuple[str, Origin, bool]], place: Origin, label: str
) -> Amount:
    """A number of Ruby: a literal, or a variable of the environment with its default."""
    code = re.sub(r"^Integer\((.*)\)$", r"\1", code.strip())
    if code.isdecimal():
        return exactly(max(1, whole(code)), label, place)
    match = _ENV.fullmatch(code)
    if match is not None:
        name, default = match[1], match[2]
        if name in environment:
            value, origin, known = environment[name]
            if known and value.isdecimal():
                return exactly(max(1, whole(value)), label, origin)
            return unknown_amount(label, f"{name} is set elsewhere", origin, low=1)
        if default is not None:
            return exactly(max(1, whole(default)), label, place)
    return unknown_amount(label, f"{code} is decided elsewhere", place, low=1)
