# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools of JavaScript and TypeScript: pg, postgres, Sequelize, Knex and TypeORM."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from tree_sitter import Node

from connguard.budget import dsn
from connguard.budget.code_pool import Made, count, foreign, unread
from connguard.budget.pools_text import SEQUELIZE_DEFAULT
from connguard.engine.text import Text
from connguard.migrations.tree_host import Source
from connguard.policies.model.amount import Amount, exactly
from connguard.policies.model.origin import Origin

_PG = {"pg", "pg-pool", "@neondatabase/serverless"}
_TYPEORM = {"typeorm", "@nestjs/typeorm"}
_KNEX_CLIENTS = ("pg", "postgres", "postgresql", "pgnative", "pg-native")
_PG_DEFAULT = 10
_WRAPPERS = (
    "as_expression",
    "satisfies_expression",
    "parenthesized_expression",
    "non_null_expression",
)
_MAX_DEPTH = 20


def read(text: Text) -> list[Made]:
    """The pools that a module makes."""
    plain = text.path.endswith((".ts", ".mts", ".cts"))
    source = Source(
        text, "tree_sitter_typescript", "language_typescript" if plain else "language_tsx"
    )
    return _Module(source).pools()


class _Module:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._nodes = list(_all_nodes(source.root))
        self._modules = self._imported()
        self._constants = self._assigned()

    def pools(self) -> list[Made]:
        found = []
        for node in self._nodes:
            if node.type in ("new_expression", "call_expression"):
                made = self._made(node)
                if made is not None:
                    found.append(made)
        path = PurePath(self._source.text.path)
        if path.stem == "knexfile":
            found.extend(self._knexfile())
        if path.stem in ("config", "database") and path.parent.name == "config":
            found.extend(self._sequelize_file())
        return found

    def _made(self, node: Node) -> Made | None:
        called = node.child_by_field_name("constructor") or node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if called is None or arguments is None or arguments.type != "arguments":
            return None
        name = self._source.code(called.child_by_field_name("property") or called)
        given = [self._resolved(one) for one in arguments.named_children if one.type != "comment"]
        new = node.type == "new_expression"
        if new and name == "Pool" and self._modules & _PG:
            return self._pg(called, given)
        if not new and name == "postgres" and "postgres" in self._modules:
            return self._postgres(called, given)
        if new and name == "Sequelize":
            return self._sequelize(called, given)
        if name.lower() == "knex" and "knex" in self._modules:
            return self._knex(called, given[0] if given else None)
        typeorm = (new and name == "DataSource") or name in ("forRoot", "createConnection")
        if typeorm and self._modules & _TYPEORM:
            return self._typeorm(called, given[0] if given else None)
        return None

    def _pg(self, called: Node, given: list[Node]) -> Made | None:
        place = self._origin(called)
        options = given[0] if given else None
        target = self._target(options, "connectionString", "user")
        size = self._size("pg", options, ("max",), _PG_DEFAULT, place)
        return Made("pg", place, size, target)

    def _postgres(self, called: Node, given: list[Node]) -> Made | None:
        place = self._origin(called)
        address = self._string(given[0]) if given else None
        options = next((one for one in given if one.type == "object"), None)
        if options is None and len(given) > 1:
            options = given[1]
        size = self._size("postgres.js", options, ("max",), _PG_DEFAULT, place)
        target = dsn.parse(address) if address else None
        return Made("postgres.js", place, size, target or self._target(options, "", "username"))

    def _sequelize(self, called: Node, given: list[Node]) -> Made | None:
        place = self._origin(called)
        options = next((one for one in reversed(given) if one.type == "object"), None)
        if options is None and len(given) > 1:
            options = given[-1]
        address = self._string(given[0]) if given else None
        dialect = self._string(self._get(options, "dialect"))
        if (dialect and dialect != "postgres") or (address and foreign(address)):
            return None
        target = dsn.parse(address) if address else self._target(options, "", "username")
        size = self._size("Sequelize", options, ("pool", "max"), SEQUELIZE_DEFAULT, place)
        # `new Sequelize(config.database, …, config)`: a configuration file has the numbers.
        elsewhere = options is not None and options.type != "object"
        return Made("Sequelize", place, size, target, implied=elsewhere)

    def _sequelize_file(self) -> Iterator[Made]:
        """The environment `production` of Sequelize's configuration file."""
        for node in self._nodes:
            key = node.child_by_field_name("key") if node.type == "pair" else None
            if key is None or self._key(key) != "production":
                continue
            value = node.child_by_field_name("value")
            options = self._resolved(value) if value is not None else None
            if self._string(self._get(options, "dialect")) != "postgres":
                continue
            place = self._origin(key)
            size = self._size("Sequelize", options, ("pool", "max"), SEQUELIZE_DEFAULT, place)
            yield Made("Sequelize", place, size, self._target(options, "", "username"))

    def _knex(self, called: Node, options: Node | None) -> Made | None:
        if options is None:
            return None
        client = self._string(self._get(options, "client"))
        if client not in _KNEX_CLIENTS:
            return None
        place = self._origin(called)
        return self._knex_options(options, place)

    def _knex_options(self, options: Node, place: Origin) -> Made:
        connection = self._get(options, "connection")
        address = self._string(connection)
        target = (
            dsn.parse(address) if address else self._target(connection, "connectionString", "user")
        )
        size = self._size("Knex", options, ("pool", "max"), _PG_DEFAULT, place)
        return Made("Knex", place, size, target)

    def _knexfile(self) -> Iterator[Made]:
        """The environment `production`; or the only configuration of the file."""
        found: list[tuple[str, Node]] = []
        for node in self._nodes:
            if node.type == "object" and self._string(self._get(node, "client")) in _KNEX_CLIENTS:
                key = node.parent.child_by_field_name("key") if node.parent else None
                found.append((self._key(key) if key is not None else "", node))
        chosen = [one for one in found if one[0] == "production"] or (
            found if len(found) == 1 else []
        )
        for _, node in chosen:
            yield self._knex_options(node, self._origin(self._get(node, "client") or node))

    def _typeorm(self, called: Node, options: Node | None) -> Made | None:
        kind = self._string(self._get(options, "type"))
        if kind not in ("postgres", "aurora-postgres"):
            return None
        place = self._origin(called)
        target = self._target(options, "url", "username")
        if self._get(options, "poolSize") is not None:
            size = self._size("TypeORM", options, ("poolSize",), _PG_DEFAULT, place)
        else:
            size = self._size("TypeORM", options, ("extra", "max"), _PG_DEFAULT, place)
        return Made("TypeORM", place, size, target)

    def _size(
        self,
        library: str,
        options: Node | None,
        path: tuple[str, ...],
        default: int,
        place: Origin,
    ) -> Amount:
        """The number at a path of the options; the default if nothing can set it."""
        node = options
        for key in path:
            if node is None:
                break
            if node.type != "object":
                return unread(library, self._source.code(node), self._origin(node))
            value = self._get(node, key)
            spread = next(
                (one for one in node.named_children if one.type == "spread_element"), None
            )
            if value is None and spread is not None:
                return unread(library, self._source.code(spread), self._origin(spread))
            node = value
        label = ".".join(path)
        if node is None:
            return exactly(default, f"{label} (default of {library})", place)
        code = self._source.code(node)
        number = count(code)
        if number is not None:
            return exactly(number, label, self._origin(node))
        return unread(library, code, self._origin(node))

    def _target(self, options: Node | None, url: str, user: str) -> dsn.Target | None:
        address = self._string(self._get(options, url)) if url else None
        if address:
            return dsn.parse(address)
        host = self._string(self._get(options, "host"))
        if host is None:
            return None
        database = self._string(self._get(options, "database"))
        return dsn.Target(host, None, database, self._string(self._get(options, user)))

    def _get(self, node: Node | None, key: str) -> Node | None:
        if node is None or node.type != "object":
            return None
        for child in node.named_children:
            if child.type == "pair":
                name, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                if name is not None and value is not None and self._key(name) == key:
                    return self._resolved(value)
            elif child.type == "shorthand_property_identifier" and self._source.code(child) == key:
                return self._resolved(child)
        return None

    def _key(self, node: Node) -> str:
        return self._source.code(node).strip("\"'`")

    def _string(self, node: Node | None) -> str | None:
        if node is None or node.type not in ("string", "template_string"):
            return None
        return "".join(
            "${value}" if child.type == "template_substitution" else self._source.code(child)
            for child in node.named_children
        )

    def _resolved(self, node: Node) -> Node:
        for _ in range(_MAX_DEPTH):
            if node.type in _WRAPPERS and node.named_children:
                node = node.named_children[0]
            elif node.type in ("identifier", "shorthand_property_identifier"):
                value = self._constants.get(self._source.code(node))
                if value is None:
                    break
                node = value
            else:
                break
        return node

    def _imported(self) -> set[str]:
        found = set()
        for node in self._nodes:
            given: Node | None = None
            if node.type == "import_statement":
                given = node.child_by_field_name("source")
            elif node.type == "call_expression":
                function = node.child_by_field_name("function")
                arguments = node.child_by_field_name("arguments")
                required = function is not None and self._source.code(function) == "require"
                if required and arguments is not None and arguments.named_children:
                    given = arguments.named_children[0]
            name = self._string(given)
            if name:
                found.add(name)
        return found

    def _assigned(self) -> dict[str, Node]:
        """Constants that are declared once in the whole module."""
        seen: dict[str, list[Node | None]] = {}
        for node in self._nodes:
            if node.type != "variable_declarator" or node.parent is None:
                continue
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None and name.type == "identifier":
                constant = self._source.code(node.parent).startswith("const")
                seen.setdefault(self._source.code(name), []).append(value if constant else None)
        return {
            name: values[0]
            for name, values in seen.items()
            if len(values) == 1 and values[0] is not None
        }

    def _origin(self, node: Node) -> Origin:
        return self._source.text.origin(*self._source.range(node))


def _all_nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.children))
