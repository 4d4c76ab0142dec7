# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG504: the server cuts idle connections that pools keep on purpose."""

from __future__ import annotations

from connguard.policies.model.effective_setting import ALL_ROLES, SERVER, EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import parse_integer
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG504",
    name="idle-session-timeout-cuts-pools",
    severity=Severity.WARNING,
    about=EffectiveSetting,
    condition="idle_session_timeout is set for the whole server, not for single roles.",
    effect=(
        "Pools keep idle connections to use them again. The server ends them with 57P05, and the"
        " application's next query on such a connection fails."
    ),
    fix="Set it for the roles of people (ALTER ROLE … SET), and leave it 0 for the server.",
    prevents=(Failure.LOST,),
    references=("https://www.postgresql.org/docs/current/runtime-config-client.html",),
)


def decide(setting: EffectiveSetting) -> Verdict:
    if setting.name != "idle_session_timeout" or setting.scope not in (SERVER, ALL_ROLES):
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided("idle_session_timeout", setting.value)
    if parse_integer(setting.value.value, "ms") in (None, 0):
        return PASS
    return fail(
        f"pooled connections are cut after {setting.value.value} of idleness",
        setting.value.origin,
        related=setting.history,
    )
