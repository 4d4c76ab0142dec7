# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG307: an address that the server reads otherwise than people do."""

from __future__ import annotations

import ipaddress
import re

from connguard.policies.model.addresses import BITS
from connguard.policies.model.hba import AddressKind, ClientAddress, parse_address
from connguard.policies.model.hba_facts import Dialect, EffectiveRule
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG307",
    name="hba-misread-address",
    severity=Severity.WARNING,
    about=EffectiveRule,
    condition=(
        "The address is short (10/8 is 0.0.0.10/8), octal (010.0.0.0/8 is 8.0.0.0/8), has bits set"
        " that the mask takes away (10.0.0.1/0 is everything), a mask with holes, is an"
        " IPv4-mapped IPv6 address, which never matches, or is no address at all and is taken as"
        " a host name (127.0.0.300, ALL)."
    ),
    effect="The line lets in, or keeps out, other clients than it seems to.",
    fix="Write the address in full, with the bits outside the mask zero.",
    prevents=(Failure.NO_HBA_ENTRY, Failure.EXPOSED),
    references=("https://www.postgresql.org/docs/current/auth-pg-hba-conf.html",),
)

_PLAIN_IPV4 = lazily(r"(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}")
_KEYWORDS = ("all", "samehost", "samenet")


def decide(fact: EffectiveRule) -> Verdict:
    rule = fact.rule
    place = rule.fields.get("address", rule.origin)
    if rule.address.kind is AddressKind.HOSTNAME:
        return _host_name(rule.address, place)
    if rule.address.kind is not AddressKind.NETWORK:
        return PASS
    address = rule.address
    written = re.split(r"[/ ]", address.text, maxsplit=1)[0]
    parsed = parse_address(written)
    if parsed is None or parsed[0] != address.version:
        return PASS
    if not all(0 <= one < 1 << BITS[address.version] for one in (address.base, address.mask)):
        return PASS
    version, number = parsed
    prefix = _prefix(address)
    read_as = _network(address, prefix)
    if version == 4 and not _PLAIN_IPV4.fullmatch(written):
        return fail(f"{address.text} is read as {read_as}", place, severity=Severity.ERROR)
    if prefix is None:
        return fail(f"the mask of {address.text} has holes", place)
    if version == 6 and number >> 32 == 0xFFFF and prefix >= 96:
        return fail(
            f"{address.text} never matches: the server sees these clients with IPv4 addresses",
            place,
            severity=Severity.ERROR,
        )
    if number & ~address.mask:
        if fact.dialect is Dialect.PGBOUNCER:
            return fail(
                f"{address.text} never matches in PgBouncer: bits outside the mask are set",
                place,
                severity=Severity.ERROR,
            )
        severe = Severity.ERROR if prefix == 0 else Severity.WARNING
        return fail(f"{address.text} is read as {read_as}", place, severity=severe)
    return PASS


def _host_name(address: ClientAddress, place: Origin) -> Verdict:
    if address.text.lower() in _KEYWORDS:
        return fail(
            f"{address.text} is taken as the name of a host: the keyword is"
            f" {address.text.lower()}, in lower case and without quotes",
            place,
            severity=Severity.ERROR,
        )
    if not address.possible:
        return fail(
            f'"{address.text}" is no address and is taken as a host name, which never matches',
            place,
            severity=Severity.ERROR,
        )
    return PASS


def _prefix(address: ClientAddress) -> int | None:
    bits = BITS[address.version]
    ones = bin(address.mask).count("1")
    return ones if address.mask == ((1 << ones) - 1) << (bits - ones) else None


def _network(address: ClientAddress, prefix: int | None) -> str:
    kind = ipaddress.IPv4Address if address.version == 4 else ipaddress.IPv6Address
    return f"{kind(address.base)}/{kind(address.mask) if prefix is None else prefix}"
