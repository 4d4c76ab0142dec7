# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG201: the internet, or a large part of it, reaches a PostgreSQL port."""

from __future__ import annotations

from connguard.policies.model.addresses import Breadth, share
from connguard.policies.model.network import Endpoint, access, at, behind, guarded, others
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG201",
    name="postgres-port-open-to-internet",
    severity=Severity.ERROR,
    about=Endpoint,
    condition=(
        "The addresses that all rules together let through to a port of PostgreSQL or of a pooler,"
        " less those that rules of higher priority keep out, hold at least as many public"
        " addresses as an IPv4 /9 or an IPv6 /16, or what [addresses] in the settings says. It is a"
        " warning where every database behind the rules has no public address."
    ),
    effect=(
        "Everybody may try passwords, use the next flaw before you can patch it, and take up"
        " connection slots until your own clients are refused."
    ),
    fix=(
        "Let in the subnets or security groups of the clients only; people come through a VPN or a"
        " bastion."
    ),
    prevents=(Failure.EXPOSED, Failure.SERVER_SLOTS),
    references=(
        "https://www.postgresql.org/docs/current/auth-pg-hba-conf.html",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html",
    ),
)


def decide(endpoint: Endpoint) -> Verdict:
    found = access(endpoint)
    if found.width is not Breadth.INTERNET:
        if found.unknown:
            return undecided(f"who reaches {guarded(endpoint, found)}", found.unknown[0])
        return PASS
    hidden = bool(endpoint.targets) and all(
        target.has_public_address is False for target in endpoint.targets
    )
    count = len(found.rules)
    through = f", through {count} rules" if count > 1 else ""
    inside = "; it has no public address, so everything inside the network does" if hidden else ""
    return fail(
        f"{share(found.addresses)} reaches {guarded(endpoint, found)}{through}{inside}",
        at(endpoint, found),
        severity=Severity.WARNING if hidden else None,
        related=(*others(found), *behind(endpoint)),
    )
