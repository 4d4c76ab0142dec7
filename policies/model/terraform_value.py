# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Attributes of Terraform resources as the policies take them, from source, plan or Checkov.

Terraform converts between strings, numbers and bools where an attribute wants another type; the
functions here convert as it does, and answer Unknown where it would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from fractions import Fraction
from math import isfinite

from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_NUMERAL = lazily(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Unresolved:
    """The value of an attribute that cannot be told; `reason` names what blocked it.

    `refers` is the address of the resource (`module.db.aws_security_group.app[0]`) or data source
    (`data.aws_vpc.main`) whose attribute `attribute` it is. `tail` is the literal end of a string
    whose beginning is unknown: "/32" of "${aws_eip.nat.public_ip}/32". `parts` are the lists and
    values that a list is made of whose length or order is not known: concat(var.a, ["10.0.0.0/8"]).
    `direct` is False where the value may be made of the attribute and of others: a plan does not
    keep the constants of an expression.
    """

    reason: str
    refers: str | None = None
    attribute: str | None = None
    tail: str = ""
    parts: tuple[object, ...] = field(default=(), compare=False)
    direct: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """The value of an attribute, raw or Unresolved, and the place that sets it."""

    value: object
    origin: Origin


Settings = Mapping[str, Setting | None]
"""The attributes of one resource by name. Absent and null (None) mean the same to Terraform."""


def integer(settings: Settings, name: str) -> Value[int] | None:
    """A whole number: -1, "-1" and -1.0 alike. None when it is not set."""
    setting = _given(settings, name)
    if not isinstance(setting, Setting):
        return setting
    value, origin = setting.value, setting.origin
    number = _number(value)
    if number is None or number.denominator != 1:
        return Unknown(f"{name} is {_shown(value)}, which is no whole number", origin)
    return Known(number.numerator, origin)


def boolean(settings: Settings, name: str) -> Value[bool] | None:
    """true, false, "true" or "false". None when it is not set."""
    setting = _given(settings, name)
    if not isinstance(setting, Setting):
        return setting
    value, origin = setting.value, setting.origin
    if isinstance(value, bool):
        return Known(value, origin)
    if value in ("true", "false"):
        return Known(value == "true", origin)
    return Unknown(f"{name} is {_shown(value)}, which is neither true nor false", origin)


def text(settings: Settings, name: str) -> Value[str] | None:
    """A string; numbers become strings. None when it is not set."""
    setting = _given(settings, name)
    if not isinstance(setting, Setting):
        return setting
    value, origin = setting.value, setting.origin
    if isinstance(value, str):
        return Known(value, origin)
    if isinstance(value, int) and not isinstance(value, bool):
        return Known(str(value), origin)
    return Unknown(f"{name} is {_shown(value)}, which is no string", origin)


def _given(settings: Settings, name: str) -> Setting | Unknown | None:
    """A setting with a value that can be told; None when it is not set."""
    setting = settings.get(name)
    if setting is None or setting.value is None:
        return None
    if isinstance(setting.value, Unresolved):
        return Unknown(setting.value.reason, setting.origin)
    return setting


def _number(value: object) -> Fraction | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return Fraction(value) if len(value) < 100 and _NUMERAL.fullmatch(value) else None
    if isinstance(value, float):
        return Fraction(value) if isfinite(value) else None
    return Fraction(value) if isinstance(value, (int, Fraction)) else None


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "a list"
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
