# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of Azure and Google Cloud against an oracle that looks at one connection at a time."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.policies.model.network import Endpoint, access
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.terraform_resource import Inventory, ValueBody
from connguard.policies.providers import azure_network_security, google_firewall

ORIGIN = Origin("main.tf", 1, 1, 1, 2)
NETWORKS = ("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "52.0.0.0/8", "52.1.0.0/16", "8.8.8.0/24")
SAMPLES = [
    ipaddress.IPv4Address(text)
    for text in ("1.1.1.1", "8.8.8.8", "52.1.2.3", "52.9.2.3", "99.1.1.1", "130.1.1.1", "200.1.1.1")
]
PORTS = (5432, 6432, 6543)


@dataclass(frozen=True)
class Made:
    """A resource with given content."""

    type: str
    address: str
    body: ValueBody
    name: str = "main"
    calls: tuple[Related, ...] = ()
    origin: Origin = ORIGIN


@dataclass(frozen=True)
class Drawn:
    """One rule, before it is written for a cloud."""

    allow: bool
    sources: tuple[str, ...]
    ports: str
    protocol: str
    rank: int


RULES = st.lists(
    st.builds(
        Drawn,
        st.booleans(),
        st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=3).map(tuple),
        st.sampled_from(["5432", "6000-7000", "5000-6500", "443", "0-65535"]),
        st.sampled_from(["tcp", "tcp", "udp", "all"]),
        st.integers(100, 120),
    ),
    min_size=1,
    max_size=7,
)


def _matches(rule: Drawn, address: ipaddress.IPv4Address, port: int) -> bool:
    first, _, last = rule.ports.partition("-")
    of_port = rule.protocol == "all" or int(first) <= port <= int(last or first)
    return (
        rule.protocol in ("tcp", "all")
        and of_port
        and any(address in ipaddress.ip_network(network) for network in rule.sources)
    )


def _passes(rules: Sequence[Drawn], address: ipaddress.IPv4Address, port: int) -> bool:
    """Whether the first rule that matches lets in; denying ones are first among equals."""
    for rule in sorted(rules, key=lambda one: (one.rank, one.allow)):
        if _matches(rule, address, port):
            return rule.allow
    return False


def _agree(endpoints: Sequence[Endpoint], rules: Sequence[Drawn]) -> None:
    for port in PORTS:
        expected = {sample for sample in SAMPLES if _passes(rules, sample, port)}
        found = [access(replace(one, ports=(port,))).addresses for one in endpoints]
        assert {sample for sample in SAMPLES if any(sample in one for one in found)} == expected


@settings(max_examples=300, deadline=None)
@given(rules=RULES)
def test_network_security_group(rules: list[Drawn]) -> None:
    """A group of Azure; ports belong to all protocols alike."""
    rules = [replace(rule, rank=100 + index) for index, rule in enumerate(rules)]
    rules = [replace(rule, ports="0-65535") if rule.protocol == "all" else rule for rule in rules]
    blocks = [
        {
            "priority": rule.rank,
            "direction": "Inbound",
            "access": "Allow" if rule.allow else "Deny",
            "protocol": {"tcp": "Tcp", "udp": "Udp", "all": "*"}[rule.protocol],
            "source_address_prefixes": list(rule.sources),
            "destination_port_range": rule.ports,
        }
        for rule in rules
    ]
    body = ValueBody({"name": "main", "security_rule": blocks}, ORIGIN)
    group = Made("azurerm_network_security_group", "azurerm_network_security_group.main", body)
    _agree(_endpoints(azure_network_security.facts(Inventory([group]))), rules)


@settings(max_examples=300, deadline=None)
@given(rules=RULES)
def test_firewall(rules: list[Drawn]) -> None:
    """The firewalls of a network of Google; several have one priority."""
    firewalls = [
        Made(
            "google_compute_firewall",
            f"google_compute_firewall.rule[{index}]",
            ValueBody(
                {
                    "network": "main",
                    "priority": rule.rank,
                    "source_ranges": list(rule.sources),
                    "allow" if rule.allow else "deny": [
                        {"protocol": rule.protocol, "ports": [rule.ports]}
                    ],
                },
                Origin("main.tf", index + 1, 1, index + 1, 2),
            ),
        )
        for index, rule in enumerate(rules)
    ]
    _agree(_endpoints(google_firewall.facts(Inventory(firewalls))), rules)


def _endpoints(facts: Iterable[object]) -> list[Endpoint]:
    return [fact for fact in facts if isinstance(fact, Endpoint)]
