# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that several test modules share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest
from servers import Postgres, newest_postgres, oldest_postgres

from connguard.engine import workers

# A run of the suite says something about the code, not about the dice or how busy the machine is.
# To look for new cases, set CONNGUARD_EXPLORE; what it finds becomes a test of its own.
hypothesis.settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile("explore" if os.environ.get("CONNGUARD_EXPLORE") else "repeatable")

# Tests change what connguard does with the same files; those of the cache say so.
os.environ["CONNGUARD_NO_CACHE"] = "1"


@pytest.fixture
def threads_of_other_tests_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server or a scheduler that an earlier test has started may have left some."""
    monkeypatch.setattr(workers, "can_fork", lambda: hasattr(os, "fork"))


@pytest.fixture(scope="session")
def postgres_oldest() -> Iterator[Postgres]:
    """A running server of the oldest PostgreSQL at hand."""
    with Postgres(oldest_postgres()) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_newest() -> Iterator[Postgres]:
    """A running server of the newest PostgreSQL at hand."""
    with Postgres(newest_postgres()) as server:
        yield server


@pytest.fixture
def server(shared: Postgres) -> Postgres:
    """The server that the tests of a module share, without the connections of the test before."""
    shared.end_clients()
    return shared


@pytest.fixture(scope="session", params=["oldest", "newest"])
def postgres(request: pytest.FixtureRequest) -> Postgres:
    """A running server; the test runs once on the oldest and once on the newest version."""
    server: Postgres = request.getfixturevalue(f"postgres_{request.param}")
    return server
