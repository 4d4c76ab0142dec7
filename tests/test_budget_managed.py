# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed servers in Terraform, and poolers other than PgBouncer."""

from __future__ import annotations

from pathlib import Path

import pytest
from budget_cases import ids, role, server

from connguard.budget import managed
from connguard.budget.run import Run, run
from connguard.engine.settings import Settings
from connguard.policies.model.amount import UNBOUNDED, Standing

CLUSTER = """\
resource "digitalocean_database_cluster" "pg" {
  engine = "pg"
  size   = "db-s-1vcpu-2gb"
}
resource "digitalocean_database_connection_pool" "web" {
  cluster_id = digitalocean_database_cluster.pg.id
  name       = "web"
  size       = 40
  db_name    = "shop"
  user       = "web"
}
resource "digitalocean_database_connection_pool" "jobs" {
  cluster_id = digitalocean_database_cluster.pg.id
  name       = "jobs"
  size       = 8
  db_name    = "shop"
  user       = "jobs"
}
"""
PROXIES = """\
variable "class" { default = "db.r6g.large" }
resource "aws_db_instance" "db" {
  engine         = "postgres"
  instance_class = var.class
}
resource "aws_db_proxy_default_target_group" "a" {
  db_proxy_name = "a"
  connection_pool_config { max_connections_percent = 90 }
}
"""
SECOND = """\
resource "aws_db_proxy_default_target_group" "b" {
  db_proxy_name = "b"
  connection_pool_config { max_connections_percent = 90 }
}
"""


def found(folder: Path, name: str, text: str) -> Run:
    (folder / name).write_text(text, encoding="utf-8")
    return run([folder], Settings(), [])


def test_digitalocean_pools_against_the_plan(tmp_path: Path) -> None:
    """25 connections per GB less 3: 48 pooled connections do not fit into 47."""
    done = found(tmp_path, "main.tf", CLUSTER)

    assert role(done, "web").demand.high == 40
    usage = server(done)
    assert (usage.demand.high, usage.limit and usage.limit.high) == (48, 47)
    assert ("PG103", "main.tf", 8) in ids(done)


def test_a_digitalocean_pool_without_user_has_one_per_inbound_user(tmp_path: Path) -> None:
    """edge 83: a pool of that size for each of them."""
    text = CLUSTER.replace('  user       = "web"\n', "")
    done = found(tmp_path, "main.tf", text)
    assert server(done).demand.high == UNBOUNDED

    users = "".join(
        f'resource "digitalocean_database_user" "{name}" {{\n  name = "{name}"\n}}\n'
        for name in ("a", "b")
    )
    done = found(tmp_path, "main.tf", text.replace("size       = 40", "size       = 10") + users)
    assert role(done, "a").demand.high == 10
    assert role(done, "b").demand.high == 10


def test_one_proxy_leaves_room_and_two_do_not(tmp_path: Path) -> None:
    """edge 79: each takes its share of max_connections."""
    assert server(found(tmp_path, "main.tf", PROXIES)).standing is not Standing.UNSAFE
    both = found(tmp_path, "main.tf", PROXIES + SECOND)
    assert server(both).standing is Standing.UNSAFE
    assert "PG103" in {one[0] for one in ids(both)}


@pytest.mark.parametrize(
    ("instance_class", "gib"),
    [("db.t3.micro", 1), ("db.t4g.medium", 4), ("db.m6g.large", 8), ("db.r6g.2xlarge", 64)],
)
def test_memory_of_instance_classes(instance_class: str, gib: int) -> None:
    """By family and size."""
    assert managed.rds_memory(instance_class) == gib * 1024**3


def test_unknown_sizes_are_unknown() -> None:
    """No guess for a size that is not in the tables."""
    assert managed.rds_memory("db.serverless") is None
    assert managed.cloud_sql_connections("db-perf-optimized-N-2") is None
    assert managed.azure_connections("GP_Custom") is None


@pytest.mark.parametrize(
    ("tier", "connections"),
    [("db-f1-micro", 25), ("db-custom-1-3840", 100), ("db-custom-2-7680", 400)],
)
def test_cloud_sql_defaults(tier: str, connections: int) -> None:
    """By memory, as the flags page says."""
    assert managed.cloud_sql_connections(tier) == connections


def test_azures_own_pooler(tmp_path: Path) -> None:
    """pgbouncer.* configurations, and 15 reserved connections of the plan's."""
    text = (
        'resource "azurerm_postgresql_flexible_server" "pg" {\n'
        '  sku_name = "GP_Standard_D2s_v3"\n}\n'
        + "".join(
            f'resource "azurerm_postgresql_flexible_server_configuration" "c{number}" {{\n'
            f'  server_id = azurerm_postgresql_flexible_server.pg.id\n  name = "{name}"\n'
            f'  value = "{value}"\n}}\n'
            for number, (name, value) in enumerate(
                [("pgbouncer.enabled", "true"), ("pgbouncer.default_pool_size", "80")]
            )
        )
    )
    done = found(tmp_path, "main.tf", text)
    ((stack, _),) = done.stacks

    limit = server(done).limit
    assert limit is not None
    assert limit.high == 859 - 15
    assert stack.topology.poolers[0].default_pool_size.high == 80


def test_pgcat(tmp_path: Path) -> None:
    """Pools with a size for each user, beside the server's configuration."""
    (tmp_path / "postgresql.conf").write_text("max_connections = 30\n")
    text = (
        '[pools.shop]\npool_mode = "transaction"\n'
        '[pools.shop.users.0]\nusername = "web"\npool_size = 30\n'
        '[pools.shop.users.1]\nusername = "jobs"\npool_size = 5\n'
        '[pools.shop.shards.0]\nservers = [["db", 5432, "primary"]]\ndatabase = "shop_db"\n'
    )
    done = found(tmp_path, "pgcat.toml", text)

    assert role(done, "web").demand.high == 30
    assert server(done).standing is Standing.UNSAFE
    assert ("PG103", "pgcat.toml", 5) in ids(done)


def test_pgpool(tmp_path: Path) -> None:
    """num_init_children × max_pool, whoever comes."""
    (tmp_path / "postgresql.conf").write_text("max_connections = 100\n")
    done = found(tmp_path, "pgpool.conf", "num_init_children = 40\nmax_pool = 4\n")

    assert server(done).demand.low == 160
    assert server(done).standing is Standing.UNSAFE
