# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform's JSON syntax, turned into the same tree as the native syntax.

https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from connguard.engine.text import Text
from connguard.terraform.expression_parser import parse_template
from connguard.terraform.json_tree import JsonError, JsonValue, parse
from connguard.terraform.syntax import (
    LABEL_COUNTS,
    Attribute,
    Block,
    Content,
    Document,
    Expression,
    Literal,
    Malformed,
    ObjectItems,
    Problem,
    TupleItems,
)

_MAX_DEPTH = 60
_LITERAL = {("variable", "default"), ("variable", "type"), ("module", "source")}
_NATIVE = {("variable", "type")}


def read(text: Text) -> Document:
    """The blocks of a .tf.json file, and the attributes of a .tfvars.json file. Never raises."""
    document = Document(text)
    try:
        root, document.problems = parse(text)
        if root is None or root.kind != "object":
            if not document.problems and text.string.strip():
                document.problems.append(Problem(0, len(text.string), "not a JSON object"))
            return document
        for key, value in root.members():
            name = key.text()
            if text.path.endswith(".tfvars.json"):
                document.attributes.append(_attribute(text, key, value, literal=True))
            elif name in LABEL_COUNTS:
                document.blocks.extend(_blocks(text, name, (), key, value))
    except JsonError as error:
        document.problems.append(Problem(0, len(text.string), str(error)))
    return document


def _blocks(
    text: Text, kind: str, labels: tuple[str, ...], key: JsonValue, value: JsonValue
) -> Iterator[Block]:
    """The blocks below one key: labels are keys, and arrays may stand at every level."""
    if value.kind == "array":
        for item in value.items():
            yield from _blocks(text, kind, labels, key, item)
    elif len(labels) < LABEL_COUNTS[kind]:
        for name, inner in value.members():
            if not name.text().startswith("//"):
                yield from _blocks(text, kind, (*labels, name.text()), name, inner)
    elif value.kind == "object":
        for name, _ in value.members():
            name.text()  # which raises here and not when the attributes are asked for
        yield Block(
            text,
            kind,
            labels,
            key.start,
            key.end,
            value.end,
            partial(_content, text, kind, value),
            from_json=True,
            broken=value.has_error,
        )


def _content(text: Text, kind: str, value: JsonValue) -> Content:
    attributes: list[Attribute] = []
    for name, inner in value.members():
        rule = (kind, name.text())
        if name.text() != "//":
            attribute = _attribute(text, name, inner, literal=rule in _LITERAL)
            if rule in _NATIVE and inner.kind == "string":
                attribute.parse = partial(_native, inner)
            attributes.append(attribute)
    return attributes, []


def _attribute(text: Text, key: JsonValue, value: JsonValue, *, literal: bool) -> Attribute:
    return Attribute(
        text,
        key.text(),
        key.start,
        value.end,
        value.start,
        value.end,
        partial(_expression, value, literal),
    )


def _native(value: JsonValue) -> Expression:
    """A string that holds an expression in native syntax: the type of a variable."""
    from connguard.terraform.expression_parser import parse_expression

    try:
        return parse_expression(value.text())
    except JsonError as error:
        return Malformed(value.start, value.end, str(error))


def _expression(value: JsonValue, literal: bool, depth: int = 0) -> Expression:
    """A JSON value as an expression; its strings are templates unless `literal`."""
    start, end = value.start, value.end
    try:
        if value.has_error or depth > _MAX_DEPTH:
            return Malformed(start, end, "it has a syntax error or is nested too deeply")
        if value.kind == "string":
            return _string(value, literal)
        if value.kind == "array":
            items = tuple(_expression(item, literal, depth + 1) for item in value.items())
            return TupleItems(start, end, items)
        if value.kind == "object":
            return ObjectItems(
                start,
                end,
                tuple(
                    (_string(key, literal), _expression(inner, literal, depth + 1))
                    for key, inner in value.members()
                ),
            )
        return Literal(start, end, value.constant())
    except JsonError as error:
        return Malformed(start, end, str(error))


def _string(value: JsonValue, literal: bool) -> Expression:
    content = value.text()
    if literal or ("${" not in content and "%{" not in content):
        return Literal(value.start, value.end, content)
    return parse_template(content)
