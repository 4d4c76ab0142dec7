# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""psql scripts and templates: one line that is no SQL does not hide the others."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from sql_findings import findings, ids, judged, lines, reading, script

from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.sql_rules.replay import replay

ODD_LINES = (
    "\\set ON_ERROR_STOP on",
    "\\connect postgres",
    "\\copy t from 'f.csv'",
    "SELECT 1 AS one \\gset",
    "SELECT :x, :'y', :\"z\";",
    "SELECT ${x}, '${y}';",
    "SELECT {{ x }};",
    "{% if x %}",
    "{{ end }}",
    "INSERT INTO t VALUES (%(x)s, %s);",
    "COPY t FROM stdin;\nit's data; CREATE USER nobody;\n\\.",
    "\\copy t FROM STDIN DELIMITER ','\nit's data; CREATE USER nobody;\n\\.",
    "EXPLAIN :flags SELECT 1;",
    "SELECT 'ALTER TABLE x' \\gexec",
    "ALTER TABLE ${schema}.t ADD c int;",
    "SET search_path = :schema, public;",
)


@pytest.mark.parametrize("line", ODD_LINES)
def test_an_odd_line_hides_nothing(line: str) -> None:
    """edge 39: what PostgreSQL's parser does not take costs nothing else, nor itself."""
    text = f"CREATE USER a;\n{line}\nCREATE USER b CONNECTION LIMIT -1;"
    assert lines(text) == {(1, "PG001"), (text.count("\n") + 1, "PG001")}


@pytest.mark.parametrize(
    "line",
    [
        "ALTER ROLE ALL CONNECTION LIMIT 3;",
        "SELEC 1;",
        "CREATE USER x :options;",
        ":statement;",
        "CREATE TABLE t (a int;",
        "SELECT 'a' 'b;\n;",
    ],
)
def test_a_broken_statement_costs_itself(line: str) -> None:
    """edge 39: it is reported where it stands, and the next statement is read."""
    text = f"CREATE USER a;\n{line}\nCREATE USER b;"
    assert lines(text) >= {(1, "PG001"), (2, "PG901"), (text.count("\n") + 1, "PG001")}


def test_statements_that_a_query_gives() -> None:
    """edge 40: \\gexec runs what the query returns; a constant or format() can be read."""
    text = """\
    SELECT 'ALTER ROLE ' || quote_ident(rolname) || ' CONNECTION LIMIT -1' FROM pg_roles \\gexec
    SELECT 'CREATE USER a' UNION ALL SELECT 'CREATE USER b CONNECTION LIMIT 5' \\gexec
    SELECT format('ALTER ROLE %I CONNECTION LIMIT %s', n, l) FROM t \\gexec
    SELECT 'CREATE DATABASE d CONNECTION LIMIT -1'
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'd')\\gexec
    SELECT 'DROP ROLE x', 'CREATE USER x' \\gexec
    SELECT 'CREATE USER y';
    \\gexec
    """
    assert lines(text) == {
        (1, "PG001"),
        (2, "PG001"),
        (3, "PG006"),
        (4, "PG004"),
        (6, "PG001"),
        (7, "PG001"),
    }


def test_a_guarded_query_gives_nothing_when_the_object_is_there() -> None:
    """edge 40: the usual CREATE DATABASE idiom neither repeats nor resets the database."""
    create = (
        "SELECT 'CREATE DATABASE d' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'd')"
    )
    text = f"CREATE DATABASE d CONNECTION LIMIT -1;\n{create}\\gexec\n"
    assert lines(text) == {(1, "PG004")}


def test_variables() -> None:
    """edge 39: a value set in the script is used; any other one leaves the limit undecided."""
    text = """\
    \\set lim -1
    \\set who app
    CREATE USER :who CONNECTION LIMIT :lim;
    CREATE USER :"other" CONNECTION LIMIT 5;
    CREATE USER web CONNECTION LIMIT :other;
    CREATE USER job CONNECTION LIMIT ${JOB_LIMIT};
    CREATE USER svc_${env} CONNECTION LIMIT -1;
    """
    assert lines(text) == {(3, "PG001"), (5, "PG902"), (6, "PG902"), (7, "PG001")}
    messages = {each.origin.line: each.message for each in findings(text)}
    assert 'role "app"' in messages[3]
    assert ":other" in messages[5]
    assert "${JOB_LIMIT}" in messages[6]
    assert '"svc_${env}"' in messages[7]


@pytest.mark.parametrize("name", [":lim", "${lim}"])
@pytest.mark.parametrize(
    "scripts",
    [
        ("\\set lim 10\n{}",),
        ("{}", "\\set lim 10\nSELECT 1;"),
        ("{}", "\\set lim 10\nSELECT 1;", "CREATE TABLE t (i int);"),
    ],
)
def test_a_variable_is_not_filled_in_where_nobody_calls(
    tmp_path: Path, scripts: Sequence[str], name: str
) -> None:
    """psql fills in nothing between $$, and no value of another script."""
    code = (
        "CREATE ROLE app LOGIN CONNECTION LIMIT 3;\n"
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS"
        f" $$ ALTER ROLE app CONNECTION LIMIT {name} $$;\n"
    )
    for number, one in enumerate(scripts):
        (tmp_path / f"V{number}__a.sql").write_text(one.format(code))
    (found,) = scan([tmp_path], Settings()).findings

    assert found.policy.id == "PG902"
    assert name in found.message


def test_values_that_the_front_end_knows() -> None:
    """Placeholders with a value are read with it, in strings and bodies as well."""
    text = (
        "CREATE USER a CONNECTION LIMIT ${n};\n"
        "DO $$ BEGIN\nEXECUTE 'CREATE USER b CONNECTION LIMIT ${n}'; END $$;"
    )
    found = judged(replay([script("a.sql", text, n="-1")]))
    assert {(each.origin.line, each.policy.id) for each in found} == {(1, "PG001"), (3, "PG001")}


def test_if_branches() -> None:
    """Of \\if branches that nobody can tell, either may run; of known ones, the one."""
    text = """\
    \\if :{?limited}
    CREATE USER a CONNECTION LIMIT 5;
    \\else
    CREATE USER a CONNECTION LIMIT -1;
    \\endif
    \\if false
    CREATE USER b;
    \\endif
    """
    assert lines(text) == {(4, "PG001")}


def test_comments_and_spans_for_suppressions() -> None:
    """Comments are collected in bodies too, with the lines of every statement."""
    text = """\
    -- connguard: ignore PG001 batch only
    CREATE USER a
      CONNECTION LIMIT -1;
    DO $$
    BEGIN
      IF x THEN -- inner
        CREATE USER b;
      END IF;
    END $$;
    INSERT INTO t VALUES ('-- no comment');
    """
    (notes,) = reading(text).notes
    assert [(each.line, each.own_line, each.text) for each in notes.comments] == [
        (1, True, "connguard: ignore PG001 batch only"),
        (6, False, "inner"),
    ]
    spans = {(each.first, each.last) for each in notes.spans}
    assert spans >= {(2, 3), (4, 9), (7, 7), (10, 10)}
    assert reading("-- nothing to suppress\nSELECT 1;").notes == []


def test_a_numbered_parameter_is_a_placeholder() -> None:
    """edge 39: `$1` stands for a value that a program gives, and is no parse error."""
    text = "CREATE USER a CONNECTION LIMIT $1;\nALTER ROLE $2 CONNECTION LIMIT -1;"
    assert lines(text) == {(1, "PG902"), (2, "PG001")}


QUITS = "CREATE ROLE app LOGIN;\n{}\nALTER ROLE app CONNECTION LIMIT 5;\n"


@pytest.mark.parametrize(
    ("between", "found"),
    [
        ("\\q", {(1, "PG001")}),
        ("\\quit", {(1, "PG001")}),
        ("\\if true\n\\q\n\\endif", {(1, "PG001")}),
        ("\\if :x\n\\q\n\\endif", {(1, "PG001")}),
        ("\\if :x\n\\if true\n\\q\n\\endif\n\\endif", {(1, "PG001")}),
        ("\\if :x\n\\q\n\\else\n\\q\n\\endif", {(1, "PG001")}),
        ("\\if false\n\\q\n\\endif", set()),
        ("\\if true\n\\else\n\\q\n\\endif", set()),
        ("\\if :x\nALTER ROLE app CONNECTION LIMIT 3;\n\\q\n\\endif", set()),
    ],
)
def test_quit(between: str, found: set[tuple[int, str]]) -> None:
    """psql reads nothing behind \\q; under a condition that nobody can tell it may or may not."""
    assert lines(QUITS.format(between)) == found


def test_quit_ends_one_script() -> None:
    """The next script runs, and conditions left open are over."""
    assert ids("CREATE ROLE app LOGIN;\n\\q\n", "ALTER ROLE app CONNECTION LIMIT 5;") == set()
    quits = "\\if true\nCREATE ROLE app LOGIN;\n\\q\n"
    assert ids(quits, "ALTER ROLE app CONNECTION LIMIT 5;") == set()


def test_quit_in_an_included_file(tmp_path: Path) -> None:
    """It ends the included file, not the one that includes it."""
    limit = "ALTER ROLE {} CONNECTION LIMIT 5;\n"
    (tmp_path / "part.sql").write_text("\\if true\n\\q\n\\endif\n" + limit.format("a"))
    (tmp_path / "more.sql").write_text(limit.format("b") + "\\q\nCREATE ROLE d LOGIN;\n")
    main = "CREATE ROLE {0} LOGIN;\n"
    text = "".join(main.format(name) for name in "abc")
    text += "\\if :x\n\\ir part.sql\n\\endif\n\\ir part.sql\n\\ir more.sql\n" + limit.format("c")
    (tmp_path / "setup.sql").write_text(text)

    found = scan([tmp_path], Settings()).findings

    assert [(each.origin.line, each.policy.id) for each in found] == [(1, "PG001")]


def test_connecting_ends_the_session() -> None:
    """What is not committed when psql connects anew is rolled back."""
    text = "CREATE ROLE app LOGIN;\nBEGIN;\nALTER ROLE app CONNECTION LIMIT 5;\n{}"
    assert lines(text.format("\\c - postgres\n")) == {(1, "PG001")}
    assert lines(text.format("\\connect db\nCOMMIT;\n")) == {(1, "PG001")}
    assert lines(text.format("COMMIT;\n\\c - postgres\n")) == set()
    assert lines(text.format("\\if false\n\\c\n\\endif\nCOMMIT;\n")) == set()
    aborted = """\
    CREATE ROLE u LOGIN;
    ALTER ROLE u RENAME TO n;
    BEGIN;
    ALTER ROLE u RENAME TO n;
    \\c - postgres
    ALTER ROLE n RENAME TO u;
    DROP ROLE u;
    """
    assert "PG001" not in {policy for _, policy in lines(aborted)}


def test_autocommit_off() -> None:
    """Then psql begins a transaction before a statement, and only COMMIT keeps what it does."""
    text = "CREATE ROLE app LOGIN;\n\\set AUTOCOMMIT {}\nALTER ROLE app CONNECTION LIMIT 5;\n{}"
    assert lines(text.format("off", "")) == {(1, "PG001")}
    assert lines(text.format("OFF", "ROLLBACK;")) == {(1, "PG001")}
    assert lines(text.format("off", "COMMIT;")) == set()
    assert lines(text.format("off", "\\set AUTOCOMMIT on\nCOMMIT;")) == set()
    assert lines(text.format("on", "")) == set()
    database = "\\set AUTOCOMMIT off\nCREATE DATABASE d CONNECTION LIMIT -1;\n"
    assert lines(database) == {(2, "PG004")}


def test_a_value_from_the_environment() -> None:
    """\\getenv leaves the variable as it was, or sets it: its value is unknown."""
    text = "\\set lim 5\n{}CREATE ROLE app LOGIN CONNECTION LIMIT :lim;\n"
    assert lines(text.format("")) == set()
    assert lines(text.format("\\getenv lim APP_LIMIT\n")) == {(3, "PG902")}
    assert lines(text.format("\\getenv other APP_LIMIT\n")) == set()
    assert lines(text.format("\\if false\n\\getenv lim L\n\\endif\n")) == set()
