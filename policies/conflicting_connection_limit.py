# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG008: a limit that parses but is refused when it is applied."""

from __future__ import annotations

from connguard.policies.model.facts import RefusedLimit
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG008",
    name="conflicting-connection-limit",
    severity=Severity.ERROR,
    about=RefusedLimit,
    condition=(
        "A statement gives CONNECTION LIMIT twice, or a limit below -1. The parser takes both; the"
        " server (and Terraform's provider) refuses them."
    ),
    effect=(
        "The statement fails when the migration runs. The role keeps the limit it had, often none,"
        " or is not created at all."
    ),
    fix="Write CONNECTION LIMIT once, with -1 or a number from 0 on.",
    prevents=(Failure.SERVER_SLOTS, Failure.ROLE_LIMIT),
    references=("https://www.postgresql.org/docs/current/sql-createrole.html",),
)


def decide(refused: RefusedLimit) -> Verdict:
    return fail(f"the limit of {refused.subject} is refused: {refused.reason}", refused.origin)
