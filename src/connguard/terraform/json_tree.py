# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON with positions, that is read as far as a syntax error lets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import tree_sitter_json
from tree_sitter import Language, Node, Parser

from connguard.engine.text import Text
from connguard.engine.tree_parsing import TooManyErrors, tree_of
from connguard.policies.model.patterns import lazily
from connguard.terraform.byte_offsets import CharacterOffsets
from connguard.terraform.expression_parser import number_of
from connguard.terraform.syntax import Problem

_MAX_DEPTH = 60
_SURROGATE = lazily("[\ud800-\udfff]")


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_json.language()))


class JsonError(ValueError):
    """A part that is no JSON, or too deeply nested."""


class JsonValue:
    """A value in a JSON file. `start` and `end` are character offsets."""

    def __init__(self, node: Node, offsets: CharacterOffsets) -> None:
        self._node = node
        self._offsets = offsets
        self.start = offsets.of(node.start_byte)
        self.end = offsets.of(node.end_byte)

    @property
    def kind(self) -> str:
        """object, array, string, number, true, false or null."""
        return self._node.type

    @property
    def has_error(self) -> bool:
        return self._node.has_error

    def members(self) -> Iterator[tuple[JsonValue, JsonValue]]:
        """The keys and values of an object, in file order; none for other kinds."""
        if self.kind != "object":
            return
        for pair in self._node.named_children:
            key = pair.child_by_field_name("key") if pair.type == "pair" else None
            value = pair.child_by_field_name("value") if key else None
            if key is not None and value is not None and key.type == "string":
                yield JsonValue(key, self._offsets), JsonValue(value, self._offsets)

    def items(self) -> Iterator[JsonValue]:
        """The elements of an array; none for other kinds."""
        if self.kind == "array":
            for node in self._node.named_children:
                if node.type not in ("comment", "ERROR"):
                    yield JsonValue(node, self._offsets)

    def text(self) -> str:
        """A string's content. Raises JsonError for invalid escapes."""
        raw = self._offsets.encoded[self._node.start_byte : self._node.end_byte]
        try:
            content = json.loads(raw.decode("utf-8", "replace"), strict=False)
        except ValueError as error:
            raise JsonError("an invalid string") from error
        return _SURROGATE.sub("\ufffd", str(content))

    def plain(self, depth: int = 0) -> object:
        """The value as Python data; numbers are int or Fraction. Raises JsonError."""
        if depth > _MAX_DEPTH:
            raise JsonError("nested too deeply")
        if self.kind == "object":
            return {key.text(): value.plain(depth + 1) for key, value in self.members()}
        if self.kind == "array":
            return [item.plain(depth + 1) for item in self.items()]
        if self.kind == "string":
            return self.text()
        return self.constant()

    def constant(self) -> bool | int | Fraction | None:
        """A number, true, false or null. Raises JsonError for anything else."""
        if self.kind in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[self.kind]
        raw = self._offsets.encoded[self._node.start_byte : self._node.end_byte].decode("utf-8")
        try:
            if self.kind == "number":
                negative = raw.startswith("-")
                number = number_of(raw.lstrip("-"))
                return -number if negative else number
        except Exception as error:
            raise JsonError("an invalid number") from error
        raise JsonError("no JSON")


def parse(text: Text) -> tuple[JsonValue | None, list[Problem]]:
    """The value in a JSON file, and the syntax error in it, if any."""
    offsets = CharacterOffsets(text.string)
    try:
        root = tree_of(_parser(), offsets.encoded).root_node
    except TooManyErrors as stuck:
        return None, [Problem(0, len(text.string), f"JSON: {stuck}")]
    problems: list[Problem] = []
    if root.has_error:
        error = _narrowest_error(root)
        problems.append(
            Problem(offsets.of(error.start_byte), offsets.of(error.end_byte), "JSON syntax error")
        )
    values = [node for node in root.named_children if node.type not in ("comment", "ERROR")]
    if len(values) != 1 and not problems:
        problems.append(Problem(0, len(text.string), "not exactly one JSON value"))
    return (JsonValue(values[0], offsets) if values else None), problems


def _narrowest_error(root: Node) -> Node:
    errors = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            errors.append(node)
        pending.extend(child for child in node.children if child.has_error or child.is_missing)
    return min(
        errors or [root], key=lambda node: (node.end_byte - node.start_byte, node.start_byte)
    )
