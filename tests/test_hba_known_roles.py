# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scan reads memberships from its own migrations, for `+role` lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, load

RULES = "host shop +staff 10.0.0.0/24 scram-sha-256\nhost shop ann 10.0.0.7/32 reject\n"
MEMBER = "CREATE ROLE staff NOLOGIN; CREATE ROLE ann LOGIN CONNECTION LIMIT 5 IN ROLE staff;"
NO_MEMBER = "CREATE ROLE staff NOLOGIN; CREATE ROLE ann LOGIN CONNECTION LIMIT 5;"
SERVICE = """\
[[service]]
name = "web"
via = "direct"
pool = 5
user = "ann"
database = "shop"
from = ["10.0.0.9"]
"""


def _scan(folder: Path, **files: str) -> Report:
    names = {"hba": "pg_hba.conf", "patroni": "patroni.yml", "roles": "main.tf"}
    for key, text in files.items():
        path = folder / names.get(key, f"{key}/migrations/V1__roles.sql")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = folder / "connguard.toml"
    return scan([folder], load(settings) if settings.exists() else Settings())


def _found(report: Report, *ids: str) -> set[tuple[str, int]]:
    return {(one.policy.id, one.origin.line) for one in report.findings if one.policy.id in ids} | {
        (f"{gap.policy_id}?", gap.origin.line) for gap in report.undecided if gap.policy_id in ids
    }


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"shop": MEMBER}, {("PG302", 2)}),
        ({"shop": NO_MEMBER}, set[tuple[str, int]]()),
        ({"shop": NO_MEMBER.replace("ann LOGIN", "ann SUPERUSER LOGIN")}, set[tuple[str, int]]()),
        ({"shop": MEMBER, "other": "CREATE TABLE t (n int);"}, {("PG302", 2)}),
        ({"shop": MEMBER, "other": MEMBER}, set[tuple[str, int]]()),
        ({"shop": MEMBER + "REVOKE staff FROM ann;"}, set[tuple[str, int]]()),
    ],
)
def test_a_line_hidden_by_a_group(
    tmp_path: Path, files: dict[str, str], expected: set[tuple[str, int]]
) -> None:
    """PG302 for a member of the group, and for nobody else; not when two databases speak of it."""
    assert _found(_scan(tmp_path, hba=RULES, **files), "PG302") == expected


def test_a_list_in_yaml(tmp_path: Path) -> None:
    """Memberships count for embedded lists, too."""
    lines = "".join(f"    - {line}\n" for line in RULES.splitlines())
    report = _scan(tmp_path, patroni="postgresql:\n  pg_hba:\n" + lines, shop=MEMBER)
    assert _found(report, "PG302") == {("PG302", 4)}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"shop": MEMBER}, set[tuple[str, int]]()),
        ({"shop": NO_MEMBER}, {("PG308", 7)}),
        ({"shop": NO_MEMBER, "other": "CREATE TABLE t (n int);"}, {("PG308?", 7)}),
        ({"shop": NO_MEMBER, "roles": 'resource "postgresql_role" "x" {}\n'}, {("PG308?", 7)}),
        ({}, {("PG308?", 7)}),
    ],
)
def test_a_declared_service_in_a_group(
    tmp_path: Path, files: dict[str, str], expected: set[tuple[str, int]]
) -> None:
    """Let in as a member, refused as none, and undecided when others may grant it."""
    (tmp_path / "connguard.toml").write_text(SERVICE)
    hba = "host shop +staff 10.0.0.0/24 scram-sha-256\n"
    assert _found(_scan(tmp_path, hba=hba, **files), "PG308") == expected


def test_without_migrations_no_sql_parser_is_loaded(tmp_path: Path) -> None:
    """A pg_hba.conf alone needs none of the heavy modules."""
    (tmp_path / "pg_hba.conf").write_text("host shop +staff 10.0.0.0/24 scram-sha-256\n")
    code = (
        "import sys; from pathlib import Path; from connguard.engine.scan import scan;"
        "from connguard.engine.settings import Settings; scan([Path(sys.argv[1])], Settings());"
        "assert 'connguard.postgres.hba_frontend' in sys.modules;"
        "sys.exit('connguard.sql_rules.syntax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=60)
    assert done.returncode == 0


CLOSED = "host shop ann 10.9.0.0/24 scram-sha-256\n"
OPEN = "host shop ann 10.0.0.0/24 scram-sha-256\n"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (OPEN, OPEN, set[tuple[str, int]]()),
        (CLOSED, CLOSED, {("PG308", 7)}),
        (OPEN, CLOSED, {("PG308?", 7)}),
        (CLOSED, OPEN + "nonsense\n", {("PG308", 7)}),
    ],
)
def test_a_declared_service_and_two_servers(
    tmp_path: Path, first: str, second: str, expected: set[tuple[str, int]]
) -> None:
    """What both refuse is an error; where they differ, nothing is decided."""
    (tmp_path / "connguard.toml").write_text(SERVICE)
    (tmp_path / "replica").mkdir()
    (tmp_path / "replica" / "pg_hba.conf").write_text(second)
    assert _found(_scan(tmp_path, hba=first), "PG308") == expected


PATRONI = "postgresql:\n  pg_hba:\n  - "
CNPG = "apiVersion: postgresql.cnpg.io/v1\nspec:\n  postgresql:\n    pg_hba:\n    - "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PATRONI + OPEN, set[tuple[str, int]]()),
        (PATRONI + CLOSED, {("PG308", 7)}),
        (CNPG + CLOSED, set[tuple[str, int]]()),
        (CNPG + "host shop ann all reject\n", {("PG308", 7)}),
    ],
)
def test_a_declared_service_and_a_list_in_yaml(
    tmp_path: Path, text: str, expected: set[tuple[str, int]]
) -> None:
    """CloudNativePG ends with a line of its own that lets everybody in."""
    (tmp_path / "connguard.toml").write_text(SERVICE)
    assert _found(_scan(tmp_path, patroni=text), "PG308") == expected
