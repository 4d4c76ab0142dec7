# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who passes a set of rules, worked out address by address: the slow way, without set algebra."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from connguard.policies.model.addresses import GLOBAL, Breadth

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")


@dataclass(frozen=True)
class Plain:
    """A rule with nothing unknown: networks, first and last port, and what it does."""

    networks: tuple[Network, ...]
    first: int
    last: int
    allow: bool = True
    rank: int = 0

    def covers(self, address: Address, port: int) -> bool:
        return self.first <= port <= self.last and any(
            address.version == network.version and address in network for network in self.networks
        )


Filter = Sequence[Plain]


def passes(filters: Sequence[Filter], address: Address, port: int) -> bool:
    """Whether a client passes all filters; in each the first rule that covers it decides."""
    return bool(filters) and all(_passes(rules, address, port) for rules in filters)


def _passes(rules: Filter, address: Address, port: int) -> bool:
    covering = [rule for rule in rules if rule.covers(address, port)]
    if not covering:
        return False
    first = min(rule.rank for rule in covering)
    return all(rule.allow for rule in covering if rule.rank == first)


def width(filters: Sequence[Filter], port: int) -> Breadth:
    """How wide a port is open: every stretch of addresses that the rules treat alike is asked."""
    sizes = {4: 0, 6: 0}
    closed = dict.fromkeys(PRIVATE, False)
    for first, last in stretches([rule for rules in filters for rule in rules]):
        if not passes(filters, first, port):
            for network in PRIVATE:
                if _within(first, network):
                    closed[network] = True
        elif first in GLOBAL:
            sizes[first.version] += int(last) - int(first) + 1
    if sizes[4] >= 2**23 or sizes[6] >= 2**112:
        return Breadth.INTERNET
    if sizes[4] >= 2**16 or sizes[6] > 2**80:
        return Breadth.PUBLIC_BLOCK
    return Breadth.NARROW if all(closed.values()) else Breadth.PRIVATE_CLASS


def _within(address: Address, text: str) -> bool:
    network = ipaddress.ip_network(text)
    return network.version == address.version and address in network


def stretches(rules: Iterable[Plain]) -> Iterator[tuple[Address, Address]]:
    """All addresses, cut where a network of a rule or of a registry begins or ends."""
    cuts: dict[int, set[int]] = {4: {0, 2**32}, 6: {0, 2**128}}
    known = [*GLOBAL.networks(), *map(ipaddress.ip_network, PRIVATE)]
    for network in [*known, *(one for rule in rules for one in rule.networks)]:
        cuts[network.version] |= {
            int(network.network_address),
            int(network.broadcast_address) + 1,
        }
    for version, kind in ((4, ipaddress.IPv4Address), (6, ipaddress.IPv6Address)):
        ordered = sorted(cuts[version])
        for start, end in itertools.pairwise(ordered):
            yield kind(start), kind(end - 1)


def samples(rules: Iterable[Plain]) -> list[Address]:
    """The ends of all networks, and their neighbours."""
    found: set[Address] = set()
    for rule in rules:
        for network in rule.networks:
            kind = type(network.network_address)
            top = 2**32 if network.version == 4 else 2**128
            for end in (int(network.network_address), int(network.broadcast_address)):
                found |= {kind(at) for at in (end - 1, end, end + 1) if 0 <= at < top}
    return sorted(found, key=lambda one: (one.version, int(one)))
