# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG203: a managed database has an address on the internet."""

from __future__ import annotations

from connguard.policies.model.database_facts import DatabaseInstance
from connguard.policies.model.origin import Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG203",
    name="public-database-instance",
    severity=Severity.WARNING,
    about=DatabaseInstance,
    condition="A managed PostgreSQL server has a public address.",
    effect=(
        "One wide firewall rule, now or later, opens the database to the internet; without a"
        " public address no rule can."
    ),
    fix="Give the server a private address, in the network of its clients, and no public one.",
    prevents=(Failure.EXPOSED,),
    references=(
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
        "https://cloud.google.com/sql/docs/postgres/private-ip",
        "https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private",
    ),
)


def decide(instance: DatabaseInstance) -> Verdict:
    if isinstance(instance.public, Unknown):
        return undecided(f"whether {instance.name} has a public address", instance.public)
    if not instance.public.value:
        return PASS
    return fail(
        f"{instance.name} has a public address: {instance.because}",
        instance.origin,
        related=instance.related,
    )
