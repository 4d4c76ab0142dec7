# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A statement that kills the parser, or keeps it busy for ever, costs that statement."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed, Role
from connguard.sql_rules import isolation, syntax
from connguard.sql_rules.postgres_parser import ParseError
from connguard.sql_rules.replay import replay
from connguard.sql_rules.script import Chunk, Script
from connguard.sql_rules.syntax import NotReadable


def facts(text: str) -> list[object]:
    file = Text("a.sql", text)
    reading = replay([Script("a.sql", (Chunk(text, file.origin),))])
    return [fact for subject in reading.subjects for fact in subject.alternatives]


def die(_: str) -> str:
    os.kill(os.getpid(), signal.SIGSEGV)
    return ""


def never_end(_: str) -> str:
    while True:
        pass


def test_a_crash_in_the_child_is_an_error_here() -> None:
    """A segmentation fault is told from an answer."""
    with pytest.raises(isolation.Crash, match="crashed"):
        isolation.call(die, "SELECT 1 -- crash", risky=True)


def test_a_child_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit counts the time of the processor, whatever else the machine does."""
    monkeypatch.setattr(isolation, "CPU_SECONDS", 1)
    with pytest.raises(isolation.Crash, match="did not end within 1 seconds"):
        isolation.call(never_end, "SELECT 1 -- for ever", risky=True)


def test_without_fork_the_text_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported instead."""
    monkeypatch.delattr(os, "fork")
    with pytest.raises(isolation.Crash, match="cannot be tried"):
        isolation.call(str.upper, "select 1", risky=True)


def test_answers_of_a_child_are_those_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees, ranges and messages come back whole."""
    texts = (
        "SELECT 1; ALTER ROLE a CONNECTION LIMIT -1",
        "SELECT 'é'; SELECT 2",
        "SELEC 1",
        "\udc80",
    )

    def answers() -> list[str]:
        found = []
        for text in texts:
            for function in (syntax.parse, syntax.split, syntax.parse_body):
                try:
                    found.append(repr(function(text)))
                except NotReadable as error:
                    found.append(error.reason)
        return found

    here = answers()
    monkeypatch.setattr(isolation, "careful", True)
    assert answers() == here


def test_a_large_answer_comes_back_whole() -> None:
    """More than fits into a pipe at once."""
    text = "x" * 3_000_000
    assert isolation.call(str.upper, text, risky=True) == text.upper()


@pytest.mark.parametrize("run", ["/*" * 100_000 + "*/" * 100_000, "+" * 200_000 + "1"])
def test_runs_of_operators_cost_one_statement(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser needs the square of their length: minutes for 100 kB."""
    monkeypatch.setattr(isolation, "CPU_SECONDS", 1)
    found = facts(f"CREATE ROLE a LOGIN;\nSELECT {run} AS a;\nCREATE ROLE b LOGIN;\n")
    assert [(fact.name, fact.origin.line) for fact in found if isinstance(fact, Role)] == [
        ("a", 1),
        ("b", 3),
    ]
    assert [fact.origin.line for fact in found if isinstance(fact, NotParsed)] == [2]


def test_decoration_is_no_danger() -> None:
    """Lines of dashes and asterisks are read at once, however long they are."""
    assert not isolation.has_long_operator("-" * 50_000)
    assert not isolation.has_long_operator("/" + "*" * 50_000 + "/")
    assert not isolation.has_long_operator("a + b / c * 5 - 3 " * 5_000)
    assert isolation.has_long_operator("x" * 5_000 + "+" * 8_000 + "x" * 5_000)


def in_thread(stack: int, run: Callable[[], None]) -> list[BaseException]:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            run()
        except BaseException as error:
            errors.append(error)

    before = threading.stack_size(stack)
    try:
        thread = threading.Thread(target=work)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    return errors


def test_small_stacks_are_no_danger() -> None:
    """musl gives threads 128 kB, in which 1,900 nested blocks are too many for the parser."""
    body = "DO $$ " + "BEGIN " * 1_900 + "CREATE ROLE x LOGIN; " + "END; " * 1_900 + "$$;"
    long = "SELECT " + "a || " * 20_000 + "a;"
    found: list[object] = []
    errors = in_thread(
        128 * 1024, lambda: found.extend(facts(f"{body}\n{long}\nCREATE ROLE b LOGIN;"))
    )
    assert not errors
    assert [fact.name for fact in found if isinstance(fact, Role)] == ["b"]
    assert [fact.origin.line for fact in found if isinstance(fact, NotParsed)] == [1]


DEEP = (
    ("(", "1", ")"),
    ("f(", "1", ")"),
    ("ARRAY[", "1", "]"),
    ("CASE WHEN true THEN ", "1", " END"),
    ("NOT ", "true", ""),
    ("- ", "1", ""),
    ("1 + ", "1", ""),
    ("'a' || ", "'b'", ""),
    ("", "1", "::int"),
    ("(SELECT ", "1", ")"),
    ("coalesce(", "1", ")"),
    ("ROW(1, ", "1", ")"),
    ("", "a", ' COLLATE "C"'),
    ("", "1", " IS NULL"),
    ("EXISTS (SELECT ", "1", ")"),
)
PLACES = (
    "SELECT {};",
    "SELECT dblink_exec('x', {});",
    "DO $$ BEGIN EXECUTE {}; CREATE ROLE x LOGIN; END $$;",
    "DO $$ BEGIN IF {} THEN CREATE ROLE x LOGIN; END IF; END $$;",
    "UPDATE pg_authid SET rolconnlimit = {} WHERE rolname = {};",
    "INSERT INTO allowed_ips VALUES ('0.0.0.0/0', {});",
    "SELECT set_firewall_rule('0.0.0.0/0', {}), dblink('password=x host=y', {});",
    "CREATE FUNCTION f(a text DEFAULT {}) RETURNS int LANGUAGE sql AS 'ALTER ROLE a LOGIN';",
    "SELECT 'ALTER ROLE a LOGIN' || {} \\gexec",
)


@pytest.mark.parametrize("depth", [30, 151, 600, 3_000, 20_000])
@pytest.mark.parametrize("place", PLACES)
def test_nesting_never_hides_the_next_statement(place: str, depth: int) -> None:
    """Too deep for the parser, for JSON or for whoever walks the tree: the rest is read."""
    for before, inner, after in DEEP[depth % 2 :: 3 if depth < 3_000 else 7]:
        text = place.replace("{}", before * depth + inner + after * depth)
        found = facts(f"{text}\nALTER ROLE last CONNECTION LIMIT -1;\n")
        assert any(isinstance(fact, Role) and fact.name == "last" for fact in found), (
            place,
            before,
            after,
        )


def test_want_of_memory_says_nothing_about_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not refused by PostgreSQL: whoever takes that for another product's leaves it out."""

    def starved(text: str) -> tuple[str, ...]:
        raise ParseError("out of memory", 0)

    monkeypatch.setattr(syntax, "pg_split", starved)
    with pytest.raises(MemoryError):
        syntax.is_readable("SELECT 1")
