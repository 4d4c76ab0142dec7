# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain folders of SQL: which files belong together, in which order and direction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from connguard.engine.natural import natural_key
from connguard.engine.reading import Context, SourceFile
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.migrations.histories import histories
from connguard.migrations.history import History
from connguard.migrations.names import other_product
from connguard.migrations.pool import Pool
from connguard.migrations.sections import sections
from connguard.sql_rules.script import Direction


def write(folder: Path, files: Mapping[str, str]) -> list[SourceFile]:
    """Write files and give them as a scan of `folder` would."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return [SourceFile(folder / name, name) for name in sorted(files)]


def read(folder: Path, names: list[str]) -> list[History]:
    files = write(folder, dict.fromkeys(names, "SELECT 1;\n"))
    return list(histories(Pool(files, Context((folder,), Settings()))))


def test_versions_are_ordered_as_numbers() -> None:
    """V2 runs before V10, also where the numbers have leading zeros or the case differs."""
    names = ["V10__c.sql", "v2__b.sql", "V001__a.sql", "readme.sql"]
    assert sorted(names, key=natural_key) == [
        "readme.sql",
        "V001__a.sql",
        "v2__b.sql",
        "V10__c.sql",
    ]


def test_files_of_a_folder_are_one_history(tmp_path: Path) -> None:
    """Edge 37: only one history in migration order gives the truth about a role."""
    found = read(tmp_path, ["migrations/10_c.sql", "migrations/2_b.sql", "migrations/1_a.sql"])
    assert [[script.name for script in history.scripts] for history in found] == [
        ["migrations/1_a.sql", "migrations/2_b.sql", "migrations/10_c.sql"]
    ]
    assert [history.describe() for history in found] == [
        "migrations/: plain SQL in natural order of names, 3 files"
    ]


def test_folders_are_independent(tmp_path: Path) -> None:
    """Two services' migrations are two databases."""
    found = read(tmp_path, ["a/migrations/1.sql", "b/migrations/1.sql"])
    assert [history.root for history in found] == ["a/migrations", "b/migrations"]


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (
            [
                "prisma/migrations/20260102_b/migration.sql",
                "prisma/migrations/20260101_a/migration.sql",
            ],
            [
                "prisma/migrations/20260101_a/migration.sql",
                "prisma/migrations/20260102_b/migration.sql",
            ],
        ),
        (
            ["db/2_b/up.sql", "db/2_b/down.sql", "db/10_c/up.sql"],
            ["db/2_b/down.sql", "db/2_b/up.sql", "db/10_c/up.sql"],
        ),
        (
            ["migrations/v2/001.sql", "migrations/v10/001.sql", "migrations/v1/001.sql"],
            ["migrations/v1/001.sql", "migrations/v2/001.sql", "migrations/v10/001.sql"],
        ),
    ],
)
def test_one_folder_per_migration(tmp_path: Path, names: list[str], order: list[str]) -> None:
    """Folders of one migration each, or of one release each, are one history."""
    (found,) = read(tmp_path, names)
    assert [script.name for script in found.scripts] == order


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("1_roles.up.sql", Direction.UP),
        ("1_roles.down.sql", Direction.DOWN),
        ("1_roles.undo.sql", Direction.DOWN),
        ("1_roles/up.sql", Direction.UP),
        ("1_roles/down.sql", Direction.DOWN),
        ("V1__roles.sql", Direction.UP),
        ("U1__roles.sql", Direction.DOWN),
        ("2_scale_down.sql", Direction.UP),
    ],
)
def test_direction_in_the_name(tmp_path: Path, name: str, direction: Direction) -> None:
    """Edge 38: rollback files are told by their names, also when they are scanned alone."""
    (found,) = read(tmp_path, [name])
    assert [chunk.direction for chunk in found.scripts[0].chunks] == [direction]


def test_down_word_beside_a_forward_file(tmp_path: Path) -> None:
    """Edge 38: `1_roles_down.sql` is a rollback where `1_roles.sql` or `1_roles_up.sql` exists."""
    (found,) = read(tmp_path, ["1_a.sql", "1_a_down.sql", "2_b_up.sql", "2_b_down.sql"])
    assert {script.name: script.chunks[0].direction for script in found.scripts} == {
        "1_a.sql": Direction.UP,
        "1_a_down.sql": Direction.DOWN,
        "2_b_up.sql": Direction.UP,
        "2_b_down.sql": Direction.DOWN,
    }


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("-- +goose Up", "-- +goose Down"),
        ("-- +migrate Up notransaction", "-- +migrate Down"),
        ("-- migrate:up transaction:false", "-- migrate:down"),
        ("--migrate:up", "--migrate:down"),
        ("# --- !Ups", "# --- !Downs"),
        ("-- rambler up", "-- rambler down"),
        ("-- ==== UP ====", "-- ==== DOWN ===="),
        ("-- // First migration.", "-- //@UNDO"),
        ("-- comment", "---- create above / drop below ----"),
        ("-- Up Migration", "-- Down Migration"),
    ],
)
def test_direction_in_marker_lines(up: str, down: str) -> None:
    """Edge 38: what stands under a rollback marker never makes the state."""
    text = Text("1.sql", f"{up}\r\nCREATE ROLE a;\r\n{down}\r\nDROP ROLE a;\r\n")
    chunks = sections(text)
    forward = "".join(chunk.text for chunk in chunks if chunk.direction is Direction.UP)
    backward = "".join(chunk.text for chunk in chunks if chunk.direction is Direction.DOWN)
    assert "CREATE ROLE a;" in forward
    assert "DROP ROLE a;" not in forward
    assert "DROP ROLE a;" in backward


def test_section_places() -> None:
    """A chunk maps to the lines and columns of the whole file."""
    text = Text("1.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 'ä', 2;\n")
    chunk = sections(text)[-1]
    start = chunk.text.index("2;")
    origin = chunk.origin(start, start + 1)
    assert (origin.path, origin.line, origin.column, origin.end_column) == ("1.sql", 4, 13, 14)


def test_a_comment_is_no_marker() -> None:
    """The word "down" in a comment hides nothing."""
    text = Text("1.sql", "-- Down\nALTER ROLE a CONNECTION LIMIT -1;\n-- scale up\n-- scale down\n")
    assert {chunk.direction for chunk in sections(text)} == {Direction.UP}


def test_other_products() -> None:
    """Migrations for MySQL or SQLite are no PostgreSQL; a name that only begins so says nothing."""
    assert other_product("migrations/mysql/1.sql") == "mysql"
    assert other_product("db/1_a.sqlite3.up.sql") == "sqlite3"
    assert other_product("db/mysql_fdw.sql") is None


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("oracle/1.sql", "CREATE ROLE app LOGIN CONNECTION LIMIT -1;", True),
        ("oracle/1.sql", "\\set x 1\nCREATE ROLE app LOGIN CONNECTION LIMIT -1;", True),
        ("sqlite/1.sql", "DO $$ BEGIN CREATE ROLE app LOGIN; END $$;", True),
        ("mysql/1.sql", "CREATE USER 'a'@'%' IDENTIFIED BY 'x';", False),
        ("mysql/1.sql", "DELIMITER $$\nCREATE PROCEDURE p() BEGIN END$$", False),
        ("cockroach/1.sql", "CREATE ROLE app LOGIN;", False),
        ("1.sql", "\\set x `whoami`\nCREATE USER app;", True),
        ("1.sql", "CREATE TABLE `t` (a int);", False),
    ],
)
def test_the_content_decides_where_the_name_is_wrong(
    tmp_path: Path, name: str, content: str, kept: bool
) -> None:
    """A folder called oracle hides no PostgreSQL; what is left out is in the log."""
    pool = Pool(write(tmp_path, {name: content}), Context((tmp_path,), Settings()))
    assert [script.name for history in histories(pool) for script in history.scripts] == (
        [name] if kept else []
    )
    assert [line.split(":")[0] for line in pool.log] == ([] if kept else [name])


def test_a_named_file_is_read_in_any_folder(tmp_path: Path) -> None:
    """A migration program that the user names need not lie in a migrations folder."""
    (tmp_path / "0001_roles.py").write_text(
        "from alembic import op\n\nrevision = '1'\ndown_revision = None\n\n\n"
        "def upgrade():\n    op.execute('ALTER ROLE app CONNECTION LIMIT -1')\n"
    )

    by_name = scan([tmp_path / "0001_roles.py"], Settings())
    by_folder = scan([tmp_path], Settings())

    assert [(one.policy.id, one.origin.line) for one in by_name.findings] == [("PG001", 8)]
    assert by_folder.files == 0
