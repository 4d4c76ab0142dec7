# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML with the place of every key and value.

Values are looked at as text: what `5432:5432` or `no` means is for the reader of the format to
say, not for YAML 1.1's resolution rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import yaml

from connguard.engine.limits import Limits, passed
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import ChangedText, Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Span
from connguard.policies.model.records import dataclass

_DOCUMENT = lazily(r"^---(?=\s|$)", re.MULTILINE)
_SCHEMA = lazily(r"^kind:[ \t]*[\"']?CustomResourceDefinition\b", re.MULTILINE)
_DIRECTIVES = lazily(r"(?:[^\S\n]*(?:[%#][^\n]*)?\n)*[^\S\n]*")
_LINE_END = lazily("\r\n|[\n\r\x85\u2028\u2029]")
_INTEGER = lazily(r"[+-]?\d+")
_COMMENT = lazily(r"(?:^|(?<=\s))#[ \t]*([^\r\n]*)", re.MULTILINE)
_INDENTATION = lazily(r"^[ ?-]*", re.MULTILINE)
_MAX_NESTING = 200
_LONGEST_INTEGER = 100
_COUNTLESS = 10**15
_LIMITS = Limits()
_TRUE = {"true", "yes", "on"}
_FALSE = {"false", "no", "off"}
_NULL = {"", "~", "null", "Null", "NULL"}

_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Node:
    """A node of a YAML document. Asking a node of another kind gives nothing, and never raises."""

    def __init__(self, raw: yaml.Node, text: Text, base: int) -> None:
        self.raw = raw
        self._text = text
        self._base = base

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.raw, yaml.MappingNode)

    @property
    def is_sequence(self) -> bool:
        return isinstance(self.raw, yaml.SequenceNode)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.raw, yaml.ScalarNode)

    @property
    def is_null(self) -> bool:
        """Whether nothing, or a plain null, is written."""
        return isinstance(self.raw, yaml.ScalarNode) and (
            not self.raw.style and self.raw.value in _NULL
        )

    @property
    def string(self) -> str | None:
        """The text of a scalar, however it is written; None for null and collections."""
        if not isinstance(self.raw, yaml.ScalarNode) or self.is_null:
            return None
        return str(self.raw.value)

    @property
    def integer(self) -> int | None:
        """The number, if the scalar is a decimal integer, quoted or not, of a possible size."""
        string = self.string
        if not string or len(string) > _LONGEST_INTEGER or not _INTEGER.fullmatch(string):
            return None
        return int(string)

    @property
    def boolean(self) -> bool | None:
        string = (self.string or "").lower()
        return True if string in _TRUE else False if string in _FALSE else None

    @property
    def text(self) -> Text:
        """The file that the node stands in."""
        return self._text

    @cached_property
    def origin(self) -> Origin:
        """From the first to the last character of the node, without what follows it."""
        start = self._base + int(self.raw.start_mark.index)
        end = self._base + _end(self.raw)
        while end > start and self._text.string[end - 1].isspace():
            end -= 1
        return self._text.origin(start, end)

    @cached_property
    def content_offset(self) -> int:
        """The offset in the file of a block scalar's first line; of the value's start otherwise."""
        start = self._base + int(self.raw.start_mark.index)
        if isinstance(self.raw, yaml.ScalarNode) and self.raw.style in ("|", ">"):
            line_end = _LINE_END.search(self._text.string, start)
            return line_end.end() if line_end else len(self._text.string)
        return start

    def embedded(self) -> Text:
        """A text with nothing but the scalar, at the lines and columns where it stands.

        Where YAML changes it (escapes, folded lines), each place is that of the whole scalar.
        """
        start, string = self.content_offset, self.string or ""
        end = self._text.offset(self.origin.end_line, self.origin.end_column)
        line, column = self._text.position(start)
        raw = self._text.string[start:end]
        if getattr(self.raw, "style", None) == "|":
            return Text(self._text.path, "\n" * (line - 1) + raw + "\n")
        quote = 1 if raw[:1] in ("'", '"') else 0
        if "\n" not in string and raw[quote : len(raw) - quote] == string:
            before = "\n" * (line - 1) + " " * (column - 1 + quote)
            return Text(self._text.path, before + string + "\n")
        return ChangedText(string, self.origin)

    def get(self, *path: str) -> Node | None:
        """The value below these keys; merge keys (`<<`) are followed."""
        node = self
        for name in path:
            found = node._value(name)
            if found is None:
                return None
            node = found
        return node

    def items(self) -> list[tuple[Node, Node]]:
        """The entries of a mapping. The last of equal keys counts, own keys before merged ones."""
        found: dict[str, tuple[Node, Node]] = {}
        pending = [self]
        while pending:
            pending.extend(reversed(pending.pop()._collect(found)))
        return list(found.values())

    def elements(self) -> list[Node]:
        """The elements of a sequence."""
        if not isinstance(self.raw, yaml.SequenceNode):
            return []
        return [self._node(child) for child in self.raw.value]

    def walk(self) -> Iterator[Node]:
        """This node and all below it, each once however often it is referred to."""
        seen: set[int] = set()
        pending = [self.raw]
        while pending:
            raw = pending.pop()
            if id(raw) in seen:
                continue
            seen.add(id(raw))
            yield self._node(raw)
            pending.extend(reversed(list(_children(raw))))

    def _value(self, name: str) -> Node | None:
        if not isinstance(self.raw, yaml.MappingNode):
            return None
        found: yaml.Node | None = None
        for key, value in self.raw.value:
            written = key.value
            if written == "<<" or (written == name and name in _NULL):  # the longer way
                return next((one for key, one in self.items() if key.string == name), None)
            if written == name and isinstance(key, yaml.ScalarNode):
                found = value
        return None if found is None else self._node(found)

    def _collect(self, found: dict[str, tuple[Node, Node]]) -> list[Node]:
        """Add the entries that are not there yet; returns what is merged in behind them."""
        if not isinstance(self.raw, yaml.MappingNode):
            return []
        merged: list[Node] = []
        own: dict[str, tuple[Node, Node]] = {}
        for raw_key, raw_value in self.raw.value:
            key, value = self._node(raw_key), self._node(raw_value)
            if key.string == "<<":
                merged.extend(value.elements() if value.is_sequence else [value])
            else:
                own[key.string or ""] = key, value
        for name, entry in own.items():
            found.setdefault(name, entry)
        return merged

    def _node(self, raw: yaml.Node) -> Node:
        return Node(raw, self._text, self._base)


@dataclass(frozen=True, slots=True)
class Stream:
    """The documents of a file; `gaps` are those that are no YAML (templates, for example)."""

    documents: tuple[Node, ...]
    gaps: tuple[NotParsed, ...]


def parse(text: Text, limits: Limits = _LIMITS) -> Stream:
    """The documents of a file. A document that cannot be parsed costs only itself.

    Definitions of Kubernetes resources are left out: they are long, and set nothing.
    """
    documents: list[Node] = []
    gaps: list[NotParsed] = []
    for start, end in _parts(text.string):
        if _SCHEMA.search(text.string, start, end):
            continue
        try:
            documents.extend(
                Node(raw, text, start) for raw in _compose(text.string[start:end], limits) if raw
            )
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            offset = min(start + (mark.index if mark else 0), max(start, end - 1))
            line = text.position(offset)[0]
            problem = error.problem or error.context or "cannot be read"
            gaps.append(NotParsed(f"not YAML: {problem}", text.line_origin(line)))
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            line = text.position(start)[0]
            gaps.append(NotParsed(f"not YAML: {error}", text.line_origin(line)))
    return Stream(tuple(documents), tuple(gaps))


def stream(file: SourceFile, context: Context) -> Stream | None:
    """The documents of a file, parsed once in a scan; None when it cannot be read."""
    text = context.text(file)
    if text is None:
        return None
    key = ("yaml", file.path)
    found = context.cache.get(key)
    if not isinstance(found, Stream):
        found = context.cache[key] = parse(text, context.settings.limits)
    return found


def notes(text: Text, stream: Stream) -> Notes:
    """The comments, and the spans that a suppression covers: every mapping entry and element."""
    covered = [False] * (len(text.string) + 1)
    spans: set[tuple[int, int]] = set()
    for document in stream.documents:
        for node in document.walk():
            first, last = node.origin.line, node.origin.end_line
            if node.is_scalar:
                start = text.offset(first, node.origin.column)
                end = text.offset(last, node.origin.end_column)
                covered[start:end] = [True] * (end - start)
            for key, value in node.items():
                spans.add((key.origin.line, value.origin.end_line))
            for element in node.elements():
                spans.add((element.origin.line, element.origin.end_line))
    comments = []
    for match in _COMMENT.finditer(text.string):
        if not covered[match.start()]:
            line, column = text.position(match.start())
            own_line = not text.line(line)[: column - 1].strip()
            comments.append(Comment(line, column, match.group(1).rstrip(), own_line))
    return Notes(text.path, tuple(comments), tuple(Span(*span) for span in sorted(spans)))


def _parts(string: str) -> Iterator[tuple[int, int]]:
    """The ranges of the documents. A line that starts with `---` is always a document mark."""
    starts = [match.start() for match in _DOCUMENT.finditer(string)]
    if not starts or not _DIRECTIVES.fullmatch(string[: starts[0]]):
        starts.insert(0, 0)
    else:
        starts[0] = 0
    yield from zip(starts, [*starts[1:], len(string)], strict=True)


def _compose(part: str, limits: Limits) -> Iterator[yaml.Node | None]:
    _refuse_deep_nesting(part)
    for root in yaml.compose_all(part, Loader=_LOADER):
        if root is not None and "*" in part:
            _refuse_repetition(root, limits.yaml_alias_nodes)
        yield root


def _refuse_deep_nesting(part: str) -> None:
    """The composer is recursive in C: nesting that no real file has could end the process.

    Depth is at most the number of brackets plus twice the widest indentation, so most files need
    no closer look.
    """
    brackets = part.count("[") + part.count("{")
    widest = max(len(run) for run in _INDENTATION.findall(part))
    if brackets + 2 * widest <= 3 * _MAX_NESTING:
        return
    depth = 0
    for event in yaml.parse(part, Loader=_LOADER):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > _MAX_NESTING:
                raise ValueError(f"nested more than {_MAX_NESTING} deep")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


def _refuse_repetition(root: yaml.Node, most: int) -> None:
    """Aliases let a few lines stand for millions, or for themselves. Raises ValueError."""
    sizes: dict[int, int | None] = {}
    pending = [root]
    while pending:
        raw = pending[-1]
        if id(raw) not in sizes:
            sizes[id(raw)] = None  # whoever meets it now stands below it
            for child in _children(raw):
                if id(child) not in sizes:
                    pending.append(child)
                elif sizes[id(child)] is None:
                    raise ValueError("an alias stands for what it is a part of")
        else:
            pending.pop()
            if sizes[id(raw)] is None:
                below = sum(sizes[id(child)] or 0 for child in _children(raw))
                sizes[id(raw)] = min(1 + below, _COUNTLESS)
    if (sizes[id(root)] or 0) - len(sizes) > most:
        raise ValueError(
            passed("yaml-alias-nodes", f"its aliases stand for more than {most} more nodes")
        )


def _children(raw: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(raw, yaml.MappingNode):
        for key, value in raw.value:
            yield key
            yield value
    elif isinstance(raw, yaml.SequenceNode):
        yield from raw.value


def _end(raw: yaml.Node) -> int:
    """Where a node ends. Block collections end with their last child, not at the next token."""
    while isinstance(raw, yaml.CollectionNode) and not raw.flow_style and raw.value:
        last = raw.value[-1]
        child = last[1] if isinstance(last, tuple) else last
        if child.start_mark.index < raw.start_mark.index:  # an alias to a node above
            break
        raw = child
    return int(raw.end_mark.index)
