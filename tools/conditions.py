# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conditions of policies as Terraform and Sentinel write them, each held against the policy.

A condition is written once, as an expression of Python, and is true where the policy passes.
`disagreements` compares it with what the policy's own `decide` says, over a grid of values.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from connguard.engine.registry import find
from connguard.policies.model.amount import exactly
from connguard.policies.model.budget import solve
from connguard.policies.model.facts import UNLIMITED, Database, Role
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.policy import Policy
from connguard.policies.model.topology import LimitedRole, Server, Service, Topology
from connguard.policies.model.verdict import Severity, Status, worst

_HERE = Origin("main.tf", 1, 1, 1, 2)

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """`facts` makes of the values of the expression's names what the policy decides about."""

    id: str
    expression: str
    grid: Mapping[str, tuple[Any, ...]]
    facts: Callable[[Values], list[object]]

    @property
    def policy(self) -> Policy:
        known = find(self.id)
        assert known is not None
        return known.policy

    @property
    def is_error(self) -> bool:
        return self.policy.severity is Severity.ERROR

    def cases(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """Every combination of the grid, and whether the policy passes there."""
        known = find(self.id)
        assert known is not None
        for combination in product(*self.grid.values()):
            values = dict(zip(self.grid, combination, strict=True))
            about = [fact for fact in self.facts(values) if isinstance(fact, known.policy.facts)]
            yield values, worst(map(known.decide, about)).status is Status.PASS

    def holds(self, values: Values) -> bool:
        return bool(eval(self.expression, {"__builtins__": {}}, dict(values)))

    def hcl(self, names: Mapping[str, str]) -> str:
        return _render(self.expression, names, _HCL)

    def sentinel(self, names: Mapping[str, str]) -> str:
        return _render(self.expression, names, _SENTINEL)


def disagreements() -> list[str]:
    """Where a condition and its policy differ: none, or the condition is wrong."""
    return [
        f"{condition.id} at {values}: the policy {'passes' if passes else 'fails'}"
        for condition in CONDITIONS
        for values, passes in condition.cases()
        if condition.holds(values) != passes
    ]


def _role(values: Values) -> list[object]:
    return [
        Role(
            "app",
            _HERE,
            Known(values["login"], _HERE),
            Known(values["superuser"], _HERE),
            Known(values["limit"], _HERE),
            declarative=True,
        )
    ]


def _database(values: Values) -> list[object]:
    limit = values["limit"]
    return [Database("shop", _HERE, None if limit is None else Known(limit, _HERE), True)]


def _budget(values: Values) -> list[object]:
    """The facts of a server with one role, whose clients connect directly."""
    limit = values.get("limit", UNLIMITED)
    role = LimitedRole(
        "app",
        _HERE,
        None if limit == UNLIMITED else exactly(limit),
        superuser=values.get("superuser", False),
    )
    service = Service("app", _HERE, exactly(1), exactly(values["demand"]), None, "shop", "app")
    server = Server(_HERE, exactly(values.get("slots", 1000)), exactly(0))
    return list(solve(Topology(_HERE, services=(service,), roles=(role,), server=server)).facts)


_FLAGS = (False, True)
_LIMITS = (-1, 0, 1, 20)

CONDITIONS = (
    Condition(
        "PG001",
        "limit != -1 or superuser or not login",
        {"login": _FLAGS, "superuser": _FLAGS, "limit": _LIMITS},
        _role,
    ),
    Condition(
        "PG002",
        "limit != 0 or superuser or not login",
        {"login": _FLAGS, "superuser": _FLAGS, "limit": _LIMITS},
        _role,
    ),
    Condition(
        "PG003",
        "limit == -1 or not superuser",
        {"login": _FLAGS, "superuser": _FLAGS, "limit": _LIMITS},
        _role,
    ),
    Condition(
        "PG004",
        "limit == None or limit != -1",
        {"limit": (None, *_LIMITS)},
        _database,
    ),
    Condition(
        "PG101",
        "limit == -1 or superuser or demand <= limit",
        {"superuser": _FLAGS, "limit": _LIMITS, "demand": (0, 1, 19, 20, 21)},
        _budget,
    ),
    Condition(
        "PG103",
        "demand <= slots",
        {"slots": (3, 20, 97), "demand": (0, 20, 21, 97, 98)},
        _budget,
    ),
    Condition(
        "PG107",
        "demand == 0 or demand > slots or slots - demand >= 3",
        {"slots": (3, 20, 97), "demand": (0, 17, 18, 20, 21, 94, 95, 97, 98)},
        lambda values: [one for one in _budget(values) if getattr(one, "of", "") == "the server"],
    ),
)
"""PG107 here is that of the server, with the default headroom of 3."""


def by_id(identifier: str) -> Condition:
    return next(one for one in CONDITIONS if one.id == identifier)


@dataclass(frozen=True, slots=True)
class _Language:
    either: str
    deny: str
    equal: str
    unequal: str
    nothing: str


_HCL = _Language(" || ", "!", "==", "!=", "null")
_SENTINEL = _Language(" or ", "not ", "is", "is not", "null")
_ORDER: Mapping[type[ast.cmpop], str] = {ast.LtE: "<=", ast.GtE: ">=", ast.Lt: "<", ast.Gt: ">"}


def _render(expression: str, names: Mapping[str, str], language: _Language) -> str:
    def text(node: ast.expr) -> str:
        match node:
            case ast.BoolOp(op=ast.Or()):
                return language.either.join(text(one) for one in node.values)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return f"{language.deny}{text(inner)}"
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return f"-{text(inner)}"
            case ast.BinOp(op=ast.Sub()):
                return f"{text(node.left)} - {text(node.right)}"
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                sign: dict[type[ast.cmpop], str] = {
                    ast.Eq: language.equal,
                    ast.NotEq: language.unequal,
                    **_ORDER,
                }
                return f"{text(left)} {sign[type(operator)]} {text(right)}"
            case ast.Constant(value=None):
                return language.nothing
            case ast.Constant(value=int() as number):
                return str(number)
            case ast.Name(id=name):
                return names[name]
        raise ValueError(f"no rule for {ast.dump(node)}")

    return text(ast.parse(expression, mode="eval").body)
