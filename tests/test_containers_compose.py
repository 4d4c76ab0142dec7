# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose applications: how files are put together, and connections that nothing answers."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest
from container_scans import findings, messages, places, report_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.policies.model.verdict import Severity

OPEN = """
services:
  db:
    image: postgres:17
    ports: ["5432:5432"]
"""


# --- how files are put together ------------------------------------------------------------------


def test_an_override_file_adds_ports(tmp_path: Path) -> None:
    """docker-compose.override.yml is laid over the file beside it: there the image is not said."""
    files = {
        "docker-compose.yml": "services:\n  db:\n    image: postgres:17\n",
        "docker-compose.override.yml": 'services:\n  db:\n    ports:\n      - "5432:5432"\n',
    }
    assert findings(tmp_path, files) == {("docker-compose.override.yml", 4, "PG206")}


def test_any_file_without_images_is_laid_over_the_default_one(tmp_path: Path) -> None:
    """A file for production that only changes services."""
    files = {
        "compose.yaml": "services:\n  db:\n    image: postgres:17\n",
        "compose.production.yaml": 'services:\n  db:\n    ports:\n      - "5432:5432"\n',
    }
    assert findings(tmp_path, files) == {("compose.production.yaml", 4, "PG206")}


@pytest.mark.parametrize("tag", ["!reset []", '!override ["127.0.0.1:5432:5432"]'])
def test_an_override_may_take_ports_away(tmp_path: Path, tag: str) -> None:
    """The base file is run with its override, so that the ports of the base do not count."""
    files = {
        "compose.yaml": OPEN,
        "compose.override.yaml": f"services:\n  db:\n    ports: {tag}\n",
    }
    assert findings(tmp_path, files) == set()


def test_extended_services(tmp_path: Path) -> None:
    """The image comes from another file, the ports are said here; and the other way round."""
    files = {
        "common.yaml": "services:\n  base:\n    image: postgres:17\n    ports: ['5433:5432']\n",
        "compose.yaml": """
        services:
          db:
            extends: {file: common.yaml, service: base}
            ports:
              - "5432:5432"
          other:
            extends: db
        """,
    }
    assert findings(tmp_path, files) == {
        ("common.yaml", 4, "PG206"),
        ("compose.yaml", 5, "PG206"),
    }


def test_included_files(tmp_path: Path) -> None:
    """A service of an included file is one of the application."""
    files = {
        "compose.yaml": """
        include:
          - database/compose.yaml
        services:
          web:
            image: example/web
            environment:
              DATABASE_URL: postgres://web@db:5433/shop
        """,
        "database/compose.yaml": "services:\n  db:\n    image: postgres:17\n",
    }
    assert ("compose.yaml", 7, "PG207") in findings(tmp_path, files)


def test_a_missing_include_hides_the_names(tmp_path: Path) -> None:
    """What is included from elsewhere may define the service."""
    compose = """
    include:
      - oci://registry.example.org/database
    services:
      db:
        image: postgres:17
      web:
        image: example/web
        environment:
          DATABASE_URL: postgres://web@replica:5432/shop
    """
    assert (9, "PG207") not in places(tmp_path, compose)


def test_anchors_and_merge_keys(tmp_path: Path) -> None:
    """A port that stands in an anchor is found there, once."""
    compose = """
    x-database: &database
      image: postgres:17
      ports:
        - "5432:5432"
    services:
      first:
        <<: *database
      second:
        <<: *database
        ports: ["127.0.0.1:5433:5432"]
    """
    assert places(tmp_path, compose) == {(4, "PG206")}


def test_variables_come_from_the_environment_file(tmp_path: Path) -> None:
    """.env beside the compose file; quotes, comments and other variables in it."""
    files = {
        ".env": "HOST='127.0.0.1'\nBIND=${HOST}  # only here\nIMAGE=\"postgres\"\n",
        "compose.yaml": """
        services:
          db:
            image: ${IMAGE}:17
            ports:
              - "${BIND:?}:5432:5432"
              - "${OTHER:-0.0.0.0}:5433:5432"
        """,
    }
    assert findings(tmp_path, files) == {("compose.yaml", 6, "PG206")}


def test_a_service_with_a_profile_counts(tmp_path: Path) -> None:
    """Whoever starts the profile publishes the port."""
    compose = """
    services:
      db:
        image: postgres:17
        profiles: [database]
        ports: ["5432:5432"]
    """
    assert places(tmp_path, compose) == {(5, "PG206")}


@pytest.mark.parametrize(
    "path",
    [
        *("docker-compose.dev.yml", "compose.test.yaml", "tests/compose.yaml"),
        *(".devcontainer/docker-compose.yml", "docker/local/compose.yml", "examples/compose.yml"),
        "docker-compose.override.yml",
    ],
)
def test_files_for_development_give_notes(tmp_path: Path, path: str) -> None:
    """The word is looked for below what is scanned; the findings are notes there."""
    severities = {one.severity for one in report_of(tmp_path, {path: OPEN}).findings}
    assert severities == {Severity.NOTE}


@pytest.mark.parametrize(
    "path", ["compose.yaml", "deploy/docker-compose.prod.yml", "a/compose.yml"]
)
def test_other_files_give_warnings(tmp_path: Path, path: str) -> None:
    """Nothing in the path says that nobody else reaches the machine."""
    severities = {one.severity for one in report_of(tmp_path, {path: OPEN}).findings}
    assert severities == {Severity.WARNING}


# --- which services run PostgreSQL ---------------------------------------------------------------


@pytest.mark.parametrize(
    "image",
    [
        *(
            "postgres",
            "postgis/postgis:17-3.5",
            "timescale/timescaledb-ha:pg17",
            "bitnami/postgresql",
        ),
        *("pgvector/pgvector:pg17", "supabase/postgres:15.8", "citusdata/citus:13", "apache/age"),
        *("ghcr.io/cloudnative-pg/postgresql:17", "${REGISTRY}/postgres:17", "edoburu/pgbouncer"),
        *("ghcr.io/pgdogdev/pgdog", "example/unknown"),
    ],
)
def test_images(tmp_path: Path, image: str) -> None:
    """Servers and poolers; port 5432 of any other image tells PostgreSQL as well."""
    compose = OPEN.replace("postgres:17", image)
    assert (4, "PG206") in places(tmp_path, compose)


def test_an_image_that_is_built_here(tmp_path: Path) -> None:
    """The Dockerfile's last stage counts, with the defaults of its arguments."""
    files = {
        "db/Dockerfile": """
        ARG BASE=postgres:17
        FROM golang:1.24 AS build
        FROM ${BASE} AS base
        FROM base
        COPY --from=build /x /x
        """,
        "compose.yaml": """
        services:
          db:
            build: ./db
            environment: {PGPORT: 6000}
            ports:
              - "6000:6000"
          web:
            build: ./web
            ports: ["8080:8080"]
        """,
    }
    assert findings(tmp_path, files) == {("compose.yaml", 6, "PG206")}


@pytest.mark.parametrize(
    ("dockerfile", "missed"),
    [
        ("FROM edoburu/pgbouncer\n", True),
        ("FROM edoburu/pgbouncer\nCOPY pgbouncer.ini /etc/pgbouncer/\n", False),
        ("FROM postgres:17\nCOPY init.sql /docker-entrypoint-initdb.d/\n", True),
        ("FROM postgres:17\nENV PGPORT=6432\n", False),
        ('FROM postgres:17\nCMD ["postgres", "-p", "6432"]\n', False),
    ],
)
def test_an_image_may_bring_its_own_port(tmp_path: Path, dockerfile: str, missed: bool) -> None:
    """What a Dockerfile copies or sets may say where the program listens."""
    files = {
        "db/Dockerfile": dockerfile,
        "compose.yaml": """
        services:
          db:
            build: db
          web:
            image: example/web
            environment: {DATABASE_URL: "postgres://web@db:6432/shop"}
        """,
    }
    assert findings(tmp_path, files) == ({("compose.yaml", 6, "PG207")} if missed else set())


def test_a_server_on_the_network_of_the_host(tmp_path: Path) -> None:
    """The image listens everywhere unless it is told otherwise; then it is all the host's."""
    compose = """
    services:
      open:
        image: postgres:17
        network_mode: host
      everywhere:
        image: postgres:17
        network_mode: host
        command: ["postgres", "-c", "listen_addresses=*"]
      closed:
        image: postgres:17
        network_mode: host
        command: postgres -c listen_addresses=127.0.0.1
    """
    assert places(tmp_path, compose) == {(4, "PG206"), (8, "PG205")}


POOLER_ON_HOST = """
    services:
      pooler:
        image: {image}
        network_mode: host
"""


@pytest.mark.parametrize(
    ("image", "more", "expected"),
    [
        ("edoburu/pgbouncer:1.22.1", "", "PG206"),
        ("bitnami/pgbouncer", "", "PG206"),
        ("edoburu/pgbouncer", "environment: {LISTEN_ADDR: 127.0.0.1}", None),
        ("edoburu/pgbouncer", "environment: {LISTEN_ADDR: '*'}", "PG206"),
        ("edoburu/pgbouncer", "environment: {LISTEN_ADDR: '${ADDRESS}'}", "PG902"),
        ("bitnami/pgbouncer", "environment: {PGBOUNCER_LISTEN_ADDRESS: localhost}", None),
        ("edoburu/pgbouncer", "volumes: ['./open:/etc/pgbouncer']", "PG206"),
        ("edoburu/pgbouncer", "volumes: ['./closed:/etc/pgbouncer']", None),
        ("edoburu/pgbouncer", "volumes: ['/srv/pgbouncer:/etc/pgbouncer']", "PG902"),
        ("edoburu/pgbouncer", "volumes: ['./u.txt:/etc/pgbouncer/userlist.txt']", "PG206"),
        ("ghcr.io/postgresml/pgcat", "", "PG902"),
        ("edoburu/pgbouncer-exporter", "", None),
    ],
)
def test_a_pooler_on_the_network_of_the_host(
    tmp_path: Path, image: str, more: str, expected: str | None
) -> None:
    """The images listen everywhere unless a variable or a configuration says otherwise."""
    compose = POOLER_ON_HOST.format(image=image) + f"        {more}\n"
    files = {
        "compose.yaml": compose,
        "open/pgbouncer.ini": "[pgbouncer]\nlisten_addr = *\nlisten_port = 6432\n",
        "closed/pgbouncer.ini": "[pgbouncer]\nlisten_addr = 127.0.0.1\n",
    }
    found = {policy for name, _, policy in findings(tmp_path, files) if name == "compose.yaml"}
    found.discard("PG901")  # of a configuration that is not in the repository
    assert found == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("{external: true, name: host}", {(4, "PG206")}),
        ("{external: true, name: shop}", set()),
        ("{name: host}", set()),
    ],
)
def test_the_network_of_the_host_in_a_stack(
    tmp_path: Path, network: str, expected: set[tuple[int, str]]
) -> None:
    compose = f"""
    services:
      db:
        image: postgres:17
        networks: [outside]
    networks:
      outside: {network}
    """
    assert places(tmp_path, compose) == expected


# --- connections that nothing answers ------------------------------------------------------------


def _web(tmp_path: Path, environment: str, more: str = "", top: str = "") -> set[int]:
    """The lines of PG207 for a client with this environment beside a server called db."""
    compose = f"""
services:
  db:
    image: postgres:17
    ports: ["127.0.0.1:5433:5432"]
  web:
    image: example/web
    environment: {{{environment}}}
{more}
{top}
"""
    return {line for line, identifier in places(tmp_path, compose) if identifier == "PG207"}


@pytest.mark.parametrize(
    "environment",
    [
        "DATABASE_URL: 'postgres://web@localhost:5432/shop'",
        "DATABASE_URL: 'postgres://web@127.0.0.1/shop'",
        "SPRING_DATASOURCE_URL: 'jdbc:postgresql://localhost:5432/shop'",
        "PGHOST: localhost",
        "POSTGRES_HOST: 127.0.0.1",
        "DB_HOST: localhost, DB_CONNECTION: pgsql",
        "GF_DATABASE_HOST: 'localhost:5432'",
        "ConnectionStrings__Shop: 'Host=localhost;Database=shop;Username=postgres'",
        "DATABASE_URL: 'postgres://web@db:5433/shop'",
        "DATABASE_URL: 'postgres://web:${PASSWORD}@db:5433/shop'",
        "PGHOST: db, PGPORT: '5433'",
        "DB_HOST: db, DB_PORT: 5433",
        "DATABASE_URL: 'postgres://web@database:5432/shop'",
        "POSTGRES_HOST: postgres",
    ],
)
def test_clients_that_miss(tmp_path: Path, environment: str) -> None:
    """localhost is the client's own container, 5433 the host's port, other names nobody's."""
    assert _web(tmp_path, environment) == {7}


@pytest.mark.parametrize(
    "environment",
    [
        "DATABASE_URL: 'postgres://web@db:5432/shop'",
        "DATABASE_URL: 'postgres://web:${PASSWORD}@db/shop'",
        "DATABASE_URL: '${DATABASE_URL}'",
        "DATABASE_URL: 'postgres://web@${HOST}:5432/shop'",
        "DATABASE_URL: 'postgres://web@db:${PORT}/shop'",
        "DATABASE_URL: 'postgres://web@db.example.org:5432/shop'",
        "DATABASE_URL: 'postgres://web@host.docker.internal:5433/shop'",
        "DATABASE_URL: 'mysql://web@localhost:3306/shop'",
        "DB_HOST: localhost, DB_CONNECTION: mysql",
        "MYSQL_HOST: localhost",
        "TEST_DATABASE_URL: 'postgres://web@localhost:5432/test'",
        "PGHOST: /var/run/postgresql",
        "DB_HOST: db, DB_PORT: '${DB_PORT}'",
        "PGHOST: 'db,replica'",
        "HOST: localhost",
        "DATABASE_URL: 'postgres://web@shop-db-1:5432/shop'",
        "DATABASE_URL: 'postgres://web@stack_db:5432/shop'",
    ],
)
def test_clients_that_reach_it_or_cannot_be_judged(tmp_path: Path, environment: str) -> None:
    """Known services, names outside, variables, and other databases."""
    assert _web(tmp_path, environment) == set()


def test_a_file_of_variables_may_be_for_the_host_too(tmp_path: Path) -> None:
    """What a file says counts unless the service has a connection that works beside it."""
    files = {
        "app.env": "# for the host and for compose\nDATABASE_URL=postgres://web@localhost/shop\n",
        "compose.yaml": """
        services:
          db:
            image: postgres:17
          first:
            image: example/web
            env_file: app.env
            environment: {PGHOST: db}
          second:
            image: example/web
            env_file: [{path: app.env}]
        """,
    }
    assert findings(tmp_path, files) == {("app.env", 2, "PG207")}
    files["compose.yaml"] = files["compose.yaml"].replace("[{path: app.env}]", "none.env")
    assert findings(tmp_path, files) == set()


@pytest.mark.parametrize(
    "more",
    [
        "    network_mode: host",
        "    network_mode: service:db",
        "    network_mode: container:other",
        "    extra_hosts: ['localhost:host-gateway']",
    ],
)
def test_localhost_that_may_be_right(tmp_path: Path, more: str) -> None:
    """The client shares the addresses of the host or of another container, or starts a server."""
    assert _web(tmp_path, "PGHOST: localhost", more) == set()


@pytest.mark.parametrize(
    ("more", "top"),
    [
        ("    links: ['db:database']", ""),
        ("    extra_hosts: ['database=10.0.0.5']", ""),
        ("    external_links: ['other:database']", ""),
        ("    networks: [shared]", "networks:\n  shared: {external: true}"),
        ("  replica:\n    image: example/x\n    container_name: database", ""),
        ("  replica:\n    image: example/x\n    networks: {default: {aliases: [database]}}", ""),
    ],
)
def test_names_that_are_known_otherwise(tmp_path: Path, more: str, top: str) -> None:
    """Links, extra hosts, networks of others, container names and aliases."""
    assert _web(tmp_path, "PGHOST: database", more, top) == set()


@pytest.mark.parametrize("host", ["shop-my-db-1", "shop_my-db_2", "tasks.my-db", "stack_my-db"])
def test_names_of_containers_and_tasks(tmp_path: Path, host: str) -> None:
    """Compose and Swarm make them of the project and the service, which may have dashes."""
    service = "  my-db:\n    image: example/other\n"

    assert _web(tmp_path, f"PGHOST: {host}", service) == set()
    assert _web(tmp_path, "PGHOST: shop-db2-1", service) != set()


def test_a_name_of_another_file_of_the_folder(tmp_path: Path) -> None:
    """Both files may be given to one call."""
    files = {
        "compose.yaml": "services:\n  replica:\n    image: postgres:17\n",
        "compose.app.yaml": """
        services:
          db:
            image: postgres:17
          web:
            image: example/web
            environment: {PGHOST: replica}
        """,
    }
    assert findings(tmp_path, files) == set()


def test_services_without_a_common_network(tmp_path: Path) -> None:
    """The name is known on other networks only; one name may stand for two keys."""
    compose = """
    services:
      db:
        image: postgres:17
        networks: [data]
      web:
        image: example/web
        environment: {PGHOST: db}
      worker:
        image: example/worker
        networks: [data, default]
        environment: {PGHOST: db}
      cron:
        image: example/cron
        networks: [alias]
        environment: {PGHOST: db}
    networks:
      data: {name: shop-data}
      alias: {name: shop-data}
    """
    assert places(tmp_path, compose) == {(7, "PG207")}


def test_a_client_on_the_network_of_the_host(tmp_path: Path) -> None:
    """Docker's name server does not answer there; localhost reaches the published port."""
    assert _web(tmp_path, "PGHOST: db", "    network_mode: host") == {7}


@pytest.mark.parametrize(
    ("command", "port"),
    [
        ("postgres -p 5433", 5433),
        ("-c port=5433", 5433),
        ("['postgres', '--port=5433']", 5433),
        ("['-c', 'max_connections=200']", 5432),
    ],
)
def test_the_port_of_the_command_counts(tmp_path: Path, command: str, port: int) -> None:
    """The client that takes the server's own port is right, the other wrong."""
    compose = f"""
    services:
      db:
        image: postgres:17
        command: {command}
      a:
        image: example/a
        environment: {{DATABASE_URL: "postgres://a@db:5432/shop"}}
      b:
        image: example/b
        environment: {{DATABASE_URL: "postgres://b@db:5433/shop"}}
    """
    assert places(tmp_path, compose) == {(10 if port == 5432 else 7, "PG207")}


def test_poolers_listen_on_their_own_port(tmp_path: Path) -> None:
    """edoburu's image on 5432, Bitnami's on 6432, and what the environment says."""
    compose = """
    services:
      db: {image: postgres:17}
      first:
        image: edoburu/pgbouncer
        environment: {DB_HOST: db}
      second:
        image: bitnami/pgbouncer
        environment: {POSTGRESQL_HOST: db}
      third:
        image: edoburu/pgbouncer
        environment: {DB_HOST: db, LISTEN_PORT: 6543}
      a: {image: e/a, environment: {DATABASE_URL: "postgres://a@first:6432/x"}}
      b: {image: e/b, environment: {DATABASE_URL: "postgres://b@second:6432/x"}}
      c: {image: e/c, environment: {DATABASE_URL: "postgres://c@third:6543/x"}}
    """
    assert places(tmp_path, compose) == {(12, "PG207")}


def test_a_pooler_or_an_image_with_a_server(tmp_path: Path) -> None:
    """A pooler has no server in its container; an image that installs one may have."""
    files = {
        "all/Dockerfile": "FROM debian\nRUN apt-get install -y nginx postgresql\n",
        "web/Dockerfile": "FROM debian\nRUN apt-get install -y nginx postgresql-client\n",
        "compose.yaml": """
        services:
          db: {image: postgres:17}
          pooler:
            image: edoburu/pgbouncer
            environment: {DATABASE_URL: "postgres://app@localhost/shop"}
          all:
            build: all
            environment: {PGHOST: localhost}
          web:
            build: web
            environment: {PGHOST: localhost}
          elsewhere:
            build: missing
            environment: {PGHOST: localhost}
        """,
    }
    assert findings(tmp_path, files) == {
        ("compose.yaml", 5, "PG207"),
        ("compose.yaml", 11, "PG207"),
    }


def test_a_server_that_listens_on_its_own_container_only(tmp_path: Path) -> None:
    """A configuration that does not set listen_addresses leaves it at localhost."""
    files = {
        "custom.conf": "max_connections = 50\n",
        "open.conf": "listen_addresses = '*'\n",
        "compose.yaml": """
        services:
          db:
            image: postgres:17
            command: postgres -c config_file=/etc/postgresql.conf
            volumes: ["./custom.conf:/etc/postgresql.conf:ro"]
          web:
            image: example/web
            environment: {PGHOST: db}
          open:
            image: postgres:17
            command: postgres -c config_file=/etc/postgresql.conf
            volumes:
              - {type: bind, source: ./open.conf, target: /etc/postgresql.conf}
            ports: ["127.0.0.1:5432:5432"]
          unused:
            image: postgres:17
            volumes: ["./custom.conf:/etc/postgresql/postgresql.conf"]
            ports: ["127.0.0.1:5433:5432"]
        """,
    }
    assert findings(tmp_path, files) == {("custom.conf", 1, "PG207")}


def test_words_for_the_classic_mistakes(tmp_path: Path) -> None:
    """The messages say what to do with names filled in."""
    compose = """
    services:
      db:
        image: postgres:17
        ports: ["127.0.0.1:5433:5432"]
      web:
        image: example/web
        environment: {DATABASE_URL: "postgres://web@db:5433/shop"}
      worker:
        image: example/web
        environment: {DATABASE_URL: "postgres://web@localhost/shop"}
    """
    assert messages(tmp_path, {"compose.yaml": compose}) == [
        "web does not reach db:5433: 5433 is the port on which the host publishes it; inside the"
        " network db listens on 5432",
        "worker does not reach localhost:5432: in a container that is the container itself, and the"
        " server runs in another service",
    ]


def test_a_comment_suppresses(tmp_path: Path) -> None:
    """One comment above the port, which nothing calls unused."""
    compose = """
    services:
      db:
        image: postgres:17
        ports:
          # connguard: ignore PG206 behind the provider's firewall
          - "5432:5432"
    """
    assert places(tmp_path, compose) == set()


_TEXT = st.text(alphabet="a1:/-.${}[]\"' !", max_size=12)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_KEYS = (
    *("image", "build", "ports", "environment", "env_file", "command", "networks", "volumes"),
    *("extends", "network_mode", "links", "extra_hosts", "configs", "container_name"),
)
_SERVICE = st.fixed_dictionaries({}, optional=dict.fromkeys(_KEYS, _VALUES))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(_TEXT, _SERVICE, max_size=4), _VALUES, _VALUES)
def test_nothing_raises(
    tmp_path: Path, services: dict[str, object], networks: object, include: object
) -> None:
    """Whatever stands where, the scan goes on without a failure."""
    document = {
        "services": {"db": {"image": "postgres", "ports": ["1"]}, **services},
        "networks": networks,
        "include": include,
    }
    report_of(tmp_path, {"compose.yaml": json.dumps(document)})


def test_a_file_with_a_finding_was_scanned(tmp_path: Path) -> None:
    """Also where the image does not say that it is PostgreSQL: the scan does not exit 3."""
    text = """
    services:
      web:
        image: node:22
        ports: ["5432:5432"]
    """
    report = report_of(tmp_path, {"compose.yaml": text})
    assert [one.policy.id for one in report.findings] == ["PG206"]
    assert report.files == 1


@pytest.mark.parametrize(
    ("service", "line"),
    [
        ('image: "postgres:17"\n    ports:\n      - "5432:5433"', 5),
        ('image: "postgres:17"\n    ports:\n      - {target: 5433, published: 5433}', 5),
        ('image: "postgres:17"\n    ports:\n      - "5432:5432"\n    command: -p 5433', 5),
        ('image: "postgres:17"\n    ports:\n      - "5432:5432"\n      - "5433:5433"', None),
        ('image: "postgres:17"\n    ports:\n      - "9187:9187"', None),
        ('image: "postgres:17"\n    ports:\n      - "5432-5440:5430-5438"', None),
        ('image: "postgres:17"\n    ports:\n      - "5432:5433"\n    command: ./start.sh', None),
        ('image: "postgres:17"\n    ports:\n      - "5432:5433"\n    entrypoint: /run', None),
        ('image: "postgres:17"\n    ports:\n      - "5432:5433"\n    env_file: gone.env', None),
        ('build: .\n    ports:\n      - "5432:5433"', None),
        ('image: "postgres:17"\n    ports:\n      - "5432:${INSIDE}"', None),
    ],
)
def test_a_published_port_on_which_nothing_listens(
    tmp_path: Path, service: str, line: int | None
) -> None:
    """Told of a plain image whose own port is not published."""
    text = f"services:\n  db:\n    {service}\n"
    found = {one for one, identifier in places(tmp_path, text) if identifier == "PG207"}
    assert found == ({line} if line else set())


def test_a_file_that_is_not_parsed_was_scanned(tmp_path: Path) -> None:
    """A nesting that no reader follows is a finding, and not beside "nothing to scan"."""
    nested = "[" * 3000 + "]" * 3000
    text = f"services:\n  db:\n    image: postgres\n    x: {nested}\n"
    report = report_of(tmp_path, {"compose.yaml": text})
    assert [one.policy.id for one in report.findings] == ["PG901"]
    assert report.files == 1


def test_settings_of_the_command_are_judged(tmp_path: Path) -> None:
    """As the lines of postgresql.conf; where it listens is judged by what is published."""
    text = """
        services:
          db:
            image: postgres:16
            command:
              - -cssl=off
              - --password-encryption=md5
              - -c
              - statement_timeout=0
              - --superuser_reserved_connections=0
              - -c
              - listen_addresses=*
          right:
            image: postgres:16
            command: postgres -c ssl=on -c password_encryption=scram-sha-256
          client:
            image: postgres:16
            command: psql -c ssl=off
          other:
            image: shop/web
            command: web -c ssl=off
        """
    (tmp_path / "compose.yaml").write_text(dedent(text), encoding="utf-8")
    found = {(one.origin.line, one.policy.id) for one in scan([tmp_path], Settings()).findings}
    assert found == {(6, "PG401"), (7, "PG402"), (9, "PG502"), (10, "PG507")}
