# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Google's virtual machines, and what a firewall in front of them is judged for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Origin
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.terraform_google_rules import network_of
from connguard.policies.model.terraform_guards import (
    is_called_database,
    named_ports,
    settings_at,
)
from connguard.policies.model.terraform_resource import Inventory, Resource
from connguard.policies.model.terraform_value import Unresolved

_TAGGED = (
    ("google_compute_instance", "tags"),
    ("google_compute_instance_template", "tags"),
    ("google_compute_region_instance_template", "tags"),
    ("google_container_cluster", "node_config.tags"),
    ("google_container_node_pool", "node_config.tags"),
)
_IN_NETWORKS = (
    ("google_compute_instance", "network_interface.network"),
    ("google_compute_instance", "network_interface.subnetwork"),
    ("google_compute_instance_template", "network_interface.network"),
    ("google_compute_instance_template", "network_interface.subnetwork"),
    ("google_container_cluster", "network"),
)
MACHINES = tuple(dict.fromkeys(kind for kind, _ in _TAGGED))


class Machines:
    """The machines of the configuration by tag and by network."""

    def __init__(self, inventory: Inventory) -> None:
        self._by_tag: dict[str, list[Resource]] = {}
        self._by_network: dict[str, list[Resource]] = {}
        for kind, path in _TAGGED:
            for machine in inventory.of(kind):
                for setting in settings_at(machine.body, path):
                    for tag in texts(setting.value):
                        self._by_tag.setdefault(tag, []).append(machine)
        for kind, path in _IN_NETWORKS:
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


def texts(value: object) -> Iterator[str]:
    """Tags, or what stands for them where they are unknown."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)
    elif isinstance(value, Unresolved):
        yield f"({value.refers or value.reason}{value.tail})"
    elif isinstance(value, str) and value:
        yield value


def endpoint(
    inventory: Inventory,
    guard: str,
    rules: Sequence[Rule],
    guarded: Sequence[Resource],
    origin: Origin,
) -> Endpoint | None:
    """What passes to these machines; None when nothing does that could concern PostgreSQL."""
    if not any(rule.allow for rule in rules):
        return None
    databases = [one for one in guarded if is_called_database(one)]
    ports: tuple[int, ...] = USUAL_PORTS
    if guarded and not databases:
        ports = named_ports(rule for rule in rules if rule.allow)
        if not ports:
            return None
    return Endpoint(
        guard,
        ports,
        (tuple(rules),),
        origin,
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
