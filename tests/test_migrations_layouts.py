# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders and choices of single layouts that the test directories do not show."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest

from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.migrations.initdb import locale_key
from connguard.migrations.names import for_postgresql, other_product
from connguard.migrations.products import is_dbt_template, product_of, product_of_all

MADE = "CREATE ROLE a LOGIN;\n"
LIMITED = "ALTER ROLE a CONNECTION LIMIT 5;\n"
FREED = "ALTER ROLE a CONNECTION LIMIT -1;\n"


def scanned(folder: Path, files: Mapping[str, str]) -> Report:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return scan([folder], Settings())


def places(report: Report) -> list[tuple[str, int]]:
    return [
        (Path(one.origin.path).name, one.origin.line)
        for one in report.findings
        if one.policy.id == "PG001"
    ]


def test_container_order() -> None:
    """The image's locale: letters and digits first, and digits are no numbers."""
    names = ["b.sql", "_c.sql", "A.sql", "2.sql", "10.sql", "1-x.sql", "1_w.sql"]
    assert sorted(names, key=locale_key) == [
        *("10.sql", "1_w.sql", "1-x.sql", "2.sql", "A.sql", "b.sql", "_c.sql")
    ]


def test_packed_initialization_script(tmp_path: Path) -> None:
    """*.sql.gz is unpacked; a broken one is reported as not parsed."""
    folder = tmp_path / "docker-entrypoint-initdb.d"
    folder.mkdir()
    (folder / "1.sql.gz").write_bytes(gzip.compress(("-- é\n" + MADE).encode()))
    (folder / "2.sql.gz").write_bytes(b"no gzip")
    report = scan([tmp_path], Settings())
    assert places(report) == [("1.sql.gz", 2)]
    assert [Path(gap.origin.path).name for gap in report.not_parsed] == ["2.sql.gz"]


def test_flyway_baseline_replaces_older_versions(tmp_path: Path) -> None:
    """A new database starts with the highest baseline migration."""
    report = scanned(
        tmp_path,
        {"V1__a.sql": MADE, "V2__b.sql": FREED, "B2__all.sql": MADE + LIMITED, "V3__c.sql": "\n"},
    )
    assert places(report) == []


def test_flyway_folders_of_one_location(tmp_path: Path) -> None:
    """Flyway searches a location with its folders; equal versions are different databases."""
    one = {"db/migration/2025/V1__a.sql": MADE, "db/migration/2026/V2__b.sql": LIMITED}
    assert places(scanned(tmp_path / "one", one)) == []
    two = {"db/migration/x/V1__a.sql": MADE, "db/migration/y/V1__b.sql": LIMITED}
    assert places(scanned(tmp_path / "two", two)) == [("V1__a.sql", 1)]


def test_flyway_versions_are_compared_number_by_number(tmp_path: Path) -> None:
    """1.10 runs after 1.9, 2 is 2.0, and repeatable ones run last."""
    files = {
        "R__limit.sql": LIMITED,
        "V1.9__a.sql": MADE,
        "V1.10__b.sql": FREED,
        "V2__c.sql": "SELECT 1;\n",
    }
    assert places(scanned(tmp_path, files)) == []


def test_sqitch_reworked_change(tmp_path: Path) -> None:
    """The earlier script of a reworked change has any of the tags in between in its name."""
    plan = "%project=p\n\na d A <a@b>\n@t1 d A <a@b>\n@t2 d A <a@b>\na [a@t2] d A <a@b>\n"
    report = scanned(
        tmp_path, {"sqitch.plan": plan, "deploy/a@t2.sql": MADE, "deploy/a.sql": FREED}
    )
    assert places(report) == [("a.sql", 1)]


def test_graphile_migrate(tmp_path: Path) -> None:
    """The current migration runs after the committed ones."""
    files = {"migrations/committed/000002.sql": MADE, "migrations/current/1-now.sql": FREED}
    assert places(scanned(tmp_path, files)) == [("1-now.sql", 1)]


def test_django_squashed_migration(tmp_path: Path) -> None:
    """A squashed migration runs instead of those that it replaces, whatever depends on those."""
    head = "from django.db import migrations\nclass Migration(migrations.Migration):\n"
    run = "    operations = [migrations.RunSQL('{}')]\n"
    files = {
        "app/migrations/0001_a.py": head + run.format("CREATE ROLE a LOGIN"),
        "app/migrations/0001_squashed.py": head
        + "    replaces = [('app', '0001_a')]\n"
        + run.format("CREATE ROLE a LOGIN CONNECTION LIMIT 5"),
        "app/migrations/0002_b.py": head
        + "    dependencies = [('app', '0001_a')]\n"
        + run.format("ALTER ROLE a CONNECTION LIMIT 6"),
    }
    report = scanned(tmp_path, files)
    assert report.findings == []
    assert report.undecided == []


def test_alembic_branches_and_merges(tmp_path: Path) -> None:
    """A merge revision comes after both of its parents, and what it depends on."""
    head = "from alembic import op\nrevision = '{}'\ndown_revision = {}\ndef upgrade():\n"
    run = "    op.execute('{}')\n"
    files = {
        "versions/c_root.py": head.format("r", None) + run.format("CREATE ROLE a LOGIN"),
        "versions/b_left.py": head.format("l", "'r'")
        + run.format("ALTER ROLE a CONNECTION LIMIT -1"),
        "versions/d_right.py": head.format("x", "'r'") + "    pass\n",
        "versions/a_merge.py": head.format("m", "('l', 'x')")
        + run.format("ALTER ROLE a CONNECTION LIMIT 5"),
    }
    assert places(scanned(tmp_path, files)) == []


@pytest.mark.parametrize(
    ("dbms", "holds"),
    [
        ("", True),
        ("postgresql", True),
        ("h2, postgresql", True),
        ("!mysql", True),
        ("all", True),
        ("mysql,h2", False),
        ("!postgresql", False),
        ("none", False),
    ],
)
def test_liquibase_dbms(dbms: str, holds: bool) -> None:
    """A change set runs on the databases that its dbms attribute names."""
    assert for_postgresql(dbms) is holds


@pytest.mark.parametrize("name", ["a.groovy", "../gone.xml"])
def test_liquibase_include_that_is_not_read(tmp_path: Path, name: str) -> None:
    """What a changelog includes and connguard does not read is reported there."""
    changelog = f"<databaseChangeLog>\n<include file='{name}'/>\n</databaseChangeLog>\n"
    report = scanned(tmp_path, {"changelog.xml": changelog, "a.groovy": "x"})
    assert [gap.origin.line for gap in report.not_parsed] == [2]


@pytest.mark.parametrize(
    "changelog",
    [
        '<!DOCTYPE d [<!ENTITY a "b">]>\n<databaseChangeLog>&a;</databaseChangeLog>',
        "<databaseChangeLog>\n<sql>",
    ],
)
def test_xml_that_is_refused(tmp_path: Path, changelog: str) -> None:
    """Entities and broken XML are reported, and nothing is expanded."""
    report = scanned(tmp_path, {"changelog.xml": changelog})
    assert [Path(gap.origin.path).name for gap in report.not_parsed] == ["changelog.xml"]


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("CREATE TABLE t (i INTEGER PRIMARY KEY AUTOINCREMENT);", "SQLite"),
        ("PRAGMA foreign_keys = ON;", "SQLite"),
        ("CREATE TABLE `t` (i int) ENGINE=InnoDB;", "MySQL"),
        ("ALTER TABLE t ADD COLUMN c int AFTER b;", "MySQL"),
        ("SELECT 1; -- AUTO_INCREMENT ENGINE=InnoDB", None),
        ("CREATE TABLE `t` (i int); CREATE ROLE a LOGIN;", None),
        ("SELECT '`x`';", None),
        ("# a comment\nINSERT INTO t VALUES (1);", "MySQL"),
        ("# --- !Ups\nCREATE TABLE t (i int);\n# --- !Downs\nDROP TABLE t;", None),
    ],
)
def test_product_by_content(text: str, product: str | None) -> None:
    """A text is another product's only if PostgreSQL refuses it and nothing is PostgreSQL's."""
    assert product_of(text) == product


def test_deep_expressions_do_not_make_another_product(tmp_path: Path) -> None:
    """In a folder of another product's name: what the server would take is PostgreSQL's."""
    deep = f"{MADE}SELECT {'NOT ' * 900}true;\n"
    report = scanned(tmp_path, {"oracle/1.sql": deep})
    assert ("PG001", 1) in {(one.policy.id, one.origin.line) for one in report.findings}


def test_product_of_a_history() -> None:
    """One text about roles keeps the whole history in the scan."""
    foreign = "CREATE TABLE `t` (i int) ENGINE=InnoDB;"
    assert product_of_all([foreign, "UPDATE a JOIN b SET c = 1;"]) == "MySQL"
    assert product_of_all([foreign, "ALTER USER app WITH PASSWORD 'x';"]) is None


def test_dbt_models_are_no_migrations() -> None:
    """dbt's templates are left out, unless they are about roles."""
    assert is_dbt_template("SELECT * FROM {{ ref('orders') }}", in_project=False)
    assert is_dbt_template("SELECT 1", in_project=True)
    assert not is_dbt_template("CREATE ROLE a; {{ ref('x') }}", in_project=True)


def test_variant_for_postgresql(tmp_path: Path) -> None:
    """`1_a.postgres.up.sql` runs instead of `1_a.up.sql`."""
    files = {"1_a.up.sql": FREED + MADE, "1_a.postgres.up.sql": MADE + LIMITED, "2_b.sql": "\n"}
    assert places(scanned(tmp_path, files)) == []


def test_words_of_other_products() -> None:
    """Folder names are looked at word by word."""
    assert other_product("docker/mysql-init/1.sql") == "mysql"
    assert other_product("mysql_to_postgres/1.sql") is None
    assert other_product("mysql_fdw/1.sql") is None


DEEP = "+".join(["'x'"] * 30_000)
NESTED = "(" * 30_000 + ")" * 30_000


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "versions/1.py",
            f"revision = '1'\ndown_revision = None\nA = {DEEP}\n"
            f"def upgrade():\n    op.execute({DEEP})\n",
        ),
        (
            "versions/1.py",
            f"revision = '1'\ndown_revision = None\n\ndef upgrade():\n    op.execute({NESTED})\n",
        ),
        (
            "app/migrations/1.py",
            "class Migration(migrations.Migration):\n"
            f"    operations = [migrations.RunSQL({DEEP})]\n",
        ),
        ("migrations/1.js", f"exports.up = (k) => k.raw({DEEP}); k.raw({NESTED});"),
        (
            "migrations/1.rb",
            f"class A < ActiveRecord::Migration[7.0]\n def up\n execute {DEEP}"
            f"\n execute {NESTED}\nend\nend\n",
        ),
        (
            "V1__a.java",
            f"class A extends BaseJavaMigration {{ void m() {{ s.execute({DEEP});"
            f" s.execute({NESTED}); }} }}",
        ),
        ("migrations/1.go", f"package m\nfunc Up1() {{ tx.Exec({DEEP}); tx.Exec({NESTED}) }}\n"),
        ("initdb/1.sh", "psql -c " + "$(echo " * 3000 + ")" * 3000 + "\n"),
        ("changelog.xml", "<databaseChangeLog>" + "<a>" * 3000 + "</a>" * 3000),
        ("changelog.json", '{"databaseChangeLog": ' + "[" * 3000 + "]" * 3000 + "}"),
    ],
)
def test_deep_nesting_never_crashes(tmp_path: Path, name: str, source: str) -> None:
    """What is nested too deeply is not parsed or undecided; it neither raises nor passes."""
    report = scanned(tmp_path, {name: source})
    assert report.failures == []
    assert report.not_parsed or report.undecided


def test_a_transaction_that_an_initialization_script_leaves_open(tmp_path: Path) -> None:
    """psql runs these files one by one and commits nothing; migration tools do commit."""
    files = {"01.sql": MADE, "02.sql": "BEGIN;\n" + LIMITED}
    image = {f"docker-entrypoint-initdb.d/{name}": text for name, text in files.items()}
    assert places(scanned(tmp_path / "a", image)) == [("01.sql", 1)]
    assert places(scanned(tmp_path / "b", {"migrations/" + k: v for k, v in files.items()})) == []
    image["docker-entrypoint-initdb.d/02.sql"] += "COMMIT;\n"
    assert places(scanned(tmp_path / "c", image)) == []
    image["docker-entrypoint-initdb.d/02.sql"] = "\\ir /none.sql\nBEGIN;\n" + LIMITED
    assert places(scanned(tmp_path / "d", image)) == [("01.sql", 1)]
    packed = tmp_path / "e" / "initdb.d"
    packed.mkdir(parents=True)
    (packed / "1.sql.gz").write_bytes(gzip.compress((MADE + "BEGIN;\n" + LIMITED).encode()))
    assert places(scan([tmp_path / "e"], Settings())) == [("1.sql.gz", 1)]
