# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What-if questions: `--set service.web.instances=8` changes one number of a topology."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar

from connguard.policies.model.amount import UNBOUNDED, Amount, exactly
from connguard.policies.model.budget_model import (
    POOLER_SETTINGS,
    SERVER_SETTINGS,
    SERVICE_SETTINGS,
)
from connguard.policies.model.facts import UNLIMITED
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import (
    Headroom,
    LimitedDatabase,
    LimitedRole,
    Pooler,
    Service,
    Topology,
)
from connguard.policies.model.whole_numbers import whole

Named = TypeVar("Named", Service, Pooler, LimitedRole, LimitedDatabase)


@dataclass(frozen=True, slots=True)
class Override:
    """`path` and the value of one `--set`."""

    path: tuple[str, ...]
    value: int

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}={self.value}"


def parse(text: str) -> Override:
    """An override such as `server.max_connections=200`. Raises ValueError."""
    left, equals, right = text.partition("=")
    kind, _, rest = left.strip().partition(".")
    name, _, key = rest.rpartition(".")
    path = (kind, name, key) if name else (kind, key)
    try:
        value = whole(right)
    except ValueError:
        value = -2
    if not equals or not key or value < UNLIMITED:
        raise ValueError(f"--set {text}: expected something like service.web.instances=8")
    return Override(path, value)


def apply(topology: Topology, overrides: Iterable[Override]) -> Topology:
    """The topology with these numbers instead. Raises ValueError for a name that is not there."""
    for override in overrides:
        topology = _apply(topology, override)
    return topology


def _apply(topology: Topology, override: Override) -> Topology:
    match override.path:
        case ("server", key) if key in SERVER_SETTINGS and topology.server is not None:
            changed = _set(topology.server, SERVER_SETTINGS[key], override)
            return replace(topology, server=changed)
        case ("service", name, key) if key in SERVICE_SETTINGS:
            found = _change(topology.services, name, lambda one: _set(one, key, override))
            return replace(topology, services=found)
        case ("pooler", name, key) if key in POOLER_SETTINGS:
            found_poolers = _change(topology.poolers, name, lambda one: _set(one, key, override))
            return replace(topology, poolers=found_poolers)
        case ("role", name, "connection_limit" | "limit"):
            roles = topology.roles
            if not any(role.name == name for role in roles):
                roles = (*roles, LimitedRole(name, None))
            found_roles = _change(roles, name, lambda one: _set(one, "limit", override))
            return replace(topology, roles=found_roles)
        case ("database", name, "connection_limit" | "limit"):
            databases = topology.databases
            if not any(database.name == name for database in databases):
                databases = (*databases, LimitedDatabase(name, None))
            found_databases = _change(databases, name, lambda one: _set(one, "limit", override))
            return replace(topology, databases=found_databases)
        case ("headroom", "admin"):
            admin = exactly(override.value, "headroom")
            return replace(topology, headroom=Headroom(admin, topology.headroom.recycling))
    raise ValueError(f"--set {override}: there is no such number in this topology")


def _change(
    items: tuple[Named, ...], name: str, change: Callable[[Named], Named]
) -> tuple[Named, ...]:
    if not any(item.name == name for item in items):
        names = ", ".join(item.name for item in items) or "none"
        raise ValueError(f'--set: "{name}" is not there; known: {names}')
    return tuple(change(item) if item.name == name else item for item in items)


def _set(item: Any, key: str, override: Override) -> Any:
    """The item with one number replaced; the origin stays, so that findings have a place."""
    old = next(getattr(item, one.name) for one in fields(item) if one.name == key)
    value = UNBOUNDED if override.value == UNLIMITED else override.value
    origin = old.origin if isinstance(old, Amount) else getattr(item, "origin", None)
    name = old.name if isinstance(old, Amount) else "connection limit"
    return replace(item, **{key: exactly(value, f"{name} (--set)", origin)})
