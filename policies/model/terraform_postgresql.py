# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""From resources of the Terraform provider cyrilgdn/postgresql to facts.

One mapping for Terraform source, plan JSON and Checkov, so that all of them decide alike. Defaults
and validation are those of the provider: connection_limit -1 and at least -1, login false
(postgresql/resource_postgresql_role.go, postgresql/resource_postgresql_database.go).
"""

from __future__ import annotations

from connguard.policies.model.facts import UNLIMITED, Database, RefusedLimit, Role
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.terraform_value import Settings, boolean, integer, text

ROLE = "postgresql_role"
DATABASE = "postgresql_database"
RESOURCE_TYPES = (ROLE, DATABASE)

ATTRIBUTES = {
    ROLE: ("name", "login", "superuser", "connection_limit"),
    DATABASE: ("name", "connection_limit"),
}
"""The attributes that `facts` reads, by resource type."""

_SURROGATE = lazily("[\ud800-\udfff]")
_LARGEST_LIMIT = 2**31 - 1


def facts(
    resource_type: str,
    address: str,
    settings: Settings,
    origin: Origin,
    history: tuple[Related, ...] = (),
) -> list[object]:
    """The facts of one resource; none for a type that is not in RESOURCE_TYPES.

    `address` is Terraform's (`module.db.postgresql_role.app`) and stands in for a name that is not
    known. `origin` is the resource's header: where a missing limit is reported.
    """
    if resource_type not in RESOURCE_TYPES:
        return []
    name = _name(settings, address)
    limit = integer(settings, "connection_limit")
    if isinstance(limit, Known) and not UNLIMITED <= limit.value <= _LARGEST_LIMIT:
        kind = "role" if resource_type == ROLE else "database"
        # The resource is never applied, so there is no role or database to judge besides.
        return [
            RefusedLimit(
                f'{kind} "{name}"',
                f"connection_limit is {limit.value}; it must be -1 or from 0 to {_LARGEST_LIMIT}",
                limit.origin,
            )
        ]
    if resource_type == DATABASE:
        return [Database(name, origin, limit, declarative=True, history=history)]
    return [
        Role(
            name,
            origin,
            can_login=_flag(settings, "login", origin),
            superuser=_flag(settings, "superuser", origin),
            connection_limit=limit,
            declarative=True,
            history=history,
        )
    ]


def _name(settings: Settings, address: str) -> str:
    name = text(settings, "name")
    chosen = name.value if isinstance(name, Known) and name.value else address
    # Half of a surrogate pair, as JSON escapes can write it, is no text that can be printed.
    return _SURROGATE.sub("\ufffd", chosen)


def _flag(settings: Settings, name: str, origin: Origin) -> Value[bool]:
    """A flag that is false by default.

    A known flag counts as stated by the resource as a whole: what is missing is not the flag's
    fault, and a missing limit is reported at the resource.
    """
    flag = boolean(settings, name)
    if isinstance(flag, Unknown):
        return flag
    return Known(flag is not None and flag.value, origin)
