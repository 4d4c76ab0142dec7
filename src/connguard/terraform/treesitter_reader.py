# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default reader of HCL files: tree-sitter, which goes on after a syntax error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import pairwise

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser

from connguard.engine.text import Text
from connguard.engine.tree_parsing import TooManyErrors, tree_of
from connguard.policies.model.patterns import lazily
from connguard.terraform import layout
from connguard.terraform.byte_offsets import CharacterOffsets
from connguard.terraform.expression_parser import parse_expression
from connguard.terraform.syntax import (
    LABEL_COUNTS,
    Attribute,
    Block,
    Content,
    Document,
    Expression,
    Malformed,
    Problem,
)

_MAX_DEPTH = 40
_SPECIAL = lazily(r"[\\$%\n]")
_CONFLICT = lazily(rb"^(?:<{7}|={7}|>{7})(?= |\r?$)", re.M)
_EXPONENT = lazily(rb"(?<![\w.])\d+[eE][+-]?\d+\b")

_LARGE = 32_000
"""Bytes of a file that is parsed as a whole, and of a block that is parsed whatever stands in it.

What the parser takes to recover from an error can grow with the square of the length.
"""


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_hcl.language()))


def read(text: Text) -> Document:
    """The blocks and attributes of an HCL file. Never raises.

    A file with syntax errors is read again piece by piece, one piece for each top-level block, so
    that an error costs only the block it stands in; a large file is read so at once. That block is
    marked broken, and the error is a problem of the document; whole blocks inside a broken one, as
    a missing brace leaves them, are listed at the top level. Of a large block whose brackets,
    quotes, comments or heredocs have no end, nothing is read.
    """
    offsets = CharacterOffsets(text.string)
    source = offsets.encoded
    if len(source) <= _LARGE:
        document = Document(text)
        root = _parsed(source)
        if root is not None and _Reader(document, offsets, 0).read(root):
            return document
    document = Document(text)
    for start, end in _pieces(source):
        piece = source[start:end]
        fault = layout.first_fault(piece) if len(piece) > _LARGE else None
        if fault is not None:
            first = offsets.of(start + fault)
            reason = "syntax error: this has no other end, and the block is too large to read on"
            document.problems.append(Problem(first, first + 1, reason))
            continue
        root = _parsed(piece)
        reader = _Reader(document, offsets, start)
        if root is None:
            reason = "syntax errors from which the parser does not recover"
            document.problems.append(Problem(offsets.of(start), offsets.of(end), reason))
        elif not reader.read(root):
            document.problems.append(reader.problem(root, len(piece)))
    return document


def _parsed(source: bytes) -> Node | None:
    """The syntax tree; None where there are too many errors for one."""
    root = _root(source)
    if root is None or root.has_error:
        # The grammar lacks numbers such as 1e9. Digits of the same length do for the structure:
        # the expressions are read from the text.
        source, count = _EXPONENT.subn(lambda found: b"1" * len(found[0]), source)
        if count:
            root = _root(source)
    return root


def _root(source: bytes) -> Node | None:
    try:
        return tree_of(_parser(), source).root_node
    except TooManyErrors:
        return None


def _content(text: Text, start: int, end: int) -> Content:
    """What is in the block without syntax errors that stands there.

    It is parsed once more when it is asked for, which few blocks are: a tree takes far more memory
    than its text. Blocks in it are read at once.
    """
    offsets = CharacterOffsets(text.string[start:end])
    root = _parsed(offsets.encoded)
    assert root is not None, "a block that was read has no errors"
    reader = _Reader(Document(text), offsets, 0, start, lazy=False)
    node = next(one for one in _descendants(root) if one.type == "block")
    block = reader.block(node, 0)
    pending = [block]
    while pending:
        pending.extend(pending.pop().blocks)
    return block.attributes, block.blocks


def comments(text: Text) -> list[tuple[int, int]]:
    """The ranges of all comments of an HCL file, comment marks included."""
    offsets = CharacterOffsets(text.string)
    return [(offsets.of(start), offsets.of(end)) for start, end in layout.comments(offsets.encoded)]


def _pieces(source: bytes) -> list[tuple[int, int]]:
    starts = [0, *layout.block_starts(source), len(source)]
    return [(start, end) for start, end in pairwise(starts) if source[start:end].strip()]


class _Reader:
    """Turns one tree into blocks.

    `shift` is the byte offset of the tree's source in the text of `offsets`, and `first` the
    character offset of that in the file. `lazy` readers leave what is in the blocks for later.
    """

    def __init__(
        self,
        document: Document,
        offsets: CharacterOffsets,
        shift: int,
        first: int = 0,
        *,
        lazy: bool = True,
    ) -> None:
        self.document = document
        self.text = document.text
        self.offsets = offsets
        self.shift = shift
        self.first = first
        self.lazy = lazy

    def read(self, root: Node) -> bool:
        """Fill the document; False when the text has a syntax error.

        Labels on several lines are one that tree-sitter does not see.
        """
        count = len(self.document.blocks)
        for node in root.named_children:
            if node.type == "body":
                attributes, blocks = self.body(node, 0)
                self.document.attributes += attributes
                self.document.blocks += blocks
        whole = True
        if root.has_error:
            self.rescue(root, count)
        for block in self.document.blocks[count:]:
            if "\n" in self.text.string[block.start : block.header_end]:
                block.broken, whole = True, False
        return whole and not root.has_error

    def range_of(self, node: Node) -> tuple[int, int]:
        return (
            self.first + self.offsets.of(self.shift + node.start_byte),
            self.first + self.offsets.of(self.shift + node.end_byte),
        )

    def text_of(self, node: Node) -> str:
        first, last = self.range_of(node)
        return self.text.string[first:last]

    def body(self, body: Node, depth: int) -> Content:
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        for node in body.named_children:
            if node.type == "attribute":
                attribute = self.attribute(node)
                if attribute:
                    attributes.append(attribute)
            elif node.type == "block":
                blocks.append(self.block(node, depth))
        return attributes, blocks

    def attribute(self, node: Node) -> Attribute | None:
        children = [child for child in node.named_children if child.type != "comment"]
        if not children or children[0].type != "identifier":
            return None
        start, end = self.range_of(node)
        first, last = self.range_of(children[-1])
        if node.has_error:
            broken = Malformed(first, last, "it has a syntax error")
            return Attribute(
                self.text, self.text_of(children[0]), start, end, first, last, lambda: broken
            )
        parse = partial(parse_expression, self.text.string, first, last)
        return Attribute(self.text, self.text_of(children[0]), start, end, first, last, parse)

    def block(self, node: Node, depth: int) -> Block:
        words: list[str] = []
        start, end = self.range_of(node)
        header_end = start
        bodies: list[Node] = []
        for child in node.named_children:
            kind = child.type
            if kind == "identifier":
                words.append(self.text_of(child))
            elif kind == "string_lit":
                words.append(self.label(child))
            else:
                if kind == "body":
                    bodies.append(child)
                continue
            header_end = self.range_of(child)[1]
        load: Callable[[], Content] = partial(self.content, bodies, depth + 1)
        if self.lazy and depth == 0 and not node.has_error:
            load = partial(_content, self.text, start, end)
        return Block(
            self.text,
            words[0] if words else "",
            tuple(words[1:]),
            start,
            header_end,
            end,
            load,
            broken=node.has_error or depth > _MAX_DEPTH,
        )

    def content(self, bodies: list[Node], depth: int) -> Content:
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        for body in bodies:
            found = self.body(body, depth)
            attributes += found[0]
            blocks += found[1]
        return attributes, blocks

    def label(self, node: Node) -> str:
        first, last = self.range_of(node)
        content = self.text.string[first + 1 : last - 1]
        if not _SPECIAL.search(content):
            return content
        parsed: Expression = parse_expression(self.text.string, first, last)
        value = getattr(parsed, "value", None)
        return value if isinstance(value, str) else content

    def problem(self, root: Node, size: int) -> Problem:
        """The first syntax error in a tree that has one. `size` is that of its text, in bytes."""
        encoded = self.offsets.encoded[self.shift : self.shift + size]
        conflict = _CONFLICT.search(encoded)
        if conflict:
            start, end = (self.offsets.of(self.shift + at) for at in conflict.span())
            return Problem(start, end, "a merge conflict")
        errors = [node for node in _faulty(root) if node.is_error or node.is_missing]
        # An error node often begins far before the mistake; what it holds says more. Nodes are
        # nested or apart: one that holds others is followed by the first of them.
        errors.sort(key=lambda node: (node.start_byte, -node.end_byte))
        innermost = [
            node for node, following in pairwise(errors) if following.end_byte > node.end_byte
        ]
        innermost += errors[-1:]
        if not errors:
            return Problem(*self.range_of(root), "syntax error: labels stand on several lines")
        first = innermost[0]
        missing = f": {first.type} is missing" if first.is_missing else ""
        return Problem(*self.range_of(first), f"syntax error{missing}")

    def rescue(self, root: Node, count: int) -> None:
        """List the whole blocks around and inside of errors at the top level.

        `count` is how many blocks stand before this tree.
        """
        found = self.document.blocks[count:]
        known = {block.start for block in found}
        for node in _faulty(root):
            if node.type == "block" and self.range_of(node)[0] not in known:
                block = self.block(node, 0)
                if LABEL_COUNTS.get(block.type) == len(block.labels):
                    found.append(block)
        self.document.blocks[count:] = sorted(found, key=lambda block: block.start)


def _faulty(root: Node) -> Iterator[Node]:
    """The nodes with errors, and the blocks among and below them."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(
            child
            for child in node.children
            if child.has_error or child.is_missing or child.type in ("block", "body", "ERROR")
        )


def _descendants(root: Node) -> Iterator[Node]:
    """All nodes in source order, without recursion."""
    cursor = root.walk()
    while True:
        if cursor.node is not None:
            yield cursor.node
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
