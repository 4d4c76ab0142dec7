# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG505: clients may hold a connection slot for long without logging in."""

from __future__ import annotations

from connguard.policies.model.effective_setting import EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import parse_integer
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

DEFAULT_SECONDS = 60

POLICY = Policy(
    id="PG505",
    name="authentication-timeout-too-long",
    severity=Severity.NOTE,
    about=EffectiveSetting,
    condition="authentication_timeout is longer than the default of one minute.",
    effect=(
        "A client that connects and says nothing keeps a connection slot that long; a few hundred"
        " of them fill the server without knowing a password."
    ),
    fix="Leave the default, or set less: a login takes milliseconds.",
    prevents=(Failure.SERVER_SLOTS,),
    references=("https://www.postgresql.org/docs/current/runtime-config-connection.html",),
)


def decide(setting: EffectiveSetting) -> Verdict:
    if setting.name != "authentication_timeout":
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided("authentication_timeout", setting.value)
    seconds = parse_integer(setting.value.value, "s")
    if seconds is None or seconds <= DEFAULT_SECONDS:
        return PASS
    return fail(
        f"a client may take {seconds} seconds to log in",
        setting.value.origin,
        related=setting.history,
    )
