# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard fix`: what is repaired and what is not, numbers, names, dry runs and failures."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connguard.engine.cli import main
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.fixing.layouts import NewFiles
from connguard.fixing.numbering import following, next_number, parse
from connguard.fixing.plan import plan
from connguard.fixing.write import write

NOW = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fix(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["fix", *arguments])


def planned(folder: Path) -> list[str]:
    """The lines of SQL of every new file."""
    made = plan([folder], Settings(), NOW)
    return [
        line
        for one in made.histories
        for text in one.files.texts.values()
        for line in text.splitlines()
    ]


def test_a_dry_run_shows_a_diff_and_writes_nothing(folder: Path) -> None:
    """The diff can be applied with `patch`."""
    (folder / "V1__roles.sql").write_text("CREATE ROLE app LOGIN;\n")
    result = fix("--dry-run")
    assert result.exit_code == 1
    assert result.stdout == (
        "--- /dev/null\n"
        "+++ b/V2__limit_connections.sql\n"
        "@@ -0,0 +1 @@\n"
        '+ALTER ROLE "app" CONNECTION LIMIT -1;  -- connguard: choose a limit:'
        " the connection budget does not say what connects as it\n"
    )
    assert [path.name for path in folder.iterdir()] == ["V1__roles.sql"]


def test_exactly_the_flagged_ones(folder: Path) -> None:
    """PG001, PG002 and PG004; roles with a limit, without login or suppressed are left alone."""
    (folder / "V1__roles.sql").write_text(
        "CREATE ROLE good LOGIN CONNECTION LIMIT 5;\n"
        "CREATE ROLE people;\n"
        "CREATE ROLE admin LOGIN SUPERUSER;\n"
        "CREATE ROLE zero LOGIN CONNECTION LIMIT 0;\n"
        "-- connguard: ignore PG001 nightly, alone\n"
        "CREATE ROLE batch LOGIN CONNECTION LIMIT -1;\n"
        "CREATE ROLE bare LOGIN;\n"
        "ALTER DATABASE shop CONNECTION LIMIT -1;\n"
    )
    lines = planned(folder)
    assert [line.partition(";")[0] for line in lines] == [
        'ALTER ROLE "zero" CONNECTION LIMIT 0',
        'ALTER ROLE "bare" CONNECTION LIMIT -1',
        'ALTER DATABASE "shop" CONNECTION LIMIT -1',
    ]
    assert fix().exit_code == 1
    found = {
        (finding.policy.id, finding.origin.path, finding.origin.line)
        for finding in scan([folder], Settings()).findings
    }
    new = "V2__limit_connections.sql"
    assert found == {("PG002", new, 1), ("PG001", new, 2), ("PG004", new, 3)}


def test_names_are_quoted(folder: Path) -> None:
    """Case, blanks, quotes and semicolons in a name do not break the statement."""
    (folder / "V1__roles.sql").write_text('CREATE ROLE "My ""odd""; role" LOGIN;\n')
    assert planned(folder)[0].startswith('ALTER ROLE "My ""odd""; role" CONNECTION LIMIT -1;')


def test_names_that_the_server_folds(folder: Path) -> None:
    """An unquoted name is in lower case on the server, and is so in quotes."""
    (folder / "V1__roles.sql").write_text("CREATE ROLE App LOGIN;\n")
    assert planned(folder)[0].startswith('ALTER ROLE "app" CONNECTION LIMIT -1;')


def test_names_that_the_tool_fills_in(folder: Path) -> None:
    """A role has the known value of a placeholder as its name; without one, nothing is written."""
    (folder / "V1__roles.sql").write_text("CREATE ROLE ${app} LOGIN CONNECTION LIMIT -1;\n")
    (folder / "flyway.conf").write_text("flyway.placeholders.app=shop\n")
    assert planned(folder)[0].startswith('ALTER ROLE "shop" CONNECTION LIMIT -1;')
    (folder / "flyway.conf").unlink()
    assert planned(folder) == []
    result = fix()
    assert result.exit_code == 1
    assert "V1__roles.sql:1: only the run knows the name" in result.stderr


def test_one_file_for_each_history(folder: Path) -> None:
    """Two databases get a migration each."""
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "V1__roles.sql").write_text(f"CREATE ROLE {name} LOGIN;\n")
    assert fix().stdout.splitlines() == [
        "written: one/V2__limit_connections.sql",
        "written: two/V2__limit_connections.sql",
    ]


def test_a_second_repair_has_another_title(folder: Path) -> None:
    """Rails refuses the same class twice, and a reader wants to tell the files apart."""
    (folder / "V1__roles.sql").write_text("CREATE ROLE a LOGIN;\n")
    fix()
    (folder / "V3__b.sql").write_text("CREATE ROLE b LOGIN;\n")
    result = fix()
    assert result.stdout == "written: V4__limit_connections_2.sql\n"
    assert 'ROLE "a"' not in (folder / "V4__limit_connections_2.sql").read_text()


def test_a_statement_that_waits_gets_advice_later(folder: Path) -> None:
    """Once the budget knows the number, the next run says it, and still changes no file."""
    (folder / "V1__roles.sql").write_text("CREATE ROLE app LOGIN;\n")
    fix()
    (folder / "connguard.toml").write_text(
        '[[service]]\nname = "web"\ninstances = 2\npool = 3\nvia = "direct"\n'
        'database = "shop"\nuser = "app"\n'
    )
    before = (folder / "V2__limit_connections.sql").read_text()
    result = fix()
    assert result.exit_code == 1
    assert result.stderr == (
        "V2__limit_connections.sql:1: a limit must still be chosen here:"
        " 7 (6 from the connection budget + 1)\n"
    )
    assert (folder / "V2__limit_connections.sql").read_text() == before


def test_what_terraform_declares_is_changed_there(folder: Path) -> None:
    """No migration can repair it: the next apply would undo it."""
    (folder / "main.tf").write_text(
        'resource "postgresql_role" "app" {\n  name  = "app"\n  login = true\n}\n'
    )
    result = fix()
    assert result.exit_code == 1
    assert "main.tf:1: to be changed in its place" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["main.tf"]


def test_a_name_that_only_the_run_knows(folder: Path) -> None:
    """What is printed or written is never taken for a repair when it is none."""
    (folder / "V1__roles.sql").write_text("ALTER ROLE CURRENT_USER CONNECTION LIMIT -1;\n")
    fix()
    assert "PG001" in {one.policy.id for one in scan([folder], Settings()).findings}


def test_nothing_to_do_and_nothing_to_scan(folder: Path) -> None:
    """Exit codes 0 and 3, as with scan; 2 for a missing path."""
    assert fix().exit_code == 3
    (folder / "V1__roles.sql").write_text("CREATE ROLE app LOGIN CONNECTION LIMIT 5;\n")
    assert (fix().exit_code, fix().stdout) == (0, "")
    assert fix("missing").exit_code == 2


def test_a_file_is_never_replaced(folder: Path) -> None:
    """Writing is all or nothing: when the second file is there, the first goes away again."""
    there = folder / "b.sql"
    there.write_text("old")
    with pytest.raises(FileExistsError):
        write(NewFiles({folder / "a.sql": "new", there: "new"}))
    assert there.read_text() == "old"
    assert not (folder / "a.sql").exists()


def test_a_folder_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2 and the SQL to paste."""
    (folder / "V1__roles.sql").write_text("CREATE ROLE app LOGIN;\n")

    def refuse(files: NewFiles) -> None:
        raise PermissionError(13, "Permission denied", "V2__limit_connections.sql")

    monkeypatch.setattr(import_module("connguard.commands.fix"), "write", refuse)
    result = fix()
    assert result.exit_code == 2
    assert "V2__limit_connections.sql: Permission denied" in result.stderr
    assert result.stdout.startswith('ALTER ROLE "app"')


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (["1", "9", "2"], "10"),
        (["0009"], "0010"),
        (["20250101120000"], "20260304050607"),
        (["20990101120000"], "20990101120001"),
        (["20250101120000123"], "20260304050607890"),
        (["202501011200"], "202603040506"),
        (["20250101"], "20260304"),
        (["99999999"], "100000000"),
        (["1700000000000"], "1772600767890"),
        (["1700000000"], "1772600767"),
        (["2025-01-01-120000"], "2026-03-04-050607"),
        (["2025-01-01-120000-0000"], "2026-03-04-050607-0000"),
        (["2027-01-01-120000-0003"], "2027-01-01-120000-0004"),
    ],
)
def test_next_numbers(numbers: list[str], expected: str) -> None:
    """One more, or the time where the neighbours carry times; never less than the last."""
    assert next_number(numbers, NOW) == expected


@pytest.mark.parametrize(
    ("last", "others", "expected"),
    [
        ("002_roles.sql", ["001_a.sql"], "003_limit_connections.sql"),
        ("2-add-roles.up.sql", ["2-add-roles.down.sql"], "3-limit-connections.up.sql"),
        ("7.sql", [], "8.sql"),
        ("7_for_postgres.sql", [], "8_limit_connections.sql"),
        ("7_roles.postgres.up.sql", [], "8_limit_connections.postgres.up.sql"),
        ("7_up.sql", [], "8_up.sql"),
        ("v3_roles.sql", [], "v4_limit_connections.sql"),
        ("001.do.roles.sql", [], "002.do.limit_connections.sql"),
        ("003.create.sql", ["004.other.txt"], "005.limit_connections.sql"),
        ("5__x.pgsql", ["5__limit_connections.pgsql"], "6__limit_connections_2.pgsql"),
    ],
)
def test_next_names(last: str, others: list[str], expected: str) -> None:
    """Lead, separator, word style and suffix are those of the last file."""
    name = parse(last)
    assert name is not None
    assert str(name) == last
    assert str(following(name, [last, *others], NOW)) == expected
