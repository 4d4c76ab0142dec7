# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""IBM Cloud: security groups of VPCs, Databases for PostgreSQL.

Without an entry the allow list is off, and every address is accepted:
https://cloud.ibm.com/docs/cloud-databases?topic=cloud-databases-allowlisting
service_endpoints has to be set for the classic plans; Gen2 has private endpoints only:
https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources/database
A rule without a protocol is for every protocol, one without a remote for everybody:
https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources/is_security_group_rule
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.addresses import ALL_IPV4
from connguard.policies.model.database_facts import DatabaseInstance
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import ALL_PORTS, POSTGRES, Ports
from connguard.policies.model.terraform_guards import (
    doubtful,
    everybody,
    groups,
    holders_of,
    is_other,
    is_surely,
    is_unresolved,
    linked_holders,
    may_be,
    server_endpoints,
    united,
)
from connguard.policies.model.terraform_network import (
    Sources,
    addresses,
    origin_of,
    port_range,
    sources,
)
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Unresolved

_GROUP = "ibm_is_security_group"
_RULE = "ibm_is_security_group_rule"
_TARGET = "ibm_is_security_group_target"
_SERVER = "ibm_is_instance"
_DATABASE = "ibm_database"
_INTERFACE = "primary_network_interface.security_groups"

TABLES = (
    ResourceTable(
        (_GROUP, _RULE, _TARGET, _SERVER),
        ("direction", "remote", "protocol", "port_min", "port_max", "tcp", "udp", "icmp", "group"),
        "The union of all inbound rules of a group. No remote is everybody, another group as remote"
        " is narrow.",
    ),
    ResourceTable(
        (_DATABASE,),
        ("service", "plan", "service_endpoints", "allowlist.address", "whitelist.address"),
        "Public unless service_endpoints is private or the plan is of the second generation. A"
        " public one without an allow list lets everybody in.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    guards = [
        group.guard("the security group", _rules(inventory, group.rules))
        for group in groups(inventory, (_GROUP,), (_RULE,), "group")
    ]
    holders = united(
        holders_of(inventory, (_SERVER, _INTERFACE)),
        linked_holders(inventory, _TARGET, "security_group", "target"),
    )
    yield from server_endpoints(inventory, guards, holders)
    for database in inventory.of(_DATABASE):
        if not is_other(
            database.body, "service", "databases-for-postgresql", "databases-for-enterprisedb"
        ):
            yield from _database(inventory, database)


def _rules(inventory: Inventory, rules: list[Resource]) -> Iterator[Rule]:
    for rule in rules:
        body = rule.body
        if not may_be(body, "direction", "inbound", "ingress") or not _is_tcp(body):
            continue
        found = _sources(inventory, body)
        yield Rule(
            origin_of(body, ("remote",)),
            found.known,
            _ports(body),
            found.unknown,
            certain=body.certain,
            calls=rule.calls,
        )


def _is_tcp(body: Body) -> bool:
    if body.blocks("tcp"):
        return True
    if body.blocks("udp") or body.blocks("icmp"):
        return False
    return may_be(body, "protocol", "tcp", "all", "icmp_tcp_udp", "any", default="all")


def _sources(inventory: Inventory, body: Body) -> Sources:
    setting = body.setting("remote")
    if setting is None or setting.value in (None, ""):
        return Sources(ALL_IPV4)
    value = setting.value
    if isinstance(value, str) and addresses(value) is None:
        return Sources()  # the id or name of a group
    if isinstance(value, Unresolved) and _is_group(inventory, value):
        return Sources()
    return sources(setting, "remote")


def _is_group(inventory: Inventory, value: Unresolved) -> bool:
    if value.refers is None:
        return False
    kinds = (target.type for target in inventory.targets(value))
    return (
        _GROUP in value.refers
        or any(kind == _GROUP for kind in kinds)
        or (value.attribute in ("security_group", "default_security_group", "security_groups"))
    )


def _ports(body: Body) -> Value[Ports]:
    for block in body.blocks("tcp"):
        return port_range(block, "port_min", "port_max")
    if is_surely(body, "protocol", "tcp"):
        return port_range(body, "port_min", "port_max")
    return Known(ALL_PORTS, body.origin)


def _database(inventory: Inventory, database: Resource) -> Iterator[object]:
    public, because = _public(database)
    yield DatabaseInstance(database.address, public, because, public.origin, database.calls)
    rules = list(_allow_list(database))
    if not rules:
        if isinstance(public, Unknown):
            rules = [doubtful(database, public.reason, public.origin)]
        elif public.value and is_unresolved(database.body, "service"):
            rules = [doubtful(database, "the kind of the database, which has no allow list")]
        elif public.value:
            rules = [everybody(database, "without an allowlist every address is accepted")]
        else:
            return
    yield Endpoint(
        f"the allow list of {database.address}",
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


def _public(database: Resource) -> tuple[Value[bool], str]:
    endpoints = database.body.setting("service_endpoints")
    if endpoints is not None and isinstance(endpoints.value, Unresolved):
        return Unknown(endpoints.value.reason, endpoints.origin), ""
    if endpoints is not None and isinstance(endpoints.value, str):
        is_public = "public" in endpoints.value.lower()
        return Known(is_public, endpoints.origin), f"service_endpoints = {endpoints.value}"
    plan = database.body.setting("plan")
    if plan is not None and isinstance(plan.value, Unresolved):
        return Unknown(plan.value.reason, plan.origin), ""
    if plan is not None and isinstance(plan.value, str) and "gen2" in plan.value:
        return Known(False, plan.origin), ""
    because = "service_endpoints is not set, and public was the default while it could be left out"
    return Known(True, database.origin), because


def _allow_list(database: Resource) -> Iterator[Rule]:
    for name in ("allowlist", "whitelist"):
        for body in database.body.blocks(name):
            found = sources(body.setting("address"), "address")
            yield Rule(
                origin_of(body, ("address",)),
                found.known,
                unknown=found.unknown,
                certain=body.certain,
                calls=database.calls,
            )
