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

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from connguard.policies.model.network import Endpoint, Rule, Target, distinct_holes
from connguard.policies.model.origin import Origin
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.terraform_google_rules import network_of, rules_of
from connguard.policies.model.terraform_guards import (
    is_called_database,
    named_ports,
    settings_at,
)
from connguard.policies.model.terraform_resource import Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Unresolved

_FIREWALL = "google_compute_firewall"
_INSTANCES = (
    ("google_compute_instance", "tags"),
    ("google_compute_instance_template", "tags"),
    ("google_compute_region_instance_template", "tags"),
    ("google_container_cluster", "node_config.tags"),
    ("google_container_node_pool", "node_config.tags"),
)
_NETWORKS = (
    ("google_compute_instance", "network_interface.network"),
    ("google_compute_instance", "network_interface.subnetwork"),
    ("google_compute_instance_template", "network_interface.network"),
    ("google_compute_instance_template", "network_interface.subnetwork"),
    ("google_container_cluster", "network"),
)

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
            *dict.fromkeys(kind for kind, _ in _INSTANCES),
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
    machines = _Machines(inventory)
    firewalls = [_firewall(inventory, one) for one in inventory.of(_FIREWALL)]
    endpoints: list[Endpoint] = []
    for network in dict.fromkeys(one.network for one in firewalls):
        members = [one for one in firewalls if one.network == network]
        for targets in dict.fromkeys(one.targets for one in members):
            endpoint = _endpoint(inventory, network, targets, members, machines)
            if endpoint is not None:
                endpoints.append(endpoint)
    endpoints.sort(key=lambda one: not one.targets)
    yield from distinct_holes(endpoints)


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
            yield from _texts(setting.value)


def _texts(value: object) -> Iterator[str]:
    """Tags, or what stands for them where they are unknown."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Unresolved):
        yield f"({value.refers or value.reason}{value.tail})"
    elif isinstance(value, str) and value:
        yield value


def _endpoint(
    inventory: Inventory,
    network: str,
    targets: frozenset[str],
    members: Sequence[_Firewall],
    machines: _Machines,
) -> Endpoint | None:
    """What passes to the machines with these targets: by their own rules, and those for all."""
    effective = [one for one in members if one.targets in (targets, frozenset())]
    rules = tuple(rule for one in effective for rule in one.rules)
    if not any(rule.allow for rule in rules):
        return None
    guarded = machines.tagged(targets) if targets else machines.in_network(network)
    databases = [one for one in guarded if is_called_database(one)]
    ports: tuple[int, ...] = USUAL_PORTS
    if guarded and not databases:
        ports = named_ports(rule for rule in rules if rule.allow)
        if not ports:
            return None
    return Endpoint(
        f"the firewall of the network {network}",
        ports,
        (rules,),
        effective[0].origin,
        tuple(Target(one.address, one.origin, _has_public_address(one)) for one in databases),
        inventory.limits,
    )


def _has_public_address(machine: Resource) -> bool | None:
    """False for a machine none of whose interfaces has an access_config."""
    interfaces = machine.body.blocks("network_interface")
    if machine.type != "google_compute_instance" or not interfaces:
        return None
    configured = [
        config
        for interface in interfaces
        for name in ("access_config", "ipv6_access_config")
        for config in interface.blocks(name)
    ]
    if not configured:
        return False
    certain = not machine.body.certain or any(config.certain for config in configured)
    return True if certain else None


class _Machines:
    """The machines of the configuration by tag and by network."""

    def __init__(self, inventory: Inventory) -> None:
        self._by_tag: dict[str, list[Resource]] = {}
        self._by_network: dict[str, list[Resource]] = {}
        for kind, path in _INSTANCES:
            for machine in inventory.of(kind):
                for setting in settings_at(machine.body, path):
                    for tag in _texts(setting.value):
                        self._by_tag.setdefault(tag, []).append(machine)
        for kind, path in _NETWORKS:
            for machine in inventory.of(kind):
                for setting in settings_at(machine.body, path):
                    network = network_of(inventory, setting)
                    self._by_network.setdefault(network, []).append(machine)

    def tagged(self, tags: frozenset[str]) -> list[Resource]:
        return _distinct(one for tag in sorted(tags) for one in self._by_tag.get(tag, ()))

    def in_network(self, network: str) -> list[Resource]:
        return _distinct(self._by_network.get(network, ()))


def _distinct(machines: Iterable[Resource]) -> list[Resource]:
    return list({machine.address: machine for machine in machines}.values())
