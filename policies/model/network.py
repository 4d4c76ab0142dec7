# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Who can reach a port: packet filters, and the addresses that they let through.

A filter is a list of rules; the rule with the lowest rank that covers an address decides about it,
a denying one first among equals, and what no rule covers stays out. A filter that lets everything
else in says so with a last rule. Several filters in a row let through what all of them do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from functools import cached_property

from connguard.policies.model.addresses import (
    EVERYWHERE,
    NOWHERE,
    AddressSet,
    Breadth,
    BreadthLimits,
    GrowingSet,
    Size,
    breadth,
)
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.records import dataclass

LAST = 1_000_000
"""The rank of a rule that holds where no other does."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a packet filter.

    `sources` are the addresses known to be covered; `unknown` says that there may be more, and
    why. `ports` likewise: ports that are not known make a rule that may cover every port.
    `certain` is False where it is not known whether the rule exists: an allowing one then counts,
    a denying one does not. `origin` is the place that says the sources. `what` names them where
    they are not written as addresses ("every service and customer of Azure").
    """

    origin: Origin
    sources: AddressSet
    ports: Value[Ports] | Ports = ALL_PORTS
    unknown: tuple[Unknown, ...] = ()
    allow: bool = True
    rank: int = 0
    certain: bool = True
    calls: tuple[Related, ...] = ()
    what: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A database that a filter guards.

    `has_public_address` is False where the internet cannot reach it whatever the filter says, and
    None where nothing says it. `guard` is the filter where it is not that of the endpoint.
    """

    name: str
    origin: Origin
    has_public_address: bool | None = None
    guard: str = ""


@dataclass(frozen=True)
class Endpoint:
    """Ports behind filters, on which a PostgreSQL server or pooler is or may be reached.

    `guard` names the outermost filter ("the security group aws_security_group.db"). `targets` are
    the databases behind it that are known. `filters` are passed one after the other. `found` is
    what gets in, where that is known already.
    """

    guard: str
    ports: tuple[int, ...]
    filters: tuple[tuple[Rule, ...], ...]
    origin: Origin
    targets: tuple[Target, ...] = ()
    limits: BreadthLimits = field(default_factory=BreadthLimits)
    found: Access | None = field(default=None, repr=False, compare=False)

    @cached_property
    def access(self) -> Access:
        """As `access`: several policies ask for it."""
        return self.found or _widest(self)


@dataclass(frozen=True, slots=True)
class Access:
    """Who reaches an endpoint for certain, through which rules, and what is not known.

    `ports` are those that are as wide open as the widest.
    """

    ports: tuple[int, ...]
    addresses: AddressSet
    rules: tuple[Rule, ...]
    unknown: tuple[Unknown, ...]
    width: Breadth


def access(endpoint: Endpoint) -> Access:
    """The addresses that pass all filters of an endpoint, at the port that is open widest.

    `rules` are those of the filter that needs the most to be as wide as the whole, the widest
    first. `unknown` is empty when what is known decides: when the known part is as wide as it can
    be, or a filter with nothing unknown keeps the rest narrow.
    """
    return endpoint.access


def _widest(endpoint: Endpoint) -> Access:
    found = [_access(endpoint, port) for port in endpoint.ports]
    if not found:
        return Access((), NOWHERE, (), (), Breadth.NARROW)
    widest = max(found, key=lambda one: (one.width.rank, bool(one.unknown)))
    alike = tuple(
        one.ports[0]
        for one in found
        if (one.addresses, one.width, one.unknown)
        == (
            widest.addresses,
            widest.width,
            widest.unknown,
        )
    )
    return replace(widest, ports=alike)


def united_holes(facts: Iterable[object]) -> Iterator[object]:
    """The facts, with one endpoint for all that the same rules open, or leave undecided.

    So one rule that guards many machines, or is in a module that is called often, is one finding,
    which names the databases behind all of them.
    """
    distinct: list[object] = []
    alike: dict[tuple[object, ...], list[Endpoint]] = {}
    for fact in facts:
        if isinstance(fact, Endpoint) and (key := _hole(fact)) is not None:
            if key in alike:
                alike[key].append(fact)
                continue
            alike[key] = [fact]
        distinct.append(fact)
    united = {id(found[0]): found for found in alike.values() if len(found) > 1}
    for fact in distinct:
        found = united.get(id(fact))
        yield fact if found is None else _united(found)


def _hole(endpoint: Endpoint) -> tuple[object, ...] | None:
    """How wide an endpoint is open and by which rules; None where it is closed for certain."""
    found = access(endpoint)
    wide = found.width is not Breadth.NARROW
    if not wide and not found.unknown:
        return None
    return (
        found.width,
        tuple(rule.origin for rule in found.rules) if wide else (),
        found.unknown[:1],
    )


def _united(endpoints: Sequence[Endpoint]) -> Endpoint:
    """The first endpoint, with the ports and databases of all."""
    first = endpoints[0]
    open_ports = dict.fromkeys(port for one in endpoints for port in access(one).ports)
    targets: dict[Target, None] = dict.fromkeys(first.targets)
    for other in endpoints[1:]:
        for target in other.targets:
            guard = other.guard if other.guard != first.guard else ""
            targets.setdefault(replace(target, guard=guard) if guard else target)
    return replace(
        first,
        ports=tuple(dict.fromkeys(port for one in endpoints for port in one.ports)),
        targets=tuple(targets),
        found=replace(access(first), ports=tuple(sorted(open_ports))),
    )


def _access(endpoint: Endpoint, port: int) -> Access:
    passed = possible = EVERYWHERE if endpoint.filters else NOWHERE
    chosen: tuple[Rule, ...] = ()
    doubts: list[Unknown] = []
    for rules in endpoint.filters:
        found = _pass(rules, port)
        passed &= found.certain
        possible &= found.possible
        doubts.extend(found.doubts)
        if len(found.rules) > len(chosen):
            chosen = found.rules
    width = breadth(passed, endpoint.limits)
    decided = breadth(possible, endpoint.limits) is width
    return Access(
        (port,),
        passed,
        _needed(chosen, passed, width, endpoint.limits),
        () if decided else tuple(doubts),
        width,
    )


@dataclass(frozen=True, slots=True)
class _Passage:
    """What one filter lets through."""

    certain: AddressSet
    possible: AddressSet
    rules: tuple[Rule, ...]
    doubts: tuple[Unknown, ...]


def _pass(rules: Iterable[Rule], port: int) -> _Passage:
    decided = GrowingSet()
    passed: list[AddressSet] = []
    possible: list[AddressSet] = []
    used: list[Rule] = []
    doubts: list[Unknown] = []
    is_open_ended = False
    for rule in sorted(rules, key=lambda one: (one.rank, one.allow)):
        ports = rule.ports.value if isinstance(rule.ports, Known) else rule.ports
        if isinstance(ports, Unknown) or port in ports:
            fresh = decided.missing(rule.sources) if rule.allow else NOWHERE
            if rule.allow and rule.unknown:
                if not is_open_ended:  # what later rules may cover besides is part of it
                    possible.append(EVERYWHERE - decided.frozen())
                    is_open_ended = True
                doubts.extend(rule.unknown)
            if isinstance(ports, Unknown):
                if fresh:
                    possible.append(fresh)
                    doubts.append(ports)
                continue
            if fresh:
                passed.append(fresh)
                used.append(rule)
            if rule.allow or rule.certain:
                decided.add(rule.sources)
    certain = AddressSet.union_of(passed)
    return _Passage(certain, AddressSet.union_of((*possible, certain)), tuple(used), tuple(doubts))


def _needed(
    rules: Sequence[Rule], passed: AddressSet, width: Breadth, limits: BreadthLimits
) -> tuple[Rule, ...]:
    """The fewest rules, by size, that are together as wide as all."""
    let_in = [(rule, rule.sources & passed) for rule in rules]
    needed: list[Rule] = []
    so_far = GrowingSet()
    size = Size()
    is_wide = False  # what is once as wide as all of it stays so
    for rule, addresses in sorted(let_in, key=lambda one: _weight(one[1]), reverse=True):
        fresh = so_far.missing(addresses)
        if is_wide and breadth(fresh, limits).rank < Breadth.PUBLIC_BLOCK.rank:
            continue
        if fresh or not needed:
            needed.append(rule)
            so_far.add(fresh)
            size.add(fresh)
            is_wide = is_wide or size.breadth(limits) is width
    return tuple(needed)


def _weight(addresses: AddressSet) -> tuple[int, int]:
    return breadth(addresses).rank, addresses.size(4) + (addresses.size(6) >> 96)


# --- words for findings --------------------------------------------------------------------------


def guarded(endpoint: Endpoint, found: Access) -> str:
    """What is reached: the ports, and the databases behind the filter or the filter itself."""
    ports = ("port " if len(found.ports) == 1 else "ports ") + ", ".join(map(str, found.ports))
    if not endpoint.targets:
        return f"{ports} behind {endpoint.guard}"
    more = len(endpoint.targets) - 1
    others_too = f" and {more} more" if more else ""
    return f"{ports} of {endpoint.targets[0].name}{others_too}"


def at(endpoint: Endpoint, found: Access) -> Origin:
    """Where a finding stands: at the widest rule that is needed for it."""
    return found.rules[0].origin if found.rules else endpoint.origin


def others(found: Access) -> tuple[Related, ...]:
    """The other rules of a finding, and the module calls that lead to the first."""
    rest = [
        Related(f"this rule adds {rule.what or rule.sources}", rule.origin)
        for rule in found.rules[1:]
    ]
    return (*rest, *(found.rules[0].calls if found.rules else ()))


def behind(endpoint: Endpoint) -> tuple[Related, ...]:
    """The databases that the filter guards."""
    return tuple(
        Related(f"{target.name} is behind {target.guard or endpoint.guard}", target.origin)
        for target in endpoint.targets[:10]
    )
