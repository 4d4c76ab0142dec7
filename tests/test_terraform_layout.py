# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where blocks begin in Terraform files, and that broken large ones are read in pieces."""

from __future__ import annotations

import pytest
from tree_sitter import Parser, Tree

from connguard.engine.text import Text
from connguard.engine.tree_parsing import tree_of
from connguard.terraform import layout, treesitter_reader

ROLE = (
    'resource "postgresql_role" "r%d" {\n  login = true\n  tags = { a = "${var.x}", c = [1] }\n}\n'
)
SMALL, LARGE = 60_000, 240_000


def roles(size: int) -> str:
    return "".join(ROLE % index for index in range(size // len(ROLE)))


def one_block(inside: str, size: int) -> str:
    nested = '  ingress {\n    cidr_blocks = ["10.0.0.0/8", var.x[0].y]\n  }\n'
    return 'resource "a" "b" {\n' + inside + nested * (size // len(nested)) + "}\n"


def starts(source: str) -> list[str]:
    encoded = source.encode()
    return [encoded[at:].split(b"\n")[0].decode() for at in layout.block_starts(encoded)]


@pytest.mark.parametrize(
    "hiding",
    [
        '/*\nresource "no" "no" {\n*/',
        '/*/\nresource "no" "no" {\n*/',
        'a = <<EOT\nmodule "no" {\nEOT2\n EOT x\nEOT\n',
        'a = <<-EOT\nmodule "no" {\r\n  EOT\r\n',
        'a = "${b["x"]} /*"\n',
        'a = "${f("/*", { b = "}" })} <<EOT"\n',
        'a = "\\" /*"\n',
        'a = "$${" # "/*\n',
        "// /*\n# <<EOT\na = 1 <<<<<<< HEAD\n",
        'a = "${\n f({ b = "/*" })\n} /*"\n',
        "data.x.y[{\n",
        'module = "a {"\n',
        'resources "a" {\n',
    ],
)
def test_only_code_begins_blocks(hiding: str) -> None:
    """Not what stands in a comment, a heredoc or a string; and what looks like these hides none."""
    assert starts(f'{hiding}\nmodule "ä" {{ # {{\n}}\nlocals {{\n') == [
        'module "ä" { # {',
        "locals {",
    ]


@pytest.mark.parametrize(
    "unclosed", ["/* a", "a = <<EOT", 'a = "x', 'a = "${x', 'a = "${f("', "{["]
)
def test_what_has_no_end_hides_no_block(unclosed: str) -> None:
    """What does end later is what it seems to be."""
    source = f'{unclosed}\nmodule "a" {{\n}}\na = <<EOX\ncheck "no" {{\nEOX\nmodule "b" {{\n'

    assert starts(source) == ['module "a" {', 'module "b" {']


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('a = "${b}" # "\n', None),
        ('a = <<A\n{"\nA\n/* ( */ b = [{}]\n', None),
        ("a = [1\n b = {}\n", "[1"),
        ("a = [1)\n", ")"),
        ("a = }\n", "}"),
        ('a = ["b\n]\n', '"b'),
        ('a = ["${b\n]\n', "]\n"),
        ('a = "${b\n', '"${'),
        ("a = <<A\n[\n", "<<A"),
        ("/* /*\n", "/* /"),
    ],
)
def test_the_first_fault_is_found(source: str, fault: str | None) -> None:
    """Where the first thing without the right end begins, or the first end of nothing stands."""
    found = layout.first_fault(source.encode())

    assert (found is None) if fault is None else (source.index(fault) == found)


@pytest.mark.parametrize(
    "broken",
    [
        lambda size: "a = {{{ ]\n" + roles(size),
        lambda size: roles(size // 2) + 'resource "a" "b" {\n' + roles(size // 2),
        lambda size: roles(size).replace("= true", "= {{{ ]"),
        lambda size: 'a = "${x\n' + roles(size),
        lambda size: roles(size).replace("  login", "<<<<<<< HEAD\n  login"),
        lambda size: "a = <<A\n" + roles(size),
        lambda size: "/* a\n" + roles(size),
    ],
)
def test_broken_files_are_given_to_the_parser_in_pieces(
    broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No piece is longer than in a small file, and the whole is given once or twice."""
    assert callable(broken)
    given: list[int] = []

    def counted(parser: Parser, source: bytes) -> Tree:
        given.append(len(source))
        return tree_of(parser, source)

    monkeypatch.setattr(treesitter_reader, "tree_of", counted)
    for size in (SMALL, LARGE):
        given.clear()
        source = broken(size)
        document = treesitter_reader.read(Text("main.tf", source))

        assert document.problems
        assert len(document.blocks) + len(document.problems) >= size // len(ROLE) - 2
        assert max(given) < 1_000
        assert sum(given) < 2 * len(source)


@pytest.mark.parametrize(
    ("inside", "at"),
    [
        ("  a = {{{ ]\n", "]"),
        ("  a = [\n", "}\nmodule"),
        ('  a = "${b\n', '"${b'),
        ("  a = <<EOT\n", "<<EOT"),
        ('  "\n', '"\n'),
    ],
)
def test_of_a_large_block_without_an_end_the_fault_is_reported(inside: str, at: str) -> None:
    """It is not parsed; the blocks around it are."""
    block = one_block(inside, SMALL)
    text = Text("main.tf", ROLE % 1 + block + 'module "m" {}\n')

    document = treesitter_reader.read(text)

    assert [block.labels for block in document.blocks] == [("postgresql_role", "r1"), ("m",)]
    (problem,) = document.problems
    assert problem.reason.startswith("syntax error")
    assert text.string[problem.start :].startswith(at)


def test_a_mistake_in_a_large_block_is_reported_at_its_place() -> None:
    """The block is broken; what is whole in it is read."""
    text = Text("main.tf", one_block("  tags = { c = [1 2] }\n", 2 * LARGE))

    document = treesitter_reader.read(text)

    (block,) = document.blocks
    assert block.broken
    assert len(block.blocks) > 5_000
    assert [text.position(problem.start)[0] for problem in document.problems] == [2]


def test_comments_of_a_broken_file_are_found() -> None:
    """All of them, and none in a string or heredoc."""
    text = Text("main.tf", '# ä\na = {{{ ] /* b */\nc = "# d"\ne = <<E\n# f\nE\ng = "// h\n// i')

    found = [text.string[start:end] for start, end in treesitter_reader.comments(text)]

    assert found == ["# ä", "/* b */", "// i"]
