# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zalando's image Spilo: max_connections of its variable, in compose files and manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.budget.run import run
from connguard.engine.settings import Settings
from connguard.policies.model.amount import Amount

COMPOSE = """services:
  db:
    image: ghcr.io/zalando/spilo-16:3.3-p1
    environment:
      PGVERSION: "16"
{variable}  web:
    image: example/web
    environment:
      DATABASE_URL: postgres://app@db/shop?connection_limit=5
"""
CONFIGURATION = """      SPILO_CONFIGURATION: |
        bootstrap:
          dcs:
            postgresql:
              parameters:
                max_connections: 250
"""
MANIFEST = """apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  template:
    spec:
      containers:
        - name: db
          image: ghcr.io/zalando/spilo-16:3.3-p1
          env:
            - name: SPILO_CONFIGURATION
              value: |
                bootstrap:
                  dcs:
                    postgresql: {parameters: {max_connections: 300}}
"""


def most(folder: Path) -> Amount:
    ((stack, _),) = run([folder], Settings(), []).stacks
    assert stack.topology.server is not None
    return stack.topology.server.max_connections


def shown(amount: Amount) -> tuple[str, int, int]:
    assert amount.origin is not None
    return str(amount), amount.origin.line, amount.origin.column


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (CONFIGURATION, ("250", 11, 34)),
        ("", ("100 to 1000", 3, 12)),
        ("      SPILO_CONFIGURATION: ${CONFIGURATION}\n", ("0 or more", 6, 28)),
        (
            CONFIGURATION.replace("bootstrap:\n          dcs:", "other:\n          dcs:"),
            ("100 to 1000", 3, 12),
        ),
        ("      PATRONI_CONFIGURATION: '{}'\n", ("100 to 1000", 3, 12)),
    ],
)
def test_compose(tmp_path: Path, variable: str, expected: tuple[str, int, int]) -> None:
    """The number in the cluster's part; without it the memory decides, within bounds."""
    (tmp_path / "compose.yml").write_text(COMPOSE.format(variable=variable))
    assert shown(most(tmp_path)) == expected


def test_a_manifest(tmp_path: Path) -> None:
    """The same variable of a container."""
    (tmp_path / "db.yaml").write_text(MANIFEST)
    assert shown(most(tmp_path)) == ("300", 16, 64)
