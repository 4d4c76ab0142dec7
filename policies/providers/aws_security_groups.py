# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""AWS security groups and network ACLs, and the databases behind them.

A group is judged for the ports of the PostgreSQL databases that hold it, together with their other
groups and the ACL of their subnets. One that only other things hold is judged where a rule names a
port of PostgreSQL; one that nothing in the files holds is judged for all of these ports.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group_rule
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_security_group_ingress_rule
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/network_acl
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from connguard.policies.model.addresses import NOWHERE
from connguard.policies.model.aws_acls import (
    ACL,
    ACL_RULE,
    ASSOCIATION,
    DEFAULT_ACL,
    NetworkAcls,
)
from connguard.policies.model.aws_attachments import HOLDERS, attached, is_called_database
from connguard.policies.model.aws_databases import AwsDatabase, databases, subnets_of
from connguard.policies.model.aws_groups import (
    DEFAULT_GROUP,
    GROUP,
    INGRESS_RULE,
    RULE,
    GroupReference,
    SecurityGroup,
    SecurityGroups,
    network_of,
)
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_resource import Inventory, ResourceTable

TABLES = (
    ResourceTable(
        (GROUP, DEFAULT_GROUP),
        (
            "ingress.cidr_blocks",
            "ingress.ipv6_cidr_blocks",
            "ingress.prefix_list_ids",
            "ingress.protocol",
            "ingress.from_port",
            "ingress.to_port",
            "vpc_id",
        ),
        "All ingress blocks are a union; self and security_groups add no address. The protocols -1"
        " and all are every port, 6 is tcp, others are none.",
    ),
    ResourceTable(
        (RULE, INGRESS_RULE),
        (
            "security_group_id",
            "type",
            "cidr_blocks",
            "ipv6_cidr_blocks",
            "cidr_ipv4",
            "cidr_ipv6",
            "prefix_list_ids",
            "prefix_list_id",
            "protocol",
            "ip_protocol",
            "from_port",
            "to_port",
        ),
        "As ingress blocks of the group that they name, united with those in it.",
    ),
    ResourceTable(
        ("aws_ec2_managed_prefix_list", "aws_ec2_managed_prefix_list_entry"),
        ("entry.cidr", "cidr", "prefix_list_id"),
        "The entries are sources of the rules that name the list.",
    ),
    ResourceTable(
        (ACL, DEFAULT_ACL, ACL_RULE, ASSOCIATION),
        (
            "subnet_ids",
            "ingress",
            "rule_number",
            "rule_action",
            "egress",
            "protocol",
            "cidr_block",
            "ipv6_cidr_block",
        ),
        "Where all subnets of a database are in one ACL, its rules by number, with denies, come"
        " after the groups. Without one nothing is kept out.",
    ),
    ResourceTable(
        ("aws_db_subnet_group", "aws_subnet", "aws_vpc", "aws_default_vpc", "aws_default_subnet"),
        ("name", "subnet_ids", "vpc_id"),
        "Which subnets, and which VPC's default group, a database has.",
    ),
    ResourceTable(
        tuple(HOLDERS),
        tuple(sorted({path for paths in HOLDERS.values() for path in paths})),
        "Who holds a group: what is certainly no database is judged only where a rule names a port"
        " of PostgreSQL, or where a virtual machine is called PostgreSQL or a database (its name,"
        " or its tag Name).",
    ),
)


@dataclass(slots=True)
class _Guarded:
    """Databases behind the same filters."""

    references: list[GroupReference]
    acl: str | None
    filters: tuple[tuple[Rule, ...], ...]
    ports: tuple[int, ...]
    first: AwsDatabase
    targets: list[Target] = field(default_factory=list)


def facts(inventory: Inventory) -> Iterator[object]:
    groups = SecurityGroups(inventory)
    acls = NetworkAcls(inventory)
    guarded: dict[object, _Guarded] = {}
    held: dict[str, set[str]] = {}
    for database in databases(inventory):
        references = _references(database, groups, inventory)
        kind = "other database" if database.is_postgres is False else "database"
        for reference in references:
            held.setdefault(reference.key, set()).add(kind)
        if database.is_postgres is not False and references:
            _put_behind(database, references, groups, acls, inventory, guarded)
    for holder, setting in attached(inventory):
        kind = "server" if is_called_database(holder, inventory) else "other"
        for reference in groups.references(setting):
            held.setdefault(reference.key, set()).add(kind)
    for one in guarded.values():
        yield _endpoint(one, inventory)
    for group in groups:
        endpoint = _alone(group, held.get(group.key, set()), inventory)
        if endpoint is not None:
            yield endpoint


def _references(
    database: AwsDatabase, groups: SecurityGroups, inventory: Inventory
) -> list[GroupReference]:
    """The groups of a database; without any, the default one of its VPC where that is known."""
    found = groups.references(database.groups)
    if database.own_group is not None:
        own = groups.get(database.own_group)
        if own is not None:
            found.append(GroupReference(own.key, own.label, own.origin))
    if found:
        return found
    key = _default_group(database, groups, inventory)
    group = groups.get(key) if key is not None else None
    return [GroupReference(group.key, group.label, group.origin)] if group is not None else []


def _default_group(
    database: AwsDatabase, groups: SecurityGroups, inventory: Inventory
) -> str | None:
    by_network = groups.default_groups()
    if not by_network:
        return None
    for value in subnets_of(database, inventory) or ():
        for subnet in inventory.targets(value):
            return by_network.get(network_of(subnet, inventory) or "")
    if database.subnet_group is None:
        return next((key for vpc, key in by_network.items() if "aws_default_vpc." in vpc), None)
    return next(iter(by_network.values())) if len(by_network) == 1 else None


def _put_behind(
    database: AwsDatabase,
    references: list[GroupReference],
    groups: SecurityGroups,
    acls: NetworkAcls,
    inventory: Inventory,
    guarded: dict[object, _Guarded],
) -> None:
    acl = acls.before(subnets_of(database, inventory))
    keys = frozenset(reference.key for reference in references)
    key = (keys, acl.address if acl is not None else None, database.ports)
    if key not in guarded:
        filters = [_rules_of(references, groups)]
        listed = acls.rules(acl) if acl is not None else ()
        if listed:
            filters.append(listed)
        guarded[key] = _Guarded(references, key[1], tuple(filters), database.ports, database)
    guarded[key].targets.append(Target(database.name, database.origin, database.has_public_address))


def _rules_of(references: list[GroupReference], groups: SecurityGroups) -> tuple[Rule, ...]:
    """The rules of several groups, and for a group that is not in the files one that says so."""
    found: list[Rule] = []
    for key in dict.fromkeys(reference.key for reference in references):
        reference = next(one for one in references if one.key == key)
        group = groups.get(key)
        if group is not None:
            found.extend(group.rules)
        if reference.unknown is not None and (group is None or not group.defined):
            found.append(Rule(reference.origin, NOWHERE, unknown=(reference.unknown,)))
    return tuple(found)


def _endpoint(one: _Guarded, inventory: Inventory) -> Endpoint:
    labels = list(dict.fromkeys(reference.label for reference in one.references))
    more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
    return Endpoint(
        f"{labels[0]}{more}",
        one.ports,
        one.filters,
        one.first.origin,
        tuple(one.targets),
        inventory.limits,
    )


def _alone(group: SecurityGroup, held_by: set[str], inventory: Inventory) -> Endpoint | None:
    """A group without a database of ours behind it, as far as it is judged."""
    if "database" in held_by or held_by == {"other database"}:
        return None
    ports: tuple[int, ...] = USUAL_PORTS
    if held_by and "server" not in held_by:
        ports = tuple(port for port in USUAL_PORTS if group.names(port))
    if not ports:
        return None
    return Endpoint(
        group.label, ports, (tuple(group.rules),), group.origin, limits=inventory.limits
    )
