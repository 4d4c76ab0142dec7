# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG202 for Terraform."""

from connguard.checks.adapter.graph_check import GraphCheck
from connguard.policies import postgres_port_broad_cidr


class PostgresPortBroadCidr(GraphCheck):
    judge = postgres_port_broad_cidr


check = PostgresPortBroadCidr()
