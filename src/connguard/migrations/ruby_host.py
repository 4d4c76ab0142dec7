# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL in Ruby migrations: Rails (`execute`) and Sequel (`run`)."""

from __future__ import annotations

from tree_sitter import Node

from connguard.engine.text import Text
from connguard.migrations.fragment import EMPTY, Fragment, join
from connguard.migrations.host import HostMigration
from connguard.migrations.tree_host import Assignment, Call, TreeHost
from connguard.policies.model.patterns import lazily
from connguard.sql_rules.script import Direction

_RAILS = lazily(r"<\s*[\w:]*\bMigration\b|Sequel\.migration|\bMigration\[\d")
_DOWN = frozenset(("down", "revert"))
_UP = frozenset(("up", "change", "up_only"))


class RubyHost(TreeHost):
    module = "tree_sitter_ruby"
    contents = frozenset(("string_content", "heredoc_content"))
    strings = frozenset(("string",))
    interpolations = frozenset(("interpolation",))
    names = frozenset(("identifier", "constant"))
    numbers = frozenset(("integer", "float"))
    additions = frozenset(("binary",))
    blocks = frozenset(
        ("method", "singleton_method", "block", "do_block", "class", "then", "else", "while")
    )
    choices = frozenset(("if", "elsif", "unless", "if_modifier", "unless_modifier", "conditional"))
    switches = frozenset(("case",))
    cases = frozenset(("when", "else"))
    executes = frozenset(("execute", "exec_query", "exec_update", "run"))
    unchanged = frozenset(
        ("squish", "strip", "chomp", "freeze", "strip_heredoc", "html_safe", "rstrip", "to_s")
    )

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self._is_sequel = "Sequel" in text.string
        self._bodies = self._heredocs()

    def call(self, node: Node) -> Call | None:
        if node.type != "call":
            return None
        method = node.child_by_field_name("method")
        arguments = node.child_by_field_name("arguments")
        return Call(
            node,
            self.source.code(method) if method else "",
            node.child_by_field_name("receiver"),
            tuple(arguments.named_children) if arguments else (),
        )

    def assigned(self, node: Node) -> Assignment | None:
        if node.type not in ("assignment", "operator_assignment"):
            return None
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return None
        return Assignment(self.source.code(left), right, node.type == "operator_assignment")

    def direction(self, node: Node, current: Direction) -> Direction | None:
        name = None
        if node.type in ("method", "singleton_method"):
            name = node.child_by_field_name("name")
        elif node.type == "call" and node.child_by_field_name("block"):
            name = node.child_by_field_name("method")
        word = self.source.code(name) if name else ""
        if word in _DOWN:
            return Direction.DOWN
        return Direction.UP if word in _UP and node.type != "call" else current

    def runs(self, call: Call) -> bool:
        if call.name == "run" and not self._is_sequel:
            return False
        return super().runs(call)

    def special(self, node: Node) -> Fragment | None:
        if node.type == "heredoc_beginning":
            return self._heredoc(node)
        if node.type == "chained_string":
            return join(self.string(child) for child in node.named_children)
        return None

    def _heredocs(self) -> dict[int, Node]:
        """The body of each heredoc, by the byte at which its beginning stands."""
        beginnings: list[Node] = []
        bodies: list[Node] = []
        pending = [self.source.root]
        while pending:
            node = pending.pop()
            if node.type == "heredoc_beginning":
                beginnings.append(node)
            elif node.type == "heredoc_body":
                bodies.append(node)
            pending.extend(reversed(node.children))
        return {
            beginning.start_byte: body for beginning, body in zip(beginnings, bodies, strict=False)
        }

    def _heredoc(self, beginning: Node) -> Fragment:
        body = self._bodies.get(beginning.start_byte)
        if body is None:
            return EMPTY
        content = self.string(body)
        return content.dedented() if "~" in self.source.code(beginning) else content


def ruby_migration(text: Text) -> HostMigration:
    if not _RAILS.search(text.string):
        return HostMigration(text, is_migration=False)
    return RubyHost(text).read()
