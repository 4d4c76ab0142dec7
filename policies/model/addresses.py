# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Sets of IP addresses, with exact union, intersection, subtraction and size.

A set holds IPv4 and IPv6 addresses apart, each as sorted intervals of integers that neither
overlap nor touch. IPv4-mapped IPv6 addresses are IPv6 addresses here.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property

from connguard.policies.model.records import dataclass

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

Interval = tuple[int, int]
"""First and last address, both included."""

BITS = {4: 32, 6: 128}


def _is_normal(intervals: tuple[Interval, ...], bits: int) -> bool:
    end = -2
    for first, last in intervals:
        if first <= end + 1 or last < first or first < 0:
            return False
        end = last
    return end < 1 << bits


def _clipped(intervals: Iterable[Interval], bits: int) -> Iterator[Interval]:
    for first, last in intervals:
        low, high = max(first, 0), min(last, (1 << bits) - 1)
        if low <= high:
            yield low, high


def _normal(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    joined: list[Interval] = []
    for first, last in sorted(intervals):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return tuple(joined)


def _common(ours: tuple[Interval, ...], theirs: tuple[Interval, ...]) -> tuple[Interval, ...]:
    if len(ours) > len(theirs):
        ours, theirs = theirs, ours
    found: list[Interval] = []
    for first, last in ours:
        # From the interval that may hold `first`: those before are not looked at.
        index = max(0, bisect_right(theirs, (first,)) - 1)
        while index < len(theirs) and theirs[index][0] <= last:
            low, high = theirs[index]
            if high >= first:
                found.append((max(first, low), min(last, high)))
            index += 1
    return tuple(found)


def _without(ours: tuple[Interval, ...], theirs: tuple[Interval, ...]) -> tuple[Interval, ...]:
    if not ours or not theirs:
        return ours
    left: list[Interval] = []
    # From the interval that may hold the first address: those before are not looked at.
    j = max(0, bisect_right(theirs, (ours[0][0],)) - 1)
    for first, last in ours:
        while j < len(theirs) and theirs[j][1] < first:
            j += 1
        start, k = first, j
        while k < len(theirs) and theirs[k][0] <= last:
            if theirs[k][0] > start:
                left.append((start, theirs[k][0] - 1))
            start = max(start, theirs[k][1] + 1)
            k += 1
        if start <= last:
            left.append((start, last))
    return tuple(left)


@dataclass(frozen=True)
class AddressSet:
    """A set of IPv4 and IPv6 addresses. Build it with the class methods and the operators."""

    v4: tuple[Interval, ...] = ()
    v6: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        """Whatever the intervals are, the set is one of addresses, and in normal form."""
        for name, intervals, bits in (("v4", self.v4, 32), ("v6", self.v6, 128)):
            if not _is_normal(intervals, bits):
                object.__setattr__(self, name, _normal(_clipped(intervals, bits)))

    @classmethod
    def of(cls, *networks: str | IPNetwork | IPAddress) -> AddressSet:
        """The addresses of networks in CIDR notation; host bits are ignored.

        Raises ValueError for a text that is no address or network.
        """
        found: dict[int, list[Interval]] = {4: [], 6: []}
        for one in networks:
            network = ipaddress.ip_network(one, strict=False)
            first = int(network.network_address)
            found[network.version].append((first, int(network.broadcast_address)))
        return cls(_normal(found[4]), _normal(found[6]))

    @classmethod
    def between(cls, first: IPAddress, last: IPAddress) -> AddressSet:
        """All addresses from `first` to `last`; empty when they are in the wrong order.

        Raises ValueError when they are not of one version.
        """
        if first.version != last.version:
            raise ValueError(f"{first} and {last} are not of one version")
        return cls.intervals(first.version, [(int(first), int(last))])

    @classmethod
    def intervals(cls, version: int, intervals: Iterable[Interval]) -> AddressSet:
        """The addresses of intervals of integers, in any order."""
        given = tuple(intervals)
        return cls(v4=given) if version == 4 else cls(v6=given)

    @classmethod
    def union_of(cls, sets: Iterable[AddressSet]) -> AddressSet:
        v4: list[Interval] = []
        v6: list[Interval] = []
        for one in sets:
            v4.extend(one.v4)
            v6.extend(one.v6)
        return cls(_normal(v4), _normal(v6))

    def __or__(self, other: AddressSet) -> AddressSet:
        if not other or self == other:
            return self
        if not self:
            return other
        return AddressSet(_normal((*self.v4, *other.v4)), _normal((*self.v6, *other.v6)))

    def __and__(self, other: AddressSet) -> AddressSet:
        return AddressSet(_common(self.v4, other.v4), _common(self.v6, other.v6))

    def __sub__(self, other: AddressSet) -> AddressSet:
        return AddressSet(_without(self.v4, other.v4), _without(self.v6, other.v6))

    def __le__(self, other: AddressSet) -> bool:
        """Whether every address of this set is in the other."""
        return not self - other

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __contains__(self, address: IPAddress) -> bool:
        number = int(address)
        intervals = self.v4 if address.version == 4 else self.v6
        return any(first <= number <= last for first, last in intervals)

    def size(self, version: int) -> int:
        """How many addresses of an IP version (4 or 6) are in the set."""
        intervals = self.v4 if version == 4 else self.v6
        return sum(last - first + 1 for first, last in intervals)

    def networks(self) -> Iterator[IPNetwork]:
        """The set as the fewest networks, IPv4 first."""
        for first, last in self.v4:
            yield from ipaddress.summarize_address_range(
                ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
            )
        for first, last in self.v6:
            yield from ipaddress.summarize_address_range(
                ipaddress.IPv6Address(first), ipaddress.IPv6Address(last)
            )

    @cached_property
    def text(self) -> str:
        """The networks in words, shortened when there are many."""
        if not self:
            return "no address"
        shown: list[str] = []
        for network in self.networks():
            if len(shown) == 4:
                shown[-1] = "…"
                break
            shown.append(str(network))
        return ", ".join(shown)

    def __str__(self) -> str:
        return self.text


class GrowingSet:
    """A set of addresses to which others are added, one after the other, in little time each."""

    def __init__(self) -> None:
        self._v4 = _Intervals()
        self._v6 = _Intervals()

    def missing(self, addresses: AddressSet) -> AddressSet:
        """Those of the addresses that are not in the set yet."""
        return AddressSet(self._v4.missing(addresses.v4), self._v6.missing(addresses.v6))

    def add(self, addresses: AddressSet) -> None:
        self._v4.add(addresses.v4)
        self._v6.add(addresses.v6)

    def frozen(self) -> AddressSet:
        """The set as it is now."""
        return AddressSet(self._v4.normal(), self._v6.normal())


class _Intervals:
    """Intervals that do not overlap, sorted; kept apart by their ends, for bisecting."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def missing(self, intervals: tuple[Interval, ...]) -> tuple[Interval, ...]:
        found: list[Interval] = []
        for first, last in intervals:
            index = bisect_left(self._lasts, first)
            while index < len(self._firsts) and self._firsts[index] <= last:
                if self._firsts[index] > first:
                    found.append((first, self._firsts[index] - 1))
                first = self._lasts[index] + 1
                index += 1
            if first <= last:
                found.append((first, last))
        return tuple(found)

    def add(self, intervals: tuple[Interval, ...]) -> None:
        for first, last in intervals:
            low, high = bisect_left(self._lasts, first), bisect_right(self._firsts, last)
            if low < high:
                first = min(first, self._firsts[low])
                last = max(last, self._lasts[high - 1])
            self._firsts[low:high] = [first]
            self._lasts[low:high] = [last]

    def normal(self) -> tuple[Interval, ...]:
        return _normal(zip(self._firsts, self._lasts, strict=True))


def masked(version: int, base: int, mask: int, *, most: int = 4096) -> AddressSet | None:
    """The addresses that equal `base` in the bits of `mask`, which need not be contiguous.

    None when that takes more than `most` intervals.
    """
    bits = BITS[version]
    free = ~mask & ((1 << bits) - 1)
    low = 0
    while free & (1 << low):
        low += 1
    holes = [bit for bit in range(low, bits) if free & (1 << bit)]
    if len(holes) >= most.bit_length():
        return None
    start = base & mask
    intervals = []
    for choice in range(1 << len(holes)):
        first = start
        for index, bit in enumerate(holes):
            if choice & (1 << index):
                first |= 1 << bit
        intervals.append((first, first + (1 << low) - 1))
    return AddressSet.intervals(version, intervals)


NOWHERE = AddressSet()
ALL_IPV4 = AddressSet.of("0.0.0.0/0")
ALL_IPV6 = AddressSet.of("::/0")
EVERYWHERE = ALL_IPV4 | ALL_IPV6
LOOPBACK = AddressSet.of("127.0.0.0/8", "::1/128")
LINK_LOCAL = AddressSet.of("169.254.0.0/16", "fe80::/10")
IPV4_MAPPED = AddressSet.of("::ffff:0:0/96")
PRIVATE = AddressSet.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
SHARED = AddressSet.of("100.64.0.0/10")
"""Carrier-grade NAT (RFC 6598): private to a provider, not to its customer."""

# IANA's special-purpose registries; what is neither private nor reachable from the internet.
_RESERVED = AddressSet.of(
    "0.0.0.0/8",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "2001:db8::/32",
    "3fff::/20",
)
GLOBAL = (
    (ALL_IPV4 | AddressSet.of("2000::/3")) - LOOPBACK - LINK_LOCAL - PRIVATE - SHARED - _RESERVED
)
"""Global unicast addresses: those from which the internet can come."""

PRIVATE_CLASSES = tuple(
    AddressSet.of(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")
)

_PRIVATE_SIZES = tuple(one.size(4) + one.size(6) for one in PRIVATE_CLASSES)


class Breadth(Enum):
    """How wide a set of addresses is open, from the narrowest to the widest."""

    NARROW = "narrow"
    PRIVATE_CLASS = "private class"
    PUBLIC_BLOCK = "public block"
    INTERNET = "internet"

    @property
    def rank(self) -> int:
        return list(Breadth).index(self)


@dataclass(frozen=True, slots=True)
class BreadthLimits:
    """From how many global addresses on a set is a public block, or a part of the internet.

    The defaults: a public block is an IPv4 /16 or anything wider than an IPv6 /48 (one site); a
    part of the internet is an IPv4 /9 or an IPv6 /16.
    """

    block_v4: int = 2**16
    block_v6: int = 2**80 + 1
    internet_v4: int = 2**23
    internet_v6: int = 2**112


def breadth(addresses: AddressSet, limits: BreadthLimits | None = None) -> Breadth:
    """How wide a set of client addresses is open."""
    size = Size()
    size.add(addresses)
    return size.breadth(limits or BreadthLimits())


class Size:
    """How many addresses a set has of those that decide about its breadth.

    Sets that are added must not have addresses in common with each other.
    """

    def __init__(self) -> None:
        self._public = {4: 0, 6: 0}
        self._private = [0] * len(PRIVATE_CLASSES)

    def add(self, addresses: AddressSet) -> None:
        public = addresses & GLOBAL
        for version in self._public:
            self._public[version] += public.size(version)
        for index, one in enumerate(PRIVATE_CLASSES):
            common = addresses & one
            self._private[index] += common.size(4) + common.size(6)

    def breadth(self, limits: BreadthLimits) -> Breadth:
        v4, v6 = self._public[4], self._public[6]
        if v4 >= limits.internet_v4 or v6 >= limits.internet_v6:
            return Breadth.INTERNET
        if v4 >= limits.block_v4 or v6 >= limits.block_v6:
            return Breadth.PUBLIC_BLOCK
        if any(map(int.__eq__, self._private, _PRIVATE_SIZES)):
            return Breadth.PRIVATE_CLASS
        return Breadth.NARROW


def share(addresses: AddressSet) -> str:
    """How much of the internet a set holds, in words: "0.50 of the IPv4 internet"."""
    public = addresses & GLOBAL
    parts = []
    for version in (4, 6):
        whole = GLOBAL.size(version)
        if size := public.size(version):
            fraction = size / whole
            if size == whole:
                part = "the whole"
            elif fraction >= 0.995:
                part = "nearly the whole"
            else:
                part = f"{fraction:.2f} of the" if fraction >= 0.005 else f"{fraction:.1g} of the"
            parts.append(f"{part} IPv{version} internet")
    return " and ".join(parts) or "no public address"
