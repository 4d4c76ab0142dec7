# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Alibaba Cloud: security groups, ApsaraDB RDS and PolarDB for PostgreSQL.

Without security_ips nobody outside is let in (the provider asks for 127.0.0.1), and a database has
a public address only through alicloud_db_connection or a public PolarDB endpoint address:
https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/db_instance
https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/db_connection
The lowest priority number decides, and drop before accept:
https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/security_group_rule
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.database_facts import DatabaseInstance
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import ALL_PORTS, POSTGRES, Ports
from connguard.policies.model.terraform_guards import (
    groups,
    holders_of,
    is_other,
    is_surely,
    may_be,
    server_endpoints,
    settings_at,
)
from connguard.policies.model.terraform_network import Sources, origin_of, ports, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Setting, integer

_GROUP = "alicloud_security_group"
_RULE = "alicloud_security_group_rule"
_PREFIXES = "alicloud_ecs_prefix_list"
_RDS = ("alicloud_db_instance", "alicloud_db_readonly_instance", "alicloud_rds_clone_db_instance")
_POLAR = "alicloud_polardb_cluster"
_CONNECTION = "alicloud_db_connection"
_POLAR_ADDRESS = "alicloud_polardb_endpoint_address"
_LISTS = ("security_ips", "db_cluster_ip_array.security_ips")

TABLES = (
    ResourceTable(
        (_GROUP, _RULE, _PREFIXES, "alicloud_instance"),
        (
            "type",
            "ip_protocol",
            "port_range",
            "policy",
            "priority",
            "cidr_ip",
            "ipv6_cidr_ip",
            "prefix_list_id",
            "security_group_id",
            "security_groups",
        ),
        "Ingress rules by priority, drop before accept; -1/-1 is every port. Other groups as"
        " sources are narrow, prefix lists of the configuration are read.",
    ),
    ResourceTable(
        (*_RDS, _POLAR, _CONNECTION, _POLAR_ADDRESS),
        ("engine", "db_type", "security_ips", "db_cluster_ip_array.security_ips", "instance_id"),
        "The union of the address lists; nobody is let in without one. A public address comes from"
        " alicloud_db_connection, or a PolarDB endpoint address with net_type Public.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    guards = [
        group.guard("the security group", _rules(inventory, group.rules))
        for group in groups(inventory, (_GROUP,), (_RULE,), "security_group_id")
    ]
    holders = holders_of(inventory, ("alicloud_instance", "security_groups"))
    yield from server_endpoints(inventory, guards, holders)
    yield from _databases(inventory)


def _rules(inventory: Inventory, rules: list[Resource]) -> Iterator[Rule]:
    for rule in rules:
        body = rule.body
        if not may_be(body, "type", "ingress") or not may_be(body, "ip_protocol", "tcp", "all"):
            continue
        found = _sources(inventory, body)
        priority = body.setting("priority")
        rank = integer({"priority": priority}, "priority")
        yield Rule(
            origin_of(body, ("cidr_ip", "ipv6_cidr_ip", "prefix_list_id")),
            found.known,
            _ports(body),
            found.unknown,
            allow=may_be(body, "policy", "accept", default="accept"),
            rank=rank.value if isinstance(rank, Known) else 1,
            certain=body.certain and is_surely(body, "ip_protocol", "tcp", "all"),
            calls=rule.calls,
        )


def _sources(inventory: Inventory, body: Body) -> Sources:
    found = sources(body.setting("cidr_ip"), "cidr_ip")
    found |= sources(body.setting("ipv6_cidr_ip"), "ipv6_cidr_ip")
    prefixes = body.setting("prefix_list_id")
    if prefixes is None or prefixes.value in (None, "") or found != Sources():
        return found
    lists = [one for one in inventory.targets(prefixes.value) if one.type == _PREFIXES]
    for one in lists:
        for setting in settings_at(one.body, "entry.cidr"):
            found |= sources(setting, "cidr")
    if not lists:
        unknown = Unknown("the prefix list is not in the configuration", prefixes.origin)
        return Sources(unknown=(unknown,))
    return found


def _ports(body: Body) -> Value[Ports] | Ports:
    setting = body.setting("port_range")
    if setting is None or not isinstance(setting.value, str):
        return ports(setting, "port_range")
    if setting.value.startswith("-1"):
        return Known(ALL_PORTS, setting.origin)
    return ports(Setting(setting.value.replace("/", "-"), setting.origin), "port_range")


def _databases(inventory: Inventory) -> Iterator[object]:
    public = _publicly_connected(inventory)
    for database in inventory.of(*_RDS, _POLAR):
        if is_other(database.body, "engine", "postgres"):
            continue
        if is_other(database.body, "db_type", "postgres"):
            continue
        if database.type == "alicloud_db_readonly_instance" and _main_is_other(inventory, database):
            continue
        connection = public.get(database.address)
        yield DatabaseInstance(
            database.address,
            Known(connection is not None, (connection or database).origin),
            f"{connection.address} gives it one" if connection is not None else "",
            (connection or database).origin,
            database.calls,
        )
        rules = [
            _list(database, setting)
            for path in _LISTS
            for setting in settings_at(database.body, path)
        ]
        if rules:
            yield Endpoint(
                f"the address list of {database.address}",
                (POSTGRES,),
                (tuple(rules),),
                database.origin,
                (Target(database.address, database.origin, connection is not None),),
                inventory.limits,
            )


def _publicly_connected(inventory: Inventory) -> dict[str, Resource]:
    """The resource that gives a database a public address, by the database's address."""
    found: dict[str, Resource] = {}
    for kind, name in ((_CONNECTION, "instance_id"), (_POLAR_ADDRESS, "db_cluster_id")):
        for connection in inventory.of(kind):
            if kind == _POLAR_ADDRESS and not may_be(
                connection.body, "net_type", "public", default="public"
            ):
                continue
            setting = connection.body.setting(name)
            for database in inventory.targets(setting.value) if setting is not None else ():
                found.setdefault(database.address, connection)
    return found


def _main_is_other(inventory: Inventory, replica: Resource) -> bool:
    setting = replica.body.setting("master_db_instance_id")
    mains = inventory.targets(setting.value) if setting is not None else []
    return bool(mains) and all(is_other(main.body, "engine", "postgres") for main in mains)


def _list(database: Resource, setting: Setting) -> Rule:
    """The addresses of a list; one text may hold several, with commas between them."""
    values = setting.value if isinstance(setting.value, (list, tuple)) else [setting.value]
    parts: list[object] = []
    for value in values:
        parts.extend(value.split(",") if isinstance(value, str) else [value])
    found = sources(Setting(parts, setting.origin), "security_ips")
    return Rule(setting.origin, found.known, unknown=found.unknown, calls=database.calls)
