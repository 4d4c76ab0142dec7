# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Linode (Akamai): firewalls and managed databases.

An empty allow list blocks all connections, 0.0.0.0/0 lets everybody in:
https://techdocs.akamai.com/linode-api/reference/post-databases-postgre-sql-instances
With private_network, a database has a public address only when public_access asks for it:
https://registry.terraform.io/providers/linode/linode/latest/docs/resources/database_postgresql_v2
The rules of a firewall are applied in order, then its policy; a disabled one enforces nothing:
https://registry.terraform.io/providers/linode/linode/latest/docs/resources/firewall
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.addresses import EVERYWHERE, NOWHERE
from connguard.policies.model.database_facts import DatabaseInstance, TlsRequirement
from connguard.policies.model.network import LAST, Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.terraform_guards import (
    Guard,
    Holders,
    allow_list,
    flag,
    holders_of,
    is_other,
    is_surely,
    linked_holders,
    may_be,
    server_endpoints,
    united,
)
from connguard.policies.model.terraform_network import origin_of, ports, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable

_FIREWALL = "linode_firewall"
_DATABASE = "linode_database_postgresql_v2"
_OLD_DATABASE = "linode_database_postgresql"
_CONTROLS = "linode_database_access_controls"

TABLES = (
    ResourceTable(
        (_FIREWALL, "linode_firewall_device", "linode_instance"),
        (
            "disabled",
            "inbound_policy",
            "inbound.action",
            "inbound.protocol",
            "inbound.ports",
            "inbound.ipv4",
            "inbound.ipv6",
            "linodes",
            "firewall_id",
        ),
        "The first inbound rule that matches decides, then inbound_policy. A disabled firewall lets"
        " everybody in.",
    ),
    ResourceTable(
        (_DATABASE, _OLD_DATABASE, _CONTROLS),
        (
            "allow_list",
            "private_network.public_access",
            "database_id",
            "database_type",
            "ssl_connection",
        ),
        "allow_list of the database and of its access controls; nobody is let in without one."
        " ssl_connection is false by default (only in linode_database_postgresql).",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    guards = [
        Guard(one.address, f"the firewall {one.address}", one.origin, tuple(_rules(one)))
        for one in inventory.of(_FIREWALL)
    ]
    holders = united(
        _linodes(inventory),
        holders_of(inventory, ("linode_instance", "firewall_id")),
        linked_holders(inventory, "linode_firewall_device", "firewall_id", "entity_id"),
    )
    yield from server_endpoints(inventory, guards, holders)
    yield from _databases(inventory)


def _linodes(inventory: Inventory) -> Holders:
    found: Holders = {}
    for firewall in inventory.of(_FIREWALL):
        setting = firewall.body.setting("linodes")
        if setting is not None:
            found.setdefault(firewall.address, []).extend(inventory.targets(setting.value))
    return {address: servers for address, servers in found.items() if servers}


def _rules(firewall: Resource) -> Iterator[Rule]:
    disabled = flag(firewall.body, "disabled", default=False)
    if isinstance(disabled, Known) and disabled.value:
        yield Rule(disabled.origin, EVERYWHERE, rank=-1, calls=firewall.calls, what="everybody")
    for rank, body in enumerate(firewall.body.blocks("inbound")):
        if may_be(body, "protocol", "tcp"):
            yield _rule(firewall, body, rank)
    place = origin_of(firewall.body, ("inbound_policy",))
    if is_surely(firewall.body, "inbound_policy", "accept"):
        yield Rule(place, EVERYWHERE, rank=LAST, calls=firewall.calls, what="everybody")
    elif may_be(firewall.body, "inbound_policy", "accept"):
        unknown = (Unknown("inbound_policy", place),)
        yield Rule(place, NOWHERE, unknown=unknown, rank=LAST, calls=firewall.calls)


def _rule(firewall: Resource, body: Body, rank: int) -> Rule:
    found = sources(body.setting("ipv4"), "ipv4") | sources(body.setting("ipv6"), "ipv6")
    return Rule(
        origin_of(body, ("ipv4", "ipv6")),
        found.known,
        ports(body.setting("ports"), "ports"),
        found.unknown,
        allow=may_be(body, "action", "accept"),
        rank=rank,
        certain=body.certain and is_surely(body, "protocol", "tcp"),
        calls=firewall.calls,
    )


def _databases(inventory: Inventory) -> Iterator[object]:
    lists: dict[str, list[Rule]] = {}
    for controls in inventory.of(_CONTROLS):
        if is_other(controls.body, "database_type", "postgresql"):
            continue
        setting = controls.body.setting("database_id")
        targets = inventory.targets(setting.value) if setting is not None else []
        rules = allow_list(controls.body, "allow_list", controls.calls)
        for target in targets:
            lists.setdefault(target.address, []).extend(rules)
        if not targets:
            yield Endpoint(
                f"the allow list {controls.address}",
                (POSTGRES,),
                (tuple(rules),),
                controls.origin,
                limits=inventory.limits,
            )
    for database in inventory.of(_DATABASE, _OLD_DATABASE):
        rules = allow_list(database.body, "allow_list", database.calls)
        rules.extend(lists.get(database.address, ()))
        public = _public(database)
        if database.type == _DATABASE:
            yield _instance(database, public)
        else:
            yield _tls(database)
        if rules:
            yield Endpoint(
                f"the allow list of {database.address}",
                (POSTGRES,),
                (tuple(rules),),
                database.origin,
                (Target(database.address, database.origin, _known(public)),),
                inventory.limits,
            )


def _public(database: Resource) -> Value[bool]:
    networks = database.body.blocks("private_network")
    if not networks:
        return Known(True, database.origin)
    if not all(network.certain for network in networks):
        return Unknown("private_network is only known when Terraform runs", networks[0].origin)
    return flag(networks[0], "public_access", default=False)


def _known(public: Value[bool]) -> bool | None:
    return public.value if isinstance(public, Known) else None


def _instance(database: Resource, public: Value[bool]) -> DatabaseInstance:
    because = (
        "private_network.public_access = true"
        if database.body.blocks("private_network")
        else "no private_network is set, and a public address is the default"
    )
    return DatabaseInstance(database.address, public, because, public.origin, database.calls)


def _tls(database: Resource) -> TlsRequirement:
    required = flag(database.body, "ssl_connection", default=False)
    return TlsRequirement(
        database.address,
        required,
        "ssl_connection is false, which is the default",
        required.origin,
        database.calls,
    )
