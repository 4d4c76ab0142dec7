# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG202: far more addresses reach a PostgreSQL port than it has clients."""

from __future__ import annotations

from connguard.policies.model.addresses import Breadth, share
from connguard.policies.model.network import Endpoint, access, at, behind, guarded, others
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG202",
    name="postgres-port-broad-cidr",
    severity=Severity.ERROR,
    about=Endpoint,
    condition=(
        "The addresses that all rules together let through to a port of PostgreSQL or of a pooler"
        " hold at least as many public addresses as an IPv4 /16, or more than an IPv6 /48, but are"
        " no large part of the internet (that is PG201), or they are those of every service and"
        " customer of a cloud. A whole private range, such as 10.0.0.0/8, is a warning."
    ),
    effect=(
        "Tenants of the same cloud, or every machine of the company, may try passwords and take up"
        " connection slots."
    ),
    fix="Name the subnets of the clients, or their security groups.",
    prevents=(Failure.EXPOSED, Failure.SERVER_SLOTS),
    references=("https://www.postgresql.org/docs/current/auth-pg-hba-conf.html",),
)


def decide(endpoint: Endpoint) -> Verdict:
    found = access(endpoint)
    if found.width is Breadth.PUBLIC_BLOCK:
        what = found.rules[0].what if found.rules else ""
        what, severity = what or share(found.addresses), Severity.ERROR
    elif found.width is Breadth.PRIVATE_CLASS:
        what, severity = f"a whole private range ({found.addresses})", Severity.WARNING
    else:
        return PASS
    count = len(found.rules)
    through = f", through {count} rules" if count > 1 else ""
    return fail(
        f"{what} reaches {guarded(endpoint, found)}{through}",
        at(endpoint, found),
        severity=severity,
        related=(*others(found), *behind(endpoint)),
    )
