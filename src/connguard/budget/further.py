# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Further pools of a service: for other databases than its first one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from connguard.budget import dsn
from connguard.budget.commands import Environment
from connguard.budget.discovered import FurtherPool, ServiceFound
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.patterns import lazily
from connguard.policies.model.whole_numbers import whole

_NOT_AT_RUN_TIME = lazily(r"(?i)TEST|SHADOW|MIGRAT")
_DIRECT = lazily(r"(?i)DIRECT|UNPOOLED|NON_?POOLING")
_PRISMA = ("connection_limit", "pgbouncer", "schema")


def further(
    one: ServiceFound, label: str, target: dsn.Target, pool: Amount, user: str | None = None
) -> ServiceFound:
    """The service once more, with another pool: it runs as often, and connects elsewhere.

    Where its host is not known it may be the first one's: all of the pool, or none of it.
    """
    name = f"{one.service.name} ({label})"
    if target.host is None and pool.low:
        reason = pool.reason or f"which server {name} connects to"
        pool = replace(pool, low=0, reason=reason)
    service = replace(
        one.service,
        name=name,
        pool=replace(pool, name=f"pool of {name}"),
        database=target.database,
        user=target.user or user,
        needs=(),
        timeouts=(),
        elsewhere=False,
        unprepared=False,
    )
    return ServiceFound(service, target.host or one.host, target.port)


def sized(pool: Amount, variable: str, environment: Environment) -> Amount:
    """The size that a variable of the environment sets, if it is there."""
    if variable not in environment:
        return pool
    text, place, known = environment[variable]
    if known and text.isdecimal():
        return exactly(whole(text), pool.name, place)
    return unknown_amount(pool.name, f"{variable} is set elsewhere", place)


def of_file(one: ServiceFound, pools: Iterable[FurtherPool]) -> Iterator[ServiceFound]:
    """The further pools of a file, with what the environment of the service says of them."""
    for each in pools:
        target = each.target
        if each.host_variable in one.environment:
            text, _, known = one.environment[each.host_variable]
            target = replace(target, host=text if known else None)
        pool = sized(each.pool, each.pool_variable, one.environment)
        url = next((name for name in each.urls if name in one.environment), None)
        if url is not None:
            text, place, known = one.environment[url]
            said = dsn.parse(text) if known else None
            target = said or dsn.Target(None, None, None, None)
            if said is not None and said.pool is not None:
                pool = exactly(said.pool, pool.name, place)
        yield further(one, each.label, target, pool, each.target.user)


def of_environment(one: ServiceFound) -> Iterator[ServiceFound]:
    """The pools of further connection strings that say how large they are.

    Only beside a first one that says so, too: where code decides, it decides about all of them.
    """
    found = {
        name: (text, target)
        for name, (text, _, known) in one.environment.items()
        if known and (target := dsn.parse(text)) is not None
    }
    first = next(
        (
            name
            for name, (_, target) in found.items()
            if one.environment[name][1] == one.service.database_origin and target.pool is not None
        ),
        None,
    )
    if first is None:
        return
    prisma = any(option in target.options for _, target in found.values() for option in _PRISMA)
    texts = {found[first][0]}
    places = {_place(found[first][1])}
    for name, (text, target) in found.items():
        if target.pool is None or target.host is None or text in texts:
            continue
        direct = _DIRECT.search(name) is not None
        if _NOT_AT_RUN_TIME.search(name) or (direct and prisma):  # Prisma migrates with it
            continue
        label = f"pool of {one.service.name} ({name})"
        pool = exactly(target.pool, label, one.environment[name][1])
        if direct or _place(target) in places:
            reason = f"whether {one.service.name} keeps a pool for {name}"
            pool = unknown_amount(label, reason, pool.origin, high=target.pool)
        texts.add(text)
        places.add(_place(target))
        yield further(one, name, target, pool)


def _place(target: dsn.Target) -> tuple[str | None, str | None]:
    return target.host, target.database
