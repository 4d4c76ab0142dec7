# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins the pools of code to the services that run the code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from connguard.budget.code_pool import CodePool, Made
from connguard.budget.discovered import Project, ServiceFound
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, plus, unknown_amount
from connguard.policies.model.topology import Service


def with_code_pools(project: Project, pools: Sequence[CodePool]) -> Project:
    """The project with the sizes that code sets, where its deployment sets none.

    A service runs the code of the folder that it is built from, or else of the project's folder
    of its name. Code that names a host is that of what is built from its folder, if that is one
    thing; if nothing is, it becomes a service without known instances.
    """
    if not pools:
        return project
    folders = {one.source for one in project.services if one.source is not None}
    services: list[ServiceFound] = []
    taken: set[int] = set()
    for one in project.services:
        own = _of_service(one, pools, folders, project.folder)
        taken.update(id(pool) for pool in own)
        services.append(_sized(one, own))
    hosts = _hosts(project)
    named = [
        pool
        for pool in pools
        if id(pool) not in taken and pool.made.target is not None and pool.made.target.host in hosts
    ]
    speaking, rest = _speaking(project, named)
    services += speaking
    sources = {one.source for one in speaking}
    services += _undeployed({one.service.name for one in services}, rest)
    return replace(
        project,
        services=services,
        unclear=[folder for folder in project.unclear if folder not in sources],
        silent=[one for one in project.silent if one.source not in sources],
    )


def only_runner(folder: Path, project: Project) -> ServiceFound | None:
    """What is built from the nearest folder above, if it alone is, and says not how it connects."""
    every = [*project.services, *project.silent]
    nearest = _nearest(folder / "file", {one.source for one in every if one.source is not None})
    built = [one for one in every if nearest is not None and one.source == nearest]
    return built[0] if len(built) == 1 and built[0] in project.silent else None


def _hosts(project: Project) -> set[str]:
    hosts = {name for server in project.servers for name in server.hosts}
    hosts |= {name for run in project.pooler_runs for name in run.hosts}
    return hosts | {name for ready in project.poolers for name in ready.hosts}


def _speaking(
    project: Project, pools: Sequence[CodePool]
) -> tuple[list[ServiceFound], list[CodePool]]:
    """What is silent about its connections, but whose code is not; and the other pools."""
    groups: dict[tuple[str, str], tuple[ServiceFound, list[CodePool]]] = {}
    rest = []
    for pool in pools:
        one, target = only_runner(pool.file.parent, project), pool.made.target
        if one is None or target is None or target.host is None:
            rest.append(pool)
        else:
            groups.setdefault((one.service.name, target.host), (one, []))[1].append(pool)
    found: dict[str, ServiceFound] = {}
    for (name, host), (one, group) in groups.items():
        named = replace(one.service, name=f"{name} ({host})" if name in found else name)
        targets = [pool.made.target for pool in group if pool.made.target is not None]
        databases, users = ({one.database for one in targets}, {one.user for one in targets})
        service = replace(
            named,
            pool=_together([pool.made for pool in group], named.name),
            database=databases.pop() if len(databases) == 1 else None,
            user=users.pop() if len(users) == 1 else None,
            database_origin=group[0].made.origin,
        )
        found[service.name] = replace(one, service=service, host=host)
    return list(found.values()), rest


def _of_service(
    one: ServiceFound, pools: Sequence[CodePool], folders: set[Path], base: Path
) -> list[CodePool]:
    if one.source is not None:
        return [
            pool
            for pool in pools
            if _nearest(pool.file, folders) == one.source and not _elsewhere(pool, one)
        ]
    return [
        pool
        for pool in pools
        if pool.project.name == one.service.name
        and _nearest(pool.file, folders) is None
        and pool.file.is_relative_to(base)
        and not _elsewhere(pool, one)
    ]


def _nearest(file: Path, folders: set[Path]) -> Path | None:
    return next((folder for folder in file.parents if folder in folders), None)


def _elsewhere(pool: CodePool, one: ServiceFound) -> bool:
    """Whether the code names another database than the service uses."""
    target = pool.made.target
    database = target.database if target else None
    return bool(database and one.service.database and database != one.service.database)


def _sized(one: ServiceFound, own: Sequence[CodePool]) -> ServiceFound:
    if not own or one.service.pool.exact:
        return one
    size = _together([pool.made for pool in own], one.service.name)
    target = own[0].made.target if len(own) == 1 else None
    service = replace(
        one.service,
        pool=size,
        database=one.service.database or (target.database if target else None),
        user=one.service.user or (target.user if target else None),
    )
    return replace(one, service=service)


def _together(pools: Iterable[Made], name: str) -> Amount:
    """One pool has its size; of several a process may make one, or all of them."""
    made = list(pools)
    explicit = {one.library for one in made if not one.implied}
    made = [one for one in made if not (one.implied and one.library in explicit)]
    label = f"pool of {name}"
    if len(made) == 1:
        return replace(made[0].size, name=f"{label} ({made[0].library})")
    total = plus(*(one.size for one in made))
    places = ", ".join(str(one.origin) for one in made)
    largest = max(made, key=lambda one: one.size.high)
    return Amount(
        min(one.size.low for one in made),
        min(total.high, UNBOUNDED),
        label,
        largest.size.origin or largest.origin,
        total.reason or f"which of the pools at {places} a process makes",
    )


def _undeployed(known: set[str], pools: Sequence[CodePool]) -> list[ServiceFound]:
    """Code that names one of the project's servers or poolers as its host, but is not deployed."""
    groups: dict[tuple[Path, str, str | None, str | None], list[CodePool]] = {}
    for pool in pools:
        target = pool.made.target
        if target is not None and target.host is not None:
            key = (pool.project, target.host, target.database, target.user)
            groups.setdefault(key, []).append(pool)
    found = []
    for (folder, host, database, user), group in groups.items():
        name = folder.name or "application"
        if name in known:
            continue
        known.add(name)
        origin = group[0].made.origin
        reason = f"how many instances of {name} run"
        service = Service(
            name=name,
            origin=origin,
            instances=unknown_amount(f"instances of {name}", reason, origin),
            pool=_together([one.made for one in group], name),
            pooler=None,
            database=database,
            user=user,
            processes=exactly(1, f"processes of {name}"),
            database_origin=origin,
        )
        found.append(ServiceFound(service, host))
    return found
