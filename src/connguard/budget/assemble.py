# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins what was declared and what was found to topologies, and the budget's facts from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from connguard.budget import declared as declarations
from connguard.budget import pgbouncer_ini
from connguard.budget.code_pool import CodePool
from connguard.budget.contradictions import contradictions
from connguard.budget.declared import Declared, DeclaredPooler, DeclaredServer
from connguard.budget.discovered import PoolerFile, Project, ServerFile, ServiceFound
from connguard.budget.found import Found, ServerParts, Stack, found_stacks, unknown_pooler
from connguard.budget.pgbouncer import Deployment, to_pooler
from connguard.budget.server import formula, settings_of
from connguard.budget.server_facts import altered, with_altered
from connguard.budget.session_code import Runner, with_uses
from connguard.budget.systemd import UnitLimit, limit_of
from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, unknown_amount
from connguard.policies.model.budget import solve
from connguard.policies.model.facts import UNLIMITED, Database, NotParsed, Role
from connguard.policies.model.origin import Known, Origin, Value
from connguard.policies.model.pools import find_entry
from connguard.policies.model.reading import Notes, Reading, Subject
from connguard.policies.model.topology import (
    LimitedDatabase,
    LimitedRole,
    Pooler,
    Server,
    Service,
    Topology,
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
    )
    declared = declarations.read(context)
    if declared is not None:
        return [_declared_stack(declared, found, context)]
    return found_stacks(found, context)


def _facts(subjects: Iterable[Subject], kind: type[Fact]) -> list[Fact]:
    return [fact for subject in subjects for fact in subject.alternatives if isinstance(fact, kind)]


# A declared topology.


def _declared_stack(declared: Declared, found: Found, context: Context) -> Stack:
    gaps: list[NotParsed] = []
    names: set[str] = {declared.file.name} if declared.file else set()
    discovered = found_stacks(found, context)
    notes = [note for stack in discovered for note in stack.notes]
    other = discovered[0].topology if len(discovered) == 1 else None
    units = found.units
    poolers = [_pooler(one, units, context, gaps, names) for one in declared.poolers]
    if not declared.poolers and other is not None:
        poolers = [replace(one, closed=False) for one in other.poolers]
    services = list(declared.services)
    if other is not None:
        known = {service.name for service in services}
        via = {None, *(pooler.name for pooler in poolers)}
        services += [one for one in other.services if one.name not in known and one.pooler in via]
        names |= discovered[0].files
    known_poolers = {pooler.name for pooler in poolers}
    for service in services:
        if service.pooler is not None and service.pooler not in known_poolers:
            known_poolers.add(service.pooler)
            reason = f"no file describes the pooler {service.pooler}"
            gaps.append(NotParsed(reason, service.origin))
            poolers.append(unknown_pooler(service.pooler, service.origin, exactly(1), reason))
    services = _with_code(services, declared, other, poolers, context, names, notes)
    clients = {service.pooler for service in declared.services}
    poolers = [replace(one, closed=True) if one.name in clients else one for one in poolers]
    server = other.server if other is not None else None
    parts = discovered[0].parts if other is not None else None
    if declared.server is not None:
        parts = _server(declared.server, found.altered, context, gaps, names)
        server = parts.server()
    topology = Topology(
        origin=declared.origin,
        services=tuple(services),
        poolers=tuple(poolers),
        roles=tuple(_merged(declared.roles, found.roles)),
        databases=tuple(_merged_databases(declared.databases, found.databases)),
        server=server,
        headroom=declared.headroom,
    )
    gaps.extend(_lost_services(topology))
    configured = _configured(declared, other, found.altered, context)
    differing = contradictions(declared, other, configured, found.roles)
    hosts = discovered[0].pooler_hosts if other is not None else {}
    return Stack(topology, gaps, names, list(differing), notes, parts, hosts)


def _with_code(
    services: Sequence[Service],
    declared: Declared,
    other: Topology | None,
    poolers: Sequence[Pooler],
    context: Context,
    names: set[str],
    notes: list[Notes],
) -> list[Service]:
    """The services with what the code of those that are declared needs of a session."""
    own = {service.name for service in declared.services}
    runners = [Runner(one, declared.sources.get(one.name)) for one in services if one.name in own]
    found = with_uses(runners, (), poolers, context.settings.base, context)
    names |= found.files
    notes.extend(found.notes)
    needs = {one.name: one.needs for one in found.services}
    for one in other.services if other is not None else ():
        if one.pooler is not None and one.name in own and one.name not in declared.sources:
            known = {place for _, place in needs[one.name]}
            more = ((what, place) for what, place in one.needs if place not in known)
            needs[one.name] = (*needs[one.name], *more)
    return [replace(one, needs=needs.get(one.name, one.needs)) for one in services]


def _configured(
    declared: Declared, other: Topology | None, altered: Mapping[str, Amount], context: Context
) -> Server | None:
    """The server as its files describe it, without what is declared."""
    one = declared.server
    if one is None or one.config is None:
        return other.server if other is not None else None
    bare = replace(one, settings={}, formula=None)
    return _server(bare, altered, context, [], set()).server()


def _pooler(
    one: DeclaredPooler,
    units: Sequence[UnitLimit],
    context: Context,
    gaps: list[NotParsed],
    names: set[str],
) -> Pooler:
    file = _named_file(one.config, context)
    inner = replace(context, roots=(*context.roots, one.config.parent))
    configuration = pgbouncer_ini.read(file, inner) if file else None
    if configuration is None:
        gaps.append(NotParsed(f"{one.config.name} cannot be read", one.config_origin))
        reason = f"{one.config.name} cannot be read"
        return unknown_pooler(one.name, one.config_origin, one.instances, reason)
    names.update(file.name for file in configuration.files)
    open_files = one.open_files or limit_of(one.config, units)
    deployment = Deployment(one.name, one.instances, one.version, one.auth_file, open_files)
    pooler, missing = to_pooler(configuration, deployment, inner)
    gaps.extend(missing)
    return pooler


def _server(
    one: DeclaredServer,
    altered: Mapping[str, Amount],
    context: Context,
    gaps: list[NotParsed],
    names: set[str],
) -> ServerParts:
    settings: dict[str, Amount] = {}
    if one.config is not None:
        file = _named_file(one.config, context)
        if file is None:
            gaps.append(NotParsed(f"{one.config.name} cannot be read", one.config_origin))
            reason = f"{one.config.name} cannot be read"
            unread = unknown_amount("max_connections", reason, one.config_origin)
            settings["max_connections"] = unread
        else:
            names.add(file.name)
            inner = replace(context, roots=(*context.roots, one.config.parent))
            settings, missing = settings_of(file, inner)
            gaps.extend(missing)
    fixed = dict(one.settings)
    if one.formula is not None:
        fixed["max_connections"] = formula(one.formula[0], one.memory, one.formula[1])
    reserve = fixed.pop("provider_reserved", None)
    over = with_altered(settings, altered, alone=True)
    return ServerParts("server", one.origin, frozenset(), over, fixed, one.version, reserve)


def _named_file(path: Path, context: Context) -> SourceFile | None:
    """A file that the settings name; it may lie outside the scanned paths."""
    resolved = disk.resolve(path)
    return SourceFile(resolved, context.name_of(resolved)) if disk.is_file(resolved) else None


def _lost_services(topology: Topology) -> Iterable[NotParsed]:
    """Services that ask a pooler for a database that it does not have."""
    poolers = {pooler.name: pooler for pooler in topology.poolers}
    for service in topology.services:
        pooler = poolers.get(service.pooler or "")
        if pooler is None or service.database is None:
            continue
        if find_entry(pooler, service.database, service.user) is None:
            yield NotParsed(
                f'service {service.name} asks {pooler.name} for database "{service.database}",'
                " which it does not have",
                service.database_origin or service.origin,
            )


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


def _merged(declared: Sequence[LimitedRole], found: Sequence[LimitedRole]) -> Iterable[LimitedRole]:
    """Declared roles win; what they leave open is taken from the files."""
    by_name: Mapping[str, LimitedRole] = {role.name: role for role in found}
    for role in declared:
        other = by_name.get(role.name)
        if other is not None and role.limit is None:
            yield replace(role, limit=other.limit, superuser=role.superuser or other.superuser)
        else:
            yield role
    names = {role.name for role in declared}
    yield from (role for role in found if role.name not in names)


def _merged_databases(
    declared: Sequence[LimitedDatabase], found: Sequence[LimitedDatabase]
) -> Iterable[LimitedDatabase]:
    by_name = {database.name: database for database in found}
    for database in declared:
        other = by_name.get(database.name)
        keep = database.limit is not None or other is None
        yield database if keep or other is None else replace(database, limit=other.limit)
    names = {database.name for database in declared}
    yield from (database for database in found if database.name not in names)
