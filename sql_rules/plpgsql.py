# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs PL/pgSQL bodies over what is known: every branch, with the variables' texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules import conditions, syntax, texts
from connguard.sql_rules.bearing import OBJECT_DDL
from connguard.sql_rules.bodies import Body
from connguard.sql_rules.declared import declared, inner_blocks, variable_fields
from connguard.sql_rules.expressions import function_calls, name_of, selected, walk
from connguard.sql_rules.frames import (
    ANY_ERROR,
    NO_ERROR,
    NOWHERE,
    Flow,
    Frame,
    joined,
    joined_values,
)
from connguard.sql_rules.placeholders import Source
from connguard.sql_rules.routines import Routines
from connguard.sql_rules.syntax import Node, NotReadable, Parsed
from connguard.sql_rules.texts import Text

MOST_ROWS = 50
ERROR_LEVEL = 21
_NOT_OTHERS = frozenset({"assert_failure", "query_canceled"})
"""Errors that WHEN OTHERS does not catch."""

_ERROR_CODES = {
    "42710": "duplicate_object",
    "42704": "undefined_object",
    "42p04": "duplicate_database",
    "3d000": "invalid_catalog_name",
    "undefined_database": "invalid_catalog_name",
}
_ASSIGNED = lazily(r"\A[^:=]*+:?=\s*+")
_FIRST_WORD = lazily(r"\w+")

_NESTING = frozenset(
    f"PLpgSQL_stmt_{each}"
    for each in (
        "block",
        "if",
        "case",
        "loop",
        "while",
        "fori",
        "fors",
        "forc",
        "dynfors",
        "foreach_a",
    )
)
_FIRST = {
    "PLpgSQL_stmt_assert": ("cond", "message"),
    "PLpgSQL_stmt_case": ("t_expr",),
    "PLpgSQL_stmt_dynexecute": ("params",),
    "PLpgSQL_stmt_dynfors": ("query", "params"),
    "PLpgSQL_stmt_exit": ("cond",),
    "PLpgSQL_stmt_fetch": ("expr",),
    "PLpgSQL_stmt_forc": ("argquery",),
    "PLpgSQL_stmt_foreach_a": ("expr",),
    "PLpgSQL_stmt_fori": ("lower", "upper", "step"),
    "PLpgSQL_stmt_open": ("argquery", "dynquery", "params"),
    "PLpgSQL_stmt_raise": ("params", "options"),
    "PLpgSQL_stmt_return_next": ("expr",),
    "PLpgSQL_stmt_return_query": ("dynquery", "params"),
}
"""The expressions that a statement evaluates first, for those that do not run them themselves."""

_SQL = frozenset(f"PLpgSQL_stmt_{each}" for each in ("execsql", "perform", "call", "dynexecute"))
"""Statements that may fail for reasons that are not followed."""

Row = list[tuple[str, Text]]
"""A row that a loop runs over: column names and texts."""


class Executor(Protocol):
    """What runs the SQL in a body."""

    routines: Routines

    def statement(self, source: Source, parsed: Parsed, frame: Frame, origin: Origin) -> Flow: ...

    def dynamic(self, text: Text, frame: Frame, origin: Origin, source: Source) -> Flow: ...

    def calls(self, node: Node, frame: Frame, origin: Origin) -> Flow: ...

    def hinted(self, text: Text, node: Node | None) -> Text: ...

    def commit(self, frame: Frame) -> Flow: ...

    def roll_back(self, frame: Frame) -> Flow: ...

    def step(self) -> bool:
        """Count a step; false when the code has used up its share."""
        ...

    def nest(self, levels: int) -> bool:
        """Enter (1) or leave (-1) a level of nesting; false when it is too deep."""
        ...


class Code:
    """One PL/pgSQL body. `function` is its tree as `syntax.parse_body` gives it."""

    def __init__(self, executor: Executor, body: Body, function: Node) -> None:
        self._executor = executor
        self._body = body
        self._source = body.source
        self._datums: list[Node] = function.get("datums", [])
        self._action: Node = function.get("action", {}).get("PLpgSQL_stmt_block", {})
        self._parsed: dict[str, Node | None] = {}
        self._hidden: list[dict[str, Frame]] = []
        self._tries: list[_Try] = []
        self._handlers: dict[str, Callable[[Node, Frame], Flow]] = {
            "PLpgSQL_stmt_block": self._block,
            "PLpgSQL_stmt_assign": self._assign,
            "PLpgSQL_stmt_if": self._if,
            "PLpgSQL_stmt_case": self._case,
            "PLpgSQL_stmt_loop": self._endless,
            "PLpgSQL_stmt_while": self._while,
            "PLpgSQL_stmt_fori": self._fori,
            "PLpgSQL_stmt_fors": self._fors,
            "PLpgSQL_stmt_forc": self._forc,
            "PLpgSQL_stmt_dynfors": self._dynfors,
            "PLpgSQL_stmt_foreach_a": self._foreach,
            "PLpgSQL_stmt_exit": self._exit,
            "PLpgSQL_stmt_return": self._return,
            "PLpgSQL_stmt_return_query": self._return_query,
            "PLpgSQL_stmt_open": self._open,
            "PLpgSQL_stmt_raise": self._raise,
            "PLpgSQL_stmt_assert": self._assert,
            "PLpgSQL_stmt_commit": self._commit,
            "PLpgSQL_stmt_rollback": self._roll_back,
            "PLpgSQL_stmt_execsql": self._sql,
            "PLpgSQL_stmt_perform": self._perform,
            "PLpgSQL_stmt_call": self._call,
            "PLpgSQL_stmt_dynexecute": self._execute,
        }

    def run(self, frame: Frame) -> Flow:
        for datum in self._datums:
            name = _variable(datum)
            if name and name not in frame.variables:
                frame.assign(name, texts.hole(name))
        return self._block(self._action, frame)

    def _statements(self, statements: list[Node], frame: Frame) -> Flow:
        flow = Flow(frame)
        nested = self._executor.nest(1)
        for statement in statements if nested else ():
            if flow.normal is None:
                break
            flow = flow.then(self._statement(statement, flow.normal))
        self._executor.nest(-1)
        return flow

    def _statement(self, statement: Node, frame: Frame) -> Flow:
        ((kind, node),) = statement.items()
        if not self._executor.step():
            return Flow(frame)
        before = frame.values() if self._tries and kind not in _NESTING else None
        flow = self._evaluated(_FIRST.get(kind, ()), node, frame)
        if flow.normal is not None:
            flow = flow.then(self._handlers.get(kind, self._other)(node, flow.normal))
        if before is not None and (flow.raises or kind in _SQL):
            self._may_fail(before)
        return flow

    def _evaluated(self, fields: tuple[str, ...], node: Node, frame: Frame) -> Flow:
        """Run the routines that these expressions of a statement call."""
        flow = Flow(frame)
        for query in (query for each in fields for query in _queries(node.get(each))):
            if flow.normal is not None:
                flow = flow.then(self._calls(query, flow.normal, node))
        return flow

    def _may_fail(self, before: Frame) -> None:
        """Note the variables at a statement that may end the innermost block with handlers."""
        innermost = self._tries[-1]
        for hidden in reversed(self._hidden[innermost.depth :]):
            _restore(before, hidden)
        innermost.add(before)

    def _other(self, node: Node, frame: Frame) -> Flow:
        """A statement that is not followed: what it assigns to is unknown."""
        self._forget(node.get("target", {}), frame)
        for each in node.get("diag_items", []):
            self._forget_number(each.get("PLpgSQL_diag_item", {}).get("target", 0), frame)
        return Flow(frame)

    # Blocks

    def _block(self, node: Node, frame: Frame) -> Flow:
        hidden: dict[str, Frame] = {}
        declaring = self._declare(node, frame, hidden)
        if declaring.normal is None:
            return declaring
        frame = declaring.normal
        handlers = _handlers(node)
        self._hidden.append(hidden)
        if handlers:
            before = frame.copy()
            attempt = _Try(len(self._hidden))
            self._tries.append(attempt)
            flow = self._statements(node.get("body", []), frame)
            self._tries.pop()
            flow = self._handled(flow, attempt.start(before), handlers)
        else:
            attempt = None
            flow = self._statements(node.get("body", []), frame)
        self._hidden.pop()
        if attempt is not None and attempt.values is not None and self._tries and flow.raises:
            _restore(attempt.values, hidden)
            self._may_fail(attempt.values)
        return declaring.then(_uncovered(flow, hidden))

    def _declare(self, node: Node, frame: Frame, hidden: dict[str, Frame]) -> Flow:
        """Give the block's variables their first values; note those that they hide."""
        flow = Flow(frame)
        for datum in self._declared_in(node):
            fields = variable_fields(datum)
            name = _variable(datum)
            called = self._evaluated(("default_val",), {**node, **fields}, frame)
            flow = flow.then(called)
            if called.normal is None:
                return flow
            hidden.setdefault(name, frame.kept(name))
            frame.forget(name)
            if "default_val" in fields and not self._shares_line(node):
                self._give(name, self._expression(_query(fields["default_val"])), frame)
        return flow

    def _give(self, name: str, expression: Node | None, frame: Frame) -> None:
        value, test = self._value(expression, frame)
        frame.assign(name, value, test, self._elements(expression, frame))

    def _declared_in(self, node: Node) -> list[Node]:
        if self._declared is not None:
            return self._declared.get(id(node), [])
        line = node.get("lineno", 0)
        first_line = 0 if node is self._action else self._outer_line(line) + 1
        return [
            datum
            for datum in self._datums
            if _variable(datum) and first_line <= variable_fields(datum).get("lineno", -1) <= line
        ]

    def _shares_line(self, node: Node) -> bool:
        """Whether it cannot be told which of the blocks of a line declares a variable."""
        line = node.get("lineno", 0)
        return self._declared is None and self._block_lines.count(line) > 1

    @cached_property
    def _declared(self) -> dict[int, list[Node]] | None:
        return declared(self._body.raw, self._action, self._datums)

    def _outer_line(self, line: int) -> int:
        """The line of BEGIN of the nearest block that starts before this line."""
        return max((each for each in self._block_lines if each < line), default=0)

    @cached_property
    def _block_lines(self) -> list[int]:
        blocks = [self._action, *inner_blocks(self._action)]
        return [each.get("lineno", 0) for each in blocks]

    def _handled(self, flow: Flow, before: Frame, handlers: list[Node]) -> Flow:
        """A block with exception handlers: they run from the state before the block.

        Only the database is as it was before; the variables keep their values.
        """
        caught = replace(flow, raises=NO_ERROR)
        open_errors = flow.raises
        for handler in handlers:
            action = handler.get("action", [])
            handled = _handled_errors(handler, open_errors)
            # Statements that are not followed may fail, too; it matters where the handler acts.
            if handled or (flow.normal is not None and _mentions_objects(action)):
                caught = caught.merge(self._statements(action, before.copy()))
            open_errors = open_errors - (handled - ANY_ERROR)
            if "others" in _conditions(handler):
                open_errors = open_errors & _NOT_OTHERS
        caught.raises = caught.raises | open_errors
        return caught

    # Branches

    def _if(self, node: Node, frame: Frame) -> Flow:
        branches = [(node.get("cond"), node.get("then_body", []))]
        for each in node.get("elsif_list", []):
            elsif = each.get("PLpgSQL_if_elsif", {})
            branches.append((elsif.get("cond"), elsif.get("stmts", [])))
        return self._branches(branches, node.get("else_body", []), frame, node)

    def _case(self, node: Node, frame: Frame) -> Flow:
        branches = []
        for each in node.get("case_when_list", []):
            when = each.get("PLpgSQL_case_when", {})
            branches.append((when.get("expr"), when.get("stmts", [])))
        chosen = node.get("t_varno")
        if chosen is not None and "t_expr" in node:
            expression = self._expression(_query(node["t_expr"]))
            frame.assign(self._name(chosen), frame.expressions.text(expression))
        otherwise = node.get("else_stmts", []) if node.get("have_else") else None
        return self._branches(branches, otherwise, frame, node)

    def _branches(
        self,
        branches: list[tuple[Node | None, list[Node]]],
        otherwise: list[Node] | None,
        frame: Frame,
        node: Node,
    ) -> Flow:
        """`otherwise` None is a CASE without ELSE, which raises an error."""
        result: Flow = NOWHERE
        rest: Frame | None = frame
        for condition, statements in branches:
            if rest is None:
                return result
            query = _query(condition)
            called = self._calls(query, rest, node)
            if called.normal is None:
                return result.merge(called)
            yes, rest = conditions.split(self._expression(query), called.normal)
            if yes is not None:
                result = result.merge(self._statements(statements, yes))
        if rest is None:
            return result
        if otherwise is None:
            return result.merge(Flow(None, raises=frozenset({"case_not_found"})))
        return result.merge(self._statements(otherwise, rest))

    # Loops

    def _loop(self, node: Node, frame: Frame) -> Flow:
        """A loop that runs any number of times."""
        self._forget(node.get("var", {}), frame)
        flow = Flow(frame.copy())
        for _ in range(2):
            start = flow.normal
            if start is None:
                break
            self._forget(node.get("var", {}), start)
            before = start.variables.copy()
            once = self._statements(node.get("body", []), start.copy())
            flow = flow.merge(_looped(once))
            if flow.normal is not None and flow.normal.variables == before:
                break
        return flow

    def _endless(self, node: Node, frame: Frame) -> Flow:
        return self._repeated(None, node, frame)

    def _while(self, node: Node, frame: Frame) -> Flow:
        return self._repeated(self._expression(_query(node.get("cond"))), node, frame)

    def _repeated(self, condition: Node | None, node: Node, frame: Frame) -> Flow:
        """A loop that a condition or EXIT ends; `condition` None is LOOP without one.

        It is followed pass by pass where the condition can be told, and for two passes elsewhere.
        """
        flow = Flow(None)
        again: Frame | None = frame
        untold = 0
        for _ in range(MOST_ROWS):
            if again is None or untold == 2:
                break
            start: Frame | None = again
            if condition is not None or "cond" in node:
                called = self._evaluated(("cond",), node, again)
                flow = flow.merge(Flow(None, raises=called.raises))
                if called.normal is None:
                    return flow
                again = called.normal
                start, ended = conditions.split(condition, again)
                flow = flow.merge(Flow(ended))
                untold += start is not None and ended is not None
            else:
                untold += flow.normal is not None
            if start is None:
                again = None
                break
            once = self._statements(node.get("body", []), start)
            flow = flow.merge(Flow(once.exits, returns=once.returns, raises=once.raises))
            again = joined(once.normal, once.continues)
        return flow.merge(Flow(again))

    def _fori(self, node: Node, frame: Frame) -> Flow:
        """A loop over numbers, with a variable of its own."""
        name = _variable(node.get("var", {}))
        bounds = [
            texts.known(frame.expressions.text(self._expression(_query(node.get(each)))))
            for each in ("lower", "upper")
        ]
        hidden = {name: frame.kept(name)}
        self._hidden.append(hidden)
        flow = self._counting(node, frame, name, bounds)
        self._hidden.pop()
        return _uncovered(flow, hidden)

    def _counting(self, node: Node, frame: Frame, name: str, bounds: list[str | None]) -> Flow:
        if all(bound is not None and bound.isdecimal() for bound in bounds) and "step" not in node:
            lower, upper = (int(bound or 0) for bound in bounds)
            if not node.get("reverse") and lower <= upper < lower + MOST_ROWS:
                rows = [[(name, texts.constant(str(each)))] for each in range(lower, upper + 1)]
                return self._each(rows, node, frame, [name], None)
        return self._loop(node, frame)

    def _foreach(self, node: Node, frame: Frame) -> Flow:
        number = node.get("varno", 0)
        name = self._name(number)
        array = self._expression(_query(node.get("expr")))
        elements = None if "slice" in node else self._elements(array, frame)
        if elements is None or len(elements) > MOST_ROWS:
            self._forget_number(number, frame)
            return self._loop(node, frame)
        return self._each([[(name, each)] for each in elements], node, frame, [name], None)

    def _fors(self, node: Node, frame: Frame) -> Flow:
        query = _query(node.get("query"))
        called = self._calls(query, frame, node)
        if called.normal is None:
            return called
        frame = called.normal
        select = self._select(query)
        names, record = self._targets(node.get("var", {}))
        rows = self._rows(select, frame)
        if rows is not None and len(rows) <= MOST_ROWS:
            return self._each(rows, node, frame, names, record)
        self._forget(node.get("var", {}), frame)
        columns = [(_column_name(each), each) for each in (select or {}).get("targetList", [])]
        values = [
            (name, frame.expressions.text(each["ResTarget"].get("val"))) for name, each in columns
        ]
        if not any(name == "*" for name, _ in values):
            _assign_row(frame, values, names, record)
        return self._loop({**node, "var": {}}, frame)

    def _each(
        self, rows: list[Row], node: Node, frame: Frame, names: list[str], record: str | None
    ) -> Flow:
        """A loop over rows that are written out."""
        flow = Flow(None)
        again: Frame | None = frame
        for row in rows:
            if again is None:
                break
            _assign_row(again, row, names, record)
            once = self._statements(node.get("body", []), again)
            flow = flow.merge(Flow(once.exits, returns=once.returns, raises=once.raises))
            again = joined(once.normal, once.continues)
        return flow.merge(Flow(again))

    def _exit(self, node: Node, frame: Frame) -> Flow:
        yes: Frame | None = frame
        no: Frame | None = None
        if "cond" in node:
            yes, no = conditions.split(self._expression(_query(node["cond"])), frame)
        return Flow(no, exits=yes) if node.get("is_exit") else Flow(no, continues=yes)

    def _forget(self, target: Node, frame: Frame) -> None:
        names, record = self._targets(target)
        for name in (*names, *([record] if record else ())):
            frame.forget(name)
        if target:
            frame.tests.pop("found", None)

    def _forget_number(self, number: int, frame: Frame) -> None:
        if 0 <= number < len(self._datums):
            datum = self._datums[number]
            if "PLpgSQL_row" in datum:
                self._forget(datum, frame)
            else:
                frame.forget(self._name(number))

    def _forget_hidden(self, name: str, frame: Frame) -> None:
        """A variable is named with the label of its block, which may be any that declares it."""
        frame.forget(name)
        for hidden in self._hidden:
            if name in hidden:
                hidden[name] = Frame(frame.state)

    def _targets(self, target: Node) -> tuple[list[str], str | None]:
        """The names of the variables, or of the record, that a query's row goes to."""
        if "PLpgSQL_rec" in target:
            return [], _variable(target)
        if "PLpgSQL_row" in target:
            fields = target["PLpgSQL_row"].get("fields", [])
            return [self._name(each.get("varno", 0)) for each in fields], None
        name = _variable(target)
        return ([name], None) if name else ([], None)

    # Ends

    def _return(self, node: Node, frame: Frame) -> Flow:
        called = self._calls(_query(node.get("expr")), frame, node)
        returns = joined(called.returns, called.normal)
        return Flow(None, returns=returns, raises=called.raises)

    def _raise(self, node: Node, frame: Frame) -> Flow:
        if node.get("elog_level", ERROR_LEVEL) >= ERROR_LEVEL:
            name = node.get("condname", "*" if node.get("options") else "raise_exception")
            return Flow(None, raises=frozenset({name}))
        return Flow(frame)

    def _assert(self, node: Node, frame: Frame) -> Flow:
        condition = self._expression(_query(node.get("cond")))
        yes, no = conditions.split(condition, frame)
        return Flow(yes, raises=NO_ERROR if no is None else frozenset({"assert_failure"}))

    def _commit(self, node: Node, frame: Frame) -> Flow:
        return self._executor.commit(frame)

    def _roll_back(self, node: Node, frame: Frame) -> Flow:
        return self._executor.roll_back(frame)

    # Statements

    def _assign(self, node: Node, frame: Frame) -> Flow:
        query = _query(node.get("expr"))
        match = _ASSIGNED.match(query)
        query = query[match.end() :] if match else query
        called = self._calls(query, frame, node)
        if called.normal is None:
            return called
        frame = called.normal
        expression = self._expression(query)
        number = node.get("varno", 0)
        name = self._name(number)
        value, test = self._value(expression, frame)
        value = self._executor.hinted(value, expression)
        elements = self._elements(expression, frame)
        target = match.group() if match else ""
        if "[" in target:
            value = texts.hole(
                name, texts.constants(texts.either(value, frame.variables.get(name, value)))
            )
            elements = None
        if "." in target and "PLpgSQL_recfield" not in self._datums[number]:
            self._forget_hidden(name, frame)
            return called
        self._forget_number(number, frame)
        frame.assign(name, value, test, elements)
        return called

    def _sql(self, node: Node, frame: Frame) -> Flow:
        query = _query(node.get("sqlstmt"))
        flow = self._run(query, node, frame)
        if flow.normal is not None and node.get("into"):
            self._into(query, node.get("target", {}), flow.normal)
        elif flow.normal is not None:
            flow.normal.tests.pop("found", None)
        return flow

    def _call(self, node: Node, frame: Frame) -> Flow:
        """CALL, which may give the variables among its arguments new values."""
        query = _query(node.get("expr"))
        flow = self._run(query, node, frame)
        if flow.normal is None:
            return flow
        for call in function_calls(self._call_tree(query)):
            if self._executor.routines.gives_back(call):
                for argument in call.get("args", []):
                    argument = argument.get("NamedArgExpr", {}).get("arg", argument)
                    if "ColumnRef" in argument:
                        flow.normal.forget(name_of(argument).lower())
        return flow

    def _call_tree(self, query: str) -> list[Node]:
        try:
            return [each.node.get("funccall", {}) for each in syntax.parse_code(query)]
        except NotReadable:
            return []

    def _perform(self, node: Node, frame: Frame) -> Flow:
        query = _query(node.get("expr"))
        flow = self._run(query, node, frame)
        if flow.normal is not None:
            self._found(query, flow.normal)
        return flow

    def _run(self, query: str, node: Node, frame: Frame) -> Flow:
        if not self._executor.routines.matters(query):
            return Flow(frame)
        origin = self._place(node, query)
        source = Source(
            query, lambda _first, _last: origin, self._source.blanks, self._source.computed
        )
        flow = Flow(frame)
        try:
            statements = syntax.parse_code(query)
        except NotReadable:
            return flow
        for parsed in statements:
            if flow.normal is not None:
                flow = flow.then(self._executor.statement(source, parsed, flow.normal, origin))
        return flow

    def _execute(self, node: Node, frame: Frame) -> Flow:
        called = self._calls(_query(node.get("query")), frame, node)
        if called.normal is None:
            return called
        flow = called.then(self._dynamic(node, "query", called.normal))
        if flow.normal is not None and node.get("into"):
            self._forget(node.get("target", {}), flow.normal)
        return flow

    def _dynamic(self, node: Node, field: str, frame: Frame) -> Flow:
        """Run the text that an expression gives, with the parameters of USING."""
        hidden = {}
        for index, each in enumerate(node.get("params", []), start=1):
            name = f"${index}"
            hidden[name] = frame.kept(name)
            frame.assign(name, frame.expressions.text(self._expression(_query(each))))
        expression = self._expression(_query(node.get(field)))
        text = self._executor.hinted(frame.expressions.text(expression), expression)
        origin = self._place(node, "EXECUTE")
        return _uncovered(self._executor.dynamic(text, frame, origin, self._source), hidden)

    def _rows_of_text(self, node: Node, field: str, frame: Frame) -> Flow:
        """Run a text that is a query, where anything of it is known."""
        text = frame.expressions.text(self._expression(_query(node.get(field))))
        is_known = any(isinstance(part, str) for version in text for part in version)
        return self._dynamic(node, field, frame) if is_known else Flow(frame)

    def _return_query(self, node: Node, frame: Frame) -> Flow:
        if "dynquery" in node:
            return self._rows_of_text(node, "dynquery", frame)
        return self._run(_query(node.get("query")), node, frame)

    def _open(self, node: Node, frame: Frame) -> Flow:
        """OPEN: the query runs as its rows are fetched, which is taken to happen."""
        if "dynquery" in node:
            return self._rows_of_text(node, "dynquery", frame)
        query = _query(node.get("query")) or self._cursor_query(node)
        return self._run(query, node, frame)

    def _cursor_query(self, node: Node) -> str:
        number = node.get("curvar", 0)
        datum = self._datums[number] if 0 <= number < len(self._datums) else {}
        return _query(variable_fields(datum).get("cursor_explicit_expr"))

    def _forc(self, node: Node, frame: Frame) -> Flow:
        flow = self._run(self._cursor_query(node), node, frame)
        return flow if flow.normal is None else flow.then(self._loop(node, flow.normal))

    def _dynfors(self, node: Node, frame: Frame) -> Flow:
        flow = self._rows_of_text(node, "query", frame)
        return flow if flow.normal is None else flow.then(self._loop(node, flow.normal))

    def _into(self, query: str, target: Node, frame: Frame) -> None:
        names, record = self._targets(target)
        self._forget(target, frame)
        select = self._select(query)
        if select is None:
            return
        row = [
            (_column_name(each), frame.expressions.text(each["ResTarget"].get("val")))
            for each in select.get("targetList", [])
        ]
        if not any(name == "*" for name, _ in row):
            _assign_row(frame, row, names, record)
        if len(names) == 1 and len(row) == 1:
            sources = select.get("fromClause")
            link = {"SubLink": {"subLinkType": "EXPR_SUBLINK", "subselect": {"SelectStmt": select}}}
            test = link if sources else selected(select)[0]
            if conditions.is_test(test):
                frame.tests[names[0]] = test
        self._found(query, frame)

    def _found(self, query: str, frame: Frame) -> None:
        """Set FOUND: whether the query gave a row."""
        select = self._select(query)
        if select is None or not select.get("fromClause"):
            frame.tests.pop("found", None)
            return
        subselect = {"SelectStmt": select}
        frame.tests["found"] = {
            "SubLink": {"subLinkType": "EXISTS_SUBLINK", "subselect": subselect}
        }

    # Expressions

    def _value(self, expression: Node | None, frame: Frame) -> tuple[Text, Node | None]:
        value = frame.expressions.text(expression)
        if texts.known(value) is not None or not conditions.is_test(expression):
            return value, None
        return value, expression

    def _expression(self, query: str) -> Node | None:
        """The tree of an expression; None when it does not parse."""
        if query not in self._parsed:
            columns = selected(self._select(f"SELECT {query}") or {}) if query else []
            self._parsed[query] = columns[0] if len(columns) == 1 else None
        return self._parsed[query]

    def _select(self, query: str) -> Node | None:
        try:
            statements = syntax.parse_code(query)
        except NotReadable:
            return None
        if len(statements) == 1 and statements[0].kind == "SelectStmt":
            return statements[0].node
        return None

    def _calls(self, query: str, frame: Frame, node: Node) -> Flow:
        """Run the routines that an expression or query calls."""
        if not query or not self._executor.routines.mentioned(query):
            return Flow(frame)
        select = self._select(query) or self._select(f"SELECT {query}")
        if select is None:
            return Flow(frame)
        return self._executor.calls(select, frame, self._place(node, ""))

    def _rows(self, select: Node | None, frame: Frame) -> list[Row] | None:
        """The rows of a query that writes them out: VALUES, unnest(ARRAY[…]); else None."""
        if select is None or select.get("whereClause"):
            return None
        if "valuesLists" in select:
            return self._values(select, frame, [])
        sources = select.get("fromClause", [])
        columns = select.get("targetList", [])
        if not sources and len(columns) == 1:
            elements = self._unnested(columns[0]["ResTarget"].get("val", {}), frame)
            name = _column_name(columns[0])
            return None if elements is None else [[(name, each)] for each in elements]
        if len(sources) != 1:
            return None
        rows = self._source_rows(sources[0], frame)
        return rows if rows is None else [self._projected(row, columns, frame) for row in rows]

    def _source_rows(self, source: Node, frame: Frame) -> list[Row] | None:
        if "RangeSubselect" in source:
            fields = source["RangeSubselect"]
            inner = fields.get("subquery", {}).get("SelectStmt", {})
            names = _strings(fields.get("alias", {}).get("colnames", []))
            return self._values(inner, frame, names) if "valuesLists" in inner else None
        if "RangeFunction" in source:
            fields = source["RangeFunction"]
            calls = [each for each in walk(fields.get("functions", [])) if "funcname" in each]
            if not calls:
                return None
            elements = self._unnested({"FuncCall": calls[0]}, frame)
            alias = fields.get("alias", {})
            names = [*_strings(alias.get("colnames", [])), alias.get("aliasname", "unnest")]
            return None if elements is None else [[(names[0], each)] for each in elements]
        return None

    def _projected(self, row: Row, columns: list[Node], frame: Frame) -> Row:
        inner = frame.copy()
        for name, value in row:
            inner.variables[name] = value
        result: Row = []
        for column in columns:
            name = _column_name(column)
            value = column["ResTarget"].get("val", {})
            fields = value.get("ColumnRef", {}).get("fields", [])
            if fields and "A_Star" in fields[-1]:
                result.extend(row)
                continue
            label = name_of(value).rpartition(".")[2].lower()
            found = dict(row).get(label) if "ColumnRef" in value else None
            result.append((name, found or inner.expressions.text(value)))
        return result

    def _values(self, select: Node, frame: Frame, names: list[str]) -> list[Row]:
        rows = []
        for each in select["valuesLists"]:
            items = each.get("List", {}).get("items", [])
            labels = [*names, *(f"column{index + 1}" for index in range(len(names), len(items)))]
            values = [frame.expressions.text(item) for item in items]
            rows.append(list(zip(labels, values, strict=False)))
        return rows

    def _unnested(self, node: Node, frame: Frame) -> list[Text] | None:
        call = node.get("FuncCall", {})
        names = _strings(call.get("funcname", []))
        arguments = call.get("args", [])
        if names[-1:] in (["unnest"], ["regexp_split_to_table"]) and arguments:
            return self._elements(arguments[0], frame)
        return None

    def _elements(self, array: Node | None, frame: Frame) -> list[Text] | None:
        """The elements of an array that is written out, or of a variable that holds one."""
        if array and "ColumnRef" in array:
            known = frame.lists.get(name_of(array).lower())
            if known is not None:
                return known
        return frame.expressions.list(array)

    def _name(self, number: int) -> str:
        if not 0 <= number < len(self._datums):
            return ""
        datum = self._datums[number]
        field = datum.get("PLpgSQL_recfield")
        if field:
            parent = self._name(field.get("recparentno", 0))
            return f"{parent}.{field.get('fieldname', '')}".lower()
        return _variable(datum)

    def _place(self, node: Node, query: str) -> Origin:
        word = _FIRST_WORD.search(query)
        return self._body.place(node.get("lineno", 1), word.group() if word else "")


@dataclass(slots=True)
class _Try:
    """A block with handlers: the variables that they may find. `depth` counts the blocks up to it,
    whose variables they see."""

    depth: int
    values: Frame | None = None

    def add(self, values: Frame) -> None:
        self.values = values if self.values is None else joined_values(self.values, values)

    def start(self, before: Frame) -> Frame:
        """The frame from which the handlers run; `before` is that before the block."""
        if self.values is None:
            return before
        values = self.values.values()
        values.tests = {
            name: test for name, test in before.tests.items() if values.tests.get(name) is test
        }
        values.state = before.state
        return values


def _restore(frame: Frame, hidden: dict[str, Frame]) -> None:
    for name, kept in hidden.items():
        frame.restore(name, kept)


def _uncovered(flow: Flow, hidden: dict[str, Frame]) -> Flow:
    """The end of a block, behind which the variables that it hid are seen again."""
    for end in (flow.normal, flow.exits, flow.continues):
        if end is not None:
            _restore(end, hidden)
    return flow


def _variable(datum: Node) -> str:
    for kind in ("PLpgSQL_var", "PLpgSQL_rec"):
        if kind in datum:
            return str(datum[kind].get("refname", "")).lower()
    return ""


def _query(expression: Any) -> str:
    if not isinstance(expression, dict):
        return ""
    return str(expression.get("PLpgSQL_expr", {}).get("query", ""))


def _queries(expressions: Any) -> list[str]:
    """The texts of an expression, or of a list of them."""
    found = (each.get("PLpgSQL_expr", {}).get("query") for each in walk(expressions))
    return [str(each) for each in found if each]


def _handlers(block: Node) -> list[Node]:
    found = block.get("exceptions", {}).get("PLpgSQL_exception_block", {}).get("exc_list", [])
    return [each.get("PLpgSQL_exception", {}) for each in found]


def _handled_errors(handler: Node, errors: frozenset[str]) -> frozenset[str]:
    names = {_ERROR_CODES.get(name, name) for name in _conditions(handler)}
    others = errors - _NOT_OTHERS if "others" in names else NO_ERROR
    return (errors & (names | ANY_ERROR)) | others


def _conditions(handler: Node) -> list[str]:
    found = handler.get("conditions", [])
    return [each.get("PLpgSQL_condition", {}).get("condname", "") for each in found]


def _mentions_objects(statements: list[Node]) -> bool:
    return any(
        OBJECT_DDL.search(each["query"])
        for each in walk(statements)
        if isinstance(each.get("query"), str)
    )


def _assign_row(frame: Frame, row: Row, names: list[str], record: str | None) -> None:
    if record:
        for name, value in row:
            frame.assign(f"{record}.{name}", value)
        return
    for variable, (_, value) in zip(names, row, strict=False):
        frame.assign(variable, value)


def _column_name(column: Node) -> str:
    fields = column.get("ResTarget", {})
    if "name" in fields:
        return str(fields["name"]).lower()
    value = fields.get("val", {})
    while "TypeCast" in value:
        value = value["TypeCast"].get("arg", {})
    if "FuncCall" in value:
        return (_strings(value["FuncCall"].get("funcname", [])) or [""])[-1]
    return name_of(value).rpartition(".")[2].lower()


def _strings(nodes: list[Node]) -> list[str]:
    return [str(each.get("String", {}).get("sval", "")).lower() for each in nodes]


def _looped(flow: Flow) -> Flow:
    """A pass through a loop's body: EXIT and CONTINUE stay within the loop."""
    normal = joined(flow.normal, joined(flow.exits, flow.continues))
    return Flow(normal, returns=flow.returns, raises=flow.raises)
