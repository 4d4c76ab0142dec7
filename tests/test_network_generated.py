# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random security groups, written as Terraform in every way, are judged as what they were made of.

The oracle works on the generator's own data, never on the text or the plan.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from network_oracle import Network, Plain, width
from terraform_scans import context_of

from connguard.engine.reading import SourceFile
from connguard.policies import postgres_port_broad_cidr, postgres_port_open_to_internet
from connguard.policies.model.addresses import Breadth
from connguard.policies.model.network import Endpoint
from connguard.policies.model.verdict import Status, worst
from connguard.terraform import inventory, plan_inventory

FRONT_ENDS = {".tf": inventory, ".json": plan_inventory}
STYLES = ("inline", "attribute", "dynamic", "rule", "modern", "for_each", "local", "split")
PROTOCOLS = ("tcp", "tcp", "tcp", "-1", "udp")
PORTS = ((5432, 5432), (0, 65535), (5000, 6000), (443, 443), (5433, 5433))
NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "52.0.0.0/9", "52.16.0.0/12", "10.0.0.0/8",
        "10.0.0.0/9", "10.128.0.0/9", "10.1.2.0/24", "192.168.0.0/16", "203.0.113.7/32", "::/0",
        "8000::/1", "fd00::/8", "2a00:1:2::/48",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """One rule of a group, and how it is written."""

    networks: tuple[Network, ...]
    protocol: str
    first: int
    last: int
    style: str

    def plain(self) -> Plain:
        """What it opens to TCP: everything for all protocols, and nothing for UDP."""
        if self.protocol == "udp":
            return Plain((), 0, 0)
        first, last = (0, 65535) if self.protocol == "-1" else (self.first, self.last)
        return Plain(self.networks, first, last)

    def cidrs(self, version: int) -> list[str]:
        return [str(one) for one in self.networks if one.version == version]


@dataclass(frozen=True)
class Stack:
    """Groups with their rules, and databases with their port and the numbers of their groups."""

    groups: tuple[tuple[Written, ...], ...]
    databases: tuple[tuple[int, tuple[int, ...]], ...]

    def expected(self) -> dict[str, bool]:
        """Whether the rules before each database are too wide."""
        return {
            f"aws_db_instance.db{number}": width(
                [[rule.plain() for group in groups for rule in self.groups[group]]], port
            )
            is not Breadth.NARROW
            for number, (port, groups) in enumerate(self.databases)
        }


@st.composite
def _stacks(draw: st.DrawFn) -> Stack:
    rule = st.builds(
        lambda networks, protocol, ports, style: Written(
            tuple(dict.fromkeys(networks)), protocol, ports[0], ports[1], style
        ),
        st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=3),
        st.sampled_from(PROTOCOLS),
        st.sampled_from(PORTS),
        st.sampled_from(STYLES),
    )
    groups = draw(st.lists(st.lists(rule, max_size=4).map(tuple), min_size=1, max_size=3))
    numbers = st.sets(st.integers(0, len(groups) - 1), min_size=1).map(lambda one: (*sorted(one),))
    databases = draw(
        st.lists(st.tuples(st.sampled_from((5432, 5433)), numbers), min_size=1, max_size=3)
    )
    return Stack(tuple(groups), tuple(databases))


# --- as a configuration --------------------------------------------------------------------------


def _text(stack: Stack) -> str:
    parts = []
    for number, rules in enumerate(stack.groups):
        inside = [_inside(rule, f"{number}_{at}") for at, rule in enumerate(rules)]
        outside = [_outside(rule, number, f"{number}_{at}") for at, rule in enumerate(rules)]
        attribute = [rule for rule in rules if rule.style == "attribute"]
        written = "".join(inside)
        if attribute and not written:
            written = f"  ingress = [{', '.join(map(_object, attribute))}]\n"
        else:
            written += "".join(map(_block, attribute))
        parts.append(f'resource "aws_security_group" "group{number}" {{\n{written}}}\n')
        parts.extend(outside)
    for number, (port, groups) in enumerate(stack.databases):
        names = ", ".join(f"aws_security_group.group{group}.id" for group in groups)
        parts.append(
            f'resource "aws_db_instance" "db{number}" {{\n  engine = "postgres"\n  port = {port}\n'
            f"  vpc_security_group_ids = [{names}]\n}}\n"
        )
    return "\n".join(parts)


def _lines(rule: Written, v4: str, v6: str) -> str:
    return (
        f'    from_port = {rule.first}\n    to_port = {rule.last}\n    protocol = "{rule.protocol}"'
        f"\n    cidr_blocks = {v4}\n    ipv6_cidr_blocks = {v6}\n"
    )


def _block(rule: Written) -> str:
    v4, v6 = json.dumps(rule.cidrs(4)), json.dumps(rule.cidrs(6))
    return f"  ingress {{\n{_lines(rule, v4, v6)}  }}\n"


def _object(rule: Written) -> str:
    return "{\n" + _lines(rule, json.dumps(rule.cidrs(4)), json.dumps(rule.cidrs(6))) + "}"


def _inside(rule: Written, name: str) -> str:
    """What stands in the group."""
    if rule.style in ("inline", "local"):
        if rule.style == "inline":
            return _block(rule)
        return f"  ingress {{\n{_lines(rule, f'local.v4_{name}', f'local.v6_{name}')}  }}\n"
    if rule.style == "dynamic":
        items = json.dumps([{"cidr": str(one)} for one in rule.networks])
        v4 = 'length(regexall(":", ingress.value.cidr)) == 0 ? [ingress.value.cidr] : []'
        v6 = 'length(regexall(":", ingress.value.cidr)) > 0 ? [ingress.value.cidr] : []'
        return (
            f'  dynamic "ingress" {{\n  for_each = {items}\n  content {{\n'
            f"{_lines(rule, v4, v6)}  }}\n  }}\n"
        )
    return ""


def _outside(rule: Written, group: int, name: str) -> str:
    """What stands beside the group."""
    owner = f"  security_group_id = aws_security_group.group{group}.id\n"
    if rule.style == "local":
        v4, v6 = json.dumps(rule.cidrs(4)), json.dumps(rule.cidrs(6))
        return f"locals {{\n  v4_{name} = concat({v4}, [])\n  v6_{name} = flatten([{v6}])\n}}\n"
    if rule.style == "split":
        return "".join(
            _rule(Written((one,), rule.protocol, rule.first, rule.last, "rule"), owner, at)
            for network in rule.networks
            for half, one in enumerate(_halves(network))
            for at in [f"{name}_{NETWORKS.index(network)}_{half}"]
        )
    if rule.style == "rule":
        return _rule(rule, owner, name)
    if rule.style == "for_each":
        cidrs = json.dumps([str(one) for one in rule.networks])
        v4 = 'strcontains(each.value, ":") ? null : each.value'
        v6 = 'strcontains(each.value, ":") ? each.value : null'
        return _modern(rule, owner, name, f"  for_each = toset({cidrs})\n", v4, v6)
    if rule.style == "modern":
        return "".join(
            _modern(rule, owner, f"{name}_{at}", "", *_quoted(network))
            for at, network in enumerate(rule.networks)
        )
    return ""


def _halves(network: Network) -> list[Network]:
    return [network] if network.prefixlen > 30 else list(network.subnets())


def _quoted(network: Network) -> tuple[str, str]:
    text = json.dumps(str(network))
    return (text, "null") if network.version == 4 else ("null", text)


def _rule(rule: Written, owner: str, name: str) -> str:
    v4, v6 = json.dumps(rule.cidrs(4)), json.dumps(rule.cidrs(6))
    return (
        f'resource "aws_security_group_rule" "rule{name}" {{\n  type = "ingress"\n{owner}'
        f"{_lines(rule, v4, v6)}}}\n"
    )


def _modern(rule: Written, owner: str, name: str, each: str, v4: str, v6: str) -> str:
    ports = f"  from_port = {rule.first}\n  to_port = {rule.last}\n"
    return (
        f'resource "aws_vpc_security_group_ingress_rule" "rule{name}" {{\n{each}{owner}'
        f'  ip_protocol = "{rule.protocol}"\n{"" if rule.protocol == "-1" else ports}'
        f"  cidr_ipv4 = {v4}\n  cidr_ipv6 = {v6}\n}}\n"
    )


# --- as a plan -----------------------------------------------------------------------------------


def _plan(stack: Stack) -> str:
    """What `terraform show -json` prints of it: group ids are unknown, and named by references."""
    found = _Planned()
    for number, rules in enumerate(stack.groups):
        blocks = []
        for at, rule in enumerate(rules):
            values = {
                "from_port": rule.first,
                "to_port": rule.last,
                "protocol": rule.protocol,
                "cidr_blocks": rule.cidrs(4),
                "ipv6_cidr_blocks": rule.cidrs(6),
            }
            if rule.style in ("inline", "attribute", "dynamic", "local"):
                blocks.append({**values, "self": False, "security_groups": []})
                continue
            own = {"security_group_id": [number]}
            if rule.style in ("rule", "split"):
                values["type"] = "ingress"
                found.add("aws_security_group_rule", f"rule{number}_{at}", values, own)
                continue
            for index, network in enumerate(rule.networks):
                one: dict[str, Any] = {
                    "ip_protocol": rule.protocol,
                    "from_port": None if rule.protocol == "-1" else rule.first,
                    "to_port": None if rule.protocol == "-1" else rule.last,
                    "cidr_ipv4": str(network) if network.version == 4 else None,
                    "cidr_ipv6": str(network) if network.version == 6 else None,
                }
                name = f"rule{number}_{at}_{index}"
                found.add("aws_vpc_security_group_ingress_rule", name, one, own)
        found.add("aws_security_group", f"group{number}", {"ingress": blocks}, {})
    for number, (port, groups) in enumerate(stack.databases):
        values = {"engine": "postgres", "port": port, "publicly_accessible": False}
        own = {"vpc_security_group_ids": list(groups)}
        found.add("aws_db_instance", f"db{number}", values, own)
    return found.text()


class _Planned:
    """Collects the resources of a plan."""

    def __init__(self) -> None:
        self._values: list[dict[str, Any]] = []
        self._changes: list[dict[str, Any]] = []
        self._written: list[dict[str, Any]] = []

    def add(
        self, kind: str, name: str, values: dict[str, Any], groups: dict[str, list[int]]
    ) -> None:
        """A resource; `groups` are attributes that hold the ids of groups."""
        resource = {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name}
        unknown = dict.fromkeys([*groups, "id"], True)
        constants = {key: {"constant_value": value} for key, value in values.items()}
        named = {
            key: {
                "references": [
                    text
                    for number in numbers
                    for text in (
                        f"aws_security_group.group{number}.id",
                        f"aws_security_group.group{number}",
                    )
                ]
            }
            for key, numbers in groups.items()
        }
        self._values.append({**resource, "values": values})
        self._changes.append({**resource, "change": {"after": values, "after_unknown": unknown}})
        self._written.append({**resource, "expressions": constants | named})

    def text(self) -> str:
        return json.dumps(
            {
                "format_version": "1.2",
                "planned_values": {"root_module": {"resources": self._values}},
                "resource_changes": self._changes,
                "configuration": {"root_module": {"resources": self._written}},
            }
        )


# --- what is said of it --------------------------------------------------------------------------


def _found(name: str, text: str) -> dict[str, bool]:
    """Whether the policies object to who reaches each database."""
    modules = (postgres_port_open_to_internet, postgres_port_broad_cidr)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_text(text)
        file, context = SourceFile(path, name), context_of(Path(folder))
        assert context.text(file) is not None
        reading = FRONT_ENDS[path.suffix].read([file], context)
    endpoints = [
        fact
        for subject in reading.subjects
        for fact in subject.alternatives
        if isinstance(fact, Endpoint)
    ]
    found: dict[str, bool] = {}
    for endpoint, target in itertools.chain.from_iterable(
        ((endpoint, target) for target in endpoint.targets) for endpoint in endpoints
    ):
        verdict = worst(module.decide(endpoint) for module in modules)
        assert verdict.status is not Status.UNKNOWN, verdict.message
        found[target.name] = found.get(target.name, False) or verdict.status is Status.FAIL
    return found


@settings(max_examples=30, deadline=None)
@given(_stacks())
def test_configurations_are_judged_as_the_oracle_judges(stack: Stack) -> None:
    """Inline, separate, dynamic, repeated and split rules come to the same."""
    found, expected = _found("main.tf", _text(stack)), stack.expected()

    assert {name for name, wide in found.items() if wide} == {
        name for name, wide in expected.items() if wide
    }


@settings(max_examples=30, deadline=None)
@given(_stacks())
def test_plans_are_judged_as_the_oracle_judges(stack: Stack) -> None:
    """The same stacks as Terraform plans them."""
    found, expected = _found("plan.json", _plan(stack)), stack.expected()

    assert {name for name, wide in found.items() if wide} == {
        name for name, wide in expected.items() if wide
    }
