# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG207: the server does not listen where its clients look for it."""

from __future__ import annotations

from connguard.policies.model.origin import Related, Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import split_list
from connguard.policies.model.setting_facts import Listener
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG207",
    name="listener-unreachable",
    severity=Severity.WARNING,
    about=Listener,
    condition=(
        "The server listens on no address, or only on those of its own machine (the default is"
        " localhost), while its pg_hba.conf lets clients of other machines in."
    ),
    effect="These clients get connection refused: nothing listens where they connect to.",
    fix="Add the address on which these clients reach the server to listen_addresses.",
    prevents=(Failure.REFUSED,),
    references=("https://www.postgresql.org/docs/current/runtime-config-connection.html",),
)


def decide(listener: Listener) -> Verdict:
    if listener.wanted is None:
        return PASS
    if isinstance(listener.addresses, Unknown):
        return undecided("where the server listens", listener.addresses)
    addresses = split_list(listener.addresses.value)
    if addresses is None or not all(_is_local(address) for address in addresses):
        return PASS
    where = ", ".join(addresses) or "no address"
    default = ", the default," if listener.is_default else ""
    return fail(
        f"the server listens on {where}{default} but lets clients of other machines in",
        listener.origin,
        related=(Related("clients of other machines are let in here", listener.wanted.origin),),
    )


def _is_local(address: str) -> bool:
    return address.lower() == "localhost" or address.startswith("127.") or address == "::1"
