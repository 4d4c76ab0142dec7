# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader and the evaluator agree with real servers, the oldest and the newest at hand.

CONNGUARD_HBA_FILES sets how many files are generated per version (10 attempts each).
"""

from __future__ import annotations

import ipaddress
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import hba_generator as generator
from hba_attempts import Attempt, HbaServer
from servers import Postgres, newest_postgres, oldest_postgres

from connguard.engine.reading import Context, SourceFile
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.policies.model.hba import Connection, Memberships, Transport
from connguard.postgres.hba_answer import LoginAnswer, answer
from connguard.postgres.hba_reader import HbaFile, read_hba
from connguard.sql_rules.memberships import read_memberships
from connguard.sql_rules.script import Chunk, Script

FILES = int(os.environ.get("CONNGUARD_HBA_FILES", "12"))
ATTEMPTS = 10


@pytest.fixture(scope="module", params=["oldest", "newest"])
def hba(request: pytest.FixtureRequest) -> Iterator[HbaServer]:
    newest = request.param == "newest"
    with HbaServer(newest_postgres(tls=True) if newest else oldest_postgres()) as server:
        for statement in generator.ROLES_SQL.split(";"):
            if statement.strip():
                server.server.execute(statement)
        yield server


@pytest.fixture(scope="module")
def memberships() -> Memberships:
    text = Text("roles.sql", "CREATE ROLE postgres SUPERUSER;" + generator.ROLES_SQL)
    return read_memberships([Script("roles.sql", (Chunk(text.string, text.origin),))])


def _read(server: Postgres, folder: Path, text: str) -> HbaFile:
    for name, content in {**generator.LISTS, "pg_hba.conf": text}.items():
        (folder / name).write_text(content, encoding="utf-8")
    context = Context(roots=(folder,), settings=Settings())
    path = folder / "pg_hba.conf"
    file = read_hba(SourceFile(path, "pg_hba.conf"), context, server.installation.major)
    assert file is not None
    return file


def _connection(attempt: Attempt) -> Connection:
    if attempt.source == "local":
        transport = Transport.LOCAL
    else:
        transport = Transport.TLS if attempt.tls else Transport.PLAIN
    return Connection(
        transport,
        attempt.database,
        attempt.user,
        None if attempt.source == "local" else ipaddress.ip_address(attempt.source),
        attempt.replication == "physical",
    )


def _said(found: LoginAnswer) -> tuple[str, int | None]:
    return found.result, found.line


def test_generated_files_are_decided_as_the_server_decides(
    hba: HbaServer, memberships: Memberships, tmp_path: Path
) -> None:
    """Result and deciding line of every attempt are the server's, unless DNS would decide."""
    version = hba.server.installation.major
    made = 0
    for seed in range(FILES):
        chance = random.Random(f"{version} {seed}")
        text = generator.rules(chance, version)
        loaded = hba.load(text, lists=generator.LISTS)
        file = _read(hba.server, tmp_path, text)
        assert loaded.taken == file.loads, f"{text}\n{loaded.log}\n{file.problems}"
        attempts = [generator.attempt(chance, tls=True) for _ in range(ATTEMPTS)]
        for attempt, outcome in zip(attempts, hba.attempt(attempts), strict=True):
            ours = answer(file, _connection(attempt), memberships)
            if ours.result == "unknown" and "depends on DNS" in ours.reason:
                continue
            assert _said(ours) == (outcome.result, outcome.line), (
                f"{text}\n{attempt}\n{ours}\n{outcome}"
            )
            made += 1
    assert made >= 0.9 * FILES * ATTEMPTS
    print(f"{hba.server.installation}: {made} attempts equal")


def test_spoiled_files_are_refused_with_the_servers_words(hba: HbaServer, tmp_path: Path) -> None:
    """Taken or not, and the error of every line, as pg_hba_file_rules shows them."""
    version = hba.server.installation.major
    for seed in range(FILES * 4):
        chance = random.Random(f"{version} spoiled {seed}")
        text = generator.spoiled(chance, version)
        loaded = hba.load(text, lists=generator.LISTS)
        file = _read(hba.server, tmp_path, text)
        ours = {problem.origin.line: problem.reason for problem in file.problems}
        theirs = {
            line: error for line, error in loaded.errors.items() if "cannot match" not in error
        }
        absent = {line for line, error in theirs.items() if "could not open" in error}
        assert bool(absent) == bool(file.gaps), text  # for us, the file is elsewhere
        assert loaded.taken == (file.loads and not absent), f"{text}\n{loaded.log}\n{ours}"
        expected = {line: error for line, error in theirs.items() if line not in absent}
        for line, reason in ours.items():  # some errors are only logged
            logged = line not in expected and reason in loaded.log
            if logged or "not supported by this build" in expected.get(line, ""):
                expected[line] = reason
        assert expected == ours, text
