# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Terraform plan as `terraform show -json` writes it, for a few roles."""

from __future__ import annotations

import json
from typing import Any

DEFAULTS = {"login": False, "superuser": False, "connection_limit": -1, "inherit": True}
"""The provider's defaults: a plan states them, written out in the source or not."""


def plan(**roles: dict[str, Any]) -> str:
    """A plan that creates roles with these attributes; "?" is known only after apply."""
    resources, changes = [], []
    for label, attributes in roles.items():
        given = DEFAULTS | {"name": label} | attributes
        values = {name: value for name, value in given.items() if value != "?"}
        unknown = {name: True for name, value in given.items() if value == "?"} | {"id": True}
        resource = {
            "address": f"postgresql_role.{label}",
            "mode": "managed",
            "type": "postgresql_role",
            "name": label,
            "provider_name": "registry.terraform.io/cyrilgdn/postgresql",
        }
        resources.append(resource | {"schema_version": 0, "values": values})
        change = {"actions": ["create"], "before": None, "after": values, "after_unknown": unknown}
        changes.append(resource | {"change": change})
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.9.8",
            "planned_values": {"root_module": {"resources": resources}},
            "resource_changes": changes,
            "configuration": {"root_module": {}},
        },
        indent=2,
    )


UNKNOWNS = plan(
    limit_unknown={"login": True, "connection_limit": "?"},
    login_unknown={"login": "?"},
    superuser_unknown={"login": True, "superuser": "?"},
    limited={"login": True, "connection_limit": 20},
    group={},
)
"""Nothing to report: what a finding would rest on is unknown, or fine."""

FINDINGS = plan(
    default_limit={"login": True},
    no_logins={"login": True, "connection_limit": 0},
    not_enforced={"login": True, "superuser": True, "connection_limit": 5},
    refused={"login": True, "connection_limit": -2},
)
FINDING_IDS = {"PG001", "PG002", "PG003", "PG008"}
