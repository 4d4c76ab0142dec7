# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several functions of one name a call means, and which of them are left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from sql_findings import lines

ROLE = "CREATE ROLE app LOGIN CONNECTION LIMIT 4;\n"


def policies(text: str) -> set[str]:
    return {policy for _, policy in lines(ROLE + text)}


def function(head: str, limit: str) -> str:
    """A function of one parameter `n`, or of another `l` for the limit."""
    return (
        f"CREATE OR REPLACE FUNCTION {head} RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
        f" EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', n, {limit}); END $$;\n"
    )


BOTH = function("a.lim(n text)", "-1") + function("b.lim(n text)", "7")
CALLED = BOTH + "SELECT a.lim('x'), b.lim('x');\nALTER ROLE x CONNECTION LIMIT 3;\n"


@pytest.mark.parametrize("both", [BOTH, CALLED])
@pytest.mark.parametrize(
    ("call", "found"),
    [("a.lim('app')", {"PG001"}), ("lim('app')", {"PG001"}), ("A.LIM(n => 'app')", {"PG001"})],
)
def test_a_schema_tells_functions_apart(both: str, call: str, found: set[str]) -> None:
    assert policies(f"{both}SELECT {call};") == found


def test_the_function_of_another_schema_does_not_run() -> None:
    first, second = function("a.lim(n text)", "6"), function("b.lim(n text)", "7")
    harmless = second.replace("ALTER ROLE %I CONNECTION LIMIT %s', n, 7", "SELECT 1'")
    lifted = function("a.lim(n text)", "-1") + "SELECT a.lim('app');"
    again = "ALTER ROLE app CONNECTION LIMIT 5; SELECT b.lim('app');"
    assert policies(first + second + "SELECT b.lim('app');") == set()
    assert policies(lifted + second + again) == set()
    assert policies(lifted + harmless + again) == set()


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("lim('app'::text)", {"PG001"}),
        ("lim('app')", {"PG001"}),
        ("lim(x)", {"PG001"}),
    ],
)
def test_types_tell_functions_apart(call: str, found: set[str]) -> None:
    overloads = function("lim(n text)", "-1") + function("lim(n oid)", "7")
    assert policies(f"{overloads}SELECT {call} FROM x;") - {"PG006"} == found


def test_the_other_overload_does_not_run() -> None:
    overloads = function("lim(n text)", "7") + function("lim(n oid)", "-1")
    used = "SELECT lim('app'::oid); ALTER ROLE app CONNECTION LIMIT 5;"
    assert policies(f"{overloads}{used} SELECT lim('app');") == set()


LIMITED = function("public.lim(n text)", "7") + function("public.lim(n text, l int)", "l")


@pytest.mark.parametrize(
    ("drop", "found"),
    [
        ("DROP FUNCTION lim(text);", {"PG001"}),
        ("BEGIN; DROP FUNCTION lim(text, integer); ROLLBACK;", {"PG001"}),
        (
            "BEGIN; SAVEPOINT s; DROP FUNCTION lim(text, int); ROLLBACK TO s; COMMIT;",
            {"PG001"},
        ),
        ("DROP FUNCTION b.lim(text, int);", {"PG001"}),
        ("BEGIN; DROP FUNCTION lim(text, int); COMMIT;", set()),
        ("DROP FUNCTION public.lim(text, int);", set()),
        ("DROP FUNCTION lim;", set()),
    ],
)
def test_what_is_dropped_is_gone(drop: str, found: set[str]) -> None:
    used = "SELECT lim('app'), lim('app', 5);\n"
    assert policies(f"{LIMITED}{used}{drop} SELECT lim('app', -1);") == found


def test_a_definition_that_is_rolled_back_is_none() -> None:
    old, new = function("lim(n text)", "-1"), function("lim(n text)", "7")
    assert policies(f"{old} BEGIN; {new} ROLLBACK; SELECT lim('app');") == {"PG001"}
    assert policies(f"{old} BEGIN; {new} COMMIT; SELECT lim('app');") == set()


def test_a_function_of_any_number_of_arguments() -> None:
    variadic = (
        "CREATE FUNCTION lim(n text, VARIADIC l int[]) RETURNS void LANGUAGE sql AS"
        " 'ALTER ROLE app CONNECTION LIMIT 7';\n"
    )
    again = "ALTER ROLE app CONNECTION LIMIT -1;\n"
    assert policies(f"{variadic}{again} SELECT lim('app', -1, 2, 3);") == set()
