# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From where on an open port is a finding, and what is said then."""

from __future__ import annotations

import pytest
from verdict_words import PASSES, line, words

from connguard.policies import (
    port_published_on_all_interfaces,
    postgres_port_broad_cidr,
    postgres_port_open_to_internet,
)
from connguard.policies.model.addresses import AddressSet
from connguard.policies.model.database_facts import PublishedPort
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Related, Unknown, Value
from connguard.policies.model.ports import Ports


def _endpoint(
    *networks: str, targets: tuple[Target, ...] = (), unknown: tuple[Unknown, ...] = ()
) -> Endpoint:
    rules = tuple(
        Rule(
            line(number),
            AddressSet.of(network),
            Ports.of(5432),
            calls=(Related("called here", line(number + 10)),),
        )
        for number, network in enumerate(networks, 1)
    )
    if unknown:
        rules += (Rule(line(9), AddressSet(), Ports.of(5432), unknown=unknown),)
    return Endpoint("the firewall", (5432,), (rules,), line(8), targets)


def _internet(endpoint: Endpoint) -> list[str]:
    return words(postgres_port_open_to_internet.decide(endpoint))


def _block(endpoint: Endpoint) -> list[str]:
    return words(postgres_port_broad_cidr.decide(endpoint))


def test_a_port_that_is_open_to_the_internet() -> None:
    """One rule is not counted, two are; the widest one is at fault."""
    assert _internet(_endpoint("0.0.0.0/0")) == [
        "fail a:1: the whole IPv4 internet reaches port 5432 behind the firewall",
        "a:11: called here",
    ]
    assert _internet(_endpoint("8.0.0.0/10", "8.64.0.0/10")) == [
        "fail a:1: 0.002 of the IPv4 internet reaches port 5432 behind the firewall, through 2"
        " rules",
        "a:2: this rule adds 8.64.0.0/10",
        "a:11: called here",
    ]
    assert _internet(_endpoint("8.0.0.0/10")) == PASSES


@pytest.mark.parametrize(
    ("public", "said"),
    [
        ((None,), "fail a:1: the whole IPv4 internet reaches port 5432 of d0"),
        ((True,), "fail a:1: the whole IPv4 internet reaches port 5432 of d0"),
        ((False, True), "fail a:1: the whole IPv4 internet reaches port 5432 of d0 and 1 more"),
        (
            (False,),
            "fail (warning) a:1: the whole IPv4 internet reaches port 5432 of d0; it has no public"
            " address, so everything inside the network does",
        ),
    ],
)
def test_a_database_without_a_public_address(public: tuple[bool | None, ...], said: str) -> None:
    """A warning where the internet cannot come, for certain and to none of them."""
    targets = tuple(
        Target(f"d{number}", line(20 + number), one) for number, one in enumerate(public)
    )

    assert _internet(_endpoint("0.0.0.0/0", targets=targets)) == [
        said,
        "a:11: called here",
        *(f"a:{20 + number}: d{number} is behind the firewall" for number in range(len(public))),
    ]


def test_sources_that_cannot_be_read() -> None:
    """Unknown where they would decide, and not where what is known is as wide as it can be."""
    unread = (Unknown("var.cidr", line(7)),)

    assert _internet(_endpoint("10.0.0.1/32", unknown=unread)) == [
        "unknown a:7: who reaches port 5432 behind the firewall is not known: var.cidr"
    ]
    assert _internet(_endpoint("0.0.0.0/0", unknown=unread))[0].startswith("fail a:1: ")


def test_a_port_that_is_open_to_a_block_of_addresses() -> None:
    """A public /16 is an error, a whole private range a warning, and less is neither."""
    assert _block(_endpoint("8.8.0.0/16")) == [
        "fail (error) a:1: 2e-05 of the IPv4 internet reaches port 5432 behind the firewall",
        "a:11: called here",
    ]
    assert _block(_endpoint("8.8.0.0/17", "8.8.128.0/17"))[0] == (
        "fail (error) a:1: 2e-05 of the IPv4 internet reaches port 5432 behind the firewall,"
        " through 2 rules"
    )
    assert _block(_endpoint("10.0.0.0/8")) == [
        "fail (warning) a:1: a whole private range (10.0.0.0/8) reaches port 5432 behind the"
        " firewall",
        "a:11: called here",
    ]
    assert _block(_endpoint("8.8.0.0/17")) == PASSES
    assert _block(_endpoint("10.0.0.0/9")) == PASSES
    assert _block(_endpoint("0.0.0.0/0")) == PASSES


def _published(
    address: Value[str] | None,
    host_port: int | None = 5432,
    port: int = 5432,
    **more: str,
) -> list[str]:
    chosen = None if host_port is None else Known(host_port, line(2))
    fact = PublishedPort("db", address, chosen, port, line(3), **more)
    return words(port_published_on_all_interfaces.decide(fact))


@pytest.mark.parametrize(
    ("address", "where"),
    [
        (None, "all addresses of the host"),
        ("0.0.0.0", "all addresses of the host"),
        ("::", "all addresses of the host"),
        ("[::]", "all addresses of the host"),
        ("8.8.8.8", "8.8.8.8"),
        ("db.example.com", "db.example.com"),
        ("127.0.0.1", None),
        ("[::1]", None),
        ("192.168.1.2", None),
        ("localhost", None),
    ],
)
def test_where_a_port_of_a_container_is_published(address: str | None, where: str | None) -> None:
    """Everywhere, at one address that others reach, or where only this host and its network do."""
    found = _published(None if address is None else Known(address, line(4)))

    assert found == (
        PASSES if where is None else [f"fail a:3: port 5432 of db is published on {where}"]
    )


def test_an_address_of_a_container_that_cannot_be_read() -> None:
    """A variable without a default."""
    assert _published(Unknown("$BIND is not set", line(4))) == [
        "unknown a:4: the address on which db is published is not known: $BIND is not set"
    ]


@pytest.mark.parametrize(
    ("host_port", "port", "fix"),
    [
        (None, 5432, None),
        (5432, 5432, None),
        (5433, 5432, "5433:5432"),
        (5432, 5433, "5432:5433"),
        (6432, 6432, "6432:6432"),
    ],
)
def test_the_fix_has_the_ports_of_the_container(
    host_port: int | None, port: int, fix: str | None
) -> None:
    """Where they are those of the policy's own words, these are enough."""
    found = _published(None, host_port, port)

    assert found[0] == f"fail a:3: port {port} of db is published on all addresses of the host"
    if fix is None:
        assert len(found) == 1
    else:
        assert found[1].startswith(f'fix: Publish on the loopback address ("127.0.0.1:{fix}")')


def test_ports_in_a_cluster_and_in_development() -> None:
    """A Service instead of a loopback address; a note where it is for tests."""
    assert _published(None, 5433, host="every node of the cluster") == [
        "fail a:3: port 5432 of db is published on all addresses of every node of the cluster",
        "fix: Make it a Service of the type ClusterIP; clients outside come in through a VPN, or a"
        " load balancer with source ranges.",
    ]
    assert _published(None, purpose="tests/") == [
        "fail (note) a:3: port 5432 of db is published on all addresses of the host, in what looks"
        " like development or tests (tests/)"
    ]
