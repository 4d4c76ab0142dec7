# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What attributes of Terraform resources mean, branch by branch: values in, the answer out."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from model_resources import HERE, Block, FakeResource, X, resource
from verdict_words import line

from connguard.policies.model.addresses import (
    ALL_IPV4,
    EVERYWHERE,
    NOWHERE,
    PRIVATE,
    AddressSet,
)
from connguard.policies.model.aws_databases import AwsDatabase, PublicAddress, databases
from connguard.policies.model.aws_groups import GroupReference, SecurityGroups
from connguard.policies.model.aws_rules import (
    database_port,
    items,
    port_number,
    rule_sources,
    tcp_ports,
    written_ports,
)
from connguard.policies.model.aws_rules import is_narrow as is_narrow_on_aws
from connguard.policies.model.aws_tls import ServerVersion, parameter, requirement, version
from connguard.policies.model.azure_module_calls import with_called
from connguard.policies.model.database_facts import TlsRequirement
from connguard.policies.model.kubernetes_service import (
    decides_visibility,
    is_internal,
    is_postgres_port,
    names_postgres,
)
from connguard.policies.model.network import LAST, Rule
from connguard.policies.model.origin import Known, Related, Unknown
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.provider_index import INDEX
from connguard.policies.model.terraform_azure import server_ports
from connguard.policies.model.terraform_azure_rules import WrittenRule, security_rules
from connguard.policies.model.terraform_facts import written_index
from connguard.policies.model.terraform_google_rules import (
    network_of,
    policy_rules,
    rules_of,
)
from connguard.policies.model.terraform_guards import (
    Guard,
    Holders,
    everybody,
    groups,
    holders_named,
    is_other,
    is_surely,
    may_be,
    named_ports,
    needed_ports,
    server_endpoints,
)
from connguard.policies.model.terraform_network import is_narrow, port_range, ports, sources
from connguard.policies.model.terraform_resource import (
    Inventory,
    ValueBody,
    value_bodies,
)
from connguard.policies.model.terraform_value import (
    Setting,
    Unresolved,
    boolean,
    integer,
    text,
)

NOTHING = Inventory(())

# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "value", "answer"),
    [
        (integer, "-1", -1),
        (integer, 5.0, 5),
        (integer, Fraction(6), 6),
        (integer, "1e3", 1000),
        (integer, None, None),
        (integer, X, "var.x"),
        (integer, True, "name is True, which is no whole number"),
        (integer, "1.5", 'name is "1.5", which is no whole number'),
        (integer, float("inf"), "name is inf, which is no whole number"),
        (integer, "1" * 99, int("1" * 99)),
        (integer, "1" * 100, f'name is "{"1" * 59}…, which is no whole number'),
        (integer, "a" * 58, f'name is "{"a" * 58}", which is no whole number'),
        (integer, "a" * 59, f'name is "{"a" * 59}…, which is no whole number'),
        (integer, {"a": 1}, "name is a map, which is no whole number"),
        (integer, [1], "name is a list, which is no whole number"),
        (integer, (1,), "name is a list, which is no whole number"),
        (boolean, "true", True),
        (boolean, "false", False),
        (boolean, False, False),
        (boolean, 1, "name is 1, which is neither true nor false"),
        (boolean, "True", 'name is "True", which is neither true nor false'),
        (text, "", ""),
        (text, 5, "5"),
        (text, True, "name is True, which is no string"),
        (text, 1.5, "name is 1.5, which is no string"),
        (text, None, None),
    ],
)
def test_conversions(read: Any, value: object, answer: object) -> None:
    """As Terraform converts; what it would refuse is not known, and said in sixty characters."""
    found = read({"name": Setting(value, HERE)}, "name")
    if answer is None:
        assert found is None
    elif isinstance(answer, str) and not (read is text and answer in ("", "5")):
        assert found == Unknown(answer, HERE)
    else:
        assert found == Known(answer, HERE)
        assert type(found.value) is type(answer)
    assert read({}, "name") is None


def test_blocks_that_are_written_as_values() -> None:
    """A list, a map, an unknown; something else is a block of which nothing is known."""
    assert value_bodies(None, HERE) == []
    assert value_bodies([{"a": 1}, [{"b": 2}]], HERE) == [
        ValueBody({"a": 1}, HERE),
        ValueBody({"b": 2}, HERE),
    ]
    for value, reason in ((X, "var.x"), (7, "it is no block")):
        (one,) = value_bodies(value, HERE)
        assert (one.certain, one.origin) == (False, HERE)
        assert one.setting("a") == Setting(Unresolved(reason), HERE)
        assert one.blocks("b") == [one]
    parts = Unresolved("concat()", parts=([{"a": 1}], X))
    assert [body.certain for body in value_bodies(parts, HERE)] == [True, False]


def test_resources_that_a_value_names() -> None:
    """By reference, by the id or the ARN of a plan, by a name, and in lists."""
    one = resource("aws_vpc", "one", id="vpc-1", arn="arn:1", name="main")
    two = resource("aws_vpc", "two", id=X, name="main")
    other = resource("aws_subnet", "one", arn="arn:2", name="main")
    inventory = Inventory([one, two, other])
    assert inventory.targets("vpc-1") == [one]
    assert inventory.targets("arn:1") == [one]
    assert inventory.targets(["arn:2", "vpc-1", "nothing", 7]) == [other, one]
    assert inventory.targets(Unresolved("r", "aws_vpc.two")) == [two]
    assert inventory.targets(Unresolved("r", parts=("vpc-1", Unresolved("r", "aws_vpc.two")))) == [
        one,
        two,
    ]
    assert inventory.named("aws_vpc", "name", "main") == [one, two]
    assert inventory.named("aws_vpc", "name", "arn:2") == []
    assert inventory.named("aws_subnet", "name", Unresolved("r", "aws_vpc.one")) == []
    assert list(inventory.of("aws_subnet", "aws_vpc")) == [other, one, two]


# --- sources and ports ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refers", "attribute", "narrow"),
    [
        ("aws_vpc.main", "cidr_block", True),
        ("aws_vpc.main", "ipv6_cidr_block", True),
        ("aws_vpc.main", "name", False),
        ("aws_thing.main", "cidr_block", False),
        ("data.google_compute_subnetwork.main", "ip_cidr_range", True),
        ("azurerm_virtual_network.main", "address_space", True),
        ("aws_eip.nat", "public_ip", True),
        ("aws_eip.nat", "id", False),
        ("module.vpc", "cidr_block", False),
        ("module.vpc", "public_ip", False),
        ("module.vpc.aws_vpc.main", "cidr_block", True),
        (None, "cidr_block", False),
        ("aws_vpc.main", None, False),
    ],
)
def test_unknown_sources_that_are_narrow(
    refers: str | None, attribute: str | None, narrow: bool
) -> None:
    """The own range of a network, or one address; if it is that, and nothing made of it."""
    assert is_narrow(Unresolved("r", refers, attribute)) is narrow
    assert is_narrow(Unresolved("r", refers, attribute, direct=False)) is False
    assert is_narrow(Unresolved("r", refers, attribute, tail="/32")) is True
    assert is_narrow(Unresolved("r", refers, attribute, tail="/24")) is True
    assert is_narrow(Unresolved("r", refers, attribute, tail="/23")) is False
    assert is_narrow(Unresolved("r", refers, attribute, tail="-x")) is False


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ({"from": 5000, "to": 6000}, Known(Ports.between(5000, 6000), line(2))),
        ({"from": 5432}, Known(Ports.of(5432), line(2))),
        ({"to": 5432}, Known(Ports.of(5432), HERE)),
        ({}, Known(ALL_PORTS, HERE)),
        ({"from": None, "to": None}, Known(ALL_PORTS, HERE)),
        ({"from": -1, "to": 70000}, Known(ALL_PORTS, line(2))),
        ({"from": X, "to": 6000}, Unknown("var.x", line(2))),
        ({"from": 5000, "to": X}, Unknown("var.x", line(3))),
        ({"from": "a"}, Unknown('from is "a", which is no whole number', line(2))),
    ],
)
def test_ports_from_one_to_another(values: dict[str, object], answer: object) -> None:
    """Absent ends are the other one; without both it is every port."""
    assert port_range(Block(values), "from", "to") == answer


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (None, Ports.of(1)),
        (5432, Known(Ports.of(5432), HERE)),
        ("5000-6000", Known(Ports.between(5000, 6000), HERE)),
        (["22", 5432], Known(Ports.of(22, 5432), HERE)),
        ([], Known(Ports(()), HERE)),
        (X, Unknown("var.x", HERE)),
        (["22", X], Unknown("var.x", HERE)),
        ("ssh", Unknown("it is 'ssh', which is no port", HERE)),
        (1.5, Unknown("it is 1.5, which is no port", HERE)),
    ],
)
def test_ports_of_an_attribute(value: object, answer: object) -> None:
    """A number, a range, a list; the default where nothing is set."""
    assert ports(Setting(value, HERE), "it", Ports.of(1)) == answer
    assert ports(None, "it", Ports.of(1)) == Ports.of(1)
    assert ports(None, "it") == ALL_PORTS


def test_sources_of_an_attribute() -> None:
    """Texts and lists of them; what is no address is not known, by the attribute's name."""
    found = sources(Setting(["10.0.0.0/8", X, "sg-1", None, "", "*"], HERE), "cidrs")
    assert found.known == EVERYWHERE
    assert found.unknown == (
        Unknown("var.x", HERE),
        Unknown("cidrs holds 'sg-1', which is no address", HERE),
    )
    between = sources(Setting("10.0.0.0 - 10.0.0.255", HERE), "cidrs")
    assert (between.known, between.unknown) == (AddressSet.of("10.0.0.0/24"), ())


# --- AWS ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ({"port": 5433}, Known(5433, line(2))),
        ({"database_port": "5434"}, Known(5434, line(2))),
        ({"db_port": 5435, "engine": "postgres"}, Known(5435, line(2))),
        ({"port": X}, Unknown("var.x", line(2))),
        ({"port": None, "engine": "aurora-postgresql"}, Known(5432, HERE)),
        ({"port": "", "engine_family": "POSTGRESQL"}, Known(5432, HERE)),
        ({"engine": "mysql"}, Unknown("the port of aws_db_instance.main is not set", HERE)),
        ({"engine": X}, Unknown("the port of aws_db_instance.main is not set", HERE)),
        ({}, Unknown("the port of aws_db_instance.main is not set", HERE)),
    ],
)
def test_the_port_of_a_database(values: dict[str, Any], answer: object) -> None:
    """The one that is set, else PostgreSQL's if that is the engine."""
    database = resource("aws_db_instance", **values)
    assert database_port(database) == answer
    reference = Setting(Unresolved("r", "aws_db_instance.main", "port"), line(70))
    taken = port_number(reference, Inventory([database]))
    if isinstance(answer, Known):
        assert taken == Known(answer.value, line(70))
    else:
        assert taken == Unknown("r", line(70))


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ({"protocol": "tcp", "from_port": 1, "to_port": 2}, Known(Ports.between(1, 2), line(3))),
        ({"protocol": " TCP ", "to_port": 2}, Known(Ports.of(2), line(3))),
        ({"protocol": 6, "from_port": 2}, Known(Ports.of(2), line(3))),
        ({"protocol": Fraction(6), "from_port": 2}, Known(Ports.of(2), line(3))),
        ({"protocol": "-1", "from_port": 2}, ALL_PORTS),
        ({"protocol": -1}, ALL_PORTS),
        ({"protocol": "ALL"}, ALL_PORTS),
        ({"protocol": "udp"}, None),
        ({"protocol": 17}, None),
        ({"protocol": X}, Unknown("var.x", line(2))),
        ({"protocol": None, "from_port": 2}, Known(Ports.of(2), line(3))),
        ({"from_port": X, "to_port": 2}, Unknown("var.x", line(2))),
        ({"from_port": -5, "to_port": 90000}, Known(ALL_PORTS, line(2))),
        ({}, Known(ALL_PORTS, HERE)),
    ],
)
def test_the_ports_of_a_rule(values: dict[str, object], answer: object) -> None:
    """None for other protocols; all of them for every protocol."""
    assert tcp_ports(Block(values), NOTHING) == answer


def test_ports_that_a_rule_writes() -> None:
    """Whatever its protocol, if they are known."""
    assert written_ports(Block({"protocol": "-1"}), NOTHING) == []
    assert written_ports(Block({"from_port": 5, "to_port": 6}), NOTHING) == [Ports.between(5, 6)]
    assert written_ports(Block({"to_port": 6}), NOTHING) == [Ports.of(6)]
    assert written_ports(Block({"from_port": X}), NOTHING) == []


def test_the_sources_of_a_rule() -> None:
    """All of them together, at the attribute that adds the most."""
    names = ("small", "large", "six", "unknown")
    body = Block(
        {
            "small": "52.1.2.0/24",
            "large": ["52.0.0.0/8", "53.0.0.0/8"],
            "six": "2a00::/12",
            "unknown": X,
            "nothing": None,
            "list": ["", None, "pl-1"],
            "service": Unresolved("r", "aws_vpc_endpoint.s3", "prefix_list_id"),
        }
    )
    found = rule_sources(body, NOTHING, names)
    assert found.origin == line(3)
    assert found.found.known == AddressSet.of(
        "52.1.2.0/24", "52.0.0.0/8", "53.0.0.0/8", "2a00::/12"
    )
    assert found.found.unknown == (Unknown("var.x", line(5)),)
    assert bool(found)
    assert rule_sources(body, NOTHING, ("small", "unknown")).origin == line(2)
    assert rule_sources(Block({"a": "10.1.0.0/24", "b": "10.2.0.0/23"}), NOTHING, ("a", "b")) == (
        rule_sources(Block({"a": "10.1.0.0/24", "b": "10.2.0.0/23"}), NOTHING, ("b", "a"))
    )
    narrow = Block({"a": "10.1.0.0/24", "b": "10.2.0.0/23", "c": "fd00::/64"})
    assert rule_sources(narrow, NOTHING, ("a", "b", "c")).origin == line(3)
    assert rule_sources(narrow, NOTHING, ("c", "a")).origin == line(2)
    nothing = rule_sources(body, NOTHING, ("nothing", "absent"))
    assert (nothing.found.known, nothing.found.unknown, nothing.origin, bool(nothing)) == (
        NOWHERE,
        (),
        HERE,
        False,
    )
    lists = rule_sources(body, NOTHING, (), ("list", "service"))
    assert lists.origin == line(7)
    assert lists.found.unknown == (
        Unknown("the prefix list pl-1 is not in the scanned files", line(7)),
    )
    unknown_list = rule_sources(body, NOTHING, (), ("unknown",))
    assert unknown_list.found.unknown == (Unknown("var.x", line(5)),)


def test_elements_of_lists() -> None:
    """Without empty ones, and without the lists in lists."""
    parts = Unresolved("r", parts=(["a"], X))
    assert items(Setting(["", None, "b", ["c", parts]], HERE)) == ["b", "c", "a", X]
    assert items(Setting("d", HERE)) == ["d"]
    assert items(Setting(0, HERE)) == [0]
    assert items(Setting(None, HERE)) == []
    assert items(None) == []


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["16.4"], ServerVersion(16, False, line(0))),
        ([None, "", "aurora-postgresql14"], ServerVersion(14, True, line(2))),
        (["default.postgres13"], ServerVersion(13, False, line(0))),
        (["latest", " 12 "], ServerVersion(12, False, line(1))),
        (["latest"], None),
        ([X, "16"], Unknown("var.x", line(0))),
        ([], None),
    ],
)
def test_the_version_of_a_server(values: list[object], found: object) -> None:
    """In the first of some settings that is set."""
    settings = [Setting(value, line(number)) for number, value in enumerate(values)]
    assert version([None, *settings], aurora=False) == found


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ([{"name": "a", "value": "1"}], Known("1", line(3))),
        ([{"name": "b", "value": "1"}], None),
        ([{"name": "a"}], Unknown("a is null", HERE)),
        ([{"name": "a", "value": None}], Unknown("a is null", HERE)),
        ([{"value": "1"}], Unknown("a parameter has no name", HERE)),
        ([{"name": X, "value": "1"}], Unknown("var.x", HERE)),
        ([{"name": Unresolved("")}], Unknown("a parameter has no name", HERE)),
        ([{"name": X}, {"name": "a", "value": 1}], Known("1", line(3))),
    ],
)
def test_a_parameter_among_blocks(blocks: list[dict[str, object]], found: object) -> None:
    """A block whose name is not known may set it, unless another one does."""
    assert parameter([Block(one) for one in blocks], "a") == found


def test_whether_a_server_requires_tls() -> None:
    """By its parameter; without it by its version, and without that by what AWS takes."""
    seen = (Related("its parameter group", line(80)),)

    def said(found: Any, parameter: Any, *, aurora: bool = False) -> object:
        return requirement("db", HERE, found, parameter, seen, aurora=aurora)

    def needs(required: Any, because: str, at: int) -> TlsRequirement:
        return TlsRequirement("db", required, because, line(at), seen)

    doubt = Unknown("var.x", line(9))
    unset = "rds.force_ssl is not set, and"
    assert said(None, Known("1", line(5))) == needs(Known(True, line(5)), "rds.force_ssl = 1", 5)
    assert said(None, Known("0", line(5))) == needs(Known(False, line(5)), "rds.force_ssl = 0", 5)
    assert said(None, doubt) == needs(doubt, "rds.force_ssl", 1)
    assert said(doubt, None) == needs(doubt, "rds.force_ssl", 1)
    assert said(None, None) is None
    assert said(None, None, aurora=True) == needs(
        Unknown(f"{unset} its default depends on the version, nor is that set", HERE),
        "rds.force_ssl",
        1,
    )
    for major, required in ((14, False), (15, True)):
        assert said(ServerVersion(major, False, line(6)), None) == needs(
            Known(required, line(6)),
            f"{unset} off by default in RDS for PostgreSQL {major}",
            6,
        )
    assert said(ServerVersion(16, True, line(6)), None) == needs(
        Known(False, line(6)), f"{unset} off by default in Aurora PostgreSQL 16", 6
    )
    assert said(ServerVersion(17, True, line(6)), None) == needs(
        Unknown(f"{unset} its default in Aurora PostgreSQL 17 is not known", line(6)),
        "rds.force_ssl",
        6,
    )


# --- Azure ----------------------------------------------------------------------------------------

_IN = {"direction": "Inbound", "access": "Allow", "protocol": "Tcp"}


def _azure(*rules: dict[str, object], certain: bool = True) -> list[Rule]:
    return list(security_rules([WrittenRule(Block(one, HERE, certain), ()) for one in rules]))


def test_rules_of_azure() -> None:
    """Inbound ones for TCP, by their priority."""
    one = {**_IN, "priority": 100, "source_address_prefix": "52.0.0.0/8"}
    address = AddressSet.of("52.0.0.0/8")
    assert _azure(one) == [Rule(line(6), address, ALL_PORTS, rank=100)]
    assert _azure(one, certain=False) == [
        Rule(line(6), address, ALL_PORTS, rank=100, certain=False)
    ]
    for change in ({"direction": "Outbound"}, {"protocol": "Udp"}, {"protocol": "Icmp"}):
        assert _azure({**one, **change}) == []
    assert _azure({**one, "protocol": "*", "destination_port_range": "5432"}) == [
        Rule(line(6), address, Ports.of(5432), rank=100)
    ]
    assert _azure({**one, "direction": X}) == [
        Rule(line(6), NOWHERE, ALL_PORTS, (Unknown("var.x", line(2)),), rank=100)
    ]
    assert _azure({**one, "access": "Deny", "direction": X}) == []
    assert _azure({**one, "source_address_prefix": "*"}) == [
        Rule(line(6), EVERYWHERE - PRIVATE, ALL_PORTS, rank=100)
    ]


def test_priorities_of_azure_that_are_not_known() -> None:
    """An allowing rule may be the first or the last, a denying one is the last and in doubt."""
    address = AddressSet.of("52.0.0.0/8")
    allow: dict[str, object] = {**_IN, "priority": X, "source_address_prefix": "52.0.0.0/8"}
    deny: dict[str, object] = {**allow, "access": "Deny"}
    assert _azure(allow) == [Rule(line(6), address, ALL_PORTS, rank=LAST)]
    assert _azure(allow, deny) == [
        Rule(line(6), address, ALL_PORTS, rank=LAST),
        Rule(line(6), NOWHERE, ALL_PORTS, (Unknown("var.x", line(5)),)),
        Rule(line(6), address, ALL_PORTS, allow=False, rank=LAST, certain=False),
    ]
    without: dict[str, object] = {**_IN, "source_address_prefix": "52.0.0.0/8"}
    assert _azure(without, deny)[0] == Rule(line(5), address, ALL_PORTS, rank=LAST)
    assert len(_azure(without, deny)) == 2


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True),
        ({"destination_address_prefix": "*"}, True),
        ({"destination_address_prefix": "Any"}, True),
        ({"destination_address_prefix": "VirtualNetwork"}, True),
        ({"destination_address_prefix": "10.0.0.4"}, False),
        ({"destination_address_prefixes": ["10.0.0.4", "*"]}, True),
        ({"destination_address_prefixes": []}, True),
        ({"source_port_range": "*"}, True),
        ({"source_port_range": "1024"}, False),
        ({"source_port_ranges": ["1024"]}, False),
        ({"destination_application_security_group_ids": []}, True),
        ({"destination_application_security_group_ids": [X]}, False),
    ],
)
def test_denying_rules_of_azure(more: dict[str, object], counts: bool) -> None:
    """They count where they are for all machines, and all ports of the clients."""
    deny = {**_IN, "access": "Deny", "priority": 5, "source_address_prefix": "52.0.0.0/8"}
    expected = [
        Rule(line(6), AddressSet.of("52.0.0.0/8"), ALL_PORTS, allow=False, rank=5),
    ]
    assert _azure({**deny, **more}) == (expected if counts else [])


def _made(**values: Any) -> list[Any]:
    call = resource("module", "group", **values)
    inventory = with_called(Inventory([call]), ())
    return [one for kind in sorted(inventory.types) for one in inventory.of(kind)]


def test_what_azure_modules_make() -> None:
    """A group with the rules that its inputs say, defaults filled in; nothing for other sources."""
    source = "Azure/network-security-group/azurerm"
    for other in ("./network-security-group", X, None, "Azure/network/azurerm"):
        plain = Inventory([resource("module", "group", source=other)])
        assert with_called(plain, ("azurerm_network_security_group",)) is plain
    (group,) = _made(
        source=source,
        predefined_rules=[{"name": "PostgreSQL"}, {"name": "SSH", "priority": 7}, {"name": X}, X],
        source_address_prefix=["52.0.0.0/8"],
    )
    made = {"direction": "Inbound", "access": "Allow", "protocol": "Tcp"}
    assert (group.type, group.name, group.address) == (
        "azurerm_network_security_group",
        "group",
        "module.group",
    )
    assert group.body.values["security_rule"] == [
        {
            **made,
            "priority": priority,
            "destination_port_range": port,
            "source_address_prefixes": ["52.0.0.0/8"],
        }
        for priority, port in ((4096, "5432"), (7, "0"), (4096, X))
    ] + [X]
    (listed,) = _made(
        source=source,
        predefined_rules=[
            {"name": "PostgreSQL", "source_application_security_group_ids": ["x"]},
            {"name": "PostgreSQL"},
        ],
        source_address_prefix=["52.0.0.0/8"],
        source_address_prefixes=["53.0.0.0/8"],
    )
    assert [one["source_address_prefixes"] for one in listed.body.values["security_rule"]] == [
        None,
        ["53.0.0.0/8"],
    ]
    (nobody,) = _made(source=source, predefined_rules={"a": {"name": "PostgreSQL"}})
    assert [one["source_address_prefixes"] for one in nobody.body.values["security_rule"]] == [
        ["*"]
    ]


def test_custom_rules_of_azure_modules() -> None:
    """Each input has its default; without sources everybody is let in."""
    (group,) = _made(
        source="Azure/network-security-group/azurerm",
        custom_rules=[
            {"priority": 5},
            {
                "access": "Deny",
                "direction": "Outbound",
                "protocol": "Udp",
                "source_address_prefix": "a",
            },
            {"destination_port_range": "5", "source_address_prefixes": ["b"]},
            {"source_application_security_group_ids": ["c"], "protocol": None},
            X,
        ],
    )
    default = {
        "access": "Allow",
        "direction": "Inbound",
        "protocol": "*",
        "destination_port_range": "*",
    }
    assert group.body.values["security_rule"] == [
        {**default, "priority": 5, "source_address_prefix": "*"},
        {
            "access": "Deny",
            "direction": "Outbound",
            "protocol": "Udp",
            "destination_port_range": "*",
            "source_address_prefix": "a",
        },
        {**default, "destination_port_range": "5", "source_address_prefixes": ["b"]},
        {**default, "source_application_security_group_ids": ["c"]},
        X,
    ]
    assert group.origin == line(3)


# --- Google ---------------------------------------------------------------------------------------


def _google(**values: Any) -> list[Rule]:
    return list(rules_of(resource("google_compute_firewall", **values)))


def test_rules_of_google() -> None:
    """Ingress by default, for TCP, enabled; with sources, tags, or everybody."""
    tcp = {"protocol": "tcp", "ports": ["5432"]}
    ranges = ["52.0.0.0/8"]
    address = AddressSet.of(*ranges)
    port = Known(Ports.of(5432), line(3))
    base = {"source_ranges": ranges, "allow": [tcp]}
    usual = Rule(line(2), address, port, rank=1000)
    assert _google(**base) == [usual]
    change: dict[str, Any]
    protocol: Any
    for change in ({"direction": "INGRESS"}, {"disabled": False}, {"disabled": "false"}):
        assert _google(**base, **change) == [usual]
    for change in ({"direction": "EGRESS"}, {"disabled": True}, {"disabled": "true"}):
        assert _google(**base, **change) == []
    doubt = (Unknown("var.x", line(4)),)
    for change in ({"direction": X}, {"disabled": X}):
        assert _google(**base, **change) == [Rule(line(2), NOWHERE, port, doubt, rank=1000)]
    assert _google(**base, priority=5) == [Rule(line(2), address, port, rank=5)]
    assert _google(**base, priority=X) == [
        Rule(line(2), address, port, rank=2**32),
        Rule(line(2), NOWHERE, port, doubt),
    ]
    for protocol in ("udp", "icmp", None):
        assert _google(source_ranges=ranges, allow=[{"protocol": protocol}]) == []
    for protocol in ("6", 6, "TCP", "all"):
        assert _google(source_ranges=ranges, allow=[{"protocol": protocol}]) == [
            Rule(line(2), address, ALL_PORTS, rank=1000)
        ]
    assert _google(source_ranges=ranges, allow=[{"protocol": X}]) == [
        Rule(line(2), address, Unknown("var.x", line(3)), rank=1000)
    ]
    assert _google(source_ranges=X, allow=[tcp]) == [
        Rule(line(2), NOWHERE, port, (Unknown("var.x", line(2)),), rank=1000)
    ]
    assert _google(source_ranges=["a"], allow=[tcp])[0].unknown == (
        Unknown("source_ranges holds 'a', which is no address", line(2)),
    )
    assert _google(source_ranges=[], allow=[tcp])[0].sources == ALL_IPV4
    assert _google(source_tags=["a"], allow=[tcp])[0].sources == NOWHERE


def test_denying_rules_of_google() -> None:
    """They count where they are certain to hold for all addresses of the machines."""
    deny: dict[str, Any] = {
        "source_ranges": ["52.0.0.0/8"],
        "deny": [{"protocol": "all"}],
    }
    rule = Rule(line(2), AddressSet.of("52.0.0.0/8"), ALL_PORTS, allow=False, rank=1000)
    assert _google(**deny) == [rule]
    assert _google(**deny, destination_ranges=[]) == [rule]
    for change in (
        {"destination_ranges": ["10.0.0.1"]},
        {"priority": X},
        {"disabled": X},
        {"direction": X},
    ):
        assert _google(**deny, **change) == []


def test_google_rules_that_may_not_exist() -> None:
    """Blocks of which nothing is known, in a resource that is certain and in one that is not."""
    uncertain = FakeResource(
        "google_compute_firewall",
        "main",
        Block({"source_ranges": ["52.0.0.0/8"], "allow": [{"protocol": "all"}]}, HERE, False),
    )
    address = AddressSet.of("52.0.0.0/8")
    assert list(rules_of(uncertain)) == [
        Rule(line(2), address, ALL_PORTS, rank=1000, certain=False)
    ]
    assert _google(source_ranges=["52.0.0.0/8"], allow=X) == [
        Rule(line(2), address, Unknown("var.x", line(3)), rank=1000, certain=False)
    ]
    assert _google(source_ranges=["52.0.0.0/8"], deny=X) == [
        Rule(
            line(2),
            address,
            Unknown("var.x", line(3)),
            allow=False,
            rank=1000,
            certain=False,
        )
    ]


def test_rules_of_google_policies() -> None:
    """Each block of ports of each match; what only goes on to the next level lets nobody in."""

    def rules(**values: object) -> list[Rule]:
        return list(policy_rules(Block(values), ()))

    match: dict[str, object] = {
        "src_ip_ranges": ["52.0.0.0/8"],
        "layer4_configs": [{"ip_protocol": "tcp", "ports": ["5432"]}],
    }
    address = AddressSet.of("52.0.0.0/8")
    port = Known(Ports.of(5432), line(2))
    one = Rule(line(2), address, port, rank=1000)
    assert rules(match=[match], action="allow") == [one]
    assert rules(match=[match], action="apply_security_profile_group") == [one]
    assert rules(match=[match], action="ALLOW", priority=7) == [
        Rule(line(2), address, port, rank=7)
    ]
    denying = Rule(line(2), address, port, allow=False, rank=1000)
    assert rules(match=[match], action="deny") == [denying]
    assert rules(match=[match], action="goto_next") == [denying]
    assert rules(match=[match], action="deny", priority=X) == []
    assert rules(match=[match], action="deny", disabled=X) == []
    assert rules(match=[{**match, "dest_ip_ranges": ["10.0.0.1"]}], action="deny") == []
    assert rules(match=[match], action="allow", direction="EGRESS") == []
    assert rules(match=[match], action="allow", disabled=True) == []
    assert rules(match=[match], action="allow", direction=X) == [
        Rule(line(2), NOWHERE, port, (Unknown("var.x", line(4)),), rank=1000)
    ]
    single = {"src_ip_ranges": ["52.0.0.0/8"], "layer4_config": [{"ip_protocol": "all"}]}
    assert rules(match=[single], action="allow") == [Rule(line(2), address, ALL_PORTS, rank=1000)]

    def found(**sources_of: object) -> tuple[AddressSet, tuple[Unknown, ...]]:
        layers = {"layer4_configs": [{"ip_protocol": "all"}]}
        (rule,) = rules(match=[{**sources_of, **layers}], action="allow")
        return rule.sources, rule.unknown

    assert found() == (EVERYWHERE, ())
    assert found(src_fqdns=["a.example"]) == (NOWHERE, ())
    assert found(src_secure_tags=[{"name": "a"}]) == (NOWHERE, ())
    assert found(src_region_codes=["DE"]) == (
        NOWHERE,
        (Unknown("it is limited by src_region_codes", line(2)),),
    )
    assert found(src_network_scope="NON_INTERNET") == (NOWHERE, ())
    assert found(src_network_scope="INTERNET") == (EVERYWHERE, ())
    assert found(src_network_context=X) == (NOWHERE, (Unknown("var.x", line(2)),))


def test_the_network_of_google_resources() -> None:
    """The same however it is named: by reference, by name, by URL, by a subnetwork."""
    network = resource("google_compute_network", name="shop")
    subnetwork = resource(
        "google_compute_subnetwork", network=Unresolved("r", "google_compute_network.main")
    )
    inventory = Inventory([network, subnetwork])
    for value in (
        "shop",
        "projects/p/global/networks/shop",
        Unresolved("r", "google_compute_network.main", "id"),
        Unresolved("r", "google_compute_subnetwork.main", "id"),
    ):
        assert network_of(inventory, Setting(value, HERE)) == "google_compute_network.main"
    assert network_of(inventory, Setting("other", HERE)) == "other"
    assert network_of(inventory, None) == "default"
    assert network_of(inventory, Setting(X, HERE)) == "(var.x)"
    elsewhere = Unresolved("r", "data.google_compute_network.x", "id")
    assert network_of(inventory, Setting(elsewhere, HERE)) == "data.google_compute_network.x"


# --- guards of any provider -----------------------------------------------------------------------


def test_words_of_settings() -> None:
    """Case and blanks do not matter; what is unknown may be anything, and is nothing surely."""
    body = Block({"a": " TCP ", "b": X, "c": None, "d": True, "e": 6, "f": ""})
    assert (may_be(body, "a", "tcp"), is_surely(body, "a", "tcp")) == (True, True)
    assert (may_be(body, "a", "udp"), is_surely(body, "a", "udp")) == (False, False)
    assert (may_be(body, "b", "tcp"), is_surely(body, "b", "tcp")) == (True, False)
    assert (may_be(body, "c", "tcp"), is_surely(body, "c", "tcp")) == (False, False)
    assert (may_be(body, "c", "x", default="X"), is_surely(body, "z", "x", default="x")) == (
        True,
        True,
    )
    assert (may_be(body, "d", "true"), may_be(body, "e", "6")) == (True, True)
    assert is_other(body, "a", "udp") is True
    assert is_other(body, "a", "tc", "ud") is False
    assert [is_other(body, name, "x") for name in "bcfz"] == [False] * 4
    assert needed_ports(Block({"p": None}), "p") == Unknown(
        "p is not set, but a rule for tcp needs it", line(2)
    )
    assert needed_ports(Block({}), "p") == Unknown(
        "p is not set, but a rule for tcp needs it", HERE
    )
    assert needed_ports(Block({"p": "22"}), "p") == Known(Ports.of(22), line(2))


def test_servers_that_name_their_guards() -> None:
    """One name or a list, each server once."""
    guards = [resource("guard", name, name=name) for name in ("a", "b")]
    servers = [
        resource("server", "one", groups="a"),
        resource("server", "two", groups=["b", "a", "b", "c"]),
        resource("server", "three", groups=X),
        resource("server", "four"),
    ]
    inventory = Inventory([*guards, *servers])
    assert holders_named(inventory, "server", "groups", ("guard",)) == {
        "guard.a": [servers[0], servers[1]],
        "guard.b": [servers[1]],
    }


def test_rules_of_groups_that_are_elsewhere() -> None:
    """They belong together by what they say of their group."""
    own = resource("group", "own", id="g-1")
    rules = [
        resource("rule", str(number), number, group=value)
        for number, value in enumerate(
            [
                "g-1",
                "g-2",
                Unresolved("r", "data.group.x"),
                X,
                7,
                1.5,
                Unresolved("r", "group.own"),
            ]
        )
    ]
    found = groups(Inventory([own, *rules]), ("group",), ("rule",), "group")
    assert [(one.address, [rule.name for rule in one.rules]) for one in found] == [
        ("group.own", ["0", "6"]),
        ("g-2", ["1"]),
        ("data.group.x", ["2"]),
        ("(var.x)", ["3"]),
        ("7", ["4"]),
        ("(not named)", ["5"]),
    ]
    assert [one.resource for one in found] == [own, None, None, None, None, None]


def test_everybody_by_default() -> None:
    """At the resource, or at the setting that leaves it so."""
    database = resource("db", at=5)
    assert everybody(database, "nothing is set") == Rule(
        line(5), ALL_IPV4, calls=(Related("nothing is set", line(5)),), what="everybody"
    )
    assert everybody(database, "it is so", line(8), EVERYWHERE) == Rule(
        line(8), EVERYWHERE, calls=(Related("it is so", line(8)),), what="everybody"
    )


def test_ports_that_rules_name() -> None:
    """Not those that are only among all of them, nor unknown ones."""
    rules = [
        Rule(HERE, NOWHERE, Ports.between(6000, 6500)),
        Rule(HERE, NOWHERE, Known(Ports.of(5432), HERE)),
        Rule(HERE, NOWHERE, ALL_PORTS),
        Rule(HERE, NOWHERE, Unknown("x", HERE)),
    ]
    assert named_ports(rules) == (5432, 6432)
    assert named_ports(rules[2:]) == ()


# --- Kubernetes -----------------------------------------------------------------------------------

_AWS = "service.beta.kubernetes.io/aws-load-balancer-"


@pytest.mark.parametrize(
    ("annotations", "load_balancer", "internal"),
    [
        ({}, None, False),
        ({f"{_AWS}scheme": "internal"}, None, True),
        ({f"{_AWS}scheme": "internet-facing", f"{_AWS}internal": "true"}, None, False),
        ({f"{_AWS}internal": "0.0.0.0/0"}, None, True),
        ({f"{_AWS}internal": "false"}, None, False),
        ({f"{_AWS}internal": ""}, None, False),
        ({f"{_AWS}internal": True}, None, True),
        ({f"{_AWS}type": "external"}, None, True),
        ({f"{_AWS}type": "nlb-ip"}, None, True),
        ({f"{_AWS}type": " NLB-IP "}, None, True),
        ({f"{_AWS}type": "nlb"}, None, False),
        ({f"{_AWS}type": "external", f"{_AWS}scheme": "x"}, None, False),
        ({}, "tailscale", True),
        ({}, "service.k8s.aws/nlb", True),
        ({}, "eks.amazonaws.com/nlb", True),
        ({f"{_AWS}scheme": "x"}, "service.k8s.aws/nlb", False),
        ({}, "other", False),
        ({}, 7, False),
        ({"networking.gke.io/load-balancer-type": "Internal"}, None, True),
        ({"cloud.google.com/load-balancer-type": "internal"}, None, True),
        ({"cloud.google.com/load-balancer-type": "external"}, None, False),
        ({"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}, None, True),
        ({"service.beta.kubernetes.io/azure-load-balancer-internal": []}, None, False),
        ({"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": "s"}, None, True),
        ({"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": ""}, None, False),
    ],
)
def test_load_balancers_that_are_internal(
    annotations: dict[str, object], load_balancer: object, internal: bool
) -> None:
    """By an annotation or a class; AWS's controller makes internal ones unless told otherwise."""
    assert is_internal(annotations, load_balancer) is internal
    assert decides_visibility("yandex.cloud/load-balancer-type") is True
    assert decides_visibility("anything") is False


def test_names_and_ports_of_postgresql() -> None:
    """In names and numbers; an exporter is none, nor another port."""
    assert [names_postgres(one) for one in ("my-PG", "pgbouncer", "postgres-exporter", "page")] == [
        True,
        True,
        False,
        False,
    ]
    assert is_postgres_port(80, "5432") is True
    assert is_postgres_port(6432) is True
    assert is_postgres_port("pgsql") is True
    assert is_postgres_port(80, "http", None, 5432.0) is False


# --- AWS: databases, prefix lists -----------------------------------------------------------------


def test_databases_of_aws() -> None:
    """Engine, ports, groups, public address and subnets, as their resources say it."""
    instance = resource(
        "aws_db_instance",
        at=1,
        engine="postgres",
        port=5433,
        vpc_security_group_ids=["sg-1"],
        publicly_accessible=True,
        db_subnet_group_name="subnets",
    )
    replica = resource(
        "aws_db_instance",
        "replica",
        at=10,
        replicate_source_db=Unresolved("r", "aws_db_instance.main", "identifier"),
    )
    cluster = resource(
        "aws_rds_cluster",
        at=20,
        engine="aurora-mysql",
        port=Unresolved("r", "aws_db_instance.main", "port"),
        vpc_security_group_ids=["sg-2"],
        cluster_identifier="c",
        db_subnet_group_name="more",
    )
    one = resource("aws_rds_cluster_instance", "one", at=30, cluster_identifier="c")
    two = resource(
        "aws_rds_cluster_instance", "two", at=40, cluster_identifier="c", publicly_accessible=X
    )
    serverless = resource(
        "aws_rds_cluster",
        "old",
        at=50,
        db_cluster_parameter_group_name="default.aurora-postgresql14",
        port=X,
        engine_mode="serverless",
    )
    sharded = resource("aws_rds_cluster", "shards", at=60, cluster_identifier="s")
    shard = resource(
        "aws_rds_shard_group", at=65, db_cluster_identifier="s", publicly_accessible=True
    )
    proxy = resource("aws_db_proxy", at=70, name="p", engine_family="POSTGRESQL")
    endpoint = resource(
        "aws_db_proxy_endpoint",
        at=80,
        db_proxy_name="p",
        vpc_security_group_ids=["sg-3"],
        vpc_subnet_ids=["subnet-1"],
    )
    elsewhere = resource("aws_db_proxy_endpoint", "elsewhere", at=90, db_proxy_name="q")
    found = databases(
        Inventory(
            [
                instance,
                replica,
                cluster,
                one,
                two,
                serverless,
                sharded,
                shard,
                proxy,
                endpoint,
                elsewhere,
            ]
        )
    )
    no_proxy = "a proxy has no public address"
    unset = "publicly_accessible is not set"
    given = "publicly_accessible = true"
    assert list(found) == [
        AwsDatabase(
            instance,
            True,
            (5433,),
            Setting(["sg-1"], line(4)),
            PublicAddress(Known(True, line(5)), given),
            subnet_group=Setting("subnets", line(6)),
        ),
        AwsDatabase(replica, True, (5432,), None, PublicAddress(Known(False, line(10)), unset)),
        AwsDatabase(
            cluster,
            False,
            (5433,),
            Setting(["sg-2"], line(23)),
            PublicAddress(Unknown("var.x", line(42)), given),
            subnet_group=Setting("more", line(25)),
        ),
        AwsDatabase(
            serverless,
            True,
            (5432, 6432, 6543),
            None,
            PublicAddress(Known(False, line(50)), "Aurora Serverless v1 is private"),
        ),
        AwsDatabase(sharded, None, (5432,), None, PublicAddress(Known(True, line(67)), given)),
        AwsDatabase(proxy, True, (5432,), None, PublicAddress(Known(False, line(70)), no_proxy)),
        AwsDatabase(
            endpoint,
            True,
            (5432,),
            Setting(["sg-3"], line(82)),
            PublicAddress(Known(False, line(80)), no_proxy),
            subnets=Setting(["subnet-1"], line(83)),
        ),
        AwsDatabase(
            elsewhere, None, (5432,), None, PublicAddress(Known(False, line(90)), no_proxy)
        ),
    ]


def test_prefix_lists_of_aws() -> None:
    """The entries in a list, those that are resources, and none of other lists."""
    office = resource(
        "aws_ec2_managed_prefix_list",
        "office",
        id="pl-1",
        entry=[{"cidr": "52.0.0.0/16"}, {"cidr": X}, {"cidr": "no"}, {"description": "none"}],
    )
    other = resource("aws_ec2_managed_prefix_list", "other", id="pl-2")
    more = [
        resource("aws_ec2_managed_prefix_list_entry", name, at=40, prefix_list_id=of, cidr=cidr)
        for name, of, cidr in (("a", "pl-1", "53.0.0.0/16"), ("b", "pl-2", "54.0.0.0/16"))
    ]
    nobodys = resource("aws_ec2_managed_prefix_list_entry", "c", cidr="55.0.0.0/16")
    inventory = Inventory([office, other, *more, nobodys])
    found = rule_sources(Block({"lists": ["pl-1"]}), inventory, (), ("lists",)).found
    assert found.known == AddressSet.of("52.0.0.0/16", "53.0.0.0/16")
    assert found.unknown == (
        Unknown("var.x", line(3)),
        Unknown("cidr holds 'no', which is no address", line(3)),
    )
    alone = rule_sources(Block({"lists": "pl-2"}), inventory, (), ("lists",)).found
    assert (alone.known, alone.unknown) == (AddressSet.of("54.0.0.0/16"), ())


@pytest.mark.parametrize(
    ("refers", "attribute", "narrow"),
    [
        ("aws_vpc.main", "cidr_block", True),
        ("aws_vpc.main", None, True),
        ("aws_subnet.a", "ipv6_cidr_block", True),
        ("aws_vpc.main", "id", False),
        ("module.vpc", "vpc_cidr_block", True),
        ("module.vpc", "private_subnets_cidr_blocks", True),
        ("module.vpc", "nat_public_ips", True),
        ("module.vpc", "allowed_cidrs", False),
        ("module.vpc", None, False),
        ("aws_eip.nat", "public_ip", True),
        ("aws_eip.nat", "id", False),
        (None, "ip_address", True),
        (None, None, False),
    ],
)
def test_sources_of_aws_that_are_narrow(
    refers: str | None, attribute: str | None, narrow: bool
) -> None:
    """Networks of our own, and single addresses; nothing that is made of them."""
    assert is_narrow_on_aws(Unresolved("r", refers, attribute)) is narrow
    assert is_narrow_on_aws(Unresolved("r", refers, attribute, direct=False)) is False
    assert is_narrow_on_aws(Unresolved("r", refers, attribute, tail="/32")) is False


def test_the_index_of_providers() -> None:
    """What is written of them is what their modules say."""
    assert written_index().strip() == INDEX.strip()


def test_replicas_of_replicas() -> None:
    """The engine is that of the first server, up to five steps away."""
    chain = [resource("aws_db_instance", "r0", engine="postgres")]
    for number in range(1, 8):
        source = Unresolved("r", f"aws_db_instance.r{number - 1}", "identifier")
        chain.append(resource("aws_db_instance", f"r{number}", replicate_source_db=source))
    found = [one.is_postgres for one in databases(Inventory(chain))]
    assert found == [True] * 6 + [None] * 2


def test_a_module_with_the_port_of_another_database() -> None:
    """It is looked up in the configuration."""
    other = resource("aws_db_instance", engine="postgres", port=5433)
    call = resource(
        "module",
        "db",
        source="terraform-aws-modules/rds/aws",
        engine="postgres",
        port=Unresolved("r", "aws_db_instance.main", "port"),
    )
    assert [one.ports for one in databases(Inventory([other, call]))] == [(5433,), (5433,)]


def test_security_groups_that_are_elsewhere() -> None:
    """What tells them apart is the attribute that names them, or why it is not known."""
    known = SecurityGroups(NOTHING).references(
        Setting([Unresolved("r", "data.x.y", "id"), X, "sg-1", 7], HERE)
    )
    assert known == [
        GroupReference("data.x.y.id", "the security group data.x.y", HERE, Unknown("r", HERE)),
        GroupReference(
            "? var.x", "the security group that is not known", HERE, Unknown("var.x", HERE)
        ),
        GroupReference(
            "sg-1",
            "the security group sg-1",
            HERE,
            Unknown("the security group sg-1 is not in the scanned files", HERE),
        ),
        GroupReference("? 7", "a security group", HERE, Unknown("7 is no security group", HERE)),
    ]
    assert SecurityGroups(NOTHING).references(None) == []


@pytest.mark.parametrize(
    ("name", "value", "own", "ports"),
    [
        ("pgbouncer.enabled", "true", True, (5432, 6432)),
        ("PGBOUNCER.enabled", "ON", True, (5432, 6432)),
        ("pgbouncer.enabled", X, True, (5432, 6432)),
        ("pgbouncer.enabled", "true", False, (5432,)),
        ("pgbouncer.enabled", "false", True, (5432,)),
        ("pgbouncer.enabled", None, True, (5432,)),
        ("pgbouncer.max_client_conn", X, True, (5432,)),
        (X, "true", True, (5432,)),
        (None, "true", True, (5432,)),
    ],
)
def test_where_a_flexible_server_listens(
    name: object, value: object, own: bool, ports: tuple[int, ...]
) -> None:
    """Also where its own PgBouncer does, which one parameter of it switches on."""
    kind = "azurerm_postgresql_flexible_server"
    server, other = resource(kind, "main", id="m"), resource(kind, "other", id="o")
    setting = resource(
        f"{kind}_configuration", server_id="m" if own else "o", name=name, value=value
    )
    assert server_ports(Inventory([server, other, setting]), server) == ports


def test_guards_of_a_web_server_hide_nothing_of_the_next_server() -> None:
    """Two guards that each let in a block of addresses let in the internet together."""

    def guard(name: str, source: str) -> Guard:
        return Guard(name, f"guard {name}", line(1), (Rule(line(2), AddressSet.of(source)),))

    guards = [guard(name, "8.0.0.0/10") for name in "ac"] + [
        guard(name, "8.64.0.0/10") for name in "bd"
    ]
    web, database = resource("server", "web"), resource("server", "postgres")
    holders: Holders = {"a": [web], "b": [web], "c": [database], "d": [database]}
    found = list(server_endpoints(Inventory([web, database]), guards, holders))
    assert [one.guard for one in found] == ["guard c", "guard d", "guard c and guard d"]
