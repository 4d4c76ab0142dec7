# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that variables of PL/pgSQL have: those that the server gives them, or none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from sql_findings import lines

ROLE = "CREATE ROLE app LOGIN CONNECTION LIMIT 4;\n"
SET = "EXECUTE format('ALTER ROLE app CONNECTION LIMIT %s', lim);"


def policies(text: str) -> set[str]:
    return {policy for _, policy in lines(text)}


def limited(code: str, declarations: str = "") -> set[str]:
    """What is found where `code` runs between a limit of 5 and its use."""
    return policies(
        f"{ROLE}DO $$ DECLARE lim int := 5; {declarations}\nBEGIN\n{code}\n{SET}\nEND $$;"
    )


@pytest.mark.parametrize(
    ("code", "declarations"),
    [
        ("OPEN c FOR SELECT -1; FETCH c INTO lim;", "c refcursor;"),
        ("CALL pick_limit(lim);", ""),
        ("CALL pick_limit(new => lim);", ""),
        ("DELETE FROM pools; GET DIAGNOSTICS lim = ROW_COUNT;", ""),
        ("r := (SELECT x FROM t AS x); lim := r.a;", "r record;"),
        ("SELECT 5 AS a INTO r; FETCH c INTO r; lim := r.a;", "r record; c refcursor;"),
        (
            "IF now() IS NULL THEN r.a := 4; FETCH c INTO r; END IF; lim := r.a;",
            "r record; c refcursor;",
        ),
    ],
)
def test_a_value_that_only_the_server_knows_is_unknown(code: str, declarations: str) -> None:
    assert limited(code, declarations) == {"PG006", "PG902"}


@pytest.mark.parametrize(
    "code",
    [
        "BEGIN lim := -1; RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END;",
        "BEGIN BEGIN lim := -1; RAISE EXCEPTION 'x'; EXCEPTION WHEN no_data_found THEN NULL; END;"
        " EXCEPTION WHEN OTHERS THEN NULL; END;",
        "BEGIN DECLARE lim int := 7; BEGIN NULL; END; lim := -1;"
        " DECLARE lim int := 7; BEGIN RAISE EXCEPTION 'x'; END;"
        " EXCEPTION WHEN OTHERS THEN NULL; END;",
        "ok := true; BEGIN ok := false; RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END;"
        " IF NOT ok THEN lim := -1; END IF;",
    ],
)
def test_an_error_leaves_the_variables_as_they_are(code: str) -> None:
    assert limited(code, "ok bool;") == {"PG001"}


@pytest.mark.parametrize(
    "code",
    [
        "BEGIN lim := -1; lim := 6; RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END;",
        "BEGIN RAISE EXCEPTION 'x'; lim := -1; EXCEPTION WHEN OTHERS THEN NULL; END;",
        "BEGIN CREATE ROLE app; EXCEPTION WHEN duplicate_object THEN NULL; END;",
        "BEGIN DECLARE lim int := -1; BEGIN RAISE EXCEPTION 'x'; END;"
        " EXCEPTION WHEN OTHERS THEN NULL; END;",
        "FOR lim IN 3..5 LOOP NULL; END LOOP;",
        "FOR lim IN 3..f() LOOP NULL; END LOOP;",
        "BEGIN FOR lim IN 3..4 LOOP RAISE EXCEPTION 'x'; END LOOP;"
        " EXCEPTION WHEN OTHERS THEN NULL; END;",
        "DECLARE lim int; BEGIN lim := -1; END;",
    ],
)
def test_values_that_are_known_stay_known(code: str) -> None:
    assert limited(code) == set()


def test_an_error_takes_back_what_the_database_had() -> None:
    """Only the variables keep what the block did."""
    code = "BEGIN ALTER ROLE app CONNECTION LIMIT -1; RAISE EXCEPTION 'x';"
    assert (
        policies(f"{ROLE}DO $$ BEGIN {code} EXCEPTION WHEN OTHERS THEN NULL; END; END $$;") == set()
    )


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("DECLARE lim int := -1; BEGIN FOR lim IN 3..5 LOOP NULL; END LOOP; {}", {"PG001"}),
        ("DECLARE lim int := -1; BEGIN DECLARE lim int := 5; BEGIN NULL; END; {}", {"PG001"}),
        ("DECLARE lim int := 5; BEGIN DECLARE lim int := -1; BEGIN NULL; END; {}", set()),
        ("DECLARE lim int := 5; BEGIN lim := -1; BEGIN {} END;", {"PG001"}),
        ("DECLARE l int := 5; BEGIN l := -1; DECLARE lim int := l; BEGIN {} END;", {"PG001"}),
        ("DECLARE lim int := 5; BEGIN DECLARE lim int; BEGIN {} END;", {"PG006", "PG902"}),
        ('<<a>> DECLARE "lim" int := 5; l int; BEGIN DECLARE l int := -1; BEGIN {} END;', set()),
    ],
)
def test_a_variable_belongs_to_the_block_that_declares_it(code: str, found: set[str]) -> None:
    """Also where all blocks stand in one line."""
    assert policies(f"{ROLE}DO $$ {code.format(SET)} END $$;") == found


def test_a_procedure_without_outputs_changes_no_variable() -> None:
    procedure = (
        "CREATE PROCEDURE make(l int) LANGUAGE plpgsql AS $$ BEGIN\n"
        "EXECUTE format('CREATE ROLE app2 LOGIN CONNECTION LIMIT %s', l); END $$;\n"
    )
    code = f"DO $$ DECLARE lim int := 5; BEGIN CALL make(lim); {SET} END $$;"
    assert policies(procedure + ROLE + code) == set()
    given = procedure.replace("(l int)", "(INOUT l int)")
    assert policies(given + ROLE + code) == {"PG006", "PG902"}


def looped(code: str, array: str = "'{}'") -> set[str]:
    loop = "FOREACH n IN ARRAY names LOOP EXECUTE format('CREATE ROLE %I LOGIN', n); END LOOP;"
    return policies(f"DO $$ DECLARE names text[] := {array}; n text;\nBEGIN {code}\n{loop} END $$;")


@pytest.mark.parametrize(
    "code",
    [
        "names := array_append(names, 'a');",
        "names := names || 'a'::text;",
        "names := names || '{a}';",
        "SELECT array_agg(rolname) INTO names FROM pg_roles;",
        "names[2] := 'b';",
        "IF now() IS NULL THEN names := ARRAY['a']; END IF;",
        "names := ARRAY['a'];",
        "names := '{a,b}';",
    ],
)
def test_an_array_that_is_assigned_to_is_not_that_of_its_declaration(code: str) -> None:
    assert looped(code) == {"PG001"}


@pytest.mark.parametrize("array", ["'{}'", "ARRAY[]::text[]"])
def test_an_array_that_stays_empty_has_no_elements(array: str) -> None:
    assert looped("", array) == set()
    assert looped("names := '{a}'; names := '{}';", array) == set()


def test_the_elements_of_an_array_are_those_of_its_last_value() -> None:
    text = "ARRAY['a', 'b']"
    found = f"""
        DO $$ DECLARE names text[] := ARRAY['c']; n text;
        BEGIN
          names := {text};
          FOREACH n IN ARRAY names LOOP EXECUTE format('CREATE ROLE %I LOGIN', n); END LOOP;
          ALTER ROLE a CONNECTION LIMIT 5;
          ALTER ROLE b CONNECTION LIMIT 5;
        END $$;
    """
    assert policies(found) == set()
    assert policies(found.replace(text, text[:-1] + ", 'c']")) == {"PG001"}


def test_a_variable_that_is_named_with_its_block_may_be_a_hidden_one() -> None:
    code = (
        "<<a>> DECLARE lim int := 5; BEGIN DECLARE lim int := 6; BEGIN a.lim := -1; END;"
        f" {SET} END a;"
    )
    assert policies(f"{ROLE}DO $$ {code} $$;") == {"PG006", "PG902"}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("lim := -1;", {"PG001"}),
        ("lim := 6;", set()),
        ("SELECT -1 INTO lim;", {"PG001"}),
        ("GET DIAGNOSTICS lim = ROW_COUNT;", {"PG006", "PG902"}),
        ("FOREACH lim IN ARRAY ARRAY[3, -1] LOOP NULL; END LOOP;", {"PG001"}),
    ],
)
def test_the_first_parameter_can_be_assigned_to(code: str, found: set[str]) -> None:
    function = (
        f"CREATE FUNCTION f(lim int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN {code} {SET} END $$;"
    )
    assert policies(f"{ROLE}{function}\nSELECT f(5);") == found
