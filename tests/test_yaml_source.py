# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML nodes keep their places, and bad YAML costs only its document."""

from __future__ import annotations

import pytest

from connguard.engine.text import Text
from connguard.engine.yaml_source import notes, parse

SOURCE = """\
# comment
a: &x
  é: "ü" # connguard: ignore PG001 why
  b: |
    foo # no comment
    bar

c:
  <<: *x
  d: [1, 2]   # more
ports: 5432:5432
off: no
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_places_are_lines_and_columns_in_characters(newline: str) -> None:
    """Also after non-ASCII text and with CRLF, and without the blank space that follows."""
    (document,) = parse(Text("f.yml", SOURCE.replace("\n", newline))).documents

    value = document.get("a", "é")
    assert value is not None
    assert (value.origin.line, value.origin.column, value.origin.end_column) == (3, 6, 9)
    block = document.get("a")
    assert block is not None
    assert (block.origin.line, block.origin.end_line, block.origin.end_column) == (2, 6, 8)


def test_values_are_text_until_a_format_gives_them_a_type() -> None:
    """A port pair is no base-60 number, and `no` is not lost."""
    (document,) = parse(Text("f.yml", SOURCE)).documents

    ports, off, number = document.get("ports"), document.get("off"), document.get("c", "d")
    assert ports is not None
    assert ports.string == "5432:5432"
    assert off is not None
    assert (off.string, off.boolean) == ("no", False)
    assert number is not None
    assert [element.integer for element in number.elements()] == [1, 2]


def test_merge_keys_are_followed() -> None:
    """`<<: *x` brings the entries of the anchor, with the place where they stand."""
    (document,) = parse(Text("f.yml", SOURCE)).documents

    merged = document.get("c", "b")
    assert merged is not None
    assert merged.string == "foo # no comment\nbar\n"
    assert merged.origin.line == 4


def test_comments_are_not_looked_for_inside_scalars() -> None:
    """Notes hold the comments and the spans of the entries they may stand at."""
    text = Text("f.yml", SOURCE)
    found = notes(text, parse(text))

    assert [(comment.line, comment.own_line) for comment in found.comments] == [
        (1, True),
        (3, False),
        (10, False),
    ]
    assert (2, 6) in {(span.first, span.last) for span in found.spans}


def test_a_document_that_is_no_yaml_costs_only_itself() -> None:
    """The documents before and after it are read, and the gap has its line."""
    stream = parse(Text("f.yml", "a: 1\n---\nb: {{- if x }}\n---\nc: 3\n"))

    assert [document.items()[0][0].string for document in stream.documents] == ["a", "c"]
    assert [gap.origin.line for gap in stream.gaps] == [3]


@pytest.mark.parametrize("bomb", ["[" * 100_000, "- " * 100_000, "{a: " * 50_000])
def test_deep_nesting_is_refused(bomb: str) -> None:
    """The C composer would end the process."""
    stream = parse(Text("f.yml", bomb))

    assert stream.documents == ()
    assert "200 deep" in stream.gaps[0].reason


@pytest.mark.parametrize("null", ["", "~", "null", "Null", "NULL"])
def test_a_plain_null_is_no_text(null: str) -> None:
    """However the parser marks a plain scalar."""
    node = parse(Text("x.yaml", f"a: {null}\n")).documents[0].get("a")
    assert node is not None
    assert node.is_null
    assert node.string is None


@pytest.mark.parametrize("text", ['""', "'null'", '"~"', "nullable"])
def test_what_is_quoted_is_no_null(text: str) -> None:
    node = parse(Text("x.yaml", f"a: {text}\n")).documents[0].get("a")
    assert node is not None
    assert not node.is_null
    assert node.string is not None
