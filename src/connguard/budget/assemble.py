# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins what was declared and what was found to topologies, and the budget's facts from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from connguard.budget.code_pool import CodePool
from connguard.budget.discovered import PoolerFile, Project, ServerFile, ServiceFound, SpringFile
from connguard.budget.found import Found, Stack, found_stacks
from connguard.budget.server_facts import altered
from connguard.budget.systemd import UnitLimit
from connguard.engine.reading import Context
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, unknown_amount
from connguard.policies.model.budget import solve
from connguard.policies.model.facts import UNLIMITED, Database, Role
from connguard.policies.model.origin import Known, Origin, Value
from connguard.policies.model.reading import Reading, Subject
from connguard.policies.model.topology import (
    LimitedDatabase,
    LimitedRole,
)
from connguard.policies.model.usage import Budget


def assemble(
    subjects: Iterable[Subject], context: Context
) -> tuple[Reading, list[tuple[Stack, Budget]]]:
    """The connection budgets of everything that was read, and their facts.

    `subjects` are those of all front ends: found poolers, servers and services, and the roles and
    databases of SQL and Terraform. Raises SettingsError for a wrong declaration.
    """
    reading = Reading()
    solved: list[tuple[Stack, Budget]] = []
    for stack in stacks(subjects, context):
        budget = solve(stack.topology)
        solved.append((stack, budget))
        reading.files |= stack.files
        reading.notes.extend(stack.notes)
        for fact in (*budget.facts, *stack.facts, *stack.gaps):
            reading.add(fact)
    return reading, solved


Fact = TypeVar("Fact")


def stacks(subjects: Iterable[Subject], context: Context) -> list[Stack]:
    """The topologies: the declared one, or what was found, folder by folder."""
    everything = list(subjects)
    found = Found(
        projects=_facts(everything, Project),
        pooler_files=_facts(everything, PoolerFile),
        server_files=_facts(everything, ServerFile),
        roles=limited_roles(everything),
        databases=limited_databases(everything),
        applications=_facts(everything, ServiceFound),
        altered=altered(everything),
        code_pools=_facts(everything, CodePool),
        units=_facts(everything, UnitLimit),
        spring_files=_facts(everything, SpringFile),
    )
    if context.settings.topology:
        from connguard.budget.declared_topology import declared_stack

        declared = declared_stack(found, context)
        if declared is not None:
            return [declared]
    return found_stacks(found, context)


def _facts(subjects: Iterable[Subject], kind: type[Fact]) -> list[Fact]:
    return [fact for subject in subjects for fact in subject.alternatives if isinstance(fact, kind)]


# Roles and databases of SQL and Terraform.


def limited_roles(subjects: Iterable[Subject]) -> list[LimitedRole]:
    """The roles of SQL and Terraform, without what is declared."""
    found: dict[str, list[Role]] = {}
    for subject in subjects:
        for fact in subject.alternatives:
            if isinstance(fact, Role):
                found.setdefault(fact.name, []).append(fact)
    return [
        LimitedRole(
            name=name,
            origin=facts[-1].origin,
            limit=_limit([fact.connection_limit for fact in facts], facts[-1].origin),
            superuser=all(_is_true(fact.superuser) for fact in facts),
            can_login=any(fact.can_login is None or _may_be(fact.can_login) for fact in facts),
        )
        for name, facts in found.items()
    ]


def limited_databases(subjects: Iterable[Subject]) -> list[LimitedDatabase]:
    """The databases of SQL and Terraform, without what is declared."""
    found: dict[str, list[Database]] = {}
    for subject in subjects:
        for fact in subject.alternatives:
            if isinstance(fact, Database):
                found.setdefault(fact.name, []).append(fact)
    return [
        LimitedDatabase(
            name=name,
            origin=facts[-1].origin,
            limit=_limit([fact.connection_limit for fact in facts], facts[-1].origin),
        )
        for name, facts in found.items()
    ]


def _limit(values: Sequence[Value[int] | None], origin: Origin) -> Amount | None:
    """The limit that holds in whatever state comes true; None when no state has one."""
    name = "connection limit"
    amounts = []
    for value in values:
        if isinstance(value, Known):
            number = UNBOUNDED if value.value == UNLIMITED else max(0, value.value)
            amounts.append(exactly(number, name, value.origin))
        elif value is None:
            amounts.append(exactly(UNBOUNDED, name, None))
        else:
            amounts.append(unknown_amount(name, value.reason, value.origin))
    low = min(amounts, key=lambda one: one.low)
    high = max(amounts, key=lambda one: one.high)
    if low.low >= UNBOUNDED:
        return None if all(value is None for value in values) else low
    reason = low.reason or high.reason or "which of several statements came last"
    return Amount(low.low, high.high, name, low.origin or origin, reason)


def _is_true(value: Value[bool] | None) -> bool:
    return isinstance(value, Known) and value.value


def _may_be(value: Value[bool]) -> bool:
    return not isinstance(value, Known) or value.value
