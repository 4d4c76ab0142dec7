# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays SQL scripts in the order in which they run, and tells what they leave behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from connguard.policies.model.amount import exactly
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Notes, Reading
from connguard.policies.model.server_size import ServerSize
from connguard.policies.model.statement_facts import PasswordLiteral, RemovedLimit
from connguard.sql_rules import (
    isolation,
    lexer,
    list_names,
    passwords,
    placeholders,
    psql,
    syntax,
)
from connguard.sql_rules.ahead import with_verdicts
from connguard.sql_rules.allow_lists import AllowLists
from connguard.sql_rules.bearing import Bearing, bearing
from connguard.sql_rules.frames import Frame
from connguard.sql_rules.interpreter import Interpreter, place
from connguard.sql_rules.lexer import Piece
from connguard.sql_rules.notes import notes
from connguard.sql_rules.observed import Observed, observe
from connguard.sql_rules.outline import Outline, outline
from connguard.sql_rules.placeholders import Blanks, Source
from connguard.sql_rules.script import (
    STATEMENT_SIZE,
    UNPARSED_STATEMENTS,
    Branch,
    Chunk,
    Direction,
    Script,
)
from connguard.sql_rules.state import Kind, State, never_logs_in
from connguard.sql_rules.statements import Transaction, transaction
from connguard.sql_rules.syntax import NotReadable, Parsed
from connguard.sql_rules.transactions import Session
from connguard.sql_rules.unparsed import Unparsed

RELEVANT = frozenset(
    {
        "AlterDatabaseSetStmt",
        "AlterDatabaseStmt",
        "AlterOwnerStmt",
        "AlterRoleSetStmt",
        "AlterRoleStmt",
        "AlterSystemStmt",
        "CallStmt",
        "CreateFunctionStmt",
        "CreateRoleStmt",
        "CreatedbStmt",
        "DeleteStmt",
        "DoStmt",
        "DropRoleStmt",
        "DropStmt",
        "DropdbStmt",
        "GrantRoleStmt",
        "InsertStmt",
        "MergeStmt",
        "ReassignOwnedStmt",
        "RenameStmt",
        "SelectStmt",
        "TransactionStmt",
        "UpdateStmt",
    }
)
"""The statements that can change a role, database or setting, or call code that does."""

_CARRIERS = frozenset(
    {
        "AlterObjectSchemaStmt",
        "CopyStmt",
        "CreateTableAsStmt",
        "ExecuteStmt",
        "ExplainStmt",
        "PrepareStmt",
    }
)
"""Statements that hold another one, which may matter, or that move a routine."""

_RUN = RELEVANT | _CARRIERS
_BIG_STATEMENT = 1_000_000
_DATA = lazily(r"(?:insert|values|copy|select)\b", re.IGNORECASE)
_PLACEHOLDER = lazily(r"\$\{\s*([\w.:-]+)\s*\}|\{\{-?\s*\.?([\w.]+)\s*-?\}\}")
_MOST_RESUMES = 50
_MOST_READ_AGAIN = 2_000_000


def replay(
    scripts: Sequence[Script],
    statement_size: int = STATEMENT_SIZE,
    unparsed_statements: int = UNPARSED_STATEMENTS,
) -> Reading:
    """The roles and databases as the scripts leave them, and what was found on the way.

    Only forward chunks run. There is one subject for each role and each database, with all the
    states that may come true, and one for each statement that is a finding of its own. A statement
    of more than `statement_size` characters is not read, and is a finding. Of a file, the first
    `unparsed_statements` that cannot be parsed are findings, and the others are one together.
    """
    run = _Replay(statement_size=statement_size, unparsed_statements=unparsed_statements)
    return isolation.with_room(lambda: run.scripts(scripts).reading())


def final_state(scripts: Sequence[Script]) -> State:
    """Every role and database that the scripts mention, also those that `replay` leaves out.

    Where code may fail, the state in which it did is an alternative, too. `replay` takes it that
    code which may succeed does: a migration that fails is not what ends up in production.
    """
    return _Replay(failures=True).scripts(scripts).state


def statements(scripts: Sequence[Script]) -> Iterator[tuple[Direction, Observed]]:
    """Every statement that can matter, in the order of the files, also those in bodies of code.

    Whether and how often it runs makes no difference; what psql leaves out (\\if) is left out.
    """
    for script in scripts:
        for direction in Direction:
            chunks = (each for each in script.chunks if each.direction is direction)
            # The outline of a rollback lacks its statements.
            forward = tuple(replace(each, direction=Direction.UP, outline=None) for each in chunks)
            run = _Replay()
            run.seen = []
            run.script(replace(script, chunks=forward))
            for source, parsed in run.seen:
                for found in observe(source, parsed):
                    yield direction, found


class _Replay:
    def __init__(
        self,
        *,
        failures: bool = False,
        statement_size: int = STATEMENT_SIZE,
        unparsed_statements: int = UNPARSED_STATEMENTS,
    ) -> None:
        self._failures = failures
        self._statement_size = statement_size
        self._session = Session()
        self._interpreter = Interpreter(Unparsed(unparsed_statements))
        self._conditionals = psql.Conditionals()
        self._inputs = psql.Inputs()
        self._commits = True
        self._branches = psql.Conditionals()
        self._failed_at: Origin | None = None
        self._script = ""
        self._files: set[str] = set()
        self._notes: dict[str, Notes] = {}
        self._written: str | None = None
        self._allow_lists = AllowLists()
        self._writes_lists = False
        self.seen: list[tuple[Source, Parsed]] | None = None

    @property
    def state(self) -> State:
        return self._session.state

    def scripts(self, scripts: Sequence[Script]) -> _Replay:
        for script in scripts:
            self.script(script)
        return self

    def script(self, script: Script) -> None:
        self._files.add(script.name)
        if self._is_idle(script):
            return
        self._script = script.name
        self._interpreter.variables = dict(script.variables)
        rollback = []
        for chunk in script.chunks:
            forward = chunk.direction is Direction.UP
            if chunk.branch is not None:
                if forward:
                    self._branch(chunk.branch)
                continue
            with_all = self.seen is not None
            seen = chunk.outline or outline(chunk.text, runs=forward, with_all=with_all)
            if seen.suppression:
                self._take_notes(notes(chunk))
            if forward:
                self._enter(chunk)
                if not self._inputs.ended:
                    self._chunk(chunk, seen)
            elif seen.password or seen.limit:
                rollback.append(replace(chunk, direction=Direction.UP, outline=None))
        self._end_of_run()
        if rollback:
            self._rollback(script, rollback)

    def _enter(self, chunk: Chunk) -> None:
        """Go on to a chunk: another run of psql is another session."""
        if self._inputs.is_other_run(chunk.inputs):
            self._end_of_run()
        self._session.may_be(self._inputs.enter(chunk.inputs))
        self._conditionals.depth = len(chunk.inputs)
        self._commits = chunk.commits

    def _end_of_run(self) -> None:
        commits = self._commits and psql.autocommit(self._interpreter.variables)
        self._end_session(commits=commits)
        self._session.may_be(self._inputs.leave())
        self._conditionals = psql.Conditionals()
        self._commits = True

    def _end_session(self, *, commits: bool) -> None:
        self._interpreter.routines.end(keep=commits and not self._session.aborted)
        self._session.end(commits=commits)

    def _is_idle(self, script: Script) -> bool:
        """Whether a script is known to do nothing that is followed, and to show nothing."""
        if script.variables or self.seen is not None or self._allow_lists.has_entries:
            return False
        for chunk in script.chunks:
            known = chunk.outline
            if known is None:
                return False
            if chunk.direction is Direction.UP:
                if not known.is_idle:
                    return False
            elif known.password or known.limit or known.suppression:
                return False
        return True

    def _rollback(self, script: Script, chunks: Sequence[Chunk]) -> None:
        """What is wrong with the rollback of a script, which makes no part of the state."""
        run = _Replay(statement_size=self._statement_size)
        run.script(replace(script, chunks=tuple(chunks)))
        for fact in run._interpreter.facts:
            if isinstance(fact, PasswordLiteral):
                self._interpreter.report(fact)
        for alternatives in run.state.objects.values():
            for entity in alternatives:
                if entity.unlimited_here and not never_logs_in((entity,)):
                    place = entity.limit.origin if entity.limit else None
                    assert place is not None
                    self._interpreter.report(RemovedLimit(entity.label, place))

    def reading(self) -> Reading:
        """What was found. To be called once, at the end."""
        # psql fills in nothing between $$, least of all what another script has set.
        self._interpreter.variables = {}
        state = self._interpreter.uncalled(Frame(self.state)).state
        reading = Reading(files=self._files, notes=list(self._notes.values()))
        for fact in (*self._interpreter.facts, *self._interpreter.unparsed.rest()):
            reading.add(fact)
        for alternatives in state.objects.values():
            facts = [fact for fact in (entity.fact() for entity in alternatives) if fact]
            if facts:
                reading.add(*facts)
        self._add_settings(state, reading)
        for allowed in self._allow_lists.facts():
            reading.add(allowed)
        return reading

    def _add_settings(self, state: State, reading: Reading) -> None:
        for scope, facts in state.settings.effective():
            if scope.role is not None and never_logs_in(state.get(Kind.ROLE, scope.role)):
                continue
            reading.add(*facts)
            last = facts[-1]
            if last.name == "max_connections" and isinstance(last.value, Known):
                from connguard.policies.model.server_values import parse_integer

                number = parse_integer(last.value.value)
                if number is not None:
                    amount = exactly(number, last.name, last.origin)
                    reading.add(ServerSize(amount, last.origin, pooled=False))

    def _take_notes(self, found: Notes) -> None:
        earlier = self._notes.get(found.path)
        if earlier:
            comments = (*earlier.comments, *found.comments)
            found = Notes(found.path, comments, (*earlier.spans, *found.spans))
        self._notes[found.path] = found

    # Texts

    def _chunk(self, chunk: Chunk, seen: Outline) -> None:
        source = self._with_values(Source(chunk.text, chunk.origin))
        if source.text != chunk.text:
            seen = outline(source.text)
        self._written = chunk.text if seen.password else None
        test_data = list_names.is_test_path(self._script)
        self._writes_lists = not test_data and self._allow_lists.may_matter(
            source.text, address=seen.address, wireguard=seen.wireguard
        )
        if seen.statements is None:
            self._pieces(source)
            return
        shows = self.seen is not None or self._written is not None or self._writes_lists
        statements = seen.statements
        if shows and not seen.has_all:
            statements = outline(source.text, with_all=True).statements or ()
        for start, end, what in statements:
            if shows or what is not Bearing.NEVER:
                self._split_off(source, start, end, what)

    def _split_off(self, source: Source, start: int, end: int, what: Bearing) -> None:
        """Run a statement of a text that parses as a whole."""
        text = source.text[start:end]
        runs = self._runs(what, text)
        if not runs and not self._shows(text):
            return
        part = source.part(start, end)
        try:
            statements = syntax.parse(text)
        except NotReadable as problem:
            self._interpreter.report(NotParsed(problem.reason, source.place(start, end)))
            return
        for parsed in statements:
            self._observe(part, parsed)
            if runs and parsed.kind in _RUN:
                self._statement(part, parsed)

    def _runs(self, what: Bearing, text: str) -> bool:
        """Whether a statement may change what is followed."""
        if what is Bearing.RAISES and self._session.in_transaction:
            return True
        return self._interpreter.concerns(what, text)

    def _shows(self, text: str) -> bool:
        """Whether a statement may show something, whether it runs or not."""
        return (
            self.seen is not None
            or (self._written is not None and passwords.may_hold(text))
            or (self._writes_lists and self._allow_lists.concerns(text))
        )

    def _concerns(self, text: str) -> tuple[bool, bool]:
        """Whether a statement may change what is followed, and whether it may show something else.

        What is true of neither need not be read, once it is known to parse.
        """
        return self._runs(bearing(text), text), self._shows(text)

    def _with_values(self, source: Source) -> Source:
        """The text with the placeholders filled in whose values are known."""
        values = self._interpreter.variables
        if not values or ("${" not in source.text and "{{" not in source.text):
            return source
        edits = []
        for match in _PLACEHOLDER.finditer(source.text):
            value = values.get(match.group(1) or match.group(2))
            if value is not None:
                edits.append((match.start(), match.end(), value))
        return source.edited(edits)

    def _pieces(self, source: Source) -> None:
        """Statement by statement, as psql reads them."""
        position: int | None = 0
        resumes = 0
        most_resumes = min(_MOST_RESUMES, _MOST_READ_AGAIN // (len(source.text) + 1))
        while position is not None:
            start, position = position, None
            query: Piece | None = None
            pieces = lexer.pieces(source.text, start)
            for piece, parses in with_verdicts(source.text, pieces):
                if query and piece.is_command and piece.command_name == "gexec":
                    # Behind a semicolon, psql runs the last query once more.
                    piece = replace(query, command=piece.command)
                elif not piece.is_command:
                    query = piece
                if self._piece(source, piece, parses):
                    continue
                position = lexer.resume_at(source.text, piece) if resumes < most_resumes else None
                if position is not None:
                    resumes += 1
                    break

    def _piece(self, source: Source, piece: Piece, parses: bool) -> bool:
        """Run a statement or command, of which it may be known that it parses; whether it does."""
        if piece.is_command:
            if not self._inputs.ended:
                self._command(piece)
            if piece.command_name == "copy" and self._writes_lists:
                self._copy_command(source, piece)
            return True
        if self._inputs.ended or not self._conditionals.running:
            return True
        size = piece.end - piece.start
        part = source.part(piece.start, piece.end, Blanks())
        written = part.text
        runs, seen = self._concerns(written) if piece.command is None else (True, True)
        large = size > _BIG_STATEMENT and _DATA.match(written) is not None
        if large and not runs and not seen:
            return True
        if size > self._statement_size:
            reason = (
                f"the statement is too large to be read: {size} characters;"
                " the setting statement-size in [limits] can be raised"
            )
            self._interpreter.report(NotParsed(reason, source.place(piece.start, piece.end)))
            return True
        if not (runs or seen or self._copies(written)) and (parses or syntax.is_readable(written)):
            return True
        if not (runs or seen) and self._is_idle_when_filled(part):
            return True
        part, statements, problem = self._interpreter.parse(part)
        if part.text != written:
            runs = runs or self._concerns(part.text)[0]
        if problem is not None:
            resume = lexer.resume_at(source.text, piece) or piece.end
            self._interpreter.report(
                NotParsed(problem, source.place(piece.start, min(resume, piece.end)))
            )
            return False
        for parsed in statements:
            self._observe(part, parsed)
            if self._writes_lists and parsed.kind == "CopyStmt":
                data = lexer.copy_data(source.text, piece)
                if data is not None:
                    self._allow_lists.see_data(parsed, source, data)
            if runs and parsed.kind in _RUN:
                self._statement(part, parsed, results=piece.command_name == "gexec")
            if piece.command_name == "gset":
                self._forget_columns(parsed)
        return True

    def _is_idle_when_filled(self, part: Source) -> bool:
        """Whether a statement parses with its placeholders filled in, and cannot matter then."""
        filled = placeholders.fill_in(part, self._interpreter.known)
        if filled.text == part.text or self._copies(part.text):
            return False
        return not any(self._concerns(filled.text)) and syntax.is_readable(filled.text)

    def _copies(self, text: str) -> bool:
        """Whether a statement may be followed by data for an allow-list."""
        return self._writes_lists and text[:4].lower() == "copy"

    def _branch(self, branch: Branch) -> None:
        """A branch of a program begins or ends; its condition is not known."""
        if self._inputs.is_other_run(()):
            self._end_of_run()
        session = self._session
        session.state = self._branches.run(branch.value, "", session.state, {})

    def _command(self, piece: Piece) -> None:
        name, arguments = piece.command_name, piece.arguments
        variables = self._interpreter.variables
        if name in ("if", "elif", "else", "endif"):
            session = self._session
            session.state = self._conditionals.run(name, arguments, session.state, variables)
        elif not self._conditionals.running:
            return
        elif name == "set":
            psql.set_variable(arguments, variables)
        elif name in ("unset", "prompt"):
            variables.pop(arguments.split()[-1] if arguments.split() else "", None)
        elif name == "getenv":  # which sets nothing where the environment has no such variable
            variables.pop(arguments.split()[0] if arguments.split() else "", None)
        elif name in ("c", "connect"):
            self._end_session(commits=False)
        elif name in ("q", "quit"):
            self._quit()

    def _quit(self) -> None:
        """`\\q` ends the input, and the session with it unless the input is included."""
        commits = self._commits or self._inputs.is_included
        if self._conditionals.quit():
            self._inputs.quit(None)
        else:
            self._inputs.quit(self._session.end_state(commits=commits))

    def _copy_command(self, source: Source, piece: Piece) -> None:
        data = lexer.copy_data(source.text, piece)
        if data is None:
            return
        try:
            statements = syntax.parse(f"copy {piece.arguments}")
        except NotReadable:
            return
        for parsed in statements:
            self._allow_lists.see_data(parsed, source, data)

    def _forget_columns(self, parsed: Parsed) -> None:
        """\\gset sets a variable for each column, to values that only the server knows."""
        for each in parsed.node.get("targetList", []):
            self._interpreter.variables.pop(each.get("ResTarget", {}).get("name", ""), None)

    # Statements

    def _observe(self, source: Source, parsed: Parsed) -> None:
        """Report what a statement shows, whether it runs or not."""
        if self.seen is not None and parsed.kind in RELEVANT:
            self.seen.append((source, parsed))
        if self._written is not None:
            for literal in passwords.passwords(source, parsed, self._written):
                self._interpreter.report(literal)
        if self._writes_lists:
            self._allow_lists.see(source, parsed)

    def _statement(self, source: Source, parsed: Parsed, *, results: bool = False) -> None:
        session = self._session
        control = transaction(parsed)
        if control:
            self._control(control)
            return
        interpreter = self._interpreter
        if parsed.kind not in _NO_TRANSACTION and not psql.autocommit(interpreter.variables):
            if not session.in_transaction:
                interpreter.routines.begin()
            session.begin()
        origin = place(source, parsed)
        if session.aborted:
            self._not_run(parsed, origin)
            return
        before = session.state
        frame = Frame(before.copy() if parsed.kind in _CODE or results else before)
        try:
            if results:
                flow = interpreter.run_results(source, parsed, frame, origin)
            else:
                inside = session.in_transaction
                flow = interpreter.run(source, parsed, frame, origin, in_transaction=inside)
        except RecursionError:
            interpreter.report(Undecided("PG001", "the code is nested too deeply", origin))
            return
        if flow.normal is None:
            session.refuse()
            self._failed_at = origin
            session.state = interpreter.committed or before
            return
        session.state = flow.normal.state
        if self._failures and flow.raises and parsed.kind in _CODE:
            session.state = session.state.join(interpreter.committed or before)

    def _control(self, control: Transaction) -> None:
        """Begin or end a transaction. Definitions of routines are rolled back with it, too."""
        session, routines = self._session, self._interpreter.routines
        inside, aborted = session.in_transaction, session.aborted
        session.run(control)
        match control.kind:
            case "BEGIN" | "START" if not inside:
                routines.begin()
            case "COMMIT" | "PREPARE" | "ROLLBACK" if inside:
                routines.end(keep=control.kind != "ROLLBACK" and not aborted)
                if session.in_transaction:
                    routines.begin()
            case "SAVEPOINT" if inside and not aborted:
                routines.savepoint(control.savepoint)
            case "ROLLBACK_TO":
                routines.roll_back_to(control.savepoint)

    def _not_run(self, parsed: Parsed, origin: Origin) -> None:
        """A statement behind a refused one in a transaction: say so where it would change much."""
        policy = _NOT_RUN.get(parsed.kind)
        if policy and self._failed_at:
            reason = (
                "the server does not run this statement:"
                f" the transaction failed at {self._failed_at}"
            )
            self._interpreter.report(Undecided(policy, reason, origin))


_NOT_RUN = {
    "AlterDatabaseStmt": "PG004",
    "AlterRoleStmt": "PG001",
    "CreateRoleStmt": "PG001",
    "DoStmt": "PG001",
}
"""The statements that could set a limit, and the policy that cannot be decided without them."""

_NO_TRANSACTION = frozenset({"AlterSystemStmt", "CreatedbStmt", "DropdbStmt"})
"""The statements before which psql opens no transaction when AUTOCOMMIT is off."""

_CODE = _CARRIERS | {"CallStmt", "DoStmt", "SelectStmt", "InsertStmt", "UpdateStmt"}
