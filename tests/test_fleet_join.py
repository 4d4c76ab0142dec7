# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server of a fleet a service, a pooler or a role limit counts for."""

from __future__ import annotations

from pathlib import Path

from fleet_repositories import fleet_of, joined, scanned, write

from connguard.fleet.budget import FleetBudget, SharedBudget
from connguard.fleet.join import matches, matches_host
from connguard.policies.model.amount import Standing

SERVER = "[server]\nmax_connections = 103\nsuperuser_reserved_connections = 3\n"
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 2
  strategy:
    type: Recreate
  template:
    spec:
      containers:
        - name: web
          image: example.com/{name}:1
          env:
{env}
            - name: DB_POOL
              value: "10"
"""
URL = '            - name: DATABASE_URL\n              value: "{}"'
SECRET = """            - name: DATABASE_URL
              valueFrom:
                secretKeyRef:
                  name: {}
                  key: url"""


def deployment(name: str, env: str) -> dict[str, str]:
    """A service with 2 × 10 connections."""
    return {f"{name}/deploy/web.yaml": DEPLOYMENT.format(name=name, env=env)}


def budget(folder: Path, fleet: str, files: dict[str, str]) -> FleetBudget:
    write(folder / "fleet", files)
    names = sorted({name.partition("/")[0] for name in files})
    results = scanned(folder / "fleet", names)
    reasons = {result["repository"]["reason"] for result in results.values()}
    assert reasons == {""}
    return joined(results, fleet_of(folder, fleet))


def only(found: FleetBudget) -> SharedBudget:
    (server,) = found.servers
    return server


def ways(found: FleetBudget) -> dict[str, list[tuple[str | None, str, bool]]]:
    """By service: server, what decided it, whether it is certain."""
    known: dict[str, list[tuple[str | None, str, bool]]] = {}
    for one in found.joined.services:
        known.setdefault(one.found.service.name, []).append((one.server, one.how, one.certain))
    return known


def test_patterns() -> None:
    """Names are those of the fleet or their last parts; a host without a dot is a first label."""
    assert matches("orders", "shop/orders")
    assert matches("shop/*", "shop/orders")
    assert not matches("orders", "orders-api")
    assert matches("aws_db_instance.x[0]", "aws_db_instance.x[0]")
    assert matches_host("orders-db", "orders-db.eu.svc.cluster.local")
    assert matches_host("*.rds.amazonaws.com", "Orders.abc.eu-west-1.rds.amazonaws.com.")
    assert not matches_host("orders", "orders-db.internal")


def test_a_host_that_is_no_server_of_the_fleet_is_another_server(tmp_path: Path) -> None:
    """Also where its database is called as one of the fleet; and it is listed."""
    found = budget(
        tmp_path,
        '[[server]]\nname = "s"\nrepository = "infra"\nhosts = ["a.internal"]\n'
        'databases = ["shop"]\nrepositories = ["two", "three"]\n',
        {
            "infra/connguard.toml": SERVER,
            **deployment("one", URL.format("postgresql://u@a.internal/shop")),
            **deployment("two", URL.format("postgresql://u@b.internal/shop")),
            **deployment("three", URL.format("postgresql://u@localhost/shop")),
        },
    )

    assert ways(found) == {
        "one": [("s", "host", True)],
        "two": [(None, "", False)],
        "three": [("s", "database", True)],
    }
    lost = [one for one in found.joined.services if one.server is None]
    assert [one.reason for one in lost] == ["no server of the fleet is reached as b.internal"]
    assert only(found).budget.total.high == 40


def test_what_may_connect_directly_or_not_counts_from_zero(tmp_path: Path) -> None:
    """A secret that is not said to hold a server's host, of a repository of the server's."""
    files = {
        "infra/connguard.toml": SERVER + '[[pooler]]\nname = "p"\nconfig = "p.ini"\n',
        "infra/p.ini": "[databases]\nshop = host=db\n[pgbouncer]\ndefault_pool_size = 5\n"
        "auth_file = u.txt\n",
        "infra/u.txt": '"app" ""\n',
        **deployment("web", SECRET.format("shop-url")),
    }
    fleet = '[[server]]\nname = "s"\nrepository = "infra"\nrepositories = ["web"]\n'
    found = budget(tmp_path / "1", fleet, files)
    assert ways(found) == {"web": [("s", "repository", False)]}
    total = only(found).budget.total
    assert (total.low, total.high) == (5, 25)
    assert total.reason == "whether web connects through a pooler"

    pooled = f'{fleet}[[pooler]]\nname = "infra/p"\nsecrets = ["shop-*"]\n'
    found = budget(tmp_path / "2", pooled, files)
    assert ways(found) == {"web": [("s", "secret", True)]}
    assert (only(found).budget.total.low, only(found).budget.total.high) == (5, 5)

    direct = f'{fleet}secrets = ["shop-url"]\n'
    found = budget(tmp_path / "3", direct, files)
    assert (only(found).budget.total.low, only(found).budget.total.high) == (25, 25)


def test_one_pooler_before_two_servers(tmp_path: Path) -> None:
    """Each server has the pools of the databases whose host it is."""
    found = budget(
        tmp_path,
        '[[server]]\nname = "a"\nmax_connections = 50\nhosts = ["a.internal"]\n'
        '[[server]]\nname = "b"\nmax_connections = 5\nhosts = ["b.internal"]\n'
        '[[pooler]]\nname = "infra/p"\nhosts = ["pool.internal"]\n',
        {
            "infra/p.ini": "[databases]\n"
            "one = host=a.internal pool_size=10 user=app\n"
            "two = host=b.internal pool_size=20 user=app\n"
            "[pgbouncer]\nauth_file = u.txt\nmax_client_conn = 900\n",
            "infra/u.txt": '"app" ""\n',
            **deployment("web", URL.format("postgresql://app@pool.internal/two")),
        },
    )

    totals = {one.server.name: one.budget.total.high for one in found.servers}
    assert totals == {"a": 10, "b": 20}
    assert ways(found) == {"web": [("b", "host", True)]}
    (unsafe,) = (one for one in found.servers if one.verdict is Standing.UNSAFE)
    assert unsafe.server.name == "b"
    assert [(one.policy.id, str(one.origin)) for one in unsafe.findings] == [
        ("PG103", "infra/p.ini:3"),
        ("PG109", "infra/p.ini:3"),
    ]


def test_a_service_that_only_the_fleet_file_knows(tmp_path: Path) -> None:
    """It needs a pool; the place is in the fleet file."""
    found = budget(
        tmp_path,
        '[[server]]\nname = "s"\nrepository = "infra"\n'
        '[[service]]\nrepository = "legacy"\nname = "cron"\nserver = "s"\npool = 30\n'
        'instances = 4\n[[service]]\nrepository = "gone"\nname = "x"\nserver = "s"\n',
        {"infra/connguard.toml": SERVER},
    )

    assert only(found).budget.total.high == 120
    assert [str(one.origin) for one in only(found).findings] == ["connguard-fleet.toml:8"]
    assert [(one.kind, one.name) for one in found.joined.left] == [("service", "x")]


def test_settings_and_limits_of_other_repositories(tmp_path: Path) -> None:
    """ALTER SYSTEM elsewhere counts; two limits of a role are a range."""
    found = budget(
        tmp_path,
        '[[server]]\nname = "s"\nrepository = "infra"\nhosts = ["main-db"]\n'
        'repositories = ["sql*"]\n',
        {
            "infra/compose.yml": "services:\n  main-db:\n    image: postgres:16\n",
            "sql1/V1__a.sql": "ALTER SYSTEM SET max_connections = 43;\n"
            "CREATE ROLE app LOGIN CONNECTION LIMIT 10;\n",
            "sql2/V1__a.sql": "CREATE ROLE app LOGIN CONNECTION LIMIT 30;\n",
            **deployment("web", URL.format("postgresql://app@main-db.prod.svc/shop")),
        },
    )

    server = only(found)
    assert server.budget.server is not None
    assert server.budget.server.limit is not None
    assert server.budget.server.limit.high == 40
    (role,) = (one for one in server.budget.roles if one.name == "app")
    assert role.limit is not None
    assert (role.limit.low, role.limit.high) == (10, 30)
    assert role.standing is Standing.UNKNOWN


def test_names_that_every_compose_file_has_say_nothing_elsewhere(tmp_path: Path) -> None:
    """`db` of one repository is not that of another."""
    compose = "services:\n  db:\n    image: postgres:16\n"
    found = budget(
        tmp_path,
        "",
        {
            "one/compose.yml": compose,
            **deployment("two", URL.format("postgresql://app@db/shop")),
        },
    )

    assert found.servers == []
    assert [one.reason for one in found.joined.services] == [
        "no server of the fleet is reached as db"
    ]


def test_servers_are_shared_without_a_fleet_file_by_their_hosts(tmp_path: Path) -> None:
    """A host that one repository runs and another names."""
    found = budget(
        tmp_path,
        "",
        {
            "one/compose.yml": "services:\n  orders-db:\n    image: postgres:16\n"
            "    command: postgres -c max_connections=20\n",
            **deployment("two", URL.format("postgresql://app@orders-db.prod/shop")),
        },
    )

    server = only(found)
    assert server.server.name == "one:orders-db"
    assert server.server.repositories == ["one", "two"]
    assert [(one.policy.id, one.origin.path) for one in server.findings] == [
        ("PG103", "two/deploy/web.yaml")
    ]


def test_limits_of_no_known_server_are_listed(tmp_path: Path) -> None:
    """So is a server that its repository does not hold."""
    found = budget(
        tmp_path,
        '[[server]]\nname = "s"\nrepository = "infra"\n',
        {"sql/V1__a.sql": "CREATE ROLE app LOGIN CONNECTION LIMIT 10;\n"},
    )

    assert {(one.kind, one.name, one.reason) for one in found.joined.left} == {
        ("limits", "1 roles", "nothing says which server they are made on"),
        ("server", "s", "infra holds no such server"),
    }


def test_a_pooler_is_open_to_others_unless_the_fleet_is_complete(tmp_path: Path) -> None:
    """With `complete`, a pool opens no more than its clients ask for."""
    files = {
        "infra/connguard.toml": SERVER,
        "infra/p.ini": "[databases]\nshop = host=a.internal user=app\n[pgbouncer]\n"
        "default_pool_size = 50\nmax_client_conn = 500\nauth_file = u.txt\n",
        "infra/u.txt": '"app" ""\n',
        **deployment("web", URL.format("postgresql://app@pool.internal/shop")),
    }
    fleet = (
        '[[server]]\nname = "s"\nrepository = "infra"\nhosts = ["a.internal"]\n{}'
        '[[pooler]]\nname = "infra/p"\nhosts = ["pool.internal"]\n'
    )

    assert only(budget(tmp_path / "1", fleet.format(""), files)).budget.total.high == 50
    complete = fleet.format("complete = true\n")
    assert only(budget(tmp_path / "2", complete, files)).budget.total.high == 20
