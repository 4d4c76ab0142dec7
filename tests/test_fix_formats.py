# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard fix` in each format: from a bad state to a clean one, with one new file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connguard.engine.cli import main
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, load

TOPOLOGY = """
[[service]]
name = "web"
instances = 4
pool = 5
via = "direct"
database = "shop"
user = "app"
"""

LIMIT = 'ALTER ROLE "app" CONNECTION LIMIT 21;  -- connguard: 20 from the connection budget + 1\n'
BAD = "CREATE ROLE app LOGIN;\n"
MORE = "CREATE TABLE t (id int);\n"
STAY = (
    "-- The limits stay when this is rolled back: without them,\n"
    "-- one client can take every connection slot.\n"
)
JS_STAY = STAY.replace("-- ", "  // ")
STAMP = r"20\d{12}"

RAILS = """class Roles < ActiveRecord::Migration[7.1]
  def up
    execute "CREATE ROLE app LOGIN"
  end
end
"""
GOOSE_GO = """package migrations

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"
)

func init() {
	goose.AddMigrationContext(up, nil)
}

func up(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "CREATE ROLE other LOGIN CONNECTION LIMIT 5")
	return err
}
"""
ALEMBIC_1 = """from alembic import op
revision = "aaa"
down_revision = None
def upgrade():
    op.execute("CREATE ROLE app LOGIN")
"""
ALEMBIC_2 = """import sqlalchemy as sa
revision: str = "bbb"
down_revision: str | None = "aaa"
def upgrade():
    pass
"""
DJANGO_1 = """from django.db import migrations
class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.RunSQL("CREATE ROLE app LOGIN")]
"""
DJANGO_2 = """from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = []
"""

Files = dict[str, str]

FORMATS: dict[str, tuple[Files, Files]] = {
    "flyway": (
        {"sql/V1__roles.sql": BAD, "sql/V9__t.sql": MORE, "sql/V10__u.sql": "SELECT 1;"},
        {"sql/V11__limit_connections.sql": LIMIT},
    ),
    "flyway with undo and parts": (
        {"V1.9__roles.sql": BAD, "V1.10__t.sql": MORE, "U1.10__t.sql": "DROP TABLE t;"},
        {"V1.11__limit_connections.sql": LIMIT, "U1.11__limit_connections.sql": STAY},
    ),
    "flyway timestamps": (
        {"V20240101120000__roles.sql": BAD},
        {f"V{STAMP}__limit_connections.sql": LIMIT},
    ),
    "golang-migrate": (
        {
            "db/migrations/000009_roles.up.sql": BAD,
            "db/migrations/000009_roles.down.sql": "DROP ROLE app;",
        },
        {
            "db/migrations/000010_limit_connections.up.sql": LIMIT,
            "db/migrations/000010_limit_connections.down.sql": STAY,
        },
    ),
    "goose": (
        {"migrations/00001_roles.sql": f"-- +goose Up\n{BAD}\n-- +goose Down\nDROP ROLE app;\n"},
        {
            "migrations/00002_limit_connections.sql": (
                f"-- +goose Up\n{LIMIT}\n-- +goose Down\n{STAY}"
            )
        },
    ),
    "goose with programs": (
        {
            "migrations/00001_roles.sql": f"-- +goose Up\n{BAD}",
            "migrations/00002_more.go": GOOSE_GO,
        },
        {
            "migrations/00003_limit_connections.sql": (
                f"-- +goose Up\n{LIMIT}\n-- +goose Down\n{STAY}"
            )
        },
    ),
    "dbmate": (
        {"db/20240101120000_roles.sql": f"-- migrate:up\n{BAD}\n-- migrate:down\n"},
        {f"db/{STAMP}_limit_connections.sql": (f"-- migrate:up\n{LIMIT}\n-- migrate:down\n{STAY}")},
    ),
    "sql-migrate": (
        {"1-roles.sql": f"-- +migrate Up\n{BAD}-- +migrate Down\nDROP ROLE app;\n"},
        {"2-limit_connections.sql": f"-- +migrate Up\n{LIMIT}\n-- +migrate Down\n{STAY}"},
    ),
    "plain": (
        {"migrations/001-create-roles.sql": BAD, "migrations/002-add-tables.sql": MORE},
        {"migrations/003-limit-connections.sql": LIMIT},
    ),
    "play": (
        {"conf/evolutions/default/1.sql": f"# --- !Ups\n{BAD}\n# --- !Downs\nDROP ROLE app;\n"},
        {"conf/evolutions/default/2.sql": f"# --- !Ups\n{LIMIT}\n# --- !Downs\n{STAY}"},
    ),
    "prisma": (
        {"prisma/migrations/20240101120000_init/migration.sql": BAD},
        {f"prisma/migrations/{STAMP}_limit_connections/migration.sql": LIMIT},
    ),
    "diesel": (
        {
            "migrations/2024-01-01-120000_roles/up.sql": BAD,
            "migrations/2024-01-01-120000_roles/down.sql": "DROP ROLE app;",
        },
        {
            r"migrations/20\d\d-\d\d-\d\d-\d{6}_limit_connections/up.sql": LIMIT,
            r"migrations/20\d\d-\d\d-\d\d-\d{6}_limit_connections/down.sql": STAY,
        },
    ),
    "supabase": (
        {"supabase/migrations/20240101120000_roles.sql": BAD},
        {f"supabase/migrations/{STAMP}_limit_connections.sql": LIMIT},
    ),
    "rails": (
        {"db/migrate/20240101120000_roles.rb": RAILS},
        {
            f"db/migrate/{STAMP}_limit_connections.rb": (
                "class LimitConnections < ActiveRecord::Migration[7.1]\n"
                "  def up\n"
                "    execute <<~SQL\n"
                f"      {LIMIT}"
                "    SQL\n"
                "  end\n"
                "\n"
                "  def down\n"
                "    # The limits stay when this is rolled back: without them,\n"
                "    # one client can take every connection slot.\n"
                "  end\n"
                "end\n"
            )
        },
    ),
    "alembic": (
        {"alembic/versions/aaa_roles.py": ALEMBIC_1, "alembic/versions/bbb_t.py": ALEMBIC_2},
        {
            r"alembic/versions/(?P<revision>[0-9a-f]{12})_limit_connections.py": (
                '"""limit connections\n\nRevision ID: {revision}\nRevises: bbb\n"""\n\n'
                "from alembic import op\n\n"
                'revision = "{revision}"\ndown_revision = "bbb"\n'
                "branch_labels = None\ndepends_on = None\n\n\n"
                "def upgrade() -> None:\n"
                '    op.execute(\n        """\n'
                f"        {LIMIT}"
                '        """\n    )\n\n\n'
                "def downgrade() -> None:\n"
                "    # The limits stay when this is rolled back: without them,\n"
                "    # one client can take every connection slot.\n"
                "    pass\n"
            )
        },
    ),
    "knex": (
        {
            "migrations/20240101120000_roles.js": (
                'exports.up = (knex) => knex.raw("CREATE ROLE app LOGIN");\n'
            )
        },
        {
            f"migrations/{STAMP}_limit_connections.js": (
                f"exports.up = async (knex) => {{\n  await knex.raw(`\n    {LIMIT}  `);\n}};\n\n"
                f"exports.down = async () => {{\n{JS_STAY}}};\n"
            )
        },
    ),
    "knex module": (
        {
            "migrations/20240101120000_roles.mjs": (
                'export async function up(knex) {\n  await knex.raw("CREATE ROLE app LOGIN");\n}\n'
            )
        },
        {
            f"migrations/{STAMP}_limit_connections.mjs": (
                "export async function up(knex) {\n"
                f"  await knex.raw(`\n    {LIMIT}  `);\n}}\n\n"
                f"export async function down() {{\n{JS_STAY}}}\n"
            )
        },
    ),
    "node-pg-migrate": (
        {
            "migrations/1700000000000_roles.js": (
                'exports.up = (pgm) => { pgm.sql("CREATE ROLE app LOGIN"); };\n'
            )
        },
        {
            r"migrations/1\d{12}_limit_connections.js": (
                f"exports.up = async (pgm) => {{\n  await pgm.sql(`\n    {LIMIT}  `);\n}};\n\n"
                f"exports.down = async () => {{\n{JS_STAY}}};\n"
            )
        },
    ),
    "sequelize": (
        {
            "migrations/20240101120000-create-roles.js": (
                "module.exports = {\n"
                "  up: (queryInterface) => "
                'queryInterface.sequelize.query("CREATE ROLE app LOGIN"),\n'
                "};\n"
            )
        },
        {
            f"migrations/{STAMP}-limit-connections.js": (
                "exports.up = async (queryInterface) => {\n"
                f"  await queryInterface.sequelize.query(`\n    {LIMIT}  `);\n}};\n\n"
                f"exports.down = async () => {{\n{JS_STAY}}};\n"
            )
        },
    ),
    "django": (
        {
            "manage.py": "",
            "shop/migrations/0001_initial.py": DJANGO_1,
            "shop/migrations/0002_more.py": DJANGO_2,
        },
        {
            "shop/migrations/0003_limit_connections.py": (
                "from django.db import migrations\n\n\n"
                "class Migration(migrations.Migration):\n"
                '    dependencies = [("shop", "0002_more")]\n\n'
                "    operations = [\n"
                "        migrations.RunSQL(\n"
                '            """\n'
                f"            {LIMIT}"
                '            """,\n'
                "            # The limits stay when this is rolled back: without them,\n"
                "            # one client can take every connection slot.\n"
                "            reverse_sql=migrations.RunSQL.noop,\n"
                "        ),\n"
                "    ]\n"
            )
        },
    ),
}


def lay(folder: Path, files: Files) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def contents(folder: Path) -> Files:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fix(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["fix", *arguments])


def ids(folder: Path) -> list[str]:
    settings = folder / "connguard.toml"
    report = scan([folder], load(settings) if settings.exists() else Settings())
    assert report.failures == []
    return [finding.policy.id for finding in report.findings]


@pytest.mark.parametrize("name", FORMATS)
def test_round_trip(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad, fixed, clean; a second run writes nothing, and no file that was there changes."""
    before, expected = FORMATS[name]
    lay(tmp_path, {**before, "connguard.toml": TOPOLOGY})
    monkeypatch.chdir(tmp_path)
    assert ids(tmp_path) == ["PG001"]
    started = contents(tmp_path)

    result = fix()
    assert result.exit_code == 0, result.output
    written = dict(contents(tmp_path).items() - started.items())
    assert contents(tmp_path).items() >= started.items()
    assert len(written) == len(expected)
    for pattern, text in expected.items():
        matches = [match for match in (re.fullmatch(pattern, one) for one in written) if match]
        assert len(matches) == 1, (pattern, list(written))
        for key, value in matches[0].groupdict().items():
            text = text.replace(f"{{{key}}}", value)
        assert written[matches[0][0]] == text
        assert f"written: {matches[0][0]}\n" in result.output

    assert ids(tmp_path) == []
    finished = contents(tmp_path)
    again = fix()
    assert (again.exit_code, again.output) == (0, "")
    assert contents(tmp_path) == finished


@pytest.mark.parametrize("name", FORMATS)
def test_without_a_value(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new file fails the scan on its own line, and is not written a second time."""
    before, expected = FORMATS[name]
    lay(tmp_path, before)
    monkeypatch.chdir(tmp_path)
    started = contents(tmp_path)
    assert fix().exit_code == 1
    written = [one for one in contents(tmp_path) if one not in started]
    assert len(written) == len(expected)
    (finding,) = scan([tmp_path], Settings()).findings
    assert finding.policy.id == "PG001"
    assert finding.severity.value == "error"
    assert finding.origin.path in written
    line = (tmp_path / finding.origin.path).read_text().splitlines()[finding.origin.line - 1]
    assert 'ALTER ROLE "app" CONNECTION LIMIT -1;  -- connguard: choose a limit: ' in line

    finished = contents(tmp_path)
    again = fix()
    assert again.exit_code == 1
    assert f"{finding.origin}: a limit must still be chosen here" in again.stderr
    assert contents(tmp_path) == finished
    path = tmp_path / finding.origin.path
    path.write_text(path.read_text().replace("LIMIT -1", "LIMIT 8"))
    assert ids(tmp_path) == []
    assert fix().exit_code == 0


FLYWAY_JAVA = """package db.migration;

import org.flywaydb.core.api.migration.BaseJavaMigration;
import org.flywaydb.core.api.migration.Context;

public class V1__Roles extends BaseJavaMigration {
    public void migrate(Context context) throws Exception {
        context.getConnection().createStatement().execute("CREATE ROLE app LOGIN");
    }
}
"""

BY_HAND: dict[str, Files] = {
    "liquibase": {"db/roles.sql": f"--liquibase formatted sql\n--changeset a:1\n{BAD}"},
    "sqitch": {
        "sqitch.plan": "%syntax-version=1.0.0\n%project=p\n\nroles 2024-01-01T00:00:00Z a <a@b>\n",
        "deploy/roles.sql": BAD,
    },
    "atlas": {"migrations/atlas.sum": "h1:x\n1_roles.sql h1:x\n", "migrations/1_roles.sql": BAD},
    "initdb": {"docker-entrypoint-initdb.d/01-roles.sql": BAD},
    "no numbers": {"sql/roles.sql": BAD},
    "repeatable": {"V1__t.sql": MORE, "R__roles.sql": "ALTER ROLE app LOGIN CONNECTION LIMIT -1;"},
    "two heads": {
        "versions/aaa.py": ALEMBIC_1,
        "versions/bbb.py": ALEMBIC_2,
        "versions/ccc.py": ALEMBIC_2.replace("bbb", "ccc"),
    },
    "flyway with programs": {"src/main/java/db/migration/V1__Roles.java": FLYWAY_JAVA},
    "typeorm": {
        "migrations/1700000000000-Roles.ts": (
            'import { MigrationInterface, QueryRunner } from "typeorm";\n'
            "export class Roles1700000000000 implements MigrationInterface {\n"
            "  async up(queryRunner: QueryRunner) {\n"
            '    await queryRunner.query("CREATE ROLE app LOGIN");\n'
            "  }\n"
            "}\n"
        )
    },
    "unnumbered file behind": {"1_roles.sql": MORE, "z_roles.sql": BAD},
}


@pytest.mark.parametrize("name", BY_HAND)
def test_formats_that_are_not_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, nothing is written, and the SQL to paste is printed with the reason."""
    lay(tmp_path, {**BY_HAND[name], "connguard.toml": TOPOLOGY})
    monkeypatch.chdir(tmp_path)
    assert "PG001" in ids(tmp_path)
    started = contents(tmp_path)
    result = fix()
    assert result.exit_code == 2, result.output
    assert result.stdout == LIMIT
    assert "no file is written: " in result.stderr
    assert contents(tmp_path) == started
