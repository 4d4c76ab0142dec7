# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of networks and of pg_hba.conf: what they say, where, and which calls lead to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from model_resources import HERE, Block, FakeResource, X, resource
from verdict_words import line

from connguard.engine.symptom_registry import symptoms
from connguard.policies.model.addresses import (
    ALL_IPV4,
    EVERYWHERE,
    NOWHERE,
    AddressSet,
    Breadth,
    BreadthLimits,
)
from connguard.policies.model.aws_acls import NetworkAcls
from connguard.policies.model.aws_groups import SecurityGroups
from connguard.policies.model.aws_rules import (
    RuleSources,
    database_port,
    rule_sources,
    tcp_ports,
    written_ports,
)
from connguard.policies.model.aws_tls import FORCE_SSL, ServerVersion, parameter, requirement
from connguard.policies.model.azure_module_calls import with_called
from connguard.policies.model.database_facts import TlsRequirement
from connguard.policies.model.facts import Role
from connguard.policies.model.hba import (
    CLIENT_ADDRESSES,
    AddressKind,
    Answer,
    ClientAddress,
    HbaRule,
    Memberships,
    Name,
    NameKind,
    Transport,
)
from connguard.policies.model.hba_cells import Grid, TooManyCells
from connguard.policies.model.hba_coverage import cover, cover_each, exposures
from connguard.policies.model.hba_difference import differences
from connguard.policies.model.hba_distinct import DistinctGrid
from connguard.policies.model.hba_facts import EffectiveRule
from connguard.policies.model.kubernetes_service import is_internal
from connguard.policies.model.network import Endpoint, Rule, access, united_holes
from connguard.policies.model.origin import Known, Origin, Related, Unknown
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.recognition import OCCURRENCES, recognise
from connguard.policies.model.terraform_azure_rules import WrittenRule, security_rules
from connguard.policies.model.terraform_google_rules import network_of, policy_rules, rules_of
from connguard.policies.model.terraform_resource import Inventory, ValueBody
from connguard.policies.model.terraform_value import Setting, Unresolved

NOTHING = Inventory(())
CALLS = (Related("called here", line(99)),)
PORT = Ports.of(5432)


def _called(kind: str, at: int = 1, *, certain: bool = True, **values: Any) -> FakeResource:
    return FakeResource(kind, "main", Block(values, line(at), certain), CALLS)


# --- roles ----------------------------------------------------------------------------------------


def test_the_cause_of_a_state() -> None:
    """The last place in the history; a place that is not in it comes before all that are."""
    history = (Related("made", line(3)), Related("changed", line(7)))

    def role(*, declarative: bool) -> Role:
        return Role("app", line(3), None, None, None, declarative, history)

    early, late = Known(True, line(3)), Known(True, line(7))
    assert role(declarative=False).cause(line(50), early) == line(3)
    assert role(declarative=False).cause(line(50), None, late, early) == line(7)
    assert role(declarative=False).cause(line(7), early) == line(7)
    assert role(declarative=False).cause(line(50)) == line(50)
    assert role(declarative=True).cause(line(50), late) == line(50)
    assert role(declarative=True).besides(line(3)) == history[1:]


# --- AWS ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "port"),
    [
        ({"port": 5433}, Known(5433, line(2))),
        ({"port": "5433", "db_port": 1}, Known(5433, line(2))),
        ({"port": None, "db_port": 7}, Known(7, line(3))),
        ({"port": "", "database_port": 6}, Known(6, line(3))),
        ({"port": X}, Unknown("var.x", line(2))),
        ({"port": "a"}, Unknown('port is "a", which is no whole number', line(2))),
        ({"engine": "aurora-PostgreSQL"}, Known(5432, HERE)),
        ({"port": "", "engine_family": "POSTGRESQL"}, Known(5432, HERE)),
        ({"engine": "mysql"}, Unknown("the port of db.main is not set", HERE)),
        ({"engine": X}, Unknown("the port of db.main is not set", HERE)),
        ({}, Unknown("the port of db.main is not set", HERE)),
    ],
)
def test_ports_of_databases(values: dict[str, Any], port: object) -> None:
    """That of the first attribute that is set, or that of the engine."""
    assert database_port(resource("db", **values)) == port


@pytest.mark.parametrize(
    ("values", "ports"),
    [
        ({"protocol": "tcp", "from_port": 5432, "to_port": 5432}, Known(PORT, line(3))),
        ({"protocol": " TCP ", "from_port": 5432}, Known(PORT, line(3))),
        ({"protocol": 6, "to_port": 5432}, Known(PORT, line(3))),
        ({"protocol": "-1", "from_port": 22, "to_port": 22}, ALL_PORTS),
        ({"protocol": "ALL", "from_port": 22, "to_port": 22}, ALL_PORTS),
        ({"protocol": -1, "from_port": 0, "to_port": 0}, ALL_PORTS),
        ({"protocol": "udp", "from_port": 5432, "to_port": 5432}, None),
        ({"protocol": X, "from_port": 22, "to_port": 22}, Unknown("var.x", line(2))),
        ({"protocol": None, "from_port": 5432}, Known(PORT, line(3))),
        ({"protocol": "tcp", "from_port": X, "to_port": 5}, Unknown("var.x", line(3))),
        ({"protocol": "tcp", "from_port": 5, "to_port": X}, Unknown("var.x", line(4))),
        ({"protocol": "tcp"}, Known(ALL_PORTS, HERE)),
        ({}, Known(ALL_PORTS, HERE)),
    ],
)
def test_ports_of_rules(values: dict[str, object], ports: object) -> None:
    """All of them for the protocols that are all, none for those that are not TCP."""
    assert tcp_ports(Block(values), NOTHING) == ports


def test_ports_that_are_written_for_all_protocols() -> None:
    """Either end is enough; what is not known is not written."""
    assert written_ports(Block({"from_port": 5432}), NOTHING) == [PORT]
    assert written_ports(Block({"to_port": 5432}), NOTHING) == [PORT]
    assert written_ports(Block({"from_port": X}), NOTHING) == []
    assert written_ports(Block({"protocol": "-1"}), NOTHING) == []


def test_the_attribute_that_adds_the_most() -> None:
    """The broadest, then the largest in either family, then the one that is not known."""
    one, other = ["52.0.0.0/16"], ["53.0.0.0/15"]

    def found(**values: object) -> RuleSources:
        return rule_sources(Block(values), NOTHING, ("a", "b"), ("c",))

    assert found() == RuleSources(found().found, HERE)
    assert not found()
    assert found(a=one, b=other).origin == line(3)
    assert found(a=other, b=one).origin == line(2)
    assert found(a=one, b=["2600::/20"]).origin == line(2)
    assert found(a=["52.0.0.0/32"], b=["2600::/32"]).origin == line(3)
    assert found(a=[], b=X).origin == line(3)
    assert found(a=one, c="pl-1").origin == line(2)
    both = found(a=one, b=X, c="pl-1")
    assert (both.origin, both.found.known) == (line(2), AddressSet.of("52.0.0.0/16"))
    assert both.found.unknown == (
        Unknown("var.x", line(3)),
        Unknown("the prefix list pl-1 is not in the scanned files", line(4)),
    )
    wide = found(a=["52.0.0.0/16", "2600::/24"], b=["53.0.0.0/16"])
    assert wide.origin == line(2)


def test_network_acls() -> None:
    """Rules for what comes in, in blocks and as resources, with the calls that lead to them."""
    network = AddressSet.of("52.0.0.0/16")
    values: dict[str, Any] = {"protocol": "tcp", "from_port": 5432, "to_port": 5432}
    acl = _called(
        "aws_network_acl",
        id="acl-1",
        ingress=[
            {**values, "cidr_block": "52.0.0.0/16", "rule_no": 7, "action": "allow"},
            {**values, "cidr_block": "52.0.0.0/16", "rule_no": 8, "action": "DENY"},
            {**values, "cidr_block": "52.0.0.0/16", "rule_no": X, "action": "allow"},
            {**values, "cidr_block": X, "rule_no": X, "action": "deny"},
            {**values, "cidr_block": X, "rule_no": 9, "action": X},
            {**values, "protocol": "udp"},
        ],
    )

    def written(at: int, egress: object, number: int = 4) -> FakeResource:
        return _called(
            "aws_network_acl_rule",
            at,
            network_acl_id="acl-1",
            egress=egress,
            rule_number=number,
            rule_action="deny",
            ipv6_cidr_block="2600::/24",
            **values,
        )

    rules = [written(20, False), written(30, True), written(40, X), written(50, None)]
    nobodys = _called("aws_network_acl_rule", 60, **values)
    others = _called("aws_network_acl_rule", 70, network_acl_id="acl-2", **values)
    acls = NetworkAcls(Inventory([acl, *rules, nobodys, others]))
    ports, ipv6 = Known(PORT, line(3)), AddressSet.of("2600::/24")
    doubt = (Unknown("var.x", line(3)),)
    inline = [
        Rule(line(3), network, ports, rank=7, calls=CALLS),
        Rule(line(3), network, ports, allow=False, rank=8, calls=CALLS),
        Rule(line(3), network, ports, calls=CALLS),
        Rule(line(3), NOWHERE, ports, allow=False, rank=32767, certain=False, calls=CALLS),
        Rule(line(3), NOWHERE, ports, doubt, rank=9, calls=CALLS),
    ]
    resources = [
        Rule(
            line(at + 5),
            ipv6,
            Known(PORT, line(at + 7)),
            allow=False,
            rank=4,
            calls=CALLS,
        )
        for at in (20, 40, 50)
    ]
    assert list(acls.rules(acl)) == [*inline, *resources]
    assert acls.rules(acl) is acls.rules(acl)


def test_the_network_acl_before_subnets() -> None:
    """That in which all of them are; the default one of their network; none when they differ."""
    network = Unresolved("r", "aws_vpc.main", "id")
    default_acl = Unresolved("r", "aws_vpc.main", "default_network_acl_id")
    one = resource("aws_subnet", "one", id="one", vpc_id=network)
    two = resource("aws_subnet", "two", id="two", vpc_id=network)
    three = resource("aws_subnet", "three", id="three", vpc_id=network)
    four = resource("aws_subnet", "four", id="four", vpc_id="vpc-1")
    lost = resource("aws_subnet", "lost", id="lost")
    own = resource("aws_network_acl", "own", id="own", subnet_ids=["one"])
    tied = resource("aws_network_acl", "tied", id="tied")
    tie = resource("aws_network_acl_association", network_acl_id="tied", subnet_id="two")
    idle = resource("aws_network_acl_association", "idle", subnet_id="three")
    default = resource("aws_default_network_acl", default_network_acl_id=default_acl)
    unknown = resource("aws_default_network_acl", "unknown", default_network_acl_id="acl-7")
    everything = [
        resource("aws_vpc", id="vpc-1"),
        one,
        two,
        three,
        four,
        lost,
        own,
        tied,
        tie,
        idle,
    ]
    acls = NetworkAcls(Inventory([*everything, default, unknown]))
    assert acls.before(["one"]) is own
    assert acls.before(["two"]) is tied
    assert acls.before(["three"]) is default
    assert acls.before(["three", "three"]) is default
    assert acls.before(["four"]) is default
    assert acls.before(["one", "two"]) is None
    assert acls.before(["lost"]) is None
    assert acls.before(["nowhere"]) is None
    assert acls.before(["one", "nowhere"]) is None
    assert acls.before([]) is None
    assert acls.before(None) is None
    assert NetworkAcls(Inventory(everything)).before(["three"]) is None


def test_rules_of_groups_with_their_calls() -> None:
    """In blocks, and as resources of both kinds."""
    values: dict[str, Any] = {"protocol": "tcp", "from_port": 5432, "to_port": 5432}
    group = _called(
        "aws_security_group",
        certain=False,
        id="sg-1",
        ingress=[{**values, "cidr_blocks": ["52.0.0.0/16"]}, {**values, "self": True}],
    )
    plain = _called(
        "aws_security_group_rule",
        20,
        type="ingress",
        security_group_id="sg-1",
        cidr_blocks=["53.0.0.0/16"],
        **values,
    )
    out = _called("aws_security_group_rule", 30, type="egress", security_group_id="sg-1")
    either = _called(
        "aws_security_group_rule",
        40,
        certain=False,
        type=X,
        security_group_id="sg-1",
        prefix_list_ids=["pl-1"],
        **values,
    )
    newer = _called(
        "aws_vpc_security_group_ingress_rule",
        50,
        security_group_id="sg-1",
        cidr_ipv4="54.0.0.0/16",
        cidr_ipv6="2600::/24",
        prefix_list_id="pl-2",
        ip_protocol="-1",
    )
    elsewhere = _called(
        "aws_vpc_security_group_ingress_rule",
        60,
        security_group_id="sg-2",
        cidr_ipv4="55.0.0.0/16",
        ip_protocol="-1",
        from_port=5432,
    )
    groups = SecurityGroups(Inventory([group, plain, out, either, newer, elsewhere]))

    def missing(name: str, at: int) -> tuple[Unknown, ...]:
        return (Unknown(f"the prefix list {name} is not in the scanned files", line(at)),)

    first, second = groups
    assert first.rules == [
        Rule(
            line(3),
            AddressSet.of("52.0.0.0/16"),
            Known(PORT, line(3)),
            certain=False,
            calls=CALLS,
        ),
        Rule(line(23), AddressSet.of("53.0.0.0/16"), Known(PORT, line(25)), calls=CALLS),
        Rule(
            line(43),
            NOWHERE,
            Unknown("var.x", line(41)),
            missing("pl-1", 43),
            certain=False,
            calls=CALLS,
        ),
        Rule(
            line(52),
            AddressSet.of("54.0.0.0/16", "2600::/24"),
            ALL_PORTS,
            missing("pl-2", 54),
            calls=CALLS,
        ),
    ]
    assert (first.key, first.label, first.origin, first.defined) == (
        "aws_security_group.main",
        "the security group aws_security_group.main",
        HERE,
        True,
    )
    assert (second.key, second.label, second.origin, second.defined) == (
        "sg-2",
        "the security group sg-2",
        line(60),
        False,
    )
    assert [one.names(5432) for one in (first, second)] == [True, True]
    assert [one.names(5433) for one in (first, second)] == [False, False]
    assert groups.get("sg-2") is second
    assert groups.get("sg-3") is None


def test_parameters_among_blocks() -> None:
    """The one with the name; one without a name may be it; null is not known."""

    def found(*blocks: dict[str, object]) -> object:
        return parameter([ValueBody(one, line(at)) for at, one in enumerate(blocks, 1)], FORCE_SSL)

    on: dict[str, object] = {"name": FORCE_SSL, "value": "1"}
    assert found() is None
    assert found({"name": "other", "value": "0"}) is None
    assert found({"name": "other"}, on) == Known("1", line(2))
    assert found({"value": "0"}, on) == Known("1", line(2))
    assert found({"name": FORCE_SSL, "value": None}) == Unknown("rds.force_ssl is null", HERE)
    assert found({"name": FORCE_SSL}) == Unknown("rds.force_ssl is null", HERE)
    assert found({"name": FORCE_SSL, "value": X}) == Unknown("var.x", HERE)
    assert found({"value": "0"}) == Unknown("a parameter has no name", HERE)
    assert found({"name": X}, {"name": "other"}) == Unknown("var.x", HERE)


@pytest.mark.parametrize(
    ("version", "force_ssl", "aurora", "answer"),
    [
        (None, Known("1", line(5)), False, (Known(True, line(5)), "rds.force_ssl = 1", line(5))),
        (
            None,
            Known("off", line(5)),
            True,
            (Known(False, line(5)), "rds.force_ssl = off", line(5)),
        ),
        (None, Known("x", line(5)), True, (Known(False, line(5)), "rds.force_ssl = x", line(5))),
        (None, Unknown("var.x", line(5)), False, (Unknown("var.x", line(5)), FORCE_SSL, line(2))),
        (Unknown("var.v", line(6)), None, False, (Unknown("var.v", line(6)), FORCE_SSL, line(2))),
        (None, None, False, None),
        (
            None,
            None,
            True,
            (
                Unknown(
                    "rds.force_ssl is not set, and its default depends on the version, nor is"
                    " that set",
                    line(2),
                ),
                FORCE_SSL,
                line(2),
            ),
        ),
        *(
            (
                ServerVersion(major, False, line(7)),
                None,
                False,
                (
                    Known(required, line(7)),
                    f"rds.force_ssl is not set, and off by default in RDS for PostgreSQL {major}",
                    line(7),
                ),
            )
            for major, required in ((14, False), (15, True), (17, True))
        ),
        (
            ServerVersion(16, True, line(7)),
            None,
            True,
            (
                Known(False, line(7)),
                "rds.force_ssl is not set, and off by default in Aurora PostgreSQL 16",
                line(7),
            ),
        ),
        (
            ServerVersion(17, True, line(7)),
            None,
            True,
            (
                Unknown(
                    "rds.force_ssl is not set, and its default in Aurora PostgreSQL 17 is not"
                    " known",
                    line(7),
                ),
                FORCE_SSL,
                line(7),
            ),
        ),
    ],
)
def test_what_requires_tls(version: Any, force_ssl: Any, aurora: bool, answer: Any) -> None:
    """The parameter, or the default of the version, each with its place."""
    found = requirement("db", line(2), version, force_ssl, CALLS, aurora=aurora)
    assert found == (None if answer is None else _required(*answer))


def _required(required: Any, because: str, origin: Origin) -> TlsRequirement:
    return TlsRequirement("db", required, because, origin, CALLS)


# --- Google and Azure -----------------------------------------------------------------------------


def test_google_rules_with_their_calls() -> None:
    """Allowing, denying, of firewalls and of policies; perhaps, where the resource is so."""
    everything = [{"protocol": "all"}]
    address = AddressSet.of("52.0.0.0/16")

    def firewall(**more: Any) -> list[Rule]:
        found = _called("google_compute_firewall", source_ranges=["52.0.0.0/16"], **more)
        return list(rules_of(found))

    assert firewall(allow=everything) == [Rule(line(2), address, ALL_PORTS, rank=1000, calls=CALLS)]
    assert firewall(deny=everything, certain=False) == [
        Rule(line(2), address, ALL_PORTS, allow=False, rank=1000, certain=False, calls=CALLS)
    ]
    assert firewall(allow=everything, priority=X) == [
        Rule(line(2), address, ALL_PORTS, rank=2**32, calls=CALLS),
        Rule(line(2), NOWHERE, ALL_PORTS, (Unknown("var.x", line(4)),), calls=CALLS),
    ]
    match = {"src_ip_ranges": ["52.0.0.0/16"], "layer4_configs": [{"ip_protocol": "all"}]}

    def policy(**more: Any) -> list[Rule]:
        return list(policy_rules(Block({"match": [match], **more}), CALLS))

    assert policy(action="allow") == [Rule(line(2), address, ALL_PORTS, rank=1000, calls=CALLS)]
    assert policy(action="deny") == [
        Rule(line(2), address, ALL_PORTS, allow=False, rank=1000, calls=CALLS)
    ]
    everybody = _called("google_compute_firewall", allow=everything)
    assert list(rules_of(everybody)) == [Rule(HERE, ALL_IPV4, ALL_PORTS, rank=1000, calls=CALLS)]
    unknown = _called("google_compute_firewall", source_ranges=X, allow=everything)
    doubt = (Unknown("var.x", line(2)),)
    assert list(rules_of(unknown)) == [
        Rule(line(2), NOWHERE, ALL_PORTS, doubt, rank=1000, calls=CALLS)
    ]


def test_names_of_google_networks() -> None:
    """The last part of a URL; the address or the reason of what is not known."""
    assert network_of(NOTHING, Setting("projects/p/global/networks/shop", HERE)) == "shop"
    assert network_of(NOTHING, Setting("shop", HERE)) == "shop"
    assert network_of(NOTHING, Setting(None, HERE)) == "default"
    assert network_of(NOTHING, Setting(X, HERE)) == "(var.x)"
    elsewhere = Unresolved("r", "google_compute_network.other", "id")
    assert network_of(NOTHING, Setting(elsewhere, HERE)) == "google_compute_network.other"


def _of_azure(**values: Any) -> list[Any]:
    source = "Azure/avm-res-dbforpostgresql-flexibleserver/azurerm"
    call = FakeResource("module", "db", Block({"source": source, **values}), CALLS)
    found = with_called(Inventory([call]), ())
    return [
        one
        for kind in (
            "azurerm_postgresql_flexible_server",
            "azurerm_postgresql_flexible_server_firewall_rule",
        )
        for one in found.of(kind)
    ]


def test_servers_of_azure_modules() -> None:
    """The server, and its firewall rules; without an input for them everybody is let in."""
    server_id = Unresolved("", "module.db", "id")
    server, rule = _of_azure()
    assert (server.address, server.name, server.calls) == ("module.db", "db", CALLS)
    assert server.body == ValueBody(
        {"public_network_access_enabled": False, "delegated_subnet_id": None}, HERE
    )
    assert (rule.address, rule.name) == ("module.db.firewall_rules[0]", "db")
    assert rule.body.values["server_id"] == server_id
    assert (rule.origin, rule.body.certain) == (HERE, True)
    assert rule.calls == (
        Related("firewall_rules is not set, and lets everybody in", HERE),
        *CALLS,
    )
    ends = {"start_ip_address": "1.2.3.4", "end_ip_address": "1.2.3.5"}
    server, one, other = _of_azure(
        public_network_access_enabled=X,
        delegated_subnet_id="subnet",
        firewall_rules={"a": ends, "b": X},
    )
    assert server.body == ValueBody(
        {"public_network_access_enabled": X, "delegated_subnet_id": "subnet"}, line(3)
    )
    assert one.body == ValueBody({**ends, "server_id": server_id}, line(5))
    assert other.address == "module.db.firewall_rules[1]"
    assert other.body == ValueBody(
        {"start_ip_address": X, "end_ip_address": X, "server_id": server_id}, line(5)
    )
    assert (one.calls, other.calls) == (CALLS, CALLS)
    (alone,) = _of_azure(firewall_rules={})
    assert alone.address == "module.db"


def test_google_blocks_without_a_protocol() -> None:
    """The provider demands one; nothing is said of such a block."""
    found = _called("google_compute_firewall", allow=[{}, {"ports": ["5432"]}])
    assert list(rules_of(found)) == []


def _azure(**more: Any) -> list[Rule]:
    body = Block({"source_address_prefix": "52.0.0.0/16", "priority": 7, **more})
    return list(security_rules([WrittenRule(body, CALLS)]))


def test_azure_rules_without_ports() -> None:
    """All ports are meant; what is denied has to be so for every destination."""
    address = AddressSet.of("52.0.0.0/16")
    allowed = Rule(line(2), address, ALL_PORTS, rank=7, calls=CALLS)
    assert _azure() == [allowed]
    assert _azure(destination_port_range="*") == [replace(allowed, ports=ALL_PORTS)]
    assert _azure(destination_port_ranges=[]) == [allowed]
    denied = replace(allowed, allow=False)
    assert _azure(access="Deny") == [denied]
    for text in ("*", "0.0.0.0/0", "Any"):
        assert _azure(access="Deny", destination_address_prefix=text) == [denied]
        assert _azure(access="Deny", source_port_ranges=["1-5", text]) == [denied]
    assert _azure(access="Deny", destination_address_prefix="10.0.0.5") == []
    assert _azure(access="Deny", source_port_range="1-5") == []


@pytest.mark.parametrize(
    ("annotations", "internal"),
    [
        ({"type": "nlb-ip"}, True),
        ({"type": "External"}, True),
        ({"type": "nlb"}, False),
        ({"type": "nlb-ip", "scheme": "internet-facing"}, False),
        ({"type": "nlb-ip", "scheme": "internal"}, True),
        ({"internal": "0.0.0.0/0"}, True),
        ({"internal": "false"}, False),
    ],
)
def test_load_balancers_of_the_aws_controller(
    annotations: dict[str, object], internal: bool
) -> None:
    """It makes them internal by default."""
    start = "service.beta.kubernetes.io/aws-load-balancer-"
    assert is_internal({f"{start}{key}": value for key, value in annotations.items()}) is internal


# --- endpoints ------------------------------------------------------------------------------------


def _endpoint(*filters: tuple[Rule, ...], **more: Any) -> Endpoint:
    return Endpoint("the group", (5432,), filters, line(50), **more)


def test_limits_decide_what_is_wide() -> None:
    """Also for what is not known: a doubt about what is not wide either way is none."""
    office = Rule(line(1), AddressSet.of("52.1.2.0/24"))
    doubt = Unknown("var.x", line(2))
    perhaps = Rule(line(2), NOWHERE, unknown=(doubt,))
    few = Rule(line(3), AddressSet.of("52.1.2.0/24", "53.1.2.0/24"))
    narrow = access(_endpoint((office, perhaps), (few,)))
    assert (narrow.width, narrow.unknown) == (Breadth.NARROW, ())
    limits = BreadthLimits(block_v4=512)
    wide = access(_endpoint((office, perhaps), (few,), limits=limits))
    assert (wide.width, wide.unknown) == (Breadth.NARROW, (doubt,))
    assert Inventory((), limits).limits is limits
    assert Inventory(()).limits == BreadthLimits()


def test_the_largest_rules_are_named_first() -> None:
    """By the addresses of both families."""
    first = Rule(line(1), AddressSet.of("52.0.0.0/16"))
    second = Rule(line(2), AddressSet.of("53.0.0.0/16", "2600::/24"))
    found = access(_endpoint((first, second)))
    assert [rule.origin.line for rule in found.rules] == [2, 1]


def test_wide_rules_are_all_named() -> None:
    """A public block beside half of the internet, but no few addresses."""
    rules = tuple(
        Rule(line(number), AddressSet.of(text))
        for number, text in enumerate(("0.0.0.0/1", "200.1.0.0/16", "201.1.1.0/24"), 1)
    )
    found = access(_endpoint(rules))
    assert [rule.origin.line for rule in found.rules] == [1, 2]


def test_united_endpoints_guard_all_ports() -> None:
    """In the order in which they come, those that are closed for the first one, too."""
    rule = Rule(line(1), EVERYWHERE)
    ends = [
        Endpoint("a", (5432,), ((rule,),), line(5)),
        Endpoint("b", (6432, 5432), ((rule,),), line(6)),
    ]
    (united,) = united_holes(ends)
    assert isinstance(united, Endpoint)
    assert (united.ports, united.guard, united.origin) == ((5432, 6432), "a", line(5))


# --- pg_hba.conf ----------------------------------------------------------------------------------

_ALL = (Name(NameKind.ALL, "all"),)


def _names(*texts: str) -> tuple[Name, ...]:
    kinds = {"sameuser": NameKind.SAMEUSER, "samerole": NameKind.SAMEROLE, "all": NameKind.ALL}
    return tuple(Name(kinds.get(text, NameKind.NAME), text) for text in texts)


def _hba(
    number: int,
    databases: tuple[Name, ...] = _ALL,
    users: tuple[Name, ...] = _ALL,
    address: ClientAddress | None = None,
    method: str = "md5",
) -> HbaRule:
    everywhere = ClientAddress(AddressKind.ALL, "all", CLIENT_ADDRESSES, CLIENT_ADDRESSES)
    return HbaRule("host", databases, users, address or everywhere, method, (), line(number))


def test_rules_that_name_the_user_in_the_user_field() -> None:
    """`sameuser` there matches who has a database of the same name, in both kinds of grid."""
    odd = _hba(1, users=_names("sameuser"))
    named = _hba(2, _names("app", "web"), _names("app", "web"))
    for distinct in (False, True):
        found = cover([odd, named], distinct=distinct)
        assert [bool(one.pieces) for one in found.reaches] == [True, True]
        assert {
            (cell.users[0].name, cell.databases[0].name)
            for cell in (piece.cell for piece in found.reaches[1].pieces)
        } == {("app", "web"), ("web", "app")}


def test_what_rules_could_match_alone() -> None:
    """Each for itself; one that names too much is left out."""
    first, second = _hba(1), _hba(2, _names("shop"))
    assert [one.hidden_by for one in cover([first, second]).reaches] == [(), (first,)]
    found = cover_each([first, second])
    assert [(one.rule, one.hidden_by, one.lives) for one in found.reaches] == [
        (first, (), True),
        (second, (), True),
    ]
    assert cover_each([]).reaches == ()
    plain = cover_each([first], Memberships(), frozenset((Transport.PLAIN,)))
    assert plain.reaches[0].transports == {Transport.PLAIN}


def test_grids_have_a_limit() -> None:
    """More pairs of rules and cells than that are not looked at."""
    rules = [
        _hba(number, _names(f"d{number}"), _names(f"u{number}", "app")) for number in range(40)
    ]
    everything = frozenset(Transport)
    for make in (Grid, DistinctGrid):
        grid = make(rules, Memberships(), everything)
        assert all(grid.matches(rule) for rule in rules)
        with pytest.raises(TooManyCells):
            _matched(make, rules)


def _matched(make: Any, rules: list[HbaRule]) -> list[dict[int, Answer]]:
    grid = make(rules, Memberships(), frozenset(Transport), -3000)
    return [grid.matches(rule) for rule in rules]


@pytest.mark.parametrize(
    ("kind", "text", "possible", "answer"),
    [
        (AddressKind.HOSTNAME, "localhost", CLIENT_ADDRESSES, Answer.NO),
        (AddressKind.HOSTNAME, "LocalHost", CLIENT_ADDRESSES, Answer.NO),
        (AddressKind.HOSTNAME, "db.example", CLIENT_ADDRESSES, Answer.YES),
        (AddressKind.SAMEHOST, "samehost", CLIENT_ADDRESSES, Answer.NO),
        (AddressKind.UNKNOWN, "?", CLIENT_ADDRESSES, Answer.MAYBE),
        (AddressKind.NETWORK, "127.0.0.0/8", AddressSet.of("127.0.0.0/8"), Answer.NO),
        (AddressKind.NETWORK, "126.0.0.0/7", AddressSet.of("126.0.0.0/7"), Answer.YES),
        (AddressKind.NETWORK, "none", NOWHERE, Answer.NO),
    ],
)
def test_rules_for_other_machines(
    kind: AddressKind, text: str, possible: AddressSet, answer: Answer
) -> None:
    """Not those for this machine, under whatever name."""
    rule = _hba(1, address=ClientAddress(kind, text, NOWHERE, possible))
    fact = EffectiveRule(rule, cover([rule]).reaches[0])
    assert fact.reaches_other_machines() is answer
    assert fact.reaches_other_machines(Transport.LOCAL) is Answer.NO
    assert fact.reaches_other_machines(Transport.TLS) is answer


def _pattern(text: str) -> tuple[Name, ...]:
    return (Name(NameKind.REGEX, text),)


def _network(text: str) -> ClientAddress:
    network = AddressSet.of(text)
    return ClientAddress(AddressKind.NETWORK, text, network, network, 4, 0, 0)


def _typed(
    kind: str,
    number: int,
    users: tuple[Name, ...] = _ALL,
    network: str = "0.0.0.0/0",
    method: str = "md5",
) -> HbaRule:
    return HbaRule(kind, _ALL, users, _network(network), method, (), line(number))


def test_what_is_left_differs_between_users() -> None:
    """A line that surely keeps out one user, and perhaps others, leaves each of them its own."""
    first = _typed("host", 1, _pattern("^app"), "10.0.0.0/8", "reject")
    second = _typed("host", 2)
    third = _typed("host", 3, (Name(NameKind.NAME, "app"),))
    everything = AddressSet.of("0.0.0.0/0")
    for distinct in (False, True):
        reach = cover([first, second, third], distinct=distinct).reaches[1]
        found = {piece.cell.users[0].name: (piece.open, piece.sure) for piece in reach.pieces}
        rest = everything - AddressSet.of("10.0.0.0/8")
        assert found == {"app": (rest, rest), None: (everything, rest)}


def test_what_is_let_in_over_different_transports_counts_together() -> None:
    """The last of them may have less left than the first."""
    half = _typed("hostgssenc", 1, network="0.0.0.0/1", method="reject")
    (found,) = exposures(cover([half, _typed("host", 2)]))
    assert (found.rule.origin.line, found.addresses) == (2, AddressSet.of("0.0.0.0/0"))
    assert (found.breadth, found.certain) == (Breadth.INTERNET, Breadth.INTERNET)


def test_a_public_block_is_named_beside_the_internet() -> None:
    """A network that is wide by itself is needed, however much is open besides."""
    wide, block = _typed("host", 1, network="0.0.0.0/1"), _typed("host", 2, network="200.1.0.0/16")
    few = _typed("host", 3, network="201.1.1.0/24")
    (found,) = exposures(cover([wide, block, few]))
    assert (found.rule, found.others) == (wide, (block,))


def test_the_same_doubt_on_two_lines() -> None:
    """It is tried for all cells that hang on it, those of the first line, too."""
    lines = [_typed("local", 1, _pattern("^a")), _typed("hostssl", 2, _pattern("^a"))]
    found = differences(lines, [])
    assert [(one.first.origin.line, one.transport) for one in found if one.first] == [
        (1, Transport.LOCAL),
        (2, Transport.TLS),
    ]
    assert {one.depends != "" for one in found} == {True}
    assert differences(lines, lines) == []


# --- messages -------------------------------------------------------------------------------------


def test_codes_of_other_programs_before_ours() -> None:
    """So many are passed over, and not one more."""
    foreign = "mysql said SQLSTATE[53300]\n" + "-" * 4000 + "\n"
    ours = "SQLSTATE[53300] in psql\n"
    found = recognise(foreign * (OCCURRENCES - 1) + ours, symptoms())
    assert {one.line for one in found} == {2 * (OCCURRENCES - 1) + 1}
    assert recognise(foreign * OCCURRENCES + ours, symptoms()) == ()


def test_the_order_of_candidates() -> None:
    """First those whose main code it is, by the layer that they are in, then by name."""
    found = [one.symptom.id for one in recognise("SQLSTATE 28000", symptoms())]
    assert found == [
        "no-pg-hba-entry",
        "pg-hba-rejects",
        "peer-or-ident-failed",
        "role-cannot-log-in",
        "certificate-not-accepted",
        "tls-required",
    ]


def test_names_of_symptoms() -> None:
    """The whole text is the place."""
    for text in ("too-many-clients", "  Too many clients  "):
        (found,) = recognise(text, symptoms())
        assert (found.symptom.id, found.start, found.end, found.line) == (
            "too-many-clients",
            0,
            len(text),
            1,
        )
        assert (found.wording, found.code, found.by_code) == (None, None, False)


def test_everything_is_somewhere() -> None:
    """What no filter stands before is not reached; what a filter without rules guards neither."""
    assert access(_endpoint()).addresses == NOWHERE
    assert access(_endpoint(())).addresses == NOWHERE
    assert access(_endpoint((Rule(line(1), EVERYWHERE),))).addresses == EVERYWHERE
