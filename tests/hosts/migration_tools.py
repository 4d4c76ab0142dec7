# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools themselves apply the test directories to a server; its roles are those of the replay.

The tools come from tools/install_migration_tools.sh. They run against a PostgreSQL of their own, so
that roles, which belong to the whole server, do not meet.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from servers import Postgres, oldest_postgres
from sql_session import RoleRow, Session

from connguard.engine.discovery import discover
from connguard.engine.reading import Context
from connguard.engine.settings import Settings
from connguard.migrations.claims import may_hold_sql
from connguard.migrations.histories import histories
from connguard.migrations.pool import Pool
from connguard.policies.model.facts import UNLIMITED
from connguard.policies.model.origin import Known, Value
from connguard.sql_rules.replay import final_state
from connguard.sql_rules.state import Existence, Kind

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "tests" / "data" / "migrations"
TOOLS = Path(
    os.environ.get("CONNGUARD_MIGRATION_TOOLS", REPOSITORY / "build" / "migration-tools")
).absolute()
NPM = TOOLS / "node_modules" / ".bin"
PYTHON = TOOLS / "venv" / "bin" / "python"


@pytest.fixture
def server() -> Iterator[Postgres]:
    with Postgres(oldest_postgres()) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the directory of the format that the test is for."""
    name: str = request.param
    folder = tmp_path / name
    shutil.copytree(DATA / name, folder)
    return folder


def run(command: Sequence[str | Path], folder: Path, server: Postgres, **more: str) -> None:
    """Run a tool; it must succeed."""
    url = f"postgres://postgres@{server.host}:{server.port}/postgres?sslmode=disable"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": "postgres",
        "PGDATABASE": "postgres",
        "NODE_PATH": str(TOOLS / "node_modules"),
        **more,
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def replayed(folder: Path) -> Mapping[str, RoleRow]:
    """The roles that the replay knows for certain, as pg_roles would show them."""
    found = discover([folder], wanted=may_hold_sql)
    pool = Pool(found.files, Context((folder,), Settings()))
    (history,) = list(histories(pool))
    state = final_state(history.scripts)
    roles = {}
    for name in state.named(Kind.ROLE):
        (entity,) = state.get(Kind.ROLE, name)
        if entity.existence is Existence.PRESENT:
            roles[name.shown] = RoleRow(
                known(entity.limit, UNLIMITED),
                bool(known(entity.login, False)),
                bool(known(entity.superuser, False)),
            )
    return roles


def known(value: Value[int] | Value[bool] | None, default: int) -> int:
    if value is None:
        return default
    assert isinstance(value, Known)
    return value.value


def check(folder: Path, server: Postgres) -> None:
    expected = replayed(folder)
    assert expected
    assert Session(server).roles() == expected


@pytest.mark.parametrize("project", ["alembic"], indirect=True)
def test_alembic(project: Path, server: Postgres) -> None:
    """Alembic runs revisions in graph order, with every way to write SQL in Python."""
    (project / "alembic.ini").write_text("[alembic]\nscript_location = .\n")
    (project / "env.py").write_text(
        "import os\n"
        "import sqlalchemy\n"
        "from alembic import context\n"
        "url = sqlalchemy.URL.create('postgresql+psycopg', 'postgres', host=os.environ['PGHOST'],\n"
        "                            port=int(os.environ['PGPORT']), database='postgres')\n"
        "with sqlalchemy.create_engine(url).connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
    )
    run([PYTHON, "-m", "alembic", "upgrade", "heads"], project, server)
    check(project, server)


@pytest.mark.parametrize("project", ["django"], indirect=True)
def test_django(project: Path, server: Postgres) -> None:
    """Django runs RunSQL and RunPython in the order of the dependencies over all apps."""
    # Not in the repository: Checkov would run a cloned folder that has one (tests/test_layout.py).
    for migrations in project.glob("*/migrations"):
        (migrations / "__init__.py").touch()
        (migrations.parent / "__init__.py").touch()
    (project / "project_settings.py").write_text(
        "import os\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'postgres',\n"
        "    'USER': 'postgres', 'HOST': os.environ['PGHOST'], 'PORT': os.environ['PGPORT']}}\n"
        "INSTALLED_APPS = ['accounts', 'shop']\n"
    )
    for package in (
        *project.glob("*/migrations"),
        *(project / app for app in ("accounts", "shop")),
    ):
        (package / "__init__.py").write_text("")
    settings = {"DJANGO_SETTINGS_MODULE": "project_settings", "PYTHONPATH": str(project)}
    run([PYTHON, "-m", "django", "migrate"], project, server, **settings)
    (project / "project_settings.py").unlink()
    check(project, server)


@pytest.mark.parametrize("project", ["yoyo"], indirect=True)
def test_yoyo(project: Path, server: Postgres) -> None:
    """yoyo runs steps, which are texts or functions, and SQL files between them."""
    url = f"postgresql+psycopg://postgres@{server.host}:{server.port}/postgres"
    yoyo = TOOLS / "venv" / "bin" / "yoyo"
    options = ["--batch", "--no-config-file", "--database", url]
    run([yoyo, "apply", *options, "migrations"], project, server)
    check(project, server)


@pytest.mark.parametrize("project", ["sqitch"], indirect=True)
def test_sqitch(project: Path, server: Postgres) -> None:
    """sqitch deploys in the order of its plan; a reworked change runs in both forms."""
    target = f"db:pg://postgres@{server.host}:{server.port}/postgres"
    identity = {"SQITCH_FULLNAME": "A", "SQITCH_EMAIL": "a@example.com"}
    run(["sqitch", "deploy", target], project, server, **identity)
    check(project, server)


@pytest.mark.parametrize("project", ["dbmate", "golang_migrate"], indirect=True)
def test_dbmate(project: Path, server: Postgres) -> None:
    """dbmate runs the up sections; golang-migrate's files are put under its markers."""
    if project.name == "golang_migrate":
        for path in project.glob("*.up.sql"):
            content = path.read_text()
            path.write_text(f"-- migrate:up\n{content}\n-- migrate:down\n")
        for path in project.glob("*.down.sql"):
            path.unlink()
    run([NPM / "dbmate", "--migrations-dir", ".", "--no-dump-schema", "migrate"], project, server)
    check(project, server)


@pytest.mark.parametrize("project", ["knex"], indirect=True)
def test_knex(project: Path, server: Postgres) -> None:
    """Knex runs exports.up."""
    (project / "knexfile.js").write_text(
        "module.exports = {client: 'pg', connection: process.env.DATABASE_URL};\n"
    )
    run([NPM / "knex", "migrate:latest"], project, server)
    check(project, server)


@pytest.mark.parametrize("project", ["node_pg_migrate", "node_pg_migrate_sql"], indirect=True)
def test_node_pg_migrate(project: Path, server: Postgres) -> None:
    """node-pg-migrate's role functions write the SQL that we take them for."""
    folder = "migrations" if (project / "migrations").is_dir() else "."
    run([NPM / "node-pg-migrate", "up", "--migrations-dir", folder], project, server)
    check(project, server)


@pytest.mark.parametrize("project", ["sequelize"], indirect=True)
def test_sequelize(project: Path, server: Postgres) -> None:
    """Sequelize runs `up` of module.exports."""
    command: list[str | Path] = [
        NPM / "sequelize-cli",
        "db:migrate",
        "--migrations-path",
        "migrations",
    ]
    url = f"postgres://postgres@{server.host}:{server.port}/postgres"
    run([*command, "--url", url], project, server)
    check(project, server)


@pytest.mark.parametrize("project", ["drizzle"], indirect=True)
def test_drizzle(project: Path, server: Postgres) -> None:
    """Drizzle runs the files in the order of its journal."""
    (project.parent / "run.cjs").write_text(
        "const { drizzle } = require('drizzle-orm/node-postgres');\n"
        "const { migrate } = require('drizzle-orm/node-postgres/migrator');\n"
        "const { Pool } = require('pg');\n"
        "const pool = new Pool({ connectionString: process.env.DATABASE_URL });\n"
        "migrate(drizzle(pool), { migrationsFolder: process.argv[2] })\n"
        "  .then(() => pool.end(), (error) => { console.error(error); process.exit(1); });\n"
    )
    run(["node", project.parent / "run.cjs", project], project, server)
    check(project, server)


@pytest.mark.parametrize("project", ["rails"], indirect=True)
def test_active_record(project: Path, server: Postgres) -> None:
    """ActiveRecord runs `up`, `change` and what `reversible` says of it."""
    (project / "run.rb").write_text(
        "require 'active_record'\n"
        "ActiveRecord::Base.establish_connection(ENV['DATABASE_URL'])\n"
        "ActiveRecord::MigrationContext.new('db/migrate', ActiveRecord::SchemaMigration).migrate\n"
    )
    run(["ruby", "run.rb"], project, server)
    check(project, server)


@pytest.mark.parametrize("project", ["docker-entrypoint-initdb.d"], indirect=True)
def test_initialization_scripts(project: Path, server: Postgres) -> None:
    """bash and psql themselves: here documents, expansions, options, pipes and files."""
    variables = {"POSTGRES_USER": "postgres", "PASSWORD": "secret"}
    for script in sorted(path for path in project.iterdir() if path.is_file()):
        by = ["bash"] if script.suffix == ".sh" else ["psql", "-v", "ON_ERROR_STOP=1", "-f"]
        run([*by, script.name], project, server, **variables)
    check(project, server)


@pytest.mark.parametrize("project", ["flyway"], indirect=True)
def test_psql_variables_of_placeholders(project: Path, server: Postgres) -> None:
    """Flyway's files in version order, with its placeholders filled in by hand.

    Flyway itself is not packaged; this checks the order and the values, not its detection.
    """
    values = {"${app_limit}": "-1", "${batch_limit}": "5", "${later}": "5"}
    for name in ("V1__roles", "V2.1__batch", "V10__app", "R__grants"):
        text = (project / "sql" / f"{name}.sql").read_text()
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        (project / "one.sql").write_text(text)
        run(["psql", "-v", "ON_ERROR_STOP=1", "-f", "one.sql"], project, server)
    (project / "one.sql").unlink()
    (project / "sql" / "R__grants.sql").write_text("SELECT 1;\n")
    check(project, server)
