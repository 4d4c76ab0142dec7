# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG501: transactions may stay idle for ever."""

from __future__ import annotations

from connguard.policies.model.effective_setting import EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import parse_integer
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG501",
    name="idle-in-transaction-timeout-disabled",
    severity=Severity.WARNING,
    about=EffectiveSetting,
    condition="idle_in_transaction_session_timeout is set to 0.",
    effect=(
        "A client that hangs inside a transaction keeps its connection, its locks and the dead"
        " rows that vacuum may not remove, until somebody ends it by hand."
    ),
    fix="Set a few minutes, and less for roles of web services.",
    prevents=(
        Failure.ROLE_LIMIT,
        Failure.SERVER_SLOTS,
        Failure.TIMEOUT,
    ),
    references=("https://www.postgresql.org/docs/current/runtime-config-client.html",),
)


def decide(setting: EffectiveSetting) -> Verdict:
    if setting.name != "idle_in_transaction_session_timeout":
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided("idle_in_transaction_session_timeout", setting.value)
    if parse_integer(setting.value.value, "ms") == 0:
        return fail(
            f"for {setting.scope}, transactions may stay idle for ever",
            setting.value.origin,
            related=setting.history,
        )
    return PASS
