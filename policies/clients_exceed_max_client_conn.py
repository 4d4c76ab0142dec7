# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG104: the services open more client connections than a pooler admits."""

from __future__ import annotations

from connguard.policies.model.amount import Standing
from connguard.policies.model.explain import arithmetic, enough, fault, judge, settings
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import ClientUsage
from connguard.policies.model.verdict import PASS, Severity, Status, Verdict, fail

POLICY = Policy(
    id="PG104",
    name="clients-exceed-max-client-conn",
    severity=Severity.ERROR,
    about=ClientUsage,
    condition="The pools of all services of a pooler add up to more than its max_client_conn.",
    effect=(
        "The pooler refuses the connection after the last: no more connections allowed"
        " (max_client_conn). The server's log shows nothing of it."
    ),
    fix="Raise max_client_conn, and the limit of open files with it, or lower the services' pools.",
    prevents=(Failure.REFUSED, Failure.REJECTED),
    references=("https://www.pgbouncer.org/config.html",),
)


def decide(usage: ClientUsage) -> Verdict:
    if usage.limit is None:
        return PASS
    where = usage.limit.origin or fault(usage)
    subject = f"{usage.name} admits {usage.limit} clients"
    fix = f"max_client_conn = {enough(usage.demand)}"
    others = tuple(one for one in settings(usage) if one.origin != where)
    if usage.standing is Standing.UNKNOWN and usage.demand.low > usage.limit.high:
        return fail(
            f"{arithmetic(usage)}; {subject} in each of {usage.processes} processes:"
            " one that is left alone refuses the others",
            where,
            severity=Severity.WARNING,
            related=others,
            fix=fix,
        )
    verdict = judge(usage, subject, f"client {usage.limit.high + 1} is refused", fix)
    if verdict.status is not Status.FAIL:
        return verdict
    return fail(verdict.message, where, related=others, fix=fix)
