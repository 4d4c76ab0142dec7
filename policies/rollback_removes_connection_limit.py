# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG009: a rollback takes a connection limit away."""

from __future__ import annotations

from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.statement_facts import RemovedLimit
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG009",
    name="rollback-removes-connection-limit",
    severity=Severity.NOTE,
    about=RemovedLimit,
    condition=(
        "The rollback of a migration leaves a role or database with CONNECTION LIMIT -1."
        " Rollbacks make no part of the state that the other policies judge."
    ),
    effect=(
        "A migration is rolled back when something already goes wrong; from then on one client can"
        " take every connection of the server."
    ),
    fix="Write the limit that held before the migration, or leave the limit out of the rollback.",
    prevents=(Failure.SERVER_SLOTS,),
    references=("https://www.postgresql.org/docs/current/sql-alterrole.html",),
)


def decide(removed: RemovedLimit) -> Verdict:
    return fail(f"the rollback leaves {removed.subject} without a limit", removed.origin)
