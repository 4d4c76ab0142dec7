# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of functions that make roles, wherever they stand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from sql_findings import findings, lines

MAKES = (
    "CREATE FUNCTION mk(n text, l int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN"
    " EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', n, l); RETURN 1; END $$;\n"
    "SELECT mk('good', 5);\n"
)


def policies(text: str) -> set[str]:
    return {policy for _, policy in lines(text)}


@pytest.mark.parametrize(
    "code",
    [
        "DECLARE x int := mk('b', {}); BEGIN END",
        "BEGIN DECLARE x int := mk('b', {}); BEGIN END; END",
        "BEGIN FOR i IN 1..mk('c', {}) LOOP NULL; END LOOP; END",
        "BEGIN LOOP EXIT WHEN mk('c', {}) = 1; END LOOP; END",
        "BEGIN WHILE mk('c', {}) = 2 LOOP NULL; END LOOP; END",
        "BEGIN ASSERT mk('e', {}) = 1; END",
        "BEGIN RAISE NOTICE '%', mk('d', {}); END",
        "BEGIN CASE mk('d', {}) WHEN 1 THEN NULL; END CASE; END",
        "DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT mk(''a'', {})' LOOP NULL; END LOOP; END",
        "DECLARE c refcursor; BEGIN OPEN c FOR SELECT mk('a', {}); FETCH c INTO c; END",
        "DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT mk(''a'', {})'; END",
        "DECLARE c CURSOR FOR SELECT mk('a', {}); BEGIN FOR r IN c LOOP NULL; END LOOP; END",
        "BEGIN EXECUTE 'SELECT $1' USING mk('a', {}); END",
        "BEGIN EXECUTE 'SELECT mk(''a'', $1)' USING {}; END",
    ],
)
def test_calls_in_code(code: str) -> None:
    assert policies(f"{MAKES}DO $$ {code.format(-1)} $$;") == {"PG001"}
    assert policies(f"{MAKES}DO $$ {code.format(5)} $$;") == set()


@pytest.mark.parametrize(
    "code",
    [
        "RETURN QUERY SELECT mk('a', {});",
        "RETURN QUERY EXECUTE 'SELECT mk(''a'', {})';",
        "RETURN NEXT mk('a', {});",
    ],
)
def test_calls_in_a_function_that_gives_rows(code: str) -> None:
    given = "CREATE FUNCTION f() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN {} END $$;"
    for limit, found in ((-1, {"PG001"}), (5, set())):
        assert policies(f"{MAKES}{given.format(code.format(limit))} SELECT f();") == found


def test_a_text_that_is_only_known_at_run_time_gives_rows() -> None:
    """It is no statement that changes a role."""
    code = (
        "DO $$ DECLARE r record; q text; BEGIN q := f(); FOR r IN EXECUTE q LOOP\n"
        "EXECUTE format('ALTER ROLE %I CONNECTION LIMIT 5', r.name); END LOOP; END $$;"
    )
    assert [each.policy.id for each in findings(code)] == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMP TABLE x AS SELECT mk('app', {});",
        "CREATE TABLE x (a)\nAS -- the roles\n(SELECT mk('app', {}));",
        "CREATE UNLOGGED TABLE x AS WITH y AS (SELECT mk('app', {})) SELECT * FROM y;",
        "CREATE MATERIALIZED VIEW x AS SELECT mk('app', {});",
        "DO $$ BEGIN CREATE TEMP TABLE x AS SELECT mk('app', {}); END $$;",
        "PREPARE p AS SELECT mk($1, $2); EXECUTE p('app', {});",
        "PREPARE p AS SELECT mk($1, $2); CREATE TABLE x AS EXECUTE p('app', {});",
        "EXPLAIN (ANALYZE) SELECT mk('app', {});",
        "EXPLAIN ANALYZE SELECT mk('app', {});",
        "COPY (SELECT mk('app', {})) TO STDOUT;",
        "copy/* x */(SELECT mk('app', {})) TO STDOUT;",
        "ALTER FUNCTION mk RENAME TO make_login; SELECT make_login('app', {});",
        "ALTER FUNCTION mk(text, int) SET SCHEMA a; SELECT a.mk('app', {});",
    ],
)
def test_calls_in_other_statements(statement: str) -> None:
    assert policies(MAKES + statement.format(-1)) == {"PG001"}
    assert policies(MAKES + statement.format(5)) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "PREPARE p AS SELECT mk('app', -1);",
        "EXPLAIN SELECT mk('app', -1);",
        "EXPLAIN (ANALYZE false) SELECT mk('app', -1);",
        "CREATE MATERIALIZED VIEW x AS SELECT mk('app', -1) WITH NO DATA;",
        "CREATE VIEW x AS SELECT mk('app', -1);",
        "EXECUTE q('app', -1);",
    ],
)
def test_a_query_that_does_not_run_calls_nothing(statement: str) -> None:
    assert policies(MAKES + statement) == set()
