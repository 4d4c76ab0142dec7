# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG507: no slot is kept free for an administrator."""

from __future__ import annotations

from connguard.policies.model.effective_setting import EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import parse_integer
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG507",
    name="no-superuser-slots",
    severity=Severity.WARNING,
    about=EffectiveSetting,
    condition="superuser_reserved_connections is set to 0.",
    effect=(
        "When all slots are taken, nobody can log in to end connections: the server has to be"
        " restarted."
    ),
    fix="Leave the default of 3, or more where monitoring runs as a superuser.",
    prevents=(Failure.SERVER_SLOTS,),
    references=("https://www.postgresql.org/docs/current/runtime-config-connection.html",),
)


def decide(setting: EffectiveSetting) -> Verdict:
    if setting.name != "superuser_reserved_connections":
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided("superuser_reserved_connections", setting.value)
    if parse_integer(setting.value.value) == 0:
        return fail(
            "no connection slot is kept free for administrators",
            setting.value.origin,
            related=setting.history,
        )
    return PASS
