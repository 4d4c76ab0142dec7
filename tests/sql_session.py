# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A superuser's session on a test server, and the roles and databases that it finds there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from servers import Postgres
from wire import Client, Refused

MADE_SCHEMAS = """
SELECT nspname FROM pg_namespace AS n
WHERE oid >= 16384 AND nspname <> 'public' OR nspname = 'public' AND (
    EXISTS (SELECT FROM pg_proc WHERE pronamespace = n.oid)
    OR EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid)
)
"""


@dataclass(frozen=True)
class RoleRow:
    """A role as pg_roles shows it; None instead of a row means that there is none."""

    limit: int
    login: bool
    superuser: bool


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

    def rows(self, query: str) -> list[tuple[str | None, ...]]:
        return self._client.query(query)

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
        """Remove all databases, schemas and roles that tests have left."""
        statements = ["ROLLBACK", "RESET SESSION AUTHORIZATION", "RESET ROLE"]
        statements.append("ALTER DATABASE postgres CONNECTION LIMIT -1")
        for name in self.databases():
            if name not in ("postgres", "template0", "template1"):
                statements.append(f"ALTER DATABASE {quoted(name)} IS_TEMPLATE false")
                statements.append(f"DROP DATABASE {quoted(name)}")
        for (schema,) in self._client.query(MADE_SCHEMAS):
            statements.append(f"DROP SCHEMA {quoted(str(schema))} CASCADE")
        statements.append("CREATE SCHEMA IF NOT EXISTS public")
        for name in self.roles():
            statements += [f"DROP OWNED BY {quoted(name)}", f"DROP ROLE {quoted(name)}"]
        self.run(statements)
        assert not self.roles()

    def close(self) -> None:
        self._client.close()


def quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
