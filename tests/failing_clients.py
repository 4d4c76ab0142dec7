# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real clients and what they say when something fails: what their users see in a log."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

import asyncpg
import psycopg
from servers import REPOSITORY, ServerMissing

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
SHORT = 2
"""Seconds after which a client gives up where nobody answers; libpq takes no less."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a client is told, and the statements that it then runs; pauses are in seconds."""

    host: str
    port: int
    user: str = "app"
    database: str = "postgres"
    password: str = "wrong horse"
    sslmode: Literal["disable", "require"] = "disable"
    statements: tuple[str | float, ...] = ("SELECT 1",)
    timeout: int = 60


class Client(Protocol):
    """Logs in, runs the statements and returns what it printed about the error."""

    def __call__(self, login: Login) -> str: ...


def with_psycopg(login: Login) -> str:
    """The traceback of psycopg."""
    try:
        with psycopg.connect(
            host=login.host,
            port=login.port,
            user=login.user,
            dbname=login.database,
            password=login.password,
            sslmode=login.sslmode,
            connect_timeout=login.timeout,
            autocommit=True,
        ) as connection:
            for statement in login.statements:
                if isinstance(statement, str):
                    connection.execute(statement.encode())
                else:
                    time.sleep(statement)
    except psycopg.Error:
        return traceback.format_exc()
    raise AssertionError("the client met no error")


def with_psql(login: Login) -> str:
    """What psql writes to its standard error."""
    psql = shutil.which("psql")
    if psql is None:
        raise ServerMissing("psql is needed (package postgresql-client)")
    script = "".join(
        f"{one};\n" if isinstance(one, str) else f"\\! sleep {one}\n" for one in login.statements
    )
    conninfo = (
        f"host={login.host} port={login.port} user={login.user} dbname={login.database}"
        f" sslmode={login.sslmode} connect_timeout={login.timeout} gssencmode=disable"
    )
    done = subprocess.run(
        [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", conninfo],
        input=script,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PGPASSWORD": login.password, "LC_ALL": "C", "PATH": _PATH},
    )
    if done.returncode == 0:
        raise AssertionError(f"the client met no error: {done.stdout}")
    return done.stderr


def with_asyncpg(login: Login) -> str:
    """The traceback of asyncpg."""

    async def attempt() -> None:
        connection = await asyncpg.connect(
            host=login.host,
            port=login.port,
            user=login.user,
            database=login.database,
            password=login.password,
            ssl=login.sslmode,
            timeout=login.timeout,
            statement_cache_size=0,
        )
        try:
            for statement in login.statements:
                if isinstance(statement, str):
                    await connection.execute(statement)
                else:
                    await asyncio.sleep(statement)
        finally:
            connection.terminate()

    try:
        asyncio.run(attempt())
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return traceback.format_exc()
    raise AssertionError("the client met no error")


NODE = """
const { Client } = require("pg");
const login = JSON.parse(process.argv[1]);
const client = new Client({
  host: login.host, port: login.port, user: login.user, database: login.database,
  password: login.password, ssl: login.sslmode === "require" && { rejectUnauthorized: false },
  connectionTimeoutMillis: login.timeout * 1000,
});
const fail = (error) => { console.error(error); process.exit(1); };
client.on("error", fail);
(async () => {
  await client.connect();
  for (const statement of login.statements) {
    if (typeof statement === "string") await client.query(statement);
    else await new Promise((done) => setTimeout(done, statement * 1000));
  }
  process.exit(0);
})().catch(fail);
"""


def with_node_pg(login: Login) -> str:
    """What Node.js prints of node-postgres' error, with its stack."""
    node = shutil.which("node", path=f"{os.environ.get('PATH', '')}:{_PATH}")
    modules = REPOSITORY / "build" / "test-servers" / "node_modules"
    if node is None or not (modules / "pg").exists():
        raise ServerMissing("node-postgres is needed (tools/install_test_servers.sh)")
    done = subprocess.run(
        [node, "-e", NODE, json.dumps(asdict(login))],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": _PATH, "NODE_PATH": str(modules)},
    )
    if done.returncode != 1:
        raise AssertionError(f"the client met no error: {done.stdout}{done.stderr}")
    return done.stderr


CLIENTS: dict[str, Callable[[Login], str]] = {
    "psycopg": with_psycopg,
    "psql": with_psql,
    "asyncpg": with_asyncpg,
    "node-pg": with_node_pg,
}


DROPPING = """\
set -e
ip link set lo up
ip link add near type veth peer name far
ip address add 192.0.2.1/24 dev near
ip link set near up
ip link set far up
ip neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev near
exec psql -X "host=192.0.2.9 port=5432 user=app dbname=shop connect_timeout=2" -c "SELECT 1"
"""
"""Runs psql where every packet to the server is lost: a network whose far end has no machine."""


def behind_a_wall() -> str:
    """What psql says in a network namespace of its own that drops what it sends to the server."""
    for program in ("unshare", "ip", "psql"):
        if shutil.which(program, path=_PATH) is None:
            raise ServerMissing(f"{program} is needed (util-linux, iproute2, postgresql-client)")
    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", "sh", "-c", DROPPING],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"LC_ALL": "C", "PATH": _PATH},
    )
    if done.returncode != 2:
        raise ServerMissing(f"no network namespace: {done.stdout}{done.stderr}")
    return done.stderr


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port whose queue of connections is full: the kernel drops what comes, as a firewall does.

    The connections that fill the queue are made in advance and never accepted.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = []
        try:
            for _ in range(8):
                one = socket.socket()
                one.setblocking(False)
                waiting.append(one)
                one.connect_ex(address)
            time.sleep(0.2)
            yield address[1]
        finally:
            for one in waiting:
                one.close()
