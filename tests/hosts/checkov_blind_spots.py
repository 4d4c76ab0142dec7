# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the native scan and Checkov differ; docs/checkov.md lists the same cases."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from host_runs import ROOT, outcome, run

ROLE = """
resource "postgresql_role" "app" {
  name             = "app"
  login            = true
  connection_limit = %s
}
"""
JSON_ROLE = """{
  "variable": {"limit": {"default": -1}},
  "resource": {
    "postgresql_role": {
      "app": {"name": "app", "login": true, "connection_limit": "${var.limit}"}
    }
  }
}
"""
GROUP = """
resource "aws_security_group" "db" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = %s
  }
}
"""
EACH = """
locals {
  clients = { office = { cidr = "0.0.0.0/0" } }
}
resource "aws_security_group_rule" "in" {
  for_each          = local.clients
  type              = "ingress"
  security_group_id = "sg-12345678"
  from_port         = 5432
  to_port           = 5432
  protocol          = "tcp"
  cidr_blocks       = [each.value.cidr]
}
"""
SECURE_TRANSPORT = """
resource "azurerm_postgresql_flexible_server_configuration" "tls" {
  name      = "require_secure_transport"
  server_id = "…"
  value     = "off"
}
"""
CASES = {
    "a limit from a variable without default": (
        "main.tf",
        'variable "limit" {}' + ROLE % "var.limit",
        {"PG902"},
    ),
    "a condition on a variable without default": (
        "main.tf",
        'variable "stage" {}' + ROLE % 'var.stage == "prod" ? -1 : 20',
        {"PG902"},
    ),
    "a limit from `merge()`": (
        "main.tf",
        "locals {\n  all = merge({ limit = -1 }, { x = 1 })\n}" + ROLE % "local.all.limit",
        {"PG001"},
    ),
    "a limit from `jsondecode()` or `yamldecode()`": (
        "main.tf",
        r'locals {\n  all = jsondecode("{\"limit\": -1}")\n}'.replace(r"\n", "\n")
        + ROLE % "local.all.limit",
        {"PG001"},
    ),
    "`for_each` over a `for` expression": (
        "main.tf",
        'variable "all" {\n  default = { a = -1 }\n}'
        + ROLE.replace("{\n", "{\n  for_each = { for k, v in var.all : k => v if v < 5 }\n", 1)
        % "each.value",
        {"PG001"},
    ),
    "sources of a rule from a variable without default": (
        "main.tf",
        'variable "cidrs" {}' + GROUP % "var.cidrs",
        {"PG902"},
    ),
    "sources of a rule by a condition on a variable without default": (
        "main.tf",
        'variable "stage" {}' + GROUP % 'var.stage == "prod" ? ["10.0.0.0/24"] : ["0.0.0.0/0"]',
        {"PG902"},
    ),
    "sources of a rule from `cidrsubnet()`, `jsondecode()`, `merge()` or a `for` expression": (
        "main.tf",
        GROUP % '[cidrsubnet("0.0.0.0/0", 1, 1)]',
        {"PG201"},
    ),
    "a list that holds `each.value.…` of a `for_each` over objects": (
        "main.tf",
        EACH,
        {"PG201"},
    ),
    "the parameter `require_secure_transport` of a server of Azure": (
        "main.tf",
        SECURE_TRANSPORT,
        {"PG401"},
    ),
    "a variable in a `.tf.json` file": ("main.tf.json", JSON_ROLE, {"PG001"}),
    "a `.tofu` file": ("main.tofu", ROLE % "-1", {"PG001"}),
    "a syntax error elsewhere in the file": (
        "main.tf",
        ROLE % "-1" + 'resource "x" "y" {\n  a = = 5\n}\n',
        {"PG001", "PG901"},
    ),
}
FALSE_ALARMS = {
    "`count` from a comparison with an empty string": (
        'variable "prefix" {\n  default = ""\n}'
        + EACH.replace(
            "for_each          = local.clients", 'count = var.prefix != "" ? 1 : 0'
        ).replace("[each.value.cidr]", '["0.0.0.0/0"]'),
        "PG201",
    ),
    "`login` from a comparison with null": (
        'variable "password" {\n  default = null\n}'
        + ROLE.replace("= true", "= var.password != null ? true : false") % "-1",
        "PG001",
    ),
    "`for_each` over a `for` expression that is empty": (
        'variable "all" {\n  default = []\n}\n'
        'resource "postgresql_database" "app" {\n'
        "  for_each         = { for one in var.all : one.name => one }\n"
        "  name             = each.key\n"
        "  connection_limit = -1\n}\n",
        "PG004",
    ),
}


def test_the_documentation_lists_these_cases() -> None:
    """The tables in docs/checkov.md have the cases of this module, with the same ids."""
    page = (ROOT / "docs" / "checkov.md").read_text()
    tables = page.partition("## What Checkov cannot see")[2]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", tables, re.MULTILINE)
    ids = {
        case: (set(re.findall(r"PG\d{3}", native)), set(re.findall(r"PG\d{3}", checkov)))
        for case, native, checkov in rows
        if case != "case"
    }

    assert {case: (ids, set()) for case, (_, _, ids) in CASES.items()} | {
        case: (set(), {alarm}) for case, (_, alarm) in FALSE_ALARMS.items()
    } == ids


@pytest.mark.parametrize("case", CASES)
def test_native_scan_speaks(tmp_path: Path, case: str) -> None:
    """The native scan reports a finding, or that it could not decide or read."""
    name, text, ids = CASES[case]
    (tmp_path / name).write_text(text)

    result = run("connguard", "scan", ".", "--format", "json", cwd=tmp_path)

    assert ids == {finding["id"] for finding in json.loads(result.stdout)["findings"]}


def test_checkov_is_silent(tmp_path: Path) -> None:
    """None of our checks fails: when this changes, the page can lose a row."""
    for number, (name, text, _) in enumerate(CASES.values()):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / name).write_text(text)

    result = outcome(
        run("connguard", "checkov", "-d", ".", "--check", "CKV_CUSTOM_PG_*", "-o", "json",
            cwd=tmp_path)
    )  # fmt: skip

    assert result.failed == set()
    assert result.code == 0


@pytest.mark.parametrize("case", FALSE_ALARMS)
def test_checkov_raises_a_false_alarm(tmp_path: Path, case: str) -> None:
    """The native scan knows better."""
    text, alarm = FALSE_ALARMS[case]
    (tmp_path / "main.tf").write_text(text)

    native = run("connguard", "scan", ".", cwd=tmp_path)
    result = outcome(
        run("connguard", "checkov", "-d", ".", "--framework", "terraform", "--check",
            "CKV_CUSTOM_PG_*", "-o", "json", cwd=tmp_path)
    )  # fmt: skip

    assert native.returncode == 0, native.stdout
    assert {alarm} == {failure.id for failure in result.failed}
