# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools that applications' own files set: Spring Boot's and Rails', joined to deployments."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.budget.run import Run, run
from connguard.engine.settings import Settings

SPRING = """\
services:
  api:
    build: ./api
    environment: {{{variables}}}
    deploy: {{replicas: 3}}
  db:
    image: postgres:16
"""

RAILS = """\
services:
  web:
    build: .
    command: bundle exec puma -w 4
    environment: {{RAILS_ENV: production{variables}}}
  db:
    image: postgres:16
"""
URL = ', DATABASE_URL: "postgres://app@db/shop"'
RESOURCES = "api/src/main/resources/"


def budget_of(root: Path, files: dict[str, str]) -> Run:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return run([root], Settings(), [])


def demand(root: Path, files: dict[str, str]) -> str:
    """What the services ask of the only server, as a number or a range."""
    done = budget_of(root, files)
    (budget,) = [one for _, one in done.stacks]
    assert budget.server is not None
    return str(budget.server.demand)


def verdict(root: Path, files: dict[str, str]) -> list[str]:
    return [finding.policy for finding in budget_of(root, files).report.findings]


def rails(database: str, variables: str = URL) -> dict[str, str]:
    return {
        "Gemfile": 'gem "rails"\n',
        "config/database.yml": database,
        "compose.yaml": RAILS.format(variables=variables),
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("  max_connections: 30\n", "120"),
        ("  pool: 30\n", "120"),
        ("  max_connections: 30\n  pool: 30\n", "120"),
        ("  max_connections: 30\n  pool: 5\n", "20 to 120"),
        ('  max_connections: <%= ENV.fetch("RAILS_MAX_THREADS") { 3 } %>\n', "12"),
        ("", "20"),
    ],
)
def test_rails_calls_its_pool_max_connections(tmp_path: Path, lines: str, expected: str) -> None:
    """From 8.1 on; an older one reads `pool`, and which it is the file does not say."""
    text = f'production:\n  adapter: postgresql\n{lines}  url: <%= ENV["DATABASE_URL"] %>\n'
    assert demand(tmp_path, rails(text)) == expected
