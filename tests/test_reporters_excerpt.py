# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source excerpts of the text report."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from connguard.engine.text import Text
from connguard.policies.model.origin import Origin
from connguard.reporters.excerpt import excerpt
from connguard.reporters.style import Style


def shown(source: str, start: str, end: str) -> list[str]:
    """The excerpt for the range from the first `start` to the next `end`, both included."""
    text = Text("a.sql", source)
    first = source.index(start)
    last = source.index(end, first) + len(end)
    return list(excerpt(text, text.origin(first, last), Style(False), "error", "^"))


def test_one_line() -> None:
    assert shown("\n\nALTER ROLE a CONNECTION LIMIT -1;\n", "CONNECTION", "-1") == [
        " --> a.sql:3:14",
        "  |",
        "3 | ALTER ROLE a CONNECTION LIMIT -1;",
        "  |              ^^^^^^^^^^^^^^^^^^^",
    ]


def test_line_numbers_widen_the_gutter() -> None:
    assert shown("\n" * 99 + "LIMIT\n", "LIMIT", "LIMIT") == [
        "   --> a.sql:100:1",
        "    |",
        "100 | LIMIT",
        "    | ^^^^^",
    ]


@pytest.mark.parametrize(
    "before", ["\t", "a\t", "報告 ", "é", "e\u0301", "\x1b[31m", "\u202e", "🐘 ", "\x00", "##[x]"]
)
def test_marks_stand_below_the_range(before: str) -> None:
    """Tabs, wide, combining and escaped characters move the marks as they move the text."""
    *_, line, marks = shown(f"{before}LIMIT -1", "LIMIT", "-1")

    assert cell_len(marks.partition("^")[0]) == cell_len(line.partition("LIMIT")[0])
    assert marks.count("^") == len("LIMIT -1")


def test_wide_characters_in_the_range_are_marked_whole() -> None:
    assert shown('ROLE "報告" x', '"', '告"')[-1] == "  |      ^^^^^^"


def test_range_of_nothing_has_one_mark() -> None:
    text = Text("a.sql", "SELECT 1")
    lines = excerpt(text, Origin("a.sql", 1, 9, 1, 9), Style(False), "error", "^")

    assert list(lines)[-1] == "  |         ^"


def test_statement_over_several_lines() -> None:
    """A bracket runs from the first to the last line."""
    assert shown("CREATE ROLE a\r\n  LOGIN\r\n  PASSWORD NULL; -- x\r\n", "CREATE", ";") == [
        " --> a.sql:1:1",
        "  |",
        "1 | / CREATE ROLE a",
        "2 | |   LOGIN",
        "3 | |   PASSWORD NULL; -- x",
        "  | |________________^",
    ]


def test_statement_that_starts_within_a_line() -> None:
    assert shown("BEGIN; CREATE ROLE a\nLOGIN;\n", "CREATE", ";") == [
        " --> a.sql:1:8",
        "  |",
        "1 |   BEGIN; CREATE ROLE a",
        "  |  ________^",
        "2 | | LOGIN;",
        "  | |______^",
    ]


def test_long_statement_leaves_lines_out() -> None:
    source = "(\n" + "".join(f"  line{number}\n" for number in range(2, 20)) + ")\n"

    assert shown(source, "(", ")") == [
        "  --> a.sql:1:1",
        "   |",
        " 1 | / (",
        " 2 | |   line2",
        " 3 | |   line3",
        " 4 | |   line4",
        "   | | …",
        "20 | | )",
        "   | |_^",
    ]


def test_range_that_ends_with_a_line_end_is_one_line() -> None:
    assert shown("a\nLIMIT\nb\n", "LIMIT", "\n")[-1] == "  | ^^^^^"


def test_long_line_is_cut_around_the_range() -> None:
    """A plan is one line of a megabyte."""
    source = '{"a": "' + "x" * 5000 + '", "connection_limit": -1, "b": "' + "y" * 5000 + '"}'

    *_, line, marks = shown(source, '"connection_limit', "-1")

    assert len(line) < 160
    assert line.startswith("1 | …xxx")
    assert line.endswith("yyy…")
    start = marks.index("^")
    assert line[start : start + marks.count("^")] == '"connection_limit": -1'


def test_place_outside_the_text_is_named_without_an_excerpt() -> None:
    text = Text("a.sql", "x")

    assert list(excerpt(text, Origin("a.sql", 7, 1, 7, 2), Style(False), "error", "^")) == [
        " --> a.sql:7:1"
    ]


SECRETS = [
    "CREATE ROLE a PASSWORD 'hunter2'",
    "CREATE ROLE a ENCRYPTED PASSWORD E'hunter2'",
    "CREATE ROLE a PASSWORD 'x''hunter2'",
    "CREATE ROLE a PASSWORD $$hunter2$$",
    "CREATE ROLE a PASSWORD $p$hunter2$p$",
    "CREATE ROLE a PASSWORD\n\n  'hunter2'",
    'password = "hunter2"',
    'password="hunter2"',
    '{"password": "hunter2"}',
    "app = host=db user=app password=hunter2 dbname=app",
    "password = hunter2",
    "PGPASSWORD=hunter2 psql",
    'url = "postgres://app:hunter2@db/app"',
    'url = "postgresql+psycopg://app:hunter2@db/app"',
    "redis://:hunter2@cache",
    '"app" "hunter2"',
    "master_password_wo = 'hunter2'",
]


@pytest.mark.parametrize("source", SECRETS)
def test_passwords_are_masked(source: str) -> None:
    """The report goes where the repository does not."""
    text = Text("a.sql", source)
    last = text.line_origin(text.line_count)
    lines = "\n".join(excerpt(text, last, Style(False), "error", "^"))

    assert "hunter" not in lines
    assert text.line(text.line_count).replace("hunter2", "*******") in lines or "x''" in source


@pytest.mark.parametrize(
    "source",
    [
        "password = var.password",
        "password = random_password.app.result",
        '"password": null, "connection_limit": -1',
        "SET password_encryption = 'scram-sha-256'",
        "DATABASE_URL=postgres://${user}:${password}@db",
        "CREATE ROLE a PASSWORD NULL",
        'resource "postgresql_role" "app" {',
    ],
)
def test_what_is_no_password_is_shown(source: str) -> None:
    text = Text("a.sql", source)

    assert source in "\n".join(excerpt(text, text.line_origin(1), Style(False), "error", "^"))
