# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL in JavaScript and TypeScript migrations.

Knex, node-pg-migrate, TypeORM, Sequelize, MikroORM, db-migrate, Kysely and plain drivers: they
differ in the name of the method that takes the SQL.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from connguard.engine.text import Text
from connguard.migrations.fragment import Fragment, is_number, join, verbatim, written
from connguard.migrations.host import HostMigration
from connguard.migrations.tree_host import Assignment, Call, TreeHost
from connguard.policies.model.patterns import lazily
from connguard.sql_rules.script import Direction

_DIRECTIONS = lazily(r"\b(?:up|down)\b")
_RUNS_SQL = lazily(r"\.(?:raw|query|sql|addSql|runSql|execute\w*|unsafe|\w+Role)\b|\bsql\s*`")
_STATEMENT = lazily(
    r"(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*+\*/)*+(?:\$\{|(?:alter|analyze|begin|call|checkpoint|cluster|comment"
    r"|commit|copy|create|deallocate|delete|do|drop|end|execute|explain|grant|insert|listen|load"
    r"|lock|merge|notify|prepare|reassign|refresh|reindex|reset|revoke|rollback|savepoint|security"
    r"|select|set|show|start|truncate|update|vacuum|values|with)\b)",
    re.IGNORECASE | re.DOTALL,
)
_BINDING = lazily(r"\\\?|\?\??|::|:(?P<name>[A-Za-z_]\w*)(?P<identifier>:(?!:))?")
_TEXTS = ("text", "sql", "query")
"""The entries of an object in which drivers take the text of a statement."""
_TAGS = frozenset(("sql", "SQL", "raw"))
_BOUNDARIES = frozenset(
    ("arrow_function", "function_expression", "function_declaration", "method_definition")
)
_MAX_CALLS = 8
_QUERY_BUILDERS = frozenset(
    (
        *("select", "insert", "insertInto", "update", "updateTable", "delete", "deleteFrom"),
        *("from", "into", "where", "table", "values", "with", "createTable", "alterTable"),
        *("selectFrom", "createQueryBuilder", "createIndex", "dropTable", "dropIndex"),
    )
)
_LETS_THROUGH = frozenset(("all", "allSettled", "resolve", "push", "transaction"))
_ROLE_OPTIONS = {
    "superuser": ("SUPERUSER", "NOSUPERUSER"),
    "createdb": ("CREATEDB", "NOCREATEDB"),
    "createrole": ("CREATEROLE", "NOCREATEROLE"),
    "inherit": ("INHERIT", "NOINHERIT"),
    "login": ("LOGIN", "NOLOGIN"),
    "replication": ("REPLICATION", "NOREPLICATION"),
}


class JavaScriptHost(TreeHost):
    """TypeScript's grammar with JSX reads JavaScript, too."""

    module = "tree_sitter_typescript"
    grammar = "language_tsx"
    contents = frozenset(("string_fragment",))
    strings = frozenset(("string", "template_string"))
    interpolations = frozenset(("template_substitution",))
    numbers = frozenset(("number",))
    blocks = frozenset(("statement_block", "arrow_function"))
    switches = frozenset(("switch_body",))
    cases = frozenset(("switch_case", "switch_default"))
    additions = frozenset(("binary_expression",))
    executes = frozenset(
        (
            *("raw", "query", "sql", "addSql", "runSql", "execute", "executeSql"),
            *("unsafe", "$executeRawUnsafe", "$executeRaw", "$queryRawUnsafe", "executeQuery"),
        )
    )
    unchanged = frozenset(("trim", "trimStart", "trimEnd", "toString", "compile"))

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.has_directions = False
        self._functions: dict[str, Node] = {}
        pending = [self.source.root]
        while pending:
            node = pending.pop()
            pending.extend(node.named_children)
            named, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if node.type == "function_declaration" and named:
                self._functions[self.source.code(named)] = node
            elif named and value and value.type in ("arrow_function", "function_expression"):
                self._functions[self.source.code(named)] = value

    def call(self, node: Node) -> Call | None:
        if node.type != "call_expression":
            return None
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return None
        receiver = function.child_by_field_name("object")
        named = function.child_by_field_name("property") or function
        given = (
            (arguments,) if arguments.type == "template_string" else tuple(arguments.named_children)
        )
        return Call(node, self.source.code(named), receiver, given)

    def assigned(self, node: Node) -> Assignment | None:
        if node.type == "variable_declarator":
            left, right = node.child_by_field_name("name"), node.child_by_field_name("value")
        elif node.type in ("assignment_expression", "augmented_assignment_expression"):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        else:
            return None
        if left is None or right is None or left.type != "identifier":
            return None
        appends = node.type == "augmented_assignment_expression"
        return Assignment(self.source.code(left), right, appends)

    def direction(self, node: Node, current: Direction) -> Direction | None:
        match node.type:
            case "function_declaration" | "method_definition" | "public_field_definition":
                named = node.child_by_field_name("name")
            case "variable_declarator":
                named = node.child_by_field_name("name")
            case "pair":
                named = node.child_by_field_name("key")
            case "assignment_expression":
                left = node.child_by_field_name("left")
                named = left.child_by_field_name("property") if left else None
            case _:
                return current
        name = self.source.code(named) if named else ""
        if name in ("up", "down"):
            self.has_directions = True
        return {"up": Direction.UP, "down": Direction.DOWN}.get(name, current)

    def take(self, call: Call, direction: Direction) -> None:
        if call.name.endswith(("Role", "Roles")) and call.receiver is not None:
            self._role(call, direction)
        else:
            super().take(call, direction)

    def runs(self, call: Call) -> bool:
        tagged = bool(call.arguments) and call.arguments[0].type == "template_string"
        if tagged and call.receiver is None:
            return call.name in _TAGS and self._stands_alone(call.node)
        if call.receiver is None or not super().runs(call):
            return False
        if call.receiver.type == "call_expression" and call.name == "execute":
            inner = self.call(call.receiver)
            if inner and inner.name in _TAGS:
                return False  # sql`…`.execute(db): the template is the statement
        return call.name != "raw" or self._stands_alone(call.node)

    def _stands_alone(self, node: Node) -> bool:
        """Whether the value of this call is not a part of another query or of a default value."""
        outer = node.parent
        while outer is not None and outer.type not in _BOUNDARIES:
            if outer.type in ("template_substitution", "pair", "variable_declarator"):
                return False
            if outer.type == "arguments" and outer.parent is not None:
                call = self.call(outer.parent)
                if call is None or call.name not in _LETS_THROUGH:
                    return False
            outer = outer.parent
        return True

    def add(self, argument: Node, direction: Direction, place: tuple[int, int]) -> None:
        fragment = self.value(argument)
        if fragment is not None and not _STATEMENT.match(fragment.text):
            return
        values = argument.next_named_sibling
        outer = argument.parent.parent if argument.parent else None
        call = self.call(outer) if outer else None
        if fragment is None or values is None or call is None or call.name != "raw":
            super().add(argument, direction, place)
        else:
            self.host.sql(self._with_bindings(fragment, values), direction)

    def _with_bindings(self, sql: Fragment, values: Node) -> Fragment:
        """Knex's `??` and `:name:` stand for identifiers, `?` and `:name` for values.

        https://knexjs.org/guide/raw.html
        """
        if values.type not in ("array", "object"):
            return sql
        by_name = self._options(values)
        listed = values.type == "array"
        in_order = iter(values.named_children if listed else ())

        def replace(match: re.Match[str], host: tuple[int, int]) -> Fragment | None:
            text = match[0]
            if text in ("::", "\\?") or listed != text.startswith("?"):
                return None
            node = next(in_order, None) if listed else by_name.get(match["name"])
            if node is None:
                return None
            value = self.known(node)
            if text == "??" or match["identifier"]:
                return written('"', *host) + value + written('"', *host)
            if is_number(value) or "${" in value.text:
                return value
            quoted = value.text.replace("'", "''")
            return written(f"'{quoted}'", *host)

        return sql.substitute(_BINDING, replace)

    def is_harmless(self, node: Node) -> bool:
        """Query builders and option objects are no text of a statement."""
        if node.type == "object":
            return self._options(node).keys().isdisjoint(_TEXTS)
        call = self.call(node)
        while call is not None:
            if call.name in _QUERY_BUILDERS:
                return True
            call = self.call(call.receiver) if call.receiver is not None else None
        return False

    def special(self, node: Node) -> Fragment | None:
        if node.type in ("as_expression", "satisfies_expression", "non_null_expression"):
            return self.value(node.named_children[0])
        if node.type == "object":  # { text: '…', values: [] }, the form that pg takes
            found = (self._entry(node, name) for name in _TEXTS)
            return next((text for text in found if text is not None), None)
        call = self.call(node)
        if call is None or not call.arguments:
            return None
        if call.receiver is None and call.name in self._functions:
            return self._returned(self._functions[call.name], call)
        if call.name in _TAGS or call.name in ("dedent", "outdent", "stripIndent"):
            return self.value(call.arguments[0])
        if call.name == "join" and call.receiver is not None and call.receiver.type == "array":
            between = self.value(call.arguments[0])
            parts: list[Fragment] = []
            for element in call.receiver.named_children:
                parts += [between] if parts and between else []
                parts.append(self.known(element))
            return join(parts)
        return None

    def _returned(self, function: Node, call: Call) -> Fragment | None:
        """What a function returns that only builds a text."""
        body = function.child_by_field_name("body")
        returned = body
        if body is not None and body.type == "statement_block":
            last = [node for node in body.named_children if node.type == "return_statement"]
            returned = (
                last[0].named_children[0] if len(last) == 1 and last[0].named_children else None
            )
        if returned is None or len(self._passed) > _MAX_CALLS:
            return None
        parameters = function.child_by_field_name("parameters")
        names = parameters.named_children if parameters else []
        passed: dict[str, Fragment] = {}
        for parameter, argument in zip(names, call.arguments, strict=False):
            pattern = parameter.child_by_field_name("pattern") or parameter
            passed[self.source.code(pattern)] = self.known(argument)
        self._passed.append(passed)
        value = self.value(returned)
        self._passed.pop()
        return value

    def _options(self, node: Node) -> dict[str, Node]:
        found = {}
        for pair in node.named_children:
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if key and value:
                found[self.source.code(key).strip("'\"")] = value
        return found

    def _entry(self, node: Node, name: str) -> Fragment | None:
        value = self._options(node).get(name)
        return self.value(value) if value else None

    def _role(self, call: Call, direction: Direction) -> None:
        """node-pg-migrate's role functions write the SQL themselves.

        https://salsita.github.io/node-pg-migrate/migrations/roles
        """
        start, end = self.source.range(call.node)
        verb = call.name.removesuffix("s").removesuffix("Role").upper()
        if verb not in ("CREATE", "ALTER", "DROP", "RENAME") or not call.arguments:
            return
        self.host.call(start, end)
        sql = [written(f"{'ALTER' if verb == 'RENAME' else verb} ROLE ", start, end)]
        sql.append(self._role_name(call.arguments[0]))
        if verb == "RENAME" and len(call.arguments) > 1:
            sql += [written(" RENAME TO ", start, end), self._role_name(call.arguments[1])]
        elif verb in ("CREATE", "ALTER") and len(call.arguments) > 1:
            options = call.arguments[1]
            if options.type != "object":
                self.host.opaque(start, end, direction)
                return
            sql += self._role_options(options, verb == "CREATE")
        self.host.sql(join(sql), direction)

    def _role_name(self, node: Node) -> Fragment:
        place = self.source.range(node)
        return written('"', *place) + self.known(node) + written('"', *place)

    def _role_options(self, node: Node, is_new: bool) -> list[Fragment]:
        options = self._options(node)
        sql: list[Fragment] = []
        for name, (yes, no) in _ROLE_OPTIONS.items():
            value = options.get(name)
            if value is not None and value.type in ("true", "false"):
                word = yes if value.type == "true" else no
                sql.append(written(f" {word}", *self.source.range(value)))
            elif value is not None:
                sql.append(verbatim(" ", self.source.range(value)[0]) + self.unknown(value))
        limit = options.get("limit")
        if limit is not None:
            place = self.source.range(limit)
            sql += [written(" CONNECTION LIMIT ", *place), self.known(limit)]
        if is_new and "inherit" not in options:
            sql.append(written(" INHERIT", *self.source.range(node)))
        return sql


class TypeScriptHost(JavaScriptHost):
    grammar = "language_typescript"


def javascript_migration(text: Text) -> HostMigration:
    string = text.string
    if not (_DIRECTIONS.search(string) and _RUNS_SQL.search(string)):
        return HostMigration(text, is_migration=False)
    is_typescript = text.path.lower().endswith(("ts",))
    host = (TypeScriptHost if is_typescript else JavaScriptHost)(text)
    migration = host.read()
    migration.is_migration = host.has_directions
    return migration
