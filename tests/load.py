# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worst-case load on a real PostgreSQL behind real PgBouncer processes, in a few seconds.

All clients connect at once and hold a transaction, which is the worst that they can do to the
pools. Peaks are read from the server's log (connections and disconnections in the order in which
they happened), so that no session of the harness itself takes a slot, and no short peak is missed.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from servers import Installation, PgBouncer, Postgres
from wire import Client, Refused

POLL_SECONDS = 0.02
SETTLE_SECONDS = 2.0
LOG_LINE = re.compile(
    r"^\S+ \S+ \S+ \[(?P<pid>\d+)\] (?P<sqlstate>\w{5}) (?P<level>\w+):  (?P<text>.*)"
)
AUTHORIZED = re.compile(
    r"(?:replication )?connection authorized: user=(?P<user>\S+)(?: database=(?P<database>\S+))?"
)


@dataclass(frozen=True, slots=True)
class Group:
    """Clients that do the same. `pooler` is an index into the poolers, None for the server.

    With `hold` each client opens a transaction and keeps it until the clients are released;
    without, it only connects.
    """

    clients: int
    user: str
    database: str
    pooler: int | None = 0
    hold: bool = True


@dataclass(frozen=True, slots=True)
class ClientError:
    """What a client was told; `group` is its group's index, `sqlstate` None for a closed socket."""

    group: int
    sqlstate: str | None
    message: str


@dataclass(slots=True)
class Observation:
    """What happened under load.

    `peak` counts all client backends that the server had at the same time, `by_role` and
    `by_database` those of a role, and in a database (of PostgreSQL, not PgBouncer's name).
    `served` clients were answered; `waiting` ones had no answer when the others were released.
    `refusals` are SQLSTATE and text of the logins that the server refused, in order.
    """

    peak: int = 0
    by_role: dict[str, int] = field(default_factory=dict)
    by_database: dict[str, int] = field(default_factory=dict)
    served: int = 0
    waiting: int = 0
    errors: list[ClientError] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    server_log: str = ""
    pooler_logs: list[str] = field(default_factory=list)
    seconds: float = 0.0


def load_server(
    installation: Installation,
    *,
    roles: Mapping[str, int],
    databases: Mapping[str, int],
    conf: Mapping[str, str | int] | None = None,
    superusers: Sequence[str] = (),
) -> Postgres:
    """A started server with these login roles and databases and their connection limits.

    `conf` holds max_connections, superuser_reserved_connections, … The caller stops the server.
    """
    server = Postgres(
        installation, conf={"log_connections": "on", "log_disconnections": "on", **(conf or {})}
    )
    server.start()
    with server.connect() as admin:
        for role, limit in roles.items():
            kind = "SUPERUSER" if role in superusers else "NOSUPERUSER"
            admin.execute(f'CREATE ROLE "{role}" LOGIN {kind} CONNECTION LIMIT {limit}'.encode())
        for database, limit in databases.items():
            if database != "postgres":
                admin.execute(f'CREATE DATABASE "{database}"'.encode())
            admin.execute(f'ALTER DATABASE "{database}" CONNECTION LIMIT {limit}'.encode())
    return server


def behind(ini: str, server: Postgres) -> str:
    """The text of a pgbouncer.ini with every entry of [databases] pointing to `server`."""
    lines = []
    section = ""
    for line in ini.splitlines():
        header = re.match(r"\s*\[(\w+)\]", line)
        section = header[1] if header else section
        entry = not header and section == "databases" and re.match(r"\s*[^;#%\s][^=]*=", line)
        if entry:
            rest = re.sub(r"\b(?:host|hostaddr|port)\s*=\s*('[^']*'|\S+)", "", line[entry.end() :])
            line = f"{entry[0]} host={server.host} port={server.port} {rest.strip()}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def userlist(*users: str) -> str:
    """An auth_file for auth_type = trust."""
    return "".join(f'"{user}" ""\n' for user in users)


def run(
    server: Postgres,
    poolers: Sequence[PgBouncer],
    groups: Sequence[Group],
    *,
    hold_seconds: float = 2.0,
    drain_seconds: float = 30.0,
    one_by_one: bool = False,
) -> Observation:
    """Load the running servers with all groups at once and tell what happened.

    Clients hold their transaction for `hold_seconds`, then commit and leave; those that still wait
    have `drain_seconds` to be served. Takes at most about the sum of both. With `one_by_one` each
    client starts when the one before was answered: otherwise a login that is being refused can
    take the slot of another for a moment.
    """
    _settle(server)
    began = time.monotonic()
    skipped = len(server.log)
    observation = Observation()
    lock = threading.Lock()
    release = threading.Event()
    deadline = began + hold_seconds + drain_seconds

    def client(number: int, group: Group) -> None:
        target = server if group.pooler is None else poolers[group.pooler]
        try:
            with Client(
                target.host,
                target.port,
                user=group.user,
                database=group.database,
                timeout=max(deadline - time.monotonic(), 0.1),
            ) as connection:
                if group.hold:
                    connection.query("BEGIN")
                with lock:
                    observation.served += 1
                release.wait()
                if group.hold:
                    connection.query("COMMIT")
        except Refused as refused:
            with lock:
                observation.errors.append(ClientError(number, refused.sqlstate, refused.message))
        except TimeoutError:
            pass  # counted as waiting
        except OSError as error:
            with lock:
                observation.errors.append(ClientError(number, None, str(error)))

    threads = [
        threading.Thread(target=client, args=(number, group), daemon=True)
        for number, group in enumerate(groups)
        for _ in range(group.clients)
    ]
    for count, thread in enumerate(threads, 1):
        thread.start()
        while one_by_one and observation.served + len(observation.errors) < count:
            if time.monotonic() > began + hold_seconds:
                break
            time.sleep(POLL_SECONDS)
    while time.monotonic() < began + hold_seconds:
        time.sleep(POLL_SECONDS)
    with lock:
        observation.waiting = len(threads) - observation.served - len(observation.errors)
    release.set()
    for thread in threads:
        thread.join(max(deadline + 1 - time.monotonic(), 0.1))
    observation.server_log = server.log[skipped:]
    observation.pooler_logs = [pooler.log for pooler in poolers]
    _read_log(observation)
    observation.seconds = time.monotonic() - began
    return observation


def _settle(server: Postgres) -> None:
    """Wait a moment until the backends of earlier clients are gone."""
    end = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < end:
        backends = _Backends()
        for event in _events(server.log):
            backends.follow(event)
        if not backends.open:
            return
        time.sleep(POLL_SECONDS)


def _events(log: str) -> list[re.Match[str]]:
    return [match for match in map(LOG_LINE.match, log.splitlines()) if match]


class _Backends:
    """The client backends that are open, as the server's log tells.

    A login is logged as authorized before the limits are tested, and a refused one afterwards as
    FATAL without a disconnection.
    """

    def __init__(self) -> None:
        self.open: dict[str, tuple[str, str]] = {}

    def follow(self, event: re.Match[str]) -> bool:
        """Take in one line of the log; whether it changed anything."""
        pid = event["pid"]
        authorized = AUTHORIZED.match(event["text"])
        if authorized:
            self.open[pid] = (authorized["user"], authorized["database"] or "")
            return True
        gone = event["level"] == "FATAL" or event["text"].startswith("disconnection:")
        return gone and self.open.pop(pid, None) is not None


def _read_log(observation: Observation) -> None:
    """Peaks and refusals from the server's log."""
    events = _events(observation.server_log)
    refused = set()
    for event in events:
        if event["level"] == "FATAL" and event["sqlstate"] == "53300":
            refused.add(event["pid"])
            observation.refusals.append((event["sqlstate"], event["text"]))
    backends = _Backends()
    for event in events:
        if event["pid"] in refused or not backends.follow(event):
            continue
        observation.peak = max(observation.peak, len(backends.open))
        for index, peaks in enumerate((observation.by_role, observation.by_database)):
            for name, count in Counter(each[index] for each in backends.open.values()).items():
                peaks[name] = max(peaks.get(name, 0), count)
