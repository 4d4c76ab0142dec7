# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""psql's own commands: variables and \\if."""

from __future__ import annotations

import re
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


@dataclass(slots=True)
class _Branches:
    before: State
    ends: list[State] = field(default_factory=list)
    complete: bool = False
    running: bool = True


@dataclass(slots=True)
class Conditionals:
    """The open `\\if` commands. Branches of which nobody knows which one runs are joined."""

    _open: list[_Branches] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether the statements here may run at all."""
        return not self._open or all(branches.running for branches in self._open)

    def run(self, name: str, arguments: str, state: State, variables: dict[str, str]) -> State:
        """Follow one of \\if, \\elif, \\else and \\endif; the state that holds behind it."""
        if name == "if":
            self._open.append(_Branches(state.copy()))
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
            branches.complete = True
            return branches.before.copy()
        if branches.complete:
            branches.running = False
            return state
        return self._enter(branches.before.copy(), condition(arguments, variables))

    def _enter(self, state: State, holds: bool | None) -> State:
        self._open[-1].running = holds is not False
        self._open[-1].complete = self._open[-1].complete or holds is True
        return state

    def _close(self) -> State:
        branches = self._open.pop()
        ends = branches.ends if branches.complete else [*branches.ends, branches.before]
        result = ends[0]
        for end in ends[1:]:
            result = result.join(end)
        return result
