# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server settings in parameter groups, flags and configurations of the clouds."""

from __future__ import annotations

from pathlib import Path

from connguard.engine.scan import scan
from connguard.engine.settings import Settings

CLOUD = """\
variable "timeout" {}

resource "aws_db_parameter_group" "main" {
  family = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = "0"
  }
  parameter {
    name  = "statement_timeout"
    value = var.timeout
  }
  dynamic "parameter" {
    for_each = { idle_in_transaction_session_timeout = 0, tcp_keepalives_idle = 60 }
    content {
      name  = parameter.key
      value = parameter.value
    }
  }
}

resource "aws_db_parameter_group" "mysql" {
  family = "mysql8.0"
  parameter {
    name  = "require_secure_transport"
    value = "OFF"
  }
}

resource "google_sql_database_instance" "main" {
  database_version = "POSTGRES_16"
  settings {
    tier = "db-f1-micro"
    database_flags {
      name  = "password_encryption"
      value = "md5"
    }
  }
}

resource "azurerm_postgresql_flexible_server_configuration" "tls" {
  name      = "require_secure_transport"
  server_id = "x"
  value     = "off"
}
"""


def test_settings_of_the_clouds(tmp_path: Path) -> None:
    """The same policies as for postgresql.conf, at the line that sets the value."""
    (tmp_path / "main.tf").write_text(CLOUD)
    report = scan([tmp_path], Settings(select=("PG401", "PG402", "PG5")))
    assert report.failures == []
    assert {(one.origin.line, one.policy.id) for one in report.findings} == {
        (7, "PG401"),
        (17, "PG501"),
        (30, "PG401"),
        (36, "PG402"),
        (44, "PG401"),
    }
    undecided = scan([tmp_path], Settings(select=("PG502",))).undecided
    assert [(gap.policy_id, gap.origin.line) for gap in undecided] == [("PG502", 11)]


PLAN = """\
{
  "format_version": "1.2",
  "planned_values": {"root_module": {"resources": [
    {"address": "aws_db_parameter_group.main", "mode": "managed",
     "type": "aws_db_parameter_group",
     "values": {"family": "postgres16", "parameter": [
       {"name": "rds.force_ssl",
        "value": "0"},
       {"name": "statement_timeout"}
     ]}},
    {"address": "google_sql_database_instance.x", "mode": "managed",
     "type": "google_sql_database_instance",
     "values": {"database_version": "POSTGRES_16", "settings": [{"database_flags": [
       {"name": "idle_in_transaction_session_timeout",
        "value": "0"}
     ]}]}},
    {"address": "azurerm_postgresql_flexible_server_configuration.x", "mode": "managed",
     "type": "azurerm_postgresql_flexible_server_configuration",
     "values": {"name": "require_secure_transport",
       "value": "OFF"}}
  ]}},
  "resource_changes": []
}
"""


def test_settings_in_a_plan(tmp_path: Path) -> None:
    """The same from terraform show -json; what is known only after apply is undecided."""
    (tmp_path / "plan.json").write_text(PLAN)
    report = scan([tmp_path], Settings(select=("PG401", "PG5")))
    assert report.failures == []
    assert {(one.origin.line, one.policy.id) for one in report.findings} == {
        (8, "PG401"),
        (11, "PG401"),
        (15, "PG501"),
        (20, "PG401"),
    }
    assert [(gap.policy_id, gap.origin.line) for gap in report.undecided] == [("PG502", 9)]
