# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Google Cloud: network and hierarchical firewall policies.

The rules of a policy form one filter for each set of targets. A rule that goes on to the next
level lets nothing in by itself. Whether a VPC firewall rule keeps out before what a policy lets in
is not read: that depends on the order that the network is set to.

https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_network_firewall_policy_rule
https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_network_firewall_policy_with_rules
https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_firewall_policy_rule
https://cloud.google.com/firewall/docs/firewall-policies-rule-details
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from connguard.policies.model.network import Endpoint, Rule
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_google_machines import MACHINES, Machines, endpoint, texts
from connguard.policies.model.terraform_google_rules import network_of, policy_rules
from connguard.policies.model.terraform_guards import settings_at
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Unresolved

_POLICIES = (
    "google_compute_network_firewall_policy",
    "google_compute_region_network_firewall_policy",
    "google_compute_firewall_policy",
)
_RULES = tuple(f"{policy}_rule" for policy in _POLICIES)
_WITH_RULES = tuple(f"{policy}_with_rules" for policy in _POLICIES)
_ASSOCIATIONS = tuple(f"{policy}_association" for policy in _POLICIES)

TABLES = (
    ResourceTable(
        (*_RULES, *_WITH_RULES),
        (
            "firewall_policy",
            "direction",
            "disabled",
            "priority",
            "action",
            "match.src_ip_ranges",
            "match.layer4_configs",
            "match.src_network_context",
            "target_secure_tags",
            "target_service_accounts",
        ),
        "Ingress rules for tcp or all of one policy, by priority; without a source, everybody."
        " Secure tags, names and networks as sources are narrow, regions and address groups are"
        " unknown.",
    ),
    ResourceTable(
        (*_POLICIES, *_ASSOCIATIONS, *MACHINES),
        ("firewall_policy", "attachment_target"),
        "Which machines a policy guards.",
    ),
)


@dataclass(slots=True)
class _Policy:
    """The rules of one policy for each set of targets; for all machines if the set is empty."""

    name: str
    origin: Origin
    rules: list[tuple[frozenset[str], Rule]] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)


def facts(inventory: Inventory) -> Iterator[object]:
    machines = Machines(inventory)
    endpoints: list[Endpoint] = []
    for policy in _policies(inventory):
        guarded = [one for network in policy.networks for one in machines.in_network(network)]
        for targets in dict.fromkeys(targets for targets, _ in policy.rules):
            rules = [rule for its, rule in policy.rules if its in (targets, frozenset())]
            guard = f"the firewall policy {policy.name}"
            found = endpoint(inventory, guard, rules, guarded, policy.origin)
            endpoints.extend([found] if found is not None else [])
    endpoints.sort(key=lambda one: not one.targets)
    yield from endpoints


def _policies(inventory: Inventory) -> list[_Policy]:
    found: dict[str, _Policy] = {}
    for resource in inventory.of(*_WITH_RULES):
        policy = found.setdefault(resource.address, _Policy(resource.address, resource.origin))
        for block in resource.body.blocks("rule"):
            policy.rules.extend(_rules(block, resource))
    for resource in inventory.of(*_RULES):
        name = _policy_name(inventory, resource)
        policy = found.setdefault(name, _Policy(name, resource.origin))
        policy.rules.extend(_rules(resource.body, resource))
    for association in inventory.of(*_ASSOCIATIONS):
        name = _policy_name(inventory, association)
        if name in found:
            target = association.body.setting("attachment_target")
            found[name].networks.append(network_of(inventory, target))
    return list(found.values())


def _rules(body: Body, resource: Resource) -> Iterator[tuple[frozenset[str], Rule]]:
    targets = [
        text
        for path in ("target_secure_tags.name", "target_secure_tag.name", "target_service_accounts")
        for setting in settings_at(body, path)
        for text in texts(setting.value)
    ]
    for rule in policy_rules(body, resource.calls):
        yield frozenset(targets), rule


def _policy_name(inventory: Inventory, resource: Resource) -> str:
    setting = resource.body.setting("firewall_policy")
    value = setting.value if setting is not None else None
    for kind in (*_POLICIES, *_WITH_RULES):
        for attribute in ("name", "short_name"):
            for policy in inventory.named(kind, attribute, value):
                return policy.address
    if isinstance(value, Unresolved):
        return value.refers or f"({value.reason})"
    return value if isinstance(value, str) else "(not named)"
