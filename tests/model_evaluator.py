# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluates an exported budget model: what every consumer of the model has to be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from connguard.policies.model.budget_model import VERDICTS, Model
from connguard.policies.model.flow import transport

BIG = 1 << 60


@dataclass(frozen=True)
class Result:
    """The verdict, and (demand, limit, verdict) of every usage."""

    verdict: str
    usages: Mapping[tuple[str, str], tuple[tuple[int, int], tuple[int, int], str]]


def evaluate(model: Model, values: Mapping[str, int]) -> Result:
    """The results with these settings changed, by path."""
    numbers: list[int] = []
    for node in model.nodes:
        given = node.operands
        if node.operator == "constant":
            numbers.append(given[0])
        elif node.operator in ("low", "high"):
            leaf = model.inputs[given[0]]
            numbers.append(values.get(leaf.path, getattr(leaf, node.operator)))
        elif node.operator == "transport":
            cells, rows, columns = given
            numbers.append(
                transport(
                    {(row, column): numbers[cap] for row, column, cap in cells},
                    {row: numbers[cap] for row, cap in rows},
                    {column: numbers[cap] for column, cap in columns},
                )
            )
        else:
            numbers.append(_apply(node.operator, [numbers[one] for one in given]))
    usages = {
        (one.kind, one.name): (
            (numbers[one.low], numbers[one.high]),
            (numbers[one.limit_low], numbers[one.limit_high]),
            VERDICTS[numbers[one.verdict]],
        )
        for one in model.outputs
    }
    return Result(VERDICTS[numbers[model.verdict]], usages)


def _apply(operator: str, given: list[int]) -> int:
    match operator:
        case "sum":
            return sum(given)
        case "product":
            return prod(given)
        case "difference":
            return given[0] - given[1]
        case "min":
            return min(given)
        case "max":
            return max(given)
        case "choose":
            return given[1] if given[0] > 0 else given[2]
        case "fits":
            return int(given[0] <= given[1])
    raise AssertionError(operator)
