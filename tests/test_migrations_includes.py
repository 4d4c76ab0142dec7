# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that include others with psql's `\\i` and `\\ir`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings


def scanned(folder: Path, files: Mapping[str, str]) -> Report:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return scan([folder], Settings())


def places(report: Report) -> list[tuple[str, int, str]]:
    return [(Path(one.origin.path).name, one.origin.line, one.policy.id) for one in report.findings]


def test_included_file_runs_in_its_place(tmp_path: Path) -> None:
    """Edge 37: the included script runs between the statements around the command."""
    report = scanned(
        tmp_path,
        {
            "main.sql": "CREATE ROLE a LOGIN;\n\\ir parts/limit.sql\n"
            "ALTER ROLE b CONNECTION LIMIT -1;\n",
            "parts/limit.sql": "ALTER ROLE a CONNECTION LIMIT 5;\nCREATE ROLE b LOGIN;\n",
        },
    )
    assert places(report) == [("main.sql", 3, "PG001")]
    assert report.not_parsed == []


def test_finding_in_an_included_file(tmp_path: Path) -> None:
    """A finding points into the included file; names may be quoted and relative to above."""
    report = scanned(
        tmp_path,
        {
            "db/all.sql": "\\i 'db/roles.sql'\n",
            "db/roles.sql": "SELECT 1;\nCREATE ROLE a LOGIN CONNECTION LIMIT -1;\n",
        },
    )
    assert places(report) == [("roles.sql", 2, "PG001")]


def test_missing_include(tmp_path: Path) -> None:
    """An include that is not there is reported where it stands, and so is one outside the root."""
    outside = tmp_path / "outside.sql"
    outside.write_text("CREATE ROLE a LOGIN;\n", encoding="utf-8")
    report = scanned(
        tmp_path / "root", {"main.sql": "SELECT 1;\n\\i gone.sql\n\\ir ../outside.sql\n"}
    )
    assert [gap.origin.line for gap in report.not_parsed] == [2, 3]


def test_include_circle(tmp_path: Path) -> None:
    """Scripts that include each other end, and the circle is reported."""
    report = scanned(
        tmp_path,
        {
            "a.sql": "CREATE ROLE a LOGIN CONNECTION LIMIT -1;\n\\ir b.sql\n",
            "b.sql": "\\ir a.sql\n",
        },
    )
    assert [one for one in places(report) if one[2] == "PG001"] == [("a.sql", 1, "PG001")]
    assert [(Path(gap.origin.path).name, gap.origin.line) for gap in report.not_parsed] == [
        ("b.sql", 1)
    ]


def test_backslash_i_in_a_string_is_no_include(tmp_path: Path) -> None:
    """Only psql commands include: a line in a string or a function body does not."""
    report = scanned(tmp_path, {"a.sql": "SELECT '\n\\i gone.sql\n';\nDO $$ BEGIN\n END $$;\n"})
    assert report.not_parsed == []


def test_include_in_a_here_document(tmp_path: Path) -> None:
    """A shell script's here document is psql's input, includes too."""
    report = scanned(
        tmp_path,
        {
            "db/init.sh": "psql <<'EOF'\nCREATE ROLE a LOGIN;\n\\i limit.sql\n\\i gone.sql\nEOF\n",
            "db/limit.sql": "ALTER ROLE a CONNECTION LIMIT -1;\n",
        },
    )
    assert places(report) == [("init.sh", 4, "PG901"), ("limit.sql", 1, "PG001")]


def test_a_flyway_script_that_psql_runs_includes_files(tmp_path: Path) -> None:
    """A file that is included runs at its place, whatever the names of the scripts look like."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "V1__roles.sql").write_text("SELECT 1;\n\\ir sub/roles.sql\n")
    (tmp_path / "sub" / "roles.sql").write_text("ALTER ROLE app CONNECTION LIMIT -1;\n")

    report = scan([tmp_path], Settings())

    assert [(Path(one.origin.path).name, one.policy.id) for one in report.findings] == [
        ("roles.sql", "PG001")
    ]


def test_an_include_that_a_variable_names(tmp_path: Path) -> None:
    """A variable that the script sets is followed; one set under a condition is not known."""
    made = "CREATE ROLE a LOGIN;\n"
    files = {"db/a.sql": "\\set dir roles\n\\ir :dir/r.sql\n", "db/roles/r.sql": made}
    report = scanned(tmp_path / "known", files)
    assert places(report) == [("r.sql", 1, "PG001")]
    for before in ("", "\\getenv dir DIR\n", "\\if :x\n\\set dir roles\n\\endif\n"):
        report = scanned(tmp_path / str(len(before)), {"a.sql": f"{before}\\ir :dir/r.sql\n"})
        assert [gap.origin.line for gap in report.not_parsed] == [1 + before.count("\n")]
    report = scanned(
        tmp_path / "again",
        {"a.sql": "\\set dir roles\n\\getenv dir DIR\n\\ir :dir/r.sql\n", "roles/r.sql": made},
    )
    assert [gap.origin.line for gap in report.not_parsed] == [3]
