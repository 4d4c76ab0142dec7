# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG506: the server works on for clients that are gone."""

from __future__ import annotations

from connguard.policies.model.effective_setting import EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import parse_integer
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG506",
    name="client-connection-check-disabled",
    severity=Severity.NOTE,
    about=EffectiveSetting,
    condition="client_connection_check_interval is set to 0 (available from version 14 on).",
    effect=(
        "A query goes on after its client has gone, and keeps its connection slot until it is"
        " done; clients that retry then take a second one."
    ),
    fix="Set some seconds, for example 10s.",
    prevents=(
        Failure.ROLE_LIMIT,
        Failure.SERVER_SLOTS,
    ),
    references=("https://www.postgresql.org/docs/current/runtime-config-connection.html",),
)


def decide(setting: EffectiveSetting) -> Verdict:
    if setting.name != "client_connection_check_interval":
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided("client_connection_check_interval", setting.value)
    if parse_integer(setting.value.value, "ms") == 0:
        return fail(
            "queries go on after their clients are gone",
            setting.value.origin,
            related=setting.history,
        )
    return PASS
