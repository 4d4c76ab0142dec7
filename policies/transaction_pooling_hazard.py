# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG112: a service needs a session, and the pooler gives it transactions."""

from __future__ import annotations

from connguard.policies.model.origin import Related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.topology import (
    ADVISORY_LOCKS,
    HOLDABLE_CURSORS,
    LISTEN,
    PREPARED_STATEMENTS,
    SESSION_SETTINGS,
    SQL_PREPARE,
    TEMPORARY_TABLES,
)
from connguard.policies.model.usage import SessionFeature
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, unknown

POLICY = Policy(
    id="PG112",
    name="transaction-pooling-hazard",
    severity=Severity.ERROR,
    about=SessionFeature,
    condition=(
        "A service uses LISTEN, session-level advisory locks, SET without LOCAL, PREPARE in SQL,"
        " temporary tables or cursors WITH HOLD through a pool in transaction or statement mode, or"
        " prepared statements of its driver through one that does not track them (PgBouncer before"
        " 1.21, and before 1.24 without max_prepared_statements). Code counts only for a service of"
        " which it is certain that it connects through the pool, and in no other way."
    ),
    effect=(
        "The next transaction runs on another server connection: prepared statements do not exist"
        " or exist already (26000, 42P05), notifications and locks are lost or stay for others."
    ),
    fix="Connect directly or through a session pool, or do without the feature.",
    prevents=(Failure.LOST,),
    references=(
        "https://www.pgbouncer.org/features.html",
        "https://www.pgbouncer.org/config.html",
    ),
)


_WORDS = {
    LISTEN: "LISTEN",
    ADVISORY_LOCKS: "session-level advisory locks",
    SESSION_SETTINGS: "SET without LOCAL",
    SQL_PREPARE: "PREPARE in SQL",
    HOLDABLE_CURSORS: "a cursor WITH HOLD",
}
_FIXES = {
    LISTEN: "listen on a connection of its own, which goes to the server or to a session pool",
    ADVISORY_LOCKS: "pg_advisory_xact_lock, or take the lock on a direct connection",
    SESSION_SETTINGS: "SET LOCAL in the transaction that needs it, or ALTER ROLE … SET for all",
    SQL_PREPARE: "let the driver prepare statements, with a pooler that tracks them",
    TEMPORARY_TABLES: "CREATE TEMPORARY TABLE … ON COMMIT DROP, used in the same transaction",
    HOLDABLE_CURSORS: "read the cursor in one transaction, without WITH HOLD",
}


def decide(use: SessionFeature) -> Verdict:
    if use.mode not in ("transaction", "statement"):
        return PASS
    what = _WORDS.get(use.feature, use.feature.replace("-", " "))
    text = f"{use.service} uses {what} through {use.pooler} in {use.mode} mode"
    place = (Related(f"{use.pooler} pools {use.mode}s", use.pooler_origin),)
    if use.feature != PREPARED_STATEMENTS:
        severity = Severity.WARNING if use.feature == TEMPORARY_TABLES else None
        return fail(text, use.origin, related=place, severity=severity, fix=_FIXES.get(use.feature))
    if use.prepares is None:
        return unknown(f"{text}: its version decides whether they work", use.origin)
    if use.prepares:
        return PASS
    return fail(
        f"{text}, which does not track them",
        use.origin,
        related=place,
        fix="set max_prepared_statements (PgBouncer 1.21 or newer), or turn them off in the driver",
    )
