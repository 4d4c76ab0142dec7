# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL in Ecto migrations.

https://hexdocs.pm/ecto_sql/Ecto.Migration.html#execute/1
"""

from __future__ import annotations

from tree_sitter import Node

from connguard.engine.text import Text
from connguard.migrations.fragment import Fragment
from connguard.migrations.host import HostMigration
from connguard.migrations.tree_host import Assignment, Call, TreeHost
from connguard.sql_rules.script import Direction


class ElixirHost(TreeHost):
    module = "tree_sitter_elixir"
    contents = frozenset(("quoted_content",))
    strings = frozenset(("string", "sigil"))
    interpolations = frozenset(("interpolation",))
    names = frozenset(("identifier", "unary_operator"))
    numbers = frozenset(("integer", "float"))
    additions = frozenset(("binary_operator",))
    blocks = frozenset(("do_block", "anonymous_function", "stab_clause"))
    executes = frozenset(("execute", "query", "query!"))

    def call(self, node: Node) -> Call | None:
        if node.type != "call":
            return None
        target = node.child_by_field_name("target")
        arguments = next((child for child in node.children if child.type == "arguments"), None)
        if target is None or arguments is None:
            return None
        right = target.child_by_field_name("right")
        left = target.child_by_field_name("left")
        name = self.source.code(right or target)
        return Call(node, name, left, tuple(arguments.named_children))

    def assigned(self, node: Node) -> Assignment | None:
        """`name = value`, and module attributes: `@name value`."""
        if node.type == "binary_operator" and self.source.code(node.children[1]) == "=":
            return Assignment(self.source.code(node.children[0]), node.children[2])
        if node.type == "unary_operator" and self.source.code(node).startswith("@"):
            call = self.call(node.children[-1])
            if call and len(call.arguments) == 1:
                return Assignment(f"@{call.name}", call.arguments[0])
        return None

    def direction(self, node: Node, current: Direction) -> Direction | None:
        call = self.call(node)
        if call is None or call.name not in ("def", "defp") or not call.arguments:
            return current
        head = call.arguments[0]
        inner = self.call(head)
        name = inner.name if inner else self.source.code(head)
        return {"up": Direction.UP, "change": Direction.UP, "down": Direction.DOWN}.get(
            name, current
        )

    def take(self, call: Call, direction: Direction) -> None:
        if call.name == "execute" and call.receiver is None and len(call.arguments) == 2:
            place = self.source.range(call.node)
            self.host.call(*place)
            self.add(call.arguments[0], direction, place)
            self.add(call.arguments[1], Direction.DOWN, place)
        else:
            super().take(call, direction)

    def sql_argument(self, call: Call) -> Node | None:
        # Ecto.Adapters.SQL.query!(repo, sql) has the repository first.
        if call.name != "execute" and call.receiver is not None:
            first = call.arguments[0]
            is_text = first.type in self.strings or len(call.arguments) < 2
            return first if is_text else call.arguments[1]
        return call.arguments[0]

    def is_harmless(self, node: Node) -> bool:
        return node.type == "anonymous_function" or (
            node.type == "unary_operator" and self.source.code(node).startswith("&")
        )

    def special(self, node: Node) -> Fragment | None:
        if node.type == "binary_operator" and self.source.code(node.children[1]) == "|>":
            return self.value(node.children[0])
        return None


def elixir_migration(text: Text) -> HostMigration:
    if "Migration" not in text.string or "execute" not in text.string:
        is_migration = "Ecto.Migration" in text.string
        return HostMigration(text, is_migration=is_migration)
    return ElixirHost(text).read()
