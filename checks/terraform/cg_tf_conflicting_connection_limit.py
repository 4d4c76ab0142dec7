# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG008 for Terraform."""

from connguard.checks.adapter.terraform_check import TerraformCheck
from connguard.policies import conflicting_connection_limit


class ConflictingConnectionLimit(TerraformCheck):
    judge = conflicting_connection_limit
    resources = ("postgresql_role", "postgresql_database")
    keys = ("connection_limit",)


check = ConflictingConnectionLimit()
