# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network exposure at the smaller providers, on Kubernetes, in Helm charts and containers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from other_provider_cases import CASES

from connguard.engine.scan import scan
from connguard.engine.settings import Settings

_EXPECT = re.compile(r"# expect: (PG\d{3}(?:, PG\d{3})*)")


def expected(text: str) -> set[tuple[int, str]]:
    """Line and id of each finding that comments announce."""
    return {
        (number, identifier)
        for number, line in enumerate(text.splitlines(), 1)
        for match in _EXPECT.finditer(line)
        for identifier in match[1].split(", ")
    }


@pytest.mark.parametrize("name", CASES)
def test_findings(tmp_path: Path, name: str) -> None:
    """The findings stand on the announced lines, and there are no others."""
    (tmp_path / "main.tf").write_text(CASES[name])

    report = scan([tmp_path], Settings(path=tmp_path / "connguard.toml"))

    assert report.failures == []
    assert {(one.origin.line, one.policy.id) for one in report.findings} == expected(CASES[name])


def _planned(address: str, values: dict[str, object]) -> dict[str, object]:
    kind, name = address.split(".")
    return {"address": address, "mode": "managed", "type": kind, "name": name, "values": values}


def _created(address: str, values: dict[str, object], *unknown: str) -> dict[str, object]:
    kind, name = address.split(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {
            "actions": ["create"],
            "before": None,
            "after": values,
            "after_unknown": dict.fromkeys(unknown, True),
        },
    }


def _configured(address: str, **references: str) -> dict[str, object]:
    kind, name = address.split(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "expressions": {key: {"references": [value]} for key, value in references.items()},
    }


def test_plan(tmp_path: Path) -> None:
    """In a plan, what is known only after apply still says which database a list is for."""
    resources: dict[str, tuple[dict[str, object], dict[str, str]]] = {
        "digitalocean_database_cluster.closed": ({"engine": "pg"}, {}),
        "digitalocean_database_cluster.open": ({"engine": "pg"}, {}),
        "digitalocean_database_firewall.closed": (
            {"rule": [{"type": "ip_addr", "value": "203.0.114.7"}]},
            {"cluster_id": "digitalocean_database_cluster.closed.id"},
        ),
        "openstack_networking_secgroup_v2.db": ({"name": "db"}, {}),
        "openstack_networking_secgroup_rule_v2.db": (
            {"direction": "ingress", "protocol": "tcp", "remote_ip_prefix": "0.0.0.0/0"}
            | {"port_range_min": 5432, "port_range_max": 5432, "ethertype": "IPv4"},
            {"security_group_id": "openstack_networking_secgroup_v2.db.id"},
        ),
        "aiven_pg.hidden": (
            {"plan": "startup-4", "pg_user_config": []},
            {"project_vpc_id": "aiven_project_vpc.main.id"},
        ),
        "aiven_project_vpc.main": ({"cloud_name": "aws-eu-west-1"}, {}),
    }
    plan = {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "resources": [_planned(one, values) for one, (values, _) in resources.items()]
            }
        },
        "resource_changes": [
            _created(one, values, "id", *later) for one, (values, later) in resources.items()
        ],
        "configuration": {
            "root_module": {
                "resources": [_configured(one, **later) for one, (_, later) in resources.items()]
            }
        },
    }
    text = json.dumps(plan, indent=1)
    (tmp_path / "plan.json").write_text(text)

    report = scan([tmp_path], Settings(path=tmp_path / "connguard.toml"))

    lines = text.splitlines()
    assert report.failures == []
    assert {(one.policy.id, lines[one.origin.line - 1].strip()) for one in report.findings} == {
        ("PG201", '"address": "digitalocean_database_cluster.open",'),
        ("PG201", '"remote_ip_prefix": "0.0.0.0/0",'),
    }


@pytest.mark.parametrize("edge", [18, 21, 23, 27])
def test_edges_are_here(edge: int) -> None:
    """The edges of these providers have a case that names them."""
    assert any(name.startswith(f"edge {edge}:") for name in CASES)
