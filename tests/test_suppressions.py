# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suppression comments in SQL and Terraform, end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings


def _scan(tmp_path: Path, name: str, text: str, settings: Settings | None = None) -> Report:
    (tmp_path / name).write_text(text)
    report = scan([tmp_path], settings or Settings())
    assert report.failures == []
    return report


def _ids(report: Report) -> list[tuple[int, str]]:
    return [(finding.origin.line, finding.policy.id) for finding in report.findings]


def _hidden(report: Report) -> list[tuple[int, str, str]]:
    return [
        (one.finding.origin.line, one.finding.policy.id, one.reason) for one in report.suppressed
    ]


@pytest.mark.parametrize(
    "text",
    [
        "CREATE ROLE a LOGIN CONNECTION LIMIT -1; -- connguard: ignore PG001 batch only\n",
        "-- connguard: ignore PG001 batch only\nCREATE ROLE a LOGIN CONNECTION LIMIT -1;\n",
        "-- connguard: ignore PG001 batch only\n-- more words\n\nCREATE ROLE a LOGIN"
        " CONNECTION LIMIT -1;\n",
        "CREATE ROLE a LOGIN\n  CONNECTION LIMIT -1  -- connguard: ignore PG001 batch only\n;\n",
        "/* connguard: ignore PG001: batch only */ CREATE ROLE a LOGIN CONNECTION LIMIT -1;\n",
        "-- connguard: ignore role-without-connection-limit batch only\n"
        "CREATE ROLE a LOGIN CONNECTION LIMIT -1;\n",
        "-- connguard: ignore PG003, PG001 batch only\nCREATE ROLE a LOGIN CONNECTION LIMIT -1;\n"
        "ALTER ROLE b SUPERUSER CONNECTION LIMIT 3; -- connguard: ignore PG003 see above\n",
        "-- checkov:skip=CKV_CUSTOM_PG_001:batch only\nCREATE ROLE a LOGIN CONNECTION LIMIT -1;\n",
    ],
)
def test_sql_comment_on_the_line_or_the_line_above(tmp_path: Path, text: str) -> None:
    """The statement is suppressed, with its reason, and nothing else is said about PG001."""
    report = _scan(tmp_path, "a.sql", text)

    assert "PG001" not in [identifier for _, identifier in _ids(report)]
    assert "batch only" in [reason for _, identifier, reason in _hidden(report)]


def test_a_comment_of_several_lines(tmp_path: Path) -> None:
    """It covers what follows its end, and its line ends are no reason."""
    statement = "CREATE ROLE a LOGIN CONNECTION LIMIT -1;\n"
    report = _scan(
        tmp_path, "a.sql", f"/*\n * connguard: ignore PG001 batch\n * only\n */\n{statement}"
    )
    assert _ids(report) == []

    report = _scan(tmp_path, "a.sql", f"/* connguard: ignore PG001\n */\n{statement}")
    assert _ids(report) == [(1, "PG903"), (3, "PG001")]


def test_a_terraform_comment_of_several_lines(tmp_path: Path) -> None:
    """It covers the block behind its end, too."""
    block = 'resource "postgresql_role" "a" {\n  login = true\n}\n'
    report = _scan(tmp_path, "a.tf", f"/*\n connguard: ignore PG001 batch\n only\n*/\n{block}")
    assert _ids(report) == []


def test_a_comment_covers_one_statement_only(tmp_path: Path) -> None:
    """A trailing comment does not reach the next line, and a string is no comment."""
    report = _scan(
        tmp_path,
        "a.sql",
        "CREATE ROLE a LOGIN CONNECTION LIMIT -1; -- connguard: ignore PG001 batch only\n"
        "CREATE ROLE b LOGIN CONNECTION LIMIT -1;\n"
        "SELECT '-- connguard: ignore PG001 no comment';\n"
        "CREATE ROLE c LOGIN CONNECTION LIMIT -1;\n",
    )

    assert _ids(report) == [(2, "PG001"), (4, "PG001")]
    assert _hidden(report) == [(1, "PG001", "batch only")]


@pytest.mark.parametrize(
    ("comment", "said", "still"),
    [
        ("connguard: ignore PG001", "gives no reason", True),
        ("connguard: ignore PG999 why", '"PG999" is no known policy', True),
        ("connguard: ignore", '"" is no known policy', True),
        ("connguard: ignore PG004 why", "suppresses nothing", True),
        ("checkov:skip=CKV_CUSTOM_PG_001", "gives no reason", False),
    ],
)
def test_a_comment_that_cannot_count_is_a_finding(
    tmp_path: Path, comment: str, said: str, still: bool
) -> None:
    """PG903: no reason, unknown id, unused; Checkov's bare skip suppresses all the same."""
    report = _scan(tmp_path, "a.sql", f"-- {comment}\nCREATE ROLE a LOGIN CONNECTION LIMIT -1;\n")

    idle = [finding for finding in report.findings if finding.policy.id == "PG903"]
    assert [finding.origin.line for finding in idle] == [1]
    assert said in idle[0].message
    assert still == ((2, "PG001") in _ids(report))


def test_unused_is_only_said_of_policies_that_ran(tmp_path: Path) -> None:
    """With --select, comments about other policies are left alone."""
    report = _scan(
        tmp_path,
        "a.sql",
        "-- connguard: ignore PG001 batch only\nCREATE ROLE a LOGIN CONNECTION LIMIT -1;\n",
        Settings(select=("PG002", "PG903")),
    )

    assert _ids(report) == []


@pytest.mark.parametrize(
    "comment",
    ["connguard: ignore PG001 batch only", "checkov:skip=CKV_CUSTOM_PG_001:batch only"],
)
@pytest.mark.parametrize("where", ["inside", "header", "above", "attribute"])
def test_terraform_comment_covers_its_block(tmp_path: Path, comment: str, where: str) -> None:
    """Inside the block, beside its header or an attribute, or on the line above the block."""
    mark = {
        key: f"# {comment}" if key == where else ""
        for key in ("inside", "header", "above", "attribute")
    }
    report = _scan(
        tmp_path,
        "main.tf",
        f"{mark['above']}\n"
        f'resource "postgresql_role" "a" {{ {mark["header"]}\n'
        f"  {mark['inside']}\n"
        '  name  = "a"\n'
        "  login = true\n"
        f"  connection_limit = -1 {mark['attribute']}\n"
        "}\n"
        'resource "postgresql_role" "b" {\n'
        '  name  = "b"\n'
        "  login = true\n"
        "}\n",
    )

    assert _ids(report) == [(8, "PG001")]
    assert _hidden(report) == [(6, "PG001", "batch only")]


def test_ignoring_a_policy_quiets_that_it_could_not_be_decided(tmp_path: Path) -> None:
    """The remark PG902 about PG001 goes with PG001."""
    report = _scan(
        tmp_path,
        "main.tf",
        'variable "n" { type = number }\n'
        'resource "postgresql_role" "a" {\n'
        "  # connguard: ignore PG001 the value comes from the vault\n"
        '  name             = "a"\n'
        "  login            = true\n"
        "  connection_limit = var.n\n"
        "}\n",
    )

    assert "PG001" not in {identifier for _, identifier in _ids(report)}
    assert (6, "PG902", "the value comes from the vault") in _hidden(report)


def test_per_path_ignores(tmp_path: Path) -> None:
    """Settings can ignore policies for paths; the findings stay in the report as suppressed."""
    (tmp_path / "legacy").mkdir()
    (tmp_path / "legacy" / "a.sql").write_text("CREATE ROLE a LOGIN CONNECTION LIMIT -1;\n")
    settings = Settings(path=tmp_path / "connguard.toml", per_path_ignores={"legacy/": ("PG0",)})
    report = _scan(tmp_path, "b.sql", "CREATE ROLE b LOGIN CONNECTION LIMIT -1;\n", settings)

    assert _ids(report) == [(1, "PG001")]
    assert report.findings[0].origin.path.endswith("b.sql")
    assert _hidden(report) == [(1, "PG001", "per-path-ignores: legacy/")]
