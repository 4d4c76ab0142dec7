# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG103: pools and direct connections exceed the server's slots."""

from __future__ import annotations

from connguard.policies.model.amount import related
from connguard.policies.model.explain import arithmetic, enough, fault, judge, settings
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import ServerUsage
from connguard.policies.model.verdict import Severity, Status, Verdict, fail

POLICY = Policy(
    id="PG103",
    name="pools-exceed-server-slots",
    severity=Severity.ERROR,
    about=ServerUsage,
    condition=(
        "All pools and direct connections together can open more connections than ordinary roles"
        " can use: max_connections less superuser_reserved_connections, reserved_connections and"
        " what a managed service keeps for itself."
    ),
    effect=(
        "Under load the server refuses whoever comes next, of any service: remaining connection"
        " slots are reserved, or too many clients already (53300)."
    ),
    fix="Lower pools or replicas, cap them with max_db_connections, or raise max_connections.",
    prevents=(Failure.SERVER_SLOTS, Failure.TIMEOUT),
    references=(
        "https://www.postgresql.org/docs/current/runtime-config-connection.html",
        "https://www.pgbouncer.org/config.html",
    ),
)


def decide(usage: ServerUsage) -> Verdict:
    verdict = judge(usage, f"the server has {usage.limit} slots for ordinary roles", "", "")
    if verdict.status is not Status.FAIL:
        return verdict
    limit = usage.limit.high if usage.limit else 0
    parts = " - ".join(str(amount) for amount in usage.settings)
    where = fault(usage)
    others = (*settings(usage), *related(usage.settings))
    return fail(
        f"{arithmetic(usage)}; the server has {usage.limit} slots for ordinary roles ({parts}):"
        f" connection {limit + 1} is refused",
        where,
        related=tuple(dict.fromkeys(one for one in others if one.origin != where)),
        fix=f"lower the sum to {max(0, limit)} or less, or raise max_connections to"
        f" {enough(usage.demand, sum(amount.high for amount in usage.settings[1:]))} or more",
    )
