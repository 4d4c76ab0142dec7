# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG204: SQL lets the internet in."""

from __future__ import annotations

from connguard.policies.model.addresses import (
    GLOBAL,
    AddressSet,
    Breadth,
    breadth,
    share,
)
from connguard.policies.model.origin import Related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.statement_facts import AllowedAddresses, AllowedRange
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG204",
    name="broad-cidr-in-sql",
    severity=Severity.ERROR,
    about=AllowedAddresses,
    condition=(
        "SQL writes address ranges into an allow-list that together hold as many public addresses"
        " as an IPv4 /9 or an IPv6 /16; from half of the internet on it is an error, below a"
        " warning. Ranges of all statements for one list add up. A table, column, function or"
        " setting is an allow-list by its name: allow, whitelist, trusted, permitted, firewall,"
        " ingress, acl, hba and the like. Names of deny lists, bogons, logs and test data are not,"
        " nor are rows that deny, comparisons, WHERE clauses and comments. Lines for pg_hba.conf"
        " that COPY or a file function writes count, too."
    ),
    effect=(
        "Whoever finds the port may try passwords and use up connection slots; the list looks like"
        " a protection and is none."
    ),
    fix="Name the networks of the clients, and remove the broad range in a new migration.",
    prevents=(Failure.EXPOSED, Failure.SERVER_SLOTS),
    references=("https://www.postgresql.org/docs/current/datatype-net-types.html",),
)


def decide(allowed: AllowedAddresses) -> Verdict:
    ranges = allowed.ranges
    if not _is_internet(ranges):
        return PASS
    low, high = 1, len(ranges)
    while low < high:  # the first range with which they are the internet
        middle = (low + high) // 2
        low, high = (low, middle) if _is_internet(ranges[:middle]) else (middle + 1, high)
    at = ranges[high - 1].origin
    union = _union(ranges)
    others = [one for one in ranges[: high - 1] if one.origin != at and one.addresses & GLOBAL]
    related = tuple(Related("this range adds to it", one.origin) for one in others[-5:])
    return fail(
        f"{allowed.target} lets {share(union)} in",
        at,
        severity=None if _is_half(union) else Severity.WARNING,
        related=related,
    )


def _union(ranges: tuple[AllowedRange, ...]) -> AddressSet:
    return AddressSet.union_of(one.addresses for one in ranges)


def _is_internet(ranges: tuple[AllowedRange, ...]) -> bool:
    return breadth(_union(ranges)) is Breadth.INTERNET


def _is_half(addresses: AddressSet) -> bool:
    public = addresses & GLOBAL
    return any(2 * public.size(version) >= GLOBAL.size(version) for version in (4, 6))
