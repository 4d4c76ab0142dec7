# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts values to the types that variables declare, as in `type = map(object({ … }))`."""

from __future__ import annotations

from collections.abc import Callable

from connguard.terraform.syntax import Call, Expression, Literal, ObjectItems, TupleItems, Variable
from connguard.terraform.values import (
    MAX_DEPTH,
    Blocked,
    Budget,
    Unknown,
    as_dict,
    as_list,
    known,
    make_set,
    mistake,
    to_bool,
    to_number,
    to_text,
    unified,
)

Evaluate = Callable[[Expression], object]
"""Evaluates the default value in `optional(type, default)`."""

_PRIMITIVES: dict[str, Callable[[object], object]] = {
    "string": to_text,
    "number": to_number,
    "bool": to_bool,
}


def convert(
    value: object,
    constraint: Expression,
    evaluate: Evaluate,
    depth: int = 0,
    budget: Budget | None = None,
) -> object:
    """The value as the type wants it; unknown parts stay unknown.

    Raises Blocked when Terraform would refuse the value, or for a type that cannot be read.
    """
    budget = budget or Budget()
    budget.spend()
    if depth > MAX_DEPTH:
        raise Blocked("a type is nested too deeply")
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(constraint, Literal):
        # Before Terraform 0.12 types were written as strings.
        constraint = Variable(constraint.start, constraint.end, str(constraint.value))
    if isinstance(constraint, Variable):
        if constraint.name in _PRIMITIVES:
            return _PRIMITIVES[constraint.name](value)
        if constraint.name in ("any", "list", "map"):
            return known(value)
    elif isinstance(constraint, Call) and len(constraint.arguments) == 1:
        inner = constraint.arguments[0]
        if constraint.name in ("list", "set"):
            items = [_part(item, inner, evaluate, depth, budget) for item in as_list(value)]
            return unified(items) if constraint.name == "list" else make_set(items)
        if constraint.name == "map":
            table = as_dict(value)
            items = [_part(item, inner, evaluate, depth, budget) for item in table.values()]
            return dict(zip(table, unified(items), strict=True))
        if constraint.name == "object" and isinstance(inner, ObjectItems):
            return _object(as_dict(value), inner, evaluate, depth, budget)
        if constraint.name == "tuple" and isinstance(inner, TupleItems):
            parts = zip(as_list(value), inner.items, strict=False)
            return [_part(item, wanted, evaluate, depth, budget) for item, wanted in parts]
    raise Blocked("the type of a variable cannot be read")


def _part(
    value: object, constraint: Expression, evaluate: Evaluate, depth: int, budget: Budget
) -> object:
    """Convert an element; one that cannot be converted is unknown, and the others stay known."""
    try:
        return convert(value, constraint, evaluate, depth + 1, budget)
    except Blocked as blocked:
        return blocked.unknown


def _object(
    table: dict[str, object], wanted: ObjectItems, evaluate: Evaluate, depth: int, budget: Budget
) -> dict[str, object]:
    converted: dict[str, object] = {}
    for key, constraint in wanted.items:
        name = key.value if isinstance(key, Literal) else None
        if not isinstance(name, str):
            raise Blocked("the type of a variable cannot be read")
        default: Expression | None = None
        optional = isinstance(constraint, Call) and constraint.name == "optional"
        if isinstance(constraint, Call) and optional and constraint.arguments:
            default = constraint.arguments[1] if len(constraint.arguments) > 1 else None
            constraint = constraint.arguments[0]
        if name not in table and not optional:
            raise mistake(f'the attribute "{name}" is missing in the value of a variable')
        value = table.get(name)
        if value is None and default is not None:
            value = evaluate(default)
        converted[name] = _part(value, constraint, evaluate, depth, budget)
    return converted
