# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG001: a role that can log in ends without a cap on its connections."""

from __future__ import annotations

from connguard.policies.model.facts import UNLIMITED, Role
from connguard.policies.model.origin import Known, Origin, Unknown
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided, unknown

POLICY = Policy(
    id="PG001",
    name="role-without-connection-limit",
    severity=Severity.ERROR,
    about=Role,
    condition=(
        "A role that can log in and is no superuser ends with no connection limit: the limit is -1,"
        " or nothing sets one. Where a file states the whole role (Terraform), a missing limit is"
        " as much an error as -1; in SQL an explicit -1 is an error and a missing limit a warning."
    ),
    effect=(
        "One leaking or scaled-out client of this role can take every connection slot of the"
        " server. All other services are then refused with 53300."
    ),
    fix=(
        "Give the role a CONNECTION LIMIT of at least what its pools can open, plus headroom:"
        " replicas × (pool_size + reserve) + direct connections + 1."
    ),
    prevents=(Failure.SERVER_SLOTS, Failure.REJECTED),
    references=(
        "https://www.postgresql.org/docs/current/sql-createrole.html",
        "https://www.postgresql.org/docs/current/runtime-config-connection.html",
    ),
)


def decide(role: Role) -> Verdict:
    limit = role.connection_limit
    if isinstance(limit, Known) and limit.value != UNLIMITED:
        return PASS
    if isinstance(role.superuser, Known) and role.superuser.value:
        return PASS
    if isinstance(role.can_login, Known) and not role.can_login.value:
        return PASS
    for attribute, value in (("can log in", role.can_login), ("is a superuser", role.superuser)):
        if isinstance(value, Unknown):
            return undecided(f'whether role "{role.name}" {attribute}', value)
    # An explicit -1 is a mistake even on a role of which only this change is known: nobody lifts
    # the limit of a role that cannot log in. Anything else needs to know what the role is.
    if not isinstance(limit, Known) and (role.can_login is None or role.superuser is None):
        if limit is None and role.can_login is None:
            return PASS
        return unknown(
            f'role "{role.name}" is made outside the scanned files; its other properties are not'
            " known",
            role.origin,
        )
    if isinstance(limit, Unknown):
        return undecided(f'the connection limit of role "{role.name}"', limit)
    if isinstance(limit, Known):
        cause = role.cause(limit.origin, role.can_login, role.superuser)
        return fail(
            f'role "{role.name}" has no connection limit: it is set to -1',
            cause,
            related=role.besides(cause),
            fix=_fix(role),
        )
    cause = role.origin if role.declarative else _login_origin(role)
    return fail(
        f'role "{role.name}" can log in and has no connection limit',
        cause,
        severity=Severity.ERROR if role.declarative else Severity.WARNING,
        related=role.besides(cause),
        fix=_fix(role),
    )


def _login_origin(role: Role) -> Origin:
    """The statement that let the role log in is the one at fault."""
    return role.cause(role.can_login.origin, role.superuser) if role.can_login else role.origin


def _fix(role: Role) -> str:
    if role.declarative:
        return "set connection_limit to at least what the role's pools can open, plus headroom"
    return f'ALTER ROLE "{role.name}" CONNECTION LIMIT <pools + reserve + headroom>;'
