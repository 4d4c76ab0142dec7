# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explicit transactions: what ROLLBACK and ROLLBACK TO SAVEPOINT undo, and what a refused
statement aborts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from connguard.policies.model.records import dataclass
from connguard.sql_rules.state import State
from connguard.sql_rules.statements import Transaction


@dataclass(slots=True)
class Session:
    """The state of the objects as one connection changes them, statement by statement.

    `aborted` is true in a transaction in which a statement was refused: the server then ignores
    everything up to its end or a rollback to a savepoint.
    """

    state: State = field(default_factory=State)
    aborted: bool = False
    _begin: State | None = None
    _savepoints: list[tuple[str, State]] = field(default_factory=list)

    @property
    def in_transaction(self) -> bool:
        return self._begin is not None

    def refuse(self) -> None:
        """A statement was refused."""
        self.aborted = self.in_transaction

    def run(self, statement: Transaction) -> None:
        was_in_transaction = self.in_transaction
        match statement.kind:
            case "BEGIN" | "START":
                self.begin()
            case "COMMIT" | "PREPARE":
                self._end(keep=not self.aborted)
            case "ROLLBACK":
                self._end(keep=False)
            case "SAVEPOINT":
                if self.in_transaction and not self.aborted:
                    self._savepoints.append((statement.savepoint, self.state.copy()))
            case "ROLLBACK_TO":
                self._rollback_to(statement.savepoint)
            case "RELEASE":
                self._release(statement.savepoint)
        if statement.chain and was_in_transaction:
            self._begin = self.state.copy()

    def begin(self) -> None:
        """Open a transaction, unless one is open."""
        if not self.in_transaction:
            self._begin = self.state.copy()

    def end(self, *, commits: bool) -> None:
        """Close a transaction that is left open.

        Most tools run a script in a transaction of their own and commit. psql does not: the server
        rolls back what is not committed when psql ends or connects anew.
        """
        self._end(keep=commits and not self.aborted)

    def end_state(self, *, commits: bool) -> State:
        """The state if the session ended here."""
        keep = commits and not self.aborted
        return self.state if keep or self._begin is None else self._begin

    def may_be(self, others: Sequence[State]) -> None:
        """Take in states that may hold instead."""
        for other in others:
            self.state = self.state.join(other)

    def _end(self, *, keep: bool) -> None:
        if self._begin is not None and not keep:
            self.state = self._begin
        self._begin = None
        self._savepoints.clear()
        self.aborted = False

    def _find(self, name: str) -> int | None:
        for index in range(len(self._savepoints) - 1, -1, -1):
            if self._savepoints[index][0] == name:
                return index
        return None

    def _rollback_to(self, name: str) -> None:
        index = self._find(name)
        if index is None:
            self.refuse()
            return
        self.state = self._savepoints[index][1].copy()
        del self._savepoints[index + 1 :]
        self.aborted = False

    def _release(self, name: str) -> None:
        if self.aborted:
            return
        index = self._find(name)
        if index is None:
            self.refuse()
        else:
            del self._savepoints[index:]
