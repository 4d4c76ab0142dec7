# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""DigitalOcean: firewalls of droplets, and trusted sources of managed databases.

A database cluster without trusted sources is accessible from any source, and has a public host
name whatever its VPC:
https://docs.digitalocean.com/reference/ansible/reference/modules/database_firewall/
https://registry.terraform.io/providers/digitalocean/digitalocean/latest/docs/resources/firewall
https://registry.terraform.io/providers/digitalocean/digitalocean/latest/docs/resources/database_firewall
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.terraform_guards import (
    Guard,
    doubtful,
    everybody,
    is_other,
    is_surely,
    is_unresolved,
    may_be,
    needed_ports,
    server_endpoints,
    united,
)
from connguard.policies.model.terraform_network import origin_of, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Unresolved

_FIREWALL = "digitalocean_firewall"
_DATABASE_FIREWALL = "digitalocean_database_firewall"
_CLUSTER = "digitalocean_database_cluster"
_REPLICA = "digitalocean_database_replica"

DATABASE_PORTS = (25060, 25061)
"""The server, and its connection pools."""

TABLES = (
    ResourceTable(
        (_FIREWALL, "digitalocean_droplet"),
        (
            "inbound_rule.protocol",
            "inbound_rule.port_range",
            "inbound_rule.source_addresses",
            "droplet_ids",
            "tags",
        ),
        "All inbound rules for tcp; droplets, tags and load balancers as sources are narrow.",
    ),
    ResourceTable(
        (_DATABASE_FIREWALL, _CLUSTER, _REPLICA),
        ("cluster_id", "rule.type", "rule.value", "engine"),
        "Rules of the type ip_addr; the other types are narrow. A pg cluster that no firewall names"
        " lets everybody in.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    guards = [_guard(firewall) for firewall in inventory.of(_FIREWALL)]
    yield from server_endpoints(inventory, guards, _droplets(inventory))
    yield from _databases(inventory)


def _guard(firewall: Resource) -> Guard:
    return Guard(
        firewall.address,
        f"the firewall {firewall.address}",
        firewall.origin,
        tuple(
            _inbound(firewall, body)
            for body in firewall.body.blocks("inbound_rule")
            if may_be(body, "protocol", "tcp")
        ),
    )


def _inbound(firewall: Resource, body: Body) -> Rule:
    found = sources(body.setting("source_addresses"), "source_addresses")
    return Rule(
        origin_of(body, ("source_addresses",)),
        found.known,
        _ports(body),
        found.unknown,
        certain=body.certain,
        calls=firewall.calls,
    )


def _ports(body: Body) -> Value[Ports] | Ports:
    setting = body.setting("port_range")
    if setting is not None and str(setting.value) in ("0", "all"):  # what the API answers for all
        return Known(ALL_PORTS, setting.origin)
    return needed_ports(body, "port_range")


def _droplets(inventory: Inventory) -> dict[str, list[Resource]]:
    return united(
        _by_reference(inventory),
        _by_tag(inventory),
    )


def _by_reference(inventory: Inventory) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for firewall in inventory.of(_FIREWALL):
        setting = firewall.body.setting("droplet_ids")
        droplets = inventory.targets(setting.value) if setting is not None else []
        if droplets:
            found[firewall.address] = droplets
    return found


def _by_tag(inventory: Inventory) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for firewall in inventory.of(_FIREWALL):
        tags = _texts(firewall.body, "tags")
        for droplet in inventory.of("digitalocean_droplet"):
            if tags & _texts(droplet.body, "tags"):
                found.setdefault(firewall.address, []).append(droplet)
    return found


def _texts(body: Body, name: str) -> set[str]:
    """The texts in a list, and the resources to which its other parts refer."""
    setting = body.setting(name)
    values = setting.value if setting is not None else None
    if not isinstance(values, (list, tuple)):
        return set()
    texts = {value for value in values if isinstance(value, str)}
    return texts | {
        value.refers for value in values if isinstance(value, Unresolved) and value.refers
    }


def _databases(inventory: Inventory) -> Iterator[Endpoint]:
    guarded: set[str] = set()
    elsewhere: list[Resource] = []
    for firewall in inventory.of(_DATABASE_FIREWALL):
        setting = firewall.body.setting("cluster_id")
        targets = inventory.targets(setting.value) if setting is not None else []
        guarded.update(target.address for target in targets)
        if not targets:
            elsewhere.append(firewall)
        databases = [target for target in targets if not _is_other(inventory, target)]
        if databases or not targets:
            yield Endpoint(
                f"the database firewall {firewall.address}",
                DATABASE_PORTS,
                (tuple(_trusted(firewall)),),
                firewall.origin,
                tuple(Target(one.address, one.origin) for one in databases),
                inventory.limits,
            )
    for cluster in inventory.of(_CLUSTER):
        if cluster.address not in guarded and not _is_other(inventory, cluster):
            rule = everybody(
                cluster,
                "no digitalocean_database_firewall names this cluster: then any source may connect",
            )
            if is_unresolved(cluster.body, "engine"):
                rule = doubtful(cluster, "the engine of the cluster, which no firewall guards")
            elif elsewhere:
                rule = doubtful(
                    cluster,
                    f"whether {elsewhere[0].address} guards it cannot be told from its cluster_id",
                )
            yield Endpoint(
                f"the trusted sources of {cluster.address}",
                DATABASE_PORTS,
                ((rule,),),
                cluster.origin,
                (Target(cluster.address, cluster.origin),),
                inventory.limits,
            )


def _is_other(inventory: Inventory, database: Resource) -> bool:
    """Whether it is certainly no PostgreSQL server; a replica is what its cluster is."""
    if database.type == _REPLICA:
        setting = database.body.setting("cluster_id")
        clusters = inventory.targets(setting.value) if setting is not None else []
        return bool(clusters) and all(_is_other(inventory, one) for one in clusters)
    return is_other(database.body, "engine", "pg", "advanced_pg")


def _trusted(firewall: Resource) -> Iterator[Rule]:
    for body in firewall.body.blocks("rule"):
        if not may_be(body, "type", "ip_addr"):
            continue
        found = sources(body.setting("value"), "value")
        known, unknown = found.known, found.unknown
        if not is_surely(body, "type", "ip_addr"):
            kind = body.setting("type")
            place = kind.origin if kind is not None else body.origin
            unknown = (*unknown, Unknown("the type of the rule", place))
        yield Rule(
            origin_of(body, ("value",)),
            known,
            unknown=unknown,
            certain=body.certain,
            calls=firewall.calls,
        )
