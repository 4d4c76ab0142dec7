# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Reads Checkov's view of a Terraform resource, its `conf`.

Checkov wraps every value into a list, loses the difference between 5 and "5", and leaves an
expression that it cannot resolve as a string ("var.limit", "${var.a}-b"). In a plan, an attribute
that is known only after apply is absent, or "true_after_unknown" where EVAL_TF_PLAN_AFTER_UNKNOWN
is set; an attribute that is merely not written stands there with its default, or as null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connguard.policies.model import terraform_postgresql
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.terraform_value import Setting, Settings, Unresolved

NOWHERE = Origin("", 1, 1, 1, 1)
"""The place of everything: Checkov knows only the lines of a block, and prints them itself."""

_NUMBER = lazily(r"\$\{\s*(-?[0-9]+)\s*\}")
_AFTER_APPLY = Unresolved("it is known only after apply")


def is_plan(conf: Mapping[str, Any]) -> bool:
    """Whether the resource stands in a plan (terraform show -json), not in source."""
    return "__start_line__" not in conf and ("start_line" in conf or "__change_actions__" in conf)


def settings(resource_type: str, conf: Mapping[str, Any]) -> Settings:
    """The attributes that the policies need, unwrapped; none for an unknown resource type."""
    plan = is_plan(conf)
    return {
        name: Setting(_value(conf[name]) if name in conf else _AFTER_APPLY, NOWHERE)
        for name in terraform_postgresql.ATTRIBUTES.get(resource_type, ())
        if name in conf or plan
    }


def facts(resource_type: str, found: Settings) -> list[object]:
    """The facts that a resource with these attributes states."""
    return terraform_postgresql.facts(resource_type, resource_type, found, NOWHERE)


def _value(wrapped: object) -> object:
    value = wrapped
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value == "true_after_unknown":
        return _AFTER_APPLY
    # Checkov's parser gives a negative number as an expression.
    number = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return number[1] if number else value
