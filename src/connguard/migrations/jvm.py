# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL in Flyway's Java and Kotlin migrations."""

from __future__ import annotations

from tree_sitter import Node

from connguard.engine.text import Text
from connguard.engine.tree_parsing import TooManyErrors
from connguard.migrations.fragment import Fragment, placeholder
from connguard.migrations.host import HostMigration
from connguard.migrations.tree_host import Assignment, Call, TreeHost
from connguard.policies.model.patterns import lazily

_IS_MIGRATION = lazily(r"\b(?:Base)?JavaMigration\b|\bJdbcMigration\b")
_DOLLAR_NAME = lazily(r"\$([A-Za-z_]\w*)")
_BRACKET = lazily(r"[>(){}\[\]]")

_MOST_ANGLES = 300
"""How many `<` may follow each other without a bracket between them.

Each may be a comparison or begin type arguments, and in one step that nothing interrupts the parser
compares all with all: 12,000 take 3 s.
"""
_EXECUTES = frozenset(
    (
        *("execute", "executeUpdate", "executeLargeUpdate", "executeQuery", "addBatch"),
        *("prepareStatement", "prepareCall", "update", "batchUpdate", "createNativeQuery"),
    )
)


class JavaHost(TreeHost):
    module = "tree_sitter_java"
    contents = frozenset(("string_fragment", "multiline_string_fragment"))
    strings = frozenset(("string_literal",))
    numbers = frozenset(("decimal_integer_literal", "decimal_floating_point_literal"))
    additions = frozenset(("binary_expression",))
    comments = frozenset(("line_comment", "block_comment"))
    blocks = frozenset(("block", "lambda_expression"))
    switches = frozenset(("switch_block",))
    cases = frozenset(("switch_block_statement_group", "switch_rule"))
    executes = _EXECUTES
    unchanged = frozenset(("trim", "strip", "stripIndent"))
    prints = frozenset(("format", "formatted"))

    def __init__(self, text: Text) -> None:
        angles = (part.count("<") for part in _BRACKET.split(text.string))
        if text.string.count("<") > _MOST_ANGLES < max(angles):
            raise TooManyErrors("type arguments that nothing closes")
        super().__init__(text)

    def call(self, node: Node) -> Call | None:
        if node.type != "method_invocation":
            return None
        name, arguments = node.child_by_field_name("name"), node.child_by_field_name("arguments")
        if name is None or arguments is None:
            return None
        return Call(
            node,
            self.source.code(name),
            node.child_by_field_name("object"),
            tuple(arguments.named_children),
        )

    def assigned(self, node: Node) -> Assignment | None:
        if node.type == "variable_declarator":
            left, right = node.child_by_field_name("name"), node.child_by_field_name("value")
        elif node.type == "assignment_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        else:
            return None
        if left is None or right is None:
            return None
        operator = node.child_by_field_name("operator")
        appends = operator is not None and self.source.code(operator) == "+="
        return Assignment(self.source.code(left), right, appends)

    def is_harmless(self, node: Node) -> bool:
        return node.type in ("lambda_expression", "null_literal")


class KotlinHost(TreeHost):
    module = "tree_sitter_kotlin"
    contents = frozenset(("string_content",))
    strings = frozenset(("string_literal", "multiline_string_literal"))
    interpolations = frozenset(("interpolation",))
    numbers = frozenset(("number_literal",))
    additions = frozenset(("binary_expression",))
    comments = frozenset(("line_comment", "block_comment"))
    blocks = frozenset(("block", "lambda_literal", "function_declaration"))
    choices = frozenset(("if_expression",))
    switches = frozenset(("when_expression",))
    cases = frozenset(("when_entry",))
    executes = _EXECUTES
    unchanged = frozenset(("trim",))
    dedents = frozenset(("trimIndent",))
    prints = frozenset(("format",))

    def call(self, node: Node) -> Call | None:
        if node.type != "call_expression" or not node.named_children:
            return None
        function, *rest = node.named_children
        arguments = next((child for child in rest if child.type == "value_arguments"), None)
        if arguments is None:
            return None
        parts = function.named_children if function.type == "navigation_expression" else []
        given = tuple(
            argument.named_children[-1]
            for argument in arguments.named_children
            if argument.named_children
        )
        name = self.source.code(parts[-1] if parts else function)
        return Call(node, name, parts[0] if parts else None, given)

    def assigned(self, node: Node) -> Assignment | None:
        if node.type == "property_declaration" and node.named_child_count >= 2:
            name = next((c for c in node.named_children if c.type == "variable_declaration"), None)
            value = node.named_children[-1]
            if name and name.named_children and value != name:
                return Assignment(self.source.code(name.named_children[0]), value)
        elif node.type == "assignment" and node.named_child_count == 2:
            appends = any(self.source.code(child) == "+=" for child in node.children)
            target, value = node.named_children
            return Assignment(self.source.code(target), value, appends)
        return None

    def branches(self, node: Node) -> list[list[Node]]:
        parts = [child for child in node.named_children if child.type not in self.comments]
        return [parts[1:2], parts[2:]]

    def string(self, node: Node, depth: int = 0) -> Fragment:
        # The grammar takes "$name" for text in some places.
        return (
            super()
            .string(node, depth)
            .substitute(_DOLLAR_NAME, lambda match, host: placeholder(match[1], *host))
        )

    def is_harmless(self, node: Node) -> bool:
        return node.type == "lambda_literal"


def jvm_migration(text: Text) -> HostMigration:
    if not _IS_MIGRATION.search(text.string):
        return HostMigration(text, is_migration=False)
    return (KotlinHost if text.path.endswith(".kt") else JavaHost)(text).read()
