# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about the access rules of a PostgreSQL server, or of a PgBouncer."""

from __future__ import annotations

from enum import Enum

from connguard.policies.model.addresses import LOOPBACK, AddressSet
from connguard.policies.model.hba import (
    NETWORK,
    AddressKind,
    Answer,
    HbaRule,
    Memberships,
    Transport,
)
from connguard.policies.model.hba_coverage import Reach
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass


class Dialect(Enum):
    """Who reads the rules. PgBouncer skips a line that it cannot read; PostgreSQL refuses all."""

    POSTGRESQL = "PostgreSQL"
    PGBOUNCER = "PgBouncer"


@dataclass(frozen=True, slots=True)
class EffectiveRule:
    """A rule with what it can still match after the rules before it.

    `version` is the server's major version. `ssl_off` is the setting that switches TLS off.
    `is_written_by_image` tells the line that the image of the server writes for everybody whom the
    network of the container lets in, of which only the method was chosen.
    """

    rule: HbaRule
    reach: Reach
    dialect: Dialect = Dialect.POSTGRESQL
    version: int = 17
    ssl_off: Origin | None = None
    is_written_by_image: bool = False

    def reaches_other_machines(self, *transports: Transport) -> Answer:
        """Whether it decides about clients of other machines, over these kinds of connection."""
        address = self.rule.address
        found = self.reach.possible_addresses(transports or NETWORK)
        if not found or address.kind is AddressKind.SAMEHOST:
            return Answer.NO
        if address.kind is AddressKind.UNKNOWN:
            return Answer.MAYBE
        if address.kind is AddressKind.HOSTNAME and address.text.lower() == "localhost":
            return Answer.NO
        return Answer.YES if found - LOOPBACK else Answer.NO


@dataclass(frozen=True, slots=True)
class AccessList:
    """All rules of one server in the order in which it tries them, with gaps for missing files.

    `name` is the file with which it begins. `loads` is False where the server refuses the file.
    """

    name: str
    rules: tuple[HbaRule, ...]
    memberships: Memberships
    loads: bool
    dialect: Dialect = Dialect.POSTGRESQL


@dataclass(frozen=True, slots=True)
class InvalidRule:
    """A line that the server refuses, with its message."""

    reason: str
    origin: Origin
    dialect: Dialect = Dialect.POSTGRESQL


@dataclass(frozen=True, slots=True)
class DeclaredLogin:
    """A login that the settings declare, and what the rules make of it.

    `refused` are the client addresses that a line rejects or that no line matches, `doubtful`
    those of which that is not known; `by` are the rules that reject. `origin` is the declaration.
    """

    service: str
    user: str
    database: str
    transport: Transport
    file: str
    refused: AddressSet
    doubtful: AddressSet
    by: tuple[HbaRule, ...]
    origin: Origin
