# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools that applications make in their code, and the services that they belong to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

import pytest
from budget_cases import ids, server

from connguard.budget import pools_go, pools_javascript, pools_python, pools_text
from connguard.budget.code_pool import Made
from connguard.budget.pool_claims import may_make_pools
from connguard.budget.run import Run, run
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.policies.model.amount import UNBOUNDED, Standing

Reader = Callable[[Text], list[Made]]

COMPOSE = """\
services:
  api:
    build: ./api
    command: gunicorn --workers 4 app:app
    depends_on: [db]
    environment:
      DATABASE_URL: postgres://shop_app@db/shop
    deploy: {replicas: 2}
  db:
    image: postgres:16
    command: postgres -c max_connections=100
"""
SQLALCHEMY = "from sqlalchemy import create_engine, NullPool\n"
GO = 'package main\nimport (\n  "database/sql"\n  _ "github.com/lib/pq"\n)\n'
PGX = 'package main\nimport "github.com/jackc/pgx/v5/pgxpool"\n'

SIZES = [
    (pools_python.read, SQLALCHEMY + "e = create_engine(URL)\n", 15, 15, 2),
    (
        pools_python.read,
        SQLALCHEMY + "SIZE = 3\ne = create_engine(URL, pool_size=SIZE, max_overflow=0)",
        3,
        3,
        3,
    ),
    (
        pools_python.read,
        SQLALCHEMY + "e = create_engine(URL, max_overflow=-1)",
        UNBOUNDED,
        UNBOUNDED,
        2,
    ),
    (pools_python.read, SQLALCHEMY + "e = create_engine(U, poolclass=NullPool)", 1, UNBOUNDED, 2),
    (
        pools_python.read,
        "from sqlalchemy.ext.asyncio import create_async_engine as make\nmake(URL, pool_size=2)",
        12,
        12,
        2,
    ),
    (pools_python.read, "import asyncpg\nasyncpg.create_pool(url)", 10, 10, 2),
    (pools_python.read, "import asyncpg\nasyncpg.create_pool(url, max_size=7)", 7, 7, 2),
    (pools_python.read, "import psycopg_pool\np = psycopg_pool.ConnectionPool(u)", 4, 4, 2),
    (
        pools_python.read,
        "DATABASES = {'default': {\n 'ENGINE': 'django.db.backends.postgresql',\n"
        " 'OPTIONS': {'pool': {'max_size': 6}}}}",
        6,
        6,
        3,
    ),
    (
        pools_python.read,
        "DATABASES = {'default': {\n 'ENGINE': 'django.db.backends.postgresql',\n"
        " 'CONN_MAX_AGE': 60}}",
        1,
        UNBOUNDED,
        2,
    ),
    (
        pools_javascript.read,
        "import { Pool } from 'pg';\nexport const pool = new Pool();",
        10,
        10,
        2,
    ),
    (
        pools_javascript.read,
        "const pg = require('pg');\nconst MAX = 25;\nnew pg.Pool({ max: MAX });",
        25,
        25,
        2,
    ),
    (
        pools_javascript.read,
        "const { Sequelize } = require('sequelize');\n"
        "new Sequelize(url, { dialect: 'postgres',\n  pool: { max: 8, min: 0 } });",
        8,
        8,
        3,
    ),
    (
        pools_javascript.read,
        "import { DataSource } from 'typeorm'\n"
        "new DataSource({type: 'postgres',\nextra: {max: 9}})",
        9,
        9,
        3,
    ),
    (
        pools_javascript.read,
        "import knex from 'knex'\nknex({client: 'pg', connection: url,\n pool: {min: 2, max: 12}})",
        12,
        12,
        3,
    ),
    (pools_go.read, GO + "func f() { db.SetMaxOpenConns(30) }", 30, 30, 6),
    (pools_go.read, GO + "func f() { db.SetMaxOpenConns(0) }", UNBOUNDED, UNBOUNDED, 6),
    (pools_go.read, GO + 'func f() { sql.Open("postgres", u) }', 1, UNBOUNDED, 6),
    (pools_go.read, PGX + "func f() { c.MaxConns = int32(14) }", 14, 14, 3),
    (
        pools_go.read,
        PGX + 'func f() { pgxpool.New(ctx, "postgres://a@db/x?pool_max_conns=11") }',
        11,
        11,
        3,
    ),
    (
        pools_text.prisma,
        'datasource db {\n  provider = "postgresql"\n  url = "postgres://a@h/d?connection_limit=5"\n}\n',
        5,
        5,
        3,
    ),
    (
        pools_text.prisma,
        'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n',
        1,
        UNBOUNDED,
        3,
    ),
    (
        pools_text.prisma,
        'datasource db {\n  provider = "postgresql"\n}\n',
        1,
        UNBOUNDED,
        2,
    ),
    (pools_python.read, SQLALCHEMY + "e = create_engine(\n", 1, UNBOUNDED, 2),
    (
        pools_text.npgsql,
        '{"C": {\n "Main": "Host=db;Database=shop;Username=a;Maximum Pool Size=40"}}',
        40,
        40,
        2,
    ),
    (pools_text.npgsql, '{"Main": "Host=db;Database=shop;Username=a"}', 100, 100, 1),
    (pools_text.ecto, "config :shop, Shop.Repo,\n  url: url,\n  pool_size: 20\n", 20, 20, 3),
    (
        pools_text.sqlx,
        "let pool = PgPoolOptions::new()\n    .max_connections(16)\n    .connect(&url).await?;",
        16,
        16,
        2,
    ),
]


@pytest.mark.parametrize(("reader", "code", "low", "high", "line"), SIZES)
def test_sizes(reader: Reader, code: str, low: int, high: int, line: int) -> None:
    """Each library's own setting, or its default, at the place that decides."""
    (made,) = reader(Text("a.js", code))
    assert (made.size.low, made.size.high) == (low, high)
    assert made.size.origin is not None
    assert made.size.origin.line == line


@pytest.mark.parametrize(
    ("reader", "code", "expression"),
    [
        (
            pools_python.read,
            SQLALCHEMY + "e = create_engine(URL, pool_size=int(os.environ['POOL']))",
            "int(os.environ['POOL'])",
        ),
        (pools_python.read, SQLALCHEMY + "e = create_engine(URL, **OPTIONS)", "**OPTIONS"),
        (
            pools_javascript.read,
            "import { Pool } from 'pg'\nnew Pool({ max: Number(process.env.MAX) })",
            "Number(process.env.MAX)",
        ),
        (pools_javascript.read, "import { Pool } from 'pg'\nnew Pool({ ...base })", "...base"),
        (pools_go.read, GO + "func f() { db.SetMaxOpenConns(cfg.Max) }", "cfg.Max"),
        (
            pools_text.ecto,
            'config :a, A.Repo,\n  pool_size: String.to_integer(System.get_env("N") || "10")\n',
            'String.to_integer(System.get_env("N") || "10")',
        ),
        (
            pools_text.sqlx,
            "PgPoolOptions::new().max_connections(cfg.pool()).connect(u);",
            "cfg.pool()",
        ),
    ],
)
def test_expressions_are_unknown(reader: Reader, code: str, expression: str) -> None:
    """A size that is no number in the file is not guessed; the reason quotes it."""
    (made,) = reader(Text("a.js", code))
    assert not made.size.exact
    assert expression in made.size.reason


@pytest.mark.parametrize(
    ("reader", "code"),
    [
        (pools_python.read, SQLALCHEMY + "create_engine('sqlite:///a.db')"),
        (pools_python.read, "from mine import create_engine\ncreate_engine(1)"),
        (pools_python.read, "import aiomysql\naiomysql.create_pool(max_size=3)"),
        (pools_python.read, "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}"),
        (pools_python.read, "def broken(:\n"),
        (pools_javascript.read, "import { Pool } from 'undici'\nnew Pool({max: 3})"),
        (pools_javascript.read, "new Sequelize(u, {dialect: 'mysql', pool: {max: 3}})"),
        (pools_javascript.read, "import knex from 'knex'\nknex({client: 'mysql2'})"),
        (pools_go.read, 'package a\nfunc f() { sql.Open("mysql", u) }'),
        (
            pools_go.read,
            'package a\nimport _ "github.com/go-sql-driver/mysql"\n'
            "func f() { db.SetMaxOpenConns(9) }",
        ),
        (pools_text.npgsql, '{"Main": "Server=db;Database=shop;User Id=sa"}'),
        (pools_text.prisma, 'datasource db {\n  provider = "mysql"\n  url = "mysql://a"\n}\n'),
        (pools_text.ecto, "config :shop, Shop.Cache, pool_size: 20\n"),
        (pools_python.read, "type X = int\ncreate_engine("),
        (pools_text.sqlx, "// PgPoolOptions::new().max_connections(3)\n"),
    ],
)
def test_other_pools_are_not_ours(reader: Reader, code: str) -> None:
    """Pools of other databases and libraries, and files that are broken, give nothing."""
    assert reader(Text("a.js", code)) == []


def done(folder: Path, files: dict[str, str]) -> Run:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return run([folder], Settings(), [])


ENGINE = SQLALCHEMY + "e = create_engine(os.environ['U'], pool_size=5,\n  max_overflow=10)\n"


def test_the_built_folder_is_the_service(tmp_path: Path) -> None:
    """2 replicas × 4 workers × (5 + 10); the finding stands where the pool is made."""
    found = done(tmp_path, {"compose.yml": COMPOSE, "api/shop/app.py": ENGINE})
    assert found.verdict is Standing.UNSAFE
    assert server(found).demand.high == 120
    assert ids(found) == {("PG103", "app.py", 2)}


def test_tests_and_migrations_are_no_part_of_the_service(tmp_path: Path) -> None:
    """Engines of tests and of Alembic's env.py do not run in the service's processes."""
    files = {"compose.yml": COMPOSE, "api/tests/app.py": ENGINE, "api/alembic/env.py": ENGINE}
    assert done(tmp_path, files).verdict is Standing.UNKNOWN


def test_the_environment_wins(tmp_path: Path) -> None:
    """A pool size in the deployment is what the deployment says, whatever the code's default."""
    compose = COMPOSE.replace("    deploy:", "      DB_POOL_SIZE: 3\n    deploy:")
    found = done(tmp_path, {"compose.yml": compose, "api/app.py": ENGINE})
    assert (found.verdict, server(found).demand.high) == (Standing.SAFE, 24)


def test_several_pools_are_a_range(tmp_path: Path) -> None:
    """Which of two pools a process makes is not known: at least one, at most both."""
    small = ENGINE.replace("pool_size=5", "pool_size=1").replace("overflow=10", "overflow=1")
    files = {"compose.yml": COMPOSE, "api/app.py": ENGINE, "api/worker.py": small}
    found = done(tmp_path, files)
    demand = server(found).demand
    assert (demand.low, demand.high) == (2 * 4 * 2, 2 * 4 * 17)
    assert found.verdict is Standing.UNKNOWN


def test_a_limit_replaces_the_default_of_another_file(tmp_path: Path) -> None:
    """sql.Open in one file of a Go program, SetMaxOpenConns in the next."""
    files = {
        "compose.yml": COMPOSE.replace("    command: gunicorn --workers 4 app:app\n", ""),
        "api/go.mod": "module api\n",
        "api/open.go": GO + 'func f() { sql.Open("postgres", u) }\n',
        "api/limit.go": GO + "func f() { db.SetMaxOpenConns(30) }\n",
    }
    found = done(tmp_path, files)
    assert (found.verdict, server(found).demand.high) == (Standing.SAFE, 60)


def test_code_that_nothing_deploys_is_never_unsafe(tmp_path: Path) -> None:
    """It names the server as its host, so it is not forgotten; its instances are not known."""
    jobs = ENGINE.replace("os.environ['U']", "'postgres://jobs@db/shop'").replace("=5", "=500")
    compose = COMPOSE.replace("    deploy:", "      DB_POOL_SIZE: 3\n    deploy:")
    found = done(tmp_path, {"compose.yml": compose, "jobs/jobs.py": jobs})
    assert found.verdict is Standing.UNKNOWN
    assert {id_ for id_, _, _ in ids(found)} == {"PG902"}
    assert any("how many instances of jobs run" in gap.reason for gap in found.report.undecided)


def test_code_that_names_no_server_changes_nothing(tmp_path: Path) -> None:
    """A tool beside the services, whose database is not known, raises no alarm."""
    compose = COMPOSE.replace("    deploy:", "      DB_POOL_SIZE: 3\n    deploy:")
    found = done(tmp_path, {"compose.yml": compose, "tools/report.py": ENGINE})
    assert found.verdict is Standing.SAFE


def test_most_files_are_not_decoded(tmp_path: Path) -> None:
    """A file without any library's words is looked at as bytes only."""
    files = {"compose.yml": COMPOSE, "api/app.py": ENGINE, "api/other.py": "print(1)\n"}
    found = done(tmp_path, files)
    assert tmp_path / "api" / "app.py" in found.context.texts
    assert tmp_path / "api" / "other.py" not in found.context.texts


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/db.ts", True),
        ("src/db.test.ts", False),
        ("test_db.py", False),
        ("db_test.go", False),
        ("appsettings.json", True),
        ("appsettings.Development.json", False),
        ("config/runtime.exs", True),
        ("config/dev.exs", False),
        ("prisma/schema.prisma", True),
        ("README.md", False),
    ],
)
def test_claims(path: str, expected: bool) -> None:
    """Code and the production settings, but neither tests nor settings of development."""
    assert may_make_pools(PurePath(path)) is expected


def test_the_dockerfile_says_how_many_workers(tmp_path: Path) -> None:
    """Without a command in the compose file, CMD starts the service; the code lies beside it."""
    compose = COMPOSE.replace("    command: gunicorn --workers 4 app:app\n", "")
    compose = compose.replace("./api", "{context: ., dockerfile: api/Dockerfile}")
    files = {
        "compose.yml": compose,
        "api/requirements.txt": "sqlalchemy\n",
        "api/Dockerfile": 'FROM python\nCMD ["uvicorn", "--workers", "3", "app:app"]\n',
        "api/app.py": ENGINE,
        "jobs/app.py": ENGINE,
    }
    found = done(tmp_path, files)
    assert (found.verdict, server(found).demand.high) == (Standing.SAFE, 2 * 3 * 15)
