# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG105: session pooling gives few server connections to many clients."""

from __future__ import annotations

from connguard.policies.model.amount import plus, related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import PoolUsage
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG105",
    name="session-pooling",
    severity=Severity.WARNING,
    about=PoolUsage,
    condition="A pool in session mode has more clients than server connections.",
    effect=(
        "A client keeps its server connection until it disconnects, and application pools do not"
        " disconnect: the clients that come late wait until query_wait_timeout ends them."
    ),
    fix="Use pool_mode = transaction, or make the pool as large as the services' pools.",
    prevents=(Failure.TIMEOUT,),
    references=("https://www.pgbouncer.org/features.html",),
)


def decide(pool: PoolUsage) -> Verdict:
    servers = plus(pool.size, pool.reserve)
    if pool.mode != "session" or not pool.services or pool.size.high <= 0:
        return PASS
    if pool.clients.low <= servers.high:
        return PASS
    where = pool.size.origin or pool.origin
    return fail(
        f"{pool.label} is in session mode: {pool.clients} clients share {servers} server"
        " connections, and whoever has one keeps it",
        where,
        related=tuple(one for one in related(pool.services) if one.origin != where),
    )
