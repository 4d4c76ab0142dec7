# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG003 for Terraform."""

from connguard.checks.adapter.terraform_check import TerraformCheck
from connguard.policies import connection_limit_not_enforced


class ConnectionLimitNotEnforced(TerraformCheck):
    judge = connection_limit_not_enforced
    resources = ("postgresql_role",)
    keys = ("connection_limit", "superuser")


check = ConnectionLimitNotEnforced()
