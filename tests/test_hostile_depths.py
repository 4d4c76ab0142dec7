# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is nested or chained deeper than it is followed is reported, not passed over."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from connguard.budget.session_rules import feature_of
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.yaml_source import Node
from connguard.policies.model.topology import TEMPORARY_TABLES

SERVICE = """apiVersion: v1
kind: Service
metadata: {name: postgres}
spec: {type: LoadBalancer, ports: [{port: 5432}], selector: {app: postgres}}"""
PUBLISHED = '    image: postgres:17\n    ports: ["5432:5432"]\n'


def found(folder: Path) -> set[tuple[str, str]]:
    report = scan([folder], Settings())
    assert report.failures == []
    return {(one.policy.id, Path(one.origin.path).name) for one in report.findings}


def nested_lists(depth: int) -> str:
    lines: list[str] = []
    for level in range(depth):
        head = ("apiVersion: v1", "kind: List", "items:", "-")
        lines += [" " * level + line for line in head]
    lines += [" " * depth + line for line in SERVICE.splitlines()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("depth", [1, 5, 6, 50, 98])
def test_lists_in_lists_of_objects(tmp_path: Path, depth: int) -> None:
    """Kubernetes takes lists in lists."""
    (tmp_path / "service.yaml").write_text(nested_lists(depth))

    assert found(tmp_path) == {("PG201", "service.yaml")}


def test_yaml_that_nests_deeper_than_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text(nested_lists(400))

    assert found(tmp_path) == {("PG901", "service.yaml")}


def test_a_long_chain_of_merge_keys(tmp_path: Path) -> None:
    """The last mapping has the keys of the first one."""
    chain = "".join(f"x-{step}: &a{step}\n  <<: *a{step - 1}\n" for step in range(1, 400))
    (tmp_path / "compose.yaml").write_text(
        f"x-0: &a0\n{PUBLISHED.replace('    ', '  ')}{chain}services:\n  db:\n    <<: *a399\n"
    )

    assert found(tmp_path) == {("PG206", "compose.yaml")}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(20, {("PG206", "base.yaml")}), (21, {("PG901", "base.yaml")})],
)
def test_a_long_chain_of_extends(
    tmp_path: Path, steps: int, expected: set[tuple[str, str]]
) -> None:
    chain = "".join(
        f"  s{step}:\n    extends: {{service: s{step - 1}}}\n" for step in range(1, steps)
    )
    (tmp_path / "base.yaml").write_text(f"services:\n  s0:\n{PUBLISHED}{chain}")
    (tmp_path / "compose.yaml").write_text(
        f"services:\n  db:\n    extends: {{file: base.yaml, service: s{steps - 1}}}\n"
    )

    assert found(tmp_path) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(20, {("PG206", "part20.yaml")}), (22, {("PG901", "part21.yaml")})],
)
def test_a_long_chain_of_includes(
    tmp_path: Path, steps: int, expected: set[tuple[str, str]]
) -> None:
    (tmp_path / "compose.yaml").write_text("include: [part1.yaml]\n")
    for step in range(1, steps):
        (tmp_path / f"part{step}.yaml").write_text(f"include: [part{step + 1}.yaml]\n")
    (tmp_path / f"part{steps}.yaml").write_text(f"services:\n  db:\n{PUBLISHED}")

    assert found(tmp_path) == expected


def test_includes_that_repeat_themselves(tmp_path: Path) -> None:
    """Of files that include two others twice each, not all are read, which is reported."""
    for step in range(12):
        (tmp_path / ("compose.yaml" if step == 0 else f"part{step}.yaml")).write_text(
            f"include: [part{step + 1}.yaml, part{step + 1}.yaml]\n"
        )
    (tmp_path / "part12.yaml").write_text(f"services:\n  db:\n{PUBLISHED}")

    assert "PG901" in {identifier for identifier, _ in found(tmp_path)}


def test_services_that_extend_each_other_are_looked_up_once(tmp_path: Path) -> None:
    """The entries of a file with many services are gone over a fixed number of times."""
    asked: list[int] = []
    original = Node.items

    def items(node: Node) -> list[tuple[Node, Node]]:
        entries = original(node)
        asked.append(len(entries))
        return entries

    looked_at = {}
    for services in (100, 400):
        chain = "".join(
            f"  s{step}:\n    extends: {{service: s{step - 1}}}\n" for step in range(1, services)
        )
        (tmp_path / "compose.yaml").write_text(f"services:\n  s0:\n{PUBLISHED}{chain}")
        asked.clear()
        with patch.object(Node, "items", items):
            assert ("PG206", "compose.yaml") in found(tmp_path)
        looked_at[services] = sum(asked)

    assert looked_at[400] < 6 * looked_at[100]


def test_a_long_statement_has_its_features() -> None:
    """Only its start is looked at, but that of a long one, too."""
    columns = ", ".join(f"column_{number} integer" for number in range(2000))

    assert feature_of(f"CREATE TEMP TABLE t ({columns})") == TEMPORARY_TABLES
