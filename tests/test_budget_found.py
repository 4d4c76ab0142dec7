# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Topologies found in compose files, Kubernetes manifests and bare configuration files."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest
from budget_cases import ids, role, server

from connguard.budget.run import Run, run
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, load
from connguard.policies.model.amount import UNBOUNDED, Standing

COMPOSE = """\
services:
  web:
    image: shop/web
    command: gunicorn -w 4 shop:app
    environment:
      DATABASE_URL: postgres://app:secret@pgbouncer:6432/shop
      DB_POOL_SIZE: 10
    deploy:
      replicas: 3
  reports:
    image: shop/reports
    environment:
      - DATABASE_URL=postgres://report@db/shop?pool_max_conns=2
  pgbouncer:
    image: bitnami/pgbouncer:1.22.1
    environment:
      POSTGRESQL_HOST: db
      POSTGRESQL_USERNAME: app
      POSTGRESQL_DATABASE: shop
      PGBOUNCER_DATABASE: shop
      PGBOUNCER_POOL_MODE: transaction
      PGBOUNCER_DEFAULT_POOL_SIZE: ${POOL:-30}
      PGBOUNCER_MAX_CLIENT_CONN: 100
    deploy:
      replicas: 2
  db:
    image: postgres:16.3
    command: postgres -c max_connections=50
"""

MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: shop/web
        env:
        - {name: DATABASE_URL, value: "postgres://app@pool.prod.svc:6432/shop?pool_max_conns=5"}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 10}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: pooler-config}
data:
  pgbouncer.ini: |
    [databases]
    shop = host=db user=app
    [pgbouncer]
    pool_mode = transaction
    default_pool_size = 30
    max_client_conn = 120
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pooler}
spec:
  replicas: 4
  template:
    metadata: {labels: {app: pooler}}
    spec:
      containers:
      - {name: pgbouncer, image: "example/pgbouncer:1.24.1"}
      volumes:
      - {name: config, configMap: {name: pooler-config}}
---
apiVersion: v1
kind: Service
metadata: {name: pool}
spec: {selector: {app: pooler}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    spec:
      containers:
      - {name: postgres, image: "postgres:16", args: ["-c", "max_connections=100"]}
"""


def found(folder: Path, **files: str) -> Run:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return run([folder], Settings(), [])


def test_compose(tmp_path: Path) -> None:
    """Replicas, processes, image settings with defaults of variables, and the server's command."""
    done = found(tmp_path, compose__yml=COMPOSE)
    ((stack, budget),) = done.stacks

    assert role(done, "app").demand.high == 60
    assert role(done, "report").demand.high == 2
    usage = server(done)
    assert (usage.demand.high, usage.limit and usage.limit.high) == (62, 47)
    assert usage.standing is Standing.UNSAFE
    assert budget.clients[0].demand.high == 120
    assert stack.topology.poolers[0].versions == ((1, 22),)
    assert ("PG103", "compose.yml", 22) in ids(done)
    assert ("PG104", "compose.yml", 23) in ids(done)


def test_a_service_that_waits_for_the_database_is_not_forgotten(tmp_path: Path) -> None:
    """How many connections it opens is what would decide: no all-clear."""
    text = COMPOSE.replace("max_connections=50", "max_connections=500")
    text = text.replace("MAX_CLIENT_CONN: 100", "MAX_CLIENT_CONN: 200")
    assert found(tmp_path, compose__yml=text).verdict is Standing.SAFE

    opaque = "  jobs:\n    image: shop/jobs\n    depends_on: [db]\n"
    done = found(tmp_path, compose__yml=text + opaque)
    assert done.verdict is Standing.UNKNOWN
    assert any("jobs" in gap.reason for gap in done.report.undecided)


def test_compose_mounts_are_followed(tmp_path: Path) -> None:
    """A mounted pgbouncer.ini and postgresql.conf count; the ini is not judged a second time."""
    ini = "[databases]\nshop = host=db user=app\n[pgbouncer]\ndefault_pool_size = 9\n"
    compose = (
        "services:\n  pgbouncer:\n    image: edoburu/pgbouncer:v1.23.1-p2\n    volumes:\n"
        "      - ./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini\n"
        "  db:\n    image: postgres:17\n    volumes:\n"
        "      - ./my.conf:/etc/postgresql/postgresql.conf\n"
        "    command: ['postgres', '-c', 'config_file=/etc/postgresql/postgresql.conf']\n"
    )
    conf = "max_connections = 33\n"
    done = found(tmp_path, compose__yaml=compose, pgbouncer__ini=ini, my__conf=conf)

    assert role(done, "app").demand.high == 9
    limit = server(done).limit
    assert limit is not None
    assert limit.high == 30


def test_an_extended_service_brings_its_image_and_environment(tmp_path: Path) -> None:
    """The base of the server stands in another file; own settings hold before those of the base."""
    base = (
        "services:\n  base:\n    image: postgres:17\n    command: postgres -c max_connections=40\n"
        "  client:\n    environment: {DATABASE_URL: 'postgres://app@db/shop', DB_POOL_SIZE: 50}\n"
    )
    compose = (
        "services:\n  db:\n    extends: {file: common.yml, service: base}\n"
        "  web:\n    image: shop/web\n    environment: {DB_POOL_SIZE: 7}\n"
        "    extends: {file: common.yml, service: client}\n"
    )
    done = found(tmp_path, compose__yml=compose, common__yml=base)

    usage = server(done)
    assert (usage.demand.high, usage.limit and usage.limit.high) == (7, 37)


def test_kubernetes(tmp_path: Path) -> None:
    """The autoscaler's most, maxSurge's default, Services, and an ini inside a ConfigMap."""
    done = found(tmp_path, all__yaml=MANIFESTS)
    ((_, budget),) = done.stacks

    assert budget.clients[0].demand.high == (10 + 3) * 5
    assert role(done, "app").demand.high == (4 + 1) * 30
    assert server(done).standing is Standing.UNSAFE
    assert ("PG103", "all.yaml", 28) in ids(done)


def test_a_mounted_ini_in_quotes(tmp_path: Path) -> None:
    """Escaped line ends in a ConfigMap are line ends of the file."""
    before, key, rest = MANIFESTS.partition("  pgbouncer.ini: ")
    block, after = rest.split("---\n", 1)
    quoted = json.dumps(dedent(block.removeprefix("|\n")))
    text = f"{before}{key}{quoted}\n---\n{after}"

    assert role(found(tmp_path, all__yaml=text), "app").demand.high == 150


def test_cloudnative_pooler(tmp_path: Path) -> None:
    """Any database and any role can come: unbounded, unless a role's databases are known."""
    text = (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\nspec:\n"
        "  postgresql: {parameters: {max_connections: '200'}}\n---\n"
        "apiVersion: postgresql.cnpg.io/v1\nkind: Pooler\nmetadata: {name: pool}\nspec:\n"
        "  cluster: {name: pg}\n  instances: 3\n  pgbouncer: {poolMode: transaction,\n"
        "    parameters: {default_pool_size: '25'}}\n"
    )
    done = found(tmp_path, cluster__yaml=text)
    ((stack, _),) = done.stacks

    assert stack.topology.poolers[0].default_pool_size.high == 25
    assert stack.topology.poolers[0].instances.high == 3
    assert server(done).demand.high == UNBOUNDED
    assert {one[0] for one in ids(done)} >= {"PG110"}


def test_zalandos_defaults(tmp_path: Path) -> None:
    """60 connections shared by 2 instances: 30 each, pools of 15, reserve and minimum of 7."""
    text = (
        "apiVersion: acid.zalan.do/v1\nkind: postgresql\nmetadata: {name: acid-shop}\nspec:\n"
        "  enableConnectionPooler: true\n  postgresql: {version: '16', parameters: {}}\n"
    )
    ((stack, _),) = found(tmp_path, shop__yaml=text).stacks
    (pooler,) = stack.topology.poolers

    assert pooler.instances.high == 2
    assert pooler.max_db_connections.high == 30
    assert pooler.default_pool_size.high == 15
    assert pooler.reserve_pool_size.high == 7
    assert pooler.max_client_conn.high == 10_000


@pytest.mark.parametrize("users", [None, "# written when the pooler starts\n"])
def test_users_that_are_not_in_the_repository_may_be_any(tmp_path: Path, users: str | None) -> None:
    """A list that is missing or filled in later is no empty list."""
    ini = "[databases]\nshop = host=db\n[pgbouncer]\nauth_file = userlist.txt\n"
    files = {"pgbouncer__ini": ini} | ({"userlist__txt": users} if users else {})
    done = found(tmp_path, **files)

    assert done.verdict is Standing.UNKNOWN
    assert ("PG110", "pgbouncer.ini", 2) in ids(done)


def test_users_of_the_console_may_use_databases(tmp_path: Path) -> None:
    """A stats user that is the only user is counted."""
    ini = (
        "[databases]\nshop = host=db\n[pgbouncer]\nauth_file = userlist.txt\n"
        "stats_users = web\ndefault_pool_size = 200\n"
    )
    done = found(
        tmp_path,
        pgbouncer__ini=ini,
        userlist__txt='"web" ""\n',
        postgresql__conf="max_connections = 50\n",
    )

    assert role(done, "web").demand.low == 100
    assert server(done).standing is Standing.UNSAFE


def test_templates_are_unknown_and_not_refused(tmp_path: Path) -> None:
    """`${POOL_SIZE}` is filled in before PgBouncer reads the file."""
    ini = "[databases]\nshop = host=db user=app\n[pgbouncer]\ndefault_pool_size = ${POOL_SIZE}\n"
    done = found(tmp_path, pgbouncer__ini=ini)

    assert not {one for one in ids(done) if one[0] == "PG901"}
    assert not role(done, "app").demand.exact


SPRING = """\
spring:
  datasource:
    url: jdbc:postgresql://{host}/shop
    username: shop_app
    hikari:
      maximum-pool-size: ${{POOL:15}}
      connection-timeout: 5000
"""
DEPLOYED = """\
services:
  db:
    image: postgres:16
    command: postgres -c max_connections=40
  shop:
    image: shop
    depends_on: [db]
    deploy: {replicas: 3}
"""


def test_spring_settings_complete_what_the_deployment_says(tmp_path: Path) -> None:
    """Replicas from the compose file, the pool from the application's own file."""
    folder = tmp_path / "shop" / "src" / "main" / "resources"
    folder.mkdir(parents=True)
    (folder / "application.yml").write_text(SPRING.format(host="db:5432"))
    done = found(tmp_path, compose__yml=DEPLOYED)

    assert role(done, "shop_app").demand.high == 45
    assert ("PG103", "application.yml", 6) in ids(done)


def test_spring_through_an_old_pooler_in_transaction_mode(tmp_path: Path) -> None:
    """JDBC prepares statements on the server unless the URL says prepareThreshold=0."""
    folder = tmp_path / "shop"
    folder.mkdir()
    pooler = (
        "  pgbouncer:\n    image: bitnami/pgbouncer:1.20.1\n    environment:\n"
        "      POSTGRESQL_HOST: db\n      PGBOUNCER_POOL_MODE: transaction\n"
        "      PGBOUNCER_DATABASE: shop\n"
    )
    text = DEPLOYED.replace("depends_on: [db]", "depends_on: [pgbouncer]") + pooler
    (folder / "application.yml").write_text(SPRING.format(host="pgbouncer:6432"))
    done = found(tmp_path, compose__yml=text)
    assert ("PG112", "application.yml", 3) in ids(done)

    off = SPRING.replace("/shop\n", "/shop?prepareThreshold=0\n").format(host="pgbouncer:6432")
    (folder / "application.yml").write_text(off)
    assert "PG112" not in {one[0] for one in ids(found(tmp_path, compose__yml=text))}


def test_rails_settings(tmp_path: Path) -> None:
    """The pool of the production section; how many replicas there are is not known."""
    folder = tmp_path / "store" / "config"
    folder.mkdir(parents=True)
    (folder / "database.yml").write_text(
        "production:\n  adapter: postgresql\n  host: db\n  database: store\n  username: store\n"
        '  pool: <%= ENV.fetch("RAILS_MAX_THREADS") { 7 } %>\n'
    )
    done = found(tmp_path, compose__yml=DEPLOYED)

    assert role(done, "store").demand.low == 7
    assert not role(done, "store").demand.exact


def test_a_compose_file_that_is_no_yaml_is_said(tmp_path: Path) -> None:
    """What was not read is visible, where it stands."""
    (tmp_path / "pgbouncer.ini").write_text("[databases]\na = host=db\n[pgbouncer]\n")
    (tmp_path / "compose.yml").write_text("services:\n  db: {image: postgres:16\n")
    report = scan([tmp_path], Settings())

    assert [(Path(gap.origin.path).name, gap.origin.line) for gap in report.not_parsed] == [
        ("compose.yml", 2)
    ]


TWO_HOSTS = """\
[databases]
a = host=db1 user=app pool_size=60
b = host={other} user=app pool_size={size}
[pgbouncer]
auth_type = any
pool_mode = transaction
max_client_conn = 1000
"""

BEFORE_ONE = """\
services:
  pgb:
    image: edoburu/pgbouncer:1.22.1
    volumes: ["./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini"]
  db1: {image: "postgres:16"}
"""


@pytest.mark.parametrize(
    ("other", "size", "demands"),
    [
        ("db1", 60, [("120", Standing.UNSAFE)]),
        ("db1,db2", 60, [("120", Standing.UNSAFE)]),
        ("prod.abc.eu-west-1.rds.amazonaws.com", 60, [("60", Standing.SAFE), ("60", None)]),
        ("${OTHER}", 60, [("60 to 120", Standing.UNKNOWN)]),
        ("${OTHER}", 30, [("60 to 90", Standing.SAFE)]),
    ],
)
def test_entries_count_against_the_server_that_they_lead_to(
    tmp_path: Path, other: str, size: int, demands: list[tuple[str, Standing | None]]
) -> None:
    """Of a pooler before several servers; where an entry leads may be unknown."""
    ini = TWO_HOSTS.format(other=other, size=size)
    done = found(tmp_path, compose__yml=BEFORE_ONE, pgbouncer__ini=ini)

    budgets = [budget for _, budget in done.stacks]
    assert [
        (str(one.total), one.server.standing if one.server else None) for one in budgets
    ] == demands


def test_two_servers_behind_one_pooler(tmp_path: Path) -> None:
    """Each has its own pools; an entry for any name does not take what another entry names."""
    ini = TWO_HOSTS.format(other="db2", size=60).replace("[pgb", "* = host=db1 user=app\n[pgb")
    compose = BEFORE_ONE + '  db2: {image: "postgres:16"}\n'
    (tmp_path / "roles.sql").write_text("CREATE DATABASE b;\n")
    done = found(tmp_path, compose__yml=compose, pgbouncer__ini=ini)

    first, second = (budget for _, budget in done.stacks)
    assert first.server is not None
    assert second.server is not None
    assert [use.label for use in first.server.uses] == ["pool a/app of pgb", "pool */app of pgb"]
    assert (str(second.total), second.server.standing) == ("60", Standing.SAFE)


@pytest.mark.parametrize(
    ("other", "standing"), [("db1", Standing.UNSAFE), ("db2", Standing.UNKNOWN)]
)
def test_several_hosts_and_one_postgresql_conf(
    tmp_path: Path, other: str, standing: Standing
) -> None:
    """Nothing says whose file it is."""
    (tmp_path / "postgresql.conf").write_text("max_connections = 100\n")
    done = found(tmp_path, pgbouncer__ini=TWO_HOSTS.format(other=other, size=60))

    assert server(done).standing is standing
    assert ("PG103" in {one[0] for one in ids(done)}) is (standing is Standing.UNSAFE)
    if standing is Standing.UNKNOWN:
        assert any("which server a leads to" in one.reason for one in done.report.undecided)


REUSED = """\
[databases]
shop = host=db user=app
{peers}[pgbouncer]
auth_type = any
default_pool_size = 40
so_reuseport = {reused}
"""


def _peers(number: int) -> str:
    return "[peers]\n" + "".join(f"{one} = host=/tmp/p{one}\n" for one in range(1, number + 1))


@pytest.mark.parametrize(
    ("reused", "peers", "demand", "standing"),
    [
        (1, _peers(3), "120", Standing.UNSAFE),
        (1, _peers(2), "80", Standing.SAFE),
        (1, "", "40 or more", Standing.UNKNOWN),
        (0, _peers(3), "40", Standing.SAFE),
        (0, "", "40", Standing.SAFE),
        ("${REUSED}", _peers(3), "40 to 120", Standing.UNKNOWN),
    ],
)
def test_processes_that_share_a_port(
    tmp_path: Path, reused: object, peers: str, demand: str, standing: Standing
) -> None:
    """The peers are the processes; without them it is not known how many there are."""
    (tmp_path / "postgresql.conf").write_text("max_connections = 100\n")
    done = found(tmp_path, pgbouncer__ini=REUSED.format(reused=reused, peers=peers))

    assert (str(server(done).demand), server(done).standing) == (demand, standing)


def test_a_configuration_for_each_process(tmp_path: Path) -> None:
    """Or a declared number: none of them counts twice."""
    (tmp_path / "postgresql.conf").write_text("max_connections = 100\n")
    text = REUSED.format(reused=1, peers=_peers(2))
    done = found(tmp_path, one__ini=text, two__ini=text)
    assert str(server(done).demand) == "80"

    (tmp_path / "connguard.toml").write_text(
        '[[pooler]]\nname = "p"\nconfig = "one.ini"\ninstances = 4\n'
        "[server]\nmax_connections = 100\n"
    )
    declared = run([tmp_path], load(tmp_path / "connguard.toml"), [])
    assert str(server(declared).demand) == "160"


POOLED = """\
services:
  api:
    image: api
    environment: {{DATABASE_URL: "postgres://app@pgb:6432/shop?pool_max_conns={size}"}}
    deploy: {{replicas: 3}}
  pgb:
    image: edoburu/pgbouncer:1.22.1
    volumes: ["./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini", "./u.txt:/etc/pgbouncer/u.txt"]
  db: {{image: "postgres:16"}}
"""


@pytest.mark.parametrize(
    ("entry", "settings", "size", "said"),
    [
        ("shop = host=db user=app", "pool_mode = session", 20, True),
        ("shop = host=db user=app", "", 20, True),
        ("shop = host=db", "auth_type = md5\nauth_file = /etc/pgbouncer/u.txt", 20, True),
        ("* = host=db user=app", "", 20, True),
        ("shop = host=db user=app pool_mode=session", "pool_mode = transaction", 20, True),
        ("shop = host=db user=app", "pool_mode = transaction", 20, False),
        ("shop = host=db user=app", "", 6, False),
        ("other = host=db user=app", "", 20, False),
    ],
)
def test_session_pooling_of_services_that_were_found(
    tmp_path: Path, entry: str, settings: str, size: int, said: bool
) -> None:
    """As many clients as are known, not as many as the pooler admits."""
    (tmp_path / "u.txt").write_text('"app" "x"\n')
    ini = f"[databases]\n{entry}\n[pgbouncer]\n{settings}\n"
    done = found(tmp_path, compose__yml=POOLED.format(size=size), pgbouncer__ini=ini)

    warnings = [one.message for one in done.report.findings if one.policy.id == "PG105"]
    assert len(warnings) == said
    assert all("60 clients share 20 server connections" in one for one in warnings)


def test_a_declaration_fills_up_from_what_leads_to_the_server(tmp_path: Path) -> None:
    """What the pooler opens elsewhere is not the declared server's."""
    (tmp_path / "compose.yml").write_text(BEFORE_ONE)
    (tmp_path / "pgbouncer.ini").write_text(TWO_HOSTS.format(other="db2", size=60))
    (tmp_path / "connguard.toml").write_text("[server]\nmax_connections = 50\n")
    done = run([tmp_path], load(tmp_path / "connguard.toml"), [])

    assert str(server(done).demand) == "60"
    assert server(done).standing is Standing.UNSAFE
