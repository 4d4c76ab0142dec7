# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG607: a setting of PgBouncer is another one than in pgbouncer.ini."""

from __future__ import annotations

from connguard.policies.model.live_facts import LivePoolerSetting, compare
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict

POLICY = Policy(
    id="PG607",
    name="live-pooler-setting-drift",
    severity=Severity.WARNING,
    about=LivePoolerSetting,
    condition=(
        "SHOW CONFIG of the live PgBouncer has another value than pgbouncer.ini in the files,"
        " or, where the file is silent, than PgBouncer's default."
    ),
    effect=(
        "Pools are larger or smaller than the connection budget computed from the file says;"
        " after the next restart the file holds again."
    ),
    fix=(
        "RELOAD PgBouncer with the file (some settings need a restart), or write the value of"
        " SET into the file."
    ),
    prevents=(
        Failure.ROLE_LIMIT,
        Failure.SERVER_SLOTS,
        Failure.TIMEOUT,
    ),
    references=("https://www.pgbouncer.org/usage.html#admin-console",),
)


def decide(setting: LivePoolerSetting) -> Verdict:
    return compare(setting)
