# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Hetzner Cloud: firewalls.

A firewall without a matching inbound rule drops the packet; the rules of all firewalls of a server
add up.
https://registry.terraform.io/providers/hetznercloud/hcloud/latest/docs/resources/firewall
https://docs.hetzner.com/cloud/firewalls/faq/
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.network import Rule
from connguard.policies.model.origin import Known, Value
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.terraform_guards import (
    Guard,
    Holders,
    holders_of,
    linked_holders,
    may_be,
    needed_ports,
    server_endpoints,
    settings_at,
    united,
)
from connguard.policies.model.terraform_network import origin_of, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable

TABLES = (
    ResourceTable(
        ("hcloud_firewall", "hcloud_firewall_attachment", "hcloud_server"),
        (
            "rule.direction",
            "rule.protocol",
            "rule.port",
            "rule.source_ips",
            "apply_to.server",
            "server_ids",
            "firewall_ids",
        ),
        "Rules with direction in and protocol tcp; source_ips are a union, over all rules and all"
        " firewalls of a server.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    guards = [
        Guard(one.address, f"the firewall {one.address}", one.origin, tuple(_rules(one)))
        for one in inventory.of("hcloud_firewall")
    ]
    holders = united(
        holders_of(inventory, ("hcloud_server", "firewall_ids")),
        linked_holders(inventory, "hcloud_firewall_attachment", "firewall_id", "server_ids"),
        _applied(inventory),
    )
    yield from server_endpoints(inventory, guards, holders)


def _applied(inventory: Inventory) -> Holders:
    found: Holders = {}
    for firewall in inventory.of("hcloud_firewall"):
        for setting in settings_at(firewall.body, "apply_to.server"):
            found.setdefault(firewall.address, []).extend(inventory.targets(setting.value))
    return found


def _rules(firewall: Resource) -> Iterator[Rule]:
    for body in firewall.body.blocks("rule"):
        if may_be(body, "direction", "in") and may_be(body, "protocol", "tcp"):
            found = sources(body.setting("source_ips"), "source_ips")
            yield Rule(
                origin_of(body, ("source_ips",)),
                found.known,
                _ports(body),
                found.unknown,
                certain=body.certain,
                calls=firewall.calls,
            )


def _ports(body: Body) -> Value[Ports] | Ports:
    setting = body.setting("port")
    if setting is not None and setting.value == "any":
        return Known(ALL_PORTS, setting.origin)
    return needed_ports(body, "port")
