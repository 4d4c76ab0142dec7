# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the error of a real client to the line that caused it.

Each test causes a failure on a real server or pooler, copies the very files that it was started
with, and gives `connguard explain` what the client printed together with these files.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from failing_clients import CLIENTS, SHORT, Login, behind_a_wall, deaf_port, with_psycopg
from hba_attempts import self_signed_certificate
from load import userlist
from servers import (
    ANSWER_SECONDS,
    PgBouncer,
    Postgres,
    free_port,
    newest_postgres,
    oldest_postgres,
)

from connguard.engine.cli import main

LOCAL = "local all all trust\n"
TRUST = LOCAL + "host all all 127.0.0.0/8 trust\n"

client = pytest.mark.parametrize("client", CLIENTS)


class Here:
    """A repository with the files of servers, and what `explain` says about a message there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, server: Postgres | PgBouncer) -> None:
        """Copy the configuration files with which a server was started."""
        if isinstance(server, Postgres):
            names = {name: server.data / name for name in ("postgresql.conf", "pg_hba.conf")}
        else:
            names = {"pgbouncer.ini": server.directory / "pgbouncer.ini"}
        for name, path in names.items():
            (self.folder / name).write_text(path.read_text("utf-8"), "utf-8")

    def migrate(self, server: Postgres, *statements: str) -> None:
        """Run statements on the server, and keep them as a migration with a line for each."""
        path = self.folder / "migrations" / "V1__roles.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{one};\n" for one in statements), "utf-8")
        # The time-outs that a test has set are for its client.
        patient = "-c statement_timeout=0 -c idle_session_timeout=0"
        server.execute(*statements, host=str(server.directory), options=patient)

    def explain(self, message: str) -> dict[str, Any]:
        result = CliRunner().invoke(
            main, ["explain", "-", str(self.folder), "--format", "json"], input=message
        )
        assert result.exit_code in (0, 1), f"{result.stderr}\n{message}"
        document: dict[str, Any] = json.loads(result.stdout)
        document["exit_code"] = result.exit_code
        return document

    def line(self, name: str, text: str) -> tuple[str, int]:
        """File and line of a text that stands in one of the files once."""
        lines = (self.folder / name).read_text("utf-8").splitlines()
        (number,) = (count for count, line in enumerate(lines, 1) if text in line)
        return str(self.folder / name), number


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


Conf = Mapping[str, str | int]


@contextmanager
def postgres(
    hba: str = TRUST, conf: Conf | None = None, *, tls: bool = False, old: bool = False
) -> Iterator[Postgres]:
    installation = oldest_postgres() if old else newest_postgres(tls=tls)
    with Postgres(installation, conf=conf, hba=hba) as server:
        yield server


def places(explained: Mapping[str, Any]) -> set[tuple[str, int]]:
    """The lines that an explained symptom names."""
    lines = explained["lines"]
    return {
        (str(Path(one["location"]["path"]).absolute()), one["location"]["line"])
        for one in (*lines["deciding"], *lines["findings"])
    }


def check(
    here: Here, message: str, symptom: str, *guilty: tuple[str, int], also: str = ""
) -> dict[str, Any]:
    """The message is recognised, and the guilty lines are among those that are named."""
    document = here.explain(message)
    found = [one["id"] for one in document["symptoms"]]
    assert found[0] == symptom, f"{found}\n{message}"
    assert not also or also in found, f"{found}\n{message}"
    named = places(document["symptoms"][0])
    assert set(guilty) <= named, f"{named}\n{message}"
    assert document["exit_code"] == (1 if named else 0)
    first: dict[str, Any] = document["symptoms"][0]
    return first


def nothing(here: Here, message: str, symptom: str) -> None:
    """The message is recognised, and no line here causes it."""
    explained = check(here, message, symptom)
    assert explained["lines"]["deciding"] == []
    assert explained["lines"]["findings"] == []
    assert any(cause["outside"] for cause in explained["causes"])


def doubtful(here: Here, message: str, symptom: str) -> None:
    """It could be about any service: nothing is claimed, and it is said what it would be."""
    result = CliRunner().invoke(main, ["explain", "-", str(here.folder)], input=message)
    assert result.exit_code == 2
    assert f"if it is, then it is {symptom}:" in result.stderr


@client
def test_refused_because_the_server_listens_elsewhere(here: Here, client: str) -> None:
    with postgres() as server:
        here.keep(server)
        message = CLIENTS[client](Login("127.0.0.2", server.port))

    check(here, message, "connection-refused", here.line("postgresql.conf", "listen_addresses"))


@client
def test_refused_on_another_port(here: Here, client: str) -> None:
    with postgres() as server:
        here.keep(server)
        port = free_port()
        message = CLIENTS[client](Login("127.0.0.1", port))

    if client == "node-pg":  # no file says that anything of PostgreSQL should be at this port
        doubtful(here, message, "connection-refused")
        return
    explained = check(here, message, "connection-refused", here.line("postgresql.conf", "port ="))
    (said,) = (one for one in explained["lines"]["deciding"] if one["message"].startswith("port"))
    assert said["message"] == f"port is {server.port}, and the client asked for {port}"


def test_refused_by_all_of_several_hosts_but_for_one_that_is_full(here: Here) -> None:
    """libpq tells about every host; the one whose server spoke comes first."""
    with postgres() as server:
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 0")
        hosts = "127.0.0.3,127.0.0.2,127.0.0.1"
        message = with_psycopg(Login(hosts, server.port))

    assert message.count("failed:") > 2
    check(
        here,
        message,
        "too-many-connections-for-role",
        here.line("migrations/V1__roles.sql", "LIMIT 0"),
        also="connection-refused",
    )


@client
def test_no_answer_from_a_port(here: Here, client: str) -> None:
    """What is dropped on the way is explained by no line of the server's files."""
    with postgres() as server:
        here.keep(server)
    with deaf_port() as port:
        message = CLIENTS[client](Login("127.0.0.1", port, timeout=SHORT))

    nothing(here, message, "connection-timed-out")


def test_packets_that_are_dropped(here: Here) -> None:
    """In a network namespace that loses every packet; the server's files do not explain it."""
    with postgres() as server:
        here.keep(server)
    message = behind_a_wall()

    nothing(here, message, "connection-timed-out")
    found = here.explain(message)["symptoms"][0]["recognised"]["values"]
    assert (found["host"], found["port"]) == ("192.0.2.9", "5432")


@client
def test_a_name_that_nobody_knows(here: Here, client: str) -> None:
    with postgres() as server:
        here.keep(server)
    message = CLIENTS[client](Login("db.invalid", 5432))

    if client == "node-pg":  # its words are the same for any service
        doubtful(here, message, "host-name-not-found")
    else:
        nothing(here, message, "host-name-not-found")


@client
def test_no_rule_for_the_role(here: Here, client: str) -> None:
    """The line that would match but for its user is named, the others are not."""
    rules = LOCAL + "host all shop 127.0.0.0/8 trust\nhost all app 10.0.0.0/8 trust\n"
    with postgres(rules) as server:
        here.keep(server)
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")
        message = CLIENTS[client](Login("127.0.0.1", server.port))

    explained = check(
        here,
        message,
        "no-pg-hba-entry",
        here.line("pg_hba.conf", "host all shop"),
        here.line("pg_hba.conf", "10.0.0.0/8"),
    )
    assert here.line("pg_hba.conf", "local all all trust") not in places(explained)


@client
def test_the_only_rule_is_for_tls(here: Here, client: str) -> None:
    certificate, key = self_signed_certificate()
    conf: Conf = {"ssl": "on", "ssl_cert_file": str(certificate), "ssl_key_file": str(key)}
    with postgres(LOCAL + "hostssl all all 127.0.0.1/32 trust\n", conf, tls=True) as server:
        here.keep(server)
        message = CLIENTS[client](Login("127.0.0.1", server.port))

    explained = check(here, message, "no-pg-hba-entry", here.line("pg_hba.conf", "hostssl"))
    said = [one["message"] for one in explained["lines"]["deciding"]]
    assert any("but for its connection type" in one for one in said)


@client
def test_a_rule_that_rejects(here: Here, client: str) -> None:
    rules = LOCAL + "host all app 127.0.0.0/16 reject\nhost all all 127.0.0.0/8 trust\n"
    with postgres(rules) as server:
        here.keep(server)
        message = CLIENTS[client](Login("127.0.0.1", server.port))

    explained = check(here, message, "pg-hba-rejects", here.line("pg_hba.conf", "reject"))
    assert here.line("pg_hba.conf", "host all all") not in places(explained)


@client
def test_a_wrong_password(here: Here, client: str) -> None:
    rules = LOCAL + "host all shop 127.0.0.0/8 md5\nhost all app 127.0.0.0/8 scram-sha-256\n"
    with postgres(rules) as server:
        here.keep(server)
        server.execute("CREATE ROLE app LOGIN PASSWORD 'right'", host=str(server.directory))
        message = CLIENTS[client](Login("127.0.0.1", server.port))
        log = server.log

    guilty = here.line("pg_hba.conf", "scram-sha-256")
    explained = check(here, message, "password-authentication-failed", guilty)
    assert here.line("pg_hba.conf", "md5") not in places(explained)
    # The server's own log names the line.
    logged = log[log.index("FATAL") :]
    assert places(check(here, logged, "password-authentication-failed")) >= {guilty}


@client
def test_no_such_role(here: Here, client: str) -> None:
    with postgres() as server:
        here.migrate(server, "CREATE ROLE app NOLOGIN CONNECTION LIMIT 9")
        message = CLIENTS[client](Login("127.0.0.1", server.port))
        unknown = CLIENTS[client](Login("127.0.0.1", server.port, user="nobody"))

    check(here, message, "role-cannot-log-in", here.line("migrations/V1__roles.sql", "NOLOGIN"))
    nothing_known = check(here, unknown, "role-cannot-log-in")
    assert nothing_known["recognised"]["values"]["role"] == "nobody"
    assert places(nothing_known) == set()


@client
def test_no_such_database(here: Here, client: str) -> None:
    with postgres() as server:
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")
        message = CLIENTS[client](Login("127.0.0.1", server.port, database="gone"))

    explained = check(here, message, "database-not-usable")
    assert explained["recognised"]["values"]["database"] == "gone"


@client
def test_the_roles_limit(here: Here, client: str) -> None:
    """The limit of this role is named, that of another is not."""
    with postgres() as server:
        here.keep(server)
        here.migrate(
            server,
            "CREATE ROLE jobs LOGIN CONNECTION LIMIT 1",
            "CREATE ROLE app LOGIN",
            "ALTER ROLE app CONNECTION LIMIT 1",
        )
        with server.connect(user="app"), server.connect(user="jobs"):
            message = CLIENTS[client](Login("127.0.0.1", server.port))

    explained = check(
        here,
        message,
        "too-many-connections-for-role",
        here.line("migrations/V1__roles.sql", "ALTER ROLE app"),
    )
    assert here.line("migrations/V1__roles.sql", "ROLE jobs") not in places(explained)
    assert explained["recognised"]["values"]["role"] == "app"


@client
def test_the_databases_limit(here: Here, client: str) -> None:
    with postgres() as server:
        here.migrate(
            server,
            "CREATE ROLE app LOGIN CONNECTION LIMIT 9",
            "CREATE DATABASE shop CONNECTION LIMIT 1",
            "CREATE DATABASE stock CONNECTION LIMIT 1",
        )
        with server.connect(user="app", dbname="shop"):
            message = CLIENTS[client](Login("127.0.0.1", server.port, database="shop"))

    explained = check(
        here,
        message,
        "too-many-connections-for-database",
        here.line("migrations/V1__roles.sql", "DATABASE shop"),
    )
    assert here.line("migrations/V1__roles.sql", "DATABASE stock") not in places(explained)


SLOTS: Conf = {"max_connections": 6, "superuser_reserved_connections": 2}


@client
@pytest.mark.parametrize("old", [True, False])
def test_the_servers_slots(here: Here, client: str, old: bool) -> None:
    """Ordinary roles have used up what is not reserved, in the words of both versions."""
    with postgres(conf=SLOTS, old=old) as server, ExitStack() as held:
        here.keep(server)
        here.migrate(server, "CREATE ROLE app LOGIN")
        for _ in range(4):
            held.enter_context(server.connect(user="app"))
        message = CLIENTS[client](Login("127.0.0.1", server.port))

    check(
        here,
        message,
        "slots-are-reserved",
        here.line("postgresql.conf", "max_connections"),
        here.line("postgresql.conf", "superuser_reserved"),
        here.line("migrations/V1__roles.sql", "ROLE app"),  # PG001: the role has no limit
    )


@client
def test_slots_that_are_reserved_for_others(here: Here, client: str) -> None:
    slots: Conf = {
        "max_connections": 6,
        "superuser_reserved_connections": 1,
        "reserved_connections": 2,
    }
    with postgres(conf=slots) as server, ExitStack() as held:
        here.keep(server)
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 50")
        for _ in range(3):
            held.enter_context(server.connect(user="app"))
        message = CLIENTS[client](Login("127.0.0.1", server.port))

    guilty = here.line("postgresql.conf", "reserved_connections = 2")
    check(here, message, "slots-are-reserved", guilty)


@client
def test_all_slots(here: Here, client: str) -> None:
    with postgres(conf=SLOTS) as server, ExitStack() as held:
        here.keep(server)
        for _ in range(6):
            held.enter_context(server.connect())
        message = CLIENTS[client](Login("127.0.0.1", server.port, user="postgres"))

    check(here, message, "too-many-clients", here.line("postgresql.conf", "max_connections"))


@client
def test_tls_that_the_server_does_not_offer(here: Here, client: str) -> None:
    with postgres(conf={"ssl": "off"}) as server:
        here.keep(server)
        message = CLIENTS[client](Login("127.0.0.1", server.port, sslmode="require"))

    check(here, message, "server-without-tls", here.line("postgresql.conf", "ssl ="))


TIMEOUTS = {
    "idle-in-transaction-timeout": (
        "idle_in_transaction_session_timeout",
        ("BEGIN", 1.5, "SELECT 1"),
    ),
    "idle-session-timeout": ("idle_session_timeout", ("SELECT 1", 1.5, "SELECT 2")),
    "statement-timeout": ("statement_timeout", ("SELECT pg_sleep(9)",)),
}


@client
@pytest.mark.parametrize("symptom", TIMEOUTS)
def test_timeouts_of_the_session(here: Here, client: str, symptom: str) -> None:
    setting, statements = TIMEOUTS[symptom]
    with postgres(conf={setting: "200ms"}) as server:
        here.keep(server)
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")
        message = CLIENTS[client](Login("127.0.0.1", server.port, statements=statements))
        log = server.log

    guilty = here.line("postgresql.conf", setting)
    # asyncpg drops the server's last words when an idle session ends: it then only knows that.
    if client == "asyncpg" and symptom.startswith("idle-"):
        check(here, message, "connection-used-after-close", guilty)
    else:
        check(here, message, symptom, guilty)
    check(here, log[log.index("200ms") if "200ms" in log else 0 :], symptom, guilty)


@client
def test_a_timeout_of_the_role(here: Here, client: str) -> None:
    """The timeout stands in a migration, and another role's is not meant."""
    with postgres() as server:
        here.migrate(
            server,
            "CREATE ROLE app LOGIN CONNECTION LIMIT 9",
            "ALTER ROLE app SET statement_timeout = '150ms'",
        )
        login = Login("127.0.0.1", server.port, statements=("SELECT pg_sleep(9)",))
        message = CLIENTS[client](login)

    check(here, message, "statement-timeout", here.line("migrations/V1__roles.sql", "150ms"))


def await_sleeper(server: Postgres) -> None:
    """Return when a client's statement sleeps on the server."""
    end = time.monotonic() + ANSWER_SECONDS
    sleeping = b"SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    with server.connect() as watching:
        while not watching.execute(sleeping).fetchall():
            assert time.monotonic() < end, "no statement sleeps"
            time.sleep(0.05)


@client
@pytest.mark.parametrize("how", ["terminated", "stopped"])
def test_an_administrator_ends_the_session(here: Here, client: str, how: str) -> None:
    """No line of the files has done it."""
    with postgres() as server:
        here.keep(server)
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")

        def end() -> None:
            await_sleeper(server)
            if how == "terminated":
                server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'"
                )
            else:
                os.kill(server.pid, signal.SIGINT)

        killer = threading.Thread(target=end)
        killer.start()
        statements = ("SELECT pg_sleep(20)",)
        message = CLIENTS[client](Login("127.0.0.1", server.port, statements=statements))
        killer.join()

    nothing(here, message, "terminated-by-administrator")


@client
def test_a_server_that_crashes(here: Here, client: str) -> None:
    """The client only sees a closed socket, or the words of the other processes."""
    with postgres() as server:
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")

        def crash() -> None:
            await_sleeper(server)
            os.kill(server.pid, signal.SIGQUIT)

        killer = threading.Thread(target=crash)
        killer.start()
        statements = ("SELECT pg_sleep(20)",)
        message = CLIENTS[client](Login("127.0.0.1", server.port, statements=statements))
        killer.join()

    found = here.explain(message)["symptoms"]
    assert found[0]["id"] in (
        "server-closed-the-connection",
        "terminated-by-administrator",
        "database-in-recovery",
    ), message


@client
def test_a_server_that_shuts_down(here: Here, client: str) -> None:
    """It waits for a session that is open and takes no new one."""
    with postgres() as server:
        here.keep(server)
        with server.connect():
            os.kill(server.pid, signal.SIGTERM)
            server._await("received smart shutdown request")
            message = CLIENTS[client](Login("127.0.0.1", server.port, user="postgres"))

    nothing(here, message, "database-shutting-down")


@contextmanager
def recovering(server: Postgres, hot_standby: str, restore: str) -> Iterator[None]:
    """A running standby that looks for more of the write-ahead log with this command."""
    server.halt()
    server.write_file("standby.signal", "")
    server.write_conf({"hot_standby": hot_standby, "restore_command": restore})
    (server.directory / "log").unlink()
    server._launch([str(server.installation.bindir / "postgres"), "-D", str(server.data)])
    server._await("starting PostgreSQL")
    end = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                break
        time.sleep(0.05)
    yield


@client
def test_a_server_that_starts_up(here: Here, client: str) -> None:
    with postgres() as server, recovering(server, "on", "sleep 60"):
        here.keep(server)
        message = CLIENTS[client](Login("127.0.0.1", server.port, user="postgres"))

    check(here, message, "database-starting-up", here.line("postgresql.conf", "hot_standby"))


@client
def test_a_standby_that_takes_no_sessions(here: Here, client: str) -> None:
    with postgres() as server, recovering(server, "off", "false"):
        here.keep(server)
        server._await("consistent recovery state reached")
        message = CLIENTS[client](Login("127.0.0.1", server.port, user="postgres"))

    check(here, message, "database-in-recovery", here.line("postgresql.conf", "hot_standby"))


@client
def test_a_standby_takes_no_writes(here: Here, client: str) -> None:
    with postgres() as server:
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")
        with recovering(server, "on", "false"):
            here.keep(server)
            server._await("ready to accept read-only connections")
            statements = ("CREATE TABLE public.t (a int)",)
            message = CLIENTS[client](Login("127.0.0.1", server.port, statements=statements))

    check(here, message, "server-is-read-only")


@client
def test_a_session_that_starts_read_only(here: Here, client: str) -> None:
    with postgres(conf={"default_transaction_read_only": "on"}) as server:
        here.keep(server)
        statements = ("CREATE TABLE public.t (a int)",)
        login = Login("127.0.0.1", server.port, user="postgres", statements=statements)
        message = CLIENTS[client](login)

    guilty = here.line("postgresql.conf", "default_transaction_read_only")
    check(here, message, "server-is-read-only", guilty)


@client
def test_a_lock_that_is_not_granted(here: Here, client: str) -> None:
    with postgres(conf={"lock_timeout": "200ms"}) as server, server.connect() as holder:
        here.keep(server)
        holder.execute("CREATE TABLE public.t (a int)")
        holder.execute("BEGIN")
        holder.execute("LOCK public.t")
        statements = ("SELECT * FROM public.t",)
        login = Login("127.0.0.1", server.port, user="postgres", statements=statements)
        message = CLIENTS[client](login)

    guilty = here.line("postgresql.conf", "lock_timeout")
    check(here, message, "lock-or-transaction-timeout", guilty)


INI = """\
[databases]
shop = host=127.0.0.1 port={port} dbname=postgres
[pgbouncer]
auth_type = trust
{settings}
"""


@contextmanager
def pooled(here: Here, server: Postgres, *settings: str) -> Iterator[PgBouncer]:
    ini = INI.format(port=server.port, settings="\n".join(settings))
    with PgBouncer(ini, userlist("app")) as pooler:
        here.keep(pooler)
        yield pooler


@client
def test_the_poolers_clients(here: Here, client: str) -> None:
    with postgres() as server, pooled(here, server, "max_client_conn = 1") as pooler:
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")
        with pooler.connect(user="app", dbname="shop"):
            message = CLIENTS[client](Login("127.0.0.1", pooler.port, database="shop"))

    check(
        here,
        message,
        "pooler-takes-no-more-clients",
        here.line("pgbouncer.ini", "max_client_conn"),
    )


@client
def test_the_poolers_queue(here: Here, client: str) -> None:
    settings = ("default_pool_size = 1", "query_wait_timeout = 3", "pool_mode = session")
    with postgres() as server, pooled(here, server, *settings) as pooler:
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")
        with pooler.connect(user="app", dbname="shop") as holder:
            holder.execute("SELECT 1")
            message = CLIENTS[client](Login("127.0.0.1", pooler.port, database="shop"))

    check(
        here,
        message,
        "pooler-query-wait-timeout",
        here.line("pgbouncer.ini", "default_pool_size"),
        here.line("pgbouncer.ini", "query_wait_timeout"),
    )


@client
def test_the_role_is_full_behind_the_pooler(here: Here, client: str) -> None:
    """The first client gets the server's words, and the pooler's log has them, too."""
    with postgres() as server, pooled(here, server, "server_login_retry = 5") as pooler:
        here.keep(server)
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 1")
        with server.connect(user="app"):
            message = CLIENTS[client](Login("127.0.0.1", pooler.port, database="shop"))
            log = pooler.log

    guilty = here.line("migrations/V1__roles.sql", "LIMIT 1")
    check(here, message, "too-many-connections-for-role", guilty)
    check(here, log, "too-many-connections-for-role", guilty, also="pooler-server-login-failed")


def test_the_pooler_remembers_that_it_was_refused(here: Here) -> None:
    """A pool that was in use loses its server and is refused: new clients hear only that."""
    settings = ("server_login_retry = 60", "query_wait_timeout = 2")
    with postgres() as server, pooled(here, server, *settings) as pooler:
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 1")
        with pooler.connect(user="app", dbname="shop") as first:
            first.execute("SELECT 1")
        server.execute("ALTER ROLE app NOLOGIN")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename='app'")
        login = Login("127.0.0.1", pooler.port, database="shop")
        # Until PgBouncer has noticed that its server is gone, clients wait for it in vain.
        end = time.monotonic() + ANSWER_SECONDS
        message = ""
        while "server login" not in message and time.monotonic() < end:
            message = with_psycopg(login)

    check(
        here,
        message,
        "pooler-server-login-failed",
        here.line("pgbouncer.ini", "shop ="),
        here.line("pgbouncer.ini", "server_login_retry"),
    )


@client
def test_a_wrong_password_at_the_pooler(here: Here, client: str) -> None:
    """PgBouncer asks for the password itself."""
    ini = INI.format(port=free_port(), settings="").replace("trust", "scram-sha-256")
    with PgBouncer(ini, '"app" "right"\n') as pooler:
        here.keep(pooler)
        message = CLIENTS[client](Login("127.0.0.1", pooler.port, database="shop"))

    check(here, message, "password-authentication-failed", here.line("pgbouncer.ini", "auth_type"))


@client
def test_a_database_that_the_pooler_does_not_know(here: Here, client: str) -> None:
    with PgBouncer(INI.format(port=free_port(), settings=""), userlist("app")) as pooler:
        here.keep(pooler)
        message = CLIENTS[client](Login("127.0.0.1", pooler.port, database="stock"))

    explained = check(here, message, "database-not-usable")
    assert explained["recognised"]["values"]["database"] == "stock"


@client
def test_a_pooler_that_requires_tls(here: Here, client: str) -> None:
    certificate, key = self_signed_certificate()
    settings = (
        "client_tls_sslmode = require",
        f"client_tls_cert_file = {certificate}",
        f"client_tls_key_file = {key}",
    )
    ini = INI.format(port=free_port(), settings="\n".join(settings))
    with PgBouncer(ini, userlist("app")) as pooler:
        here.keep(pooler)
        message = CLIENTS[client](Login("127.0.0.1", pooler.port, database="shop"))

    check(here, message, "tls-required", here.line("pgbouncer.ini", "client_tls_sslmode"))


@client
def test_a_prepared_statement_behind_the_pooler(here: Here, client: str) -> None:
    """SQL's own PREPARE is lost where every transaction may get another connection."""
    settings = ("pool_mode = transaction", "default_pool_size = 2", "server_lifetime = 0")
    with postgres() as server, pooled(here, server, *settings) as pooler:
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")
        statements = ("PREPARE q AS SELECT 1", "EXECUTE q")
        login = Login("127.0.0.1", pooler.port, database="shop", statements=statements)
        message = CLIENTS[client](login)

    check(here, message, "prepared-statement-lost", here.line("pgbouncer.ini", "pool_mode"))


@client
def test_idle_clients_of_the_pooler(here: Here, client: str) -> None:
    with (
        postgres() as server,
        pooled(here, server, "idle_transaction_timeout = 1") as pooler,
    ):
        here.migrate(server, "CREATE ROLE app LOGIN CONNECTION LIMIT 9")
        statements = ("BEGIN", "SELECT 1", 4, "SELECT 2")
        login = Login("127.0.0.1", pooler.port, database="shop", statements=statements)
        message = CLIENTS[client](login)
        log = pooler.log

    guilty = here.line("pgbouncer.ini", "idle_transaction_timeout")
    check(here, log, "pooler-ended-the-session", guilty)
    if client != "asyncpg":
        check(here, message, "pooler-ended-the-session", guilty)


def test_a_server_that_does_not_start(here: Here) -> None:
    """The line that keeps it from starting is named for its log, and for its clients."""
    with postgres() as server:
        server.halt()
        server.write_file("pg_hba.conf", LOCAL + "host all all 127.0.0.1/32 scram\n")
        here.keep(server)
        program = str(server.installation.bindir / "postgres")
        server._launch([program, "-D", str(server.data)])
        end = time.monotonic() + ANSWER_SECONDS
        while server.running and time.monotonic() < end:
            time.sleep(0.05)
        log = server.log[server.log.rindex("starting PostgreSQL") :]
        refused = with_psycopg(Login("127.0.0.1", server.port))

    guilty = here.line("pg_hba.conf", "scram")
    check(here, log, "server-does-not-start", guilty)
    check(here, refused, "connection-refused", guilty)


def test_a_login_that_takes_too_long(here: Here) -> None:
    """A client is asked for its password and never answers."""
    rules = LOCAL + "host all all 127.0.0.0/8 password\n"
    with postgres(rules, {"authentication_timeout": "1s"}) as server:
        here.keep(server)
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            silent.settimeout(ANSWER_SECONDS)
            startup = struct.pack("!i", 3 << 16) + b"user\0app\0database\0postgres\0\0"
            silent.sendall(struct.pack("!i", len(startup) + 4) + startup)
            while silent.recv(100):
                pass
        log = server.log

    guilty = here.line("postgresql.conf", "authentication_timeout")
    check(here, log[log.rindex("ready to accept") :], "authentication-timed-out", guilty)


def test_something_that_is_no_client(here: Here) -> None:
    """A browser at the server's port shows in its log, and the address that it listens on."""
    with postgres(conf={"listen_addresses": "*"}) as server:
        here.keep(server)
        with socket.create_connection(("127.0.0.1", server.port)) as browser:
            browser.sendall(b"GET / HTTP/1.1\r\nHost: db\r\n\r\n")
            browser.settimeout(ANSWER_SECONDS)
            browser.recv(100)
        log = server.log

    guilty = here.line("postgresql.conf", "listen_addresses")
    check(here, log[log.rindex("ready to accept") :], "strangers-at-the-port", guilty)
