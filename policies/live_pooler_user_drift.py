# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG609: a user of PgBouncer is not as in pgbouncer.ini."""

from __future__ import annotations

from connguard.policies.model.live_facts import LivePoolerUser, compare
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict

POLICY = Policy(
    id="PG609",
    name="live-pooler-user-drift",
    severity=Severity.WARNING,
    about=LivePoolerUser,
    condition=(
        "SHOW USERS of the live PgBouncer has another size, limit or mode for a user than"
        " [users] in pgbouncer.ini."
    ),
    effect=(
        "The user's pools are larger or smaller than the connection budget computed from the"
        " file says."
    ),
    fix=("RELOAD PgBouncer with the file, or take the change over into the file."),
    prevents=(
        Failure.ROLE_LIMIT,
        Failure.TIMEOUT,
    ),
    references=("https://www.pgbouncer.org/usage.html#admin-console",),
)


def decide(parameter: LivePoolerUser) -> Verdict:
    return compare(parameter)
