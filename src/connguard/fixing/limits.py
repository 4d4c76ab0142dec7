# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit that each role and database needs, from the connection budget."""

from __future__ import annotations

from collections.abc import Iterable

from connguard.budget.assemble import stacks
from connguard.budget.found import Stack
from connguard.engine.reading import Context
from connguard.policies.model.budget import solve
from connguard.policies.model.reading import Subject
from connguard.policies.model.records import dataclass
from connguard.policies.model.usage import Budget, Usage


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit to write, or None and why none is known. `reason` says where the number is from."""

    value: int | None
    reason: str


NOT_KNOWN = Limit(None, "the connection budget does not say what connects as it")


def limits(subjects: Iterable[Subject], context: Context) -> dict[tuple[str, str], Limit]:
    """By kind ("ROLE", "DATABASE") and name. Raises SettingsError for a wrong declaration.

    An object that several servers have gets the largest of their limits, if all are known.
    """
    return limits_of((stack, solve(stack.topology)) for stack in stacks(subjects, context))


def limits_of(budgets: Iterable[tuple[Stack, Budget]]) -> dict[tuple[str, str], Limit]:
    """As `limits`, from budgets that are solved already."""
    found: dict[tuple[str, str], Limit] = {}
    for stack, budget in budgets:
        headroom = stack.topology.headroom.recycling
        for kind, usages in (("ROLE", budget.roles), ("DATABASE", budget.databases)):
            for usage in usages:
                key = kind, usage.name
                limit = _limit(usage, budget, headroom)
                found[key] = _larger(found[key], limit) if key in found else limit
    return found


def _limit(usage: Usage, budget: Budget, headroom: int) -> Limit:
    if not usage.uses:
        return NOT_KNOWN
    if not usage.demand.bounded:
        return Limit(None, "nothing bounds the connections that its pools can open")
    if usage.demand.high < 1:
        return NOT_KNOWN
    needed = usage.demand.high + headroom
    slots = budget.server.limit if budget.server else None
    if slots is not None and needed >= slots.low:
        return Limit(None, f"its pools need {needed}, and the server has {slots} slots")
    return Limit(needed, f"{usage.demand.high} from the connection budget + {headroom}")


def _larger(one: Limit, other: Limit) -> Limit:
    if one.value is None or other.value is None:
        return one if one.value is None else other
    return max(one, other, key=lambda limit: limit.value or 0)
