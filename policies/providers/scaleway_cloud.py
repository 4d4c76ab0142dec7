# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Scaleway: managed databases and their allowed addresses, security groups of instances.

The allowed addresses of a database hold 0.0.0.0/0 at first, and are for its public endpoint only:
https://www.scaleway.com/en/docs/managed-databases-for-postgresql-and-mysql/how-to/manage-allowed-ip-addresses/
It has a public endpoint (load_balancer) unless a private network is set:
https://registry.terraform.io/providers/scaleway/scaleway/latest/docs/resources/rdb_instance
A security group accepts what no rule decides unless told otherwise:
https://registry.terraform.io/providers/scaleway/scaleway/latest/docs/resources/instance_security_group
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.addresses import EVERYWHERE
from connguard.policies.model.database_facts import DatabaseInstance
from connguard.policies.model.network import LAST, Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Unknown, Value
from connguard.policies.model.ports import POSTGRES, Ports
from connguard.policies.model.terraform_guards import (
    Group,
    Guard,
    doubtful,
    everybody,
    groups,
    holders_of,
    is_other,
    is_surely,
    is_unresolved,
    may_be,
    server_endpoints,
)
from connguard.policies.model.terraform_network import Sources, origin_of, ports, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable

_DATABASE = "scaleway_rdb_instance"
_ACL = "scaleway_rdb_acl"
_GROUP = "scaleway_instance_security_group"
_RULES = "scaleway_instance_security_group_rules"
_SERVER = "scaleway_instance_server"

TABLES = (
    ResourceTable(
        (_DATABASE, _ACL),
        ("engine", "private_network", "load_balancer", "instance_id", "acl_rules.ip"),
        "A public endpoint exists unless private_network is set without load_balancer. A database"
        " with one that no ACL names lets everybody in.",
    ),
    ResourceTable(
        (_GROUP, _RULES, _SERVER),
        (
            "inbound_default_policy",
            "inbound_rule.action",
            "inbound_rule.protocol",
            "inbound_rule.port",
            "inbound_rule.port_range",
            "inbound_rule.ip",
            "inbound_rule.ip_range",
            "security_group_id",
        ),
        "The first rule that matches decides; accept is the default of inbound_default_policy. A"
        " rule without ip_range is for everybody, one without port for all ports.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    yield from _databases(inventory)
    holders = holders_of(inventory, (_SERVER, "security_group_id"))
    guards = [_guard(group) for group in groups(inventory, (_GROUP,), (_RULES,), _ID)]
    yield from server_endpoints(inventory, guards, holders)


_ID = "security_group_id"


def _databases(inventory: Inventory) -> Iterator[object]:
    acls: dict[str, list[Resource]] = {}
    elsewhere: list[Resource] = []
    for acl in inventory.of(_ACL):
        setting = acl.body.setting("instance_id")
        targets = inventory.targets(setting.value) if setting is not None else []
        for target in targets:
            acls.setdefault(target.address, []).append(acl)
        if not targets:
            elsewhere.append(acl)
            yield Endpoint(
                f"the allowed addresses {acl.address}",
                (POSTGRES,),
                (tuple(_acl_rules(acl)),),
                acl.origin,
                limits=inventory.limits,
            )
    for database in inventory.of(_DATABASE):
        if is_other(database.body, "engine", "postgres"):
            continue
        public = _has_public_endpoint(database)
        yield _instance(database, public)
        if isinstance(public, Known) and not public.value:
            continue  # the list is for the public endpoint only
        its = acls.get(database.address, [])
        rules = [rule for acl in its for rule in _acl_rules(acl)]
        if not its and elsewhere:
            reason = f"whether {elsewhere[0].address} is for it cannot be told from its instance_id"
            rules = [doubtful(database, reason)]
        elif not its and isinstance(public, Unknown):
            rules = [doubtful(database, public.reason, public.origin)]
        elif not its and is_unresolved(database.body, "engine"):
            rules = [doubtful(database, "the engine of the database, for which no ACL exists")]
        elif not its:
            rules = [everybody(database, "no scaleway_rdb_acl names it: 0.0.0.0/0 is the default")]
        yield Endpoint(
            f"the allowed addresses of {database.address}",
            (POSTGRES,),
            (tuple(rules),),
            its[0].origin if its else database.origin,
            (Target(database.address, database.origin, None),),
            inventory.limits,
        )


def _has_public_endpoint(database: Resource) -> Value[bool]:
    private = database.body.blocks("private_network")
    public = database.body.blocks("load_balancer")
    if any(block.certain for block in public) or not private:
        return Known(True, public[0].origin if public else database.origin)
    doubts = [block for block in (*private, *public) if not block.certain]
    if any(block.certain for block in private) and not public:
        return Known(False, private[0].origin)
    return Unknown("whether a block exists is only known when Terraform runs", doubts[0].origin)


def _instance(database: Resource, public: Value[bool]) -> DatabaseInstance:
    explicit = bool(database.body.blocks("load_balancer"))
    because = (
        "a load_balancer block asks for a public endpoint"
        if explicit
        else "no private_network is set, and a public endpoint is the default"
    )
    return DatabaseInstance(database.address, public, because, public.origin, database.calls)


def _acl_rules(acl: Resource) -> Iterator[Rule]:
    for body in acl.body.blocks("acl_rules"):
        found = sources(body.setting("ip"), "ip")
        yield Rule(
            origin_of(body, ("ip",)),
            found.known,
            unknown=found.unknown,
            certain=body.certain,
            calls=acl.calls,
        )


def _guard(group: Group) -> Guard:
    rules = list(_group_rules(group))
    holder = group.resource
    if holder is not None and may_be(
        holder.body, "inbound_default_policy", "accept", default="accept"
    ):
        rules.append(_default(holder))
    return group.guard("the security group", rules)


def _default(group: Resource) -> Rule:
    if is_surely(group.body, "inbound_default_policy", "accept", default="accept"):
        place = origin_of(group.body, ("inbound_default_policy",))
        return Rule(place, EVERYWHERE, rank=LAST, calls=group.calls, what="everybody")
    place = origin_of(group.body, ("inbound_default_policy",))
    unknown = Unknown("inbound_default_policy", place)
    return Rule(place, Sources().known, unknown=(unknown,), rank=LAST, calls=group.calls)


def _group_rules(group: Group) -> Iterator[Rule]:
    bodies = [group.resource] if group.resource is not None else []
    rank = 0
    for resource in (*bodies, *group.rules):
        for body in resource.body.blocks("inbound_rule"):
            rank += 1
            if may_be(body, "protocol", "tcp", "any", default="tcp"):
                yield _rule(resource, body, rank)


def _rule(resource: Resource, body: Body, rank: int) -> Rule:
    found = sources(body.setting("ip_range"), "ip_range") | sources(body.setting("ip"), "ip")
    if all(
        setting is None or setting.value is None
        for setting in (body.setting("ip_range"), body.setting("ip"))
    ):
        found = Sources(EVERYWHERE)
    return Rule(
        origin_of(body, ("ip_range", "ip")),
        found.known,
        _ports(body),
        found.unknown,
        allow=may_be(body, "action", "accept"),
        rank=rank,
        certain=body.certain and not _is_unclear(body),
        calls=resource.calls,
    )


def _is_unclear(body: Body) -> bool:
    """Whether it is not known what the rule does with TCP."""
    return not is_surely(body, "protocol", "tcp", "any", default="tcp")


def _ports(body: Body) -> Value[Ports] | Ports:
    setting = body.setting("port_range")
    if setting is None or setting.value is None:
        setting = body.setting("port")
    if setting is not None and setting.value in (0, "0"):
        setting = None
    return ports(setting, "port")
