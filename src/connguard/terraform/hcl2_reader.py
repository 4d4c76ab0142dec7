# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alternative reader of HCL files: the module `hcl2`, chosen by the setting `terraform-reader`.

Two distributions bring a module of that name: python-hcl2, and bc-python-hcl2, which Checkov
needs. Whichever is installed is used, through its Lark grammar, whose rules for blocks and
attributes have the same names and positions in both. Unlike the default reader, Lark stops at the
first syntax error: the whole file is then not parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from connguard.engine.text import Text
from connguard.policies.model.patterns import lazily
from connguard.terraform.expression_parser import expression_end, parse_expression, without_comments
from connguard.terraform.syntax import (
    Attribute,
    Block,
    Document,
    Literal,
    Problem,
    ReaderUnavailable,
)

_MAX_DEPTH = 40
_LONE_WORD = lazily(r"^([ \t]*[^\W\d][\w-]*)([ \t]+)$", re.M)


def require() -> None:
    """Raises ReaderUnavailable when this reader cannot be used here."""
    _parse_function()


def flavour() -> str:
    """The distribution whose module `hcl2` is live. Raises ReaderUnavailable."""
    try:
        import hcl2
    except ImportError as error:
        raise ReaderUnavailable(
            'terraform-reader = "hcl2" needs python-hcl2: pip install "connguard[hcl]"'
        ) from error
    if hasattr(hcl2, "START_LINE"):
        return "bc-python-hcl2"
    if hasattr(hcl2, "parses_to_tree"):
        return "python-hcl2"
    raise ReaderUnavailable("the installed hcl2 module is too old: python-hcl2 8 is needed")


def _parse_function() -> Callable[[str], Any]:
    if flavour() == "bc-python-hcl2":
        from hcl2.parser import hcl2 as bridgecrew

        return lambda source: bridgecrew.lark_parser.parse(source + "\n")
    import hcl2

    return lambda source: hcl2.parses_to_tree(source)


def read(text: Text) -> Document:
    """The blocks and attributes of an HCL file. Never raises for what stands in the file."""
    document = Document(text)
    parse = _parse_function()
    source = _digestible(text.string)
    try:
        tree = parse(source)
        reader = _Reader(document, source)
        bodies = [child for child in tree.children if _rule(child) == "body"]
        for body in bodies:
            document.attributes, document.blocks = reader.body(body, 0)
    except ReaderUnavailable:
        raise
    except Exception as error:  # Lark's own errors, and those of its callbacks
        document = Document(text)
        document.problems.append(_problem(error, text))
    return document


def _digestible(source: str) -> str:
    """The text without what the grammars stumble over; positions stay as they are.

    Neither takes CRLF in all places, and python-hcl2 8.1 does not see the end of a heredoc when
    blanks follow it.
    """
    source = source.replace("\r\n", "\n\n")
    return _LONE_WORD.sub(lambda found: found[1] + "\n" * len(found[2]), source)


def _rule(node: Any) -> str:
    return str(getattr(node, "data", ""))


def _problem(error: Exception, text: Text) -> Problem:
    start = getattr(error, "pos_in_stream", None)
    if not isinstance(start, int) or not 0 <= start <= len(text.string):
        return Problem(0, len(text.string), "python-hcl2 cannot read the file")
    return Problem(start, min(start + 1, len(text.string)), "syntax error")


class _Reader:
    def __init__(self, document: Document, source: str) -> None:
        self.document = document
        self.text = document.text
        self.source = source

    def body(self, tree: Any, depth: int) -> tuple[list[Attribute], list[Block]]:
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        for child in tree.children:
            if _rule(child) == "attribute":
                attributes.append(self.attribute(child))
            elif _rule(child) == "block":
                blocks.append(self.block(child, depth))
        return attributes, blocks

    def attribute(self, tree: Any) -> Attribute:
        name = tree.children[0]
        start, name_end = name.meta.start_pos, name.meta.end_pos
        equals = self.source.index("=", name_end)
        first = equals + 1 + len(_leading_blank(self.source[equals + 1 :]))
        tree_end = first + len(self.source[first : tree.meta.end_pos].rstrip())
        last = expression_end(self.source, first) or tree_end
        if without_comments(self.source[last:tree_end]).strip():
            self.document.problems.append(
                Problem(last, tree_end, "python-hcl2 reads past the end of the expression")
            )
        return Attribute(
            self.text,
            self.source[start:name_end],
            start,
            last,
            first,
            last,
            partial(parse_expression, self.text.string, first, last),
        )

    def block(self, tree: Any, depth: int) -> Block:
        if depth > _MAX_DEPTH:
            raise ValueError("blocks are nested too deeply")
        start, end = tree.meta.start_pos, tree.meta.end_pos
        words = list(self.words(tree))
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        for child in tree.children:
            if _rule(child) == "body":
                attributes, blocks = self.body(child, depth + 1)
        return Block(
            self.text,
            words[0][0],
            tuple(word for word, _ in words[1:]),
            start,
            words[-1][1],
            end,
            lambda: (attributes, blocks),
        )

    def words(self, tree: Any) -> Iterator[tuple[str, int]]:
        """The type and the labels of a block, each with its end."""
        for child in tree.children:
            if _rule(child) in ("identifier", "string"):
                first, last = child.meta.start_pos, child.meta.end_pos
            elif getattr(child, "type", "") == "STRING_LIT":
                first, last = child.start_pos, child.end_pos
            else:
                continue
            word = self.source[first:last]
            if word.startswith('"'):
                parsed = parse_expression(self.source, first, last)
                content = parsed.value if isinstance(parsed, Literal) else None
                word = content if isinstance(content, str) else word[1:-1]
            yield word, last


def _leading_blank(rest: str) -> str:
    found = re.match(r"(?:[ \t]|/\*.*?\*/)*", rest, re.S)
    return found[0] if found else ""
