# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Yandex Cloud: managed PostgreSQL clusters and VPC security groups.

Clients connect to the pooler in front of the server, on port 6432. A host has a public address only
when assign_public_ip asks for it:
https://registry.terraform.io/providers/yandex-cloud/yandex/latest/docs/resources/mdb_postgresql_cluster
https://registry.terraform.io/providers/yandex-cloud/yandex/latest/docs/resources/vpc_security_group
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connguard.policies.model.database_facts import DatabaseInstance
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.terraform_guards import (
    Group,
    Guard,
    flag,
    groups,
    holders_of,
    may_be,
    server_endpoints,
    settings_at,
)
from connguard.policies.model.terraform_network import origin_of, port_range, ports, sources
from connguard.policies.model.terraform_resource import (
    Body,
    Inventory,
    Resource,
    ResourceTable,
    value_bodies,
)

_GROUPS = ("yandex_vpc_security_group", "yandex_vpc_default_security_group")
_RULE = "yandex_vpc_security_group_rule"
_CLUSTER = "yandex_mdb_postgresql_cluster"
_CLUSTER_V2 = "yandex_mdb_postgresql_cluster_v2"
_SERVER = "yandex_compute_instance"

POOLER_PORT = 6432

TABLES = (
    ResourceTable(
        (_CLUSTER, _CLUSTER_V2),
        ("host.assign_public_ip", "hosts", "security_group_ids"),
        "Public when a host has assign_public_ip. The port is the pooler's, 6432.",
    ),
    ResourceTable(
        (*_GROUPS, _RULE, _SERVER),
        (
            "ingress.protocol",
            "ingress.port",
            "ingress.from_port",
            "ingress.to_port",
            "ingress.v4_cidr_blocks",
            "ingress.v6_cidr_blocks",
            "direction",
            "security_group_binding",
        ),
        "The union of all ingress rules of all groups of a cluster; other groups as sources are"
        " narrow.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    guards = {
        group.address: group.guard("the security group", _rules(group))
        for group in groups(inventory, _GROUPS, (_RULE,), "security_group_binding")
    }
    guarding: set[str] = set()
    for cluster in inventory.of(_CLUSTER, _CLUSTER_V2):
        public, because = _public(cluster)
        yield DatabaseInstance(cluster.address, public, because, public.origin, cluster.calls)
        its = _guards_of(inventory, cluster, guards)
        guarding.update(guard.address for guard in its)
        if its:
            yield Endpoint(
                " and ".join(guard.title for guard in its),
                (POOLER_PORT,),
                (tuple(rule for guard in its for rule in guard.rules),),
                its[0].origin,
                (
                    Target(
                        cluster.address,
                        cluster.origin,
                        public.value if isinstance(public, Known) else None,
                    ),
                ),
                inventory.limits,
            )
    holders = holders_of(inventory, (_SERVER, "network_interface.security_group_ids"))
    others = [guard for guard in guards.values() if guard.address not in guarding]
    yield from server_endpoints(inventory, others, holders)


def _guards_of(inventory: Inventory, cluster: Resource, guards: Mapping[str, Guard]) -> list[Guard]:
    named = {
        target.address
        for setting in settings_at(cluster.body, "security_group_ids")
        for target in inventory.targets(setting.value)
    }
    return [guards[address] for address in sorted(named) if address in guards]


def _public(cluster: Resource) -> tuple[Value[bool], str]:
    doubt: Unknown | None = None
    for host in _hosts(cluster):
        public = flag(host, "assign_public_ip", default=False)
        if isinstance(public, Unknown):
            doubt = public
        elif public.value:
            return public, "assign_public_ip = true"
    return doubt or Known(False, cluster.origin), ""


def _hosts(cluster: Resource) -> list[Body]:
    if cluster.type == _CLUSTER:
        return list(cluster.body.blocks("host"))
    setting = cluster.body.setting("hosts")
    if setting is None:
        return []
    if isinstance(setting.value, Mapping):
        return value_bodies(list(setting.value.values()), setting.origin)
    return value_bodies(setting.value, setting.origin)


def _rules(group: Group) -> Iterator[Rule]:
    if group.resource is not None:
        for body in group.resource.body.blocks("ingress"):
            yield from _rule(group.resource, body)
    for rule in group.rules:
        if may_be(rule.body, "direction", "ingress"):
            yield from _rule(rule, rule.body)


def _rule(resource: Resource, body: Body) -> Iterator[Rule]:
    if not may_be(body, "protocol", "tcp", "any", default="any"):
        return
    found = sources(body.setting("v4_cidr_blocks"), "v4_cidr_blocks")
    found |= sources(body.setting("v6_cidr_blocks"), "v6_cidr_blocks")
    yield Rule(
        origin_of(body, ("v4_cidr_blocks", "v6_cidr_blocks")),
        found.known,
        _ports(body),
        found.unknown,
        certain=body.certain,
        calls=resource.calls,
    )


def _ports(body: Body) -> Value[Ports] | Ports:
    port = body.setting("port")
    if port is not None and port.value not in (None, -1):
        return ports(port, "port")
    for name in ("from_port", "to_port"):
        end = body.setting(name)
        if end is not None and end.value == -1:
            return Known(ALL_PORTS, end.origin)
    return port_range(body, "from_port", "to_port")
