# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard doctor` against healthy and broken real servers and poolers."""

from __future__ import annotations

import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from doctor_runs import (
    HANGS,
    MARGIN,
    SECONDS,
    SHORT,
    dsn_of,
    failed,
    look,
    only_failure,
    peer,
    run,
    statuses,
)
from hba_attempts import HbaServer, self_signed_certificate
from servers import PgBouncer, Postgres, newest_postgres, oldest_postgres, pools

from connguard.live.step import Layer, Status

PASSWORD = "rosebud-1941"
HBA = """
local  all   postgres                trust
host   all   postgres  127.0.0.0/8   trust
host   all   banned    127.0.0.0/8   reject
host   all   app       127.0.0.0/8   scram-sha-256
host   all   few,many,closed       127.0.0.0/8   trust
"""
VERSIONS = pytest.mark.parametrize("newest", [False, True], ids=["oldest", "newest"])


@pytest.fixture(scope="module", params=["oldest", "newest"])
def shared(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """A server with every kind of role, whose log has every statement."""
    installation = oldest_postgres() if request.param == "oldest" else newest_postgres()
    conf: dict[str, str | int] = {"log_statement": "all", "max_connections": 12}
    with Postgres(installation, conf=conf, hba=HBA) as running:
        running.execute(
            f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'",
            "CREATE ROLE banned LOGIN",
            "CREATE ROLE few LOGIN CONNECTION LIMIT 2",
            "CREATE ROLE many LOGIN",
            "CREATE ROLE closed NOLOGIN",
            "CREATE DATABASE shop",
            "CREATE DATABASE narrow CONNECTION LIMIT 1",
        )
        yield running


def test_a_healthy_server(server: Postgres) -> None:
    """All layers are fine, the walls are counted, and the exit code is 0."""
    found = look(dsn_of(server, dbname="shop"))

    assert set(statuses(found).values()) == {Status.OK}
    assert list(statuses(found)) == [layer for layer in Layer if layer is not Layer.POOLER]
    assert found.exit_code == 0
    slots = next(step for step in found.looked[0].steps if step.layer is Layer.SERVER_SLOTS)
    assert slots.evidence.startswith("0 of 9 used by all, 9 left for ordinary roles")


def test_a_healthy_log_in_with_a_password(server: Postgres) -> None:
    """An ordinary role with SCRAM, from the environment; what it cannot see is said."""
    found = run(
        "--dsn",
        dsn_of(server, user="app", dbname="shop"),
        environment={"PGPASSWORD": PASSWORD},
    )

    assert found.code == 0, found.output
    assert "it asks for SCRAM-SHA-256" in found.output
    assert "counted by name only" in found.output
    assert PASSWORD not in found.output + found.errors


@pytest.mark.parametrize(
    ("options", "layer", "words", "symptom"),
    [
        ({"user": "stranger"}, Layer.HBA, "no pg_hba.conf entry for host", "no-pg-hba-entry"),
        ({"user": "banned"}, Layer.HBA, "pg_hba.conf rejects connection", "pg-hba-rejects"),
        (
            {"user": "app", "password": "wrong-5150"},
            Layer.AUTHENTICATION,
            "password authentication failed",
            "password-authentication-failed",
        ),
        ({"user": "app"}, Layer.AUTHENTICATION, "no password supplied", "no-password-given"),
        ({"dbname": "nowhere"}, Layer.SESSION, '"nowhere" does not exist', "database-not-usable"),
        ({"user": "closed"}, Layer.SESSION, "not permitted to log in", "role-cannot-log-in"),
    ],
)
def test_a_log_in_that_is_refused(
    server: Postgres, options: dict[str, str], layer: Layer, words: str, symptom: str
) -> None:
    """Every refusal stands at its own layer, with the server's words and no secret."""
    ran = run("--dsn", dsn_of(server, **options), "--verbose")
    broken = only_failure(look(dsn_of(server, **options)))

    assert broken.layer is layer
    assert words in broken.evidence
    assert broken.symptom == symptom
    assert f"connguard explain {symptom}" in ran.output
    assert ran.code == 1
    assert "wrong-5150" not in ran.output + ran.errors


def test_a_role_without_a_connection_left(server: Postgres) -> None:
    """The role's own wall, while the server has slots."""
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(server.connect(user="few"))
        broken = only_failure(look(dsn_of(server, user="few")))

    assert broken.layer is Layer.ROLE_SLOTS
    assert 'too many connections for role "few"' in broken.evidence
    assert broken.symptom == "too-many-connections-for-role"


def test_a_database_without_a_connection_left(server: Postgres) -> None:
    """The database's own wall; the superuser is let in and sees that it is full."""
    with server.connect(user="many", dbname="narrow"):
        broken = only_failure(look(dsn_of(server, user="many", dbname="narrow")))

    assert broken.layer is Layer.DATABASE_SLOTS
    assert 'too many connections for database "narrow"' in broken.evidence


def test_a_server_without_a_slot_for_ordinary_roles(server: Postgres) -> None:
    """The reserve is left: an ordinary role is refused, and the superuser sees who holds them."""
    with ExitStack() as held:
        for _ in range(9):
            held.enter_context(server.connect(user="many", application_name="leaky"))
        broken = only_failure(look(dsn_of(server, user="many")))
        seen = look(dsn_of(server))

    assert broken.layer is Layer.SERVER_SLOTS
    assert "remaining connection slots are reserved" in broken.evidence
    (full,) = failed(seen)
    assert full.layer is Layer.SERVER_SLOTS
    assert full.evidence.startswith("9 of 9 used by all, 0 left")
    assert "9 × many to postgres from 127.0.0.1/32, leaky, idle" in full.details
    assert seen.exit_code == 1


def test_a_server_without_any_slot(server: Postgres) -> None:
    """Not even a superuser gets in: the server says so before it looks at pg_hba.conf."""
    with ExitStack() as held:
        for _ in range(12):
            held.enter_context(server.connect())
        broken = failed(look(dsn_of(server)))[-1]

    assert broken.layer is Layer.SERVER_SLOTS
    assert "sorry, too many clients already" in broken.evidence


def test_idle_transactions_are_shown(server: Postgres) -> None:
    """Slots that are held by transactions that do nothing are worth telling."""
    with server.connect(user="many", autocommit=False) as leak:
        leak.execute("SELECT 1")
        found = look(dsn_of(server))

    slots = next(step for step in found.looked[0].steps if step.layer is Layer.SERVER_SLOTS)
    assert "1 idle in transaction" in slots.evidence


def test_only_reading_statements_reach_the_server(server: Postgres) -> None:
    """The server's log of a run: SELECT, SET LOCAL, and the brackets of a read-only transaction."""
    before = len(server.log)
    look(dsn_of(server, dbname="shop"))
    logged = re.findall(r"statement: \s*(\S+(?: \S+)?)", server.log[before:])

    assert "SELECT" in {words.split()[0] for words in logged}
    allowed = {"BEGIN READ", "SET LOCAL", "COMMIT"}
    assert {words for words in logged if not words.startswith("SELECT")} <= allowed
    assert "ERROR" not in server.log[before:]


def test_an_ordinary_role_makes_the_server_log_no_error(server: Postgres) -> None:
    """It asks whether it may look before it looks."""
    before = len(server.log)
    look(dsn_of(server, user="many"))

    assert "ERROR" not in server.log[before:]


def test_the_session_cannot_write(server: Postgres) -> None:
    """Even a statement that got in by mistake would be refused by the server."""
    from connguard.live.network import resolve
    from connguard.live.session import QueryFailed, log_in
    from connguard.live.target import parse_target

    target = parse_target(dsn_of(server))
    _, addresses = resolve(target.hosts[0], SECONDS)
    session = log_in(addresses[0], target, SHORT)
    try:
        with pytest.raises(QueryFailed, match="read-only transaction"):
            session.select("CREATE TABLE intruder ()")
        (row,) = session.select(
            "SELECT current_setting('default_transaction_read_only') AS always,"
            " current_setting('transaction_read_only') AS now,"
            " current_setting('application_name') AS name"
        )
        with pytest.raises(QueryFailed, match="statement timeout"):
            session.select("SELECT pg_sleep(30)")
        (after,) = session.select("SELECT 1 AS fine")
    finally:
        session.close()

    assert row == {"always": "on", "now": "on", "name": "connguard-doctor"}
    assert after == {"fine": 1}


def test_one_session_at_a_time(server: Postgres) -> None:
    """The doctor must not take the last slots: never two of its sessions are open together."""
    server.execute("ALTER ROLE many CONNECTION LIMIT 1")
    try:
        found = look(dsn_of(server, user="many"))
    finally:
        server.execute("ALTER ROLE many CONNECTION LIMIT -1")

    assert failed(found) == []
    slots = next(step for step in found.looked[0].steps if step.layer is Layer.ROLE_SLOTS)
    assert slots.evidence == "0 of 1 used, 1 left"


def test_the_unix_socket(server: Postgres) -> None:
    """No network, no TLS, the same session."""
    found = look(dsn_of(server, host=str(server.directory)))

    assert found.exit_code == 0
    assert set(statuses(found).values()) == {Status.OK}


def test_the_next_host_is_asked_where_a_client_would_ask_it(server: Postgres) -> None:
    """A dead first host does not hide that the second works; it is told, too."""
    found = look(f"postgresql://postgres@127.0.0.9:{server.port},127.0.0.1:{server.port}/shop")

    (broken,) = failed(found)
    assert broken.layer is Layer.TCP
    assert statuses(found)[Layer.SERVER_SLOTS] is Status.OK


@pytest.mark.parametrize(
    ("attributes", "fits"),
    [
        ("any", True),
        ("read-write", True),
        ("primary", True),
        ("read-only", False),
        ("standby", False),
    ],
)
def test_a_session_of_the_kind_that_is_asked_for(
    server: Postgres, attributes: str, fits: bool
) -> None:
    """target_session_attrs is answered by the server, not by the doctor's own read-only mode."""
    found = look(dsn_of(server, target_session_attrs=attributes))

    assert (found.exit_code == 0) is fits
    if not fits:
        assert failed(found)[0].layer is Layer.SESSION
        assert "not" in failed(found)[0].evidence


def test_a_standby_before_the_primary_is_no_failure(server: Postgres) -> None:
    """Connection strings of clusters list both; which is which changes with every failover."""
    with Postgres(oldest_postgres(), conf={"default_transaction_read_only": "on"}) as standby:
        hosts = f"postgresql://postgres@127.0.0.1:{standby.port},127.0.0.1:{server.port}/postgres"
        found = look(f"{hosts}?target_session_attrs=read-write")

    assert found.exit_code == 0
    sessions = [step for step in found.looked[0].steps if step.layer is Layer.SESSION]
    assert "the next host is asked" in sessions[0].evidence
    assert f"127.0.0.1:{server.port}" in sessions[1].subject


@VERSIONS
def test_a_stopped_server(newest: bool) -> None:
    """The same port before and after."""
    server = Postgres(newest_postgres() if newest else oldest_postgres())
    with server:
        assert look(dsn_of(server)).exit_code == 0
        server.halt()
        broken = only_failure(look(dsn_of(server)))

    assert broken.layer is Layer.TCP
    assert "refused" in broken.evidence


@VERSIONS
def test_a_server_that_shuts_down(newest: bool) -> None:
    """A smart shutdown waits for its clients and refuses new ones."""
    with Postgres(newest_postgres() if newest else oldest_postgres()) as server:
        held = server.connect()
        server._process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
        server._await("received smart shutdown request")
        broken = failed(look(dsn_of(server)))[0]
        held.close()

    assert broken.layer is Layer.SERVER
    assert "the database system is shutting down (SQLSTATE 57P03)" in broken.evidence


def test_a_frozen_server() -> None:
    """The kernel accepts connections for a process that does nothing: SIGSTOP."""
    with Postgres(oldest_postgres()) as server:
        server._process.send_signal(signal.SIGSTOP)  # type: ignore[union-attr]
        try:
            broken = failed(look(dsn_of(server), seconds=SHORT))[0]
        finally:
            server._process.send_signal(signal.SIGCONT)  # type: ignore[union-attr]

    assert broken.layer is Layer.TLS
    assert "does not answer" in broken.evidence


def test_a_server_that_starts_up() -> None:
    """It waits for the archive, and refuses until it has recovered."""
    with Postgres(oldest_postgres()) as server:
        server.halt()
        server.write_conf({"restore_command": "sleep 60", "hot_standby": "off"})
        server.write_file("recovery.signal", "")
        (server.directory / "log").unlink()
        server._launch([str(server.installation.bindir / "postgres"), "-D", str(server.data)])
        server._await("database system was shut down")
        broken = only_failure(look(dsn_of(server)))

    assert broken.layer is Layer.SERVER
    assert "the database system is" in broken.evidence
    assert "57P03" in broken.evidence
    assert broken.symptom in ("database-starting-up", "database-in-recovery")


class Stalling:
    """A proxy that lets the log-in through and then forwards nothing more to the server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server

    def __call__(self, client: socket.socket) -> None:
        with socket.create_connection((self._server.host, self._server.port)) as upstream:
            threading.Thread(target=self._down, args=(client, upstream), daemon=True).start()
            while (data := client.recv(65536)) and b"BEGIN" not in data:
                upstream.sendall(data)
            time.sleep(HANGS if data else 0)

    def _down(self, client: socket.socket, upstream: socket.socket) -> None:
        try:
            while data := upstream.recv(65536):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            return  # one side has hung up


def test_a_network_that_stalls_after_the_log_in(server: Postgres) -> None:
    """No time-out of the server helps when its answers are lost: the doctor's own one does."""
    with peer(Stalling(server)) as port:
        began = time.monotonic()
        broken = failed(look(dsn_of(server, port=str(port)), seconds=SHORT))[0]

    assert broken.layer is Layer.SESSION
    assert "no answer within" in broken.evidence
    assert time.monotonic() - began < 4 * SHORT + MARGIN


def test_tls_that_is_required_and_off() -> None:
    """sslmode=require against a server with ssl = off, and with ssl = on."""
    installation = newest_postgres(tls=True)
    with Postgres(installation) as server:
        broken = only_failure(look(dsn_of(server, sslmode="require")))
    with HbaServer(installation) as encrypted:
        fine = look(dsn_of(encrypted.server, sslmode="require"))
        certificate, _ = self_signed_certificate()
        verified = look(
            dsn_of(
                encrypted.server,
                host="localhost",
                hostaddr="127.0.0.1",
                sslmode="verify-full",
                sslrootcert=str(certificate),
            )
        )
        encrypted.load("hostnossl all all 127.0.0.1/32 trust\nlocal all all trust\n")
        mismatch = only_failure(look(dsn_of(encrypted.server, sslmode="require")))
        fallback = look(dsn_of(encrypted.server, sslmode="prefer"))

    assert broken.layer is Layer.TLS
    assert "does not offer TLS" in broken.evidence
    assert fine.exit_code == 0
    assert "verified and names this host" in str(verified.looked[0].steps)
    assert verified.exit_code == 0
    assert mismatch.layer is Layer.HBA
    assert "SSL encryption" in mismatch.evidence
    assert fallback.exit_code == 0


INI = """[databases]
shop = host=127.0.0.1 port={port} dbname=shop pool_size=2
gone = host=127.0.0.1 port=1 dbname=shop
[pgbouncer]
auth_type = trust
pool_mode = transaction
admin_users = postgres
stats_users = watcher
max_client_conn = {clients}
query_wait_timeout = 3
server_login_retry = 1
"""
USERS = '"postgres" ""\n"many" ""\n"watcher" ""\n"few" ""\n'


@pytest.fixture
def pooler(server: Postgres) -> Iterator[PgBouncer]:
    with PgBouncer(INI.format(port=server.port, clients=20), USERS) as running:
        yield running


def through(pooler: PgBouncer, user: str = "many", database: str = "shop") -> str:
    return f"host=127.0.0.1 port={pooler.port} user={user} dbname={database}"


def test_a_healthy_pooler(server: Postgres, pooler: PgBouncer) -> None:
    """Through PgBouncer and on its console, also as a user that may only look at statistics."""
    found = look(through(pooler), console=through(pooler, "watcher", "pgbouncer"))

    assert found.exit_code == 0, failed(found)
    assert "through a pooler" in str(found.looked[0].steps)
    assert statuses(found)[Layer.POOLER] is Status.OK


def test_nothing_is_left_behind_on_pooled_connections(server: Postgres, pooler: PgBouncer) -> None:
    """In transaction mode a SET would stay for the next client: the doctor leaves none."""
    look(through(pooler))
    with pooler.connect(user="many", dbname="shop", prepare_threshold=None) as client:
        rows = client.execute(
            "SELECT current_setting('default_transaction_read_only'),"
            " current_setting('statement_timeout'), current_setting('search_path')"
        ).fetchone()

    assert rows == ("off", "0", '"$user", public')


def test_statement_pooling_knows_no_transactions(server: Postgres) -> None:
    """PgBouncer ends clients that open one there: the doctor asks without."""
    ini = INI.format(port=server.port, clients=20).replace("transaction", "statement")
    with PgBouncer(ini, USERS) as pooler:
        found = look(through(pooler))

    assert found.exit_code == 0, failed(found)


def test_a_pooler_without_a_client_connection_left(server: Postgres) -> None:
    """max_client_conn is reached: PgBouncer itself refuses."""
    with PgBouncer(INI.format(port=server.port, clients=2), USERS) as pooler, ExitStack() as held:
        for _ in range(2):
            held.enter_context(pooler.connect(user="many", dbname="shop"))
        broken = failed(look(through(pooler)))[0]

    assert broken.layer is Layer.POOLER
    assert "no more connections allowed" in broken.evidence


def test_a_paused_pooler_and_waiting_clients(server: Postgres) -> None:
    """The console works while clients wait: it says that the database is paused."""
    ini = INI.format(port=server.port, clients=20).replace("wait_timeout = 3", "wait_timeout = 0")

    with PgBouncer(ini, USERS) as paused:

        def use() -> None:
            with paused.connect(user="many", dbname="shop") as client:
                client.execute("SELECT 1")

        use()
        waiting = threading.Thread(target=use, daemon=True)
        with paused.connect(user="postgres", dbname="pgbouncer") as console:
            console.execute("PAUSE shop")
            waiting.start()
            while waiting.is_alive() and not any(pool["cl_waiting"] for pool in pools(console)):
                time.sleep(0.05)
            found = look(None, console=through(paused, "watcher", "pgbouncer"))
            console.execute("RESUME shop")
        waiting.join()

    (broken,) = failed(found)
    assert (broken.layer, broken.subject) == (Layer.POOLER, "database shop")
    assert broken.evidence.startswith("paused")
    waits = [step for step in found.looked[0].steps if step.subject == "pool shop/many"]
    assert [step.status for step in waits] == [Status.WARNING]
    assert "1 clients wait" in waits[0].evidence


def test_a_pooler_whose_server_is_gone(server: Postgres, pooler: PgBouncer) -> None:
    """PgBouncer lets the client in and has no server for it: that is not the client's network."""
    broken = failed(look(through(pooler, database="gone")))[-1]
    missing = failed(look(through(pooler, database="nowhere")))[0]

    assert broken.layer in (Layer.POOLER, Layer.SERVER)
    assert broken.evidence
    assert missing.layer is Layer.POOLER
    assert "no such database" in missing.evidence


def test_targets_that_are_mixed_up(server: Postgres, pooler: PgBouncer) -> None:
    """A server is no console, and a console is no server: exit code 2 says which is which."""
    console = run("--dsn", through(pooler, "postgres", "pgbouncer"))
    plain = run("--pgbouncer-dsn", dsn_of(server))

    assert (console.code, plain.code) == (2, 2)
    assert "--pgbouncer-dsn" in console.errors
    assert "console" in plain.errors


def test_a_snapshot_holds_no_secrets(server: Postgres, tmp_path: Path) -> None:
    """What --save writes can be given to others."""
    server.execute(
        "ALTER ROLE app SET app.jwt_secret = 'hunter-2'", "ALTER ROLE app SET lock_timeout = '3s'"
    )
    path = tmp_path / "connguard-live.json"
    run(
        "--dsn",
        dsn_of(server, password=PASSWORD),
        "--save",
        str(path),
    )
    text = path.read_text()
    server.execute("ALTER ROLE app RESET ALL")

    assert '"lock_timeout"' in text
    assert "hunter-2" not in text
    assert PASSWORD not in text


def test_symptoms_in_our_own_words_are_in_the_catalogue() -> None:
    """What the doctor sends the reader to can be explained."""
    from connguard.engine.symptom_registry import symptoms
    from connguard.live.symptoms import OWN_WORDS

    assert {name for _, _, name in OWN_WORDS} <= {symptom.id for symptom in symptoms()}
