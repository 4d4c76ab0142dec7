# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No output of any command holds a password of a file, whether the file is whole or broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hostile_secrets import write_secrets

from connguard.engine.cli import main
from connguard.engine.masking import masked
from connguard.reporters.table import FORMATS


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("secrets")
    return folder, write_secrets(folder)


def output(arguments: list[str], codes: tuple[int, ...] = (0, 1)) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in codes, result.output[-2000:]
    assert "bug in connguard" not in result.output
    return result.output


@pytest.mark.parametrize("output_format", FORMATS)
def test_reports_hold_no_password(planted: tuple[Path, list[str]], output_format: str) -> None:
    """Messages, excerpts, related places, fixes, failures and the log."""
    folder, secrets = planted

    shown = output(["scan", "--no-cache", "--verbose", "--format", output_format, str(folder)])

    assert "PG001" in shown
    assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize(
    "command",
    [
        ["budget"],
        ["budget", "--format", "json"],
        ["budget", "--format", "html"],
        ["fix", "--dry-run"],
        ["explain", "too many connections for role"],
        ["explain", "--format", "json", "password authentication failed for user"],
        ["explain", "--format", "markdown", "no pg_hba.conf entry for host"],
        ["init", "--dry-run"],
    ],
    ids=" ".join,
)
def test_commands_hold_no_password(planted: tuple[Path, list[str]], command: list[str]) -> None:
    folder, secrets = planted

    shown = output([*command, str(folder)], codes=(0, 1, 2))

    assert [secret for secret in secrets if secret in shown] == []


def test_table_of_hba_holds_no_password(planted: tuple[Path, list[str]]) -> None:
    folder, secrets = planted
    file = str(folder / "pg" / "pg_hba.conf")

    shown = output(["hba", file, "--table"]) + output(["hba", file, "--table", "--format", "json"])

    assert [secret for secret in secrets if secret in shown] == []


def test_exported_facts_hold_no_password(planted: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, secrets = planted

    output(["export", "--format", "opa", "-o", str(tmp_path), str(folder)], codes=(0, 2))

    written = "".join(path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file())
    assert written
    assert [secret for secret in secrets if secret in written] == []


@pytest.mark.parametrize(
    "pasted",
    [
        'postgres://app:{}@db/app FATAL: too many connections for role "app"',
        "host=h password={} FATAL: sorry, too many clients already",
        "jdbc:postgresql://h/d?user=u&password={} remaining connection slots are reserved",
        'password: "{}"\nFATAL: no pg_hba.conf entry for host "1.2.3.4", user "u", database "d"',
    ],
)
@pytest.mark.parametrize("output_format", ["text", "json", "markdown"])
def test_pasted_passwords_are_not_repeated(pasted: str, output_format: str) -> None:
    shown = output(["explain", "--format", output_format, pasted.format("Zq1xWvSecret")])

    assert "Zq1xWvSecret" not in shown


def test_password_changes_no_fingerprint(tmp_path: Path) -> None:
    """A hash of a line with a password lets it be guessed."""
    found = []
    for password in ("first-one", "other-one"):
        file = tmp_path / password / "migrations" / "1.sql"
        file.parent.mkdir(parents=True)
        file.write_text(f"CREATE ROLE a LOGIN PASSWORD '{password}' CONNECTION LIMIT -1;\n")
        shown = output(["scan", "--no-cache", "--format", "json", str(file)])
        found.append(re.findall(r'"fingerprint": "(\w+)"', shown))

    assert found[0] == found[1] != []


@pytest.mark.parametrize("part", ["a", "password ", "password='", "password /*", "::", "|| '"])
def test_masking_keeps_the_length(part: str) -> None:
    """Also of a text of nothing but the words that are looked for, and in no long time."""
    text = part * (20_000 // len(part))

    assert len(masked(text)) == len(text)
