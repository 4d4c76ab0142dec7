# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any text gives a reading: nothing raises, and nothing takes more than linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.reading import Reading
from connguard.sql_rules import lexer
from connguard.sql_rules.replay import replay
from connguard.sql_rules.script import Chunk, Script

FRAGMENTS = (
    "CREATE ROLE app",
    "ALTER USER app",
    " CONNECTION LIMIT -1",
    " CONNECTION LIMIT 5",
    " LOGIN",
    " SUPERUSER",
    " PASSWORD 'x'",
    "DROP ROLE IF EXISTS app",
    "ALTER ROLE app RENAME TO web",
    "CREATE DATABASE shop",
    ";",
    "\n",
    "DO $$ BEGIN ",
    " END $$;",
    " END IF;",
    "IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN ",
    " ELSE ",
    "FOR r IN SELECT rolname FROM pg_roles LOOP ",
    "FOREACH x IN ARRAY ARRAY['a', 'b'] LOOP ",
    " END LOOP;",
    " EXCEPTION WHEN OTHERS THEN ",
    "DECLARE r record; x text := 'ALTER ROLE '; ",
    "EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', r.rolname, x);",
    "EXECUTE x || quote_ident('a');",
    "x := x || 'b';",
    "PERFORM f(x);",
    "CREATE FUNCTION f(x text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN ",
    "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'UPDATE pg_authid SET rolconnlimit = -1';",
    "SELECT f('a');",
    "SELECT 'ALTER ROLE app ' || :'x' \\gexec\n",
    "\\set x 5\n",
    "\\if :x\n",
    "\\else\n",
    "\\endif\n",
    "COPY t FROM stdin;\n",
    "\\.\n",
    "BEGIN;",
    "COMMIT;",
    "ROLLBACK;",
    "SAVEPOINT s;",
    "ROLLBACK TO s;",
    "UPDATE pg_authid SET rolconnlimit = 3 WHERE rolname IN ('app', 'b');",
    "${name}",
    "{{ .Name }}",
    "{% if x %}",
    ":name",
    ":'name'",
    "%(name)s",
    "'",
    '"',
    "$$",
    "$a$",
    "/*",
    "*/",
    "--",
    "-- connguard: ignore PG001 why",
    "(",
    ")",
    "E'\\",
    "é",
    "\0",
    "\ud800",
    "\r",
    "BEGIN ATOMIC ",
)


def read(text: str) -> Reading:
    script = Script("a.sql", (Chunk(text, Text("a.sql", text).origin),))
    return replay([script, script])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))
def test_no_text_of_sql_fragments_raises(text: str) -> None:
    """Whatever the pieces of SQL add up to, replay gives a reading (edge 39)."""
    assert read(text).files == {"a.sql"}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_text_at_all_raises(text: str) -> None:
    """Arbitrary characters are no reason to raise, either."""
    assert read(text).files == {"a.sql"}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))
def test_tokens_cover_the_text_without_gaps(text: str) -> None:
    """The lexer neither drops nor repeats a character."""
    position = 0
    for token in lexer.tokens(text):
        assert token.start == position
        assert token.end > token.start
        position = token.end
    assert position == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000,
        "SELECT " + "(" * 3_000 + "1" + ")" * 3_000 + ";",
        "SELECT " + "1+" * 30_000 + "1;",
        "DO $$ BEGIN EXECUTE " + "'a' || " * 5_000 + "'b'; END $$; -- ALTER ROLE",
        "SELECT " + "'ALTER ROLE a ' || " * 5_000 + "'b' \\gexec",
        "'" * 20_001,
        "$$" * 10_001,
        "/*" * 20_000,
        "COPY t FROM stdin;\n" * 2_000,
        "{{" * 20_000,
        "{% " * 20_000,
        "(;" * 5_000,
        "'x;\n" * 5_001,
        "DO $$ BEGIN " + "IF a THEN " * 300 + "CREATE ROLE x LOGIN;" + " END IF;" * 300 + " END $$",
        "DO $$ BEGIN " + "BEGIN " * 300 + "CREATE ROLE x LOGIN;" + " END;" * 300 + " END $$",
    ],
    ids=lambda text: text[:20],
)
def test_deep_and_unfinished_texts_end_in_time(text: str) -> None:
    """Nesting without end and quotes without end cost neither the stack nor the afternoon."""
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 20


def test_a_statement_that_is_nested_too_deeply_is_not_parsed() -> None:
    """What the parser gives up on is reported, and the next statement is read."""
    text = "SELECT " + "(" * 100_000 + ";\n);\nALTER ROLE app CONNECTION LIMIT -1;"
    facts = [fact for subject in read(text).subjects for fact in subject.alternatives]
    assert any(isinstance(fact, NotParsed) for fact in facts)


def test_a_nul_hides_nothing() -> None:
    """The parser stops silently at a NUL; the statements behind it are still read."""
    text = "SELECT 1;\nSELECT '\0';\nALTER ROLE app CONNECTION LIMIT -1;"
    facts = [fact for subject in read(text).subjects for fact in subject.alternatives]
    places = {type(fact).__name__: fact.origin.line for fact in facts}  # type: ignore[attr-defined]
    assert places == {"NotParsed": 2, "Role": 3}


def test_a_comment_without_end_is_reported() -> None:
    """It would otherwise hide the rest of the file without a word (edge 39)."""
    text = "CREATE ROLE a;\n/* unfinished;\nALTER ROLE app CONNECTION LIMIT -1;"
    facts = [fact for subject in read(text).subjects for fact in subject.alternatives]
    places = {type(fact).__name__: fact.origin.line for fact in facts if fact.origin.line > 1}  # type: ignore[attr-defined]
    assert places == {"NotParsed": 2, "Role": 3}
