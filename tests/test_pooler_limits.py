# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pooler with so many databases and users that their pools are not added up."""

from __future__ import annotations

from pathlib import Path

from connguard.engine.scan import scan
from connguard.engine.settings import Settings


def test_pools_of_thousands_of_databases_and_users(tmp_path: Path) -> None:
    """It is reported with the setting that would let them be added up."""
    databases = "".join(f"db{number} = host=10.0.0.1\n" for number in range(1_000))
    users = "".join(f"user{number} = pool_mode=session\n" for number in range(1_000))
    text = f"[databases]\n{databases}[users]\n{users}[pgbouncer]\nlisten_addr = 127.0.0.1\n"
    (tmp_path / "pgbouncer.ini").write_text(text)

    report = scan([tmp_path], Settings(path=tmp_path / "connguard.toml"))

    assert report.failures == []
    (part,) = [one for one in report.not_parsed if "pools" in one.reason]
    assert part.reason == (
        "1000 databases and 1000 users make more than 5000 pools;"
        " the setting pooler-pools in [limits] can be raised"
    )
