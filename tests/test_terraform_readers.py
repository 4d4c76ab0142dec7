# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default reader of HCL and JSON syntax: structure, positions, errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from terraform_trees import FILES, outline, text_of

from connguard.engine.text import Text
from connguard.terraform import json_reader, treesitter_reader
from connguard.terraform.syntax import Block, Document, GetAttr, Literal, Template, Variable


def hcl(source: str) -> Document:
    return treesitter_reader.read(Text("main.tf", source))


def json(source: str) -> Document:
    return json_reader.read(Text("main.tf.json", source))


def shown(text: Text, block: Block) -> list[tuple[str, str, int, int]]:
    """Name and value text of each attribute, with line and column."""
    return [
        (
            attribute.name,
            text.string[attribute.expression_start : attribute.expression_end],
            attribute.origin.line,
            attribute.origin.column,
        )
        for attribute in block.attributes
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_fixtures_have_no_problems(path: Path) -> None:
    """The files on which readers are compared are valid, and every expression is understood."""
    document = treesitter_reader.read(text_of(path))

    assert document.problems == []
    assert "Malformed" not in str(outline(document))


def test_structure_and_ranges() -> None:
    """Labels, nested blocks and the header's range."""
    text = Text("main.tf", 'resource "a" b {\n  x = 1\n  y "z" {\n    w = [2]\n  }\n}\n')

    (block,) = treesitter_reader.read(text).blocks

    assert (block.type, block.labels) == ("resource", ("a", "b"))
    assert text.string[block.start : block.header_end] == 'resource "a" b'
    assert text.string[block.end - 1] == "}"
    assert shown(text, block) == [("x", "1", 2, 3)]
    assert (block.blocks[0].type, block.blocks[0].labels) == ("y", ("z",))
    assert shown(text, block.blocks[0]) == [("w", "[2]", 4, 5)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_positions_count_characters(line_end: str) -> None:
    """Columns are right behind non-ASCII text, of two, three and four bytes."""
    source = line_end.join(['resource "é" "€" { a = "😀é", }', "# ü", "locals {", '  b = "é"', "}"])
    text = Text("main.tf", source.replace(",", ""))

    first, second = treesitter_reader.read(text).blocks

    assert first.labels == ("é", "€")
    assert shown(text, first) == [("a", '"😀é"', 1, 20)]
    assert shown(text, second) == [("b", '"é"', 4, 3)]
    assert first.end == text.string.index("}") + 1


def test_expression_ranges_stand_in_the_file() -> None:
    """Nodes of expressions have ranges in the file, too."""
    text = Text("main.tf", 'locals { é = "ü${var.name}" }')

    expression = treesitter_reader.read(text).blocks[0].attributes[0].expression

    assert isinstance(expression, Template)
    reference = expression.parts[1]
    assert isinstance(reference, GetAttr)
    assert isinstance(reference.source, Variable)
    assert text.string[reference.start : reference.end] == "var.name"


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ('resource "x" "broken" {\n  a = = 1\n}', 3),
        ('resource "x" "broken" {\n  a = 1 +\n  b = 2\n}', 3),
        ('resource "x" "broken" {\n  a = "no end\n}', 4),
        ('resource "x" "broken" {\n  a = [1, 2\n}', 3),
        ('resource "x" "broken" {\n  a = 1', 3),
        ('resource "x" "broken" {\n  a = 1\n}\n}', 5),
        ('resource "x" "broken" {\n  a = <<EOT\n}', 4),
        ("<<<<<<< HEAD", 2),
        ('resource "x" "broken"', 2),
        ("= = =", 2),
        ('resource "x"\n"broken" {\n  a = 1\n}', 2),
        ('resource "x" "broken" {\n  a = true\n<<<<<<< HEAD\n  b = 1\n=======\n}', 4),
    ],
)
def test_error_costs_its_block_only(broken: str, line: int) -> None:
    """The blocks around a syntax error are read, and the error is reported at its line."""
    before, after = 'resource "x" "before" {}\n', '\nresource "x" "after" {\n  a = 1\n}\n'
    text = Text("main.tf", before + broken + after)

    document = treesitter_reader.read(text)

    whole = {block.labels[1] for block in document.blocks if not block.broken}
    assert whole - {"broken"} == {"before", "after"}
    assert len(document.problems) == 1
    assert abs(text.position(document.problems[0].start)[0] - line) <= 1


def test_broken_attribute_has_no_value() -> None:
    """The parser's guess about a broken attribute is not taken for its value."""
    document = hcl("locals {\n  a = 1 +\n  b = 2\n  c = 3\n}\n")

    (block,) = document.blocks
    values = {one.name: one.expression for one in block.attributes}
    assert block.broken
    assert "reason" in dir(values["a"])
    assert values["c"] == Literal(33, 34, 3)


def test_block_after_missing_brace_is_found() -> None:
    """A resource that a missing brace has put inside another one is read as such."""
    document = hcl(
        '  resource "x" "open" {\n  a = 1\n'
        '  resource "postgresql_role" "inside" {\n    login = true\n  }\n'
    )

    assert [(block.labels, block.broken) for block in document.blocks] == [
        (("x", "open"), True),
        (("postgresql_role", "inside"), False),
    ]


def test_deep_nesting_does_not_crash() -> None:
    """Nesting beyond every bound costs the expression or the block, not the scan."""
    for source in (
        "locals { a = " + "[" * 20_000 + "]" * 20_000 + " }",
        "locals { a = " + "(" * 20_000 + "1" + ")" * 20_000 + " }",
        "a {\n" * 3_000 + "}\n" * 3_000,
        "locals { a = " + "!" * 20_000 + "true }",
        "locals { a = " + "1 + " * 20_000 + "1 }",
        'locals { a = "' + '${"' * 2_000 + '"}' * 2_000 + '" }',
        "locals { a = x" + ".y" * 20_000 + " }",
    ):
        pending = hcl(source).blocks
        while pending:
            block = pending.pop()
            for attribute in block.attributes:
                assert attribute.expression.end <= len(source)
            pending.extend(block.blocks)


def test_comments_have_their_places() -> None:
    """All three kinds of comments, and none in strings."""
    text = Text("main.tf", 'a = "# no" # é one\n// two\n/* three\n */ b = 1\n')

    found = [text.string[start:end] for start, end in treesitter_reader.comments(text)]

    assert found == ["# é one", "// two", "/* three\n */"]


def test_json_gives_the_same_tree() -> None:
    """JSON syntax: labels are keys, strings are templates, arrays stand for several blocks."""
    source = """{
  "resource": {
    "postgresql_role": {
      "app": {"name": "é-${var.env}", "connection_limit": -1},
      "two": [{"login": true}, {"login": "false"}]
    }
  },
  "locals": [{"a": 1}, {"b": [1.5, null, "$${x}"]}],
  "//": "a comment"
}"""
    text = Text("main.tf.json", source)

    document = json_reader.read(text)

    assert document.problems == []
    assert [(block.type, block.labels) for block in document.blocks] == [
        ("resource", ("postgresql_role", "app")),
        ("resource", ("postgresql_role", "two")),
        ("resource", ("postgresql_role", "two")),
        ("locals", ()),
        ("locals", ()),
    ]
    app = document.blocks[0]
    assert (app.origin.line, app.origin.column) == (4, 7)
    assert shown(text, app) == [
        ("name", '"é-${var.env}"', 4, 15),
        ("connection_limit", "-1", 4, 39),
    ]
    assert isinstance(app.attributes[0].expression, Template)
    assert getattr(app.attributes[1].expression, "value", None) == -1


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("", 1),
        ("[]", 1),
        ('{"resource": {"a": {"b": {"c": 1,,}}}}', 1),
        ('{"resource": ', 1),
        ("1 2", 1),
        ('{"locals": {"a": "\\q"}}', 1),
        ("{" * 5_000, 1),
    ],
)
def test_bad_json_is_a_problem(source: str, problems: int) -> None:
    """Whatever is no Terraform JSON is reported once."""
    assert len(json(source).problems) == problems


def test_json_default_of_a_variable_is_literal() -> None:
    """Terraform does not interpret templates in the default of a variable."""
    document = json('{"variable": {"x": {"default": "${y}", "type": "list(string)"}}}')

    default, constraint = (one.expression for one in document.blocks[0].attributes)
    assert default == Literal(31, 37, "${y}")
    assert getattr(constraint, "name", "") == "list"
