# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG206 for Terraform."""

from connguard.checks.adapter.graph_check import GraphCheck
from connguard.policies import port_published_on_all_interfaces


class PortPublishedOnAllInterfaces(GraphCheck):
    judge = port_published_on_all_interfaces


check = PortPublishedOnAllInterfaces()
