# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG109: a pool is larger than a cap over it."""

from __future__ import annotations

from connguard.policies.model.amount import Amount, related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import PoolUsage
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG109",
    name="pool-cannot-fill",
    severity=Severity.WARNING,
    about=PoolUsage,
    condition=(
        "A pool's size that is written out is more than max_db_connections, max_user_connections or"
        " the server's slots allow, or min_pool_size is more than the pool's size."
    ),
    effect=(
        "The pool never gets as large as its setting says, and pools under one cap close each"
        " other's idle connections. Whoever sizes services by the setting is wrong."
    ),
    fix="Make the pool at most as large as the caps over it.",
    prevents=(Failure.TIMEOUT,),
    references=("https://www.pgbouncer.org/config.html",),
)


def decide(pool: PoolUsage) -> Verdict:
    if pool.size.high > 0 and pool.minimum.low > pool.size.high:
        text = f"{pool.label} is to keep {pool.minimum} connections"
        return _too_large(text, pool.minimum, pool.size)
    for cap in (pool.name_cap, pool.user_cap, pool.server_slots):
        if cap is not None and pool.size.origin is not None and pool.size.low > cap.high:
            name = cap.name or "the number of server slots"
            return _too_large(f"{pool.label} may have {pool.size}", pool.size, cap, name)
    return PASS


def _too_large(text: str, size: Amount, cap: Amount, name: str = "") -> Verdict:
    where = size.origin or cap.origin
    if where is None:
        return PASS
    return fail(
        f"{text}, but {name or cap.name} is {cap}",
        where,
        related=tuple(one for one in related((cap,)) if one.origin != where),
        fix=f"at most {cap}",
    )
