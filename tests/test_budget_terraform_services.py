# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services in Terraform: Cloud Run's first resource, Azure's App Service, and defaults of ECS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connguard.budget import managed
from connguard.budget.run import run
from connguard.budget.server import formula
from connguard.engine.settings import Settings
from connguard.policies.model.amount import Amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.topology import Service

CLOUD_SQL = """\
resource "google_sql_database_instance" "db" {
  database_version = "POSTGRES_16"
  settings { tier = "db-custom-2-7680" }
}
"""
KNATIVE = """\
variable "most" { default = 9 }
resource "google_cloud_run_service" "web" {
  name = "web"
  template {
    metadata {
      annotations = {
        "run.googleapis.com/client-name"   = "terraform"
        "autoscaling.knative.dev/maxScale" = MOST
      }
    }
    spec {
      container_concurrency = 40
      containers {
        env {
          name  = "DB_HOST"
          value = google_sql_database_instance.db.private_ip_address
        }
        env {
          name  = "DB_POOL"
          value = "7"
        }
      }
    }
  }
}
"""
AZURE = """\
resource "azurerm_postgresql_flexible_server" "db" {
  sku_name = "GP_Standard_D2s_v3"
}
resource "azurerm_service_plan" "plan" {
  sku_name     = "P1v3"
  WORKERS
}
resource "azurerm_linux_web_app" "web" {
  name            = "web"
  service_plan_id = azurerm_service_plan.plan.id
  app_settings = {
    DB_HOST = azurerm_postgresql_flexible_server.db.fqdn
    DB_USER = "app"
    DB_POOL = 6 # for each instance
  }
}
"""
SCALER = """\
resource "azurerm_monitor_autoscale_setting" "web" {
  target_resource_id = azurerm_service_plan.plan.id
  profile {
    name = "day"
    capacity {
      default = 2
      minimum = 1
      maximum = 8
    }
  }
}
"""
ECS = """\
resource "aws_db_instance" "db" {
  engine         = "postgres"
  instance_class = "db.t3.micro"
}
resource "aws_ecs_task_definition" "web" {
  container_definitions = jsonencode([{
    name = "web"
    environment = [{ name = "DATABASE_URL", value = "postgres://${aws_db_instance.db.address}/a" }]
  }])
}
resource "aws_ecs_service" "web" {
  name            = "web"
  task_definition = aws_ecs_task_definition.web.arn
}
"""


def web(folder: Path, text: str, name: str = "main.tf") -> Service:
    (folder / name).write_text(text)
    done = run([folder], Settings(), [])
    found = [one for stack, _ in done.stacks for one in stack.topology.services]
    assert [one.name for one in found] == ["web"]
    return found[0]


def shown(amount: Amount) -> tuple[str, int, int]:
    assert amount.origin is not None
    return str(amount), amount.origin.line, amount.origin.column


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        ('"12"', ("12", 12, 46)),
        ("12", ("12", 12, 46)),
        ("var.most", ("9", 12, 46)),
        ("data.x.y.z", ("1 or more", 12, 46)),
    ],
)
def test_the_annotation_of_cloud_run(
    tmp_path: Path, most: str, expected: tuple[str, int, int]
) -> None:
    """Its place is that of the entry in the map."""
    service = web(tmp_path, CLOUD_SQL + KNATIVE.replace("MOST", most))
    assert shown(service.instances) == expected
    assert str(service.pool) == "7"


def test_cloud_run_without_the_annotation(tmp_path: Path) -> None:
    """The quotas of the region decide."""
    text = KNATIVE.replace('"autoscaling.knative.dev/maxScale" = MOST', "")
    service = web(tmp_path, CLOUD_SQL + text)
    assert str(service.instances) == "1 or more"
    assert "quotas of the region" in service.instances.reason


@pytest.mark.parametrize(
    ("workers", "more", "expected"),
    [
        ("worker_count = 3", "", ("3", 6, 3)),
        ("worker_count = 3", SCALER, ("8", 24, 7)),
        ("worker_count = 9", SCALER, ("9", 6, 3)),
        ("maximum_elastic_worker_count = 20", "", ("20", 6, 3)),
        ("", "", ("1 or more", 8, 1)),
    ],
)
def test_workers_of_app_service(
    tmp_path: Path, workers: str, more: str, expected: tuple[str, int, int]
) -> None:
    """The plan's workers, or as far as they are scaled."""
    service = web(tmp_path, AZURE.replace("WORKERS", workers) + more)
    assert shown(service.instances) == expected
    assert shown(service.pool) == ("6", 14, 15)
    assert service.user == "app"


def test_app_service_in_a_plan(tmp_path: Path) -> None:
    """What is known before the apply is taken; the host is known only afterwards."""

    def resource(kind: str, label: str, **values: Any) -> dict[str, Any]:
        return {
            "address": f"{kind}.{label}",
            "mode": "managed",
            "type": kind,
            "name": label,
            "values": values,
        }

    def change(kind: str, label: str, **later: Any) -> dict[str, Any]:
        found = resource(kind, label) | {"change": {"actions": ["create"], "after_unknown": later}}
        del found["values"]
        return found

    settings = {"DB_POOL": "6"}
    plan = {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "resources": [
                    resource(
                        "azurerm_postgresql_flexible_server", "db", sku_name="B_Standard_B4ms"
                    ),
                    resource("azurerm_service_plan", "plan", worker_count=4),
                    resource("azurerm_linux_web_app", "web", name="web", app_settings=settings),
                ]
            }
        },
        "resource_changes": [
            change("azurerm_linux_web_app", "web", app_settings={"DB_HOST": True}),
            change("azurerm_service_plan", "plan", id=True),
        ],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    done = run([tmp_path], Settings(), [])
    ((stack, budget),) = done.stacks
    (service,) = stack.topology.services
    assert (str(service.instances), str(service.pool)) == ("4", "6")
    assert budget.server is not None
    assert budget.server.limit is not None
    assert budget.server.limit.high == 1718 - managed.AZURE_RESERVED


def test_tasks_that_terraform_does_not_count(tmp_path: Path) -> None:
    """Without desired_count Terraform starts none, and something else scales the service."""
    assert str(web(tmp_path, ECS).instances) == "0 or more"


@pytest.mark.parametrize(
    ("sku", "connections"),
    [
        ("B_Standard_B1ms", 50),
        ("B_Standard_B8ms", 3437),
        ("B_Standard_B20ms", 5000),
        ("GP_Standard_D2ds_v5", 859),
        ("GP_Standard_D8ads_v5", 3437),
        ("GP_Standard_D16s_v3", 5000),
        ("MO_Standard_E2s_v3", 1718),
        ("MO_Standard_E8s_v3", 5000),
        ("MO_Standard_E96ds_v5", 5000),
    ],
)
def test_connections_of_azure(sku: str, connections: int) -> None:
    """As in the table of Azure's limits."""
    assert managed.azure_connections(sku) == connections


@pytest.mark.parametrize(("gib", "reported"), [(1, 81), (2, 198), (4, 413)])
def test_reported_connections_of_small_rds_instances(gib: int, reported: int) -> None:
    """What instances really have lies in the range, which a fifth off alone would miss."""
    text = "LEAST({DBInstanceClassMemory/9531392},5000)"
    amount = formula(text, gib * 1024**3, Origin("main.tf", 1, 1, 1, 2))
    assert amount.low <= reported <= amount.high


def test_azures_pooler_tracks_no_prepared_statements(tmp_path: Path) -> None:
    """Whatever PgBouncer's own default is; a parameter of the server turns it on."""
    text = (
        'resource "azurerm_postgresql_flexible_server" "db" { sku_name = "GP_Standard_D2s_v3" }\n'
        'resource "azurerm_postgresql_flexible_server_configuration" "on" {\n'
        '  name  = "pgbouncer.enabled"\n  value = "true"\n}\n'
    )
    more = (
        'resource "azurerm_postgresql_flexible_server_configuration" "prepared" {\n'
        '  name  = "pgbouncer.max_prepared_statements"\n  value = "100"\n}\n'
    )
    for source, expected in ((text, "0"), (text + more, "100")):
        (tmp_path / "main.tf").write_text(source)
        ((stack, _),) = run([tmp_path], Settings(), []).stacks
        (pooler,) = stack.topology.poolers
        assert str(pooler.prepared_statements) == expected


SEVERAL = """\
resource "aws_db_parameter_group" "small" {
  name = "small"
  parameter {
    name  = "max_connections"
    value = "40"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  instance_class       = "db.t3.micro"
  parameter_group_name = aws_db_parameter_group.small.name
}
resource "aws_db_instance" "users" {
  engine         = "postgres"
  instance_class = "db.r6g.large"
}
resource "aws_ecs_task_definition" "web" {
  container_definitions = jsonencode([{
    name = "web"
    environment = [
      { name = "DATABASE_URL", value = "postgres://app@${aws_db_instance.orders.address}/orders" },
      { name = "DB_POOL_SIZE", value = "4" },
    ]
  }])
}
resource "aws_ecs_service" "web" {
  name            = "web"
  task_definition = aws_ecs_task_definition.web.arn
  desired_count   = 3
}
"""


def servers(folder: Path, text: str) -> list[tuple[str, str, str, str]]:
    """Each server's slots, and the highest demand, standing and instances of its services."""
    (folder / "main.tf").write_text(text)
    found = []
    for stack, budget in run([folder], Settings(), []).stacks:
        assert stack.topology.server is not None
        assert budget.server is not None
        instances = ", ".join(str(one.instances) for one in stack.topology.services)
        found.append(
            (
                str(stack.topology.server.max_connections),
                str(budget.server.demand),
                budget.server.standing.value,
                instances,
            )
        )
    return found


def test_several_servers_of_one_vendor(tmp_path: Path) -> None:
    """Each with its own parameter group, and the services that refer to it."""
    assert servers(tmp_path, SEVERAL) == [
        ("40", "24", "safe", "3"),
        ("1441 to 1802", "0", "safe", ""),
    ]


def test_a_service_of_which_the_server_is_not_known(tmp_path: Path) -> None:
    """Any of them may have to bear it."""
    text = SEVERAL.replace("${aws_db_instance.orders.address}", "${var.host}")
    assert servers(tmp_path, text) == [
        ("40", "0 to 24", "safe", "0 to 3"),
        ("1441 to 1802", "0 to 24", "safe", "0 to 3"),
    ]


def test_an_address_that_may_be_another_one(tmp_path: Path) -> None:
    """A service is not left out because its host is an expression."""
    text = ECS.replace("${aws_db_instance.db.address}", "${local.host}")
    text = text.replace('name            = "web"', 'name = "web"\n  desired_count = 900')
    ((_, demand, standing, instances),) = servers(tmp_path, text)
    assert (demand, standing, instances) == ("0 or more", "unknown", "0 to 900")


def test_a_setting_of_which_the_server_is_not_known(tmp_path: Path) -> None:
    """Then nothing is said about the vendor's servers."""
    text = "".join(
        f'resource "azurerm_postgresql_flexible_server" "{name}" {{\n'
        '  sku_name = "GP_Standard_D2s_v3"\n}\n'
        for name in ("a", "b")
    )
    setting = (
        'resource "azurerm_postgresql_flexible_server_configuration" "most" {\n'
        '  name  = "max_connections"\n  value = "300"\n  server_id = SERVER\n}\n'
    )
    known = text + setting.replace("SERVER", "azurerm_postgresql_flexible_server.b.id")
    assert [one[0] for one in servers(tmp_path, known)] == ["859", "300"]
    assert servers(tmp_path, text + setting.replace("SERVER", "var.server")) == []
