# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All the small configurations of networks that the tests write out, by provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import aws_module_inputs
import aws_networks
import other_provider_cases
import test_network_azure_google as azure_google
from network_edges import EDGES


def _groups(named: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for group, texts in named.items():
        for name, text in texts.items():
            yield f"{group}: {name}", text


CONFIGURATIONS: dict[str, dict[str, str]] = {
    "aws": dict(aws_networks.CASES),
    "aws_modules": dict(aws_module_inputs.CASES),
    "azure": dict(
        _groups(
            {
                "group": {
                    name: azure_google.NSG % rules for name, rules in azure_google.GROUPS.items()
                },
                "attached": azure_google.ATTACHED,
                "server": azure_google.SERVERS,
                "module": azure_google.AZURE_MODULES,
            }
        )
    ),
    "google": dict(
        _groups(
            {
                "firewall": {
                    name: azure_google.VPC + text for name, text in azure_google.FIREWALLS.items()
                },
                "policy": {
                    name: azure_google.POLICY + rules
                    for name, rules in azure_google.POLICIES.items()
                },
                "instance": azure_google.INSTANCES,
                "module": azure_google.MODULES,
            }
        )
    ),
    "other": dict(other_provider_cases.CASES),
    "edges": {edge.folder: edge.text for edge in EDGES},
}
