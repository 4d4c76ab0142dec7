# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL in Go migrations: goose, gormigrate, bun, go-pg."""

from __future__ import annotations

import re

from tree_sitter import Node

from connguard.engine.text import Text
from connguard.migrations.fragment import Fragment
from connguard.migrations.host import HostMigration
from connguard.migrations.names import is_numbered
from connguard.migrations.tree_host import Assignment, Call, TreeHost
from connguard.policies.model.patterns import lazily
from connguard.sql_rules.script import Direction

_REGISTERS = lazily(
    r"\b(?:AddMigration\w*|AddNamedMigration\w*|MustRegister\w*|RegisterTx|Register"
    r"|NewGoMigration)\b"
)
_IS_MIGRATION = lazily(_REGISTERS.pattern + r"|gormigrate\.Migration")
_RUNS_SQL = lazily(r"\.(?:Must|Named)?(?:Exec|Query|Raw|NewRaw)\w*\(")
_UP_NAME = lazily(r"^up", re.IGNORECASE)
_DOWN_NAME = lazily(r"^(?:down|rollback)", re.IGNORECASE)


class GoHost(TreeHost):
    module = "tree_sitter_go"
    contents = frozenset(("interpreted_string_literal_content", "raw_string_literal_content"))
    strings = frozenset(("interpreted_string_literal", "raw_string_literal"))
    numbers = frozenset(("int_literal", "float_literal"))
    additions = frozenset(("binary_expression",))
    switches = frozenset(("expression_switch_statement", "type_switch_statement"))
    cases = frozenset(("expression_case", "type_case", "default_case"))
    executes = frozenset(
        (
            *("Exec", "ExecContext", "MustExec", "MustExecContext", "NamedExec"),
            *("Query", "QueryContext", "QueryRow", "QueryRowContext", "Raw", "NewRaw"),
        )
    )
    prints = frozenset(("Sprintf",))

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self._functions: dict[str, Direction] = {}
        self.has_directions = False
        self._literals: dict[int, Direction] = {}
        self._find_registrations(self.source.root)

    def call(self, node: Node) -> Call | None:
        if node.type != "call_expression":
            return None
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return None
        field = function.child_by_field_name("field")
        given = tuple(child for child in arguments.named_children if child.type != "comment")
        return Call(
            node,
            self.source.code(field or function),
            function.child_by_field_name("operand"),
            given,
        )

    def assigned(self, node: Node) -> Assignment | None:
        if node.type in ("const_spec", "var_spec"):
            left, right = node.child_by_field_name("name"), node.child_by_field_name("value")
        elif node.type in ("short_var_declaration", "assignment_statement"):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        else:
            return None
        if left is None or right is None:
            return None
        if right.type == "expression_list" and right.named_child_count == 1:
            right = right.named_children[0]
        operator = node.child_by_field_name("operator")
        appends = operator is not None and self.source.code(operator) == "+="
        return Assignment(self.source.code(left), right, appends)

    def direction(self, node: Node, current: Direction) -> Direction | None:
        if node.type == "func_literal":
            return self._literals.get(node.start_byte, current)
        if node.type in ("function_declaration", "method_declaration"):
            named = node.child_by_field_name("name")
            name = self.source.code(named) if named else ""
            if name in self._functions:
                return self._functions[name]
            return self._by_name(name, current)
        if node.type == "keyed_element" and node.named_child_count == 2:
            name = self.source.code(node.named_children[0])
            return {"Migrate": Direction.UP, "Up": Direction.UP}.get(
                name, Direction.DOWN if name in ("Rollback", "Down") else current
            )
        return current

    def sql_argument(self, call: Call) -> Node | None:
        arguments = [node for node in call.arguments if not self._is_context(node)]
        return arguments[0] if arguments else None

    def is_harmless(self, node: Node) -> bool:
        """Query objects, and the builders' Exec(ctx) that takes no SQL."""
        return node.type in ("unary_expression", "composite_literal", "nil")

    def special(self, node: Node) -> Fragment | None:
        call = self.call(node)
        if call and call.name in ("TrimSpace", "RebindQuery", "Rebind") and call.arguments:
            return self.value(call.arguments[0])
        return None

    def _is_context(self, node: Node) -> bool:
        code = self.source.code(node)
        return code in ("ctx", "c", "context") or code.startswith(("context.", "ctx."))

    def _by_name(self, name: str, current: Direction) -> Direction:
        if _DOWN_NAME.match(name):
            return Direction.DOWN
        if _UP_NAME.match(name):
            self.has_directions = True
            return Direction.UP
        return current

    def _find_registrations(self, root: Node) -> None:
        """The first function that is registered runs forward, the second one back."""
        pending = [root]
        while pending:
            node = pending.pop()
            pending.extend(node.named_children)
            call = self.call(node)
            if call and _REGISTERS.fullmatch(call.name):
                functions = [
                    argument
                    for argument in call.arguments
                    if argument.type in ("func_literal", "identifier", "nil")
                    and not self._is_context(argument)
                ]
                for function, way in zip(functions, Direction, strict=False):
                    if function.type == "func_literal":
                        self._literals[function.start_byte] = way
                    else:
                        self._functions[self.source.code(function)] = way
            elif node.type == "keyed_element" and node.named_child_count == 2:
                key, value = (self.source.code(child) for child in node.named_children)
                if key in ("Rollback", "Down"):
                    self._functions[value] = Direction.DOWN


def go_migration(text: Text) -> HostMigration:
    string = text.string
    name = text.path.rpartition("/")[2]
    named = is_numbered(name) or _IS_MIGRATION.search(string)
    if name.endswith("_test.go") or not (named and _RUNS_SQL.search(string)):
        return HostMigration(text, is_migration=False)
    host = GoHost(text)
    migration = host.read()
    migration.is_migration = bool(_IS_MIGRATION.search(string)) or host.has_directions
    return migration
