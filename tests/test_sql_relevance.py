# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told from a statement's first words loses no fact that its tree would have given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sql_robustness import FRAGMENTS

from connguard.engine.text import Text, decode
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Reading
from connguard.sql_rules import outline as outlines
from connguard.sql_rules import replay as replaying
from connguard.sql_rules import syntax
from connguard.sql_rules.bearing import Bearing
from connguard.sql_rules.postgres_parser import ParseError
from connguard.sql_rules.postgres_parser import split as pg_split
from connguard.sql_rules.relevance import Topic, topic
from connguard.sql_rules.replay import RELEVANT, replay
from connguard.sql_rules.script import Chunk, Direction, Script
from connguard.sql_rules.syntax import Node

STATEMENTS = (
    "ALTER DATABASE d SET x = 1",
    "ALTER DATABASE d CONNECTION LIMIT 5",
    "ALTER DATABASE d OWNER TO r",
    "ALTER DATABASE d RENAME TO e",
    "ALTER ROLE r SET x = 1",
    "ALTER USER ALL RESET ALL",
    "ALTER ROLE r LOGIN",
    "ALTER USER r RENAME TO s",
    "ALTER GROUP g ADD USER u",
    "ALTER GROUP g RENAME TO h",
    "ALTER SYSTEM SET x = 1",
    "CALL p()",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN END $$",
    "CREATE ROLE r",
    "CREATE USER r",
    "CREATE GROUP r",
    "CREATE DATABASE d",
    "DELETE FROM t",
    "WITH x AS (SELECT 1) DELETE FROM t",
    "DO $$ BEGIN END $$",
    "DO LANGUAGE plpgsql $$ BEGIN END $$",
    "DROP ROLE r",
    "DROP USER IF EXISTS r",
    "DROP GROUP r",
    "DROP FUNCTION f()",
    "DROP PROCEDURE p",
    "DROP ROUTINE p",
    "DROP DATABASE d",
    "GRANT a TO b",
    "REVOKE ADMIN OPTION FOR a FROM b",
    "INSERT INTO t VALUES (1)",
    "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
    "REASSIGN OWNED BY a TO b",
    "SELECT 1",
    "(SELECT 1)",
    "((SELECT 1) UNION SELECT 2)",
    "VALUES (1)",
    "TABLE t",
    "WITH x AS (SELECT 1) SELECT 1",
    "BEGIN",
    "START TRANSACTION",
    "COMMIT",
    "END",
    "ROLLBACK",
    "ABORT",
    "SAVEPOINT s",
    "RELEASE s",
    "ROLLBACK TO s",
    "PREPARE TRANSACTION 'x'",
    "COMMIT PREPARED 'x'",
    "UPDATE t SET a = 1",
)
FIXED = {"DropStmt", "RenameStmt", "AlterOwnerStmt"}
"""Kinds that matter only for roles, databases and routines."""


def kind(statement: str) -> str:
    (parsed,) = syntax.parse(statement)
    return parsed.kind


def test_every_statement_that_matters_has_a_topic() -> None:
    """All kinds of statements are tried in all their spellings, and none is taken for another."""
    assert {kind(statement) for statement in STATEMENTS} == RELEVANT
    others = [each for each in STATEMENTS if topic(each) is Topic.OTHER]
    assert others == []


@pytest.mark.parametrize("between", [" ", "\n\t", "/* x */", " -- x\n", " /* /* */ */ "])
def test_blanks_and_comments_hide_no_statement(between: str) -> None:
    """What stands between two words is either blank, or counts as anything."""
    for statement in STATEMENTS:
        for spelling in (statement, statement.lower(), statement.title()):
            spaced = spelling.replace(" ", between)
            assert topic(spaced) is not Topic.OTHER, spaced


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE users (id int)",
        "CREATE UNIQUE INDEX i ON t (a)",
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t OWNER TO r",
        "ALTER FUNCTION f() OWNER TO r",
        "DROP TABLE t",
        "COMMENT ON TABLE t IS 'x'",
        "SET x = 1",
        "TRUNCATE t",
    ],
)
def test_what_is_left_out_is_of_another_kind(statement: str) -> None:
    """These make up most migrations."""
    assert topic(statement) is Topic.OTHER
    assert kind(statement) not in RELEVANT - FIXED


def read(text: str) -> Reading:
    file = Text("a.sql", text)
    return replay([Script("a.sql", (Chunk(text, file.origin),))])


def facts(text: str) -> list[str]:
    return [repr(subject) for subject in read(text).subjects]


def all_matter(
    _: str, __: str, ranges: list[tuple[int, int]], *, with_all: bool
) -> list[tuple[int, int, Bearing]]:
    return [(start, end, Bearing.ALWAYS) for start, end in ranges]


def with_all_trees(text: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The facts when every statement is read."""

    with monkeypatch.context() as patch:
        patch.setattr(replaying, "bearing", lambda _: Bearing.ALWAYS)
        patch.setattr(outlines, "statements", all_matter)
        patch.setattr(replaying._Replay, "_shows", lambda _, __: True)
        return facts(text)


EXAMPLES = sorted((Path(__file__).parents[1] / "examples").rglob("*.sql"))


def test_no_example_loses_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    """All SQL examples give the same facts as when every statement's tree is read."""
    assert EXAMPLES
    for path in EXAMPLES:
        text = decode(path.name, path.read_bytes())[0].string
        assert facts(text) == with_all_trees(text, monkeypatch), path


TEXTS = st.lists(
    st.sampled_from(
        (
            *FRAGMENTS,
            "SELECT dblink_exec('x', 'ALTER ROLE app CONNECTION LIMIT -1');",
            "SELECT cron.schedule('0 0 * * *', 'ALTER ROLE a LOGIN');",
            "INSERT INTO allowed_ips VALUES ('0.0.0.0/0');",
            "CREATE TABLE f (a int);",
            "UPDATE pg_authid SET rolconnlimit = -1;",
            "CREATE SUBSCRIPTION s CONNECTION 'host=a password=b' PUBLICATION p;",
            "DROP FUNCTION f(text);",
            *("\n\\set lim 10\n", "\n\\set who app\n", "\n\\unset lim\n"),
            "CREATE FUNCTION g() RETURNS void AS $$ ALTER ROLE :who CONNECTION LIMIT :lim $$"
            " LANGUAGE sql;",
            "CREATE FUNCTION h() RETURNS void AS $$ ALTER ROLE app CONNECTION LIMIT ${lim} $$"
            " LANGUAGE sql;",
            "SELECT g();",
            "CREATE TEMP TABLE x AS SELECT g();",
            "PREPARE q AS SELECT g(); EXECUTE q;",
            "COPY (SELECT g()) TO STDOUT;",
            "EXPLAIN ANALYZE SELECT g();",
            "ALTER FUNCTION h RENAME TO g;",
            "ALTER FUNCTION g() OWNER TO app;",
        )
    ),
    max_size=20,
).map("".join)
GAPS = (
    *("-- ;\n", "/* ; */", "/* a /* b */ */", " \t", "\r\n", "--\r", ";;", "SELECT 1;"),
    *("-- SELECT 1;\n", "é", "SELECT 'é';"),
)
PLAIN = [one for one in FRAGMENTS if "\0" not in one and "\ud800" not in one]


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_no_text_loses_a_fact(text: str) -> None:
    """Whatever statements stand together, the facts are those of all their trees."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert facts(text) == with_all_trees(text, monkeypatch)


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, max_size=4))
def test_a_known_outline_changes_nothing(texts: list[str]) -> None:
    """Scripts of which the outline is known, some of which are not run then, give the same."""
    for direction in Direction:
        alone = [chunk_of(index, text, direction) for index, text in enumerate(texts)]
        known = [replace(one, outline=outlines.outline(one.text)) for one in alone]

        def read_all(chunks: list[Chunk]) -> Reading:
            return replay([Script(f"{each}.sql", (chunk,)) for each, chunk in enumerate(chunks)])

        assert repr(read_all(known)) == repr(read_all(alone))


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_all_statements_of_a_rollback_are_there(text: str) -> None:
    """Also where its outline is that of a text which does not run."""
    alone = chunk_of(0, text, Direction.DOWN)
    known = replace(alone, outline=outlines.outline(text, runs=False))

    def seen(chunk: Chunk) -> list[tuple[Direction, Node, Origin]]:
        found = replaying.statements([Script("0.sql", (chunk,))])
        return [(direction, one.node, one.origin) for direction, one in found]

    assert seen(known) == seen(alone)


def chunk_of(index: int, text: str, direction: Direction) -> Chunk:
    return Chunk(text, Text(f"{index}.sql", text).origin, direction)


@given(st.lists(st.sampled_from((*PLAIN, *GAPS)), max_size=20).map("".join))
def test_statements_are_found_where_the_parser_says(text: str) -> None:
    """The ranges are those that the parser's binding would give."""
    try:
        found = [(one.start, one.stop) for one in pg_split(text, only_slices=True)]
    except ParseError:
        assert syntax.split_if_readable(text) is None
    else:
        assert syntax.split(text) == found
