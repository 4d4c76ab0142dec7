# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies beyond the number of rounds, calls or values that are followed is not passed over."""

from __future__ import annotations

from pathlib import Path

from connguard.engine.finding import Report
from connguard.engine.scan import scan
from connguard.engine.settings import Settings

ALEMBIC = '''\
"""roles"""
from alembic import op

revision = "1"
down_revision = None

'''


def _scan(folder: Path, name: str, text: str) -> Report:
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return scan([folder], Settings())


def test_the_last_of_many_rounds_is_not_passed_over(tmp_path: Path) -> None:
    """A role that only the 301st round makes is undecided, not unseen."""
    limits = [*[5] * 300, -1]
    each = [f"CREATE ROLE r{n} LOGIN CONNECTION LIMIT {one}" for n, one in enumerate(limits)]
    code = f"ALL = {each}\n\n\ndef upgrade():\n    for one in ALL:\n        op.execute(one)\n"
    report = _scan(tmp_path, "alembic/versions/1_roles.py", ALEMBIC + code)

    assert {one.origin.line for one in report.undecided} == {12}


def test_functions_that_call_too_deeply_are_undecided(tmp_path: Path) -> None:
    """SQL that is run below many helpers is told as not known, at the first that is not read."""
    helpers = "".join(f"def f{n}():\n    f{n + 1}()\n\n\n" for n in range(20))
    last = 'def f20():\n    op.execute("CREATE ROLE app LOGIN")\n\n\n'
    code = f"{helpers}{last}def upgrade():\n    f0()\n"
    report = _scan(tmp_path, "alembic/versions/1_roles.py", ALEMBIC + code)

    assert [one.origin.line for one in report.undecided] == [51]


def test_a_setting_with_many_values_is_undecided(tmp_path: Path) -> None:
    """Of twenty values that code may set only the last is bad."""
    branches = "".join(
        f" WHEN {n} THEN ALTER DATABASE shop SET statement_timeout = '{n + 1}s';" for n in range(20)
    )
    bad = "ELSE ALTER DATABASE shop SET statement_timeout = 0;"
    code = f"DO $$ BEGIN CASE (random() * 20)::int {branches} {bad} END CASE; END $$;\n"
    report = _scan(tmp_path, "migrations/V1__settings.sql", code)

    assert [one.reason for one in report.undecided if "more than 16 values" in one.reason]
