# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Hetzner Cloud: firewalls.

https://registry.terraform.io/providers/hetznercloud/hcloud/latest/docs/resources/firewall
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.network import Endpoint, Rule
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.terraform_network import origin_of, ports, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable

TABLES = (
    ResourceTable(
        ("hcloud_firewall",),
        ("rule.direction", "rule.protocol", "rule.port", "rule.source_ips"),
        "Rules with direction in and protocol tcp; source_ips are a union, over all rules.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    for firewall in inventory.of("hcloud_firewall"):
        yield Endpoint(
            f"the firewall {firewall.address}",
            USUAL_PORTS,
            (tuple(_rules(firewall)),),
            firewall.origin,
            limits=inventory.limits,
        )


def _rules(firewall: Resource) -> Iterator[Rule]:
    for body in firewall.body.blocks("rule"):
        if _is(body, "direction", "in") and _is(body, "protocol", "tcp"):
            found = sources(body.setting("source_ips"), "source_ips")
            yield Rule(
                origin_of(body, ("source_ips",)),
                found.known,
                ports(body.setting("port"), "port"),
                found.unknown,
                certain=body.certain,
                calls=firewall.calls,
            )


def _is(body: Body, name: str, wanted: str) -> bool:
    """Whether a setting has this value, or may have it."""
    setting = body.setting(name)
    return setting is not None and (
        not isinstance(setting.value, str) or setting.value.lower() == wanted
    )
