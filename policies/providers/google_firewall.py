# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Google Cloud: VPC firewall rules.

The rules of a network form one filter for each set of targets: the rule with the lowest priority
number that covers a connection decides, a denying one first among equals, and what no ingress rule
covers stays out. A rule without sources covers 0.0.0.0/0; sources of several kinds are a union.
Tags and service accounts are narrow, and so are the ranges from which only Google's own probes,
proxies and tunnels come. The rules guard virtual machines: Cloud SQL and AlloyDB are not behind
them.

https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_firewall
https://cloud.google.com/firewall/docs/firewalls
https://cloud.google.com/load-balancing/docs/firewall-rules
https://cloud.google.com/iap/docs/using-tcp-forwarding
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.network import Endpoint, Rule
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_google_machines import MACHINES, Machines, endpoint, texts
from connguard.policies.model.terraform_google_rules import network_of, rules_of
from connguard.policies.model.terraform_guards import settings_at
from connguard.policies.model.terraform_resource import Inventory, Resource, ResourceTable

_FIREWALL = "google_compute_firewall"
TABLES = (
    ResourceTable(
        (_FIREWALL,),
        (
            "network",
            "direction",
            "disabled",
            "priority",
            "allow.protocol",
            "allow.ports",
            "deny.protocol",
            "deny.ports",
            "source_ranges",
            "source_tags",
            "source_service_accounts",
            "target_tags",
            "target_service_accounts",
        ),
        "Ingress rules for tcp or all of one network, by priority; without ports all of them,"
        " without any source 0.0.0.0/0. Tags and service accounts as sources are narrow.",
    ),
    ResourceTable(
        (
            *MACHINES,
            "google_compute_network",
            "google_compute_subnetwork",
        ),
        ("tags", "network_interface.network", "network_interface.subnetwork"),
        "Rules that only guard machines which are not called like databases are judged for the"
        " PostgreSQL ports that they name.",
    ),
)


@dataclass(frozen=True, slots=True)
class _Firewall:
    """One firewall resource: its rules, and the machines for which they hold (all if none)."""

    network: str
    targets: frozenset[str]
    rules: tuple[Rule, ...]
    origin: Origin


def facts(inventory: Inventory) -> Iterator[object]:
    machines = Machines(inventory)
    firewalls = [_firewall(inventory, one) for one in inventory.of(_FIREWALL)]
    endpoints: list[Endpoint] = []
    for network in dict.fromkeys(one.network for one in firewalls):
        members = [one for one in firewalls if one.network == network]
        for targets in dict.fromkeys(one.targets for one in members):
            effective = [one for one in members if one.targets in (targets, frozenset())]
            rules = [rule for one in effective for rule in one.rules]
            guarded = machines.tagged(targets) if targets else machines.in_network(network)
            guard = f"the firewall of the network {network}"
            found = endpoint(inventory, guard, rules, guarded, effective[0].origin)
            endpoints.extend([found] if found is not None else [])
    endpoints.sort(key=lambda one: not one.targets)
    yield from endpoints


def _firewall(inventory: Inventory, resource: Resource) -> _Firewall:
    return _Firewall(
        network_of(inventory, resource.body.setting("network")),
        frozenset(_targets(resource)),
        tuple(rules_of(resource)),
        resource.origin,
    )


def _targets(resource: Resource) -> Iterator[str]:
    for name in ("target_tags", "target_service_accounts"):
        for setting in settings_at(resource.body, name):
            yield from texts(setting.value)
