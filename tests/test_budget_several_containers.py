# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform: tasks and instances with several containers, each with a pool of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connguard.budget.run import run
from connguard.budget.terraform_containers import container_sources, name_of_container
from connguard.engine.settings import Settings

SERVER = """\
resource "aws_db_instance" "db" {
  engine         = "postgres"
  instance_class = "db.t3.micro"
}
"""
SERVICE = """\
resource "aws_ecs_service" "web" {
  name            = "web"
  task_definition = aws_ecs_task_definition.web.arn
  desired_count   = 5
  SETTING
}
"""
ADDRESS = "postgres://app@${aws_db_instance.db.address}/shop?pool_max_conns="
CLOUD_RUN = """\
resource "google_sql_database_instance" "db" {
  database_version = "POSTGRES_16"
  settings { tier = "db-custom-2-7680" }
}
resource "google_cloud_run_v2_service" "web" {
  name = "web"
  template {
    scaling { max_instance_count = 5 }
CONTAINERS  }
}
"""
HCL_CONTAINER = """{
    name = "NAME"
    image = "shop" # of "NAME" {
    portMappings = [{ name = "http", containerPort = 80 }]
    environment = [{ name = "DATABASE_URL", value = "ADDRESS" }]
  }"""


def services(folder: Path, text: str) -> dict[str, str]:
    (folder / "main.tf").write_text(text)
    done = run([folder], Settings(), [])
    return {
        one.name: f"{one.instances} + {one.surge} × {one.pool}"
        for stack, _ in done.stacks
        for one in stack.topology.services
    }


def container(name: str, pool: int) -> str:
    return HCL_CONTAINER.replace("NAME", name).replace("ADDRESS", f"{ADDRESS}{pool}")


def ecs(definitions: str, setting: str = "") -> str:
    task = f'"aws_ecs_task_definition" "web" {{\n  container_definitions = {definitions}\n}}'
    return f"{SERVER}resource {task}\n" + SERVICE.replace("SETTING", setting)


@pytest.mark.parametrize("form", ["jsonencode([{}])", "jsonencode(concat([{}], var.more))"])
def test_containers_of_a_task(tmp_path: Path, form: str) -> None:
    """The second container's variables are not those of the first."""
    both = form.replace("{}", ",".join((container("api", 10), container("worker", 7))))
    assert services(tmp_path, ecs(both)) == {"web": "5 + 5 × 10", "web/worker": "5 + 5 × 7"}


@pytest.mark.parametrize("url", ["postgres:///shop?pool_max_conns=4", f"{ADDRESS}4"])
def test_containers_in_json(tmp_path: Path, url: str) -> None:
    """Whether it is known as a whole or refers to the server."""
    address = {"name": "DATABASE_URL", "value": url}
    found = [
        {"name": "proxy"},
        {"name": "api", "environment": [address]},
        {"name": "worker", "environment": [address]},
    ]
    text = f"<<EOF\n{json.dumps(found, indent=2)}\nEOF"
    assert services(tmp_path, ecs(text)) == {"web": "5 + 5 × 4", "web/worker": "5 + 5 × 4"}


def test_one_container_of_a_task(tmp_path: Path) -> None:
    """It has the name of the service."""
    proxy = '{ name = "proxy" }, '
    text = ecs(f"jsonencode([{proxy}{container('api', 10)}])")
    assert services(tmp_path, text) == {"web": "5 + 5 × 10"}


def test_a_deployment_of_unknown_size(tmp_path: Path) -> None:
    """A percentage that is not known makes a range, and not a number beyond all limits."""
    text = ecs(f"jsonencode([{container('api', 10)}])", "deployment_maximum_percent = var.most")
    assert services(tmp_path, text) == {"web": "5 + 0 or more × 10"}


def test_containers_of_cloud_run(tmp_path: Path) -> None:
    block = (
        '    containers {\n      name = "NAME"\n      env {\n        name = "DATABASE_URL"\n'
        '        value = "postgres://app@${google_sql_database_instance.db.private_ip_address}'
        '/shop?pool_max_conns=12"\n      }\n    }\n'
    )
    both = block.replace("NAME", "a") + block.replace("NAME", "b")
    assert services(tmp_path, CLOUD_RUN.replace("CONTAINERS", both)) == {
        "web": "5 + 0 × 12",
        "web/b": "5 + 0 × 12",
    }
    one = block.replace("NAME", "a")
    assert services(tmp_path, CLOUD_RUN.replace("CONTAINERS", one)) == {"web": "5 + 0 × 12"}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('jsonencode([{ name = "a" }, { "name" : "b" }])', ["a", "b"]),
        ('[{"environment": [{"name": "PGHOST"}], "name": "a"}]', ["a"]),
        ('jsonencode([{ name = "${var.x}-{a" }, { name = "b" }])', ["${var.x}-{a", "b"]),
        ("jsonencode([for one in local.all : { image = one }])", [None]),
        ("local.definitions", [None]),
    ],
)
def test_sources_of_containers(source: str, names: list[str | None]) -> None:
    assert [name_of_container(one) for one in container_sources(source)] == names
