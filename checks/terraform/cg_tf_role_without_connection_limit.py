# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG001 for Terraform."""

from connguard.checks.adapter.terraform_check import TerraformCheck
from connguard.policies import role_without_connection_limit


class RoleWithoutConnectionLimit(TerraformCheck):
    judge = role_without_connection_limit
    resources = ("postgresql_role",)
    keys = ("connection_limit", "login", "superuser")


check = RoleWithoutConnectionLimit()
