# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of `connguard doctor` in tests, and peers that misbehave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner
from servers import Postgres

from connguard.engine.cli import main
from connguard.engine.settings import Settings, load, locate
from connguard.live.examination import Examination
from connguard.live.examine import examine
from connguard.live.step import Layer, Status, Step
from connguard.live.target import parse_target

SECONDS = 60.0
"""The time limit of a step where nothing hangs; enough for a busy machine."""

SHORT = 2.5
"""The time limit where something hangs."""

HANGS = 120.0
"""Seconds; what hangs there longer than any test waits."""

MARGIN = 40.0
"""Seconds that a busy machine may take longer, and still far less than what hangs there."""


def look(
    dsn: str | None, *paths: Path, console: str | None = None, seconds: float = SECONDS
) -> Examination:
    """One run, in this process."""
    located = locate(paths[0]) if paths else None
    return examine(
        parse_target(dsn) if dsn is not None else None,
        parse_target(console) if console is not None else None,
        paths,
        load(located) if located else Settings(),
        seconds,
    )


def failed(found: Examination) -> list[Step]:
    return [
        step for looked in found.looked for step in looked.steps if step.status is Status.FAILED
    ]


def only_failure(found: Examination) -> Step:
    """The one step that failed; the layers before it are fine, those behind were not reached.

    What comes after the log-in is tested by the server in no order that a client could rely on.
    """
    (broken,) = failed(found)
    for step in found.looked[0].steps:
        if step.layer.rank < broken.layer.rank and step.layer.rank <= Layer.AUTHENTICATION.rank:
            assert step.status is Status.OK, step
        elif step is not broken:
            assert step.status is Status.NOT_REACHED, step
    assert broken.next
    assert found.exit_code == 1
    return broken


def statuses(found: Examination) -> dict[Layer, Status]:
    return {step.layer: step.status for looked in found.looked for step in looked.steps}


def findings(found: Examination) -> set[tuple[str, int, str]]:
    """File name, line and policy of every finding."""
    assert found.report is not None
    assert found.report.failures == []
    return {
        (Path(finding.origin.path).name, finding.origin.line, finding.policy.id)
        for finding in found.report.findings
    }


def dsn_of(server: Postgres, **options: str) -> str:
    """A connection string of a server; by default as the superuser."""
    chosen = {"host": server.host, "port": str(server.port), "user": "postgres"}
    chosen |= {"dbname": "postgres", **options}
    return " ".join(f"{key}='{value}'" for key, value in chosen.items())


@dataclass(frozen=True, slots=True)
class Ran:
    """What the command printed and how it ended."""

    code: int
    output: str
    errors: str


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> Ran:
    """Run `connguard doctor` as a user does."""
    done = CliRunner().invoke(main, ["doctor", *arguments], env=dict(environment or {}))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)


@contextmanager
def peer(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """A port where every connection is given to `answer`, and stays open until the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            opened.append(connection)
            threading.Thread(target=_quietly, args=(answer, connection), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()
        for connection in opened:
            connection.close()


def _quietly(answer: Callable[[socket.socket], object], connection: socket.socket) -> None:
    try:
        answer(connection)
    except OSError:
        return  # the doctor has hung up


@contextmanager
def dropped_port() -> Iterator[int]:
    """A port whose queue is full: Linux drops further connection attempts, as a firewall does."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = int(listener.getsockname()[1])
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", port))
        waiting.append(client)
    try:
        yield port
    finally:
        for client in waiting:
            client.close()
        listener.close()
