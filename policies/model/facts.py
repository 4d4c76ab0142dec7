# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about roles and databases, and about what could not be read.

Readers make facts; policies decide over them. A fact knows no file format.
"""

from __future__ import annotations

from connguard.policies.model.origin import Origin, Related, Value
from connguard.policies.model.records import dataclass

UNLIMITED = -1
"""The connection limit that means "no limit", in SQL, in the catalogs and in Terraform."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role in the state in which the scanned files leave it.

    `connection_limit` is None when no file sets it; the server's default then holds, which is no
    limit (CREATE ROLE documentation). `can_login` and `superuser` are None when the role was made
    outside the scanned files and nothing here says what it is. `declarative` is True where the
    file states the whole role, so that what is not written is decided, too (a Terraform resource);
    False where statements change a role step by step (SQL). `history` holds the places that led to
    this state, oldest first.
    """

    name: str
    origin: Origin
    can_login: Value[bool] | None
    superuser: Value[bool] | None
    connection_limit: Value[int] | None
    declarative: bool
    history: tuple[Related, ...] = ()

    def cause(self, decisive: Origin, *values: Value[bool] | None) -> Origin:
        """The last of the places that together made this state what it is: a limit of -1 does no
        harm before the role can log in."""
        if self.declarative:
            return decisive
        order = [related.origin for related in self.history]
        places = [decisive, *(value.origin for value in values if value is not None)]
        return max(places, key=lambda place: order.index(place) if place in order else -1)

    def besides(self, origin: Origin) -> tuple[Related, ...]:
        """The history without the place where a finding stands."""
        return tuple(related for related in self.history if related.origin != origin)


@dataclass(frozen=True, slots=True)
class Database:
    """A database in the state in which the scanned files leave it; fields as in `Role`."""

    name: str
    origin: Origin
    connection_limit: Value[int] | None
    declarative: bool
    history: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogWrite:
    """A statement that writes a connection limit straight into a system catalog."""

    table: str
    column: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class DynamicStatement:
    """Role or database DDL that is put together at run time, and whose limit cannot be read.

    `kind` is "role" or "database". `reason` names the part that is only known at run time.
    """

    kind: str
    reason: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class RefusedLimit:
    """A connection limit that parses but that the server, or the provider, refuses.

    `reason` is what the server says, for example "conflicting or redundant options".
    """

    subject: str
    reason: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class NotParsed:
    """A part of a file that could not be read, and was therefore not checked."""

    reason: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Undecided:
    """A policy that could not be decided somewhere, with the reason."""

    policy_id: str
    reason: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class IdleSuppression:
    """A suppression comment that suppresses nothing, names no known policy or gives no reason."""

    reason: str
    origin: Origin
