# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG601: a role's connection limit is another one on the server than in the files."""

from __future__ import annotations

from connguard.policies.model.live_facts import LiveRoleLimit, compare, less_than_written
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict

POLICY = Policy(
    id="PG601",
    name="live-role-limit-drift",
    severity=Severity.WARNING,
    about=LiveRoleLimit,
    condition=(
        "A role has another connection limit on the live server than migrations and Terraform"
        " leave it with, or does not exist there."
    ),
    effect=(
        "The wall is not where the files, and every budget computed from them, say: the server"
        " refuses connections earlier, or nothing stops a leak."
    ),
    fix=("Run the migration on the server, or write a migration for what was changed by hand."),
    prevents=(
        Failure.ROLE_LIMIT,
        Failure.SERVER_SLOTS,
    ),
    references=("https://www.postgresql.org/docs/current/view-pg-roles.html",),
)


def decide(limit: LiveRoleLimit) -> Verdict:
    return compare(limit, severity=less_than_written(limit))
