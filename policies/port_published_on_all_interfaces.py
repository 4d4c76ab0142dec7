# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG206: a container publishes its PostgreSQL port on every address of its host."""

from __future__ import annotations

from connguard.policies.model.database_facts import Exposure, PublishedPort
from connguard.policies.model.origin import Known, Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG206",
    name="port-published-on-all-interfaces",
    severity=Severity.WARNING,
    about=PublishedPort,
    condition=(
        "A container or pod that runs PostgreSQL or a pooler publishes its port on all addresses of"
        " the host (of every node, of an ingress), or on a public one. It is a note in files whose"
        " path says that they are for development, tests or demonstrations."
    ),
    effect=(
        "Whoever reaches the host reaches the database. Docker writes its own firewall rules, which"
        " pass before those of the host: ufw and firewalld do not keep anybody out."
    ),
    fix='Publish on the loopback address ("127.0.0.1:5432:5432"), or not at all: containers of one'
    " network or cluster reach each other without it.",
    prevents=(Failure.EXPOSED,),
    references=("https://docs.docker.com/engine/network/packet-filtering-firewalls/",),
)


def decide(port: PublishedPort) -> Verdict:
    exposure = port.exposure
    if isinstance(exposure, Unknown):
        return undecided(f"the address on which {port.name} is published", exposure)
    if exposure is Exposure.LOCAL:
        return PASS
    if exposure is Exposure.OTHER_ADDRESS and isinstance(port.host_address, Known):
        return _fail(port, port.host_address.value)
    return _fail(port, f"all addresses of {port.host}")


_IN_A_CLUSTER = (
    "Make it a Service of the type ClusterIP; clients outside come in through a VPN, or a load"
    " balancer with source ranges."
)


def _on_loopback(port: PublishedPort) -> str | None:
    """The policy's own words, with the ports of this one where they are others."""
    chosen = port.host_port.value if isinstance(port.host_port, Known) else None
    if chosen is None or (chosen, port.container_port) == (5432, 5432):
        return None
    return POLICY.fix.replace("5432:5432", f"{chosen}:{port.container_port}")


def _fail(port: PublishedPort, where: str) -> Verdict:
    fix = _on_loopback(port) if port.host == "the host" else _IN_A_CLUSTER
    number = f"port {port.container_port} of {port.name}"
    message = f"{number} is published on {where}"
    if port.purpose is not None:
        return fail(
            f"{message}, in what looks like development or tests ({port.purpose})",
            port.origin,
            severity=Severity.NOTE,
            fix=fix,
        )
    return fail(message, port.origin, fix=fix)
