# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Code that calls itself in many ways: it is not followed for ever, by no number of statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.sql_rules import expressions, syntax, texts
from connguard.sql_rules.interpreter import MOST_STEPS, Interpreter
from connguard.sql_rules.syntax import Node

_CALL = "SELECT a(name) FROM (VALUES ('x'), ('y')) AS v(name);\n"
_DEFINITION = (
    "CREATE FUNCTION a(who text) RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n"
    "    EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT 2', who);\n"
    f"{_CALL * 20}END\n$$;\n"
)
_LIMITED = (
    "DO $$ BEGIN\nFOR i IN 1..20 LOOP\n"
    "EXECUTE format('ALTER ROLE %I CONNECTION LIMIT -1', 'app');\nEND LOOP;\nEND $$;\n"
)


def test_many_statements_share_their_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is reported; one that needs few steps is followed after them, too."""
    steps = 0
    step = Interpreter.step

    def counted(self: Interpreter) -> bool:
        nonlocal steps
        steps += 1
        return step(self)

    monkeypatch.setattr(Interpreter, "step", counted)
    calls = 40
    text = "CREATE ROLE app LOGIN CONNECTION LIMIT 5;\n" + _DEFINITION + _CALL * calls + _LIMITED
    (tmp_path / "V1__a.sql").write_text(text)
    report = scan([tmp_path], Settings())

    lines = text.count("\n", 0, text.index("$$;\n") + 4)
    assert [each.origin.line for each in report.undecided if "branches" in each.reason] == [
        *range(lines + 1, lines + 1 + calls)
    ]
    assert [one.policy.id for one in report.findings if '"app"' in one.message] == ["PG001"]
    assert steps < 3 * MOST_STEPS


def test_a_long_sum_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in an expression that cannot be read is looked for from its outside only."""
    seen = 0
    walk = expressions.walk

    def counted(node: object) -> Iterator[Node]:
        nonlocal seen
        for each in walk(node):
            seen += 1
            yield each

    monkeypatch.setattr(expressions, "walk", counted)
    text = f"SELECT {' + '.join(['n'] * 30)} + 1"
    (statement,) = syntax.parse(text)
    (column,) = expressions.selected(statement.node)
    nodes = sum(1 for _ in walk(column))
    value = expressions.Expressions({"n": texts.hole("n", "from a table")}).text(column)

    assert texts.constants(value).count("from a table") == 1
    assert seen == 2 * nodes
