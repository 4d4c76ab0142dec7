# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How shell scripts hand SQL to psql, and what of it cannot be followed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings

MADE = "CREATE ROLE app LOGIN;"


def found(folder: Path, script: str, files: Mapping[str, str] | None = None) -> list[str]:
    """The policies and lines of the findings of a script, beside some other files."""
    for name, text in {"postgres/init.sh": script, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    report = scan([folder], Settings())
    assert report.failures == []
    return [f"{one.policy.id}:{one.origin.line}" for one in report.findings]


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (f'"${{psql[@]}}" --dbname="$POSTGRES_DB" <<-\'EOSQL\'\n\t{MADE}\nEOSQL\n', 2),
        (f"\"${{psql[@]}}\" -c '{MADE}'\n", 1),
        (f"PSQL=(psql -U app)\n${{PSQL[@]}} <<EOF\n{MADE}\nEOF\n", 3),
        (f"PSQL=(sudo -u postgres psql)\n\"${{PSQL[@]}}\" -c '{MADE}'\n", 2),
    ],
)
def test_psql_in_an_array(tmp_path: Path, script: str, line: int) -> None:
    """The image's own scripts start psql as "${psql[@]}"."""
    assert found(tmp_path, script) == [f"PG001:{line}"]
