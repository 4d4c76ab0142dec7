# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbered edge cases of network exposure under plain Checkov, with the checks of a checkout.

tests/test_network_edges.py runs the same cases natively.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from host_runs import ROOT, run

sys.path.append(str(ROOT / "tests"))
from network_edges import EDGES, Edge

Failed = dict[str, set[tuple[str, str]]]
"""Address of the resource and our id of each failed check, by the first folder of the path."""


def failed(folder: Path, framework: str) -> Failed:
    result = run(
        "checkov", "-d", folder, "--external-checks-dir", "checks", "--skip-download",
        "--framework", framework, "--check", "CKV_CUSTOM_PG_*", "--output", "json",
        cwd=ROOT,
    )  # fmt: skip
    assert "bug in connguard" not in result.stderr
    found: Failed = {}
    report: dict[str, Any] = json.loads(result.stdout)
    for check in report["results"]["failed_checks"]:
        name = check["file_path"].split("/")[1]
        identifier = check["check_id"].replace("CKV_CUSTOM_PG_", "PG")
        found.setdefault(name, set()).add((check["resource"], identifier))
    return found


@pytest.fixture(scope="module")
def edges(tmp_path_factory: pytest.TempPathFactory) -> Failed:
    """What fails in one run over all cases, each a root module of its own."""
    folder = tmp_path_factory.mktemp("edges")
    for edge in EDGES:
        (folder / edge.folder).mkdir()
        (folder / edge.folder / "main.tf").write_text(edge.text)
    return failed(folder, "terraform")


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_checkov(edges: Failed, edge: Edge) -> None:
    """The resources with a finding fail, and no others, or as the case says for Checkov."""
    assert edges.get(edge.folder, set()) == edge.failed()


REPORTS = 'module.database["reports"]'
PLANS: Failed = {
    "databases": {
        ("aws_db_instance.public", "PG203"),
        ("aws_db_instance.public", "PG401"),
        ("aws_rds_cluster_instance.aurora[1]", "PG203"),
        ("aws_security_group.proxy", "PG201"),
        ("aws_security_group.wide", "PG201"),
        ("aws_vpc_security_group_ingress_rule.aurora", "PG202"),
    },
    # The native scan finds aws_security_group.listed as well: Checkov does not say which prefix
    # list an inline block names.
    "groups": {
        ("aws_default_security_group.default", "PG202"),
        ("aws_security_group.attribute", "PG201"),
        ("aws_security_group.self_first", "PG201"),
        ("aws_security_group.split", "PG201"),
        ("aws_security_group.written_out", "PG201"),
        ("aws_security_group_rule.high", "PG201"),
        ("aws_vpc_security_group_ingress_rule.all", "PG201"),
    },
    "references": {
        ('aws_security_group.each["blue"]', "PG201"),
        ("aws_security_group.plain", "PG202"),
        ('module.network["two"].aws_security_group.inside', "PG201"),
    },
    "repeated": {
        (f"{REPORTS}.aws_db_instance.this", "PG203"),
        (f'{REPORTS}.aws_vpc_security_group_ingress_rule.this["0.0.0.0/0"]', "PG201"),
    },
    "unknown": {("aws_security_group_rule.named_after", "PG201")},
}


def test_plans(tmp_path: Path) -> None:
    """Real plans of AWS, several in one run, each judged for itself."""
    for name in PLANS:
        (tmp_path / name).mkdir()
        plan = ROOT / "tests" / "data" / "plans_aws" / name / "plan.json"
        (tmp_path / name / "plan.json").write_text(plan.read_text())

    assert failed(tmp_path, "terraform_plan") == PLANS
