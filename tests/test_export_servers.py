# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exported queries on real servers, through the real postgres_exporter and Prometheus."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from monitoring import ask, exporter, fetch, prometheus
from servers import ANSWER_SECONDS, PgBouncer, Postgres, newest_postgres, oldest_postgres, pools

from connguard.exporting import metrics
from connguard.exporting import prometheus as format_prometheus
from connguard.exporting.limits import Wall, Walls

WALLS = Walls(
    roles=(Wall("app", 10, "V1.sql:1", 9, "pgbouncer.ini:2"), Wall('o"dd', 4, "V1.sql:9", 2, "")),
    databases=(Wall("shop", 40, "V1.sql:2", None, ""),),
)
LOAD = (("app", "shop", 6), ("app", "postgres", 2), ("free", "shop", 3))


@pytest.fixture(scope="module", params=["oldest", "newest"])
def shared(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """A server with limits of every kind."""
    installation = oldest_postgres() if request.param == "oldest" else newest_postgres()
    conf: dict[str, str | int] = {"max_connections": 30, "max_worker_processes": 4}
    with Postgres(installation, conf=conf) as running:
        running.execute(
            "CREATE ROLE app LOGIN CONNECTION LIMIT 10",
            "CREATE ROLE free LOGIN",
            "CREATE ROLE closed NOLOGIN CONNECTION LIMIT 3",
            "CREATE ROLE boss LOGIN SUPERUSER CONNECTION LIMIT 1",
            'CREATE ROLE "o""dd" LOGIN CONNECTION LIMIT 4',
            "CREATE ROLE watcher LOGIN IN ROLE pg_monitor",
            "CREATE DATABASE shop CONNECTION LIMIT 40",
        )
        yield running


def rows(server: Postgres, name: str, user: str = "watcher") -> dict[object, tuple[object, ...]]:
    """The rows of one query, by their first column."""
    query = next(one for one in metrics.QUERIES if one.name == name)
    with server.connect(user=user) as connection:
        found = connection.execute(query.sql.encode()).fetchall()
    return {row[0]: row[1:] for row in found}


def test_connections_are_counted_as_the_server_counts_them(server: Postgres) -> None:
    """Under a known load, with a parallel query and an idle transaction beside it."""
    with ExitStack() as held:
        for role, database, count in LOAD:
            for _ in range(count):
                held.enter_context(server.connect(user=role, dbname=database))
        leak = held.enter_context(server.connect(user="boss", autocommit=False))
        leak.execute("SELECT 1")
        time.sleep(1.1)
        roles = rows(server, "connguard_role")
        databases = rows(server, "connguard_database")
        (slots,) = rows(server, "connguard_server").items()
        idle = rows(server, "connguard_idle_in_transaction")

    assert roles["app"] == (8, 10)
    assert roles["free"] == (3, -1)
    assert roles["boss"] == (1, -1)
    assert roles['o"dd'] == (0, 4)
    assert "closed" not in roles
    assert databases["shop"] == (9, 40)
    # 8 + 3 + boss + ourselves; 30 slots, 3 of them reserved.
    assert slots == (13, (30, 27))
    assert set(idle) == {"boss"}
    where, sessions, oldest = idle["boss"]
    assert (where, sessions) == ("postgres", 1)
    assert isinstance(oldest, float)
    assert 1 <= oldest < 60


def test_the_count_is_the_one_that_is_refused(server: Postgres) -> None:
    """When the query says 10 of 10, the server refuses the next connection, and not before."""
    with ExitStack() as held:
        for _ in range(10):
            held.enter_context(server.connect(user="app", dbname="shop"))
        assert rows(server, "connguard_role")["app"] == (10, 10)
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            server.connect(user="app", dbname="shop")


def test_an_ordinary_role_sees_the_same_counts(server: Postgres) -> None:
    """Without pg_monitor the kind of a session is hidden, and its role is not."""
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(server.connect(user="app", dbname="shop"))
        assert rows(server, "connguard_role", user="free")["app"] == (4, 10)


def test_the_sql_for_people_runs(server: Postgres) -> None:
    """Every statement of the file, and the share of the wall in it."""
    text = format_prometheus.files(WALLS)[format_prometheus.SQL]
    statements = [part for part in re.sub(r"(?m)^--.*$", "", text).split(";\n") if part.strip()]
    with ExitStack() as held:
        for _ in range(8):
            held.enter_context(server.connect(user="app", dbname="shop"))
        reader = held.enter_context(server.connect(user="watcher"))
        answers = [reader.execute(statement.encode()).fetchall() for statement in statements]

    assert len(answers) == 4
    assert answers[0][0] == ("app", 8, 10, 10, 9, 80)
    assert answers[1][0] == ("shop", 8, 40, 40, None, 20)
    assert answers[3][0][:2] == ("app", "shop")


def test_the_exporter_exposes_these_metrics(server: Postgres, tmp_path: Path) -> None:
    """The names and values that postgres_exporter makes of queries.yaml."""
    queries = tmp_path / format_prometheus.QUERIES
    queries.write_text(format_prometheus.files(WALLS)[format_prometheus.QUERIES])
    with ExitStack() as held:
        address = held.enter_context(exporter(server, queries, "watcher"))
        for _ in range(5):
            held.enter_context(server.connect(user="app", dbname="shop"))
        leak = held.enter_context(server.connect(user="free", dbname="shop", autocommit=False))
        leak.execute("SELECT 1")
        text = fetch(f"http://{address}/metrics")

    exposed = dict(re.findall(r"(?m)^(connguard_\w+(?:\{.*\})?|pg_up) (\S+)$", text))
    names = {sample.partition("{")[0] for sample in exposed}
    assert names >= {f"{q.name}_{column}" for q in metrics.QUERIES for column, _ in q.gauges}
    values = {
        (
            sample.partition("{")[0],
            *re.findall(r'(?:role|database)="((?:[^"\\]|\\.)*)"', sample),
        ): value
        for sample, value in exposed.items()
    }
    assert values["connguard_role_connections", "app"] == "5"
    assert values["connguard_role_connection_limit", "app"] == "10"
    assert values["connguard_role_connection_limit", "free"] == "-1"
    assert values["connguard_role_connection_limit", 'o\\"dd'] == "4"
    assert values["connguard_database_connections", "shop"] == "6"
    assert values["connguard_server_ordinary_slots",] == "27"
    assert all(f'server="127.0.0.1:{server.port}"' in sample for sample in exposed if "{" in sample)
    idle = [key for key in values if key[0] == "connguard_idle_in_transaction_sessions"]
    assert [set(key[1:]) for key in idle] == [{"free", "shop"}]


def test_prometheus_computes_the_saturation(server: Postgres, tmp_path: Path) -> None:
    """From the sessions of a real server to a ratio, and to an alert that waits to fire."""
    for name, text in format_prometheus.files(WALLS).items():
        (tmp_path / name).write_text(text)
    (tmp_path / format_prometheus.RULES).chmod(0o644)
    with ExitStack() as held:
        for _ in range(8):
            held.enter_context(server.connect(user="app", dbname="shop"))
        address = held.enter_context(
            exporter(server, tmp_path / format_prometheus.QUERIES, "watcher")
        )
        base = held.enter_context(
            prometheus(tmp_path, tmp_path / format_prometheus.RULES, {"pg": address})
        )
        end = time.monotonic() + ANSWER_SECONDS
        app = frozenset({("role", "app")})
        while True:
            ratios = ask(base, metrics.ROLE_RATIO)
            servers = ask(base, metrics.SERVER_RATIO)
            pending = ask(base, 'ALERTS{alertname="ConnguardRoleNearlyFull"}')
            if (app in ratios and servers and pending) or time.monotonic() > end:
                break
            time.sleep(0.5)
        time.sleep(2)
        drift = ask(base, 'ALERTS{alertname="ConnguardRoleLimitDrift"}')

    assert ratios[app] == 0.8
    assert frozenset({("role", "free")}) not in ratios
    assert len(servers) == 1
    assert {dict(labels)["role"] for labels in pending} == {"app"}
    assert {dict(labels)["alertstate"] for labels in pending} == {"pending"}
    assert drift == {}


COLUMNS = {
    "client_waiting_connections": "cl_waiting",
    "client_maxwait_seconds": "maxwait",
    "server_active_connections": "sv_active",
    "server_idle_connections": "sv_idle",
    "server_used_connections": "sv_used",
    "server_testing_connections": "sv_tested",
    "server_login_connections": "sv_login",
}


def test_pgbouncer_has_what_its_exporter_exports(server: Postgres) -> None:
    """The columns behind the metrics' names (collector.go of pgbouncer_exporter)."""
    ini = (
        f"[databases]\nshop = host=127.0.0.1 port={server.port} pool_size=4\n"
        "[pgbouncer]\nauth_type = trust\npool_mode = transaction\nstats_users = app\n"
    )
    with PgBouncer(ini, '"app" ""\n') as pooler, ExitStack() as held:
        for _ in range(3):
            client = held.enter_context(pooler.connect(user="app", dbname="shop"))
            client.execute("BEGIN")
        console = held.enter_context(pooler.connect(user="app", dbname="pgbouncer"))

        def show(what: str) -> list[dict[str, object]]:
            cursor = console.execute(f"SHOW {what}".encode())
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        (pool,) = [row for row in show("POOLS") if row["database"] == "shop"]
        (entry,) = [row for row in show("DATABASES") if row["name"] == "shop"]
        lists = {row["list"]: row["items"] for row in show("LISTS")}
        config = {row["key"]: row["value"] for row in show("CONFIG")}

    wanted = [
        name.removeprefix("pgbouncer_pools_")
        for name in metrics.POOLER_METRICS
        if name.startswith("pgbouncer_pools_")
    ]
    assert set(wanted) == set(COLUMNS)
    assert all(COLUMNS[name] in pool for name in wanted)
    assert pool["sv_active"] == 3
    assert (entry["pool_size"], entry["paused"], entry["disabled"]) == (4, 0, 0)
    assert lists["used_clients"] == 4
    assert lists["login_clients"] == 0
    assert config["max_client_conn"] == "100"


def test_a_warm_pool_behind_a_role_limit_shows_in_no_sqlstate(server: Postgres) -> None:
    """Why the alerts look at the pool and at the logs: the client gets 08P01, and only late."""
    server.execute("CREATE ROLE tight LOGIN CONNECTION LIMIT 2")
    ini = (
        f"[databases]\nshop = host=127.0.0.1 port={server.port} pool_size=4\n"
        "[pgbouncer]\nauth_type = trust\npool_mode = transaction\nstats_users = app\n"
        "query_wait_timeout = 3\nserver_login_retry = 1\n"
    )
    errors: list[psycopg.Error] = []
    with PgBouncer(ini, '"app" ""\n"tight" ""\n') as pooler, ExitStack() as held:
        for _ in range(2):
            client = held.enter_context(pooler.connect(user="tight", dbname="shop"))
            client.execute("BEGIN")

        def third() -> None:
            try:
                with pooler.connect(user="tight", dbname="shop") as client:
                    client.execute("SELECT 1")
            except psycopg.Error as error:
                errors.append(error)

        waiting = threading.Thread(target=third)
        waiting.start()
        console = held.enter_context(pooler.connect(user="app", dbname="pgbouncer"))
        pool: dict[str, Any] = {}
        while not pool.get("cl_waiting") and waiting.is_alive():
            (pool,) = [row for row in pools(console) if row["database"] == "shop"]
            time.sleep(0.05)
        waiting.join()
        logs = server.log, pooler.log
    server.execute("DROP ROLE tight")

    assert pool["cl_waiting"] == 1
    assert sum(pool[COLUMNS[name]] for name in COLUMNS if name.startswith("server_")) < 4
    (error,) = errors
    assert error.sqlstate != "53300"
    assert "query_wait_timeout" in str(error)
    pattern = "|".join(metrics.LOGIN_FAILURES)
    for log in logs:
        assert re.search(pattern, log)
        assert 'too many connections for role "tight"' in log
