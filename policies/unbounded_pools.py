# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG110: nothing in the pooler's settings bounds the number of its pools."""

from __future__ import annotations

from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import PoolerUsage
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG110",
    name="unbounded-pools",
    severity=Severity.WARNING,
    about=PoolerUsage,
    condition=(
        "A pooler opens a pool for every database name (`*`) or for every user that comes"
        " (auth_query, or a list of users that is not in the repository), or pools have no size"
        " limit (0, from PgBouncer 1.24 on), and no cap holds over them."
    ),
    effect="One more database or user opens a whole pool more, until the server's slots are gone.",
    fix=(
        "Force one user for the entry (user=…), name the databases, set max_db_connections or"
        " max_user_connections, or declare the services in connguard.toml."
    ),
    prevents=(Failure.SERVER_SLOTS,),
    references=("https://www.pgbouncer.org/config.html",),
)


def decide(pooler: PoolerUsage) -> Verdict:
    size = pooler.default_pool_size
    if size.exact and size.low == 0 and size.origin is not None and pooler.zero_is_unlimited:
        return fail(f"pools of {pooler.name} have no size limit: {size.name} is 0", size.origin)
    if pooler.bounded:
        return PASS
    for place, what in (
        (pooler.any_name, "database name that a client asks for"),
        (pooler.any_user, "user that comes"),
    ):
        if place is not None:
            return fail(
                f"{pooler.name} opens a pool of up to {size} connections for every {what}", place
            )
    return PASS
