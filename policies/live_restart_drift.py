# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG604: a change of the server's configuration waits for a restart."""

from __future__ import annotations

from connguard.policies.model.live_facts import LivePendingRestart
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG604",
    name="live-restart-drift",
    severity=Severity.WARNING,
    about=LivePendingRestart,
    condition=(
        "The server's configuration files hold another value than the one it runs with, and"
        " only a restart brings it into effect (pending_restart in pg_settings)."
    ),
    effect=(
        "The change does nothing now, and comes true at an unplanned restart: with a crash or a"
        " failover."
    ),
    fix=("Restart the server at a time of your choice, or take the change back."),
    prevents=(
        Failure.SERVER_SLOTS,
        Failure.REFUSED,
    ),
    references=("https://www.postgresql.org/docs/current/view-pg-settings.html",),
)


def decide(setting: LivePendingRestart) -> Verdict:
    return fail(
        f"{setting.server} runs with {setting.name} = {setting.running}; its configuration says"
        " something else, from the next restart on",
        setting.seen,
        related=setting.also,
    )
