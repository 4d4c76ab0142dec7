# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Oracle Cloud: security lists of subnets, network security groups, managed PostgreSQL.

A managed PostgreSQL has private addresses of its subnet only; a packet passes when a rule of any
security list of the subnet, or of any group of the interface, lets it pass:
https://registry.terraform.io/providers/oracle/oci/latest/docs/resources/psql_db_system
https://registry.terraform.io/providers/oracle/oci/latest/docs/resources/core_security_list
https://registry.terraform.io/providers/oracle/oci/latest/docs/resources/core_network_security_group_security_rule
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Value
from connguard.policies.model.ports import ALL_PORTS, POSTGRES, Ports
from connguard.policies.model.terraform_guards import (
    Guard,
    Holders,
    groups,
    holders_of,
    is_surely,
    may_be,
    own_ranges,
    server_endpoints,
    settings_at,
    united,
)
from connguard.policies.model.terraform_network import Sources, origin_of, port_range, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Setting, Unresolved

_LISTS = ("oci_core_security_list", "oci_core_default_security_list")
_GROUP = "oci_core_network_security_group"
_RULE = "oci_core_network_security_group_security_rule"
_DATABASE = "oci_psql_db_system"
_SUBNET = "oci_core_subnet"
_SERVER = "oci_core_instance"
_NETWORKS = ("oci_core_vcn", "oci_core_virtual_network", _SUBNET)

TABLES = (
    ResourceTable(
        (*_LISTS, *_NETWORKS, _SERVER),
        (
            "ingress_security_rules.protocol",
            "ingress_security_rules.source",
            "ingress_security_rules.source_type",
            "ingress_security_rules.tcp_options",
            "security_list_ids",
            "cidr_block",
            "prohibit_public_ip_on_vnic",
            "prohibit_internet_ingress",
        ),
        "Ingress rules for protocol 6 or all. Lists that only subnets without public addresses use"
        " are not judged.",
    ),
    ResourceTable(
        (_GROUP, _RULE, _DATABASE),
        (
            "direction",
            "protocol",
            "source",
            "source_type",
            "tcp_options.destination_port_range",
            "network_details.nsg_ids",
            "network_details.subnet_id",
        ),
        "The union of the rules of all groups of a database and of the lists of its subnet. It has"
        " no public address.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    own = own_ranges(inventory, _NETWORKS, ("cidr_block", "cidr_blocks"))
    lists = [
        Guard(one.address, f"the security list {one.address}", one.origin, _list_rules(one, own))
        for one in inventory.of(*_LISTS)
    ]
    security_groups = [
        group.guard("the security group", _group_rules(group.rules, own))
        for group in groups(inventory, (_GROUP,), (_RULE,), "network_security_group_id")
    ]
    by_database = _guards_of_databases(inventory, [*lists, *security_groups])
    guarding = {guard.address for _, guards in by_database for guard in guards}
    hidden = _only_private(inventory)
    alone = [
        guard
        for guard in (*lists, *security_groups)
        if guard.address not in guarding and guard.address not in hidden
    ]
    holders = united(
        holders_of(
            inventory, (_SERVER, "create_vnic_details.nsg_ids"), ("oci_core_vnic", "nsg_ids")
        ),
        _instances_behind_lists(inventory),
    )
    yield from server_endpoints(inventory, alone, holders)
    for database, guards in by_database:
        yield Endpoint(
            " and ".join(guard.title for guard in guards),
            (POSTGRES,),
            (tuple(rule for guard in guards for rule in guard.rules),),
            guards[0].origin,
            (Target(database.address, database.origin, has_public_address=False),),
            inventory.limits,
        )


def _guards_of_databases(
    inventory: Inventory, guards: list[Guard]
) -> list[tuple[Resource, list[Guard]]]:
    by_address = {guard.address: guard for guard in guards}
    found: list[tuple[Resource, list[Guard]]] = []
    for database in inventory.of(_DATABASE):
        named = [
            target
            for setting in settings_at(database.body, "network_details.nsg_ids")
            for target in inventory.targets(setting.value)
        ]
        for setting in settings_at(database.body, "network_details.subnet_id"):
            for subnet in inventory.targets(setting.value):
                named.extend(_lists_of(inventory, subnet))
        its = [by_address[one.address] for one in named if one.address in by_address]
        if its:
            found.append((database, its))
    return found


def _lists_of(inventory: Inventory, subnet: Resource) -> list[Resource]:
    return [
        target
        for setting in settings_at(subnet.body, "security_list_ids")
        for target in inventory.targets(setting.value)
    ]


def _only_private(inventory: Inventory) -> set[str]:
    """The lists that are used by subnets, none of which may hold public addresses."""
    private: set[str] = set()
    public: set[str] = set()
    for subnet in inventory.of(_SUBNET):
        closed = is_surely(subnet.body, "prohibit_public_ip_on_vnic", "true") or is_surely(
            subnet.body, "prohibit_internet_ingress", "true"
        )
        (private if closed else public).update(one.address for one in _lists_of(inventory, subnet))
    return private - public


def _instances_behind_lists(inventory: Inventory) -> Holders:
    found: Holders = {}
    for server in inventory.of(_SERVER):
        for setting in settings_at(server.body, "create_vnic_details.subnet_id"):
            for subnet in inventory.targets(setting.value):
                for one in _lists_of(inventory, subnet):
                    found.setdefault(one.address, []).append(server)
    return found


def _list_rules(resource: Resource, own: set[str]) -> tuple[Rule, ...]:
    return tuple(
        _rule(resource, body, own)
        for body in resource.body.blocks("ingress_security_rules")
        if may_be(body, "protocol", "6", "all")
    )


def _group_rules(rules: list[Resource], own: set[str]) -> Iterator[Rule]:
    for rule in rules:
        if may_be(rule.body, "direction", "ingress") and may_be(rule.body, "protocol", "6", "all"):
            yield _rule(rule, rule.body, own)


def _rule(resource: Resource, body: Body, own: set[str]) -> Rule:
    found = Sources()
    if may_be(body, "source_type", "cidr_block", default="cidr_block"):
        found = _sources(body.setting("source"), own)
    return Rule(
        origin_of(body, ("source",)),
        found.known,
        _ports(body),
        found.unknown,
        certain=body.certain,
        calls=resource.calls,
    )


def _sources(setting: Setting | None, own: set[str]) -> Sources:
    """The range of a rule; those of the own networks are narrow, also where they are unknown."""
    value = setting.value if setting is not None else None
    if isinstance(value, Unresolved) and value.reason in own and not value.tail:
        return Sources()
    return sources(setting, "source")


def _ports(body: Body) -> Value[Ports]:
    if is_surely(body, "protocol", "all"):
        return Known(ALL_PORTS, body.origin)
    for options in body.blocks("tcp_options"):
        for nested in options.blocks("destination_port_range"):
            return port_range(nested, "min", "max")
        return port_range(options, "min", "max")
    return Known(ALL_PORTS, body.origin)
