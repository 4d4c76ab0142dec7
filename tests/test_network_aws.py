# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS networks and databases: what the native scan says, and that a plan says the same."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from aws_networks import CASES

from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings

PLANS = Path(__file__).parent / "data" / "plans_aws"
_EXPECT = re.compile(r"#\s*expect:\s*(PG\d{3})")


def _scan(*paths: Path) -> Report:
    report = scan(list(paths), Settings(path=paths[0].parent / "connguard.toml"))
    assert report.failures == []
    return report


@pytest.mark.parametrize("name", CASES)
def test_case(tmp_path: Path, name: str) -> None:
    """Findings stand on the announced lines, and there are no others."""
    text = CASES[name]
    (tmp_path / "main.tf").write_text(text)

    found = {(one.origin.line, one.policy.id) for one in _scan(tmp_path).findings}

    expected = {
        (number, match[1])
        for number, line in enumerate(text.splitlines(), 1)
        if (match := _EXPECT.search(line))
    }
    assert found == expected


def _said(report: Report) -> set[tuple[str, str, str]]:
    """Policy, severity and message; a plan says the repeated resources of one line each."""
    return {
        (one.policy.id, one.severity.value, _INDEX.sub("", one.message)) for one in report.findings
    }


_INDEX = re.compile(r"\[\d+\]")


@pytest.mark.parametrize("name", ["groups", "databases", "repeated"])
def test_source_and_plan_agree(name: str) -> None:
    """A configuration and Terraform's own plan of it give the same findings."""
    folder = PLANS / name
    sources = sorted(folder.rglob("*.tf"))

    assert _said(_scan(*sources)) == _said(_scan(folder / "plan.json")) != set()


def test_source_knows_what_a_plan_does_not() -> None:
    """A plan drops the constants of an expression with an unknown part: it leaves undecided what
    the source shows to be open, or to be narrow."""
    folder = PLANS / "unknown"

    def judged(path: Path) -> dict[str, str]:
        return {
            found[0]: one.policy.id
            for one in _scan(path).findings
            if (found := re.findall(r"aws_security_group\.(\w+)|aws_db_instance", one.message))
        }

    assert judged(folder / "main.tf") == {
        "later": "PG902",
        "both": "PG201",
        "mixed": "PG201",
        "": "PG201",
    }
    assert judged(folder / "plan.json") == {
        "narrow": "PG902",
        "later": "PG902",
        "both": "PG902",
        "mixed": "PG902",
        "": "PG201",
    }


def test_recorded_findings() -> None:
    """What the recorded configurations hold, by line."""
    found = {
        name: {
            (one.origin.line, one.policy.id, one.severity.value)
            for one in _scan(PLANS / name / "main.tf").findings
        }
        for name in ("groups", "databases")
    }

    assert found["groups"] == {
        (20, "PG201", "error"),
        (39, "PG201", "error"),
        (54, "PG201", "error"),
        (63, "PG201", "error"),
        (87, "PG201", "error"),
        (137, "PG201", "error"),
        (163, "PG201", "error"),
        (174, "PG202", "warning"),
    }
    assert found["databases"] == {
        (62, "PG201", "error"),
        (79, "PG401", "warning"),
        (85, "PG203", "warning"),
        (140, "PG202", "warning"),
        (171, "PG203", "warning"),
        (197, "PG201", "warning"),
    }


def test_large_configuration(tmp_path: Path) -> None:
    """Five hundred resources are judged in well under the time that anybody notices."""
    parts = [
        f"""
resource "aws_security_group" "db{number}" {{
  name = "db{number}"
}}
resource "aws_security_group_rule" "db{number}" {{
  type              = "ingress"
  security_group_id = aws_security_group.db{number}.id
  from_port         = 5432
  to_port           = 5432
  protocol          = "tcp"
  cidr_blocks       = ["10.{number}.0.0/16"]
}}
resource "aws_db_instance" "db{number}" {{
  engine                 = "postgres"
  engine_version         = "16"
  vpc_security_group_ids = [aws_security_group.db{number}.id]
}}
resource "aws_rds_cluster" "db{number}" {{
  cluster_identifier              = "db{number}"
  engine                          = "aurora-postgresql"
  engine_version                  = "16"
  db_cluster_parameter_group_name = "db{number}"
}}
resource "aws_rds_cluster_parameter_group" "db{number}" {{
  name   = "db{number}"
  family = "aurora-postgresql16"
  parameter {{
    name  = "rds.force_ssl"
    value = "1"
  }}
}}
resource "aws_rds_cluster_instance" "db{number}" {{
  cluster_identifier = "db{number}"
  engine             = "aurora-postgresql"
}}
"""
        for number in range(90)
    ]
    (tmp_path / "main.tf").write_text("".join(parts))
    start = time.process_time()

    report = _scan(tmp_path)

    assert report.findings == []
    assert time.process_time() - start < 5  # about 0.5 s measured; machines differ


def test_nothing_raises_on_nonsense(tmp_path: Path) -> None:
    """Attributes of the wrong kind are undecided at worst."""
    kinds = {
        "aws_security_group": ("ingress", "vpc_id", "name"),
        "aws_security_group_rule": ("type", "security_group_id", "cidr_blocks", "from_port"),
        "aws_vpc_security_group_ingress_rule": ("ip_protocol", "cidr_ipv4", "security_group_id"),
        "aws_ec2_managed_prefix_list": ("entry",),
        "aws_network_acl": ("ingress", "subnet_ids"),
        "aws_network_acl_rule": ("network_acl_id", "rule_number", "egress", "protocol"),
        "aws_db_instance": ("engine", "port", "vpc_security_group_ids", "publicly_accessible"),
        "aws_rds_cluster": ("engine", "engine_version", "db_cluster_parameter_group_name"),
        "aws_rds_cluster_instance": ("cluster_identifier", "engine", "publicly_accessible"),
        "aws_db_proxy": ("engine_family", "require_tls", "vpc_subnet_ids"),
        "aws_db_parameter_group": ("family", "parameter", "name"),
        "aws_lb_listener": ("load_balancer_arn", "port", "protocol", "default_action"),
        "aws_lb_target_group": ("port",),
        "aws_instance": ("vpc_security_group_ids", "security_groups"),
    }
    values = (
        "null",
        "true",
        "-1",
        '""',
        "[]",
        "{}",
        "[{ a = [1, null] }]",
        "var.x",
        '"[::"',
        "[[]]",
    )
    parts = ['variable "x" {}']
    for kind, names in kinds.items():
        for index, value in enumerate(values):
            lines = "\n".join(f"  {name} = {value}" for name in names)
            parts.append(f'resource "{kind}" "r{index}" {{\n{lines}\n}}')
    inputs = (
        "ingress_rules",
        "ingress_cidr_blocks",
        "ingress_with_cidr_blocks",
        "computed_ingress_rules",
        "number_of_computed_ingress_rules",
        "rules",
        "security_group_rules",
        "instances",
        "parameters",
        "engine",
        "port",
    )
    for module in ("security-group", "rds", "rds-aurora"):
        for index, value in enumerate(values):
            lines = "\n".join(f"  {name} = {value}" for name in inputs)
            parts.append(
                f'module "{module}{index}" {{\n  source = "terraform-aws-modules/{module}/aws"\n'
                f"{lines}\n}}"
            )
    (tmp_path / "main.tf").write_text("\n".join(parts))

    _scan(tmp_path)
