# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LF, CRLF and a lone CR end lines alike: findings stand at the same places."""

from __future__ import annotations

import pytest
from sql_findings import judged, script

from connguard.engine.text import Text
from connguard.policies.model.reading import Notes
from connguard.sql_rules import lexer
from connguard.sql_rules.notes import notes
from connguard.sql_rules.replay import replay
from connguard.sql_rules.script import Chunk

TEXTS = {
    "statements in a block": (
        "DO $$\nBEGIN\n  CREATE ROLE a LOGIN;\n  -- é\n  ALTER ROLE a\n CONNECTION LIMIT -1;\n"
        "  ALTER ROLE b CONNECTION LIMIT 5;\nEND $$;\n"
    ),
    "the same words before": (
        "DO $$\nBEGIN\n  CREATE ROLE a LOGIN;\n  EXECUTE 'ALTER ROLE x' || y;\n"
        "  ALTER ROLE a CONNECTION LIMIT -1;\nEND $$;\n"
    ),
    "a function": (
        "CREATE FUNCTION f() RETURNS void AS $$\nDECLARE\n x text := 'ALTER ROLE a ';\nBEGIN\n"
        " FOR i IN 1..2 LOOP\n  EXECUTE x\n || z;\n"
        "  EXECUTE 'ALTER SYSTEM SET max_connections = ' || q;\n END LOOP;\nEND\n"
        "$$ LANGUAGE plpgsql;\nSELECT f();\n"
    ),
    "a body in quotes": "DO '\n-- c\nBEGIN\n  CREATE ROLE a LOGIN;\nEND';\n",
    "comments": "-- a\n/* b\n */ CREATE ROLE a LOGIN; -- x\n-- y\n\nCREATE ROLE c LOGIN -- é\n;",
    "a broken statement": "SELEC;\n-- x\nCREATE ROLE b LOGIN;\nSELECT 'x\n",
}


def places(text: str) -> list[tuple[str, str, int, int, int, int]]:
    return [
        (
            one.policy.id,
            one.message,
            one.origin.line,
            one.origin.column,
            one.origin.end_line,
            one.origin.end_column,
        )
        for one in judged(replay([script("V1.sql", text)]))
    ]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("line_end", ["\r", "\r\n"])
def test_findings_stand_at_the_same_places(text: str, line_end: str) -> None:
    assert places(text) != []
    assert places(text.replace("\n", line_end)) == places(text)


def test_the_line_in_a_body() -> None:
    text = "DO $$\rBEGIN\r  NULL;\r  EXECUTE 'ALTER ROLE x' || y;\rEND $$;\r"

    assert [(one[0], one[2]) for one in places(text)] == [("PG006", 4)]


def test_a_comment_ends_with_its_line() -> None:
    text = "-- a\r  -- b\r\nSELECT 1"

    assert lexer.skip_blanks(text, 0, len(text)) == text.index("SELECT")
    assert lexer.skip_blanks(text, 0, 3) == 3


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_comments_of_their_own_line(line_end: str) -> None:
    """They cover the statement behind them, others the one before them."""
    text = (
        "-- connguard: ignore a\n  -- b\nSELECT 1; -- c\n/* d */ -- e\n$$ -- f\n -- g\n$$ /* h\n*/"
        " -- i\n"
    ).replace("\n", line_end)
    found: Notes = notes(Chunk(text, Text("V1.sql", text).origin))

    assert [(one.text.strip()[-1], one.own_line) for one in found.comments] == [
        ("a", True),
        ("b", True),
        ("c", False),
        ("d", True),
        ("e", False),
        ("f", False),
        ("g", True),
        ("h", False),
        ("i", False),
    ]
