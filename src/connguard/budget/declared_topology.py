# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology of a settings file: what it declares, and what was found where that ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from connguard.budget import pgbouncer_ini
from connguard.budget.contradictions import contradictions
from connguard.budget.declared import Declared, DeclaredPooler, DeclaredServer, read
from connguard.budget.found import Found, ServerParts, Stack, found_stacks, unknown_pooler
from connguard.budget.pgbouncer import Deployment, to_pooler
from connguard.budget.server import formula, settings_of
from connguard.budget.server_facts import with_altered
from connguard.budget.session_code import Runner, with_uses
from connguard.budget.systemd import UnitLimit, limit_of
from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.pools import find_entry
from connguard.policies.model.reading import Notes
from connguard.policies.model.topology import (
    LimitedDatabase,
    LimitedRole,
    Pooler,
    Server,
    Service,
    Topology,
)


def declared_stack(found: Found, context: Context) -> Stack | None:
    """The declared topology, with what was found in the place of what it leaves open.

    None where the settings declare none. Raises SettingsError.
    """
    declared = read(context)
    if declared is None:
        return None
    gaps: list[NotParsed] = []
    names: set[str] = {declared.file.name} if declared.file else set()
    discovered = [one for one in found_stacks(found, context) if not one.variant]
    notes = [note for stack in discovered for note in stack.notes]
    discovered = [stack for stack in discovered if not stack.beyond]
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
    services = _with_code(services, declared, other, poolers, context, gaps, names, notes)
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
    gaps: list[NotParsed],
    names: set[str],
    notes: list[Notes],
) -> list[Service]:
    """The services with what the code of those that are declared needs of a session."""
    own = {service.name for service in declared.services}
    runners = [Runner(one, declared.sources.get(one.name)) for one in services if one.name in own]
    found = with_uses(runners, (), poolers, context.settings.base, context)
    gaps.extend(found.gaps)
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
    deployment = Deployment(
        one.name,
        one.instances,
        one.version,
        one.auth_file,
        open_files,
        counted=one.instances.origin is not None,
    )
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
