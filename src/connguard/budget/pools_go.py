# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools of Go programs: database/sql (also under sqlx and GORM) and pgxpool."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from connguard.budget import dsn
from connguard.budget.code_pool import Made, count, unread
from connguard.engine.text import Text
from connguard.migrations.tree_host import Source
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin

_DRIVERS = ("postgres", "pgx", "pgx/v5", "cloudsql-postgres")
_POSTGRES = ("lib/pq", "jackc/pgx", "driver/postgres", "pgdriver")
_FOREIGN = ("mysql", "sqlite", "sqlserver", "mssqldb", "clickhouse", "godror")
"""Drivers, by words of their import paths. Without any the driver is imported elsewhere."""

_OPENS = ("Open", "Connect", "MustConnect", "MustOpen", "ConnectContext")
_PGX_LEAST = 4


def read(text: Text) -> list[Made]:
    """The pools that a file makes or limits."""
    return list(_File(Source(text, "tree_sitter_go", "language")).pools())


class _File:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._nodes = list(_all_nodes(source.root))
        self._imports = {
            source.code(node).strip('"`')
            for node in self._nodes
            if node.type in ("interpreted_string_literal", "raw_string_literal")
            and node.parent is not None
            and node.parent.type == "import_spec"
        }
        self._constants = self._declared()

    def pools(self) -> Iterator[Made]:
        postgres = any(word in one for one in self._imports for word in _POSTGRES)
        foreign = any(word in one for one in self._imports for word in _FOREIGN)
        pgxpool = any("pgxpool" in one for one in self._imports)
        for node in self._nodes:
            if node.type == "call_expression":
                yield from self._call(node, pgxpool, limits=postgres or not foreign)
            elif node.type == "assignment_statement" and pgxpool:
                yield from self._assignment(node)

    def _call(self, node: Node, pgxpool: bool, *, limits: bool) -> Iterator[Made]:
        function, arguments = (node.child_by_field_name(one) for one in ("function", "arguments"))
        if function is None or arguments is None or function.type != "selector_expression":
            return
        operand, field = (function.child_by_field_name(one) for one in ("operand", "field"))
        if operand is None or field is None:
            return
        home, name = self._source.code(operand), self._source.code(field)
        given = [one for one in arguments.named_children if one.type != "comment"]
        place = self._origin(function)
        if name == "SetMaxOpenConns" and len(given) == 1 and limits:
            size = self._number(given[0], "database/sql")
            if size.exact and size.low == 0:
                size = exactly(UNBOUNDED, "SetMaxOpenConns(0)", size.origin)
            yield Made("database/sql", place, size)
        elif home in ("sql", "sqlx") and name in _OPENS and len(given) >= 2:
            driver, address = self._string(given[-2]), self._string(given[-1])
            if driver in _DRIVERS:
                size = unknown_amount(
                    "pool of database/sql", "SetMaxOpenConns, which nothing calls", place, 1
                )
                target = dsn.parse(address) if address else None
                yield Made("database/sql", place, size, target, implied=True)
        elif home == "pgxpool" and pgxpool and name in ("New", "Connect", "ParseConfig"):
            address = self._string(given[-1]) if given else None
            target = dsn.parse(address) if address else None
            if target is not None and target.pool is not None:
                size = exactly(target.pool, "pool_max_conns", self._origin(given[-1]))
                yield Made("pgxpool", place, size, target)
            else:
                reason = f"pool_max_conns (pgx's default: the CPUs, at least {_PGX_LEAST})"
                size = unknown_amount("pool of pgxpool", reason, place, 1)
                yield Made("pgxpool", place, size, target, implied=True)

    def _assignment(self, node: Node) -> Iterator[Made]:
        left, right = (node.child_by_field_name(one) for one in ("left", "right"))
        if left is None or right is None or len(right.named_children) != 1:
            return
        target = left.named_children[0] if left.named_children else None
        field = target.child_by_field_name("field") if target is not None else None
        if field is not None and self._source.code(field) == "MaxConns":
            value = right.named_children[0]
            yield Made("pgxpool", self._origin(left), self._number(value, "pgxpool"))

    def _number(self, node: Node, library: str) -> Amount:
        value = self._resolved(node)
        if value.type == "call_expression":
            # int32(10) is a conversion.
            function, arguments = (
                value.child_by_field_name(one) for one in ("function", "arguments")
            )
            if (
                function is not None
                and arguments is not None
                and self._source.code(function) in ("int", "int32", "int64")
                and len(arguments.named_children) == 1
            ):
                value = self._resolved(arguments.named_children[0])
        number = count(self._source.code(value))
        if number is not None:
            return exactly(number, f"pool of {library}", self._origin(node))
        return unread(library, self._source.code(node), self._origin(node))

    def _string(self, node: Node) -> str | None:
        value = self._resolved(node)
        if value.type in ("interpreted_string_literal", "raw_string_literal"):
            return self._source.code(value)[1:-1]
        return None

    def _resolved(self, node: Node) -> Node:
        if node.type == "identifier":
            return self._constants.get(self._source.code(node), node)
        return node

    def _declared(self) -> dict[str, Node]:
        """Constants of the file (`const`) that are declared once."""
        seen: dict[str, list[Node]] = {}
        for node in self._nodes:
            if node.type == "const_spec":
                name, value = (node.child_by_field_name(one) for one in ("name", "value"))
                if name is not None and value is not None and value.named_children:
                    seen.setdefault(self._source.code(name), []).append(value.named_children[0])
        return {name: values[0] for name, values in seen.items() if len(values) == 1}

    def _origin(self, node: Node) -> Origin:
        return self._source.text.origin(*self._source.range(node))


def _all_nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.children))
