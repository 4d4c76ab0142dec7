# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""OpenStack (also OVHcloud, Infomaniak …): security groups.

A rule without a remote prefix, group or address group is for everybody; one without a protocol is
for every protocol, one without ports for every port.
https://registry.terraform.io/providers/terraform-provider-openstack/openstack/latest/docs/resources/networking_secgroup_rule_v2
`openstack_compute_secgroup_v2` left the provider in version 3, but is still written.
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.addresses import ALL_IPV4, ALL_IPV6
from connguard.policies.model.network import Rule
from connguard.policies.model.origin import Known, Value
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.terraform_guards import (
    Guard,
    groups,
    holders_named,
    holders_of,
    is_surely,
    may_be,
    server_endpoints,
    united,
)
from connguard.policies.model.terraform_network import Sources, origin_of, port_range, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable

_GROUP = "openstack_networking_secgroup_v2"
_RULE = "openstack_networking_secgroup_rule_v2"
_OLD_GROUP = "openstack_compute_secgroup_v2"
_SERVER = "openstack_compute_instance_v2"
_PORT = "openstack_networking_port_v2"
_TCP = ("", "tcp", "6", "any", "all", "-1", "0")

TABLES = (
    ResourceTable(
        (_GROUP, _RULE, _SERVER, _PORT),
        (
            "direction",
            "ethertype",
            "protocol",
            "port_range_min",
            "port_range_max",
            "remote_ip_prefix",
            "remote_group_id",
            "remote_address_group_id",
            "security_group_id",
            "security_groups",
            "security_group_ids",
        ),
        "The union of all ingress rules of a group. No remote at all is everybody; a remote group"
        " is narrow.",
    ),
    ResourceTable(
        (_OLD_GROUP,),
        ("rule.ip_protocol", "rule.from_port", "rule.to_port", "rule.cidr"),
        "The union of all rules with a cidr; self and from_group_id are narrow.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    guards = [
        group.guard("the security group", _rules(group.rules))
        for group in groups(inventory, (_GROUP,), (_RULE,), "security_group_id")
    ]
    guards.extend(_old_guard(group) for group in inventory.of(_OLD_GROUP))
    holders = united(
        holders_of(inventory, (_PORT, "security_group_ids")),
        holders_named(inventory, _SERVER, "security_groups", (_GROUP, _OLD_GROUP)),
    )
    yield from server_endpoints(inventory, guards, holders)


def _rules(rules: list[Resource]) -> Iterator[Rule]:
    for rule in rules:
        body = rule.body
        if not may_be(body, "direction", "ingress", default="ingress"):
            continue
        if not may_be(body, "protocol", *_TCP, default=""):
            continue
        found = _sources(body)
        yield Rule(
            origin_of(body, ("remote_ip_prefix",)),
            found.known,
            _ports(body),
            found.unknown,
            certain=body.certain,
            calls=rule.calls,
        )


def _sources(body: Body) -> Sources:
    prefix = body.setting("remote_ip_prefix")
    if prefix is not None and prefix.value not in (None, ""):
        return sources(prefix, "remote_ip_prefix")
    for name in ("remote_group_id", "remote_address_group_id"):
        other = body.setting(name)
        if other is not None and other.value not in (None, ""):
            return Sources()
    if is_surely(body, "ethertype", "ipv6"):
        return Sources(ALL_IPV6)
    return Sources(ALL_IPV4)


def _ports(body: Body) -> Value[Ports]:
    if is_surely(body, "protocol", "", "any", "all", "-1", "0", default=""):
        return Known(ALL_PORTS, body.origin)
    for name in ("port_range_min", "port_range_max"):
        setting = body.setting(name)
        if setting is not None and setting.value in (0, "0"):  # as good as not set
            return Known(ALL_PORTS, setting.origin)
    return port_range(body, "port_range_min", "port_range_max")


def _old_guard(group: Resource) -> Guard:
    return Guard(
        group.address,
        f"the security group {group.address}",
        group.origin,
        tuple(_old_rules(group)),
    )


def _old_rules(group: Resource) -> Iterator[Rule]:
    for body in group.body.blocks("rule"):
        if not may_be(body, "ip_protocol", *_TCP):
            continue
        found = sources(body.setting("cidr"), "cidr")
        yield Rule(
            origin_of(body, ("cidr",)),
            found.known,
            port_range(body, "from_port", "to_port"),
            found.unknown,
            certain=body.certain,
            calls=group.calls,
        )
