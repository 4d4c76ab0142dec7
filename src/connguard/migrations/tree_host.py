# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all hosts that are read with tree-sitter have in common.

A language module says which nodes are strings, calls and functions; this module follows constants,
joins strings and keeps the places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, partial
from importlib import import_module
from typing import ClassVar

from tree_sitter import Language, Node, Parser, Tree

from connguard.engine.text import Text
from connguard.engine.tree_parsing import TooManyErrors, tree_of
from connguard.migrations.byte_offsets import ByteOffsets
from connguard.migrations.fragment import (
    EMPTY,
    Fragment,
    is_number,
    join,
    placeholder,
    verbatim,
    written,
)
from connguard.migrations.host import HostMigration, is_open
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import mentions_suppression
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole
from connguard.sql_rules import isolation
from connguard.sql_rules.script import Direction

_SIMPLE_ESCAPES = dict(zip("abefnrtvs", "\a\b\x1b\f\n\r\t\v ", strict=True))
_SIMPLE_ESCAPES.update({"0": "\0", "\n": "", "\r\n": ""})
_PRINTF = lazily(r"%(?:(?P<index>\d++)\$)?[-+#0 ]*+[\d.]*+(?P<kind>[a-zA-Z%])")
_SQL_FILE = lazily(r"[\"'`]([^\"'`\s$#{}]+\.sql)[\"'`]")
_UNSIGNED = lazily(r"\d[\d_.]*+")
_SIGNED = frozenset(("unary_expression", "unary", "unary_operator"))
"""What the languages call an expression with a sign, among others."""
_MAX_DEPTH = 60
_MAX_SEARCH = 20_000
_MOST_STEPS = 20_000
"""Parts of expressions of a file that are evaluated, besides ten for each of its characters."""

_LARGE = 16_000
"""Bytes of a program that is tried in a child process first.

At the end of some texts the parser takes time that grows with the square of their length, in one
step that nothing interrupts: 20 s for 100 kB of `%s|` and an open quote in a shell script.
"""
_SECONDS = 2
_SECONDS_A_MEGABYTE = 4


class Source:
    """A parsed file. tree-sitter counts UTF-8 bytes; this converts them to characters.

    Raises TooManyErrors.
    """

    def __init__(self, text: Text, module: str, function: str) -> None:
        self.text = text
        offsets = ByteOffsets(text.string)
        self.root = _tree(_parser(module, function), offsets.data).root_node
        self._character = offsets.character

    def range(self, node: Node) -> tuple[int, int]:
        return self._character(node.start_byte), self._character(node.end_byte)

    def code(self, node: Node) -> str:
        start, end = self.range(node)
        return self.text.string[start:end]


def _tree(parser: Parser, source: bytes) -> Tree:
    if len(source) > _LARGE:
        seconds = _SECONDS + len(source) * _SECONDS_A_MEGABYTE // 1_000_000
        if not isolation.survives(lambda: tree_of(parser, source), seconds):
            raise TooManyErrors("syntax errors for which the parser needs too long")
    return tree_of(parser, source)


@cache
def _parser(module: str, function: str) -> Parser:
    return Parser(Language(getattr(import_module(module), function)()))


@dataclass(frozen=True, slots=True)
class Call:
    """A call: the last part of the called name, what it is called on, and the arguments."""

    node: Node
    name: str
    receiver: Node | None
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A declaration or assignment; `appends` is true for `name += value`."""

    name: str
    value: Node
    appends: bool = False


@dataclass(frozen=True, slots=True)
class _Binding:
    """An assignment with its place: where it ends and the block that holds it."""

    assignment: Assignment
    end: int
    scope: Node


class TreeHost:
    """Reads one file. Subclasses describe a language."""

    module: ClassVar[str]
    grammar: ClassVar[str] = "language"
    contents: ClassVar[frozenset[str]]
    strings: ClassVar[frozenset[str]]
    interpolations: ClassVar[frozenset[str]] = frozenset()
    names: ClassVar[frozenset[str]] = frozenset(("identifier",))
    numbers: ClassVar[frozenset[str]]
    additions: ClassVar[frozenset[str]] = frozenset()
    comments: ClassVar[frozenset[str]] = frozenset(("comment",))
    blocks: ClassVar[frozenset[str]] = frozenset(("block",))
    choices: ClassVar[frozenset[str]] = frozenset(("if_statement", "ternary_expression"))
    switches: ClassVar[frozenset[str]] = frozenset()
    cases: ClassVar[frozenset[str]] = frozenset()
    executes: ClassVar[frozenset[str]] = frozenset()
    unchanged: ClassVar[frozenset[str]] = frozenset()
    dedents: ClassVar[frozenset[str]] = frozenset()
    prints: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, text: Text) -> None:
        self.source = Source(text, self.module, self.grammar)
        self.host = HostMigration(text)
        self._bindings: dict[str, list[_Binding]] = {}
        self._scopes: dict[int, Node] = {}  # the innermost block around each name and block
        self._passed: list[dict[str, Fragment]] = []
        self._left = _MOST_STEPS + 10 * len(text.string)

    # What a language says.

    def call(self, node: Node) -> Call | None:
        """The node as a call; None if it is something else."""
        raise NotImplementedError

    def assigned(self, node: Node) -> Assignment | None:
        """The node as an assignment or a declaration; None if it is something else."""
        raise NotImplementedError

    def direction(self, node: Node, current: Direction) -> Direction | None:
        """The direction of the code in this node; None if the node is not run at all."""
        return current

    def runs(self, call: Call) -> bool:
        """Whether this call runs SQL."""
        return call.name in self.executes and bool(call.arguments)

    def sql_argument(self, call: Call) -> Node | None:
        return call.arguments[0] if call.arguments else None

    def is_harmless(self, node: Node) -> bool:
        """Whether an argument that is no text cannot be a statement about roles either."""
        return False

    def special(self, node: Node) -> Fragment | None:
        """The value of a kind of expression that only this language has."""
        return None

    # What is the same for all.

    def calls(self) -> Iterator[Call]:
        """Every call of the file, in any order, for who looks for other things than migrations."""
        self._bind()
        for node in nodes(self.source.root):
            call = self.call(node)
            if call is not None:
                yield call

    def read(self) -> HostMigration:
        self._bind()
        self.walk(self.source.root, Direction.UP)
        return self.host

    def _bind(self) -> None:
        suppresses = mentions_suppression(self.host.text.string)
        # A node finds its parent from the root on, in time that grows with its depth.
        pending = [(self.source.root, self.source.root)]
        while pending:
            node, scope = pending.pop()
            kind = node.type
            if kind in self.names or kind in self.blocks:
                self._scopes[node.id] = scope
            assignment = self.assigned(node)
            if assignment:
                binding = _Binding(assignment, node.end_byte, scope)
                self._bindings.setdefault(assignment.name, []).append(binding)
                self._scopes[assignment.value.id] = scope
            elif suppresses and kind in self.comments:
                start, _ = self.source.range(node)
                self.host.comment(start, self.source.code(node).strip("/*#- \t\n"))
            inner = node if kind in self.blocks else scope
            pending.extend((child, inner) for child in reversed(node.named_children))

    def bound(self, name: str, use: Node, depth: int = 0) -> Fragment | None:
        """The text that a name has where it is used, if it is the same on every way there."""
        for passed in reversed(self._passed):
            if name in passed:
                return passed[name]
        binding = self._binding(name, use)
        if binding is None:
            return None
        assignment = binding.assignment
        value = self.value(assignment.value, depth + 1)
        if assignment.appends and value is not None:
            before = self.bound(name, assignment.value, depth + 1) if depth < _MAX_DEPTH else None
            return before + value if before is not None else None
        return value

    def _binding(self, name: str, use: Node) -> _Binding | None:
        """The assignment that holds at `use`: the last one before it in the nearest block.

        None when an inner block, which may or may not have run, assigns the name again.
        """
        bindings = self._bindings.get(name, [])
        scope = self._scopes.get(use.id)
        while scope is not None:
            own = [one for one in bindings if one.scope == scope]
            is_outermost = scope == self.source.root
            before = [one for one in own if one.end <= use.start_byte]
            chosen = before[-1] if before else own[0] if len(own) == 1 and is_outermost else None
            if chosen is not None:
                unsure = any(
                    chosen.end < one.end <= use.start_byte and _is_inside(one.scope, scope)
                    for one in bindings
                    if one is not chosen and one.scope != scope
                )
                return None if unsure else chosen
            if is_outermost:
                return None
            scope = self._scopes.get(scope.id)
        return None

    def walk(self, node: Node, direction: Direction) -> None:
        way = self.direction(node, direction)
        if way is None or self.chosen(node, way):
            return
        call = self.call(node)
        if call is not None:
            self.take(call, way)
        for child in node.named_children:
            self.walk(child, way)

    def chosen(self, node: Node, direction: Direction) -> bool:
        """Walk a node of whose branches one runs, if nobody knows which one; whether it is that."""
        if node.type in self.choices:
            branches = self.branches(node)
        elif node.type in self.switches:
            cases = [child for child in node.named_children if child.type in self.cases]
            branches = [[case] for case in cases]
            if not any(map(self._is_default, cases)):
                branches.append([])
        else:
            return False
        inside = {part.id for branch in branches for part in branch}
        before = [child for child in node.named_children if child.id not in inside]
        asked = " ".join(map(self.source.code, before))
        if not is_open(asked, has_other=bool(branches[-1])):
            return False

        def walk(nodes: Sequence[Node]) -> None:
            for each in nodes:
                self.walk(each, direction)

        walk(before)
        self.host.choose([partial(walk, branch) for branch in branches])
        return True

    def branches(self, node: Node) -> list[list[Node]]:
        """What runs if the condition of a node holds, and what runs otherwise."""
        parts: list[list[Node]] = [[], []]
        for index, child in enumerate(node.children):
            name = node.field_name_for_child(index)
            if child.is_named and name not in ("condition", "initializer"):
                parts[name == "alternative"].append(child)
        return parts

    def _is_default(self, case: Node) -> bool:
        return self.source.code(case).startswith(("default", "else", "*)"))

    def take(self, call: Call, direction: Direction) -> None:
        """Add the SQL of a call to the migration."""
        if not self.runs(call):
            return
        argument = self.sql_argument(call)
        if argument is None:
            return
        start, end = self.source.range(call.node)
        self.host.call(start, end)
        self.add(argument, direction, (start, end))

    def add(self, argument: Node, direction: Direction, place: tuple[int, int]) -> None:
        fragment = self.value(argument)
        if fragment is not None:
            self.host.sql(fragment, direction)
            if fragment.runs:  # the body of a here document stands behind the call
                self.host.call(place[0], max(place[1], fragment.runs[-1].end))
        elif not self.is_harmless(argument):
            self.host.opaque(*place, direction, self._named_file(argument))

    def _named_file(self, use: Node) -> str | None:
        """The one SQL file that the argument names, or the nearest code around it."""
        node: Node | None = use
        for _ in range(_MAX_DEPTH):
            if node is None or node.parent is None or node.end_byte - node.start_byte > _MAX_SEARCH:
                return None
            names = {match[1] for match in _SQL_FILE.finditer(self.source.code(node))}
            if names:
                return names.pop() if len(names) == 1 else None
            node = node.parent
        return None

    def value(self, node: Node, depth: int = 0) -> Fragment | None:
        """The text of an expression, with placeholders for its unknown parts."""
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            return None
        kind = node.type
        if kind in self.strings:
            return self.string(node, depth)
        if kind in self.numbers:
            return verbatim(self.source.code(node), self.source.range(node)[0])
        signed = self._signed(node, depth) if kind in _SIGNED else None
        if signed is not None:
            return signed
        if kind in self.names:
            return self._affordable(self.bound(self.source.code(node), node, depth))
        if kind == "parenthesized_expression" and node.named_child_count == 1:
            return self.value(node.named_children[0], depth + 1)
        if kind in self.additions:
            return self._sum(node, depth)
        special = self.special(node)
        if special is not None:
            return special
        call = self.call(node)
        return self._called(call, depth) if call else None

    def _affordable(self, value: Fragment | None) -> Fragment | None:
        """A variable's text: one that is put together of itself may double with every line."""
        if value is not None:
            self._left -= len(value.text) // 100
        return value if self._left >= 0 else None

    def known(self, node: Node, depth: int = 0) -> Fragment:
        """As `value`, with a placeholder for what is not known at all."""
        value = self.value(node, depth + 1)
        return value if value is not None else self.unknown(node)

    def unknown(self, node: Node) -> Fragment:
        return placeholder(self.source.code(node), *self.source.range(node))

    def string(self, node: Node, depth: int = 0) -> Fragment:
        """The content of a string node: contents, escapes and interpolations."""
        return join(self.part(child, depth) for child in node.children)

    def part(self, child: Node, depth: int) -> Fragment:
        start, end = self.source.range(child)
        if child.type in self.contents:
            if child.named_child_count:
                return join(self._between(child, depth))
            return verbatim(self.source.code(child), start)
        if child.type == "escape_sequence":
            return written(unescaped(self.source.code(child)), start, end)
        if child.type in self.interpolations:
            inner = child.named_children
            value = self.value(inner[0], depth + 1) if len(inner) == 1 else None
            return value if value is not None else placeholder(self.source.code(child), start, end)
        return EMPTY

    def _between(self, node: Node, depth: int) -> Iterator[Fragment]:
        """A content node in which the parser marks only what is special."""
        position, last = self.source.range(node)
        for child in node.named_children:
            start, end = self.source.range(child)
            yield verbatim(self.host.text.string[position:start], position)
            yield self.part(child, depth)
            position = end
        yield verbatim(self.host.text.string[position:last], position)

    def _signed(self, node: Node, depth: int) -> Fragment | None:
        """A number with a minus in front of it; other operators make no text."""
        if node.child_count != 2 or self.source.code(node.children[0]) != "-":
            return None
        number = self.value(node.children[1], depth + 1)
        if number is None or not _UNSIGNED.fullmatch(number.text):
            return None
        return written(f"-{number.text}", *self.source.range(node))

    def _sum(self, node: Node, depth: int) -> Fragment | None:
        terms: list[Node] = []
        rest = node
        while rest.type in self.additions and rest.child_count == 3:
            if self.source.code(rest.children[1]) not in ("+", "<>", ".."):
                return None
            terms.append(rest.children[2])
            rest = rest.children[0]
        terms.append(rest)
        terms.reverse()
        values = [self.value(term, depth + 1) for term in terms]
        known = [value for value in values if value is not None]
        if not any(term.type in self.strings for term in terms) and all(map(is_number, known)):
            return None  # arithmetic, or nothing known
        return join(
            value if value is not None else self.unknown(term)
            for value, term in zip(values, terms, strict=True)
        )

    def _called(self, call: Call, depth: int) -> Fragment | None:
        if call.name in self.prints:
            arguments = list(call.arguments)
            is_method = call.name in ("formatted", "format") and (
                call.receiver is not None and call.receiver.type in self.strings
            )
            template_node = call.receiver if is_method else arguments.pop(0) if arguments else None
            template = self.value(template_node, depth + 1) if template_node else None
            return template and self._printed(template, arguments, depth)
        if call.receiver is not None and call.name in (*self.unchanged, *self.dedents):
            value = self.value(call.receiver, depth + 1)
            return value.dedented() if value and call.name in self.dedents else value
        return None

    def _printed(self, template: Fragment, arguments: list[Node], depth: int) -> Fragment:
        values = iter(arguments)

        def replace(match: re.Match[str], host: tuple[int, int]) -> Fragment | None:
            if match["kind"] == "%":
                return written("%", *host)
            if match["kind"] == "n" and not match["index"]:
                return written("\n", *host)
            index = whole(match["index"]) - 1 if match["index"] else None
            if index is not None:
                node = arguments[index] if index < len(arguments) else None
            else:
                node = next(values, None)
            return self.known(node, depth) if node else placeholder("value", *host)

        return template.substitute(_PRINTF, replace)


def _is_inside(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def unescaped(sequence: str) -> str:
    """What an escape sequence of the C family stands for."""
    body = sequence[1:]
    if body[:1] in ("x", "u", "U"):
        digits = body[1:].strip("{}")
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            return sequence
    if body.isdecimal() and len(body) > 1:
        try:
            return chr(int(body, 8))
        except ValueError:
            return sequence
    return _SIMPLE_ESCAPES.get(body, body)


def nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.named_children))
