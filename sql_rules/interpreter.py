# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs statements over the state: plain ones, bodies of code, and SQL that code puts together."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from connguard.policies.model.facts import CatalogWrite, DynamicStatement, NotParsed, Undecided
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.sql_rules import (
    bodies,
    catalog,
    conditions,
    lexer,
    placeholders,
    syntax,
    texts,
)
from connguard.sql_rules.bearing import (
    OBJECT_DDL,
    Bearing,
    changes_objects,
    runs_elsewhere,
    runs_text,
    writes_catalog,
)
from connguard.sql_rules.changes import Changes
from connguard.sql_rules.expressions import (
    constants_in,
    function_calls,
    function_name,
    qualified_name,
    selected,
)
from connguard.sql_rules.frames import ANY_ERROR, NO_ERROR, NOWHERE, Flow, Frame, joined
from connguard.sql_rules.placeholders import Blanks, Source
from connguard.sql_rules.plpgsql import Code
from connguard.sql_rules.routines import Routine, Routines, has_outputs, parameters, type_name
from connguard.sql_rules.state import State
from connguard.sql_rules.statements import (
    AlterDatabase,
    AlterRole,
    CreateDatabase,
    CreateRole,
    DropDatabase,
    ObjectStatement,
    StoreSetting,
    object_statement,
)
from connguard.sql_rules.syntax import Node, NotReadable, Parsed
from connguard.sql_rules.texts import Hole, Template, Text
from connguard.sql_rules.unparsed import Unparsed

MOST_STEPS = 10_000
_STEPS_OF_A_STATEMENT = 200
DEEPEST_CALLS = 8
DEEPEST_CODE = 60
_ALTER_SYSTEM = lazily(r"\balter\s+system\b", re.IGNORECASE)
_DATABASE = lazily(r"\bdatabase\b", re.IGNORECASE)
_REMOTE = frozenset(
    {
        "dblink",
        "dblink_exec",
        "dblink_send_query",
        "run_command_on_all_nodes",
        "run_command_on_workers",
        "schedule",
        "schedule_in_database",
    }
)
"""Functions of dblink, Citus and pg_cron that run a text elsewhere or later."""

_QUERIES = ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")
_ALTERS = ("AlterRoleStmt", "AlterDatabaseStmt")
Fact = object


class Interpreter:
    """Runs statements one at a time. `facts` keeps what they turn out to be, each once.

    `variables` are values of psql variables and placeholders, by name.
    """

    def __init__(self, unparsed: Unparsed | None = None) -> None:
        self.facts: dict[Fact, None] = {}
        self.unparsed = unparsed or Unparsed()
        self.routines = Routines()
        self.variables: dict[str, str] = {}
        self._steps_left = MOST_STEPS
        self._level = self._deepest = 0
        self._stack: list[tuple[str, dict[str, Text]]] = []
        self.committed: State | None = None
        self._begin: State | None = None
        self._may_commit = False
        self._in_transaction = False
        self._opaque: list[tuple[Frame, Origin]] = []
        self._read: list[str] = []

    def report(self, fact: Fact) -> None:
        new = fact not in self.facts
        if new and (not isinstance(fact, NotParsed) or self.unparsed.admits(fact.origin)):
            self.facts[fact] = None

    def step(self) -> bool:
        """Count a step of code; false when a statement has used up its share.

        What it leaves unused goes to the next ones, up to a limit: a statement may take many steps,
        but not each of thousands of them.
        """
        self._steps_left -= 1
        return self._steps_left >= 0

    def nest(self, levels: int) -> bool:
        """Enter (1) or leave (-1) a level of nesting in code; false when it is too deep."""
        self._level += levels
        self._deepest = max(self._deepest, self._level)
        return self._level <= DEEPEST_CODE

    def concerns(self, bearing: Bearing, text: str) -> bool:
        """A cheap test whether a statement can matter, by its bearing and its text."""
        if bearing is Bearing.ALWAYS:
            return True
        return bearing is not Bearing.NEVER and self.routines.mentioned(text)

    def run(
        self, source: Source, parsed: Parsed, frame: Frame, origin: Origin, *, in_transaction: bool
    ) -> Flow:
        """Run a statement of a script. `committed` is then what it keeps when it is refused."""
        self._in_transaction = in_transaction
        self._may_commit = not in_transaction and parsed.kind in ("DoStmt", "CallStmt")
        self._begin = frame.state.copy() if self._may_commit else None
        self.committed = None
        return self._counted(lambda: self.statement(source, parsed, frame, origin), origin)

    def run_results(self, source: Source, parsed: Parsed, frame: Frame, origin: Origin) -> Flow:
        """Run the statements that a query gives as its result (psql's \\gexec)."""
        return self._counted(lambda: self._result_statements(source, parsed, frame, origin), origin)

    def commit(self, frame: Frame) -> Flow:
        """COMMIT in a procedure or DO block."""
        if not self._may_commit or any(not key.startswith("procedure") for key, _ in self._stack):
            return Flow(None, raises=frozenset({"invalid_transaction_termination"}))
        self.committed = frame.state.copy()
        return Flow(frame)

    def roll_back(self, frame: Frame) -> Flow:
        """ROLLBACK in a procedure or DO block."""
        before = self.committed or self._begin
        flow = self.commit(frame)
        self.committed = before
        if flow.normal is not None and before is not None:
            flow.normal.state = before.copy()
        return flow

    def _counted(self, run: Callable[[], Flow], origin: Origin) -> Flow:
        self._steps_left = min(max(self._steps_left, 0) + _STEPS_OF_A_STATEMENT, MOST_STEPS)
        self._level = self._deepest = 0
        flow = run()
        if self._steps_left < 0 or self._deepest > DEEPEST_CODE:
            reason = "the code has too many branches, or too deep ones, to follow all of them"
            self.report(Undecided("PG001", reason, origin))
        return flow

    def known(self, name: str) -> str | None:
        return self.variables.get(name)

    # Statements

    def statement(self, source: Source, parsed: Parsed, frame: Frame, origin: Origin) -> Flow:
        """Run one statement. The frame is used up; without a normal end it is refused."""
        node = parsed.node
        match parsed.kind:
            case "DoStmt":
                return self._do(source, parsed, frame, origin)
            case "CreateFunctionStmt":
                self._define(source, parsed, origin)
                return Flow(frame)
            case "DropStmt" if node.get("removeType") in _ROUTINE_KINDS:
                for each in node.get("objects", []):
                    self.routines.drop(*_routine_named(each))
                return Flow(frame)
            case "CallStmt":
                return self.calls(node, frame, origin)
            case "RenameStmt" if node.get("renameType") in _ROUTINE_KINDS:
                found = _routine_named(node.get("object", {}))
                self.routines.move(*found, to=(None, node.get("newname", "").lower()))
                return Flow(frame)
            case "AlterObjectSchemaStmt" if node.get("objectType") in _ROUTINE_KINDS:
                found = _routine_named(node.get("object", {}))
                self.routines.move(*found, to=(node.get("newschema", "").lower(), None))
                return Flow(frame)
            case "PrepareStmt":
                held = _held(parsed)
                if held is not None:
                    self.routines.prepare(node.get("name", "").lower(), source, held)
                return Flow(frame)
            case "ExecuteStmt":
                return self._prepared(node, frame, origin)
            case "CreateTableAsStmt" | "ExplainStmt" | "CopyStmt":
                held = _held(parsed) if _runs_held(parsed) else None
                return Flow(frame) if held is None else self.statement(source, held, frame, origin)
            case kind if kind in _QUERIES:
                return self._query(source, parsed, frame, origin)
        if source.computed and parsed.kind in _ALTERS and not node.get("options"):
            # Such a statement does nothing: its options come with what stands where the name is.
            kind = "role" if parsed.kind == "AlterRoleStmt" else "database"
            self.report(DynamicStatement(kind, "its options are only known at run time", origin))
            return Flow(frame, raises=ANY_ERROR)
        statement = object_statement(parsed)
        return Flow(frame) if statement is None else self._object(source, statement, frame, origin)

    def _object(
        self, source: Source, statement: ObjectStatement, frame: Frame, origin: Origin
    ) -> Flow:
        in_transaction = frame.in_code or self._in_transaction
        command = _outside_transactions(statement)
        if in_transaction and command:
            if not frame.in_code:
                policy = "PG508" if command == "ALTER SYSTEM" else "PG004"
                reason = f"{command} cannot run inside a transaction block"
                self.report(
                    Undecided(policy, f"the server refuses this statement: {reason}", origin)
                )
            return Flow(None, raises=frozenset({"active_sql_transaction"}))
        if source.computed and self._computed_limit(source.blanks, statement, origin):
            return Flow(frame, raises=ANY_ERROR)
        changes = Changes(frame.state, origin, source.blanks, in_code=frame.in_code)
        outcome = changes.apply(statement)
        if outcome.fact and (not frame.in_code or not isinstance(outcome.fact, Undecided)):
            self.report(outcome.fact)
        errors = frozenset({outcome.error}) if outcome.error else NO_ERROR
        if outcome.refusal:
            return Flow(None, raises=errors)
        frame.tests.clear()
        return Flow(frame, raises=errors)

    def _computed_limit(self, blanks: Blanks, statement: ObjectStatement, origin: Origin) -> bool:
        """Report a limit that code computes; whether there is nothing else to do, since the
        object's name is computed, too."""
        if not isinstance(statement, CreateRole | AlterRole | CreateDatabase | AlterDatabase):
            return False
        limits = statement.options.limits
        reason = blanks.limit(limits[0]) if limits and limits[0] is not None else 0
        if not isinstance(reason, str):
            return False
        kind = "role" if isinstance(statement, CreateRole | AlterRole) else "database"
        self.report(DynamicStatement(kind, reason.replace("it is", "its limit is", 1), origin))
        name = statement.role.text if isinstance(statement, AlterRole) else statement.name
        return blanks.name(name).symbolic

    def _query(self, source: Source, parsed: Parsed, frame: Frame, origin: Origin) -> Flow:
        text = source.text[parsed.start : parsed.end]
        if parsed.kind == "UpdateStmt" or writes_catalog(text):
            for update in catalog.updates({parsed.kind: parsed.node}):
                for write in catalog.apply(update, frame, origin, source.blanks.name):
                    self.report(CatalogWrite(write.table, write.column, write.origin))
        if not self._matters(text):
            return Flow(frame)
        condition = parsed.node.get("whereClause")
        if parsed.kind != "SelectStmt" or condition is None or parsed.node.get("fromClause"):
            return self.calls(parsed.node, frame, origin)
        yes, no = conditions.split(condition, frame)
        run = self.calls(parsed.node, yes, origin) if yes is not None else NOWHERE
        return run.merge(Flow(no))

    def _prepared(self, node: Node, frame: Frame, origin: Origin) -> Flow:
        """EXECUTE of a statement that PREPARE has named."""
        found = self.routines.prepared.get(node.get("name", "").lower())
        if found is None or len(self._stack) >= DEEPEST_CALLS or not self.step():
            return Flow(frame)
        outer = frame.values()
        for index, each in enumerate(node.get("params", []), start=1):
            frame.variables[f"${index}"] = outer.expressions.text(each)
        flow = self.statement(*found, frame, origin)
        if flow.normal is not None:
            flow.normal.variables = outer.variables
        return flow

    def _matters(self, text: str) -> bool:
        return runs_elsewhere(text) or self.routines.mentioned(text)

    # SQL that code puts together

    def dynamic(self, text: Text, frame: Frame, origin: Origin, source: Source) -> Flow:
        """Run a text, in each version that it may have."""
        flow = NOWHERE
        for version in text:
            flow = flow.merge(self._version(version, frame.copy(), origin, source))
        return flow

    def _result_statements(
        self, source: Source, parsed: Parsed, frame: Frame, origin: Origin
    ) -> Flow:
        flow = Flow(frame)
        for select in _united(parsed.node):
            if flow.normal is None:
                break
            yes: Frame | None = flow.normal
            no: Frame | None = None
            if "whereClause" in select:
                yes, no = conditions.split(select["whereClause"], flow.normal)
            hint = constants_in(parsed.node)
            run = NOWHERE if yes is None else self._results(select, yes, origin, source, hint)
            flow = flow.then(run.merge(Flow(no)))
        return flow

    def hinted(self, text: Text, node: Node | None) -> Text:
        """A text that cannot be read, with what the routines that build it speak of."""
        if node is None or any(isinstance(part, str) for version in text for part in version):
            return text
        called = self.routines.called(function_calls(node))
        found = [each.content for routines, _ in called for each in routines]
        gap = texts.first_hole(text[0])
        return texts.hole(gap.label, " ".join(found)) if found and gap else text

    def _results(
        self, select: Node, frame: Frame, origin: Origin, source: Source, hint: str
    ) -> Flow:
        """Run what the columns of a query give; `hint` has the constants in all of the query."""
        columns = [
            item
            for row in select.get("valuesLists", [])
            for item in row.get("List", {}).get("items", [])
        ]
        flow = Flow(frame)
        for column in columns or selected(select):
            if flow.normal is not None:
                text = self.hinted(flow.normal.expressions.text(column), column)
                text = tuple(_hinted(version, hint) for version in text)
                flow = flow.then(self.dynamic(text, flow.normal, origin, source))
        return flow

    def _version(self, version: Template, frame: Frame, origin: Origin, source: Source) -> Flow:
        gap = texts.first_hole(version)
        constants = texts.constants((version,))
        plain = "".join(part for part in version if isinstance(part, str))
        if gap is not None and not plain.strip(" ;\n\t"):
            if OBJECT_DDL.search(constants):
                self._unread(constants, gap, origin)
            else:
                self._opaque.append((frame, origin))
            return Flow(frame, raises=ANY_ERROR)
        if not self._matters(plain) and not OBJECT_DDL.search(constants):
            return Flow(frame, raises=ANY_ERROR)
        if gap is not None and texts.ends_in_two_holes(version):
            self._unread(constants, gap, origin)  # the second may hold options, not a name
            return Flow(frame, raises=ANY_ERROR)
        self._read.append(plain)
        blanks = Blanks(frame.scope)
        inner = Source(
            _rendered(version, blanks, source.blanks), lambda _a, _b: origin, blanks, computed=True
        )
        inner, statements, problem = self.parse(inner)
        if problem is not None:
            if gap is not None:
                self._unread(constants, gap, origin)
            else:
                self.report(NotParsed(f"SQL put together here: {problem}", origin))
            return Flow(frame, raises=ANY_ERROR)
        flow = Flow(frame)
        for parsed in statements:
            if flow.normal is not None:
                flow = flow.then(self.statement(inner, parsed, flow.normal, origin))
        return flow

    def _unread(self, constants: str, gap: Hole, origin: Origin) -> None:
        if not OBJECT_DDL.search(constants):
            return
        if _ALTER_SYSTEM.search(constants):
            reason = f"a server setting is changed: {gap.label} is only known at run time"
            self.report(Undecided("PG508", reason, origin))
            return
        kind = "database" if _DATABASE.search(constants) else "role"
        reason = f"{gap.label} is only known at run time"
        self.report(DynamicStatement(kind, reason, origin))

    def parse(self, source: Source) -> tuple[Source, list[Parsed], str | None]:
        """The statements of a text, with placeholders filled in when it needs that; the source
        that their positions belong to; and the problem when it does not parse."""
        try:
            return source, syntax.parse(source.text), None
        except NotReadable as problem:
            reason = problem.reason
        filled = placeholders.fill_in(source, self.known)
        if filled.text == source.text:
            return source, [], reason
        try:
            return filled, syntax.parse(filled.text), None
        except NotReadable:
            pass
        # A placeholder may stand for options; those of other statements do not matter.
        if not OBJECT_DDL.search(source.text):
            bare = placeholders.leave_out(source)
            try:
                statements = syntax.parse(bare.text)
            except NotReadable:
                statements = []
            if statements:
                return bare, statements, None
        return source, [], reason

    # Code

    def _do(self, source: Source, parsed: Parsed, frame: Frame, origin: Origin) -> Flow:
        content = _option(parsed.node, "as", "args").get("String", {}).get("sval", "")
        language = _option(parsed.node, "language", "args").get("String", {}).get("sval", "plpgsql")
        if language.lower() != "plpgsql":
            if OBJECT_DDL.search(content):
                reason = f"a DO block in {language} that speaks of roles or databases is not read"
                self.report(Undecided("PG001", reason, origin))
            return Flow(frame)
        body = bodies.find_body(source, parsed.start, parsed.end, content)
        if body is None:
            body = bodies.Body(source, parsed.start, parsed.end, dollar=True)
        statement = source.text[parsed.start : parsed.end]
        inner = Frame(frame.state.copy(), f"DO {origin}", in_code=True)
        flow = self._plpgsql(statement, body, inner, origin, content)
        return _outside(flow, frame)

    def _define(self, source: Source, parsed: Parsed, origin: Origin) -> None:
        node = parsed.node
        schema, name = qualified_name(node.get("funcname", []))
        language = _option(node, "language", "options").get("String", {}).get("sval", "sql")
        content = _content(node)
        if content is None:
            self._define_atomic(source, parsed, schema, name, origin)
            return
        direct = changes_objects(content)
        self.routines.drop(schema, name, tuple(each.type for each in parameters(node)))
        if not direct and not runs_text(content) and not self.routines.mentioned(content):
            return
        if language.lower() not in ("sql", "plpgsql"):
            if OBJECT_DDL.search(content):
                reason = f"a function in {language} that speaks of roles or databases is not read"
                self.report(Undecided("PG001", reason, origin))
            return
        body = bodies.find_body(source, parsed.start, parsed.end, content)
        if body is None:
            body = bodies.Body(source, parsed.start, parsed.end, dollar=True)
        direct = direct or self.routines.mentioned(content)
        statement = source.text[parsed.start : parsed.end]
        self.routines.define(
            Routine(
                name,
                language.lower(),
                parameters(node),
                statement,
                content,
                body,
                origin,
                direct,
                procedure=node.get("is_procedure", False),
                gives_back=has_outputs(node),
                schema=schema,
            )
        )

    def _define_atomic(
        self, source: Source, parsed: Parsed, schema: str, name: str, origin: Origin
    ) -> None:
        """A function with BEGIN ATOMIC: only queries can stand in it."""
        text = source.text[parsed.start : parsed.end]
        if not writes_catalog(text) and not self.routines.mentioned(text):
            return
        body = bodies.Body(source, parsed.start, parsed.end, dollar=True)
        self.routines.define(
            Routine(
                name,
                "atomic",
                parameters(parsed.node),
                text,
                text,
                body,
                origin,
                direct=True,
                schema=schema,
            )
        )

    def calls(self, node: Node, frame: Frame, origin: Origin) -> Flow:
        """Run the known routines that a tree calls, in its order."""
        flow = Flow(frame)
        found = list(function_calls(node))
        for routines, call in self.routines.called(found):
            if flow.normal is not None:
                flow = flow.then(self._one_of(routines, call, flow.normal))
        for call in found:
            if function_name(call) in _REMOTE and flow.normal is not None:
                flow = flow.then(self._remote(call, flow.normal, origin))
        return flow

    def _one_of(self, routines: list[Routine], call: Node, frame: Frame) -> Flow:
        """Run a call that may mean each of some routines."""
        flow = NOWHERE
        for index, routine in enumerate(routines, start=1):
            mine = frame if index == len(routines) else frame.copy()
            bound = routine.bind(call, mine.expressions)
            flow = flow.merge(self._routine(routine, bound, mine))
        return flow

    def _remote(self, call: Node, frame: Frame, origin: Origin) -> Flow:
        """dblink_exec(connection, statement) and the like: it runs in a session of its own."""
        flow = Flow(frame)
        for argument in call.get("args", []):
            text = frame.expressions.text(argument)
            if flow.normal is not None and OBJECT_DDL.search(texts.constants(text)):
                in_code, in_transaction = flow.normal.in_code, self._in_transaction
                flow.normal.in_code = self._in_transaction = False
                source = Source("", lambda _a, _b: origin)
                run = self.dynamic(text, flow.normal, origin, source)
                self._in_transaction = in_transaction
                if run.normal is not None:
                    run.normal.in_code = in_code
                flow = flow.then(run)
        return flow

    def _routine(self, routine: Routine, bound: dict[str, Text], frame: Frame) -> Flow:
        routine.called = True
        running = (routine.key, bound)
        if running in self._stack or len(self._stack) >= DEEPEST_CALLS or not self.step():
            return Flow(frame, raises=ANY_ERROR)
        if not routine.direct and not any(
            OBJECT_DDL.search(texts.constants(each)) for each in bound.values()
        ):
            return Flow(frame)
        inner = Frame(frame.state.copy(), routine.key, in_code=True, variables=bound)
        self._stack.append(running)
        try:
            if routine.language == "plpgsql":
                flow = self._plpgsql(
                    routine.statement, routine.body, inner, routine.origin, routine.content
                )
            else:
                flow = self._sql_body(routine, inner)
        finally:
            self._stack.pop()
        return _outside(flow, frame)

    def _plpgsql(
        self, statement: str, body: bodies.Body, frame: Frame, origin: Origin, content: str
    ) -> Flow:
        try:
            functions = syntax.parse_body(statement)
        except NotReadable as problem:
            filled = self._plpgsql_mended(statement, body)
            if filled is None:
                if changes_objects(content):
                    self.report(NotParsed(f"the body: {problem.reason}", origin))
                return Flow(frame, raises=ANY_ERROR)
            functions = filled
        opaque, read = self._opaque, self._read
        self._opaque, self._read = [], []
        flow = Flow(frame)
        for function in functions[:1]:
            flow = Code(self, body, function).run(frame)
        self._leftovers(content)
        self._opaque, self._read = opaque, read
        return flow

    def _plpgsql_mended(self, statement: str, body: bodies.Body) -> list[Node] | None:
        """The body with placeholders filled in, and without types that only a server knows."""
        raw = body.raw
        if not raw or raw not in statement:
            return None
        inner = Source(raw, body.source.place, body.source.blanks)
        filled = placeholders.fill_in(inner, self.known).text
        head, _, tail = statement.partition(raw)
        for candidate in (head + filled + tail, bodies.without_own_types(head, filled, tail)):
            try:
                return syntax.parse_body(candidate)
            except NotReadable:
                continue
        return None

    def _leftovers(self, content: str) -> None:
        """A text that is run but cannot be read may come from constants that nothing else used."""
        if not self._opaque:
            return
        found = [match.group() for match in re.finditer(r"'(?:[^']|'')*'", content)]
        unused = [
            each
            for each in found
            if OBJECT_DDL.search(each)
            and not any(each.strip("'")[:20] in text for text in self._read)
        ]
        if unused:
            for _, origin in self._opaque:
                self._unread(" ".join(unused), Hole("the text"), origin)

    def _sql_body(self, routine: Routine, frame: Frame) -> Flow:
        if routine.language == "atomic":
            source, text = routine.body.source, routine.statement
            try:
                statements = syntax.parse(text)
            except NotReadable:
                return Flow(frame)
            for update in (each for parsed in statements for each in catalog.updates(parsed.node)):
                for write in catalog.apply(update, frame, routine.origin, source.blanks.name):
                    self.report(write)
            return self.calls(statements[0].node.get("sql_body", {}), frame, routine.origin)
        source, statements, problem = self.parse(routine.body.inner(routine.content))
        if problem is not None:
            self.report(NotParsed(f"the body: {problem}", routine.origin))
            return Flow(frame, raises=ANY_ERROR)
        flow = Flow(frame)
        for parsed in statements:
            if flow.normal is not None:
                origin = place(source, parsed)
                flow = flow.then(self.statement(source, parsed, flow.normal, origin))
        return flow

    def uncalled(self, frame: Frame) -> Frame:
        """The state in which every routine that nothing calls may have run, or not."""
        for routine in self.routines.never_called():
            if not routine.called:
                run = partial(self._routine, routine, routine.unbound(), frame.copy())
                flow = self._counted(run, routine.origin)
                frame = joined(frame, flow.normal) or frame
        return frame


def _outside_transactions(statement: ObjectStatement) -> str | None:
    """The name of a command that the server refuses in a transaction block."""
    match statement:
        case CreateDatabase():
            return "CREATE DATABASE"
        case DropDatabase():
            return "DROP DATABASE"
        case StoreSetting(system=True):
            return "ALTER SYSTEM"
    return None


_ROUTINE_KINDS = ("OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE")


def place(source: Source, parsed: Parsed) -> Origin:
    """The range of a statement from its first to its last token."""
    start = lexer.skip_blanks(source.text, parsed.start, parsed.end)
    text = source.text[start : parsed.end].rstrip()
    end = start + len(text)
    if text.endswith("*/") or "--" in text[text.rfind("\n") + 1 :]:
        end = start + max((token.end for token in lexer.tokens(text) if token.matters), default=0)
    return source.place(start, end)


def _outside(flow: Flow, frame: Frame) -> Flow:
    """The end of a routine as its caller sees it."""
    end = joined(joined(flow.normal, flow.returns), joined(flow.exits, flow.continues))
    if end is None:
        return Flow(None, raises=flow.raises or ANY_ERROR)
    frame.state = end.state
    frame.tests.clear()
    return Flow(frame, raises=flow.raises)


def _rendered(version: Template, blanks: Blanks, outer: Blanks) -> str:
    text = ""
    for part in version:
        if isinstance(part, Hole):
            text += blanks.marker(f"<{outer.shown(part.label)}>", text)
        else:
            text += part
    return text


def _hinted(version: Template, hint: str) -> Template:
    """A version of a text of which nothing is known, with what it may come from."""
    gap = texts.first_hole(version)
    if gap is None or any(isinstance(part, str) and part.strip(" ;\n\t") for part in version):
        return version
    return (Hole(gap.label, f"{gap.hint} {hint}"),)


def _option(node: Node, name: str, key: str) -> Node:
    for each in node.get(key, []):
        element = each.get("DefElem", {})
        if element.get("defname") == name:
            found: Node = element.get("arg", {})
            return found
    return {}


def _content(node: Node) -> str | None:
    """The body of a function that is a string."""
    items = _option(node, "as", "options").get("List", {}).get("items", [])
    return str(items[0].get("String", {}).get("sval", "")) if len(items) == 1 else None


def _held(parsed: Parsed) -> Parsed | None:
    """The statement in PREPARE, EXPLAIN, COPY or CREATE TABLE AS."""
    query = parsed.node.get("query", {})
    if len(query) != 1:
        return None
    ((kind, node),) = query.items()
    return Parsed(kind, node, parsed.start, parsed.end)


def _runs_held(parsed: Parsed) -> bool:
    """Whether the server runs the statement that another one holds."""
    if parsed.kind != "ExplainStmt":
        return not parsed.node.get("into", {}).get("skipData")
    for each in parsed.node.get("options", []):
        option = each.get("DefElem", {})
        if option.get("defname") == "analyze":
            value = option.get("arg", {}).get("String", {}).get("sval", "true")
            return option.get("arg", {}).get("Integer") != {} and value.lower() not in _FALSE
    return False


_FALSE = ("false", "off", "0")


def _routine_named(node: Node) -> tuple[str, str, tuple[str, ...] | None]:
    """The schema and name in DROP or ALTER FUNCTION, and the types of the parameters if given."""
    fields = node.get("ObjectWithArgs", {})
    schema, name = qualified_name(fields.get("objname", []))
    if fields.get("args_unspecified"):
        return schema, name, None
    types = (each.get("TypeName", {}) for each in fields.get("objargs", []))
    return schema, name, tuple(map(type_name, types))


def _united(select: Node) -> list[Node]:
    """The plain SELECTs of a UNION, first to last."""
    waiting, found = [select], []
    while waiting:
        current = waiting.pop()
        if current.get("op", "SETOP_NONE") == "SETOP_NONE":
            found.append(current)
        else:
            waiting += [current.get("rarg", {}), current.get("larg", {})]
    return found
