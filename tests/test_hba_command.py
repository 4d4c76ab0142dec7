# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of `connguard hba`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connguard.cli import main

LINES = """\
# TYPE  DATABASE  USER  ADDRESS  METHOD
local   all          postgres                  peer
host    all          app       10.0.0.0/8      reject
hostssl shop         app       0.0.0.0/0       scram-sha-256
host    replication  +standby  192.0.2.0/24    cert_or_not
"""
GOOD = LINES.replace("cert_or_not", "scram-sha-256")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pg_hba.conf").write_text(GOOD)
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["hba", *arguments])


def _answer(*arguments: str) -> tuple[int, dict[str, object]]:
    result = _run(*arguments, "--format", "json")
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "result", "line", "method"),
    [
        ("--user postgres --database x --from local", 0, "match", 2, "peer"),
        ("--user app --database shop --from 10.1.1.1 --tls", 1, "reject", 3, "reject"),
        ("--user app --database shop --from 1.1.1.1 --tls", 0, "match", 4, "scram-sha-256"),
        ("--user app --database shop --from ::ffff:1.1.1.1 --tls", 0, "match", 4, "scram-sha-256"),
        ("--user app --database shop --from 1.1.1.1", 1, "no-entry", None, None),
        ("--user app --database shop --from 1.1.1.1 --gss", 1, "no-entry", None, None),
        ("--user st --replication --from 192.0.2.1", 1, "unknown", 5, "scram-sha-256"),
    ],
)
def test_answers(
    folder: Path, arguments: str, code: int, result: str, line: int | None, method: str | None
) -> None:
    """Result, file, line, method and exit code."""
    exit_code, document = _answer("pg_hba.conf", *arguments.split())
    assert exit_code == code
    assert set(document) == {"result", "file", "line", "method", "reason"}
    assert (document["result"], document["line"], document["method"]) == (result, line, method)
    assert document["file"] == "pg_hba.conf"
    assert document["reason"]


def test_a_file_that_the_server_refuses(folder: Path) -> None:
    """One bad line: not-loaded, whatever the other lines say."""
    (folder / "pg_hba.conf").write_text(LINES)
    code, document = _answer("--user", "postgres", "--database", "x", "--from", "local")
    assert (code, document["result"], document["line"]) == (1, "not-loaded", 5)
    assert 'invalid authentication method "cert_or_not"' in str(document["reason"])


def test_roles_settle_memberships(folder: Path) -> None:
    """--roles reads GRANT, CREATE ROLE … IN ROLE and ROLE, in the order of the scripts."""
    (folder / "roles").mkdir()
    (folder / "roles" / "V1__roles.sql").write_text(
        "CREATE ROLE standby; CREATE ROLE st LOGIN IN ROLE standby; CREATE ROLE old LOGIN;"
        "GRANT standby TO old;"
    )
    (folder / "roles" / "V2__less.sql").write_text("REVOKE standby FROM old;")
    arguments = ("--replication", "--from", "192.0.2.1", "--roles", "roles")
    assert _answer("--user", "st", *arguments)[1]["line"] == 5
    assert _answer("--user", "old", *arguments)[1]["result"] == "no-entry"
    assert _answer("--user", "stranger", *arguments)[1]["result"] == "unknown"


def test_the_version_changes_the_meaning(folder: Path) -> None:
    """A regular expression is one from 16 on; the default comes from the path or PG_VERSION."""
    (folder / "pg_hba.conf").write_text("host all /^app_ all trust\n")
    arguments = ("--user", "app_ro", "--database", "x", "--from", "10.0.0.1")
    assert _answer(*arguments, "--server-version", "16")[1]["result"] == "match"
    assert _answer(*arguments, "--server-version", "15")[1]["result"] == "no-entry"
    (folder / "PG_VERSION").write_text("13\n")
    assert _answer(*arguments)[1]["result"] == "no-entry"


def test_text_tells_why_earlier_lines_do_not_decide(folder: Path) -> None:
    """Every line up to the deciding one, with a reason."""
    result = _run("--user", "app", "--database", "shop", "--from", "1.1.1.1", "--tls")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("match: pg_hba.conf:4: ")
    assert "      no: local is not for TLS connections" in lines
    assert "      no: 1.1.1.1 is not in 10.0.0.0/8" in lines
    assert lines[-1] == "      decides"


def test_table(folder: Path) -> None:
    """Who can log in from where, without what earlier lines take, and without rejects."""
    code, document = _answer("--table")
    assert code == 0
    rows = document["rows"]
    assert isinstance(rows, list)
    assert [(row["line"], row["users"], row["addresses"], row["certain"]) for row in rows] == [
        (2, "postgres", "Unix socket", True),
        (4, "app", "0.0.0.0/0 except 10.0.0.0/8", True),
        (5, "postgres, app", "192.0.2.0/24", False),
        (5, "+standby", "192.0.2.0/24", True),
    ]
    text = _run("--table").stdout
    assert "0.0.0.0/0 except 10.0.0.0/8" in text


@pytest.mark.parametrize(
    "arguments",
    [
        "--user app",
        "--user app --database x --from nowhere",
        "--user app --database x --from 10.0.0.1 --tls --gss",
        "--user app --database x --from local --tls",
        "missing.conf --table",
        "--server-version 9 --table",
    ],
)
def test_usage_errors(folder: Path, arguments: str) -> None:
    """Exit code 2, and nothing on standard output."""
    result = _run(*arguments.split())
    assert result.exit_code == 2
    assert result.stdout == ""


def test_several_files_need_a_choice(folder: Path) -> None:
    """Without FILE there must be exactly one pg_hba.conf below the working directory."""
    (folder / "other").mkdir()
    (folder / "other" / "pg_hba.conf").write_text(GOOD)
    result = _run("--table")
    assert result.exit_code == 2
    assert "other/pg_hba.conf" in result.stderr
