# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG509: a line of the configuration that has no effect."""

from __future__ import annotations

from connguard.policies.model.origin import Related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.setting_facts import OverriddenSetting
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG509",
    name="server-setting-overridden",
    severity=Severity.NOTE,
    about=OverriddenSetting,
    condition=(
        "The same file sets the same name again further down, to another value, or"
        " postgresql.auto.conf does: the last one counts. (An included file that overrides another"
        " is as it should be)."
    ),
    effect="Whoever changes the first line changes nothing.",
    fix="Delete the line that does not count.",
    prevents=(Failure.SERVER_SLOTS, Failure.EXPOSED),
    references=("https://www.postgresql.org/docs/current/config-setting.html",),
)


def decide(line: OverriddenSetting) -> Verdict:
    return fail(
        f"this line has no effect: {line.name} is set again",
        line.origin,
        related=(Related("this one counts", line.by),),
    )
