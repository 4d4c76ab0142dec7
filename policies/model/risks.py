# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""What can exceed the budget's numbers: separate, and less severe, than a demand."""

from __future__ import annotations

from connguard.policies.model.amount import UNBOUNDED, saturate
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import Pooler, Topology

KINDS = ("pgbouncer",)


@dataclass(frozen=True, slots=True)
class Risk:
    """`connections` is how many more there may be for a moment; None if that has no bound."""

    name: str
    subject: str
    connections: int | None
    message: str


def risks(topology: Topology) -> tuple[Risk, ...]:
    """The risks of a topology's poolers."""
    found = []
    for pooler in topology.poolers:
        if pooler.kind in KINDS:
            found.append(_cancel_requests(pooler))
            found.append(_abandoned_queries(pooler))
    return tuple(found)


def _cancel_requests(pooler: Pooler) -> Risk:
    """PgBouncer opens up to 2 × pool_size sockets while cancel requests wait (src/objects.c)."""
    size = max(
        [(entry.pool_size or pooler.default_pool_size).high for entry in pooler.entries] or [0]
    )
    more = saturate(size * pooler.instances.high)
    return Risk(
        "cancel-requests",
        pooler.name,
        more if more < UNBOUNDED else None,
        f"cancel requests let each pool of {pooler.name} open up to twice its size in sockets,"
        " past all caps; they count against no limit of the server, only against open files",
    )


def _abandoned_queries(pooler: Pooler) -> Risk:
    return Risk(
        "abandoned-queries",
        pooler.name,
        None,
        f"a client of {pooler.name} that breaks off in mid-query leaves its backend running while"
        " another one is opened, unless client_connection_check_interval is set (PostgreSQL 14)",
    )
