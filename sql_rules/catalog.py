# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""UPDATE, MERGE and INSERT on pg_authid and pg_database: limits written past ALTER ROLE and ALTER
DATABASE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from connguard.policies.model.facts import CatalogWrite
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.sql_rules import texts
from connguard.sql_rules.expressions import name_of, walk
from connguard.sql_rules.frames import Frame
from connguard.sql_rules.names import Name
from connguard.sql_rules.state import Entity, Existence, Kind, longer
from connguard.sql_rules.syntax import Node

COLUMNS = ("rolconnlimit", "datconnlimit")
_TABLES = {"pg_authid": (Kind.ROLE, "rolname"), "pg_database": (Kind.DATABASE, "datname")}
_FIELDS = {
    "rolconnlimit": "limit",
    "datconnlimit": "limit",
    "rolcanlogin": "login",
    "rolsuper": "superuser",
}
_TRUE = frozenset({"true", "t", "on", "yes", "1"})


def updates(node: Node) -> list[Node]:
    """The statements that write a catalog in a statement, those in WITH included; of a MERGE its
    clauses."""
    found = []
    for each in walk(node):
        relation = each.get("relation")
        if not isinstance(relation, dict) or relation.get("relname") not in _TABLES:
            continue
        if "targetList" in each or "cols" in each:
            found.append(each)
        for when in each.get("mergeWhenClauses", []):
            clause = when.get("MergeWhenClause", {})
            if "targetList" in clause:
                found.append(
                    {
                        "relation": relation,
                        "targetList": clause["targetList"],
                        "joinCondition": each.get("joinCondition"),
                        "inserts": clause.get("commandType") == "CMD_INSERT",
                    }
                )
    return found


def apply(
    update: Node, frame: Frame, origin: Origin, name: Callable[[str], Name]
) -> list[CatalogWrite]:
    """Apply what `updates` gives to the frame's state; the limits that it writes."""
    relation = update["relation"]
    if relation.get("schemaname", "pg_catalog") != "pg_catalog":
        return []
    table = relation["relname"]
    kind, name_column = _TABLES[table]
    if "cols" in update:
        return _insert(update, frame, origin, name)
    merged = update.get("joinCondition")
    changes: dict[str, Value[Any]] = {}
    writes = []
    for each in update.get("targetList", []):
        target = each.get("ResTarget", {})
        column = target.get("name", "")
        if column in COLUMNS:
            writes.append(CatalogWrite(table, column, origin))
        if column in _FIELDS and merged:
            changes[_FIELDS[column]] = Unknown(f"{column} is set by a MERGE", origin)
        elif column in _FIELDS:
            changes[_FIELDS[column]] = _value(column, target.get("val"), frame, origin)
    if changes and not update.get("inserts"):
        _write(merged or update.get("whereClause"), kind, name_column, changes, frame, origin, name)
    return writes


def _insert(
    insert: Node, frame: Frame, origin: Origin, name: Callable[[str], Name]
) -> list[CatalogWrite]:
    """An INSERT makes the roles or databases whose rows it has; of other rows nothing is known."""
    table = insert["relation"]["relname"]
    kind, name_column = _TABLES[table]
    columns = [each.get("ResTarget", {}).get("name", "") for each in insert["cols"]]
    query = insert.get("selectStmt", {}).get("SelectStmt", {})
    for each in query.get("valuesLists", []):
        row = dict(zip(columns, each.get("List", {}).get("items", []), strict=False))
        made = texts.known(frame.expressions.text(row.get(name_column)))
        if made:
            fields = {
                _FIELDS[column]: _value(column, node, frame, origin)
                for column, node in row.items()
                if column in _FIELDS
            }
            entity = Entity(kind, name(made), Existence.PRESENT, made=origin)
            frame.state.put(kind, name(made), [_changed(entity, fields, origin)])
    return [CatalogWrite(table, each, origin) for each in columns if each in COLUMNS]


def _write(
    where: Node | None,
    kind: Kind,
    column: str,
    changes: dict[str, Value[Any]],
    frame: Frame,
    origin: Origin,
    name: Callable[[str], Name],
) -> None:
    state = frame.state
    chosen = _names(where, column, frame) if where else None
    if chosen is not None:
        names = [name(each) for each in chosen]
    else:
        names = state.named(kind)
        if where:
            reason = f"the WHERE clause of an UPDATE of {kind.value}s decides it"
            changes = {each: Unknown(reason, origin) for each in changes}
    for each in names:
        entities = state.get(kind, each)
        if chosen is None:
            entities = tuple(entity for entity in entities if entity.touched or entity.made)
        if entities:
            state.put(kind, each, [_changed(entity, changes, origin) for entity in entities])


def _changed(entity: Entity, changes: dict[str, Value[Any]], origin: Origin) -> Entity:
    if entity.existence is Existence.ABSENT:
        return entity
    limit = changes.get("limit")
    message = "the catalog is written here"
    if isinstance(limit, Known):
        message = f"its limit is set to {limit.value} in the catalog here"
    return replace(
        entity,
        limit=changes.get("limit", entity.limit),
        login=changes.get("login", entity.login),
        superuser=changes.get("superuser", entity.superuser),
        touched=origin,
        history=longer(entity.history, message, origin),
    )


def _value(column: str, node: Node | None, frame: Frame, origin: Origin) -> Value[Any]:
    value = texts.known(frame.expressions.text(_signed(node)))
    if value is not None and column not in COLUMNS:
        return Known(value.lower() in _TRUE, origin)
    if value is not None and value.removeprefix("-").isdecimal() and len(value) < 12:
        return Known(int(value) if not _negated(node) else -int(value), origin)
    return Unknown(f"{column} is set to {name_of(node or {})}", origin)


def _negated(node: Node | None) -> bool:
    expression = (node or {}).get("A_Expr", {})
    return bool(expression) and "lexpr" not in expression


def _signed(node: Node | None) -> Node | None:
    """The operand of a minus sign: `-(1)` is an expression, not a constant."""
    if node and _negated(node):
        operand: Node = node["A_Expr"].get("rexpr", {})
        return operand
    return node


def _names(where: Node, column: str, frame: Frame) -> list[str] | None:
    """The names in `rolname = 'x'`, `rolname IN ('x', 'y')` or `rolname = ANY (ARRAY[…])`."""
    fields = where.get("A_Expr", {})
    operator = fields.get("name", [{}])[-1].get("String", {}).get("sval")
    left, right = fields.get("lexpr", {}), fields.get("rexpr", {})
    if operator != "=" or not left or not right:
        return None
    if name_of(left).rpartition(".")[2] != column:
        left, right = right, left
    if "ColumnRef" not in left or name_of(left).rpartition(".")[2] != column:
        return None
    expressions = frame.expressions
    match fields.get("kind", "AEXPR_OP"):
        case "AEXPR_OP":
            values = [expressions.text(right)]
        case "AEXPR_IN":
            values = [expressions.text(each) for each in right.get("List", {}).get("items", [])]
        case "AEXPR_OP_ANY":
            values = expressions.list(right) or []
        case _:
            return None
    names = [texts.known(value) for value in values]
    return [each for each in names if each is not None] if names and None not in names else None
