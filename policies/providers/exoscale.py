# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Exoscale: security groups, and the IP filter of managed databases.

A database is not reached from the internet until a filter lets addresses in:
https://community.exoscale.com/product/dbaas/service-specific/postgresql/operation
https://registry.terraform.io/providers/exoscale/exoscale/latest/docs/resources/security_group_rule
https://registry.terraform.io/providers/exoscale/exoscale/latest/docs/resources/dbaas
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.terraform_guards import (
    Group,
    allow_list,
    groups,
    holders_of,
    is_other,
    may_be,
    server_endpoints,
)
from connguard.policies.model.terraform_network import origin_of, port_range, ports, sources
from connguard.policies.model.terraform_resource import Inventory, ResourceTable

_GROUP = "exoscale_security_group"
_RULE = "exoscale_security_group_rule"
_RULES = "exoscale_security_group_rules"
_SERVER = "exoscale_compute_instance"
_DATABASES = ("exoscale_dbaas", "exoscale_database")

TABLES = (
    ResourceTable(
        (_GROUP, _RULE, _RULES, _SERVER),
        (
            "type",
            "protocol",
            "start_port",
            "end_port",
            "cidr",
            "ingress.cidr_list",
            "ingress.ports",
            "security_group_id",
            "security_group_ids",
        ),
        "The union of all INGRESS rules of a group; groups as sources are narrow.",
    ),
    ResourceTable(
        _DATABASES,
        ("type", "pg.ip_filter"),
        "The IP filter of services of the type pg; nobody is let in without one.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    guards = [
        group.guard("the security group", _group_rules(group))
        for group in groups(inventory, (_GROUP,), (_RULE, _RULES), "security_group_id")
    ]
    holders = holders_of(inventory, (_SERVER, "security_group_ids"))
    yield from server_endpoints(inventory, guards, holders)
    for database in inventory.of(*_DATABASES):
        if is_other(database.body, "type", "pg"):
            continue
        rules = [
            rule
            for body in database.body.blocks("pg")
            for rule in allow_list(body, "ip_filter", database.calls)
        ]
        if rules:
            yield Endpoint(
                f"the IP filter of {database.address}",
                (POSTGRES,),
                (tuple(rules),),
                database.origin,
                (Target(database.address, database.origin),),
                inventory.limits,
            )


def _group_rules(group: Group) -> Iterator[Rule]:
    for resource in group.rules:
        if resource.type == _RULES:
            for body in resource.body.blocks("ingress"):
                if may_be(body, "protocol", "tcp", default="tcp"):
                    found = sources(body.setting("cidr_list"), "cidr_list")
                    yield Rule(
                        origin_of(body, ("cidr_list",)),
                        found.known,
                        ports(body.setting("ports"), "ports"),
                        found.unknown,
                        certain=body.certain,
                        calls=resource.calls,
                    )
            continue
        body = resource.body
        if may_be(body, "type", "ingress") and may_be(body, "protocol", "tcp"):
            found = sources(body.setting("cidr"), "cidr")
            yield Rule(
                origin_of(body, ("cidr",)),
                found.known,
                port_range(body, "start_port", "end_port"),
                found.unknown,
                certain=body.certain,
                calls=resource.calls,
            )
