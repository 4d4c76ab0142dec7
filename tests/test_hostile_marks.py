# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A byte order mark is a part of the first word for PostgreSQL and PgBouncer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from servers import PgBouncer, Postgres, ServerFailed, newest_postgres, oldest_postgres

from connguard.engine.cli import main

MARK = "\ufeff"
HBA = "local all all trust\nhost all all 127.0.0.1/32 trust\n"


@pytest.fixture(scope="module", params=[oldest_postgres, newest_postgres])
def server(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    with Postgres(request.param()) as running:
        yield running


def errors_of_server(server: Postgres, name: str, text: str) -> list[int]:
    """The lines of a file that the server refuses; it keeps what it had loaded before."""
    view = {
        "pg_hba.conf": "pg_hba_file_rules",
        "pg_ident.conf": "pg_ident_file_mappings",
        "postgresql.conf": "pg_file_settings",
    }[name]
    line = "sourceline" if name == "postgresql.conf" else "line_number"
    before = (server.data / name).read_text()
    more = before if name == "postgresql.conf" else ""
    server.write_file(name, text + more)
    try:
        with server.connect() as connection:
            rows = connection.execute(f"SELECT {line} FROM {view} WHERE error IS NOT NULL")
            return [row[0] for row in rows.fetchall()]
    finally:
        server.write_file(name, before)


def errors_here(folder: Path, name: str, data: bytes) -> set[int]:
    (folder / name).write_bytes(data)
    result = CliRunner().invoke(main, ["scan", "--no-cache", "--format", "json", str(folder)])
    document = json.loads(result.stdout)
    refused = ("PG306", "PG508", "PG901")
    return {one["location"]["line"] for one in document["findings"] if one["id"] in refused}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pg_hba.conf", HBA),
        ("pg_hba.conf", f"# a comment\n{HBA}"),
        ("pg_hba.conf", f"\n{HBA}"),
        ("pg_ident.conf", "# a comment\nmap system role\n"),
        ("pg_ident.conf", "\nmap system role\n"),
        ("postgresql.conf", "work_mem = 5MB\n"),
        ("postgresql.conf", "# a comment\nwork_mem = 5MB\n"),
        ("postgresql.conf", "\nwork_mem = 5MB\n"),
    ],
)
def test_servers_refuse_a_marked_line(
    server: Postgres, tmp_path: Path, name: str, text: str
) -> None:
    """The first line is an error for the server and here; without the mark there is none."""
    assert errors_of_server(server, name, text) == []
    assert errors_here(tmp_path, name, text.encode()) == set()

    assert errors_of_server(server, name, MARK + text) == [1]
    assert errors_here(tmp_path, name, (MARK + text).encode()) == {1}
    assert 1 in errors_here(tmp_path, name, (MARK + text).encode("utf-16-le"))


def test_a_marked_pgbouncer_ini(tmp_path: Path) -> None:
    """PgBouncer does not start with it."""
    ini = "[databases]\nshop = host=127.0.0.1 user=web\n[pgbouncer]\n"
    with PgBouncer(ini):
        pass
    with pytest.raises(ServerFailed, match=r"pgbouncer\.ini:1"), PgBouncer(MARK + ini):
        pass

    assert errors_here(tmp_path, "pgbouncer.ini", ini.encode()) == set()
    assert errors_here(tmp_path, "pgbouncer.ini", (MARK + ini).encode()) == {1}


def test_other_files_may_have_a_mark(tmp_path: Path) -> None:
    """A mark in front of SQL or YAML changes no line."""
    (tmp_path / "1.sql").write_text(f"{MARK}CREATE ROLE app LOGIN;\n", encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(
        f"{MARK}services:\n  db:\n    image: postgres:17\n    ports: ['5432:5432']\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(main, ["scan", "--no-cache", "--format", "json", str(tmp_path)])
    found = {(one["id"], one["location"]["line"]) for one in json.loads(result.stdout)["findings"]}

    assert ("PG001", 1) in found
    assert ("PG206", 4) in found
    assert "PG901" not in {one[0] for one in found}
