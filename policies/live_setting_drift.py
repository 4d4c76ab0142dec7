# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG603: a setting of the server is another one than in the files."""

from __future__ import annotations

from connguard.policies.model.live_facts import LiveSetting, compare
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict

POLICY = Policy(
    id="PG603",
    name="live-setting-drift",
    severity=Severity.WARNING,
    about=LiveSetting,
    condition=(
        "A setting that decides whether clients get in and stay (slots, reserves, time-outs,"
        " TLS, listen_addresses) has another value on the live server than the files give it."
    ),
    effect=(
        "What was reviewed is not what runs. Fewer slots than written, or a time-out that is"
        " off, show in the next outage only."
    ),
    fix=(
        "Load the files on the server (reload, or restart where the setting needs it), or write"
        " down what was changed there: look at postgresql.auto.conf and at ALTER ROLE … SET."
    ),
    prevents=(
        Failure.SERVER_SLOTS,
        Failure.REFUSED,
        Failure.LOST,
        Failure.TIMEOUT,
    ),
    references=("https://www.postgresql.org/docs/current/view-pg-settings.html",),
)


def decide(setting: LiveSetting) -> Verdict:
    return compare(setting)
