# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Whole numbers that remember how they were computed.

The budget is computed with ordinary numbers. Where its inputs are formulas instead, every result
carries the expression that leads to it, and another program can follow a change of an input
without knowing the rules: `budget_model.py` exports that. Where a decision depends on a number, the
budget uses `choose`, `least` and `most` in the place of `if`, `min` and `max`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connguard.policies.model.records import dataclass


class Formula(int):
    """A number with its expression: `operator` applied to `operands`, formulas or plain numbers.

    The operators are "input" (a leaf; its operand tells which), "sum", "product", "difference",
    "min", "max", "choose" (the second operand if the first is positive, else the third), "fits"
    (1 if the first is at most the second, else 0) and "transport" (see `Transport`).
    """

    operator: str
    operands: tuple[int, ...]
    transport: Transport | None

    def __new__(
        cls,
        value: int,
        operator: str,
        operands: tuple[int, ...] = (),
        transport: Transport | None = None,
    ) -> Formula:
        made = super().__new__(cls, value)
        made.operator = operator
        made.operands = operands
        made.transport = transport
        return made

    def __add__(self, other: int) -> int:
        return Formula(int(self) + int(other), "sum", (self, other))

    def __radd__(self, other: int) -> int:
        return Formula(int(self) + int(other), "sum", (other, self)) if other else self

    def __mul__(self, other: int) -> int:
        return Formula(int(self) * int(other), "product", (self, other))

    def __rmul__(self, other: int) -> int:
        return Formula(int(self) * int(other), "product", (other, self))

    def __sub__(self, other: int) -> int:
        return Formula(int(self) - int(other), "difference", (self, other))

    def __rsub__(self, other: int) -> int:
        return Formula(int(other) - int(self), "difference", (other, self))


@dataclass(frozen=True, slots=True)
class Transport:
    """A transport problem (`flow.py`): the caps of its cells, rows and columns."""

    cells: Mapping[Any, int]
    rows: Mapping[Any, int]
    columns: Mapping[Any, int]


def _traced(numbers: tuple[int, ...]) -> bool:
    return any(isinstance(number, Formula) for number in numbers)


def least(*numbers: int) -> int:
    """The smallest number."""
    value = min(int(number) for number in numbers)
    return Formula(value, "min", numbers) if _traced(numbers) else value


def most(*numbers: int) -> int:
    """The largest number."""
    value = max(int(number) for number in numbers)
    return Formula(value, "max", numbers) if _traced(numbers) else value


def choose(condition: int, then: int, otherwise: int) -> int:
    """`then` if the condition is positive, else `otherwise`."""
    chosen = then if condition > 0 else otherwise
    if not isinstance(condition, Formula):
        return chosen
    return Formula(int(chosen), "choose", (condition, then, otherwise))


def fits(part: int, whole: int) -> int:
    """1 if `part` is at most `whole`, else 0."""
    value = int(int(part) <= int(whole))
    return Formula(value, "fits", (part, whole)) if _traced((part, whole)) else value
