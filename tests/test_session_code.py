# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PG112 in code: what counts as a use, and when it is certain that it goes through the pool."""

from __future__ import annotations

from pathlib import Path

import pytest
from tree_sitter import Tree

from connguard.budget import sessions_python
from connguard.budget.session_rules import feature_of
from connguard.budget.sessions_hosts import READERS
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, load
from connguard.engine.text import Text
from connguard.engine.tree_parsing import TooManyErrors
from connguard.migrations import tree_host


@pytest.mark.parametrize(
    ("sql", "feature"),
    [
        ("LISTEN jobs", "listen"),
        ('-- wake up\nlisten "Jobs";', "listen"),
        ("LISTEN ${channel}", "listen"),
        ("UNLISTEN jobs", None),
        ("NOTIFY jobs", None),
        ("SELECT pg_notify('jobs', 'x')", None),
        ("listen to the server", None),
        ("SELECT pg_advisory_lock(1)", "advisory-locks"),
        ("select 1, pg_try_advisory_lock_shared (1)", "advisory-locks"),
        ("SELECT pg_advisory_xact_lock(1)", None),
        ("SELECT pg_try_advisory_xact_lock(1)", None),
        ("waiting for pg_advisory_lock(1)", None),
        ("PREPARE find (int) AS SELECT $1", "sql-prepare"),
        ("PREPARE TRANSACTION 'x'", None),
        ("SET search_path TO tenant_1", "session-settings"),
        ("SET SESSION statement_timeout = 0", "session-settings"),
        ("SET app.tenant = '7'", "session-settings"),
        ("SET ROLE reader", "session-settings"),
        ("SELECT set_config('app.tenant', %s, false)", "session-settings"),
        ("SELECT set_config('app.tenant', %s, true)", None),
        ("SET LOCAL search_path TO tenant_1", None),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", None),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", None),
        ("SET CONSTRAINTS ALL DEFERRED", None),
        ("SET TIME ZONE 'UTC'", None),
        ("SET application_name = 'web'", None),
        ("SET NAMES utf8mb4", None),
        ("SET name = %s", None),
        ("UPDATE job SET role = 'x'", None),
        ("CREATE TEMP TABLE t (x int)", "temporary-tables"),
        ("create local temporary table t as select 1", "temporary-tables"),
        ("CREATE TEMP TABLE t (x int) ON COMMIT DROP", None),
        ("CREATE TABLE temp_table (x int)", None),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "holdable-cursors"),
        ("DECLARE c CURSOR FOR SELECT 1", None),
    ],
)
def test_statements(sql: str, feature: str | None) -> None:
    """Only what outlives a transaction, and only at the start of a statement."""
    assert feature_of(sql) == feature


def uses(language: str, code: str) -> list[tuple[str, int, str, bool]]:
    """Feature, line, library and whether it is turned off."""
    text = Text(f"code.{language}", code)
    found = sessions_python.read(text) if language == "python" else READERS[language](text)
    assert found is not None
    return sorted((one.feature, one.origin.line, one.library, one.off) for one in found)


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("python", 'SQL = "LISTEN jobs"\nc.execute(SQL)\n', [("listen", 2, "", False)]),
        ("python", 'c.execute(sql.SQL("LISTEN {}").format(x))\n', [("listen", 1, "", False)]),
        ("python", 'c.execute("LISTEN " + channel)\n', [("listen", 1, "", False)]),
        ("python", 'log.info("LISTEN jobs")\n', []),
        ("python", '"""LISTEN jobs"""\n', []),
        (
            "python",
            "s.execute(select(func.pg_advisory_lock(1)))\n",
            [("advisory-locks", 1, "", False)],
        ),
        ("python", "import asyncpg\nc.add_listener('x', f)\n", [("listen", 2, "", False)]),
        ("python", "bus.add_listener('x', f)\n", []),
        ("python", "import psycopg\nfor n in c.notifies():\n  pass\n", [("listen", 2, "", False)]),
        ("python", "c.cursor('x', withhold=True)\n", [("holdable-cursors", 1, "", False)]),
        (
            "python",
            "import asyncpg\nasyncpg.create_pool(url)\n",
            [("prepared-statements", 2, "asyncpg", False)],
        ),
        (
            "python",
            "import psycopg\npsycopg.connect(url, prepare_threshold=None)\n",
            [
                ("prepared-statements", 2, "psycopg", False),
                ("prepared-statements", 2, "psycopg", True),
            ],
        ),
        ("python", "import psycopg2\npsycopg2.connect(url)\n", []),
        ("python", "def (\n", []),
        ("javascript", "import createSubscriber from 'pg-listen';\n", [("listen", 1, "", False)]),
        (
            "javascript",
            "const { Client } = require('pg');\nclient.on('notification', f);\n",
            [("listen", 2, "", False)],
        ),
        ("javascript", "socket.on('notification', f);\n", []),
        ("javascript", "app.listen(3000); server.listen('/tmp/s', f);\n", []),
        ("javascript", "await client.query(`LISTEN ${name}`);\n", [("listen", 1, "", False)]),
        (
            "javascript",
            "await prisma.$executeRaw`SELECT pg_advisory_lock(1)`;\n",
            [("advisory-locks", 1, "", False)],
        ),
        (
            "javascript",
            "import pg from 'pg';\npool.query({ name: 'a', text: 'SELECT 1' });\n",
            [("prepared-statements", 2, "", False)],
        ),
        (
            "javascript",
            "import postgres from 'postgres';\nconst sql = postgres(url);\nsql.listen('a', f);\n",
            [("listen", 3, "", False), ("prepared-statements", 2, "postgres.js", False)],
        ),
        (
            "javascript",
            "import { run } from 'graphile-worker';\nrun({});\n",
            [("listen", 1, "", False)],
        ),
        ("javascript", "import { quickAddJob } from 'graphile-worker';\n", []),
        (
            "go",
            "package a\nfunc f() { pq.NewListener(dsn, a, b, nil) }\n",
            [("listen", 2, "", False)],
        ),
        ("go", "package a\nfunc f() { c.WaitForNotification(ctx) }\n", [("listen", 2, "", False)]),
        (
            "go",
            'package a\nfunc f() { db.ExecContext(ctx, "SELECT pg_advisory_lock($1)", 1) }\n',
            [("advisory-locks", 2, "", False)],
        ),
        (
            "go",
            'package a\nimport "github.com/jackc/pgx/v5"\nfunc f() { pgx.Connect(ctx, url) }\n',
            [("prepared-statements", 3, "pgx", False)],
        ),
        ("go", "package a\nfunc f() { net.Listen(tcp, x) }\n", []),
        (
            "ruby",
            "Base.connection.execute(<<~SQL)\n  SELECT pg_try_advisory_lock(1)\nSQL\n",
            [("advisory-locks", 1, "", False)],
        ),
        ("ruby", "Job.with_advisory_lock('a') { run }\n", [("advisory-locks", 1, "", False)]),
        ("ruby", "Job.with_advisory_lock('a', transaction: true) { run }\n", []),
        ("ruby", "job.with_advisory_lock(function: 'pg_advisory_xact_lock') { run }\n", []),
        (
            "javascript",
            "import PgBoss from 'pg-boss';\nnew PgBoss({ useListenNotify: true });\n",
            [("listen", 2, "", False)],
        ),
        ("javascript", "import PgBoss from 'pg-boss';\nnew PgBoss(url);\n", []),
        (
            "go",
            "package a\nvar c = river.NewClient(riverpgxv5.New(p), &river.Config{Queues: q})\n",
            [("listen", 2, "", False)],
        ),
        (
            "ruby",
            "Rails.application.configure do\n  config.active_job.queue_adapter = :good_job\nend\n",
            [("advisory-locks", 2, "", False)],
        ),
        ("ruby", "config.active_job.queue_adapter = :sidekiq\n", []),
        ("ruby", "# config.active_job.queue_adapter = :que\n", []),
        (
            "elixir",
            "config :shop, Oban,\n  repo: Shop.Repo,\n  queues: [default: 10]\n",
            [("listen", 1, "Oban", False)],
        ),
        (
            "elixir",
            "config :shop, Oban,\n  repo: Shop.Repo,\n  notifier: Oban.Notifiers.PG\n",
            [("listen", 1, "Oban", True)],
        ),
        ("elixir", "config :shop, Oban, testing: :manual\n", []),
        ("elixir", "{Postgrex.Notifications, config}\n", [("listen", 1, "", False)]),
        (
            "java",
            'class A { void f() { s.execute("LISTEN jobs"); } }\n',
            [("listen", 1, "", False)],
        ),
        (
            "kotlin",
            'fun f() { s.execute("SET search_path TO a") }\n',
            [("session-settings", 1, "", False)],
        ),
        ("rust", "let l = PgListener::connect(&url).await?;\n", [("listen", 1, "", False)]),
        ("rust", "// PgListener::connect(&url)\n", []),
        (
            "prisma",
            'datasource db {\n  provider = "postgresql"\n}\n',
            [("prepared-statements", 2, "Prisma", False)],
        ),
        (
            "prisma",
            'generator c {\n  previewFeatures = ["driverAdapters"]\n}\n'
            'datasource db {\n  provider = "postgresql"\n}\n',
            [],
        ),
        (
            "cable",
            "development:\n  adapter: async\nproduction:\n  adapter: postgresql\n",
            [("listen", 4, "", False)],
        ),
        ("cable", "development:\n  adapter: postgresql\nproduction:\n  adapter: redis\n", []),
    ],
)
def test_code(language: str, code: str, expected: list[tuple[str, int, str, bool]]) -> None:
    """Calls that run SQL, and clients that need a session by themselves."""
    assert uses(language, code) == expected


COMPOSE = """services:
  web:
    build: ./app
    environment:
      DATABASE_URL: postgres://shop_app@pgbouncer/shop{options}
{variables}  pgbouncer:
    image: edoburu/pgbouncer:{version}
    volumes:
      - ./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini
  db:
    image: postgres:16
{more}"""
INI = """[databases]
shop = host=db dbname=shop user=shop_app

[pgbouncer]
pool_mode = {mode}
{setting}"""
LOCK = 'cursor.execute("SELECT pg_advisory_lock(1)")\n'
WORKER = "  worker:\n    build: ./app\n    environment:\n      DATABASE_URL: postgres://shop_app@{}/shop\n"


def findings(
    folder: Path,
    code: str = LOCK,
    *,
    options: str = "",
    variables: str = "",
    version: str = "1.24.1",
    mode: str = "transaction",
    setting: str = "",
    more: str = "",
    name: str = "app/web.py",
) -> list[tuple[str, int]]:
    """Where PG112 fires, and as `?` where it cannot be decided."""
    compose = COMPOSE.format(options=options, variables=variables, version=version, more=more)
    (folder / "compose.yml").write_text(compose)
    (folder / "pgbouncer.ini").write_text(INI.format(mode=mode, setting=setting))
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code)
    toml = folder / "connguard.toml"
    report = scan([folder], load(toml) if toml.is_file() else Settings())
    found = [one.origin for one in report.findings if one.policy.id == "PG112"]
    unsure = [one.origin for one in report.undecided if one.policy_id == "PG112"]
    return sorted(
        [(Path(one.path).name, one.line) for one in found] + [("?", one.line) for one in unsure]
    )


def test_a_service_behind_a_transaction_pool(tmp_path: Path) -> None:
    """The finding stands at the call."""
    assert findings(tmp_path) == [("web.py", 1)]


@pytest.mark.parametrize(
    "case",
    [
        {"mode": "session"},
        {"more": WORKER.format("db")},
        {"variables": "      LISTEN_URL: postgres://shop_app@db/shop\n"},
        {"variables": "      DIRECT_DATABASE_URL: ${DIRECT}\n"},
        {"more": "  cron:\n    build: ./app\n"},
        {"name": "app/tests/web.py"},
        {"name": "app/migrations/web.py"},
        {"name": "other/web.py"},
    ],
    ids=str,
)
def test_what_is_not_certain_is_no_finding(tmp_path: Path, case: dict[str, str]) -> None:
    """Another mode, another way to the server, or code of which nobody says that it runs there."""
    assert findings(tmp_path, **case) == []


@pytest.mark.parametrize(
    "more", [WORKER.format("pgbouncer"), WORKER.format("db").replace("worker", "migrate")]
)
def test_others_that_do_not_change_the_way(tmp_path: Path, more: str) -> None:
    """A second service behind the pool, and one that only runs migrations."""
    assert set(findings(tmp_path, more=more)) == {("web.py", 1)}


PREPARES = "import asyncpg\npool = asyncpg.create_pool(url, max_size=2)\n"


@pytest.mark.parametrize(
    ("version", "setting", "expected"),
    [
        ("1.18.0", "", [("web.py", 2)]),
        ("1.21.0", "", [("web.py", 2)]),
        ("1.21.0", "max_prepared_statements = 100\n", []),
        ("1.24.1", "", []),
        ("1.24.1", "max_prepared_statements = 0\n", [("web.py", 2)]),
        ("latest", "", [("?", 2)]),
    ],
)
def test_the_version_decides_about_prepared_statements(
    tmp_path: Path, version: str, setting: str, expected: list[tuple[str, int]]
) -> None:
    """Tracked from 1.21 with a setting, by default from 1.24; before, the driver must not."""
    assert findings(tmp_path, PREPARES, version=version, setting=setting) == expected


def test_prepared_statements_that_are_turned_off(tmp_path: Path) -> None:
    """In the code of the service, or in its connection string."""
    off = PREPARES.replace("max_size=2", "statement_cache_size=0")
    assert findings(tmp_path, off, version="1.18.0") == []
    options = "?statement_cache_size=0"
    assert findings(tmp_path, PREPARES, version="1.18.0", options=options) == []


def test_prisma_needs_its_parameter(tmp_path: Path) -> None:
    """`?pgbouncer=true`, where the pooler does not track prepared statements."""
    schema = 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n'
    name = "app/prisma/schema.prisma"
    assert findings(tmp_path, schema, name=name, version="1.18.0") == [("schema.prisma", 2)]
    options = "?pgbouncer=true"
    assert findings(tmp_path, schema, name=name, version="1.18.0", options=options) == []


def test_a_comment_suppresses_it(tmp_path: Path) -> None:
    """In the code, beside the call."""
    code = LOCK.rstrip() + "  # connguard: ignore PG112 released in the same transaction\n"
    assert findings(tmp_path, code) == []


def test_a_declared_service_names_its_code(tmp_path: Path) -> None:
    """`source` says which folder a declared service runs."""
    (tmp_path / "connguard.toml").write_text(
        '[[service]]\nname = "jobs"\npool = 2\ninstances = 1\nvia = "pgbouncer"\n'
        'database = "shop"\nuser = "shop_app"\nsource = "jobs"\n'
    )
    assert findings(tmp_path, name="jobs/run.py") == [("run.py", 1)]


@pytest.mark.parametrize("declared", [False, True])
def test_code_that_cannot_be_read_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declared: bool
) -> None:
    """The service may need a session there, and nobody can tell. It is said once."""

    def stuck(_parser: object, _source: bytes) -> Tree:
        raise TooManyErrors("stuck")

    monkeypatch.setattr(tree_host, "tree_of", stuck)
    folder = "jobs" if declared else "app"
    if declared:
        (tmp_path / "connguard.toml").write_text(
            '[[service]]\nname = "jobs"\npool = 2\ninstances = 1\nvia = "pgbouncer"\n'
            'database = "shop"\nuser = "shop_app"\nsource = "jobs"\n'
        )
    for mode, expected in (("session", []), ("transaction", [("web.js", 1, "stuck")])):
        findings(tmp_path, "await client.query('LISTEN x')\n", name=f"{folder}/web.js", mode=mode)
        toml = tmp_path / "connguard.toml"
        report = scan([tmp_path], load(toml) if declared else Settings())
        gaps = [
            (Path(one.origin.path).name, one.origin.line, one.reason) for one in report.not_parsed
        ]
        assert [gap for gap in gaps if gap[2] == "stuck"] == expected
        assert report.failures == []


def test_python_that_cannot_be_parsed_is_a_gap(tmp_path: Path) -> None:
    """If it talks to PostgreSQL: what was written for Python 2 may do anything."""
    broken = "import psycopg2\nprint 'x'\ncursor.execute('LISTEN jobs')\n"
    for content, expected in ((broken, 1), (broken.replace("psycopg2", "mysql"), 0)):
        findings(tmp_path, content, name="app/web.py", mode="transaction")
        report = scan([tmp_path], Settings())

        gaps = [one for one in report.not_parsed if one.origin.path.endswith("web.py")]
        assert [one.origin.line for one in gaps] == [1] * expected
        assert all("what this code needs of a session" in one.reason for one in gaps)


def test_a_password_from_elsewhere_does_not_hide_the_pooler(tmp_path: Path) -> None:
    """The pooler of an image is known by its address, whatever its password is."""
    compose = (
        "services:\n"
        "  web:\n"
        "    build: ./app\n"
        "    environment:\n"
        "      DATABASE_URL: postgres://shop:${PW:?set it}@pgbouncer:5432/shop\n"
        "  pgbouncer:\n"
        "    image: edoburu/pgbouncer:v1.24.1-p1\n"
        "    environment:\n"
        "      DATABASE_URL: postgres://shop:${PW:?set it}@db/shop\n"
        "      POOL_MODE: transaction\n"
        "  db:\n"
        "    image: postgres:16\n"
        "  other:\n"
        "    image: postgres:16\n"
    )
    (tmp_path / "compose.yml").write_text(compose)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "web.py").write_text(LOCK)
    found = [one for one in scan([tmp_path], Settings()).findings if one.policy.id == "PG112"]
    assert [(Path(one.origin.path).name, one.origin.line) for one in found] == [("web.py", 1)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("  prepared_statements: true\n", [("database.yml", 5)]),
        ("", [("database.yml", 2)]),
        ("  prepared_statements: false\n", []),
        ("  prepared_statements: false\n  advisory_locks: true\n", [("database.yml", 6)]),
    ],
)
def test_rails(tmp_path: Path, lines: str, expected: list[tuple[str, int]]) -> None:
    """Prepared statements are on where nothing is said; advisory locks only where it is said."""
    settings = f"production:\n  adapter: postgresql\n  host: pgbouncer\n  database: shop\n{lines}"
    name = "shop/config/database.yml"
    assert findings(tmp_path, settings, name=name, version="1.18.0") == expected


def test_warnings_about_other_peoples_code_are_not_shown(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """Python warns of odd escapes and numbers when it parses them."""
    assert findings(tmp_path, 'pattern = "\\d"\nn = 1if x else 2\n' + LOCK) == [("web.py", 3)]
    assert [one for one in recwarn.list if issubclass(one.category, SyntaxWarning)] == []
    assert [one for one in recwarn.list if issubclass(one.category, DeprecationWarning)] == []
