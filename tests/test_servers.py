# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that other tests rely on: they start, refuse, reload, and leave nothing behind."""

from __future__ import annotations

import psycopg
import pytest
from servers import (
    PgBouncer,
    Postgres,
    ServerFailed,
    newest_postgres,
    oldest_postgres,
)


def test_a_server_answers_with_its_own_version(postgres: Postgres) -> None:
    """Both versions start as whatever user runs the tests, and say who they are."""
    with postgres.connect() as connection:
        row = connection.execute("SELECT current_setting('server_version_num')::int").fetchone()

    assert row is not None
    assert row[0] == postgres.version[0] * 10000 + postgres.version[1]


def test_the_newest_server_is_newer_than_the_oldest() -> None:
    """Agreement with one version only would not be agreement with both."""
    assert newest_postgres().major > oldest_postgres().major
    assert newest_postgres(tls=True).tls


def test_a_stopped_server_leaves_no_files() -> None:
    """The directory of a server goes with it."""
    server = Postgres(oldest_postgres(), conf={"max_connections": 7})
    with server:
        directory = server.directory
        with server.connect() as connection:
            assert connection.execute("SHOW max_connections").fetchone() == ("7",)
        assert (directory / "data").exists()

    assert not directory.exists()
    assert not server.running


def test_a_server_that_refuses_to_start_shows_its_log() -> None:
    """The reason for a failed start is in the failure."""
    server = Postgres(oldest_postgres(), conf={"max_connections": 3})
    with pytest.raises(ServerFailed, match="superuser_reserved_connections"):
        server.start()
    server.stop()


def test_reload_returns_what_the_server_thinks_of_its_files() -> None:
    """After a reload the new rules hold, and a broken file keeps the old ones."""
    with Postgres(oldest_postgres()) as server:
        server.write_file("pg_hba.conf", "host all postgres 127.0.0.1/32 reject\n")
        assert "was not reloaded" not in server.reload()
        with pytest.raises(psycopg.OperationalError, match="rejects connection"):
            server.connect()
        server.write_file("pg_hba.conf", "HOST all all 127.0.0.1/32 trust\n")
        assert "was not reloaded" in server.reload()


def test_pgbouncer_passes_a_client_on() -> None:
    """A client that asks PgBouncer is answered by the server behind it."""
    with Postgres(oldest_postgres()) as server:
        ini = (
            f"[databases]\nshop = host=127.0.0.1 port={server.port} dbname=postgres\n"
            "[pgbouncer]\nauth_type = trust\npool_mode = transaction\n[users]\n"
        )
        with (
            PgBouncer(ini, '"postgres" ""\n') as pooler,
            pooler.connect(user="postgres", dbname="shop") as connection,
        ):
            assert connection.execute("SELECT current_database()").fetchone() == ("postgres",)


def test_pgbouncer_that_refuses_to_start_shows_its_log() -> None:
    """The reason for a failed start is in the failure."""
    pooler = PgBouncer("[pgbouncer]\nmax_client_conn = 20 ; twenty\n")
    with pytest.raises(ServerFailed, match="invalid value"):
        pooler.start()
    pooler.stop()
