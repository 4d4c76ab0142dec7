# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that ALTER SYSTEM, ALTER DATABASE and ALTER ROLE store."""

from __future__ import annotations

import pytest
from servers import Postgres, newest_postgres
from sql_findings import findings, ids, lines, script
from sql_session import Session
from sql_states import replayed

from connguard.policies.model.origin import Known
from connguard.sql_rules.replay import replay

STORED = """
SELECT coalesce(rolname, ''), coalesce(datname, ''), unnest(setconfig)
FROM pg_db_role_setting
LEFT JOIN pg_roles AS r ON r.oid = setrole LEFT JOIN pg_database AS d ON d.oid = setdatabase
"""


@pytest.mark.parametrize(
    ("statement", "policy"),
    [
        ("ALTER SYSTEM SET listen_addresses = '*'", "PG205"),
        ("ALTER SYSTEM SET listen_addresses = 'localhost', '0.0.0.0'", "PG205"),
        ("ALTER SYSTEM SET ssl = off", "PG401"),
        ("ALTER SYSTEM SET SSL TO 'False'", "PG401"),
        ("ALTER SYSTEM SET password_encryption = 'md5'", "PG402"),
        ("ALTER ROLE app SET password_encryption TO MD5", "PG402"),
        ("ALTER SYSTEM SET idle_in_transaction_session_timeout = '0min'", "PG501"),
        ("ALTER DATABASE shop SET idle_in_transaction_session_timeout TO 0", "PG501"),
        ("ALTER USER app SET statement_timeout = '0'", "PG502"),
        ("ALTER ROLE app IN DATABASE shop SET statement_timeout = 0", "PG502"),
        ("ALTER ROLE ALL SET statement_timeout = '0.4ms'", "PG502"),
        ("ALTER ROLE ALL IN DATABASE shop SET statement_timeout = '0x0'", "PG502"),
        ("ALTER ROLE CURRENT_USER SET statement_timeout = 0", "PG502"),
        ("ALTER SYSTEM SET tcp_keepalives_idle = '0'", "PG503"),
        ("ALTER DATABASE shop SET tcp_keepalives_idle = '2h'", "PG503"),
        ("ALTER SYSTEM SET max_connections = 5000", "PG106"),
        ("ALTER ROLE ALL SET idle_session_timeout = '5min'", "PG504"),
        ("DO $$ BEGIN EXECUTE 'ALTER ROLE app SET statement_timeout = 0'; END $$", "PG502"),
        (
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = %L',"
            " current_database(), '0'); END $$",
            "PG502",
        ),
        ("SELECT dblink_exec('dbname=x', 'ALTER SYSTEM SET ssl = off')", "PG401"),
    ],
)
def test_a_stored_setting_is_a_finding(statement: str, policy: str) -> None:
    """Explicit disabling is found in every spelling that the server reads so."""
    assert lines(f"\n{statement};") == {(2, policy)}


@pytest.mark.parametrize(
    "text",
    [
        "ALTER SYSTEM SET listen_addresses = '10.0.0.5'",
        "ALTER SYSTEM SET ssl = on",
        "ALTER SYSTEM SET max_connections = 200",
        "ALTER ROLE app SET statement_timeout = '5min'",
        "ALTER ROLE app SET statement_timeout = 300000",
        "ALTER ROLE app SET statement_timeout = '0.6ms'",
        "ALTER ROLE app SET search_path = '0'",
        "SET statement_timeout = 0",
        "SELECT set_config('statement_timeout', '0', false)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET statement_timeout = 0 AS 'SELECT 1'",
        "ALTER SYSTEM SET ssl = off; ALTER SYSTEM SET ssl = on",
        "ALTER SYSTEM SET ssl = off; ALTER SYSTEM RESET ssl",
        "ALTER SYSTEM SET ssl = off; ALTER SYSTEM RESET ALL",
        "ALTER SYSTEM SET ssl = off; ALTER SYSTEM SET ssl TO DEFAULT",
        "ALTER ROLE app SET statement_timeout = 0; ALTER ROLE app RESET ALL",
        "ALTER DATABASE d SET statement_timeout = 0; ALTER ROLE ALL IN DATABASE d RESET ALL",
        "ALTER ROLE app SET statement_timeout = 0; DROP ROLE app",
        "ALTER ROLE app IN DATABASE d SET statement_timeout = 0; DROP DATABASE d",
        "CREATE ROLE app; ALTER ROLE app SET statement_timeout = 0",
        "BEGIN; ALTER ROLE app SET statement_timeout = 0; ROLLBACK",
        "ALTER SYSTEM SET statement_timeout = 0; ALTER ROLE ALL SET statement_timeout = '30s'",
        "/* ALTER SYSTEM SET ssl = off; */ SELECT 'ALTER SYSTEM SET ssl = off'",
    ],
)
def test_what_is_not_in_effect_is_no_finding(text: str) -> None:
    """Sound values, later changes, objects that are gone and session settings are fine."""
    assert lines(text) == set()


def test_a_rename_carries_settings() -> None:
    """The settings stay with the object, whatever its name becomes."""
    found = findings(
        """
        ALTER ROLE app SET statement_timeout = 0;
        ALTER ROLE app RENAME TO api;
        ALTER ROLE app RESET ALL;
        ALTER DATABASE shop SET tcp_keepalives_idle = 0;
        ALTER DATABASE shop RENAME TO store;
        """,
    )
    assert {(each.policy.id, each.origin.line) for each in found if each.policy.id != "PG902"} == {
        ("PG502", 2),
        ("PG503", 5),
    }
    assert any('role "api"' in each.message for each in found)


def test_every_scope_has_its_own_value() -> None:
    """A role's own value does not change what other sessions of the database get."""
    found = findings(
        """
        ALTER DATABASE shop SET statement_timeout = 0;
        ALTER ROLE app IN DATABASE shop SET statement_timeout = '30s';
        ALTER ROLE app SET statement_timeout = '60s';
        """
    )
    assert [(each.origin.line, each.policy.id) for each in found] == [(2, "PG502")]
    assert [(each.message, each.origin.line) for each in found[0].related] == [
        ('role "app" in database "shop" has a value of its own', 3),
        ('role "app" has a value of its own', 4),
    ]


def test_the_narrowest_place_wins() -> None:
    """A sound value for the role does not mend the one for the role in a database."""
    assert lines(
        """
        ALTER ROLE app SET statement_timeout = '30s';
        ALTER ROLE app IN DATABASE shop SET statement_timeout = 0;
        """
    ) == {(3, "PG502")}


def test_migrations_are_replayed_in_order() -> None:
    """The last migration decides, and the finding stands where its value is set."""
    assert ids(
        "ALTER SYSTEM SET ssl = on;",
        "ALTER SYSTEM SET ssl = off;",
    ) == {("V2.sql", 1, "PG401")}


def test_a_branch_may_store_a_setting() -> None:
    """Either branch may run: the worse one counts."""
    assert lines(
        """
        DO $$ BEGIN
          IF now() > '2030-01-01' THEN
            ALTER ROLE app SET statement_timeout = 0;
          ELSE
            ALTER ROLE app SET statement_timeout = '1min';
          END IF;
        END $$;
        """
    ) == {(4, "PG502")}


@pytest.mark.parametrize(
    "text",
    [
        "ALTER ROLE app SET statement_timeout = ${timeout}",
        "ALTER ROLE app SET statement_timeout = '${timeout}'",
        "ALTER ROLE app SET statement_timeout = :'timeout'",
        "ALTER ROLE app SET statement_timeout FROM CURRENT",
        "BEGIN; ALTER SYSTEM SET ssl = off; COMMIT",
        "ALTER ROLE app SET ssl = off",
        "SELECT format('ALTER SYSTEM SET %s', x) FROM t \\gexec",
    ],
)
def test_unknown_values_and_refused_statements_are_undecided(text: str) -> None:
    """What only the tool or the server knows is said to be unknown."""
    assert lines(text) == {(1, "PG902")}


def test_a_known_variable_gives_the_value() -> None:
    """A placeholder with a known value is read as that value."""
    found = replay([script("a.sql", "ALTER ROLE a SET statement_timeout = ${t};", t="0")])
    values = [getattr(fact, "value", None) for each in found.subjects for fact in each.alternatives]
    assert [each.value for each in values if isinstance(each, Known)] == ["0"]


def test_the_server_stores_the_same() -> None:
    """pg_db_role_setting of a real server holds what the replay holds."""
    statements = """
        CREATE ROLE a LOGIN; CREATE ROLE b LOGIN; CREATE ROLE c LOGIN;
        CREATE DATABASE d; CREATE DATABASE e;
        ALTER ROLE a SET statement_timeout TO '5min';
        ALTER ROLE a SET statement_timeout = 300000;
        ALTER ROLE a IN DATABASE d SET work_mem = '64MB';
        ALTER ROLE a IN DATABASE e SET work_mem = '32MB';
        ALTER ROLE b SET lock_timeout = 0;
        ALTER ROLE b SET ssl = off;
        ALTER ROLE b SET listen_addresses = '*';
        ALTER ROLE b SET max_connections = 5;
        ALTER DATABASE e SET statement_timeout = '0';
        ALTER ROLE ALL IN DATABASE e SET lock_timeout = '1s';
        ALTER ROLE ALL SET tcp_keepalives_idle = 60;
        ALTER DATABASE e RESET statement_timeout;
        ALTER ROLE a RESET ALL;
        ALTER ROLE c SET password_encryption = 'md5';
        ALTER ROLE c SET statement_timeout = 1;
        ALTER ROLE c SET statement_timeout TO DEFAULT;
        ALTER ROLE c RENAME TO f;
        DROP DATABASE e;
        ALTER DATABASE d RENAME TO g;
        DROP ROLE IF EXISTS b;
        ALTER ROLE missing SET statement_timeout = 0;
        BEGIN; ALTER ROLE a SET statement_timeout = 0; ROLLBACK;
    """
    with Postgres(newest_postgres()) as server:
        session = Session(server)
        session.run([each for each in statements.split(";") if each.strip()])
        stored = {
            (str(role), str(database), *str(setting).split("=", 1))
            for role, database, setting in session.rows(STORED)
        }
    replay_stored = {
        (
            scope.role.key if scope.role else "",
            scope.database.key if scope.database else "",
            name,
            one.value.value,
        )
        for (scope, name), alternatives in replayed(statements).settings.found.items()
        for one in alternatives
        if one is not None and isinstance(one.value, Known)
    }
    assert stored <= replay_stored
    assert {row for row in replay_stored if row[0] != "missing"} == stored
