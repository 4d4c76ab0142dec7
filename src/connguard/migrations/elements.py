# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One form for XML, YAML and JSON documents: named elements with attributes, text and places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Any
from xml.parsers import expat

from connguard.engine import yaml_source
from connguard.engine.text import Text
from connguard.migrations.byte_offsets import ByteOffsets
from connguard.migrations.fragment import EMPTY, Fragment, join, verbatim, written
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_WORD = lazily(r"\s+|\S+")
_MAX_DEPTH = 200


class DocumentError(Exception):
    """A document that cannot be read. `line` counts from 1."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(slots=True)
class Element:
    """An element. In YAML, what is a scalar below a key is an attribute.

    `start` and `end` are the offsets of what is shown for the element as a whole.
    """

    name: str
    start: int
    end: int
    attributes: dict[str, Fragment] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: Fragment = EMPTY

    def get(self, name: str, default: str = "") -> str:
        value = self.attributes.get(name)
        return value.text if value is not None else default

    def flag(self, name: str) -> bool:
        return self.get(name).strip().lower() == "true"


def read_xml(text: Text) -> Element:
    """The root element. Raises DocumentError; entities of a document's own are refused."""
    return _XmlReader(text).root()


def read_yaml(text: Text) -> Element:
    """A YAML or JSON document as an element without a name. Raises DocumentError."""
    stream = yaml_source.parse(text)
    if stream.gaps:
        gap = stream.gaps[0]
        raise DocumentError(gap.reason, gap.origin.line)
    root = Element("", 0, len(text.string))
    for document in stream.documents:
        _fill(root, document, text, 0)
    return root


class _XmlReader:
    def __init__(self, text: Text) -> None:
        self._text = text
        self._offsets = ByteOffsets(text.string)
        # The text is decoded already, whatever its declaration says.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._entity
        self._open: list[Element] = []
        self._runs: list[list[Fragment]] = []
        self._root: Element | None = None

    def root(self) -> Element:
        try:
            self._parser.Parse(self._offsets.data, True)
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, "cannot be read")
            line = min(max(error.lineno, 1), self._text.line_count)
            raise DocumentError(f"not XML: {reason}", line) from None
        if self._root is None:
            raise DocumentError("not XML: no element found", 1)
        return self._root

    def _position(self) -> int:
        return self._offsets.character(self._parser.CurrentByteIndex)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > _MAX_DEPTH:
            raise DocumentError("nested too deeply", self._parser.CurrentLineNumber)
        start = self._position()
        end = self._text.string.find(">", start) + 1 or start
        element = Element(name.rpartition(":")[2], start, end)
        for key, value in attributes.items():
            element.attributes[key] = written(value, start, end)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = self._root or element
        self._open.append(element)
        self._runs.append([])

    def _end(self, name: str) -> None:
        self._open.pop().text = join(self._runs.pop())

    def _characters(self, data: str) -> None:
        start = self._position()
        if not self._runs:
            return
        if self._text.string.startswith(data, start):
            self._runs[-1].append(verbatim(data, start))
        else:  # an entity such as &lt;, or a line end of two characters
            end = self._text.string.find(";", start) + 1 if data.strip() else start + 1
            self._runs[-1].append(written(data, start, max(end, start + 1)))

    def _entity(self, *declaration: Any) -> None:
        line = self._parser.CurrentLineNumber
        raise DocumentError("a document that declares entities is not read", line)


def _fill(element: Element, node: yaml_source.Node, text: Text, depth: int) -> None:
    """Add what a node holds: entries of a mapping, of each mapping in a sequence, or a text."""
    if depth > _MAX_DEPTH:
        raise DocumentError("nested too deeply", node.origin.line)
    for item in node.elements():
        _fill(element, item, text, depth + 1)
    for key, value in node.items():
        name = key.string or ""
        origin = key.origin
        start = text.offset(origin.line, origin.column)
        child = Element(name, start, text.offset(origin.end_line, origin.end_column))
        if value.is_scalar:
            child.text = scalar(value, text)
            element.attributes[name] = child.text
        else:
            _fill(child, value, text, depth + 1)
        element.children.append(child)


def scalar(node: yaml_source.Node, text: Text) -> Fragment:
    """The text of a scalar with its places."""
    value = node.string or ""
    origin = node.origin
    start = node.content_offset
    end = text.offset(origin.end_line, origin.end_column)
    return join(_aligned(value, text.string, start, end))


def _aligned(value: str, source: str, start: int, end: int) -> Iterator[Fragment]:
    """Find the words of a value in its source, which differs in white space and escapes."""
    position = start
    for match in _WORD.finditer(value):
        word = match[0]
        if word.isspace():
            yield written(word, position, min(position + 1, end))
            continue
        found = source.find(word, position, end)
        if found < 0:
            yield written(word, position, min(position + 1, end))
        else:
            yield verbatim(word, found)
            position = found + len(word)
