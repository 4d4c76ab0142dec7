# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins the pools of code to the services that run the code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from connguard.budget.applications import is_default
from connguard.budget.code_pool import CodePool, Made
from connguard.budget.discovered import Project, ServiceFound
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, plus, unknown_amount
from connguard.policies.model.topology import Service


def with_code_pools(project: Project, pools: Sequence[CodePool]) -> Project:
    """The project with the sizes that code sets, where its deployment sets none.

    A service runs the code of the folder that it is built from, or else of the project's folder
    of its name. Pools of code that nothing deploys become services without known instances.
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
    services += _undeployed(project, [one for one in pools if id(one) not in taken])
    return replace(project, services=services)


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
    implied = is_default(one.service.pool)
    if not own or (one.service.pool.exact and not implied):
        return one
    size = _together([pool.made for pool in own], one.service.name)
    if implied:
        size = _either(one.service.pool, size)
    target = own[0].made.target if len(own) == 1 else None
    service = replace(
        one.service,
        pool=size,
        database=one.service.database or (target.database if target else None),
        user=one.service.user or (target.user if target else None),
    )
    return replace(one, service=service)


def _either(usual: Amount, made: Amount) -> Amount:
    """The framework's own pool, or that which code makes instead of it."""
    low, high = min(usual.low, made.low), max(usual.high, made.high)
    reason = made.reason or "whether this pool takes the place of the framework's own"
    return replace(made, low=low, high=high, reason=reason if low < high else "")


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


def _undeployed(project: Project, pools: Sequence[CodePool]) -> list[ServiceFound]:
    """Code that names one of the project's servers or poolers as its host, but is not deployed."""
    hosts = {name for server in project.servers for name in server.hosts}
    hosts |= {name for run in project.pooler_runs for name in run.hosts}
    hosts |= {name for ready in project.poolers for name in ready.hosts}
    known = {one.service.name for one in project.services}
    groups: dict[tuple[Path, str, str | None, str | None], list[CodePool]] = {}
    for pool in pools:
        target = pool.made.target
        if target is not None and target.host in hosts:
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
