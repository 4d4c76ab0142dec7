# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What running code knows at one point: the objects and its variables."""

from __future__ import annotations

from dataclasses import field

from connguard.policies.model.records import dataclass
from connguard.sql_rules import texts
from connguard.sql_rules.expressions import Expressions
from connguard.sql_rules.state import State
from connguard.sql_rules.syntax import Node
from connguard.sql_rules.texts import Text


@dataclass(slots=True)
class Frame:
    """`tests` has, for a variable that answers whether an object exists, the query it came from.

    `lists` has the elements of the variables that hold an array which is written out. `scope` names
    the code, so that the same expression in the same code is the same symbolic role.
    `in_code` is true inside DO blocks and functions.
    """

    state: State
    scope: str = ""
    in_code: bool = False
    variables: dict[str, Text] = field(default_factory=dict)
    tests: dict[str, Node] = field(default_factory=dict)
    lists: dict[str, list[Text]] = field(default_factory=dict)

    @property
    def expressions(self) -> Expressions:
        return Expressions(self.variables)

    def copy(self) -> Frame:
        copied = self.values()
        copied.state = self.state.copy()
        return copied

    def values(self) -> Frame:
        """A copy of the variables, which shares the state."""
        return Frame(
            self.state,
            self.scope,
            self.in_code,
            self.variables.copy(),
            self.tests.copy(),
            self.lists.copy(),
        )

    def assign(
        self,
        variable: str,
        value: Text,
        test: Node | None = None,
        elements: list[Text] | None = None,
    ) -> None:
        self.variables[variable] = value
        if test is None:
            self.tests.pop(variable, None)
        else:
            self.tests[variable] = test
        if elements is None:
            self.lists.pop(variable, None)
        else:
            self.lists[variable] = elements

    def forget(self, variable: str) -> None:
        """The variable, and every field of it if it is a record, has an unknown value."""
        self.assign(variable, texts.hole(variable))
        for name in [each for each in self.variables if each.startswith(f"{variable}.")]:
            self.assign(name, texts.hole(name))

    def kept(self, variable: str) -> Frame:
        """What is known of a variable and its fields, for `restore`."""
        found = Frame(self.state)
        for name, value in self.variables.items():
            if name == variable or name.startswith(f"{variable}."):
                found.assign(name, value, self.tests.get(name), self.lists.get(name))
        return found

    def restore(self, variable: str, kept: Frame) -> None:
        """Give a variable the values that it had when an inner one hid it."""
        self.forget(variable)
        for name, value in kept.variables.items():
            self.assign(name, value, kept.tests.get(name), kept.lists.get(name))


def joined(first: Frame | None, second: Frame | None) -> Frame | None:
    """The frame after a branch of which either side may have run; None is a side that never
    gets here."""
    if first is None or second is None:
        return first or second
    frame = joined_values(first, second)
    frame.state = first.state.join(second.state)
    return frame


def joined_values(first: Frame, second: Frame) -> Frame:
    """The first frame with the variables that either of two frames may have."""
    variables = dict(first.variables)
    for name, value in second.variables.items():
        mine = variables.get(name)
        if mine != value:
            variables[name] = value if mine is None else texts.either(mine, value)
    tests = {name: test for name, test in first.tests.items() if second.tests.get(name) is test}
    lists = {name: each for name, each in first.lists.items() if second.lists.get(name) == each}
    return Frame(first.state, first.scope, first.in_code, variables, tests, lists)


ANY_ERROR = frozenset({"*"})
"""Errors of which nothing is known."""

NO_ERROR: frozenset[str] = frozenset()


@dataclass(slots=True)
class Flow:
    """Where a run of code can lead: on, out of a loop, to its next pass, or out of the routine.

    `raises` has the names of the errors that may end it as well, as EXCEPTION clauses spell them.
    When nothing else is left, one of them surely does.
    """

    normal: Frame | None
    exits: Frame | None = None
    continues: Frame | None = None
    returns: Frame | None = None
    raises: frozenset[str] = NO_ERROR

    def merge(self, other: Flow) -> Flow:
        """Either of two runs."""
        return Flow(
            joined(self.normal, other.normal),
            joined(self.exits, other.exits),
            joined(self.continues, other.continues),
            joined(self.returns, other.returns),
            self.raises | other.raises,
        )

    def then(self, later: Flow) -> Flow:
        """This run, and `later` from its normal end on."""
        return Flow(
            later.normal,
            joined(self.exits, later.exits),
            joined(self.continues, later.continues),
            joined(self.returns, later.returns),
            self.raises | later.raises,
        )


NOWHERE = Flow(None)
"""The run of code that is never reached."""
