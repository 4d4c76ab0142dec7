# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG502: statements may run for ever."""

from __future__ import annotations

from connguard.policies.model.effective_setting import EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import parse_integer
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG502",
    name="statement-timeout-disabled",
    severity=Severity.WARNING,
    about=EffectiveSetting,
    condition="statement_timeout is set to 0.",
    effect=(
        "A statement that runs away keeps its connection; behind it the pool empties and"
        " callers time out."
    ),
    fix="Set it per role: seconds for web services, more for reports and migrations.",
    prevents=(
        Failure.ROLE_LIMIT,
        Failure.TIMEOUT,
    ),
    references=("https://www.postgresql.org/docs/current/runtime-config-client.html",),
)


def decide(setting: EffectiveSetting) -> Verdict:
    if setting.name != "statement_timeout":
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided("statement_timeout", setting.value)
    if parse_integer(setting.value.value, "ms") == 0:
        return fail(
            f"for {setting.scope}, statements may run for ever",
            setting.value.origin,
            related=setting.history,
        )
    return PASS
