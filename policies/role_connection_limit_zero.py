# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG002: a login role that nobody can use."""

from __future__ import annotations

from connguard.policies.model.facts import Role
from connguard.policies.model.origin import Known, Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

POLICY = Policy(
    id="PG002",
    name="role-connection-limit-zero",
    severity=Severity.ERROR,
    about=Role,
    condition="A role that can log in and is no superuser ends with a connection limit of 0.",
    effect=(
        'Every login of the role is refused with 53300, too many connections for role "…". The'
        " message speaks of too many connections although there is none."
    ),
    fix=(
        "Set the limit that the role's clients need. To lock the role, use NOLOGIN"
        " (login = false): the error then says what is meant."
    ),
    prevents=(Failure.ROLE_LIMIT,),
    references=("https://www.postgresql.org/docs/current/sql-createrole.html",),
)


def decide(role: Role) -> Verdict:
    limit = role.connection_limit
    if not isinstance(limit, Known) or limit.value != 0:
        return PASS
    if isinstance(role.superuser, Known) and role.superuser.value:
        return PASS
    if isinstance(role.can_login, Known) and not role.can_login.value:
        return PASS
    for attribute, value in (("can log in", role.can_login), ("is a superuser", role.superuser)):
        if isinstance(value, Unknown):
            return undecided(f'whether role "{role.name}" {attribute}', value)
    cause = role.cause(limit.origin, role.can_login, role.superuser)
    return fail(
        f'role "{role.name}" has a connection limit of 0: nobody can log in as it',
        cause,
        related=role.besides(cause),
    )
