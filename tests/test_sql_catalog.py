# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits that MERGE and INSERT write into the catalogs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from sql_findings import lines

OBJECTS = (
    "CREATE ROLE app LOGIN CONNECTION LIMIT 4; CREATE DATABASE shop CONNECTION LIMIT 4;\n"
    "CREATE ROLE other LOGIN CONNECTION LIMIT 4;\n"
)
MERGE = (
    "MERGE INTO pg_authid a USING (VALUES ('app', -1)) v(n, l) ON a.rolname = v.n"
    " WHEN MATCHED THEN UPDATE SET rolconnlimit = v.l;"
)
MERGE_DATABASES = MERGE.replace("authid", "database").replace("rol", "dat")


def policies(text: str) -> set[str]:
    return {policy for _, policy in lines(text)}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (MERGE, {"PG005", "PG902"}),
        (f"DO $$ BEGIN {MERGE} END $$;", {"PG005", "PG902"}),
        (MERGE_DATABASES, {"PG005", "PG902"}),
        (MERGE.replace("rolconnlimit = v.l", "rolpassword = v.l"), set()),
        (MERGE.replace("INTO pg_authid", "INTO app.pg_authid"), set()),
        (MERGE.replace("UPDATE SET rolconnlimit = v.l", "DO NOTHING"), set()),
    ],
)
def test_a_merge_leaves_limits_unknown(statement: str, found: set[str]) -> None:
    assert policies(OBJECTS + statement) == found


def test_a_merge_of_one_role_leaves_the_others() -> None:
    one = MERGE.replace("a.rolname = v.n", "a.rolname = 'app'")
    assert policies(OBJECTS + one + "ALTER ROLE app CONNECTION LIMIT 4;") == {"PG005"}


INSERT = "INSERT INTO pg_authid(oid, rolname, rolcanlogin, rolconnlimit) VALUES (1, {}, true, {});"


@pytest.mark.parametrize(
    ("name", "limit", "found"),
    [
        ("'new'", "-1", {"PG001", "PG005"}),
        ("'new'", "5", {"PG005"}),
        ("'new'", "f()", {"PG005", "PG902"}),
        ("f()", "-1", {"PG005"}),
    ],
)
def test_an_insert_makes_a_role(name: str, limit: str, found: set[str]) -> None:
    statement = INSERT.format(name, limit)
    assert policies(statement) == found
    assert policies(f"DO $$ BEGIN {statement} END $$;") == found


def test_an_insert_of_other_columns_writes_no_limit() -> None:
    assert policies("INSERT INTO pg_authid(oid, rolname) SELECT 1, 'x';") == set()
