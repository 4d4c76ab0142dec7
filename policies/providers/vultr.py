# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Vultr: firewall groups, and the trusted addresses of managed databases.

https://registry.terraform.io/providers/vultr/vultr/latest/docs/resources/firewall_rule
https://registry.terraform.io/providers/vultr/vultr/latest/docs/resources/database
What a database without trusted_ips accepts is not documented there: only what is written is judged.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from connguard.policies.model.addresses import AddressSet
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import POSTGRES, Ports
from connguard.policies.model.terraform_guards import (
    allow_list,
    groups,
    holders_of,
    is_other,
    is_surely,
    may_be,
    server_endpoints,
)
from connguard.policies.model.terraform_network import Sources, origin_of, ports, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Setting, integer

_GROUP = "vultr_firewall_group"
_RULE = "vultr_firewall_rule"
_DATABASE = "vultr_database"

TABLES = (
    ResourceTable(
        (_GROUP, _RULE, "vultr_instance"),
        ("protocol", "subnet", "subnet_size", "port", "source", "firewall_group_id"),
        "The union of all tcp rules of a group; Cloudflare as source is narrow.",
    ),
    ResourceTable(
        (_DATABASE,),
        ("database_engine", "trusted_ips"),
        "trusted_ips of pg databases, where they are set.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    guards = [
        group.guard("the firewall group", _rules(group.rules))
        for group in groups(inventory, (_GROUP,), (_RULE,), "firewall_group_id")
    ]
    holders = holders_of(inventory, ("vultr_instance", "firewall_group_id"))
    yield from server_endpoints(inventory, guards, holders)
    for database in inventory.of(_DATABASE):
        rules = allow_list(database.body, "trusted_ips", database.calls)
        if rules and not is_other(database.body, "database_engine", "pg"):
            yield Endpoint(
                f"the trusted addresses of {database.address}",
                (POSTGRES,),
                (tuple(rules),),
                database.origin,
                (Target(database.address, database.origin),),
                inventory.limits,
            )


def _rules(rules: list[Resource]) -> Iterator[Rule]:
    for rule in rules:
        body = rule.body
        if not may_be(body, "protocol", "tcp") or is_surely(body, "source", "cloudflare"):
            continue
        found = _sources(body)
        yield Rule(
            origin_of(body, ("subnet",)),
            found.known,
            _ports(body),
            found.unknown,
            certain=body.certain,
            calls=rule.calls,
        )


def _sources(body: Body) -> Sources:
    subnet, size = body.setting("subnet"), body.setting("subnet_size")
    if subnet is None or not isinstance(subnet.value, str) or size is None:
        return sources(subnet, "subnet")
    bits = integer({"subnet_size": size}, "subnet_size")
    if not isinstance(bits, Known):
        reason = bits.reason if isinstance(bits, Unknown) else "subnet_size"
        return Sources(unknown=(Unknown(reason, size.origin),))
    try:
        network = ipaddress.ip_network(f"{subnet.value.strip()}/{bits.value}", strict=False)
    except ValueError:
        return Sources(unknown=(Unknown("subnet is no address", subnet.origin),))
    return Sources(AddressSet.of(network))


def _ports(body: Body) -> Value[Ports] | Ports:
    setting = body.setting("port")
    if setting is not None and isinstance(setting.value, str):
        return ports(Setting(setting.value.replace(":", "-"), setting.origin), "port")
    return ports(setting, "port")
