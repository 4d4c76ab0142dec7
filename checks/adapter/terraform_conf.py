# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Reads Checkov's view of a Terraform resource, its `conf`.

Checkov wraps every value into a list, loses the difference between 5 and "5", and leaves an
expression that it cannot resolve as a string ("var.limit", "${var.a}-b"). In a plan, an attribute
that is known only after apply is absent, or "true_after_unknown" where EVAL_TF_PLAN_AFTER_UNKNOWN
is set; an attribute that is not written is there with its default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connguard.policies.model.facts import UNLIMITED, Database, RefusedLimit, Role
from connguard.policies.model.origin import Known, Origin, Unknown, Value

NOWHERE = Origin("", 1, 1, 1, 1)
"""The place of everything: Checkov knows only the lines of a block, and prints them itself."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_EXPRESSION = re.compile(r"\$\{\s*(.*?)\s*\}")
_AFTER_APPLY = Unknown("known only after apply", NOWHERE)


def is_plan(conf: Mapping[str, Any]) -> bool:
    """Whether the resource stands in a plan (terraform show -json), not in source."""
    return "__start_line__" not in conf and ("start_line" in conf or "__change_actions__" in conf)


def integer(conf: Mapping[str, Any], name: str) -> Value[int] | None:
    """A number; None where the attribute is not set."""
    raw = _raw(conf, name)
    if raw is None or isinstance(raw, Unknown):
        return raw
    if isinstance(raw, bool):
        return _not_known(raw)
    if isinstance(raw, float) and raw.is_integer():
        return Known(int(raw), NOWHERE)
    if isinstance(raw, int):
        return Known(raw, NOWHERE)
    text = raw.strip() if isinstance(raw, str) else ""
    if expression := _EXPRESSION.fullmatch(text):
        text = expression[1]
    return Known(int(text), NOWHERE) if _INTEGER.fullmatch(text) else _not_known(raw)


def boolean(conf: Mapping[str, Any], name: str) -> Value[bool] | None:
    """A truth value; None where the attribute is not set."""
    raw = _raw(conf, name)
    if raw is None or isinstance(raw, Unknown):
        return raw
    if isinstance(raw, bool):
        return Known(raw, NOWHERE)
    text = raw.strip().lower() if isinstance(raw, str) else ""
    return Known(text == "true", NOWHERE) if text in ("true", "false") else _not_known(raw)


def string(conf: Mapping[str, Any], name: str) -> str:
    """A text for messages; empty where there is none."""
    raw = _raw(conf, name)
    return raw if isinstance(raw, str) else ""


def _raw(conf: Mapping[str, Any], name: str) -> Any:
    if name not in conf:
        return _AFTER_APPLY if is_plan(conf) else None
    value = conf[name]
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return _AFTER_APPLY if value == "true_after_unknown" else value


def _not_known(raw: object) -> Unknown:
    return Unknown(f"it is {raw!r}", NOWHERE)


def is_known(conf: Mapping[str, Any], name: str) -> bool:
    """Whether the number `name` is known, or not set."""
    return not isinstance(integer(conf, name), Unknown)


def facts(resource: str, conf: Mapping[str, Any]) -> tuple[object, ...]:
    """The facts that a resource of type `resource` states."""
    name = string(conf, "name") or resource
    limit = integer(conf, "connection_limit")
    if isinstance(limit, Known) and limit.value < UNLIMITED:
        return (RefusedLimit(name, f"{limit.value} is below -1", NOWHERE),)
    if resource == "postgresql_database":
        return (Database(name, NOWHERE, limit, declarative=True),)
    return (
        Role(
            name,
            NOWHERE,
            can_login=boolean(conf, "login") or Known(False, NOWHERE),
            superuser=boolean(conf, "superuser") or Known(False, NOWHERE),
            connection_limit=limit,
            declarative=True,
        ),
    )
