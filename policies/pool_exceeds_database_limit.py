# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG102: pools and direct connections exceed a database's connection limit."""

from __future__ import annotations

from connguard.policies.model.explain import enough, judge
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import DatabaseUsage
from connguard.policies.model.verdict import Severity, Verdict

POLICY = Policy(
    id="PG102",
    name="pool-exceeds-database-limit",
    severity=Severity.ERROR,
    about=DatabaseUsage,
    condition=(
        "All pools and direct connections to a database, of all roles and through all of the"
        " pooler's names for it, can open more connections than its CONNECTION LIMIT."
    ),
    effect="Under load the server refuses further connections to the database with 53300.",
    fix="Raise the database's CONNECTION LIMIT above the sum, or lower the pools.",
    prevents=(Failure.DATABASE_LIMIT, Failure.TIMEOUT),
    references=(
        "https://www.postgresql.org/docs/current/sql-createdatabase.html",
        "https://www.pgbouncer.org/config.html",
    ),
)


def decide(usage: DatabaseUsage) -> Verdict:
    limit = usage.limit
    return judge(
        usage,
        f'database "{usage.name}" has a limit of {limit}',
        f"connection {limit.high + 1 if limit else ''} is refused:"
        " too many connections for database",
        f'ALTER DATABASE "{usage.name}" CONNECTION LIMIT {enough(usage.demand, 1)};',
    )
