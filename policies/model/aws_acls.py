# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""AWS network ACLs: the second filter in front of what lies in a subnet.

The rule with the lowest number that matches decides; what none matches is denied. A subnet that is
in no ACL is in the default one of its VPC, which lets everything in unless it is changed:
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connguard.policies.model.aws_groups import network_of
from connguard.policies.model.aws_rules import items, rule_sources, tcp_ports
from connguard.policies.model.network import Rule
from connguard.policies.model.origin import Known
from connguard.policies.model.terraform_resource import Body, Inventory, Resource
from connguard.policies.model.terraform_value import Unresolved, boolean, integer

ACL = "aws_network_acl"
DEFAULT_ACL = "aws_default_network_acl"
ACL_RULE = "aws_network_acl_rule"
ASSOCIATION = "aws_network_acl_association"
_LAST_NUMBER = 32767


class NetworkAcls:
    """The ACLs of an inventory, and the subnets that are in them."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._of_subnet: dict[str, Resource] = {}
        self._default_of: dict[str | None, Resource] = {}
        self._known: dict[str, tuple[Rule, ...]] = {}
        for acl in inventory.of(ACL, DEFAULT_ACL):
            for value in items(acl.body.setting("subnet_ids")):
                for subnet in inventory.targets(value):
                    self._of_subnet[subnet.address] = acl
            if acl.type == DEFAULT_ACL:
                network = self._network_of_default(acl)
                if network is not None:
                    self._default_of[network] = acl
        for association in inventory.of(ASSOCIATION):
            acl_setting = association.body.setting("network_acl_id")
            acls = inventory.targets(acl_setting.value) if acl_setting is not None else []
            for value in items(association.body.setting("subnet_id")):
                for subnet in inventory.targets(value):
                    for acl in acls:
                        self._of_subnet[subnet.address] = acl

    def _network_of_default(self, acl: Resource) -> str | None:
        setting = acl.body.setting("default_network_acl_id")
        if setting is None or not isinstance(setting.value, Unresolved):
            return None
        return setting.value.refers

    def before(self, subnets: Sequence[object] | None) -> Resource | None:
        """The ACL that all of these subnets are in; None when they differ, or one is not known."""
        if not subnets:
            return None
        found: dict[str, Resource] = {}
        for value in subnets:
            targets = self._inventory.targets(value)
            if not targets:
                return None
            for subnet in targets:
                acl = self._of_subnet.get(subnet.address)
                if acl is None:
                    acl = self._default_of.get(network_of(subnet, self._inventory))
                if acl is None:
                    return None
                found[acl.address] = acl
        return next(iter(found.values())) if len(found) == 1 else None

    def rules(self, acl: Resource) -> tuple[Rule, ...]:
        """The rules for what comes in; none when no rule of the ACL is in the files."""
        if acl.address not in self._known:
            self._known[acl.address] = tuple(self._rules(acl))
        return self._known[acl.address]

    def _rules(self, acl: Resource) -> Iterator[Rule]:
        for body in acl.body.blocks("ingress"):
            rule = _rule(acl, body, "rule_no", "action", self._inventory)
            if rule is not None:
                yield rule
        for resource in self._inventory.of(ACL_RULE):
            setting = resource.body.setting("network_acl_id")
            if setting is None or acl not in self._inventory.targets(setting.value):
                continue
            egress = resource.body.setting("egress")
            outwards = boolean({"egress": egress}, "egress")
            if isinstance(outwards, Known) and outwards.value:
                continue
            rule = _rule(resource, resource.body, "rule_number", "rule_action", self._inventory)
            if rule is not None:
                yield rule


def _rule(
    resource: Resource, body: Body, number: str, action: str, inventory: Inventory
) -> Rule | None:
    ports = tcp_ports(body, inventory)
    if ports is None:
        return None
    found = rule_sources(body, inventory, ("cidr_block", "ipv6_cidr_block"))
    written = body.setting(action)
    value = written.value if written is not None else None
    allows = not (isinstance(value, str) and value.lower() == "deny")
    position = body.setting(number)
    rank = integer({number: position}, number)
    certain = body.certain and resource.body.certain
    if not isinstance(rank, Known):
        # Where it stands is not known: an allowing rule may be first, a denying one behind it.
        certain = certain and allows
    return Rule(
        found.origin,
        found.found.known,
        ports,
        found.found.unknown if allows else (),
        allow=allows,
        rank=rank.value if isinstance(rank, Known) else (0 if allows else _LAST_NUMBER),
        certain=certain,
        calls=resource.calls,
    )
