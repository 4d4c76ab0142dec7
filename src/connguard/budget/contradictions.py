# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what is declared with what stands in the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connguard.budget.declared import Declared
from connguard.policies.model.amount import Amount
from connguard.policies.model.topology import LimitedRole, Server, Topology
from connguard.policies.model.usage import Contradiction


def contradictions(
    declared: Declared,
    found: Topology | None,
    configured: Server | None,
    roles: Sequence[LimitedRole],
) -> Iterable[Contradiction]:
    """Declared numbers that the files state, too; whether they differ is the policy's question.

    `configured` is the server as its own files describe it. Only numbers that both sides write
    out are compared: a default contradicts nothing.
    """
    pairs: list[tuple[str, Amount | None, Amount | None]] = []
    if found is not None:
        services = {service.name: service for service in found.services}
        for service in declared.services:
            other = services.get(service.name)
            if other is not None:
                pairs.append((f"instances of {service.name}", service.instances, other.instances))
                pairs.append((f"processes of {service.name}", service.processes, other.processes))
                pairs.append((f"pool of {service.name}", service.pool, other.pool))
        poolers = {pooler.name: pooler for pooler in found.poolers}
        for pooler in declared.poolers:
            same = poolers.get(pooler.name)
            if same is not None:
                pairs.append((f"instances of {pooler.name}", pooler.instances, same.instances))
    if declared.server is not None and configured is not None:
        own = declared.server.settings
        pairs.append(("max_connections", own.get("max_connections"), configured.max_connections))
        pairs.append(
            (
                "superuser_reserved_connections",
                own.get("superuser_reserved_connections"),
                configured.superuser_reserved,
            )
        )
    limits = {role.name: role.limit for role in roles}
    for role in declared.roles:
        pairs.append((f"connection limit of {role.name}", role.limit, limits.get(role.name)))
    for what, one, two in pairs:
        if one is not None and two is not None and one.origin and two.origin:
            yield Contradiction(what, one, two, one.origin)
