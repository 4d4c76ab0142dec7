# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`[[migrations]]` in the settings overrides the format and order that are recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import SettingsError, load


def prepared(folder: Path, settings: str) -> Path:
    (folder / "sql").mkdir()
    (folder / "sql" / "1_limit.sql").write_text("ALTER ROLE a CONNECTION LIMIT -1;\n")
    (folder / "sql" / "2_role.sql").write_text(
        "DROP ROLE IF EXISTS a; CREATE ROLE a LOGIN CONNECTION LIMIT 5;\n"
    )
    path = folder / "connguard.toml"
    path.write_text(settings, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("order", "found"),
    [('"natural"', []), ('"name"', []), ('["2_role.sql", "1_limit.sql"]', [("1_limit.sql", 1)])],
)
def test_order(tmp_path: Path, order: str, found: list[tuple[str, int]]) -> None:
    """Edge 37: the order in the settings decides what is left at the end."""
    path = prepared(tmp_path, f'[[migrations]]\npath = "sql"\norder = {order}\n')
    report = scan([tmp_path], load(path))
    assert [
        (Path(one.origin.path).name, one.origin.line)
        for one in report.findings
        if one.policy.id == "PG001"
    ] == found
    assert any("order of the settings, 2 files" in line for line in report.log)


def test_left_out(tmp_path: Path) -> None:
    """The format "none" leaves a folder out, and --verbose says so."""
    path = prepared(tmp_path, '[[migrations]]\npath = "sql"\nformat = "none"\n')
    report = scan([tmp_path], load(path))
    assert report.findings == []
    assert "sql: left out by the settings" in report.log


@pytest.mark.parametrize(
    "table",
    ['format = "plain"', 'path = "sql"\nformat = "cobol"', 'path = "sql"\nodrer = "name"'],
)
def test_mistakes_are_errors(tmp_path: Path, table: str) -> None:
    """A missing path, an unknown format and a misspelt key are errors."""
    path = prepared(tmp_path, f"[[migrations]]\n{table}\n")
    with pytest.raises(SettingsError):
        load(path)
