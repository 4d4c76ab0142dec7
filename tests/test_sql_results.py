# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements that a query takes from its own rows, for \\gexec and EXECUTE."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from sql_findings import lines

ROLE = "CREATE ROLE c LOGIN CONNECTION LIMIT 4;\n"
LIFTED = "'ALTER ROLE c CONNECTION LIMIT -1'"


def policies(text: str) -> set[str]:
    return {policy for _, policy in lines(ROLE + text)}


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT stmt FROM (VALUES (1, {LIFTED})) v(n, stmt) ORDER BY n",
        f"WITH r AS (SELECT {LIFTED} AS s) SELECT s FROM r",
        f"SELECT * FROM (SELECT {LIFTED} AS s) v",
        f"SELECT s || ';' FROM (VALUES ({LIFTED})) v(s)",
        f"TABLE x UNION SELECT * FROM (VALUES ({LIFTED})) v",
    ],
)
def test_rows_that_are_not_followed_are_undecided(query: str) -> None:
    assert "PG006" in policies(f"{query} \\gexec\n")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT stmt FROM statements",
        "SELECT stmt FROM (VALUES (1, 'ALTER TABLE t ADD c int')) v(n, stmt)",
        "SELECT 'ALTER ROLE c CONNECTION LIMIT 5' FROM pg_roles WHERE rolname = 'c'",
        "SELECT format('GRANT CONNECT ON DATABASE %I TO c', datname) FROM pg_database",
    ],
)
def test_rows_that_speak_of_no_role_are_left_alone(query: str) -> None:
    assert policies(f"{query} \\gexec\n") == set()


@pytest.mark.parametrize(
    "code",
    [
        f"FOR s IN SELECT stmt FROM (VALUES (1, {LIFTED})) v(n, stmt) LOOP EXECUTE s; END LOOP;",
        f"FOR s IN WITH r AS (SELECT {LIFTED} AS a) SELECT a FROM r LOOP EXECUTE s; END LOOP;",
        f"WITH r AS (SELECT {LIFTED} AS a) SELECT a INTO s FROM r; EXECUTE s;",
        f"INSERT INTO x VALUES ({LIFTED}); SELECT a INTO s FROM x; EXECUTE s;",
        f"EXECUTE (WITH r AS (SELECT {LIFTED} AS a) SELECT a FROM r);",
    ],
)
def test_the_same_in_code(code: str) -> None:
    assert policies(f"DO $$ DECLARE s text; BEGIN {code} END $$;") & {"PG001", "PG006"}
