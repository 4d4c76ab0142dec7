# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts with code in them: what psql and a real server make of them is what the replay expects.

Where the replay knows one end state of a role or database, the server must agree with it; where
branches lead to several, the server's must be one of them.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from servers import Postgres, ServerMissing, oldest_postgres
from sql_session import Session
from sql_states import check_allowed

FILES = sorted((Path(__file__).parent / "data" / "replay").glob("*.sql"))


def _psql(server: Postgres, file: Path) -> str:
    """Run the file as psql does by default, past all errors; what psql printed."""
    program = oldest_postgres().bindir / "psql"
    if not program.exists():
        raise ServerMissing(f"{program} is missing: install the package postgresql-client")
    target = ["-h", server.host, "-p", str(server.port), "-U", "postgres", "-d", "postgres"]
    done = subprocess.run(
        [str(program), "-X", "-q", *target, "-f", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PGCLIENTENCODING": "UTF8"},
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_script(postgres: Postgres, file: Path) -> None:
    """The server's end state is one that the replay allows, for every role and database."""
    session = Session(postgres)
    session.clean()
    printed = _psql(postgres, file)
    roles, databases = session.roles(), session.databases()
    session.clean()
    session.close()

    check_allowed(file.read_text(encoding="utf-8"), roles, databases, printed)
