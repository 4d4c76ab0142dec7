# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A read-only session on a server, or on PgBouncer's console.

Every query is a transaction of its own: BEGIN READ ONLY, SET LOCAL statement_timeout, SELECT,
COMMIT. SET LOCAL ends with the transaction: a plain SET would stay on a connection that a pooler
gives to the next client. Where there is no pooler, the session as a whole is read-only, too.
"""

from __future__ import annotations

import math
import re
import socket
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connguard.live.bounded import bounded
from connguard.live.network import Address
from connguard.live.protocol import Refusal
from connguard.live.target import Target
from connguard.policies.model.patterns import lazily

APPLICATION_NAME = "connguard-doctor"
CONSOLE = "pgbouncer"
"""The name of the database that is PgBouncer's console."""

_READ_ONLY = "-c default_transaction_read_only=on"
_FROM_SERVER = lazily(r"(?:failed: |^)[^\s:]+:  (.+)", re.MULTILINE)
_NO_BLOCKS = "transaction blocks not allowed in statement pooling mode"
_OTHER_KIND = lazily(r"session is (?:not )?read-only|server is (?:not )?in hot standby mode")
# PgBouncer, and RDS Proxy.
_NO_OPTIONS = lazily("unsupported startup parameter|command-line options", re.IGNORECASE)
_LEFT_OUT = ("hostaddr", "replication", "client_encoding")

Row = dict[str, Any]


class LoginFailed(Exception):
    """`refusal` is what the server said; without one, `message` is the client library's.

    `elsewhere` is whether a client would try the next address.
    """

    def __init__(
        self, message: str, refusal: Refusal | None = None, advice: str = "", *, elsewhere: bool
    ) -> None:
        super().__init__(message)
        self.message = message
        self.refusal = refusal
        self.next = advice
        self.elsewhere = elsewhere


class QueryFailed(Exception):
    """A query that the server refused, or did not answer in time."""

    def __init__(self, message: str, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Session:
    """An open connection. Close it after use."""

    def __init__(
        self,
        connection: psycopg.Connection[Row],
        address: Address,
        target: Target,
        seconds: float,
    ) -> None:
        self._connection = connection
        self._address = address
        self._target = target
        self._seconds = seconds
        self._blocks = True
        self._about: Row = {}

    @property
    def is_console(self) -> bool:
        """Whether it is PgBouncer's console, which knows SHOW and no SQL."""
        version = self._connection.pgconn.parameter_status(b"server_version") or b""
        return b"bouncer" in version

    @property
    def about(self) -> Row:
        """Who and where we are: version, role, its rights, standby, pooler. Raises QueryFailed."""
        if not self._about:
            self._about = self.select(_ABOUT)[0]
            self._about["pooled"] = self._about["pid"] != self._connection.info.backend_pid
        return self._about

    def describe(self) -> str:
        """The server in words. Raises QueryFailed."""
        if self.is_console:
            version = self._connection.pgconn.parameter_status(b"server_version") or b""
            return f"the console of PgBouncer {version.decode().partition('/')[0]}"
        standby = ", a standby" if self.about["standby"] else ""
        pooled = ", through a pooler" if self.about["pooled"] else ""
        return f"PostgreSQL {self.about['version']}{standby}{pooled}"

    def select(self, sql: str) -> list[Row]:
        """The rows of a SELECT. Raises QueryFailed."""
        return self._bounded([sql])

    def show(self, what: str) -> list[Row]:
        """The rows of a SHOW command of PgBouncer's console. Raises QueryFailed."""
        self._blocks = False
        return self._bounded([f"SHOW {what}"])

    def close(self) -> None:
        self._connection.close()

    def _bounded(self, statements: list[str]) -> list[Row]:
        try:
            return bounded(lambda: self._run(statements), self._seconds + 1)
        except TimeoutError:
            self._give_up()
            raise QueryFailed(f"no answer within {self._seconds:g} s") from None
        except psycopg.Error as error:
            if _NO_BLOCKS in str(error) and self._blocks:
                return self._without_blocks(statements)
            message = error.diag.message_primary or str(error).strip()
            raise QueryFailed(self._target.redact(message), error.sqlstate) from None

    def _run(self, statements: list[str]) -> list[Row]:
        limit = max(1, math.ceil(self._seconds * 1000))
        if self._blocks:
            self._connection.execute("BEGIN READ ONLY")
            self._connection.execute(f"SET LOCAL statement_timeout = {limit}".encode())
            self._connection.execute("SET LOCAL search_path = pg_catalog")
        try:
            rows: list[Row] = []
            for statement in statements:
                rows = self._connection.execute(statement.encode()).fetchall()
        except psycopg.Error:
            if self._blocks and not self._connection.closed:
                self._connection.execute("ROLLBACK")
            raise
        if self._blocks:
            self._connection.execute("COMMIT")
        return rows

    def _without_blocks(self, statements: list[str]) -> list[Row]:
        """PgBouncer in statement mode ends a client that opens a transaction: start anew."""
        self._connection.close()
        again = log_in(self._address, self._target, self._seconds)
        self._connection = again._connection
        self._blocks = False
        return self._bounded(statements)

    def _give_up(self) -> None:
        """End a connection that waits in another thread: closing the socket wakes it."""
        try:
            with socket.socket(fileno=self._connection.fileno()) as waiting:
                waiting.shutdown(socket.SHUT_RDWR)
                waiting.detach()
        except (OSError, psycopg.Error):
            return  # it is closed already, and that is what was wanted


_ABOUT = """
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS version_num,
       current_user::text AS role,
       current_database()::text AS database,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
       pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all_sessions,
       pg_catalog.has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT')
       AND pg_catalog.has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')
       AS sees_hba,
       pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.pg_backend_pid() AS pid
"""


def log_in(address: Address, target: Target, seconds: float) -> Session:
    """One log-in at one address, by libpq: it knows all methods and the password file.

    Raises LoginFailed.
    """
    options: dict[str, Any] = {
        key: value for key, value in target.options.items() if key not in _LEFT_OUT
    }
    host = address.host
    options |= {
        "host": host.name,
        "hostaddr": "" if host.is_socket else address.name,
        "port": host.port,
        "connect_timeout": max(2, math.ceil(seconds)),
        "application_name": APPLICATION_NAME,
        "client_encoding": "UTF8",
    }
    asks = target.options.get("target_session_attrs") in ("read-write", "read-only")
    if asks or target.database == CONSOLE:
        # Our own setting would answer the question, and the console knows none. The transactions
        # are read-only anyway.
        return Session(_connect(options, seconds), address, target, seconds)
    given = target.options.get("options", "")
    try:
        connection = _connect({**options, "options": f"{given} {_READ_ONLY}".strip()}, seconds)
    except LoginFailed as error:
        if not _NO_OPTIONS.search(error.message):
            raise
        connection = _connect(options, seconds)  # a pooler: the transactions are read-only
    return Session(connection, address, target, seconds)


def _connect(options: dict[str, Any], seconds: float) -> psycopg.Connection[Row]:
    late = LoginFailed(
        f"timed out: the log-in is not over within {seconds:g} s",
        None,
        "the server (or what it asks: LDAP, RADIUS, Kerberos, or PgBouncer's server) is slow or"
        " stuck: look at its log and at pg_stat_activity",
        elsewhere=False,
    )
    try:
        # psycopg waits for 2 s at least; `bounded` holds the limit for all of it.
        return bounded(
            lambda: psycopg.connect(
                **options, autocommit=True, prepare_threshold=None, row_factory=dict_row
            ),
            seconds,
        )
    except (TimeoutError, psycopg.errors.ConnectionTimeout):
        raise late from None
    except psycopg.Error as error:
        raise _failure(str(error)) from None


def _failure(message: str) -> LoginFailed:
    said = _FROM_SERVER.findall(message)
    if said:
        return LoginFailed(message, Refusal(None, said[-1].strip()), elsewhere=False)
    advice = ""
    if "no password supplied" in message:
        advice = (
            "the server asks for a password: give one (PGPASSWORD, ~/.pgpass, PGPASSFILE), and"
            " look whether the client's own source of it is empty"
        )
    other_kind = _OTHER_KIND.search(message)
    if other_kind:
        advice = (
            "look which of the hosts is the primary now, and whether the one that is asked for is"
            " in the connection string"
        )
        said_so = f"{other_kind[0]}, and target_session_attrs asks for that"
        return LoginFailed(said_so, None, advice, elsewhere=True)
    last = message.strip().splitlines()[-1] if message.strip() else "the log-in failed"
    return LoginFailed(last, None, advice, elsewhere=False)
