# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG003: a limit on a superuser."""

from __future__ import annotations

from connguard.policies.model.facts import UNLIMITED, Role
from connguard.policies.model.origin import Known, Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG003",
    name="connection-limit-not-enforced",
    severity=Severity.WARNING,
    about=Role,
    condition="A superuser has a connection limit other than -1.",
    effect=(
        "PostgreSQL does not enforce connection limits on superusers. Whoever relies on the limit"
        " can still run the server out of slots, the reserved ones included."
    ),
    fix="Let the application use a role that is no superuser, and put the limit on that role.",
    prevents=(Failure.SERVER_SLOTS,),
    references=("https://www.postgresql.org/docs/current/sql-createrole.html",),
)


def decide(role: Role) -> Verdict:
    limit = role.connection_limit
    if isinstance(role.superuser, Unknown) and isinstance(limit, Known) and limit.value > 0:
        return undecided(f'whether role "{role.name}" is a superuser', role.superuser)
    if not isinstance(role.superuser, Known) or not role.superuser.value:
        return PASS
    if isinstance(limit, Unknown):
        return undecided(f'the connection limit of superuser "{role.name}"', limit)
    if limit is None or limit.value == UNLIMITED:
        return PASS
    cause = role.cause(limit.origin, role.superuser)
    return fail(
        f'the connection limit {limit.value} of superuser "{role.name}" is not enforced',
        cause,
        related=role.besides(cause),
    )
