# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG608: a database of PgBouncer is not as in pgbouncer.ini."""

from __future__ import annotations

from connguard.policies.model.live_facts import LivePoolerDatabase, compare
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict

POLICY = Policy(
    id="PG608",
    name="live-pooler-database-drift",
    severity=Severity.WARNING,
    about=LivePoolerDatabase,
    condition=(
        "SHOW DATABASES of the live PgBouncer differs from [databases] in pgbouncer.ini: a line"
        " is missing on one side, or a size, target, forced user or mode differs, or it is"
        " paused or disabled."
    ),
    effect=(
        "Clients reach another server, or none, and pools have other sizes than the connection"
        " budget says."
    ),
    fix=(
        "RELOAD PgBouncer with the file (RESUME or ENABLE a database that is paused or"
        " disabled), or take the change over into the file."
    ),
    prevents=(
        Failure.ROLE_LIMIT,
        Failure.DATABASE_LIMIT,
        Failure.TIMEOUT,
    ),
    references=("https://www.pgbouncer.org/usage.html#admin-console",),
)


def decide(parameter: LivePoolerDatabase) -> Verdict:
    return compare(parameter)
