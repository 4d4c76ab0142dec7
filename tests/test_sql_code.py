# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role and database DDL inside DO blocks, functions and procedures, and put together there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from sql_findings import findings, lines

from connguard.sql_rules import syntax


def body(code: str, declarations: str = "") -> str:
    """A DO block; the first line of `code` is line 3 of the script."""
    return f"DO $$ DECLARE {declarations}\nBEGIN\n{code}\nEND $$;\n"


def test_format_in_a_do_block() -> None:
    """edge 31: the limit can be read, the role cannot; the finding stands at the EXECUTE."""
    found = findings(body("\n  EXECUTE format('ALTER ROLE %I CONNECTION LIMIT -1',\n r);"))
    assert [(each.policy.id, each.origin.line, each.origin.end_line) for each in found] == [
        ("PG001", 4, 5)
    ]
    assert '"<r>"' in found[0].message


@pytest.mark.parametrize(
    "call", ["SELECT set_limit();", "", "DO $$ BEGIN PERFORM set_limit(); END $$;"]
)
def test_a_function_body_counts_whether_it_is_called_or_not(call: str) -> None:
    """edge 32: a body that lifts a limit is reported at its inner line."""
    text = (
        "CREATE USER app CONNECTION LIMIT 5;\n"
        "CREATE FUNCTION set_limit() RETURNS void LANGUAGE plpgsql AS $$\n"
        "BEGIN\n"
        "  ALTER ROLE app CONNECTION LIMIT -1;\n"
        "END $$;\n"
    )
    assert lines(text + call) == {(4, "PG001")}


@pytest.mark.parametrize(
    "definition",
    [
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$\n"
        "ALTER ROLE app CONNECTION LIMIT -1;\n$$;",
        "CREATE PROCEDURE f() LANGUAGE sql AS '\nALTER ROLE app CONNECTION LIMIT -1;\n';",
        "CREATE PROCEDURE f() AS $x$\nBEGIN ALTER ROLE app CONNECTION LIMIT -1; END\n$x$"
        " LANGUAGE plpgsql;",
        "CREATE FUNCTION s.f(a s.t) RETURNS s.t AS $x$ DECLARE v s.t;\n"
        "BEGIN ALTER ROLE app CONNECTION LIMIT -1; END\n$x$ LANGUAGE plpgsql;",
    ],
)
def test_languages_and_ways_to_quote(definition: str) -> None:
    """edge 32: SQL and PL/pgSQL bodies, in either kind of quotes, with types of other schemas."""
    assert {policy for _, policy in lines(definition)} == {"PG001"}


def test_a_query_in_begin_atomic() -> None:
    """edges 32 and 34: only queries can stand in BEGIN ATOMIC; an UPDATE of a catalog is one."""
    text = "CREATE PROCEDURE f() BEGIN ATOMIC UPDATE pg_authid SET rolconnlimit = 4; END;"
    assert lines(text) == {(1, "PG005")}


def test_arguments_reach_the_statement() -> None:
    """edge 32: a call with constants is read with them, by position, by name and by default."""
    text = (
        "CREATE FUNCTION mk(n text, lim int DEFAULT -1) RETURNS void LANGUAGE plpgsql AS $$\n"
        "BEGIN EXECUTE format('CREATE USER %I CONNECTION LIMIT %s', n, lim); END $$;\n"
    )
    messages = {
        call: [each.message for each in findings(text + call)]
        for call in (
            "SELECT mk('a', 5);",
            "SELECT mk(lim => 0, n => 'b');",
            "SELECT mk('c');",
            "SELECT mk(x, 5) FROM t;",
        )
    }
    assert messages["SELECT mk('a', 5);"] == []
    assert [each[:8] for each in messages["SELECT mk(lim => 0, n => 'b');"]] == ['role "b"']
    assert [each[:8] for each in messages["SELECT mk('c');"]] == ['role "c"']
    assert messages["SELECT mk(x, 5) FROM t;"] == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("EXECUTE 'CREATE USER a CONNECTION LIMIT -1';", {"PG001"}),
        ("EXECUTE 'CREATE USER ' || quote_ident('a') || ' CONNECTION LIMIT ' || 5;", set()),
        ("EXECUTE concat('CREATE USER ', 'a', ' CONNECTION LIMIT ', 0);", {"PG002"}),
        ("EXECUTE format('CREATE USER %2$I CONNECTION LIMIT %1$s', 5, 'a');", set()),
        ("EXECUTE format('CREATE USER %I PASSWORD %L CONNECTION LIMIT 5', a, b);", set()),
        ("EXECUTE 'CREATE USER ' || a || ' PASSWORD ' || b;", {"PG001"}),
        ("EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', a, b);", {"PG006"}),
        ("EXECUTE 'ALTER ROLE ' || a || ' ' || b;", {"PG006"}),
        ("EXECUTE 'CREATE ROLE ' || a || b;", {"PG006"}),
        ("EXECUTE 'ALTER DATABASE ' || a || ' CONNECTION LIMIT ' || b;", {"PG006"}),
        ("EXECUTE 'ALTER ROLE app CONNECTION LIMIT ' || b;", {"PG006", "PG902"}),
        ("EXECUTE array_to_string(ARRAY['ALTER ROLE app', a], ' ');", {"PG006"}),
        ("EXECUTE 'ALTER ROLE app CONNECTION LIMIT five';", {"PG901"}),
        ("EXECUTE 'ALTER ROLE app SET x = ' || quote_literal(b);", set()),
        ("EXECUTE format('ALTER TABLE %I ADD COLUMN role text', a);", set()),
        ("EXECUTE a;", set()),
        ("ALTER /* x */ ROLE x CONNECTION -- y\n LIMIT -1;", {"PG001"}),
        ("CREATE USER MAPPING FOR x SERVER y OPTIONS (user 'z');", set()),
        ("a := 'ALTER ROLE x CONNECTION '; a := a || 'LIMIT -1'; EXECUTE a;", {"PG001"}),
        (
            "IF now() IS NULL THEN a := '5'; ELSE a := '-1'; END IF;"
            " EXECUTE 'ALTER ROLE x CONNECTION LIMIT ' || a;",
            {"PG001"},
        ),
        (
            "SELECT string_agg(format('ALTER ROLE %I CONNECTION LIMIT -1', rolname), ';') INTO a"
            " FROM pg_roles; EXECUTE a;",
            {"PG001"},
        ),
        ("PERFORM dblink_exec('dbname=x', 'CREATE DATABASE d CONNECTION LIMIT -1');", {"PG004"}),
        ("EXECUTE 'DO $x$ BEGIN CREATE USER inner1; END $x$';", {"PG001"}),
    ],
)
def test_dynamic_statements(code: str, expected: set[str]) -> None:
    """edge 31: what can be read is judged as if it were written plainly, the rest is PG006."""
    assert {policy for _, policy in lines(body(code, "a text; b text;"))} == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("FOREACH a IN ARRAY ARRAY['x', 'y'] LOOP EXECUTE 'CREATE USER ' || a; END LOOP;", "xy"),
        (
            "FOREACH a IN ARRAY string_to_array('x,y', ',') LOOP EXECUTE 'CREATE USER ' || a;"
            " END LOOP;",
            "xy",
        ),
        (
            "FOR a IN SELECT unnest('{x,y}'::text[]) LOOP EXECUTE 'CREATE USER ' || a; END LOOP;",
            "xy",
        ),
        (
            "FOR r IN SELECT * FROM (VALUES ('x', -1), ('y', 3)) AS t(name, lim) LOOP"
            " EXECUTE format('CREATE USER %I CONNECTION LIMIT %s', r.name, r.lim); END LOOP;",
            "x",
        ),
        (
            "FOR a IN SELECT n FROM unnest(ARRAY['x']) AS n LOOP EXECUTE 'CREATE USER ' || a;"
            " END LOOP;",
            "x",
        ),
        (
            "FOREACH a IN ARRAY ARRAY['x', 'y'] LOOP EXECUTE 'CREATE USER ' || a; EXIT; END LOOP;",
            "x",
        ),
        ("FOR i IN 1..2 LOOP EXECUTE 'CREATE USER u' || i; END LOOP;", ["u1", "u2"]),
    ],
)
def test_loops_over_constants(code: str, expected: str) -> None:
    """Every element of a list that is written out is followed."""
    found = findings(body(code, "a text; r record;"))
    assert sorted(each.message.split('"')[1] for each in found) == sorted(expected)


@pytest.mark.parametrize(
    "guard",
    [
        "NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app')",
        "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_user u WHERE 'app' = u.usename)",
        "NOT (EXISTS (SELECT * FROM pg_authid WHERE rolname = 'app'::name))",
        "(SELECT count(*) FROM pg_roles WHERE rolname = 'app') = 0",
        "to_regrole('app') IS NULL",
        "(SELECT oid FROM pg_roles WHERE rolname = 'app') IS NULL",
        "'app' NOT IN (SELECT rolname FROM pg_roles)",
    ],
)
def test_guards(guard: str) -> None:
    """A guarded CREATE is judged where it can run, and is no error where it cannot."""
    create = body(f"IF {guard} THEN\nCREATE USER app;\nEND IF;")
    limited = body(f"IF {guard} THEN\nCREATE USER app CONNECTION LIMIT 5;\nEND IF;")
    assert lines(create) == {(4, "PG001")}
    assert lines(limited) == set()
    assert lines("CREATE USER app CONNECTION LIMIT 5;\n" + create) == set()
    assert lines("CREATE USER app;\n" + limited) == {(1, "PG001")}
    assert lines("DROP ROLE IF EXISTS app;\n" + create) == {(5, "PG001")}


@pytest.mark.parametrize(
    "code",
    [
        "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') INTO b; IF NOT b THEN",
        "SELECT count(*) INTO n FROM pg_roles WHERE rolname = 'app'; IF n = 0 THEN",
        "PERFORM FROM pg_roles WHERE rolname = 'app'; IF NOT FOUND THEN",
        "b := EXISTS (SELECT FROM pg_roles WHERE rolname = 'app'); IF b IS FALSE THEN",
        "IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN RETURN; END IF; IF true THEN",
    ],
)
def test_guards_through_variables(code: str) -> None:
    """The answer of a query is remembered, and RETURN leaves the block."""
    text = body(code + "\nCREATE USER app;\nEND IF;", "b boolean; n int;")
    assert lines(text) == {(4, "PG001")}
    assert lines("CREATE USER app CONNECTION LIMIT 5;\n" + text) == set()


def test_exception_handlers_start_from_the_state_before_the_block() -> None:
    """CREATE that may fail: both what it makes and what the handler does can come true."""
    text = body(
        "BEGIN\nCREATE USER app CONNECTION LIMIT 5;\n"
        "EXCEPTION WHEN duplicate_object THEN\nALTER USER app CONNECTION LIMIT -1;\nEND;"
    )
    assert lines(text) == {(6, "PG001")}
    assert lines("DROP ROLE IF EXISTS app;\n" + text) == set()
    assert lines("CREATE USER app;\n" + text) == {(7, "PG001")}
    swallowed = body("CREATE USER app CONNECTION LIMIT 5;\nEXCEPTION WHEN others THEN NULL;")
    assert lines(swallowed) == set()


def test_a_missing_role_is_noticed_before_a_reserved_name() -> None:
    """RENAME looks for the old name first, so the handler for a missing object runs."""
    text = body(
        "BEGIN\nALTER ROLE app RENAME TO pg_app;\n"
        "EXCEPTION WHEN undefined_object THEN\nCREATE USER app;\nEND;"
    )
    assert lines("DROP ROLE IF EXISTS app;\n" + text) == {(7, "PG001")}


def test_a_raised_error_undoes_the_block() -> None:
    """A block that surely fails leaves the state as it was."""
    text = "CREATE USER app CONNECTION LIMIT 5;\n" + body(
        "ALTER USER app CONNECTION LIMIT -1;\nRAISE EXCEPTION 'stop';"
    )
    assert lines(text) == set()


@pytest.mark.parametrize(
    "use",
    [
        "DO $$ BEGIN\nEXECUTE build('x'); END $$;",
        "DO $$ DECLARE t text; BEGIN t := build('x');\nEXECUTE t; END $$;",
        "--\nSELECT build('x') \\gexec",
    ],
)
def test_a_text_that_a_function_builds_is_reported(use: str) -> None:
    """edge 31: the statement is out of sight, but not that it changes a role."""
    build = (
        "CREATE FUNCTION build(n text) RETURNS text LANGUAGE sql AS"
        " $$ SELECT 'ALTER ROLE app CONNECTION LIMIT -1' $$;"
    )
    assert lines(f"{build}\n{use}") == {(3, "PG006")}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'ALTER ROLE ' || what FROM t \\gexec",
        "DO $$ DECLARE n text := f(); BEGIN EXECUTE 'ALTER USER ' || n; END $$;",
        "DO $$ DECLARE n text := f(); BEGIN EXECUTE 'ALTER DATABASE ' || n; END $$;",
        "DO $$ DECLARE n text := f(); BEGIN EXECUTE format('ALTER ROLE %s', n); END $$;",
    ],
)
def test_options_in_the_place_of_a_name_are_reported(text: str) -> None:
    """edge 40: `ALTER ROLE` and one piece of text changes nothing, unless the text has options."""
    assert lines(text) == {(1, "PG006")}


def test_a_do_block_in_another_language_is_undecided() -> None:
    """edge 31: what plpy.execute() runs is not read, and that is said."""
    text = """DO LANGUAGE plpython3u $$ plpy.execute("ALTER ROLE r CONNECTION LIMIT -1") $$;"""
    assert lines(text) == {(1, "PG902")}
    assert lines("DO LANGUAGE plpython3u $$ plpy.notice('x') $$;") == set()


def test_a_text_that_runs_later() -> None:
    """edge 31: pg_cron and dblink run their text, too."""
    text = "SELECT cron.schedule('x', '* * * * *', 'ALTER ROLE app CONNECTION LIMIT -1');"
    assert lines(text) == {(1, "PG001")}


def test_types_of_other_schemas_with_comments_behind_them() -> None:
    """A comment between the type and what follows it makes no body unreadable."""
    text = """\
    CREATE FUNCTION f(
      a shop.kind -- the kind
    ) RETURNS shop.kind /* of
    a shop */ AS $$
    BEGIN
      ALTER ROLE app CONNECTION LIMIT -1;
      RETURN a;
    END $$ LANGUAGE plpgsql;
    SELECT f(NULL);
    """
    assert lines(text) == {(6, "PG001")}


def test_recursion_ends() -> None:
    """Functions that call themselves or each other are followed a few levels deep."""
    text = """\
    CREATE FUNCTION a(n int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN EXECUTE 'ALTER ROLE x CONNECTION LIMIT -1'; PERFORM b(n + 1); PERFORM b(n + 2); END $$;
    CREATE FUNCTION b(n int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN PERFORM a(n + 1); PERFORM a(n + 3); END $$;
    SELECT a(1);
    """
    assert lines(text) >= {(2, "PG001")}


def test_many_branches_end() -> None:
    """Alternatives are bounded: what cannot be followed is undecided, not forgotten."""
    code = "".join(
        f"IF a = {i} THEN ALTER ROLE app CONNECTION LIMIT {i + 1}; END IF;\n" for i in range(40)
    )
    found = lines("CREATE USER app CONNECTION LIMIT 1;\n" + body(code, "a int;"))
    assert {policy for _, policy in found} == {"PG902"}


def test_a_body_that_does_not_parse_is_reported() -> None:
    """A body with role DDL that PL/pgSQL's parser refuses is not silently passed."""
    assert lines(body("CREATE USER app CONNECTION LIMIT 5;\nIF x THEN;")) == {(1, "PG901")}
    assert lines(body("SELECT 1;\nIF x THEN;")) == set()


def test_code_that_runs_again_and_again_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that calls itself is followed for thousands of steps."""
    parsed: list[str] = []
    original = syntax.parse

    def parse(text: str) -> list[syntax.Parsed]:
        parsed.append(text)
        return original(text)

    monkeypatch.setattr(syntax, "parse", parse)
    call = "  PERFORM deep();\n"
    text = (
        "CREATE ROLE app LOGIN CONNECTION LIMIT 5;\n"
        "CREATE FUNCTION deep() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n"
        f"  ALTER ROLE app CONNECTION LIMIT 6;\n{call * 5}END $$;\nSELECT deep();\n"
    )

    assert lines(text) == {(11, "PG902")}
    assert len(parsed) < 50
