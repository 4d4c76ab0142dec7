# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG002 for Terraform."""

from connguard.checks.adapter.terraform_check import TerraformCheck
from connguard.policies import role_connection_limit_zero


class RoleConnectionLimitZero(TerraformCheck):
    judge = role_connection_limit_zero
    resources = ("postgresql_role",)
    keys = ("connection_limit", "login", "superuser")


check = RoleConnectionLimitZero()
