# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Budgets stay what they are: drawn stacks, with every number and every finding, word for word.

When a computation is meant to change, write them anew and read the difference:

    UPDATE_SNAPSHOTS=1 pytest tests/test_budget_drawn.py && git diff tests/data/budget_drawn
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from fact_samples import Sampler
from snapshots import assert_snapshot
from verdict_words import line, words

from connguard.engine.registry import policies
from connguard.policies.model.amount import Amount, unknown_amount
from connguard.policies.model.budget import solve
from connguard.policies.model.origin import Origin
from connguard.policies.model.sessions import session_facts
from connguard.policies.model.topology import (
    SERVICE_TIMEOUTS,
    SESSION_FEATURES,
    Pooler,
    Service,
    Topology,
)
from connguard.policies.model.usage import Usage

_NAMES = ("shop", "app", "p", "*")
_SMALL = (0, 0, 1, 2, 3, 5, 10, 20)
_VERSIONS = (((1, 18),), ((1, 21),), ((1, 23),), ((1, 24),), ((1, 20), (1, 24)))


class _Stacks(Sampler):
    """Topologies with few names, so that they meet, and with numbers that make sense."""

    left_out = frozenset({"PoolerEntry.leads_here", "Pooler.surge"})
    """The entries of a stack lead to its server; tests of Kubernetes have poolers that roll out."""

    def _plain(self, hint: Any, depth: int) -> object:
        draw = self._chance.choice
        if hint is int:
            return draw(_SMALL)
        if hint is float:
            return float(draw(_SMALL))
        if hint is Amount:
            low, more = draw(_SMALL), draw((0, 0, 0, 0, 5))
            place = line(draw(range(1, 30))) if draw((True, True, False)) else None
            name = draw(("a setting", "another setting"))
            return unknown_amount(name, "var.x", place, low, low + more)
        made = super()._plain(hint, depth)
        if isinstance(made, Pooler):
            return replace(
                made,
                name="p",
                versions=draw(_VERSIONS),
                kind=draw(("pgbouncer", "pgbouncer", "pgbouncer", "odyssey", "pgcat")),
                pool_mode=draw(("session", "transaction", "statement")),
                timeouts=tuple(
                    (name, float(draw(_SMALL)), None)
                    for name in ("client_idle_timeout", "query_wait_timeout")
                ),
            )
        if isinstance(made, Service):
            return replace(
                made,
                pooler=draw(("p", "p", None)),
                needs=tuple((one, made.origin) for one in SESSION_FEATURES if draw((0, 0, 1))),
                timeouts=tuple(
                    (one, float(draw(_SMALL)), made.origin)
                    for one in SERVICE_TIMEOUTS
                    if draw((0, 1))
                ),
            )
        return made


def _whole(value: object) -> str:
    """All of a fact, with places and amounts in short."""
    if isinstance(value, Origin):
        return str(value)
    if isinstance(value, Amount):
        parts = (str(value), value.name, value.origin, value.reason)
        return f"<{', '.join(str(part) for part in parts if part)}>"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_whole, value))}]"
    if is_dataclass(value):
        named = ((field.name, getattr(value, field.name)) for field in fields(value))
        inside = ", ".join(f"{name} {_whole(one)}" for name, one in named if one not in ("", ()))
        return f"{type(value).__name__}({inside})"
    return str(value)


def _lines(number: int) -> Iterator[str]:
    chance = random.Random(f"stack:{number}")
    topology: Any = _Stacks(chance, _NAMES).any_of(Topology, {}, 0)
    budget = solve(topology)
    yield f"== {number}: {budget.standing.value}, {budget.total} in all"
    for fact in (*budget.facts, *session_facts(topology)):
        if isinstance(fact, Usage):
            yield (
                f"{type(fact).__name__} {fact.name}: {fact.demand} of {fact.limit}"
                f" ({fact.standing.value}) {fact.capped} {fact.ignored}".rstrip()
            )
        else:
            yield type(fact).__name__
        for registered in policies():
            if isinstance(fact, registered.policy.facts):
                said = words(registered.decide(fact))
                if said != ["pass"]:
                    yield from (f"  {registered.policy.id} {one}" for one in said)


def _facts(number: int) -> Iterator[str]:
    chance = random.Random(f"facts:{number}")
    topology: Any = _Stacks(chance, _NAMES).any_of(Topology, {}, 0)
    yield f"== {number}"
    yield from map(_whole, solve(topology).facts)


@pytest.mark.parametrize("part", range(4))
def test_facts_stay_what_they_are(part: int) -> None:
    """Every part of every fact, also of those about which nothing is said."""
    lines = [one for number in range(10 * part, 10 * part + 10) for one in _facts(number)]

    assert_snapshot(f"budget_drawn/facts_{part}.txt", "\n".join(lines) + "\n")
    assert any(one.startswith("PoolUsage(") for one in lines)


@pytest.mark.parametrize("part", range(10))
def test_budgets_stay_what_they_are(part: int) -> None:
    """What is demanded of each limit, what stands against it, and what is said about it."""
    numbers = range(20 * part, 20 * part + 20)
    lines = [one for number in numbers for one in _lines(number)]

    assert_snapshot(f"budget_drawn/{part}.txt", "\n".join(lines) + "\n")
    assert any(" fail " in one for one in lines)
