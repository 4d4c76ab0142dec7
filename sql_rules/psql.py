# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""psql's own commands: variables and \\if."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules.state import State

_WORD = lazily(
    r"""\s+ | (?P<quoted>'(?:[^'\\]|\\.|'')*') | (?P<double>"[^"]*")
      | (?P<variable>:(?:'\w+'|"\w+"|\{\?\w+\}|\w+))
      | (?P<shell>`[^`]*`) | (?P<plain>[^\s'"`:]+|.)""",
    re.VERBOSE,
)
_DEFINED = lazily(r"\s*:\{\?(\w+)\}\s*\Z")
_TRUE = frozenset({"true", "on", "yes", "1", "t", "y"})
_FALSE = frozenset({"false", "off", "no", "0", "f", "n"})


_LONGEST = 100_000
"""Characters of a value; variables made of variables could otherwise grow without end."""


def set_variable(arguments: str, variables: dict[str, str]) -> None:
    """`\\set name value …`: the values are strung together. An unknown part makes it unknown."""
    name, _, rest = arguments.strip().partition(" ")
    value: str | None = ""
    for match in _WORD.finditer(rest):
        part = _part(match, variables)
        value = None if part is None or value is None else value + part
        if value is not None and len(value) > _LONGEST:
            value = None
    if value is None:
        variables.pop(name, None)
    elif name:
        variables[name] = value


def condition(arguments: str, variables: dict[str, str]) -> bool | None:
    """The condition of `\\if`, when it can be told."""
    defined = _DEFINED.match(arguments)
    if defined:
        return True if defined.group(1) in variables else None
    parts = [_part(match, variables) for match in _WORD.finditer(arguments)]
    value = None if None in parts else "".join(part for part in parts if part).lower()
    if value in _TRUE:
        return True
    return False if value in _FALSE else None


def _part(match: re.Match[str], variables: dict[str, str]) -> str | None:
    text = match.group()
    if match["quoted"]:
        return text[1:-1].replace("''", "'")
    if match["double"] or match["plain"]:
        return text
    if match["variable"]:
        return variables.get(text.strip(":'\"{}?"))
    return None if match["shell"] else ""


def autocommit(variables: Mapping[str, str]) -> bool:
    """Whether psql opens no transaction of its own before a statement."""
    return variables.get("AUTOCOMMIT", "on").lower() not in _FALSE


@dataclass(slots=True)
class Inputs:
    """The inputs that psql reads, the files that they include, and which of them `\\q` has ended.

    Where nobody knows whether `\\q` runs, the state that it may leave is kept up to the end of its
    input.
    """

    _now: tuple[str, ...] = ()
    _ended: tuple[str, ...] | None = None
    _left: list[tuple[tuple[str, ...], State]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether psql reads no more of the input."""
        return self._ended is not None

    def is_other_run(self, inputs: tuple[str, ...]) -> bool:
        return self._now[:1] != inputs[:1]

    def enter(self, inputs: tuple[str, ...]) -> list[State]:
        """Go on with an input; the states that may have come out of those that are over."""
        self._now = inputs
        if self._ended is not None and not _is_within(inputs, self._ended):
            self._ended = None
        over = [state for where, state in self._left if not _is_within(inputs, where)]
        self._left = [one for one in self._left if _is_within(inputs, one[0])]
        return over

    def leave(self) -> list[State]:
        """The last input is over; the states that it may have left."""
        left = [state for _, state in self._left]
        self._now, self._ended, self._left = (), None, []
        return left

    @property
    def is_included(self) -> bool:
        return len(self._now) > 1

    def quit(self, state: State | None) -> None:
        """`\\q`; `state` is what it leaves if it is unknown whether it runs."""
        if state is None:
            self._ended = self._now
        else:
            self._left.append((self._now, state.copy()))


def _is_within(inputs: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    return inputs[: len(outer)] == outer


@dataclass(slots=True)
class _Branches:
    """Of an `\\if`. `surely` says whether the branch here runs whenever the `\\if` does; `depth` is
    in how many inputs it stands: in each, `\\q` ends its own."""

    before: State
    depth: int
    ends: list[State] = field(default_factory=list)
    complete: bool = False
    running: bool = True
    unknown: bool = False
    surely: bool = False


@dataclass(slots=True)
class Conditionals:
    """The open `\\if` commands. Branches of which nobody knows which one runs are joined.

    `depth` is in how many inputs the commands that follow stand.
    """

    depth: int = 0

    _open: list[_Branches] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether the statements here may run at all."""
        return not self._open or all(branches.running for branches in self._open)

    def run(self, name: str, arguments: str, state: State, variables: dict[str, str]) -> State:
        """Follow one of \\if, \\elif, \\else and \\endif; the state that holds behind it."""
        if name == "if":
            self._open.append(_Branches(state.copy(), self.depth))
            return self._enter(state, condition(arguments, variables))
        if not self._open:
            return state
        branches = self._open[-1]
        if branches.running:
            branches.ends.append(state)
        if name == "endif":
            return self._close()
        if name == "else":
            branches.running = not branches.complete
            branches.surely = not branches.unknown
            branches.complete = True
            return branches.before.copy()
        if branches.complete:
            branches.running = False
            return state
        return self._enter(branches.before.copy(), condition(arguments, variables))

    def quit(self) -> bool:
        """`\\q` in the branches here; whether it surely runs, and ends the input."""
        here = [branches for branches in self._open if branches.depth == self.depth]
        if all(branches.surely for branches in here):
            self._open = self._open[: len(self._open) - len(here)]
            return True
        for branches in reversed(here):
            branches.running = False
            if not branches.surely:
                break
        return False

    def _enter(self, state: State, holds: bool | None) -> State:
        branches = self._open[-1]
        branches.running = holds is not False
        branches.surely = holds is True and not branches.unknown
        branches.unknown = branches.unknown or holds is None
        branches.complete = branches.complete or holds is True
        return state

    def _close(self) -> State:
        branches = self._open.pop()
        ends = branches.ends if branches.complete else [*branches.ends, branches.before]
        if not ends:
            return branches.before
        result = ends[0]
        for end in ends[1:]:
            result = result.join(end)
        return result
