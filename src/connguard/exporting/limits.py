# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits and demands that the connection budget knows, for exports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connguard.budget.run import Run
from connguard.policies.model.amount import Amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.policies.model.usage import Usage


@dataclass(frozen=True, slots=True)
class Wall:
    """A role, a database or a server, whose connections are limited.

    `limit` is None where the files do not tell it; `demand` is the most that the budget says is
    asked for, None where that is not bounded. The origins are places as `file:line`.
    """

    name: str
    limit: int | None
    limit_from: str
    demand: int | None
    demand_from: str


@dataclass(frozen=True, slots=True)
class Walls:
    """What an export is made of. `warning` and `critical` are fractions of a limit.

    `server` has one entry per stack, named after the place of the stack.
    """

    roles: Sequence[Wall] = ()
    databases: Sequence[Wall] = ()
    servers: Sequence[Wall] = ()
    warning: float = 0.8
    critical: float = 0.95
    notes: Sequence[str] = ()


def walls(done: Run, warning: float, critical: float) -> Walls:
    """The walls of all stacks of a budget; of a name that is in several, the narrowest.

    `notes` say what the files leave open, and what was done about it.
    """
    budgets = [budget for _, budget in done.stacks]
    roles = [usage for budget in budgets for usage in budget.roles]
    databases = [usage for budget in budgets for usage in budget.databases]
    servers = [budget.server for budget in budgets if budget.server is not None]
    notes = [*_notes("role", roles), *_notes("database", databases)]
    if len(servers) > 1:
        notes.append("several servers are described: their slots are taken from the metrics")
    if done.report.not_parsed:
        count = len(done.report.not_parsed)
        notes.append(f"{count} parts of the files could not be read: connguard budget shows them")
    return Walls(
        roles=_narrowest(roles),
        databases=_narrowest(databases),
        servers=_narrowest(servers),
        warning=warning,
        critical=critical,
        notes=notes,
    )


def _notes(kind: str, usages: Iterable[Usage]) -> Iterator[str]:
    limits: dict[str, set[int]] = {}
    for usage in usages:
        limit = usage.limit
        if limit is None or usage.ignored:
            continue
        if not limit.exact:
            yield (
                f'the limit of {kind} "{usage.name}" is not known ({limit.reason}): its alerts'
                " take the server's"
            )
        limits.setdefault(usage.name, set()).add(limit.low)
    for name, found in limits.items():
        if len(found) > 1:
            yield f'{kind} "{name}" has several limits, one per server: the lowest is used for all'


def _narrowest(usages: Iterable[Usage]) -> tuple[Wall, ...]:
    found: dict[str, Wall] = {}
    for usage in usages:
        wall = _wall(usage)
        other = found.get(usage.name)
        found[usage.name] = wall if other is None else _narrower(other, wall)
    return tuple(found[name] for name in sorted(found))


def _narrower(one: Wall, other: Wall) -> Wall:
    by_limit = min(one, other, key=lambda wall: _or_infinite(wall.limit))
    by_demand = max(one, other, key=lambda wall: _or_infinite(wall.demand))
    return Wall(
        one.name, by_limit.limit, by_limit.limit_from, by_demand.demand, by_demand.demand_from
    )


def _or_infinite(number: int | None) -> float:
    return float("inf") if number is None else number


def _wall(usage: Usage) -> Wall:
    limit, demand = usage.limit, usage.demand
    # A limit that does not hold (a superuser's) is no wall.
    known = limit is not None and limit.exact and limit.bounded and not usage.ignored
    return Wall(
        name=usage.name,
        limit=limit.low if limit is not None and known else None,
        limit_from=_place(limit, usage.origin) if limit is not None and known else "",
        # Where nothing is known to connect, the budget says nothing.
        demand=demand.high if demand.bounded and demand.high else None,
        demand_from=str(usage.uses[0].settings[0].origin or "")
        if usage.uses and usage.uses[0].settings
        else "",
    )


def _place(amount: Amount, otherwise: Origin) -> str:
    return str(amount.origin or otherwise)
