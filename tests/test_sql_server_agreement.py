# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replay of role and database statements agrees with real servers, old and new."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from servers import Postgres
from sql_session import RoleRow, Session, quoted
from sql_states import check_allowed, replayed

from connguard.policies.model.facts import UNLIMITED
from connguard.policies.model.origin import Known, Value
from connguard.sql_rules.state import Entity, Existence, Kind

ROLE_EXAMPLES = int(os.environ.get("CONNGUARD_AGREEMENT_EXAMPLES", "150"))
DATABASE_EXAMPLES = max(ROLE_EXAMPLES // 6, 10)

ROLES = {
    "ana": "ana",
    "ANA": "ana",
    '"ana"': "ana",
    '"Ana"': "Ana",
    "bob": "bob",
    "Bob": "bob",
    '"web app"': "web app",
    '"quo""te"': 'quo"te',
    "çelik": "çelik",
    'U&"\\0062ob"': "bob",
    "pg_app": "pg_app",
    "pgapp": "pgapp",
    "a" * 70: "a" * 63,
}
"""How a name is written, and what it is on the server."""

DATABASES = {"shop": "shop", "SHOP": "shop", '"Shop 2"': "Shop 2", "stock": "stock"}


@pytest.fixture
def session(postgres: Postgres) -> Iterator[Session]:
    opened = Session(postgres)
    yield opened
    opened.clean()
    opened.close()


# --- what the replay says -----------------------------------------------------------------------


def _told(value: Value[int] | None) -> int:
    if value is None:
        return UNLIMITED
    assert isinstance(value, Known), value
    return value.value


def _said(value: Value[bool] | None) -> bool:
    assert isinstance(value, Known), value
    return value.value


def _role_row(entity: Entity) -> RoleRow | None:
    if entity.existence is Existence.ABSENT:
        return None
    return RoleRow(_told(entity.limit), _said(entity.login), _said(entity.superuser))


def _single(alternatives: Sequence[Entity]) -> Entity:
    assert len(alternatives) == 1, alternatives
    return alternatives[0]


def replayed_roles(sql: str) -> dict[str, RoleRow]:
    found = {}
    for (kind, name), alternatives in replayed(sql).objects.items():
        row = _role_row(_single(alternatives)) if kind is Kind.ROLE else None
        if row is not None:
            found[name] = row
    return found


def replayed_databases(sql: str) -> dict[str, int]:
    return {
        name: _told(_single(alternatives).limit)
        for (kind, name), alternatives in replayed(sql).objects.items()
        if kind is Kind.DATABASE and _single(alternatives).existence is not Existence.ABSENT
    }


# --- generated sequences ------------------------------------------------------------------------

role_names = st.one_of(st.sampled_from(["ana", "bob", '"Ana"']), st.sampled_from(sorted(ROLES)))
limits = st.sampled_from(["-1", "0", "1", "5", "5", "2147483647", "-2", "+3"])
plain_options = st.one_of(
    st.sampled_from(["LOGIN", "LOGIN", "NOLOGIN", "SUPERUSER", "NOSUPERUSER"]),
    st.sampled_from(["INHERIT", "CREATEDB", "NOCREATEROLE", "REPLICATION", "NOBYPASSRLS"]),
    st.sampled_from(["PASSWORD 'x'", "PASSWORD NULL", "VALID UNTIL 'infinity'"]),
    limits.map(lambda limit: f"CONNECTION LIMIT {limit}"),
    limits.map(lambda limit: f"connection /* per role */ limit {limit}"),
)
create_options = st.one_of(
    plain_options,
    plain_options,
    st.sampled_from(["SYSID 7", "IN ROLE ana", "IN GROUP bob"]),
)


def _joined(options: list[str]) -> str:
    return " ".join(options)


role_statements = st.one_of(
    st.builds(
        "CREATE {} {} {}".format,
        st.sampled_from(["ROLE", "USER", "GROUP", "role"]),
        role_names,
        st.lists(create_options, max_size=4).map(_joined),
    ),
    st.builds(
        "ALTER {} {} {} {}".format,
        st.sampled_from(["ROLE", "USER"]),
        role_names,
        st.sampled_from(["", "WITH"]),
        st.lists(plain_options, max_size=3).map(_joined),
    ),
    st.builds(
        "DROP {} {} {}".format,
        st.sampled_from(["ROLE", "USER", "GROUP"]),
        st.sampled_from(["", "IF EXISTS"]),
        st.lists(role_names, min_size=1, max_size=2, unique_by=ROLES.__getitem__).map(", ".join),
    ),
    st.builds(
        "ALTER {} {} RENAME TO {}".format,
        st.sampled_from(["ROLE", "USER", "GROUP"]),
        role_names,
        role_names,
    ),
    st.builds(
        "ALTER ROLE {} {}".format,
        role_names,
        st.sampled_from(["RESET ALL", "SET work_mem TO '5MB'", "IN DATABASE postgres RESET ALL"]),
    ),
    st.just("ALTER ROLE ALL RESET ALL"),
    st.builds(
        "ALTER GROUP {} {} USER {}".format,
        st.sampled_from(['"web app"', "pgapp"]),
        st.sampled_from(["ADD", "DROP"]),
        st.sampled_from(["ana", "bob", '"Ana"', "çelik"]),
    ),
)
transaction_statements = st.sampled_from(
    [
        *("BEGIN", "BEGIN", "BEGIN", "START TRANSACTION READ WRITE", "COMMIT", "COMMIT", "END"),
        *("ROLLBACK", "ABORT", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN"),
        *("SAVEPOINT s", "SAVEPOINT S", 'SAVEPOINT "S"', "ROLLBACK TO s"),
        *("ROLLBACK TO SAVEPOINT s", "RELEASE s", "RELEASE SAVEPOINT s"),
    ]
)
role_sequences = st.lists(
    st.one_of(role_statements, role_statements, role_statements, transaction_statements),
    min_size=3,
    max_size=20,
)

agreement = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _clear_roles() -> list[str]:
    return [f"DROP ROLE IF EXISTS {quoted(name)}" for name in sorted(set(ROLES.values()))]


def check_roles(session: Session, statements: Sequence[str]) -> None:
    """Run the statements on the server and in the replay, and compare the end states."""
    session.clean()
    complete = [*_clear_roles(), *statements, "COMMIT"]
    answers = session.run(complete)
    event(f"refused statements: {sum(map(bool, answers))}")
    actual = session.roles()
    expected = replayed_roles(";\n".join(complete))
    told = list(zip(complete, answers, strict=True))[len(_clear_roles()) :]
    assert expected == actual, told


@settings(agreement, max_examples=ROLE_EXAMPLES)
@given(role_sequences)
@example(["CREATE ROLE ana CONNECTION LIMIT 5 CONNECTION LIMIT 5"])
@example(["CREATE USER ana", "BEGIN", "ALTER ROLE ana CONNECTION LIMIT 3", "ROLLBACK"])
@example(["CREATE GROUP ana", "ALTER GROUP ana CONNECTION LIMIT 5"])
@example(["CREATE ROLE ana", "COMMENT ON ROLE ana IS 'CONNECTION LIMIT 7'"])
@example(
    ["CREATE ROLE ana SYSID 7 SYSID 8", "COMMIT AND CHAIN", "CREATE ROLE ana", "DROP ROLE ana"]
)
def test_role_statements(session: Session, statements: list[str]) -> None:
    """Roles end with the limit, login and superuser attributes that the server gives them."""
    check_roles(session, statements)


# --- code ---------------------------------------------------------------------------------------

WORK = "CREATE FUNCTION work() RETURNS void LANGUAGE plpgsql AS 'BEGIN END'"
UNDECIDABLE = ("current_user = 'postgres'", "now() IS NULL")
role_conditions = st.one_of(
    st.builds(
        "{} (SELECT {} FROM {} WHERE rolname = '{}')".format,
        st.sampled_from(["EXISTS", "NOT EXISTS", "not exists"]),
        st.sampled_from(["1", "", "*"]),
        st.sampled_from(["pg_roles", "pg_catalog.pg_roles", "pg_authid"]),
        st.sampled_from(["ana", "bob", "Ana"]),
    ),
    st.sampled_from(["true", "false", "1 = 2", *UNDECIDABLE]),
)
handled = st.sampled_from(
    ["OTHERS", "duplicate_object", "undefined_object", "SQLSTATE '42710'", "division_by_zero"]
)
computed_statements = st.one_of(
    st.builds(
        "EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', '{}', {})".format,
        st.sampled_from(["ana", "bob", "Ana"]),
        st.sampled_from(["-1", "4", "2 + 1", "x"]),
    ),
    st.builds(
        "EXECUTE 'CREATE ROLE ' || quote_ident('{}') || ' LOGIN CONNECTION LIMIT ' || {}".format,
        st.sampled_from(["ana", "bob", "Ana"]),
        st.sampled_from(["6", "x"]),
    ),
    st.builds("EXECUTE 'DROP ROLE IF EXISTS {0}; CREATE USER {0}'".format, role_names),
)
simple_code = st.one_of(
    role_statements,
    role_statements,
    computed_statements,
    st.sampled_from(["x := 8", "x := x + 1", "NULL", "PERFORM 1", "RAISE NOTICE 'here'"]),
    st.sampled_from(["RAISE EXCEPTION 'stop'", "RETURN"]),
)


def _body(statements: list[str]) -> str:
    return "".join(f"{statement};\n" for statement in statements) or "NULL;\n"


repeatable_statements = st.one_of(
    st.builds("DROP ROLE IF EXISTS {}".format, role_names),
    st.builds(
        "IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{0}') THEN\n"
        "CREATE ROLE {0} LOGIN CONNECTION LIMIT {1};\nEND IF".format,
        st.sampled_from(["ana", "bob"]),
        st.integers(-1, 3),
    ),
    st.builds(
        "IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{0}') THEN\n"
        "ALTER ROLE {0} CONNECTION LIMIT {1};\nEND IF".format,
        st.sampled_from(["ana", "bob"]),
        st.integers(-1, 3),
    ),
)
repeatable = st.lists(repeatable_statements, min_size=1, max_size=3).map(_body)
"""What loops do: code that fails when it runs again is not what anybody ships."""


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    bodies = st.lists(inner, min_size=1, max_size=3).map(_body)
    return st.one_of(
        st.builds("IF {} THEN\n{}END IF".format, role_conditions, bodies),
        st.builds("IF {} THEN\n{}ELSE\n{}END IF".format, role_conditions, bodies, bodies),
        st.builds(
            "IF {} THEN\n{}ELSIF {} THEN\n{}END IF".format,
            role_conditions,
            bodies,
            role_conditions,
            bodies,
        ),
        st.builds("BEGIN\n{}EXCEPTION WHEN {} THEN\n{}END".format, bodies, handled, bodies),
        st.builds("FOR i IN 1..{} LOOP\n{}END LOOP".format, st.integers(0, 3), repeatable),
        st.builds("WHILE x < 7 LOOP\nx := x + 1;\n{}END LOOP".format, repeatable),
    )


code_bodies = st.lists(
    st.recursive(simple_code, _nested, max_leaves=8), min_size=1, max_size=5
).map(lambda statements: f"DECLARE x int := 5;\nBEGIN\n{_body(statements)}END")
code_statements = st.one_of(
    code_bodies.map(lambda body: f"DO $do$\n{body}\n$do$"),
    code_bodies.map(lambda body: f"DO $do$\n{body}\n$do$"),
    code_bodies.map(
        lambda body: (
            f"CREATE OR REPLACE FUNCTION work() RETURNS void LANGUAGE plpgsql AS $f$\n{body}\n$f$"
        )
    ),
    st.just("SELECT work()"),
    st.just("DO 'BEGIN PERFORM work(); END'"),
    role_statements,
)
code_sequences = st.lists(
    st.one_of(code_statements, code_statements, transaction_statements), min_size=2, max_size=8
)


def check_code(session: Session, statements: Sequence[str]) -> None:
    """As `check_roles`, where the code leaves open what happens: one alternative must be right.

    The replay takes it that code which may end without an error does, if need be because a handler
    has run: where the server sees an error that hangs on an undecidable condition, or makes a role
    a member of one that is not there for that, the sequence is not compared.
    """
    session.clean()
    complete = [*_clear_roles(), WORK, *statements, "COMMIT"]
    answers = session.run(complete)
    told = list(zip(complete, answers, strict=True))[len(_clear_roles()) :]
    failed = any(answer and ("DO" in text or "work()" in text) for text, answer in told)
    script = ";\n".join(statements)
    joins = "EXCEPTION WHEN" in script and (" IN ROLE " in script or " IN GROUP " in script)
    if failed and (joins or any(condition in script for condition in UNDECIDABLE)):
        event("not compared")
        return
    check_allowed(";\n".join(complete), session.roles(), session.databases(), told)


@settings(agreement, max_examples=ROLE_EXAMPLES)
@given(code_sequences)
def test_code(session: Session, statements: list[str]) -> None:
    """Whatever blocks and functions do to roles on the server is among the alternatives."""
    check_code(session, statements)


# --- databases ----------------------------------------------------------------------------------

database_names = st.sampled_from(sorted(DATABASES))
database_options = st.one_of(
    limits.map(lambda limit: f"CONNECTION LIMIT {limit}"),
    limits.map(lambda limit: f"CONNECTION LIMIT = {limit}"),
    limits.map(lambda limit: f'"connection_limit" = {limit}'),
    st.sampled_from(["ALLOW_CONNECTIONS true", "IS_TEMPLATE false", "IS_TEMPLATE = true"]),
)
database_statements = st.one_of(
    st.builds(
        "CREATE DATABASE {} {}".format,
        database_names,
        st.lists(st.one_of(database_options, st.just("TEMPLATE template0")), max_size=3).map(
            _joined
        ),
    ),
    st.builds(
        "CREATE DATABASE {} TEMPLATE {}".format,
        database_names,
        database_names,
    ),
    st.builds(
        "ALTER DATABASE {} {}".format,
        database_names,
        st.lists(database_options, min_size=1, max_size=2).map(_joined),
    ),
    st.builds(
        "ALTER DATABASE {} WITH {}".format,
        database_names,
        st.lists(database_options, min_size=1, max_size=2).map(_joined),
    ),
    st.builds("ALTER DATABASE {} RENAME TO {}".format, database_names, database_names),
    st.builds(
        "ALTER DATABASE {} {}".format,
        database_names,
        st.sampled_from(["RESET ALL", "SET work_mem TO '5MB'", "OWNER TO postgres"]),
    ),
    st.builds(
        "DROP DATABASE {} {} {}".format,
        st.sampled_from(["", "IF EXISTS"]),
        database_names,
        st.sampled_from(["", "WITH (FORCE)"]),
    ),
    transaction_statements,
)


database_sequences = st.lists(database_statements, min_size=2, max_size=7)


def check_databases(session: Session, statements: Sequence[str]) -> None:
    """As `check_roles`, for databases."""
    session.clean()
    clear = [f"DROP DATABASE IF EXISTS {quoted(name)}" for name in sorted(DATABASES.values())]
    complete = [*clear, *statements, "COMMIT"]
    answers = session.run(complete)
    event(f"refused statements: {sum(map(bool, answers))}")
    built_in = ("postgres", "template0", "template1")
    actual = {name: limit for name, limit in session.databases().items() if name not in built_in}
    expected = replayed_databases(";\n".join(complete))
    assert expected == actual, list(zip(complete, answers, strict=True))[len(clear) :]


@settings(agreement, max_examples=DATABASE_EXAMPLES)
@given(database_sequences)
@example(["BEGIN", "CREATE DATABASE shop CONNECTION LIMIT 5", "COMMIT"])
@example(["CREATE DATABASE shop", "BEGIN", "ALTER DATABASE shop CONNECTION LIMIT 5", "COMMIT"])
@example(["CREATE DATABASE shop", "BEGIN", "ALTER DATABASE shop CONNECTION LIMIT 5", "ROLLBACK"])
@example(
    ["CREATE DATABASE shop", "BEGIN", "ALTER DATABASE shop RENAME TO stock", "DROP DATABASE x"]
)
def test_database_statements(session: Session, statements: list[str]) -> None:
    """Databases end with the connection limit that the server gives them."""
    check_databases(session, statements)
