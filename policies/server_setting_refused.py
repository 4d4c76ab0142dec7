# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG508: a line of the configuration that the server refuses."""

from __future__ import annotations

from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.setting_facts import RefusedSetting
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG508",
    name="server-setting-refused",
    severity=Severity.ERROR,
    about=RefusedSetting,
    condition="A line of postgresql.conf has a syntax error, an unknown name or an invalid value.",
    effect=(
        "A server that starts stops with a FATAL error; one that reloads leaves the setting, or"
        " after a syntax error all of them, as it was."
    ),
    fix="Mend the line; SELECT * FROM pg_file_settings shows the error before a reload.",
    prevents=(Failure.REFUSED,),
    references=("https://www.postgresql.org/docs/current/view-pg-file-settings.html",),
)


def decide(line: RefusedSetting) -> Verdict:
    return fail(f"the server refuses this line: {line.reason}", line.origin, related=line.related)
