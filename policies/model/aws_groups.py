# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""AWS security groups with all their rules, wherever these are written.

Every rule only allows; the rules of all groups of a resource are united, whatever their order:
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from connguard.policies.model.aws_module_calls import GROUP_OUTPUTS, module_groups
from connguard.policies.model.aws_rules import items, rule_sources, tcp_ports, written_ports
from connguard.policies.model.network import Rule
from connguard.policies.model.origin import Known, Origin, Related, Unknown
from connguard.policies.model.ports import Ports
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_resource import Body, Inventory, Resource
from connguard.policies.model.terraform_value import Setting, Unresolved

GROUP = "aws_security_group"
DEFAULT_GROUP = "aws_default_security_group"
RULE = "aws_security_group_rule"
INGRESS_RULE = "aws_vpc_security_group_ingress_rule"


@dataclass(slots=True)
class SecurityGroup:
    """A security group. `defined` is False for one that only other places know.

    `label` names it in a finding, `origin` is its header, or the first place that mentions it.
    """

    key: str
    label: str
    origin: Origin
    defined: bool = True
    rules: list[Rule] = field(default_factory=list)
    written: list[Ports] = field(default_factory=list)
    """The ports that rules for all protocols write nevertheless; AWS does not mind them."""

    def names(self, port: int) -> bool:
        """Whether a rule is about a port, and not about all of them."""
        for rule in self.rules:
            ports = rule.ports.value if isinstance(rule.ports, Known) else rule.ports
            if not isinstance(ports, Unknown) and not ports.is_all and port in ports:
                return True
        return any(not ports.is_all and port in ports for ports in self.written)


@dataclass(frozen=True, slots=True)
class GroupReference:
    """A mention of a group. `unknown` says why its rules may not be (all) in the files."""

    key: str
    label: str
    origin: Origin
    unknown: Unknown | None = None


class SecurityGroups:
    """All security groups of an inventory, by key: the address where there is one."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._groups: dict[str, SecurityGroup] = {}
        self._default_of: dict[str, str] = {}
        for group in inventory.of(GROUP, DEFAULT_GROUP):
            self._add_group(group)
        for call, rules in module_groups(inventory):
            key = f"{call.address}.security_group_id"
            label = f"the security group of {call.address}"
            self._groups[key] = SecurityGroup(key, label, call.origin, rules=list(rules))
        for rule in inventory.of(RULE, INGRESS_RULE):
            self._add_rule(rule)

    def __iter__(self) -> Iterator[SecurityGroup]:
        return iter(self._groups.values())

    def get(self, key: str) -> SecurityGroup | None:
        return self._groups.get(key)

    def default_groups(self) -> dict[str, str]:
        """The keys of the default groups that are managed, by the address of their VPC."""
        return self._default_of

    def references(self, setting: Setting | None) -> list[GroupReference]:
        """The groups that an attribute names: references, ids, or names."""
        if setting is None:
            return []
        return [self._reference(value, setting.origin) for value in items(setting)]

    def _add_group(self, group: Resource) -> None:
        self._groups[group.address] = SecurityGroup(
            group.address,
            f"the security group {group.address}",
            group.origin,
            rules=list(_inline(group, self._inventory)),
            written=[
                ports
                for body in group.body.blocks("ingress")
                for ports in written_ports(body, self._inventory)
            ],
        )
        if group.type == DEFAULT_GROUP:
            vpc = _network(group.body.setting("vpc_id"), self._inventory)
            self._default_of[vpc or ""] = group.address

    def _add_rule(self, resource: Resource) -> None:
        rule = _rule(resource, self._inventory)
        if rule is None:
            return
        for reference in self.references(resource.body.setting("security_group_id")):
            group = self._groups.setdefault(
                reference.key,
                SecurityGroup(reference.key, reference.label, resource.origin, defined=False),
            )
            group.rules.append(rule)
            group.written.extend(written_ports(resource.body, self._inventory))

    def _reference(self, value: object, origin: Origin) -> GroupReference:
        for target in self._inventory.targets(value):
            if target.address in self._groups:
                return self._known(target.address, origin)
            if f"{target.address}.security_group_id" in self._groups and _is_group_id(value):
                return self._known(f"{target.address}.security_group_id", origin)
            if isinstance(value, Unresolved) and value.attribute == "default_security_group_id":
                key = self._default_of.get(target.address)
                if key is not None:
                    return self._known(key, origin)
        if isinstance(value, str):
            return self._named(value, origin)
        if isinstance(value, Unresolved):
            key = f"{value.refers}.{value.attribute}" if value.refers else f"? {value.reason}"
            name = value.refers or "that is not known"
            return GroupReference(
                key, f"the security group {name}", origin, Unknown(value.reason, origin)
            )
        unknown = Unknown(f"{value!r} is no security group", origin)
        return GroupReference(f"? {value!r}", "a security group", origin, unknown)

    def _named(self, value: str, origin: Origin) -> GroupReference:
        found = self._inventory.named(GROUP, "name", value)
        if len(found) == 1:
            return self._known(found[0].address, origin)
        unknown = Unknown(f"the security group {value} is not in the scanned files", origin)
        return GroupReference(value, f"the security group {value}", origin, unknown)

    def _known(self, key: str, origin: Origin) -> GroupReference:
        return GroupReference(key, self._groups[key].label, origin)


def _is_group_id(value: object) -> bool:
    return isinstance(value, Unresolved) and value.attribute in GROUP_OUTPUTS


def _network(setting: Setting | None, inventory: Inventory) -> str | None:
    """The address of the VPC that an attribute names."""
    if setting is None:
        return None
    if isinstance(setting.value, Unresolved):
        return setting.value.refers
    targets = inventory.targets(setting.value)
    return targets[0].address if targets else None


def network_of(resource: Resource, inventory: Inventory) -> str | None:
    """The address of the VPC that a resource says it is in."""
    return _network(resource.body.setting("vpc_id"), inventory)


def _inline(group: Resource, inventory: Inventory) -> Iterator[Rule]:
    for body in group.body.blocks("ingress"):
        rule = _of(
            body,
            inventory,
            ("cidr_blocks", "ipv6_cidr_blocks"),
            ("prefix_list_ids",),
            group.calls,
            certain=body.certain and group.body.certain,
        )
        if rule is not None:
            yield rule


def _rule(resource: Resource, inventory: Inventory) -> Rule | None:
    body = resource.body
    if resource.type == INGRESS_RULE:
        return _of(
            body,
            inventory,
            ("cidr_ipv4", "cidr_ipv6"),
            ("prefix_list_id",),
            resource.calls,
            protocol="ip_protocol",
            certain=body.certain,
        )
    direction = body.setting("type")
    if direction is not None and direction.value == "egress":
        return None
    rule = _of(
        body,
        inventory,
        ("cidr_blocks", "ipv6_cidr_blocks"),
        ("prefix_list_ids",),
        resource.calls,
        certain=body.certain,
    )
    if rule is None or direction is None or not isinstance(direction.value, Unresolved):
        return rule
    return Rule(
        rule.origin,
        rule.sources,
        Unknown(direction.value.reason, direction.origin),
        rule.unknown,
        certain=rule.certain,
        calls=rule.calls,
    )


def _of(
    body: Body,
    inventory: Inventory,
    cidrs: tuple[str, ...],
    prefix_lists: tuple[str, ...],
    calls: tuple[Related, ...],
    protocol: str = "protocol",
    certain: bool = True,
) -> Rule | None:
    """A rule with addresses among its sources; None for one without, and for one not for TCP."""
    ports = tcp_ports(body, inventory, protocol)
    if ports is None:
        return None
    found = rule_sources(body, inventory, cidrs, prefix_lists)
    if not found:
        return None
    return Rule(
        found.origin,
        found.found.known,
        ports,
        found.found.unknown,
        certain=certain,
        calls=calls,
    )
