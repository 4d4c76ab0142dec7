# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG203 for Terraform."""

from connguard.checks.adapter.graph_check import GraphCheck
from connguard.policies import public_database_instance


class PublicDatabaseInstance(GraphCheck):
    judge = public_database_instance


check = PublicDatabaseInstance()
