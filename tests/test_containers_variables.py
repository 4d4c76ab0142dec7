# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of Compose, as its specification and its own parser's tests have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connguard.containers.interpolation import entries, environment_file, resolve
from connguard.engine.text import Text

VARIABLES = {"FOO": "first", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$$FOO", "$FOO"),
        ("$${FOO}", "${FOO}"),
        ("$FOO-x", "first-x"),
        ("${FOO}x", "firstx"),
        ("${FOO:-other}", "first"),
        ("${EMPTY:-other}", "other"),
        ("${EMPTY-other}", ""),
        ("${MISSING:-/non:-alphanumeric}", "/non:-alphanumeric"),
        ("${MISSING:-${FOO}}", "first"),
        ("${MISSING:-${OTHER:-deep}}", "deep"),
        ("${MISSING:-}", ""),
        ("${FOO:+present}", "present"),
        ("${FOO+present}", "present"),
        ("${EMPTY:+present}", ""),
        ("${EMPTY+present}", "present"),
        ("${MISSING:+present}", ""),
        ("${FOO:?needed}", "first"),
        ("${FOO?needed}", "first"),
        ("5$ and $1", "5$ and $1"),
        ("${FOO", "${FOO"),
    ],
)
def test_known_texts(text: str, expected: str) -> None:
    """Defaults, alternatives, nesting and escapes."""
    assert resolve(text, VARIABLES) == (expected, True)


@pytest.mark.parametrize(
    "text",
    [
        "$MISSING",
        "${MISSING}",
        "${MISSING:?needed}",
        "${MISSING:-$OTHER}",
        "${EMPTY:?needed}",
        "${}",
    ],
)
def test_unknown_texts_stay_as_written(text: str) -> None:
    """Nothing is guessed for a variable that is set elsewhere."""
    assert resolve(f"a{text}b", VARIABLES) == (f"a{text}b", False)


@given(st.text(alphabet="${}:-+?aA_ ", max_size=30))
def test_resolving_never_raises(text: str) -> None:
    """Any mixture of the signs that have a meaning; what has no dollar sign is not changed."""
    found, _ = resolve(text, VARIABLES)
    assert "$" in text or found == text


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=bar", "bar"),
        ("KEY =bar", "bar"),
        ("KEY= bar", "bar"),
        ("KEY: 1", "1"),
        ("KEY: Foo=bar", "Foo=bar"),
        ("KEY=1:B", "1:B"),
        ("export KEY=2", "2"),
        ("\texport KEY=2", "2"),
        ('KEY="bar"', "bar"),
        ("KEY='bar'", "bar"),
        ("KEY=foobar=", "foobar="),
        ("KEY=bar ", "bar"),
        ("KEY=bar # this is foo", "bar"),
        ("KEY=bar #", "bar"),
        ("KEY=123#not-an-inline-comment", "123#not-an-inline-comment"),
        ('KEY="bar#baz"', "bar#baz"),
        ('KEY="bar#baz"#', "bar#baz"),
        ('KEY="bar#baz" # comment', "bar#baz"),
        ("KEY='bar#baz' # comment", "bar#baz"),
        (r'KEY="escaped\"bar"', 'escaped"bar'),
        (r'KEY="some\tvalue"', "some\tvalue"),
        (r"KEY='some\tvalue'", r"some\tvalue"),
        ("KEY=", ""),
        ("KEY=$FOO", "first"),
        ('KEY="${FOO}"', "first"),
        ("KEY='$FOO'", "$FOO"),
    ],
)
def test_lines_of_an_environment_file(line: str, value: str) -> None:
    """Quotes, comments and variables."""
    assert environment_file(Text(".env", line), VARIABLES)["KEY"] == value


def test_comments_and_other_lines_are_no_entries() -> None:
    """Only what names a key counts, at its line."""
    text = Text(".env", "# A=1\n\nB=2\nnot an entry\n=value\nC=3\n")
    assert [(key, value, line) for key, value, line, _ in entries(text)] == [
        ("B", "2", 3),
        ("C", "3", 6),
    ]


def test_variables_of_before_hold() -> None:
    """The environment of the caller comes before the file."""
    assert environment_file(Text(".env", "FOO=second\n"), VARIABLES)["FOO"] == "first"
