# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load harness, on facts about pools and limits that are known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from load import Group, behind, load_server, run, userlist
from servers import PgBouncer, Postgres, newest_postgres, oldest_postgres

INI = """\
[databases]
shop = host=db.example.org port=5432 dbname=shop
stock = host=db.example.org dbname=stock pool_size=2
[pgbouncer]
auth_type = trust
pool_mode = transaction
default_pool_size = 3
reserve_pool_size = 1
reserve_pool_timeout = 1
max_client_conn = 30
server_login_retry = 1
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    running = load_server(
        oldest_postgres(),
        roles={"app": -1, "jobs": -1, "tight": 2},
        databases={"shop": -1, "stock": -1},
        conf={"max_connections": 30},
    )
    yield running
    running.stop()


def test_pools_fill_per_user_and_database(server: Postgres) -> None:
    """Each pair of user and database opens its pool and its reserve, and no more."""
    with PgBouncer(behind(INI, server), userlist("app", "jobs")) as pooler:
        seen = run(
            server,
            [pooler],
            [Group(6, "app", "shop"), Group(6, "app", "stock"), Group(2, "jobs", "shop")],
            hold_seconds=5.0,
        )

    assert seen.by_role == {"app": 4 + 3, "jobs": 2}
    assert seen.by_database == {"shop": 4 + 2, "stock": 3}
    assert seen.peak == 9
    assert seen.errors == []
    assert seen.refusals == []
    assert (seen.served, seen.waiting) == (14, 5)


def test_a_role_limit_below_the_pool_is_hit(server: Postgres) -> None:
    """The server refuses the third connection of a role that may have two."""
    with PgBouncer(behind(INI, server), userlist("tight")) as pooler:
        seen = run(server, [pooler], [Group(5, "tight", "shop")], drain_seconds=2.0)

    assert seen.by_role == {"tight": 2}
    assert ("53300", 'too many connections for role "tight"') in seen.refusals


def test_direct_clients_are_told_the_sqlstate(server: Postgres) -> None:
    """Without a pooler the refused client itself gets 53300.

    A connection of the test before may still be leaving, and counts until it is gone.
    """
    seen = run(server, [], [Group(3, "tight", "stock", pooler=None)], hold_seconds=3.0)

    assert {(error.sqlstate, error.message) for error in seen.errors} == {
        ("53300", 'too many connections for role "tight"')
    }
    assert 1 <= seen.peak <= 2


def test_clients_beyond_max_client_conn_are_turned_away(server: Postgres) -> None:
    """PgBouncer's own limit is seen by the clients only."""
    ini = behind(INI, server).replace("max_client_conn = 30", "max_client_conn = 4")
    with PgBouncer(ini, userlist("app")) as pooler:
        seen = run(server, [pooler], [Group(6, "app", "shop", hold=False)], hold_seconds=3.0)

    assert {error.sqlstate for error in seen.errors} == {"08P01"}
    assert len(seen.errors) == 2
    assert seen.refusals == []


def test_replicas_multiply(server: Postgres) -> None:
    """Two processes with the same configuration each hold full pools."""
    text, users = behind(INI, server), userlist("app")
    with PgBouncer(text, users) as first, PgBouncer(text, users) as second:
        seen = run(
            server,
            [first, second],
            [Group(4, "app", "shop", pooler=0), Group(4, "app", "shop", pooler=1)],
            hold_seconds=5.0,
        )

    assert seen.by_role == {"app": 8}


def test_ordinary_slots_are_counted_exactly() -> None:
    """An ordinary role gets all slots but the reserved ones."""
    small = load_server(
        newest_postgres(),
        roles={"app": -1},
        databases={"shop": -1},
        conf={
            "max_connections": 12,
            "superuser_reserved_connections": 3,
            "reserved_connections": 2,
        },
    )
    try:
        group = [Group(9, "app", "shop", pooler=None)]
        seen = run(small, [], group, hold_seconds=5.0, one_by_one=True)
    finally:
        small.stop()

    assert seen.peak == 12 - 3 - 2
    assert [error.sqlstate for error in seen.errors] == ["53300", "53300"]
