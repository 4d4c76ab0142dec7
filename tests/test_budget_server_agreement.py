# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers agree with the budget: no peak above a bound, no error where it says safe.

`python tests/budget_agreement.py FIRST COUNT` compares as many random stacks as wanted.
"""

from __future__ import annotations

import pytest
from budget_agreement import compare
from servers import available_pgbouncer, newest_postgres, oldest_postgres


@pytest.mark.parametrize("seed", range(10))
def test_servers_agree_with_the_budget(seed: int) -> None:
    """A random stack under its worst load, on the oldest and the newest server in turn."""
    programs = available_pgbouncer()
    server = newest_postgres() if seed % 2 else oldest_postgres()
    result = compare(seed, programs[seed % len(programs)], server)

    assert result.problems == [], result
