# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG005: a limit written straight into a system catalog."""

from __future__ import annotations

from connguard.policies.model.facts import CatalogWrite
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG005",
    name="connection-limit-written-to-catalog",
    severity=Severity.ERROR,
    about=CatalogWrite,
    condition="A statement writes pg_authid.rolconnlimit or pg_database.datconnlimit.",
    effect=(
        "The write bypasses the checks of ALTER ROLE and ALTER DATABASE: it can set limits for all"
        " roles at once, and values that the server would refuse. Review by name misses it."
    ),
    fix="Use ALTER ROLE … CONNECTION LIMIT or ALTER DATABASE … CONNECTION LIMIT, one per name.",
    prevents=(Failure.ROLE_LIMIT, Failure.DATABASE_LIMIT, Failure.SERVER_SLOTS),
    references=(
        "https://www.postgresql.org/docs/current/catalog-pg-authid.html",
        "https://www.postgresql.org/docs/current/catalog-pg-database.html",
    ),
)


def decide(write: CatalogWrite) -> Verdict:
    return fail(f"{write.table}.{write.column} is written directly", write.origin)
