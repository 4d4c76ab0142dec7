# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `connguard fix` writes is applied by the tools themselves, and limits the roles there.

Tools and server as in migration_tools.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import migration_tools as tools
import pytest
from click.testing import CliRunner
from migration_tools import project, server
from servers import Postgres
from sql_session import Session

from connguard.engine.cli import main
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, load
from connguard.fixing.plan import plan

__all__ = ["project", "server"]

SERVICE = """
[[service]]
name = "{0}"
instances = 1
pool = 2
via = "direct"
database = "postgres"
user = "{0}"
"""

Apply = Callable[[Path, Postgres], None]


@pytest.mark.parametrize(
    ("project", "apply"),
    [
        ("alembic", tools.test_alembic),
        ("django", tools.test_django),
        ("dbmate", tools.test_dbmate),
        ("golang_migrate", tools.test_dbmate),
        ("knex", tools.test_knex),
        ("node_pg_migrate", tools.test_node_pg_migrate),
        ("sequelize", tools.test_sequelize),
        ("rails", tools.test_active_record),
    ],
    indirect=["project"],
)
def test_the_tool_applies_the_repair(project: Path, server: Postgres, apply: Apply) -> None:
    """Two connections and one of headroom for each role that was flagged."""
    (planned,) = plan([project], Settings(), datetime.now(UTC)).histories
    roles = sorted({one.flagged.name for one in planned.repairs if one.flagged.kind == "ROLE"})
    assert roles
    settings = project / "connguard.toml"
    settings.write_text("".join(SERVICE.format(name) for name in roles))
    result = CliRunner().invoke(main, ["fix", str(project)])
    assert result.stdout.startswith("written: "), result.output
    left = [one.policy.id for one in scan([project], load(settings)).findings]
    assert "PG001" not in left
    settings.unlink()
    apply(project, server)
    limits = {name: row.limit for name, row in Session(server).roles().items()}
    assert {name: limits[name] for name in roles} == dict.fromkeys(roles, 3)


@pytest.mark.parametrize("project", ["dbmate"], indirect=True)
def test_the_tool_rolls_back(project: Path, server: Postgres) -> None:
    """The way down is accepted by the tool, and leaves the limits where they are."""
    CliRunner().invoke(main, ["fix", str(project)])
    command: list[str | Path] = [tools.NPM / "dbmate", "--migrations-dir", ".", "--no-dump-schema"]
    tools.run([*command, "migrate"], project, server)
    before = Session(server).roles()
    tools.run([*command, "rollback"], project, server)
    assert Session(server).roles() == before
