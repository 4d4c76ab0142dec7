# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG201 for Terraform."""

from connguard.checks.adapter.graph_check import GraphCheck
from connguard.policies import postgres_port_open_to_internet


class PostgresPortOpenToInternet(GraphCheck):
    judge = postgres_port_open_to_internet


check = PostgresPortOpenToInternet()
