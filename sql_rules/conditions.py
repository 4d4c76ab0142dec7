# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions that ask whether a role or database exists, as guards around CREATE do.

A condition splits a frame in two: what is known where it holds, and where it does not. A side that
cannot come true is None. A condition that is not understood leaves both sides open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from operator import eq, ge, gt, le, lt, ne

from connguard.policies.model.records import dataclass
from connguard.sql_rules import texts
from connguard.sql_rules.expressions import as_integer, function_name, name_of, selected
from connguard.sql_rules.frames import Frame, joined
from connguard.sql_rules.names import Name
from connguard.sql_rules.state import Existence, Kind, State
from connguard.sql_rules.syntax import Node

Sides = tuple[Frame | None, Frame | None]
"""The frame where the condition holds, and where it does not."""

DEEPEST = 60
CATALOGS = {
    "pg_roles": Kind.ROLE,
    "pg_authid": Kind.ROLE,
    "pg_user": Kind.ROLE,
    "pg_shadow": Kind.ROLE,
    "pg_group": Kind.ROLE,
    "pg_database": Kind.DATABASE,
}
_NAME_COLUMNS = frozenset({"rolname", "usename", "groname", "datname"})
_REG_FUNCTIONS = {"to_regrole": Kind.ROLE}
_COMPARE = {
    "=": eq,
    "<>": ne,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Existing:
    """A query for an object by name. `exact` is false when it has further conditions, so that no
    row does not mean no object."""

    kind: Kind
    name: str
    exact: bool


def split(node: Node | None, frame: Frame, depth: int = 0) -> Sides:
    """The frames where a condition holds and where not. The given frame is used up."""
    if not node or depth > DEEPEST:
        return frame, frame.copy()
    ((kind, fields),) = node.items() if len(node) == 1 else ((("", {}),))
    match kind:
        case "A_Const" if "boolval" in fields:
            value = fields["boolval"].get("boolval", False)
            return (frame, None) if value else (None, frame)
        case "ColumnRef":
            test = frame.tests.get(name_of(node).lower())
            if test is not None:
                return split(test, frame, depth + 1)
            value = texts.known(frame.variables.get(name_of(node).lower(), texts.hole("")))
            if value in ("true", "false"):
                return (frame, None) if value == "true" else (None, frame)
        case "TypeCast":
            return split(fields.get("arg"), frame, depth + 1)
        case "BoolExpr":
            return _connected(fields, frame, depth)
        case "BooleanTest":
            sides = split(fields.get("arg"), frame, depth + 1)
            reverse = fields.get("booltesttype", "IS_TRUE") in ("IS_FALSE", "IS_NOT_TRUE")
            return sides[::-1] if reverse else sides
        case "NullTest":
            return _null_test(fields, frame)
        case "SubLink" if fields.get("subLinkType", "EXISTS_SUBLINK") == "EXISTS_SUBLINK":
            return _by_query(fields.get("subselect", {}), frame)
        case "SubLink" if fields.get("subLinkType") == "EXPR_SUBLINK":
            return _by_value(fields.get("subselect", {}).get("SelectStmt", {}), frame, depth)
        case "SubLink" if fields.get("subLinkType") == "ANY_SUBLINK":
            return _membership(fields, frame)
        case "A_Expr":
            return _compared(fields, frame, depth)
    return frame, frame.copy()


def existence(select: Node, frame: Frame) -> Existing | None:
    """The object that a SELECT looks up by name, when it is known and the only one asked for."""
    sources = select.get("fromClause", [])
    if len(sources) != 1 or "RangeVar" not in sources[0] or select.get("groupClause"):
        return None
    kind = CATALOGS.get(sources[0]["RangeVar"].get("relname", ""))
    if kind is None:
        return None
    found = None
    exact = True
    for condition in _conjuncts(select.get("whereClause")):
        name = _equal_name(condition, frame)
        if name is None:
            exact = False
        elif found is None:
            found = name
        else:
            return None
    return Existing(kind, found, exact) if found is not None else None


def is_test(node: Node | None) -> bool:
    """Whether a value may say if an object exists, so that it is worth remembering."""
    return bool(node) and not {"A_Const", "ColumnRef", "FuncCall"} & set(node or {})


def known_to_exist(state: State, kind: Kind, name: Name, exists: bool) -> State | None:
    """The state in which an object exists, or does not; None when that cannot be."""
    wanted = Existence.PRESENT if exists else Existence.ABSENT
    possible = [
        replace(entity, existence=wanted)
        for entity in state.get(kind, name)
        if entity.existence in (wanted, Existence.MAYBE)
    ]
    if not possible:
        return None
    refined = state.copy()
    refined.put(kind, name, possible)
    return refined


def _connected(fields: Node, frame: Frame, depth: int) -> Sides:
    operands = fields.get("args", [])
    operator = fields.get("boolop", "AND_EXPR")
    if operator == "NOT_EXPR":
        yes, no = split(operands[0] if operands else None, frame, depth + 1)
        return no, yes
    conjunction = operator == "AND_EXPR"
    going: Frame | None = frame
    stopped: Frame | None = None
    for operand in operands:
        if going is None:
            break
        yes, no = split(operand, going, depth + 1)
        going, out = (yes, no) if conjunction else (no, yes)
        stopped = joined(stopped, out)
    return (going, stopped) if conjunction else (stopped, going)


def _by_query(subselect: Node, frame: Frame) -> Sides:
    found = existence(subselect.get("SelectStmt", {}), frame)
    return _sides(found, frame)


def _sides(found: Existing | None, frame: Frame) -> Sides:
    if found is None:
        return frame, frame.copy()
    name = Name(found.name, found.name)
    present = known_to_exist(frame.state, found.kind, name, True)
    absent = known_to_exist(frame.state, found.kind, name, False) if found.exact else frame.state
    other = frame.copy()
    return _with_state(frame, present), _with_state(other, absent and absent.copy())


def _with_state(frame: Frame, state: State | None) -> Frame | None:
    if state is None:
        return None
    frame.state = state
    return frame


def _by_value(select: Node, frame: Frame, depth: int) -> Sides:
    """`(SELECT EXISTS (…))`, or `(SELECT true FROM pg_roles WHERE …)`."""
    columns = selected(select)
    if len(columns) == 1 and not select.get("fromClause"):
        return split(columns[0], frame, depth + 1)
    if len(columns) == 1 and "A_Const" in columns[0]:
        return _sides(existence(select, frame), frame)
    return frame, frame.copy()


def _null_test(fields: Node, frame: Frame) -> Sides:
    argument = fields.get("arg", {})
    found = None
    if "SubLink" in argument:
        found = existence(argument["SubLink"].get("subselect", {}).get("SelectStmt", {}), frame)
    elif "FuncCall" in argument:
        kind = _REG_FUNCTIONS.get(function_name(argument["FuncCall"]))
        arguments = argument["FuncCall"].get("args", [])
        if kind and len(arguments) == 1:
            name = texts.known(frame.expressions.text(arguments[0]))
            found = Existing(kind, name, True) if name else None
    elif "ColumnRef" in argument:
        test = frame.tests.get(name_of(argument).lower(), {})
        found = existence(test.get("SubLink", {}).get("subselect", {}).get("SelectStmt", {}), frame)
    yes, no = _sides(found, frame)
    return (yes, no) if fields.get("nulltesttype") == "IS_NOT_NULL" else (no, yes)


def _membership(fields: Node, frame: Frame) -> Sides:
    """`'app' IN (SELECT rolname FROM pg_roles)`."""
    select = fields.get("subselect", {}).get("SelectStmt", {})
    sources = select.get("fromClause", [])
    columns = selected(select)
    name = texts.known(frame.expressions.text(fields.get("testexpr")))
    if name is None or len(sources) != 1 or len(columns) != 1:
        return frame, frame.copy()
    kind = CATALOGS.get(sources[0].get("RangeVar", {}).get("relname", ""))
    if kind is None or _column(columns[0]) not in _NAME_COLUMNS:
        return frame, frame.copy()
    return _sides(Existing(kind, name, not select.get("whereClause")), frame)


def _compared(fields: Node, frame: Frame, depth: int) -> Sides:
    """`(SELECT count(*) FROM pg_roles WHERE rolname = 'x') = 0`, and constants."""
    names = fields.get("name", [])
    operator = str(names[-1].get("String", {}).get("sval", "")) if names else ""
    left, right = fields.get("lexpr", {}), fields.get("rexpr", {})
    if fields.get("kind", "AEXPR_OP") != "AEXPR_OP" or not left or not right:
        return frame, frame.copy()
    if _count_query(right, frame) is not None:
        left, right, operator = right, left, _MIRRORED.get(operator, operator)
    select = _count_query(left, frame)
    value = texts.known(frame.expressions.text(right))
    if select is not None and value in ("0", "1"):
        yes, no = _sides(existence(select, frame), frame)
        if (operator, value) in ((">", "0"), ("<>", "0"), ("!=", "0"), (">=", "1"), ("=", "1")):
            return yes, no
        if (operator, value) in (("=", "0"), ("<=", "0"), ("<", "1"), ("<>", "1"), ("!=", "1")):
            return no, yes
        return joined(yes, no), joined(yes and yes.copy(), no and no.copy())
    other = texts.known(frame.expressions.text(left))
    if operator == "=" and value in ("true", "false") and other is None:
        yes, no = split(left, frame, depth + 1)
        return (yes, no) if value == "true" else (no, yes)
    compare = _COMPARE.get(operator)
    if compare is not None and value is not None and other is not None:
        first, second = as_integer(other), as_integer(value)
        if first is not None and second is not None:
            return (frame, None) if compare(first, second) else (None, frame)
        if operator in ("=", "<>", "!="):
            return (frame, None) if (value == other) == (operator == "=") else (None, frame)
    return frame, frame.copy()


def _count_query(node: Node, frame: Frame) -> Node | None:
    """The SELECT count(*) behind an operand, directly or through a variable."""
    if "ColumnRef" in node:
        node = frame.tests.get(name_of(node).lower(), {})
    link = node.get("SubLink", {})
    select: Node = link.get("subselect", {}).get("SelectStmt", {})
    columns = selected(select)
    if len(columns) != 1 or "FuncCall" not in columns[0]:
        return None
    return select if function_name(columns[0]["FuncCall"]) == "count" else None


def _conjuncts(condition: Node | None) -> Iterator[Node]:
    waiting = [condition] if condition else []
    while waiting:
        current = waiting.pop()
        expression = current.get("BoolExpr", {})
        if expression and expression.get("boolop", "AND_EXPR") == "AND_EXPR":
            waiting.extend(reversed(expression.get("args", [])))
        else:
            yield current


def _equal_name(condition: Node, frame: Frame) -> str | None:
    """The known name in `rolname = 'x'`, in either order."""
    fields = condition.get("A_Expr", {})
    names = fields.get("name", [])
    kind = fields.get("kind", "AEXPR_OP")
    if kind not in ("AEXPR_OP", "AEXPR_IN") or len(names) != 1:
        return None
    if names[0].get("String", {}).get("sval") != "=":
        return None
    left, right = fields.get("lexpr", {}), fields.get("rexpr", {})
    if kind == "AEXPR_IN":
        items = right.get("List", {}).get("items", [])
        right = items[0] if len(items) == 1 else {}
    for column, value in ((left, right), (right, left)):
        if _column(column) in _NAME_COLUMNS and value:
            return texts.known(frame.expressions.text(value))
    return None


def _column(node: Node) -> str:
    while "TypeCast" in node:
        node = node["TypeCast"].get("arg", {})
    return name_of(node).rpartition(".")[2].lower() if "ColumnRef" in node else ""
