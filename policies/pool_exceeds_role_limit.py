# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG101: pools and direct connections exceed a role's connection limit."""

from __future__ import annotations

from connguard.policies.model.explain import enough, judge
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import RoleUsage
from connguard.policies.model.verdict import Severity, Verdict

POLICY = Policy(
    id="PG101",
    name="pool-exceeds-role-limit",
    severity=Severity.ERROR,
    about=RoleUsage,
    condition=(
        "All pools and direct connections of a role, in all pooler processes together, can open"
        " more connections than the role's CONNECTION LIMIT."
    ),
    effect=(
        "Under load the server refuses the pool's next connection with 53300. Clients of a warm"
        " pool see nothing but waiting, until query_wait_timeout ends them."
    ),
    fix=(
        "Raise the role's CONNECTION LIMIT to pools + reserve + direct connections + 1, or lower"
        " the pools. The limit is the larger number of the two, not the smaller one."
    ),
    prevents=(Failure.ROLE_LIMIT, Failure.TIMEOUT),
    references=(
        "https://www.postgresql.org/docs/current/sql-createrole.html",
        "https://www.pgbouncer.org/config.html",
    ),
)


def decide(usage: RoleUsage) -> Verdict:
    limit = usage.limit
    return judge(
        usage,
        f'role "{usage.name}" has a limit of {limit}',
        f"connection {limit.high + 1 if limit else ''} is refused: too many connections for role",
        f'ALTER ROLE "{usage.name}" CONNECTION LIMIT {enough(usage.demand, 1)};',
    )
