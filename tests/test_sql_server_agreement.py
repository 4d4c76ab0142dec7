# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replay of role and database statements agrees with real servers, old and new."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from servers import Postgres
from wire import Client, Refused

from connguard.policies.model.facts import UNLIMITED
from connguard.policies.model.origin import Known, Value
from connguard.sql_rules.replay import final_state
from connguard.sql_rules.script import Chunk, Script
from connguard.sql_rules.state import Entity, Existence, Kind
from connguard.text import Text

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


@dataclass(frozen=True)
class RoleRow:
    """A role as pg_roles shows it; None instead of a row means that there is none."""

    limit: int
    login: bool
    superuser: bool


# --- what the server does -----------------------------------------------------------------------


class Session:
    """A superuser's session in which errors are ignored, as psql does by default."""

    def __init__(self, server: Postgres) -> None:
        self._client = Client(
            server.host, server.port, user="postgres", database="postgres", timeout=60
        )

    def run(self, statements: Sequence[str]) -> list[str]:
        """Run them one by one in autocommit mode; the errors, "" for success."""
        answers = []
        for statement in statements:
            try:
                self._client.query(statement)
                answers.append("")
            except Refused as refused:
                answers.append(refused.message)
        return answers

    def roles(self) -> dict[str, RoleRow]:
        rows = self._client.query(
            "SELECT rolname, rolconnlimit, rolcanlogin, rolsuper FROM pg_roles WHERE oid >= 16384"
        )
        return {
            str(name): RoleRow(int(str(limit)), login == "t", superuser == "t")
            for name, limit, login, superuser in rows
        }

    def databases(self) -> dict[str, int]:
        rows = self._client.query("SELECT datname, datconnlimit FROM pg_database")
        return {str(name): int(str(limit)) for name, limit in rows}

    def clean(self) -> None:
        """Remove all databases and roles that tests have left."""
        statements = ["ROLLBACK", "RESET SESSION AUTHORIZATION", "RESET ROLE"]
        for name in self.databases():
            if name not in ("postgres", "template0", "template1"):
                statements.append(f"ALTER DATABASE {_quoted(name)} IS_TEMPLATE false")
                statements.append(f"DROP DATABASE {_quoted(name)}")
        statements += [f"DROP ROLE {_quoted(name)}" for name in self.roles()]
        self.run(statements)
        assert not self.roles()

    def close(self) -> None:
        self._client.close()


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


@pytest.fixture
def session(postgres: Postgres) -> Iterator[Session]:
    opened = Session(postgres)
    yield opened
    opened.clean()
    opened.close()


# --- what the replay says -----------------------------------------------------------------------


def _script(sql: str) -> Script:
    return Script("agreement.sql", (Chunk(sql, Text("agreement.sql", sql).origin),))


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
    for (kind, name), alternatives in final_state([_script(sql)]).objects.items():
        row = _role_row(_single(alternatives)) if kind is Kind.ROLE else None
        if row is not None:
            found[name] = row
    return found


def replayed_databases(sql: str) -> dict[str, int]:
    return {
        name: _told(_single(alternatives).limit)
        for (kind, name), alternatives in final_state([_script(sql)]).objects.items()
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
        st.lists(role_names, min_size=1, max_size=2).map(", ".join),
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
    st.builds("ALTER GROUP {} ADD USER {}".format, role_names, role_names),
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
    derandomize=bool(os.environ.get("CI")),
)


def _clear_roles() -> list[str]:
    return [f"DROP ROLE IF EXISTS {_quoted(name)}" for name in sorted(set(ROLES.values()))]


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


def check_databases(session: Session, statements: Sequence[str]) -> None:
    """As `check_roles`, for databases."""
    session.clean()
    clear = [f"DROP DATABASE IF EXISTS {_quoted(name)}" for name in sorted(DATABASES.values())]
    complete = [*clear, *statements, "COMMIT"]
    answers = session.run(complete)
    event(f"refused statements: {sum(map(bool, answers))}")
    built_in = ("postgres", "template0", "template1")
    actual = {name: limit for name, limit in session.databases().items() if name not in built_in}
    expected = replayed_databases(";\n".join(complete))
    assert expected == actual, list(zip(complete, answers, strict=True))[len(clear) :]


@settings(agreement, max_examples=DATABASE_EXAMPLES)
@given(st.lists(database_statements, min_size=1, max_size=6))
def test_database_statements(session: Session, statements: list[str]) -> None:
    """Databases end with the connection limit that the server gives them."""
    check_databases(session, statements)
