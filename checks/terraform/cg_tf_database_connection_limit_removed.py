# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG004 for Terraform."""

from connguard.checks.adapter.terraform_check import TerraformCheck
from connguard.policies import database_connection_limit_removed


class DatabaseConnectionLimitRemoved(TerraformCheck):
    judge = database_connection_limit_removed
    resources = ("postgresql_database",)
    keys = ("connection_limit",)


check = DatabaseConnectionLimitRemoved()
