# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sets of rules are judged as the oracle judges them, address by address."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import Network, Plain, passes, samples, width

from connguard.policies import postgres_port_broad_cidr, postgres_port_open_to_internet
from connguard.policies.model.addresses import AddressSet, Breadth
from connguard.policies.model.network import Endpoint, Rule, access
from connguard.policies.model.origin import Known, Origin, Unknown
from connguard.policies.model.ports import Ports
from connguard.policies.model.verdict import Status, worst

PLACE = Origin("main.tf", 1, 1, 1, 2)
NOT_KNOWN = Unknown("var.x has no value", PLACE)
PORTS = (5432, 6432)

WELL_KNOWN = (
    "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2", "8.0.0.0/9", "8.8.0.0/16",
    "8.8.0.0/17", "8.8.128.0/17", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.2.0/24",
    "172.16.0.0/12", "192.168.0.0/16", "203.0.113.7/32", "::/0", "::/1", "8000::/1", "2000::/3",
    "2a00::/16", "2a00:1::/32", "2a00:1:2::/48", "fd00::/8", "::ffff:0:0/96",
)  # fmt: skip


def _network(number: int, length: int, version: int) -> Network:
    if version == 4:
        return ipaddress.IPv4Network((number >> 96, length % 33), strict=False)
    return ipaddress.IPv6Network((number, length), strict=False)


NETWORKS = st.one_of(
    st.sampled_from([ipaddress.ip_network(text) for text in WELL_KNOWN]),
    st.builds(_network, st.integers(0, 2**128 - 1), st.integers(0, 128), st.sampled_from((4, 6))),
)
RANGES = st.sampled_from([(5432, 5432), (0, 65535), (6432, 6432), (5000, 6000), (22, 22)])


@st.composite
def _plain_rules(draw: st.DrawFn) -> Plain:
    first, last = draw(RANGES)
    networks = draw(st.lists(NETWORKS, min_size=1, max_size=3))
    return Plain(tuple(networks), first, last, draw(st.booleans()), draw(st.integers(0, 3)))


FILTERS = st.lists(st.lists(_plain_rules(), max_size=5), max_size=3)


def _rule(plain: Plain) -> Rule:
    return Rule(
        PLACE,
        AddressSet.of(*plain.networks),
        Ports.between(plain.first, plain.last),
        allow=plain.allow,
        rank=plain.rank,
    )


def _endpoint(filters: list[list[Rule]], *ports: int) -> Endpoint:
    return Endpoint("the filter", ports, tuple(map(tuple, filters)), PLACE)


def _verdict(endpoint: Endpoint) -> Status:
    modules = (postgres_port_open_to_internet, postgres_port_broad_cidr)
    return worst(module.decide(endpoint) for module in modules).status


@settings(max_examples=100)
@given(FILTERS, st.lists(NETWORKS, max_size=4))
def test_known_rules_let_through_whom_the_oracle_lets(
    filters: list[list[Plain]], more: list[Network]
) -> None:
    """The same addresses, at the ends of every network and beside them, and the same width."""
    everything = [rule for rules in filters for rule in rules]
    probes = samples([*everything, Plain(tuple(more), 0, 0)])
    for port in PORTS:
        found = access(_endpoint([[_rule(one) for one in rules] for rules in filters], port))
        assert not found.unknown
        assert [one for one in probes if one in found.addresses] == [
            one for one in probes if passes(filters, one, port)
        ]
        assert found.width is width(filters, port)


@settings(max_examples=50)
@given(FILTERS)
def test_the_widest_port_counts(filters: list[list[Plain]]) -> None:
    """Of several ports, the one that is open widest is judged, and its rules are named."""
    rules = [[_rule(one) for one in each] for each in filters]
    found = access(_endpoint(rules, *PORTS))
    widths = {port: width(filters, port) for port in PORTS}
    widest = max(widths.values(), key=lambda one: one.rank)
    assert found.width is widest
    assert all(widths[port] is widest for port in found.ports)
    if widest is not Breadth.NARROW:
        assert found.rules
        named = AddressSet.union_of(rule.sources for rule in found.rules)
        alone = [[rule for rule in each if rule in found.rules or not rule.allow] for each in rules]
        (chosen,) = [i for i, each in enumerate(rules) if set(found.rules) <= set(each)][:1]
        judged = [alone[chosen] if i == chosen else each for i, each in enumerate(rules)]
        assert access(_endpoint(judged, found.ports[0])).width is widest
        assert bool(named & found.addresses)


@dataclass(frozen=True)
class Partial:
    """A rule of which a part is not known, and two ways in which it may turn out."""

    known: Rule
    completions: tuple[Plain, ...]


@st.composite
def _partial_rules(draw: st.DrawFn) -> Partial:
    """A known rule, or an allowing one with unknown sources or ports, or a denying one in doubt."""
    plain = draw(_plain_rules())
    known = _rule(plain)
    kind = draw(st.sampled_from(("known", "sources", "ports", "doubtful")))
    if kind == "sources" and plain.allow:
        more = draw(st.lists(NETWORKS, max_size=2))
        fuller = replace(plain, networks=(*plain.networks, *more))
        return Partial(replace(known, unknown=(NOT_KNOWN,)), (plain, fuller))
    if kind == "ports" and plain.allow:
        ranges = [draw(RANGES), draw(RANGES)]
        completions = [replace(plain, first=first, last=last) for first, last in ranges]
        return Partial(replace(known, ports=NOT_KNOWN), tuple(completions))
    if kind == "doubtful" and not plain.allow:
        absent = replace(plain, networks=())
        return Partial(replace(known, certain=False), (plain, absent))
    if draw(st.booleans()):
        known = replace(known, ports=Known(Ports.between(plain.first, plain.last), PLACE))
    return Partial(known, (plain,))


@settings(max_examples=120)
@given(st.lists(st.lists(_partial_rules(), max_size=4), min_size=1, max_size=2), st.data())
def test_a_verdict_over_unknown_rules_holds_however_they_turn_out(
    filters: list[list[Partial]], data: st.DataObject
) -> None:
    """A pass stays a pass, and a failure a failure unless a rule denies that may not exist."""
    port = data.draw(st.sampled_from(PORTS))
    verdict = _verdict(_endpoint([[one.known for one in rules] for rules in filters], port))
    for _ in range(4):
        completed = [
            [data.draw(st.sampled_from(one.completions)) for one in rules] for rules in filters
        ]
        open_wide = width(completed, port) is not Breadth.NARROW
        if verdict is Status.PASS:
            assert not open_wide
        doubtful = any(not one.known.certain for rules in filters for one in rules)
        if verdict is Status.FAIL and not doubtful:
            assert open_wide
