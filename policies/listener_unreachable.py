# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG207: the server does not listen where its clients look for it."""

from __future__ import annotations

from connguard.policies.model.database_facts import MissedConnection
from connguard.policies.model.origin import Related, Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_values import split_list
from connguard.policies.model.setting_facts import Listener
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG207",
    name="listener-unreachable",
    severity=Severity.WARNING,
    about=(Listener, MissedConnection),
    condition=(
        "The server listens on no address, or only on those of its own machine or container (the"
        " default is localhost), while its pg_hba.conf lets clients of other machines in or other"
        " containers connect to it. Or a container connects where nothing listens: to localhost,"
        " to a name that no service has, to a port on which the server does not listen, or to a"
        " service whose network, namespace or network policy keeps it out."
    ),
    effect=(
        "These clients get connection refused, a name that is not found, or a timeout: nothing"
        " listens where they connect to."
    ),
    fix=(
        "Add the address on which these clients reach the server to listen_addresses; connect to"
        " the name of the service and the port on which the server listens."
    ),
    prevents=(Failure.REFUSED,),
    references=(
        "https://www.postgresql.org/docs/current/runtime-config-connection.html",
        "https://docs.docker.com/compose/how-tos/networking/",
    ),
)


def decide(fact: Listener | MissedConnection) -> Verdict:
    if isinstance(fact, MissedConnection):
        return fail(
            f"{fact.client} does not reach {fact.wanted}: {fact.reason}",
            fact.origin,
            related=fact.related,
            fix=fact.fix,
        )
    return _listener(fact)


def _listener(listener: Listener) -> Verdict:
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
