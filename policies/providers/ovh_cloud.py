# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""OVHcloud: managed databases of the public cloud.

No incoming connection is allowed by default:
https://docs.ovh.com/gb/en/publiccloud/databases/mysql/configure-mysql-instance/
The nodes are on the internet unless they are in a private network:
https://registry.terraform.io/providers/ovh/ovh/latest/docs/resources/cloud_project_database
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.database_facts import DatabaseInstance
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.terraform_guards import is_other
from connguard.policies.model.terraform_network import origin_of, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Unresolved

_DATABASE = "ovh_cloud_project_database"
_RESTRICTION = "ovh_cloud_project_database_ip_restriction"

TABLES = (
    ResourceTable(
        (_DATABASE, _RESTRICTION),
        ("engine", "ip_restrictions.ip", "cluster_id", "ip", "nodes.network_id"),
        "The union of ip_restrictions and of all restriction resources; nobody is let in without"
        " one.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    lists: dict[str, list[Rule]] = {}
    loose: list[Rule] = []
    for restriction in inventory.of(_RESTRICTION):
        if is_other(restriction.body, "engine", "postgres"):
            continue
        setting = restriction.body.setting("cluster_id")
        targets = inventory.targets(setting.value) if setting is not None else []
        rule = _rule(restriction, restriction.body)
        for target in targets:
            lists.setdefault(target.address, []).append(rule)
        if not targets:
            loose.append(rule)
    if loose:
        yield Endpoint(
            "the address restrictions of a database",
            (POSTGRES,),
            (tuple(loose),),
            loose[0].origin,
            limits=inventory.limits,
        )
    for database in inventory.of(_DATABASE):
        if is_other(database.body, "engine", "postgres"):
            continue
        public = _public(database)
        yield DatabaseInstance(
            database.address,
            public,
            "its nodes are in no private network",
            public.origin,
            database.calls,
        )
        rules = [_rule(database, body) for body in database.body.blocks("ip_restrictions")]
        rules.extend(lists.get(database.address, ()))
        if rules:
            yield Endpoint(
                f"the address restrictions of {database.address}",
                (POSTGRES,),
                (tuple(rules),),
                database.origin,
                (
                    Target(
                        database.address,
                        database.origin,
                        public.value if isinstance(public, Known) else None,
                    ),
                ),
                inventory.limits,
            )


def _rule(resource: Resource, body: Body) -> Rule:
    found = sources(body.setting("ip"), "ip")
    return Rule(
        origin_of(body, ("ip",)),
        found.known,
        unknown=found.unknown,
        certain=body.certain,
        calls=resource.calls,
    )


def _public(database: Resource) -> Value[bool]:
    for node in database.body.blocks("nodes"):
        setting = node.setting("network_id")
        if setting is None or setting.value is None:
            return Known(True, database.origin)
        if isinstance(setting.value, Unresolved) and setting.value.refers is None:
            return Unknown(setting.value.reason, setting.origin)
        if not node.certain:
            return Unknown("the nodes are only known when Terraform runs", node.origin)
        return Known(False, setting.origin)
    return Known(True, database.origin)
