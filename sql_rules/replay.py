# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays SQL scripts in the order in which they run, and tells what they leave behind."""

from __future__ import annotations

from collections.abc import Sequence

from connguard.policies.model.facts import NotParsed
from connguard.policies.model.reading import Reading
from connguard.sql_rules import lexer, syntax
from connguard.sql_rules.changes import Changes
from connguard.sql_rules.script import Chunk, Direction, Script
from connguard.sql_rules.state import State
from connguard.sql_rules.statements import object_statement, transaction
from connguard.sql_rules.syntax import NotReadable, Parsed
from connguard.sql_rules.transactions import Session


def replay(scripts: Sequence[Script]) -> Reading:
    """The roles and databases as the scripts leave them, and what was found on the way.

    Only forward chunks run. There is one subject for each role and each database, with all the
    states that may come true, and one for each statement that is a finding of its own.
    """
    return _run(scripts).reading()


def final_state(scripts: Sequence[Script]) -> State:
    """Every role and database that the scripts mention, also those that `replay` leaves out."""
    return _run(scripts).state


def _run(scripts: Sequence[Script]) -> _Replay:
    run = _Replay()
    for script in scripts:
        run.script(script)
    return run


class _Replay:
    def __init__(self) -> None:
        self._session = Session()
        self._facts: dict[object, None] = {}
        self._files: set[str] = set()

    @property
    def state(self) -> State:
        return self._session.state

    def script(self, script: Script) -> None:
        self._files.add(script.name)
        for chunk in script.chunks:
            if chunk.direction is Direction.UP:
                self._chunk(chunk)
        self._session.end_of_script()

    def reading(self) -> Reading:
        reading = Reading(files=self._files)
        for fact in self._facts:
            reading.add(fact)
        for alternatives in self._session.state.objects.values():
            facts = [fact for fact in (entity.fact() for entity in alternatives) if fact]
            if facts:
                reading.add(*facts)
        return reading

    def _chunk(self, chunk: Chunk) -> None:
        try:
            for parsed in syntax.parse(chunk.text):
                self._statement(chunk, parsed, 0)
        except NotReadable:
            for piece in lexer.pieces(chunk.text):
                self._piece(chunk, piece)

    def _piece(self, chunk: Chunk, piece: lexer.Piece) -> None:
        text = chunk.text[piece.start : piece.end]
        if text.startswith("\\"):
            return
        try:
            for parsed in syntax.parse(text):
                self._statement(chunk, parsed, piece.start)
        except NotReadable as problem:
            self._facts[NotParsed(problem.reason, chunk.origin(piece.start, piece.end))] = None

    def _statement(self, chunk: Chunk, parsed: Parsed, shift: int) -> None:
        session = self._session
        control = transaction(parsed)
        if control:
            session.run(control)
            return
        statement = object_statement(parsed)
        if statement is None or session.aborted:
            return
        start = lexer.skip_blanks(chunk.text, parsed.start + shift, parsed.end + shift)
        origin = chunk.origin(start, parsed.end + shift)
        outcome = Changes(session.state, origin).apply(statement)
        if outcome.refusal:
            session.refuse()
        if outcome.fact:
            self._facts[outcome.fact] = None
