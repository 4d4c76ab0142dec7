# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Budgets of Compose files: files over files, services that extend others, includes, variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from budget_cases import ids, server

from connguard.budget.run import Run, run
from connguard.engine.settings import Settings
from connguard.policies.model.amount import Amount, Standing
from connguard.reporters.budget_text import render

API = """\
services:
  api:
    image: api
    environment: {DATABASE_URL: "postgres://app@db/shop?pool_max_conns=20"}
"""
DB = "  db:\n    image: postgres:16\n"
REPLICAS = "services:\n  api:\n    deploy: {replicas: 6}\n"


def found(folder: Path, files: dict[str, str]) -> Run:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return run([folder], Settings(), [])


def numbers(done: Run) -> tuple[str, str]:
    """What the one server has to bear, and what it takes."""
    usage = server(done)
    return str(usage.demand), str(usage.limit)


def place(amount: Amount) -> tuple[str, int]:
    assert amount.origin is not None
    return Path(amount.origin.path).name, amount.origin.line


def test_an_override_counts(tmp_path: Path) -> None:
    """Replicas, the command, the address and the settings of the server, each with its place."""
    files = {"compose.yaml": API + DB, "compose.override.yaml": REPLICAS}
    done = found(tmp_path, files)
    assert numbers(done) == ("120", "97")
    ((stack, _),) = done.stacks
    (service,) = stack.topology.services
    assert place(service.instances) == ("compose.override.yaml", 3)
    assert ids(done) == {("PG103", "compose.yaml", 4)}

    files["compose.override.yaml"] = (
        "services:\n  api:\n    command: gunicorn app:app -w 4\n"
        '    environment: {DATABASE_URL: "postgres://app@db/shop?pool_max_conns=30"}\n'
        "  db:\n    command: postgres -c max_connections=40\n"
    )
    assert numbers(found(tmp_path, files)) == ("120", "37")


def test_a_service_has_what_it_extends(tmp_path: Path) -> None:
    """Replicas and mounted configurations, whose paths belong to the file that names them."""
    files = {
        "compose.yaml": (
            "services:\n  api: {extends: {file: base/common.yaml, service: api}}\n"
            "  db: {extends: {file: base/common.yaml, service: db}}\n"
        ),
        "base/common.yaml": API
        + "    deploy: {replicas: 6}\n"
        + DB
        + "    command: postgres -c config_file=/etc/postgresql.conf\n"
        + '    volumes: ["./pg.conf:/etc/postgresql.conf"]\n',
        "base/pg.conf": "max_connections = 40\n",
    }
    assert numbers(found(tmp_path, files)) == ("120", "37")


@pytest.mark.parametrize("prefix", ["", "compose."])
def test_included_files_are_one_application(tmp_path: Path, prefix: str) -> None:
    """Whatever they are called, they are counted once."""
    files = {
        "compose.yaml": f"include: [{prefix}db.yaml, {prefix}app.yaml]\n",
        f"{prefix}db.yaml": "services:\n" + DB,
        f"{prefix}app.yaml": API + "    deploy: {replicas: 6}\n",
    }
    done = found(tmp_path, files)
    assert numbers(done) == ("120", "97")
    assert ids(done) == {("PG103", f"{prefix}app.yaml", 4)}


def test_an_application_in_a_folder_that_is_included_is_counted_once(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "include: [shop/compose.yaml]\n",
        "shop/compose.yaml": API + DB,
    }
    assert numbers(found(tmp_path, files)) == ("20", "97")
    files = {
        "compose.yaml": "include: [shop/compose.yaml]\n",
        "shop/compose.yaml": "include: [../compose.yaml]\n" + API + DB,
    }
    assert numbers(found(tmp_path, files)) == ("20", "97")


def test_a_comment_in_an_included_file_suppresses(tmp_path: Path) -> None:
    text = API.replace("    env", "    # connguard: ignore PG103 -- tried out\n    env")
    files = {
        "compose.yaml": "include: [app.yaml]\nservices:\n" + DB,
        "app.yaml": text + "    deploy: {replicas: 6}\n",
    }
    assert ids(found(tmp_path, files)) == set()


def test_another_file_that_only_changes_services_is_a_variant(tmp_path: Path) -> None:
    """Both ways to run it are judged; one that changes nothing here is not repeated."""
    files = {
        "compose.yaml": API + DB,
        "compose.override.yaml": "services:\n  api:\n    deploy: {replicas: 2}\n",
        "compose.prod.yaml": REPLICAS,
        "compose.debug.yaml": "services:\n  api:\n    deploy: {replicas: 2, labels: {a: b}}\n",
    }
    done = found(tmp_path, files)
    demands = [budget.server and str(budget.server.demand) for _, budget in done.stacks]
    assert demands == ["40", "40", "120"]
    assert done.verdict is Standing.UNSAFE
    text = render(done, colour=False, verbose=False, quiet=False)
    assert "compose.prod.yaml: UNSAFE" in text

    files["compose.debug.yaml"] = "services:\n  api:\n    labels: {a: b}\n"
    files["compose.override.yaml"] = "services:\n  api:\n    labels: {c: d}\n"
    assert len(found(tmp_path, files).stacks) == 2


def test_a_variant_is_no_second_server(tmp_path: Path) -> None:
    """ALTER SYSTEM and a declared topology are meant for the one server that there is."""
    files = {
        "compose.yaml": API + DB,
        "compose.prod.yaml": REPLICAS,
        "init.sql": "ALTER SYSTEM SET max_connections = 500;\n",
    }
    limits = [
        str(budget.server.limit)
        for _, budget in found(tmp_path, files).stacks
        if budget.server is not None
    ]
    assert limits == ["497", "497"]


def test_independent_files_of_a_folder_stay_apart(tmp_path: Path) -> None:
    """Each starts what it names itself."""
    files = {
        "compose.yaml": API + DB,
        "compose.shop.yaml": API.replace("=20", "=30") + DB,
    }
    done = found(tmp_path, files)
    demands = [budget.server and str(budget.server.demand) for _, budget in done.stacks]
    assert demands == ["20", "30"]
    assert not any(stack.variant for stack, _ in done.stacks)


@pytest.mark.parametrize(
    ("base", "override", "expected"),
    [
        ("build: ./web", "build: {dockerfile: prod.Dockerfile}", 3),
        ("build: {context: ./web}", "build: {args: {A: b}}", 2),
        ("build: .", "build: ./web", 2),
    ],
)
def test_what_an_image_is_built_from(
    tmp_path: Path, base: str, override: str, expected: int
) -> None:
    """A build is laid over another: the context of one, the Dockerfile of the other."""
    url = '    environment: {DATABASE_URL: "postgres://app@db/shop?pool_max_conns=1"}\n'
    files = {
        "compose.yaml": f"services:\n  web:\n    {base}\n{url}{DB}",
        "compose.override.yaml": f"services:\n  web:\n    {override}\n",
        "web/Dockerfile": "FROM a\nCMD gunicorn shop -w 2\n",
        "web/prod.Dockerfile": "FROM a\nCMD gunicorn shop -w 3\n",
    }
    assert numbers(found(tmp_path, files)) == (str(expected), "97")


def test_numbers_take_the_variables_of_the_environment_file(tmp_path: Path) -> None:
    """Replicas, workers and the server's command, as the address does."""
    text = API + "    command: gunicorn app:app -w ${WORKERS:-1}\n"
    text += '    deploy: {replicas: "${REPLICAS:-1}"}\n' + DB
    text += "    command: postgres -c max_connections=${SLOTS:-100}\n"
    assert numbers(found(tmp_path, {"compose.yaml": text})) == ("20", "97")
    done = found(tmp_path, {".env": "REPLICAS=8\nWORKERS=2\nSLOTS=50\n"})
    assert numbers(done) == ("320", "47")


def test_a_number_without_a_value_is_not_known(tmp_path: Path) -> None:
    text = API.replace("=20", "=2") + '    deploy: {replicas: "$REPLICAS"}\n' + DB
    done = found(tmp_path, {"compose.yaml": text, ".env": "OTHER=8\n"})
    assert (numbers(done)[0], done.verdict) == ("2 or more", Standing.UNKNOWN)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("${FILES:-10}", "30"),
        ("{soft: '${FILES:-10}', hard: 99}", "30"),
        ("${MORE_FILES}", "0 or more"),
        ("-1", None),
    ],
)
def test_open_files(tmp_path: Path, limit: str, expected: str | None) -> None:
    """A pooler's limit, from a variable, too."""
    text = (
        "services:\n  pgb:\n    image: bitnami/pgbouncer:1.22.1\n"
        f"    environment: {{POSTGRESQL_HOST: db}}\n    ulimits:\n      nofile: {limit}\n"
    )
    done = found(tmp_path, {"compose.yaml": text + DB, ".env": "FILES=30\n"})
    ((stack, _),) = done.stacks
    files = stack.topology.poolers[0].open_files
    assert (None if files is None else str(files)) == expected


@pytest.mark.parametrize("mode", ["global", "global-job", "${MODE}"])
def test_a_replica_on_every_node(tmp_path: Path, mode: str) -> None:
    """How many nodes there are stands in no file: neither safe nor too many."""
    deploy = f'    deploy: {{mode: "{mode}", update_config: {{order: start-first, %s}}}}\n'
    text = API + deploy % "parallelism: 0" + DB
    done = found(tmp_path, {"stack.yml": text})
    assert done.verdict is Standing.UNKNOWN
    ((stack, _),) = done.stacks
    (service,) = stack.topology.services
    assert (str(service.instances), str(service.surge)) == ("1 or more", "1 or more")


@pytest.mark.parametrize(
    ("deploy", "expected"),
    [
        ("mode: replicated, replicas: 3", ("3", "0")),
        ("replicas: 3, update_config: {order: start-first}", ("3", "1")),
        ("replicas: 3, update_config: {order: start-first, parallelism: 2}", ("3", "2")),
        ("replicas: 3, update_config: {order: start-first, parallelism: 0}", ("3", "3")),
        ("replicas: 3, update_config: {order: start-first, parallelism: $N}", ("3", "1 to 3")),
        ("replicas: $N, update_config: {order: start-first}", ("1 or more", "1")),
    ],
)
def test_replicas_that_start_first(tmp_path: Path, deploy: str, expected: tuple[str, str]) -> None:
    done = found(tmp_path, {"compose.yaml": API + f"    deploy: {{{deploy}}}\n" + DB})
    ((stack, _),) = done.stacks
    (service,) = stack.topology.services
    assert (str(service.instances), str(service.surge)) == expected


INI = (
    "[databases]\nshop = host=db user=app\n[pgbouncer]\npool_mode = transaction\n"
    "auth_type = any\ndefault_pool_size = 40\nmax_client_conn = 1000\n"
)
POOLER = "services:\n  pgb:\n    image: edoburu/pgbouncer:1.22.1\n    deploy: {replicas: 3}\n"
CONFIG = "    configs: [{source: pgb, target: /etc/pgbouncer/pgbouncer.ini}]\n"


@pytest.mark.parametrize("inherited", [False, True])
def test_a_configuration_among_configs_is_read(tmp_path: Path, inherited: bool) -> None:
    """So is one that a service has from the service that it extends."""
    top = "configs:\n  pgb: {file: ./pgbouncer.ini}\n"
    files = {"compose.yaml": POOLER + CONFIG + DB + top, "pgbouncer.ini": INI}
    if inherited:
        mount = '    volumes: ["./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini"]\n'
        extends = "  pgb: {extends: {file: base/b.yaml, service: pgb}}\n"
        files = {"base/b.yaml": POOLER + mount, "base/pgbouncer.ini": INI}
        files["compose.yaml"] = f"services:\n{extends}{DB}"
    done = found(tmp_path, files)
    assert numbers(done) == ("120", "97")
    assert ids(done) == {("PG103", "pgbouncer.ini", 6)}


@pytest.mark.parametrize(
    "mount",
    [
        CONFIG + DB + "configs:\n  pgb: {external: true}\n",
        CONFIG + DB + "configs:\n  pgb: {file: ./pgbouncer.ini}\n",
        CONFIG.replace("configs", "secrets") + DB,
        '    volumes: ["$INI:/etc/pgbouncer/pgbouncer.ini"]\n' + DB,
        '    volumes: ["pooler:/etc/pgbouncer"]\n' + DB,
        '    volumes: ["/srv/pooler:/etc/pgbouncer"]\n' + DB,
    ],
)
def test_a_configuration_that_is_not_here_is_not_known(tmp_path: Path, mount: str) -> None:
    """No defaults of the image are judged in its place, and that is said."""
    done = found(tmp_path, {"compose.yaml": POOLER + mount})
    assert {one for one, _, _ in ids(done)} == {"PG901", "PG902"}
    assert done.verdict is Standing.UNKNOWN
    assert numbers(done)[0] == "0 or more"


def test_variables_of_an_image_count_beside_a_folder(tmp_path: Path) -> None:
    """The image writes its configuration with them, if the folder has none."""
    variables = '    environment: {DATABASE_URL: "postgres://app@db/shop"}\n'
    volume = '    volumes: ["pooler:/etc/pgbouncer"]\n'
    done = found(tmp_path, {"compose.yaml": POOLER + variables + volume + DB})
    assert "PG901" not in {one for one, _, _ in ids(done)}


@pytest.mark.parametrize(
    ("lines", "limit"),
    [
        ("command: postgres -c config_file=/etc/pg/pg.conf", "0 or more"),
        ("command: postgres -c config_file=$CONF", "0 or more"),
        ("command: postgres -c config_file=/etc/pg.conf -c max_connections=50", "47"),
        ("command: postgres -c config_file=/var/lib/postgresql/data/postgresql.conf", "97"),
        ('volumes: ["./postgresql.conf:/var/lib/postgresql/data/postgresql.conf"]', "0 or more"),
        ('volumes: ["data:/var/lib/postgresql/data"]', "97"),
        ("{config}\n    volumes: ['./here.conf:/etc/pg/pg.conf']", "37"),
        ("{config}\n    configs: [{source: pg, target: /etc/pg/pg.conf}]", "0 or more"),
    ],
)
def test_a_servers_configuration_that_is_not_here(tmp_path: Path, lines: str, limit: str) -> None:
    """Its slots are not known; the image's own configuration has the defaults."""
    lines = lines.replace("{config}", "command: postgres -c config_file=/etc/pg/pg.conf")
    files = {"compose.yaml": API + DB + f"    {lines}\n", "here.conf": "max_connections = 40\n"}
    done = found(tmp_path, files)
    usage = server(done)
    assert str(usage.limit) == limit
    assert done.verdict is (Standing.UNKNOWN if limit == "0 or more" else Standing.SAFE)
