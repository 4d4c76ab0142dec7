# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG205: the server listens on every address of its machine."""

from __future__ import annotations

from connguard.policies.model.effective_setting import EffectiveSetting
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import split_list
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG205",
    name="listen-on-all-addresses",
    severity=Severity.WARNING,
    about=EffectiveSetting,
    condition="listen_addresses holds *, 0.0.0.0 or ::.",
    effect=(
        "The server also listens on addresses that are added later, public ones included. Only"
        " pg_hba.conf and the network's rules then keep strangers out."
    ),
    fix="Name the addresses on which clients reach the server.",
    prevents=(Failure.EXPOSED,),
    references=("https://www.postgresql.org/docs/current/runtime-config-connection.html",),
)

_EVERY_ADDRESS = {
    "*": "every address",
    "0.0.0.0": "every IPv4 address",
    "::": "every IPv6 address",
}


def decide(setting: EffectiveSetting) -> Verdict:
    if setting.name != "listen_addresses":
        return PASS
    if isinstance(setting.value, Unknown):
        return undecided("where the server listens", setting.value)
    for address in split_list(setting.value.value) or ():
        if address in _EVERY_ADDRESS:
            return fail(
                f"the server listens on {_EVERY_ADDRESS[address]} of its machine ({address})",
                setting.value.origin,
                related=setting.history,
            )
    return PASS
