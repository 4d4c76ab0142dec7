# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard fix` with an unsafe connection budget: edits, raised limits, and nothing twice."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connguard.engine.cli import main

POOLER = """[databases]
shop = host=db dbname=shop

[pgbouncer]
auth_type = trust
pool_mode = transaction
default_pool_size = 40
reserve_pool_size = 5
"""
COMPOSE = """services:
  web:
    image: example/web
    environment:
      DATABASE_URL: postgres://shop_app@pgbouncer/shop?connection_limit=60
    deploy:
      replicas: 2
  pgbouncer:
    image: edoburu/pgbouncer:1.24.1
    volumes:
      - ./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini
    deploy:
      replicas: 2
  db:
    image: postgres:16
    command: ["postgres", "-c", "max_connections=50"]
"""
DECLARED = """[[service]]
name = "web"
instances = 2
pool = 60
via = "pgbouncer"
database = "shop"
user = "shop_app"
"""
ROLE = "CREATE ROLE shop_app LOGIN CONNECTION LIMIT 20;\n"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two PgBouncers with room for 90 connections, a role for 20 and a server for 47."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pgbouncer.ini").write_text(POOLER)
    (tmp_path / "compose.yml").write_text(COMPOSE)
    (tmp_path / "connguard.toml").write_text(DECLARED)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "V1__roles.sql").write_text(ROLE)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def verdict() -> str:
    return str(json.loads(run("budget", ".", "--format", "json").stdout)["verdict"])


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_an_unsafe_stack_becomes_safe(stack: Path) -> None:
    """Pool sizes shrink, the limit is raised by a migration, clients are admitted; then all is."""
    assert verdict() == "unsafe"
    assert run("scan", ".").exit_code == 1
    result = run("fix", ".")
    assert result.stderr == ""
    assert (
        result.stdout == "changed: pgbouncer.ini\nwritten: migrations/V2__limit_connections.sql\n"
    )
    assert result.exit_code == 0
    assert verdict() == "safe"
    after = run("scan", ".")
    assert after.exit_code == 0, after.output
    assert (stack / "migrations" / "V1__roles.sql").read_text() == ROLE


def test_a_second_run_has_nothing_to_do(stack: Path) -> None:
    """No file differs, nothing is said, and the exit code is that of a finished repair."""
    run("fix", ".")
    before = contents(stack)
    second = run("fix", ".")
    assert (second.exit_code, second.output) == (0, "")
    assert contents(stack) == before


def test_a_dry_run_is_one_diff(stack: Path) -> None:
    """The limit in the migration is that of the pools as they will be; nothing is written."""
    before = contents(stack)
    result = run("fix", ".", "--dry-run")
    assert result.exit_code == 0
    assert contents(stack) == before
    changed = [line for line in result.stdout.splitlines() if line[:1] in "+-"]
    assert changed == [
        "--- a/pgbouncer.ini",
        "+++ b/pgbouncer.ini",
        "+max_client_conn = 120",
        "-default_pool_size = 40",
        "-reserve_pool_size = 5",
        "+default_pool_size = 20",
        "+reserve_pool_size = 2",
        "--- /dev/null",
        "+++ b/migrations/V2__limit_connections.sql",
        '+ALTER ROLE "shop_app" CONNECTION LIMIT 45;  -- connguard: 44 from the connection budget'
        " + 1",
    ]


def test_a_default_is_written_where_pgbouncer_reads_it(stack: Path) -> None:
    """Sizes that no line sets are added below `[pgbouncer]`, with the file's line ends."""
    text = POOLER.partition("default_pool_size")[0].replace("\n", "\r\n")
    (stack / "pgbouncer.ini").write_bytes(text.encode())
    (stack / "compose.yml").write_text(COMPOSE.replace("=50", "=35"))
    assert run("fix", ".").exit_code == 0
    assert b"[pgbouncer]\r\nmax_client_conn = 120\r\ndefault_pool_size = 14\r\nauth" in (
        (stack / "pgbouncer.ini").read_bytes()
    )
    assert verdict() == "safe"


def test_sizes_that_no_file_holds_are_left_to_a_person(stack: Path) -> None:
    """A half of a change set would move the numbers again on every run."""
    (stack / "pgbouncer.ini").unlink()
    (stack / "compose.yml").write_text(
        COMPOSE.replace(
            "    volumes:\n      - ./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini\n",
            "    environment:\n      DB_HOST: db\n      POOL_MODE: transaction\n"
            "      DEFAULT_POOL_SIZE: ${SIZE:-40}\n",
        )
    )
    first = run("fix", ".")
    before = contents(stack)
    second = run("fix", ".")
    assert (first.exit_code, second.exit_code) == (1, 1)
    assert "to be changed by hand" in second.stderr
    assert contents(stack) == before


def test_a_declaration_is_edited_with_what_it_declares(stack: Path) -> None:
    """The migration and the declaration say the same number, once each."""
    declared = '[[role]]\nname = "shop_app"\nconnection_limit = 20\n'
    (stack / "connguard.toml").write_text(DECLARED + declared)
    assert run("fix", ".").exit_code == 0
    assert "connection_limit = 45\n" in (stack / "connguard.toml").read_text()
    sql = (stack / "migrations" / "V2__limit_connections.sql").read_text()
    assert sql.count("CONNECTION LIMIT 45") == 1
    assert run("scan", ".").exit_code == 0
    assert run("fix", ".").output == ""


def test_a_declaration_alone_is_never_made_true(stack: Path) -> None:
    """A declared limit says what is set elsewhere: raising it here would only silence the scan."""
    (stack / "migrations" / "V1__roles.sql").unlink()
    declared = DECLARED + '[[role]]\nname = "shop_app"\nconnection_limit = 20\n'
    (stack / "connguard.toml").write_text(declared)
    result = run("fix", ".")
    assert result.exit_code == 1
    assert result.stderr == (
        "connguard.toml:10: declared here and set elsewhere, change both:"
        ' ALTER ROLE "shop_app" CONNECTION LIMIT 45;\n'
    )
    assert (stack / "connguard.toml").read_text() == declared


def test_a_role_of_terraform_is_edited_in_place(stack: Path) -> None:
    """There is no migration to write for it."""
    (stack / "migrations" / "V1__roles.sql").unlink()
    (stack / "roles.tf").write_text(
        'resource "postgresql_role" "app" {\n  name = "shop_app"\n  login = true\n'
        "  connection_limit = 20\n}\n"
    )
    result = run("fix", ".")
    assert result.stdout == "changed: pgbouncer.ini\nchanged: roles.tf\n"
    assert "connection_limit = 45\n" in (stack / "roles.tf").read_text()
    assert verdict() == "safe"


def test_a_suppressed_budget_is_left_alone(stack: Path) -> None:
    """Somebody has accepted the risk."""
    (stack / "connguard.toml").write_text('ignore = ["PG101", "PG103", "PG104"]\n' + DECLARED)
    before = contents(stack)
    assert run("fix", ".").exit_code == 0
    assert contents(stack) == before


def test_a_file_that_cannot_be_written_is_an_error(
    stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code says that the repair is not made."""

    def refuse(source: str, target: str) -> None:
        raise OSError(13, "Permission denied", str(target))

    monkeypatch.setattr(os, "replace", refuse)
    result = run("fix", ".")
    assert result.exit_code == 2
    assert "pgbouncer.ini: not changed: Permission denied" in result.stderr


def random_stack(folder: Path, seed: int) -> None:
    """PgBouncers with databases, services, roles with limits and a server of any size."""
    chance = random.Random(seed)
    databases = chance.randint(1, 3)
    lines = ["[databases]"]
    for number in range(databases):
        size = f" pool_size={chance.randint(1, 40)}" if chance.random() < 0.4 else ""
        user = f" user=u{number}" if chance.random() < 0.3 else ""
        lines.append(f"db{number} = host=db dbname=shop{user}{size}")
    lines += ["", "[pgbouncer]", "auth_type = trust", "pool_mode = transaction"]
    for name, least, most in (
        ("default_pool_size", 1, 60),
        ("reserve_pool_size", 0, 10),
        ("max_client_conn", 5, 300),
    ):
        if chance.random() < 0.6:
            lines.append(f"{name} = {chance.randint(least, most)}")
    (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
    declared = "".join(
        f'[[service]]\nname = "s{number}"\ninstances = {chance.randint(1, 6)}\n'
        f'pool = {chance.randint(1, 30)}\nvia = "{chance.choice(("direct", "pgbouncer"))}"\n'
        f'database = "db{chance.randrange(databases)}"\nuser = "u{chance.randrange(3)}"\n'
        for number in range(chance.randint(1, 3))
    )
    (folder / "connguard.toml").write_text(
        f'{declared}[[pooler]]\nname = "pgbouncer"\nconfig = "pgbouncer.ini"\n'
        f'instances = {chance.randint(1, 3)}\nversion = "1.24"\n'
        '[server]\nconfig = "postgresql.conf"\n'
    )
    most = chance.choice((10, 30, 60, 100, 300))
    (folder / "postgresql.conf").write_text(f"max_connections = {most}\n")
    (folder / "migrations").mkdir()
    roles = "".join(
        f"CREATE ROLE u{number} LOGIN CONNECTION LIMIT {chance.choice((1, 5, 20, 80))};\n"
        for number in range(3)
    )
    (folder / "migrations" / "V1__roles.sql").write_text(roles)


@pytest.mark.parametrize("seed", range(16))
def test_any_stack_is_safe_afterwards_or_left_to_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Exit code 0 means safe where it was unsafe, and no second run changes anything."""
    monkeypatch.chdir(tmp_path)
    random_stack(tmp_path, seed)
    before = verdict()
    result = run("fix", ".")
    assert result.exit_code in (0, 1)
    if result.exit_code == 0:
        assert verdict() == ("safe" if before == "unsafe" else before)
    else:
        assert result.stderr
    files = contents(tmp_path)
    run("fix", ".")
    assert contents(tmp_path) == files


def test_limits_fit_a_server_that_grows(stack: Path) -> None:
    """Where no pool can shrink, the server gets slots, and the role a limit that uses them."""
    (stack / "pgbouncer.ini").unlink()
    (stack / "connguard.toml").unlink()
    start, _, end = COMPOSE.replace("@pgbouncer/", "@db/").partition("  pgbouncer:\n")
    (stack / "compose.yml").write_text(start + end[end.index("  db:\n") :])
    assert run("fix", ".").exit_code == 0
    assert verdict() == "safe"
    assert '"max_connections=126"' in (stack / "compose.yml").read_text()
    sql = (stack / "migrations" / "V2__limit_connections.sql").read_text()
    assert 'ALTER ROLE "shop_app" CONNECTION LIMIT 121;' in sql
