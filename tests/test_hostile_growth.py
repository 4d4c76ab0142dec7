# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many things of one kind take time in proportion, and say what few of them say."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connguard.containers.manifests import ByLabels
from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings

MOST = 20.0
"""Seconds of processor time. What is meant takes two; what looks at all pairs, minutes."""

SERVER = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db{0}}}
spec:
  template:
    metadata: {{labels: {{app: db{0}}}}}
    spec:
      containers: [{{name: db, image: "postgres:16", ports: [{{containerPort: 5432}}]}}]
---
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: s{0}}}
spec: {{type: NodePort, selector: {{app: db{0}}}, ports: [{{port: 5432}}]}}
---
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p{0}}}
spec:
  podSelector: {{matchLabels: {{app: db{0}}}}}
  ingress: [{{from: [{{ipBlock: {{cidr: 0.0.0.0/0}}}}], ports: [{{port: 5432}}]}}]
---
"""


def services(size: int) -> tuple[str, str]:
    each = (SERVER.format(n) + SERVICE.format(n) for n in range(size))
    return "k8s/all.yaml", "".join(each)


def policies(size: int) -> tuple[str, str]:
    each = (SERVER.format(n) + POLICY.format(n) for n in range(size))
    return "k8s/all.yaml", "".join(each)


def ports(size: int) -> tuple[str, str]:
    each = ", ".join(f'"{n + 1}:5432"' for n in range(size))
    return "compose.yml", f"services:\n  db:\n    image: postgres:16\n    ports: [{each}]\n"


def lines(size: int) -> tuple[str, str]:
    each = (f"host d{n} u{n} 10.0.0.1/32 md5\n" for n in range(size))
    return "pg_hba.conf", "".join(each) + "host all all 0.0.0.0/0 trust\n"


def suppressions(size: int) -> tuple[str, str]:
    each = (
        f"-- connguard: ignore PG001 test {n}\nCREATE ROLE r{n} LOGIN CONNECTION LIMIT -1;\n"
        for n in range(size)
    )
    return "migrations/1.sql", "".join(each) + "CREATE ROLE last LOGIN CONNECTION LIMIT -1;\n"


def scanned(folder: Path, name: str, text: str) -> Report:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    report = scan([folder], Settings())
    assert report.failures == []
    assert report.not_parsed == []
    return report


@pytest.mark.parametrize(
    ("make", "policy", "few", "many"),
    [
        (services, "PG206", 3, 1500),
        (policies, "PG201", 3, 1500),
        (ports, "PG206", 3, 3000),
        (lines, "PG301", 1, 3000),
        (suppressions, "PG001", 1, 4000),
    ],
)
def test_takes_time_in_proportion(
    tmp_path: Path,
    make: Callable[[int], tuple[str, str]],
    policy: str,
    few: int,
    many: int,
) -> None:
    def count(report: Report) -> int:
        return sum(finding.policy.id == policy for finding in report.findings)

    assert count(scanned(tmp_path / "few", *make(3))) == few
    started = time.process_time()
    found = count(scanned(tmp_path / "many", *make(many)))

    assert found == (many if few == 3 else 1)
    assert time.process_time() - started < MOST


LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)


@given(st.lists(LABELS, max_size=8), LABELS)
def test_selectors_find_what_looking_at_each_finds(
    things: list[dict[str, str]], wanted: dict[str, str]
) -> None:
    found = ByLabels(things, lambda one: one).with_all(wanted)

    assert found == [
        one for one in things if all(one.get(key) == value for key, value in wanted.items())
    ]
