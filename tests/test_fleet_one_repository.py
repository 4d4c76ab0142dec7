# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The budget over many repositories is that of one repository with the same files."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fleet_repositories import (
    fleet_of,
    joined,
    random_fleet,
    scanned,
    write,
)

from connguard.budget.run import run
from connguard.engine.settings import load
from connguard.policies.model.amount import Standing
from connguard.policies.model.usage import Budget, Usage

SEEDS = (
    [random.SystemRandom().randrange(1 << 30) for _ in range(300)]
    if os.environ.get("CONNGUARD_EXPLORE")
    else list(range(40))
)
FLEET = """
[[server]]
name = "main"
repository = "infra"
repositories = ["*"]
complete = true
"""


def _chain(budget: Budget) -> dict[str, Any]:
    """All numbers and verdicts; names of poolers without their repository."""

    def numbers(usage: Usage) -> tuple[Any, ...]:
        limit = (usage.limit.low, usage.limit.high) if usage.limit is not None else None
        return limit, usage.demand.low, usage.demand.high, usage.standing

    return {
        "roles": {one.name: numbers(one) for one in budget.roles},
        "databases": {one.name: numbers(one) for one in budget.databases},
        "poolers": {one.name.rpartition("/")[2]: numbers(one) for one in budget.clients},
        "server": numbers(budget.server) if budget.server is not None else None,
        "total": (budget.total.low, budget.total.high),
        "verdict": budget.standing,
    }


def _one(folder: Path) -> tuple[list[Budget], Counter[str]]:
    done = run([folder], load(folder / "connguard.toml"), [])
    ids = Counter(one.policy.id for one in done.report.findings)
    return [budget for _, budget in done.stacks], ids


def test_many_repositories_have_the_budget_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Declared services, pools, limits and a server, split over repositories at random."""
    seen: set[tuple[bool, Standing]] = set()
    for seed in SEEDS:
        fleet = random_fleet(seed)
        folder = tmp_path / str(seed)
        names = fleet.write_fleet(folder / "many")
        fleet.write_one(folder / "one")
        results = scanned(folder / "many", names)
        found = joined(results, fleet_of(folder, FLEET))
        monkeypatch.chdir(folder / "one")
        ((expected,), ids) = _one(folder / "one")

        assert {result["repository"]["reason"] for result in results.values()} == {""}, seed
        (server,) = found.servers
        assert _chain(server.budget) == _chain(expected), seed
        assert found.joined.left == [], seed
        own = {finding.policy.id for finding in server.findings}
        policies = {name for name in ids if name.startswith("PG1") and name != "PG113"}
        assert {name for name in own if name.startswith("PG1")} == policies, seed
        seen.add((fleet.pooled, server.verdict))
    assert {standing for _, standing in seen} == set(Standing)
    assert {pooled for pooled, _ in seen} == {True, False}


COMPOSE = """
services:
  orders-db:
    image: postgres:16
    command: postgres -c max_connections={connections}
  orders-pool:
    image: edoburu/pgbouncer:v1.23.1-p2
    environment:
      DB_HOST: orders-db
      DB_NAME: shop
      DB_USER: app
      DEFAULT_POOL_SIZE: "{size}"
      MAX_CLIENT_CONN: "300"
"""
SPRING = """
spring:
  datasource:
    url: jdbc:postgresql://{host}:5432/shop
    username: {user}
    hikari:
      maximum-pool-size: {pool}
"""


@pytest.mark.parametrize("seed", range(8))
def test_what_is_found_is_joined_as_within_one_repository(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Applications that name the host of a server or pooler, and roles of migrations."""
    chance = random.Random(seed)
    files = {
        "infra/compose.yml": COMPOSE.format(
            connections=chance.choice([30, 100, 300]), size=chance.randint(2, 40)
        ),
        "roles/migrations/V1__roles.sql": "CREATE ROLE app LOGIN CONNECTION LIMIT 20;\n"
        "CREATE ROLE worker LOGIN CONNECTION LIMIT 90;\n",
    }
    for number in range(chance.randint(1, 4)):
        text = SPRING.format(
            host=chance.choice(["orders-db", "orders-pool", "orders-db.prod.svc", "elsewhere"]),
            user=chance.choice(["app", "worker"]),
            pool=chance.randint(1, 30),
        )
        files[f"team{number}/src/main/resources/application.yml"] = text
    write(tmp_path / "many", files)
    names = sorted({name.partition("/")[0] for name in files})
    results = scanned(tmp_path / "many", names)
    fleet = fleet_of(
        tmp_path, '[[server]]\nname = "main"\nrepository = "infra"\nrepositories = ["roles"]\n'
    )
    found = joined(results, fleet)
    monkeypatch.chdir(tmp_path / "many")
    write(tmp_path / "many", {"connguard.toml": ""})
    ((expected,), _) = _one(tmp_path / "many")

    (server,) = found.servers
    assert _chain(server.budget) == _chain(expected)
    lost = {one.repository for one in found.joined.services if one.server is None}
    assert lost == {
        name for name in names if any("elsewhere" in files[f] for f in files if f.startswith(name))
    }
    assert server.verdict in Standing
