# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""connguard installed from its wheel, without Checkov."""

from __future__ import annotations

from pathlib import Path

from host_runs import ROOT, environment, run


def test_wheel_has_one_top_level_package() -> None:
    """The folders at the top of the repository are installed inside the connguard package."""
    (site,) = environment().glob("lib/python3*/site-packages")
    (record,) = site.glob("connguard-*.dist-info/RECORD")
    tops = {line.split("/")[0] for line in record.read_text().splitlines()}

    assert {top for top in tops if "dist-info" not in top and top != ".."} == {"connguard"}
    for folder in ("checks", "policies", "sql_rules"):
        assert any((site / "connguard" / folder).glob("*.py"))


def test_wheel_carries_all_modules() -> None:
    """Nothing of the source tree is forgotten, nothing that was deleted is left over."""
    (site,) = environment().glob("lib/python3*/site-packages/connguard")
    source = {
        path.relative_to(base).as_posix()
        for base, folder in (
            (ROOT / "src" / "connguard", ROOT / "src" / "connguard"),
            (ROOT, ROOT / "checks"),
            (ROOT, ROOT / "policies"),
            (ROOT, ROOT / "sql_rules"),
        )
        for pattern in ("*.py", "*.json", "py.typed")
        for path in folder.rglob(pattern)
    }
    installed = {
        path.relative_to(site).as_posix()
        for pattern in ("*.py", "*.json", "py.typed")
        for path in site.rglob(pattern)
        if path.relative_to(site).parts[0] != "examples"
    }

    assert source == installed


def test_licence_texts_are_installed() -> None:
    """Both licences travel with the wheel."""
    (info,) = environment().glob("lib/python3*/site-packages/connguard-*.dist-info")

    assert {path.name for path in info.rglob("*.txt") if "LICENSES" in path.parts} >= {
        "Apache-2.0.txt",
        "GPL-3.0-or-later.txt",
    }


def test_scan_reads_terraform_and_sql(tmp_path: Path) -> None:
    """`pip install connguard` is enough for both, away from the source tree."""
    result = run("connguard", "scan", ROOT / "examples" / "shop" / "broken", cwd=tmp_path)

    assert result.returncode == 1
    assert "roles.tf" in result.stdout
    assert ".sql" in result.stdout


def test_checkov_command_says_what_is_missing(tmp_path: Path) -> None:
    """Without Checkov the command is an error, with the remedy; it is never green."""
    result = run("connguard", "checkov", "-d", ".", cwd=tmp_path)

    assert result.returncode == 2
    assert 'pip install "connguard[checkov]"' in result.stderr


def test_module_runs_as_program(tmp_path: Path) -> None:
    """`python -m connguard` is the same program."""
    result = run("python", "-m", "connguard", "--version", cwd=tmp_path)

    assert result.stdout.startswith("connguard, version ")


def test_the_doctor_says_what_it_needs(tmp_path: Path) -> None:
    """psycopg is an extra: the command says how to get it, and a scan of a snapshot needs none."""
    asked = run("connguard", "doctor", "--dsn", "host=db.example", cwd=tmp_path)
    drift = run(
        *("connguard", "scan", "--quiet", ROOT / "examples" / "PG605" / "bad"), cwd=tmp_path
    )

    assert asked.returncode == 2
    assert "pip install 'connguard[doctor]'" in asked.stderr
    assert "PG605" in drift.stdout
