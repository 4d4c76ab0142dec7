# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about what single statements do, whatever the later ones make of it."""

from __future__ import annotations

from enum import Enum

from connguard.policies.model.addresses import AddressSet
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass


class PasswordForm(Enum):
    """How a password is written: readable, or as a hash that the server stores."""

    PLAIN = "password"
    MD5 = "MD5 hash of the password"
    SCRAM = "SCRAM verifier of the password"


@dataclass(frozen=True, slots=True)
class PasswordLiteral:
    """A password written out in a statement. The password itself is not part of the fact.

    `owner` is whose it is, in words: 'role "app"', "a connection string".
    """

    owner: str
    form: PasswordForm
    origin: Origin


@dataclass(frozen=True, slots=True)
class RemovedLimit:
    """A rollback that leaves a role or database without a connection limit.

    `subject` names it: 'role "app"'.
    """

    subject: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class AllowedRange:
    """Addresses that a statement lets in, and where it names them."""

    addresses: AddressSet
    origin: Origin


@dataclass(frozen=True, slots=True)
class AllowedAddresses:
    """What SQL statements let in through one list, in the order in which they run.

    `target` names the list: 'table "allowed_ips"', 'function "add_firewall_rule"'.
    """

    target: str
    ranges: tuple[AllowedRange, ...]
