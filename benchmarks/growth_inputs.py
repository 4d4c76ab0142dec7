# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs of any size, to see how the time of a scan grows with them.

Each maker writes input of about `size` units (files, resources, lines …) into an empty folder.
What it writes has a few risks in it, so that findings, too, are part of what is measured.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Input:
    """`unit` says what the size counts."""

    name: str
    unit: str
    make: Callable[[Path, int], None]


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _module(index: int) -> str:
    limit = -1 if index % 50 == 0 else 20
    return f"""\
variable "size_{index}" {{
  description = "How many instances of number {index}."
  type        = number
  default     = {index % 7}
}}

locals {{
  name_{index} = "app-${{var.size_{index}}}"
}}

resource "aws_instance" "i{index}" {{
  count         = var.size_{index}
  instance_type = "t3.small"
  tags          = merge({{ Name = local.name_{index} }}, {{ Index = {index} }})
}}

resource "postgresql_role" "r{index}" {{
  name             = "role_{index}"
  login            = true
  connection_limit = {limit}
}}

resource "aws_security_group_rule" "s{index}" {{
  type              = "ingress"
  from_port         = 5432
  to_port           = 5432
  protocol          = "tcp"
  cidr_blocks       = ["10.{index % 250}.0.0/16"]
  security_group_id = "sg-{index}"
}}
"""


def terraform_files(folder: Path, size: int) -> None:
    """Files of one module."""
    for index in range(size):
        _write(folder, f"part{index}.tf", _module(index))


def terraform_roots(folder: Path, size: int) -> None:
    """Modules of one file, each in a folder of its own."""
    for index in range(size):
        _write(folder, f"service{index}/main.tf", _module(index))


def terraform_calls(folder: Path, size: int) -> None:
    """Calls of one module."""
    _write(
        folder,
        "db/main.tf",
        """\
variable "name" { type = string }
variable "cidr" { default = "0.0.0.0/0" }

resource "aws_security_group" "db" {
  name = var.name
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = [var.cidr]
  }
}

resource "aws_db_instance" "db" {
  identifier             = var.name
  engine                 = "postgres"
  publicly_accessible    = true
  vpc_security_group_ids = [aws_security_group.db.id]
}

resource "postgresql_role" "app" {
  name  = var.name
  login = true
}
""",
    )
    calls = (
        f'module "db{index}" {{\n  source = "./db"\n  name   = "db-{index}"\n}}\n'
        for index in range(size)
    )
    _write(folder, "main.tf", "\n".join(calls))


def terraform_locals(folder: Path, size: int) -> None:
    """Elements of a list in locals, a `for` over them, and a role that takes one."""
    numbers = ",\n    ".join(str(index) for index in range(size))
    names = "\n".join(f'  name_{index} = "role-{index}"' for index in range(size))
    _write(
        folder,
        "main.tf",
        f"""\
locals {{
  numbers = [
    {numbers},
  ]
  doubled = [for number in local.numbers : number * 2]
{names}
}}

resource "postgresql_role" "app" {{
  name             = local.name_{size - 1}
  login            = true
  connection_limit = length(local.doubled)
}}
""",
    )


def security_group_rules(folder: Path, size: int) -> None:
    """Rules written in one security group."""
    rules = "".join(
        f"""\
  ingress {{
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["{52 + index // 32768}.{index // 128 % 256}.{index * 2 % 256}.0/24"]
  }}
"""
        for index in range(size)
    )
    _write(folder, "main.tf", f'resource "aws_security_group" "db" {{\n{rules}}}\n')


def terraform_plan(folder: Path, size: int) -> None:
    """Resources of a plan in JSON."""
    planned, changes, written = [], [], []
    for index in range(size):
        kind = "postgresql_role" if index % 10 == 0 else "aws_security_group_rule"
        values: dict[str, object]
        if kind == "postgresql_role":
            values = {"name": f"role_{index}", "login": True, "connection_limit": 20}
        else:
            values = {
                "type": "ingress",
                "from_port": 5432,
                "to_port": 5432,
                "protocol": "tcp",
                "cidr_blocks": [f"10.{index % 250}.0.0/16"],
                "security_group_id": f"sg-{index}",
            }
        one = {
            "address": f"{kind}.r{index}",
            "mode": "managed",
            "type": kind,
            "name": f"r{index}",
        }
        planned.append({**one, "values": values, "sensitive_values": {}})
        after = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
        changes.append({**one, "change": after})
        expressions = {name: {"constant_value": value} for name, value in values.items()}
        written.append({**one, "expressions": expressions})
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": written}},
    }
    _write(folder, "plan.json", json.dumps(plan, indent=1))


def migrations(folder: Path, size: int) -> None:
    """Migration files, which are replayed in their order."""
    for index in range(size):
        limit = -1 if index % 50 == 0 else 20
        _write(
            folder,
            f"migrations/V{index + 1}__step.sql",
            f"""\
CREATE TABLE t{index} (id bigint PRIMARY KEY, name text NOT NULL);
CREATE INDEX ON t{index} (name);
CREATE ROLE role_{index} LOGIN CONNECTION LIMIT {limit};
GRANT SELECT ON t{index} TO role_{index};
""",
        )


def statements(folder: Path, size: int) -> None:
    """Statements of one migration file."""
    each = (
        f"INSERT INTO t (id, name) VALUES ({index}, 'name {index}');\n"
        if index % 100
        else f"CREATE ROLE role_{index} LOGIN CONNECTION LIMIT 20;\n"
        for index in range(size)
    )
    _write(folder, "migrations/V1__all.sql", "".join(each))


def compose(folder: Path, size: int) -> None:
    """Services of one Compose file."""
    services = "".join(
        f"""\
  app{index}:
    image: example/app:{index}
    environment:
      DATABASE_URL: postgres://app{index}:${{PASSWORD}}@db:5432/app
    depends_on: [db]
"""
        for index in range(size)
    )
    _write(
        folder,
        "compose.yaml",
        'services:\n  db:\n    image: postgres:17\n    ports: ["127.0.0.1:5432:5432"]\n' + services,
    )


def _deployment(index: int) -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app{index}
  namespace: team{index % 20}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: app{index}}}}}
  template:
    metadata: {{labels: {{app: app{index}}}}}
    spec:
      containers:
        - name: app
          image: example/app:{index}
          env:
            - name: DATABASE_URL
              value: postgres://app@db.team{index % 20}.svc:5432/app
"""


def kubernetes_files(folder: Path, size: int) -> None:
    """Manifests, each in a file of its own."""
    for index in range(size):
        _write(folder, f"k8s/app{index}.yaml", _deployment(index))


def kubernetes_documents(folder: Path, size: int) -> None:
    """Documents of one YAML file."""
    _write(folder, "k8s/all.yaml", "---\n".join(map(_deployment, range(size))))


def hba_lines(folder: Path, size: int) -> None:
    """Lines of a pg_hba.conf."""
    lines = (
        f"hostssl app{index} role{index} 10.{index // 250 % 250}.{index % 250}.0/24 scram-sha-256\n"
        for index in range(size)
    )
    _write(folder, "pg_hba.conf", "local all all peer\n" + "".join(lines))


def server_settings(folder: Path, size: int) -> None:
    """Lines of a postgresql.conf."""
    lines = (
        f"# remark {index}\n" if index % 2 else f"app.setting_{index} = '{index}'\n"
        for index in range(size)
    )
    _write(folder, "postgresql.conf", "max_connections = 200\n" + "".join(lines))


def pgbouncer_databases(folder: Path, size: int) -> None:
    """Databases of a pgbouncer.ini, to each of which two users have a pool."""
    databases = "".join(
        f"db{index} = host=10.0.0.1 dbname=db{index} pool_size=5\n" for index in range(size)
    )
    users = "app = pool_mode=transaction\njobs = pool_mode=session\n"
    _write(
        folder,
        "pgbouncer.ini",
        f"[databases]\n{databases}\n[users]\n{users}\n[pgbouncer]\n"
        "listen_addr = 127.0.0.1\nmax_client_conn = 1000\npool_mode = transaction\n",
    )


def application_files(folder: Path, size: int) -> None:
    """Source files of an application that Compose builds; some of them open connections."""
    _write(
        folder,
        "compose.yaml",
        "services:\n  db: {image: 'postgres:17'}\n  app:\n    build: .\n    environment:\n"
        "      DATABASE_URL: postgres://app@db:5432/app\n",
    )
    _write(folder, "Dockerfile", "FROM python:3.13\nCOPY . .\n")
    for index in range(size):
        if index % 20 == 0:
            text = (
                "from sqlalchemy import create_engine\n\n"
                f'engine = create_engine("postgresql://app@db/app{index}", pool_size=5)\n'
            )
        else:
            text = "".join(
                f"def function_{line}(value):\n    return value + {line}\n\n\n"
                for line in range(20)
            )
        _write(folder, f"src/package{index % 100}/module{index}.py", text)


SETTINGS = """\
[limits]
file-size = 2_000_000_000
terraform-resources = 10_000_000
pooler-pools = 10_000_000
"""
"""A connguard.toml for all of them: what is large here is no accident."""

INPUTS = (
    Input("Terraform files of one module", "files", terraform_files),
    Input("Terraform root modules", "modules", terraform_roots),
    Input("Calls of one Terraform module", "calls", terraform_calls),
    Input("Elements of Terraform locals", "elements", terraform_locals),
    Input("Rules of a security group", "rules", security_group_rules),
    Input("Resources of a plan", "resources", terraform_plan),
    Input("Migration files", "files", migrations),
    Input("Statements of a migration", "statements", statements),
    Input("Compose services", "services", compose),
    Input("Kubernetes manifests", "files", kubernetes_files),
    Input("Kubernetes documents", "documents", kubernetes_documents),
    Input("pg_hba.conf", "lines", hba_lines),
    Input("postgresql.conf", "lines", server_settings),
    Input("pgbouncer.ini", "databases", pgbouncer_databases),
    Input("Application source files", "files", application_files),
)
