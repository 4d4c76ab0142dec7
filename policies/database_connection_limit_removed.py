# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG004: a database whose limit is lifted explicitly."""

from __future__ import annotations

from connguard.policies.model.facts import UNLIMITED, Database
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG004",
    name="database-connection-limit-removed",
    severity=Severity.WARNING,
    about=Database,
    condition=(
        "A connection limit of -1 is written out for a database. A database without any limit is"
        " the normal case and is not reported."
    ),
    effect=(
        "The clients of this database can take every connection slot of the server, and the other"
        " databases on it are refused with 53300."
    ),
    fix="Set a limit that leaves room for the other databases, or do not mention the limit.",
    prevents=(Failure.SERVER_SLOTS,),
    references=(
        "https://www.postgresql.org/docs/current/sql-alterdatabase.html",
        "https://www.postgresql.org/docs/current/sql-createdatabase.html",
    ),
)


def decide(database: Database) -> Verdict:
    limit = database.connection_limit
    if isinstance(limit, Unknown):
        return undecided(f'the connection limit of database "{database.name}"', limit)
    if limit is None or limit.value != UNLIMITED:
        return PASS
    return fail(
        f'database "{database.name}" has no connection limit: it is set to -1',
        limit.origin,
        related=database.history,
    )
