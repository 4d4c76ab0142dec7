# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions and procedures that the scripts define, and their calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules import texts
from connguard.sql_rules.bearing import changes_objects
from connguard.sql_rules.bodies import Body
from connguard.sql_rules.expressions import Expressions, function_name
from connguard.sql_rules.relevance import holds_any
from connguard.sql_rules.syntax import Node
from connguard.sql_rules.texts import Text

_WORD = lazily(r"\w+")
_CALLED = lazily(r"\b(\w+)\s*\(")
_MOST_NEW_NAMES = 20
_IN_MODES = ("FUNC_PARAM_IN", "FUNC_PARAM_INOUT", "FUNC_PARAM_DEFAULT", "FUNC_PARAM_VARIADIC")


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    default: Node | None


@dataclass(slots=True)
class Routine:
    """A function or procedure. `statement` is the text that defines it, for PL/pgSQL's parser.

    `direct` says that the body itself may change a role or database; a routine that is not direct
    may still run a text that it is given. `gives_back` says that a parameter is OUT or INOUT.
    """

    name: str
    language: str
    parameters: tuple[Parameter, ...]
    statement: str
    content: str
    body: Body
    origin: Origin
    direct: bool
    procedure: bool = False
    gives_back: bool = False
    called: bool = False

    @property
    def key(self) -> str:
        kind = "procedure" if self.procedure else "function"
        return f"{kind} {self.name}/{len(self.parameters)} {self.origin}"

    def bind(self, call: Node, expressions: Expressions) -> dict[str, Text]:
        """The parameters' texts in a call; names and numbers ($1) both work."""
        given = call.get("args", [])
        bound: dict[str, Text] = {}
        for index, parameter in enumerate(self.parameters):
            value = texts.hole(parameter.name or f"${index + 1}")
            if parameter.default is not None:
                value = expressions.text(parameter.default)
            if index < len(given) and "NamedArgExpr" not in given[index]:
                value = expressions.text(given[index])
            for each in given:
                named = each.get("NamedArgExpr", {})
                if named and named.get("name", "").lower() == parameter.name:
                    value = expressions.text(each)
            self._name(bound, index, parameter, value)
        return bound

    def unbound(self) -> dict[str, Text]:
        """The parameters' texts when nobody is seen to call the routine."""
        bound: dict[str, Text] = {}
        for index, parameter in enumerate(self.parameters):
            name = parameter.name or f"${index + 1}"
            self._name(bound, index, parameter, texts.hole(name))
        return bound

    def _name(self, bound: dict[str, Text], index: int, parameter: Parameter, value: Text) -> None:
        bound[f"${index + 1}"] = value
        if parameter.name:
            bound[parameter.name] = bound[f"{self.name}.{parameter.name}"] = value


@dataclass(slots=True)
class Routines:
    """The routines defined so far that can matter, by name and number of parameters."""

    _found: dict[str, dict[int, Routine]] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _new_names: set[str] = field(default_factory=set)
    _odd_names: list[str] = field(default_factory=list)

    def define(self, routine: Routine) -> None:
        self._found.setdefault(routine.name, {})[len(routine.parameters)] = routine
        self._new_names.add(routine.name)

    def drop(self, name: str) -> None:
        """Forget what DROP FUNCTION removes."""
        self._found.pop(name, None)

    def mentioned(self, text: str) -> bool:
        """Whether a text names any of the routines."""
        if not self._found:
            return False
        if len(self._new_names) > _MOST_NEW_NAMES:
            self._names |= self._new_names
            self._odd_names += [name for name in self._new_names if not _WORD.fullmatch(name)]
            self._new_names.clear()
        lowered = text.lower()
        if holds_any(self._new_names, lowered) or holds_any(self._odd_names, lowered):
            return True
        return bool(self._names) and any(
            word in self._names and word in self._found for word in _WORD.findall(lowered)
        )

    def matters(self, content: str) -> bool:
        """Whether code may change a role or database, by itself or through a routine."""
        return changes_objects(content) or self.mentioned(content)

    def called(self, calls: Iterable[Node]) -> Iterator[tuple[Routine, Node]]:
        """The known routines among function calls, each with its call."""
        for call in calls:
            routine = self._match(function_name(call), len(call.get("args", [])))
            if routine:
                yield routine, call

    def gives_back(self, call: Node) -> bool:
        """Whether a call of a procedure may change the variables among its arguments."""
        routine = self._match(function_name(call), len(call.get("args", [])))
        return routine is None or routine.gives_back

    def never_called(self) -> list[Routine]:
        """Routines that matter and that nothing calls; those that others name come last."""
        routines = [each for found in self._found.values() for each in found.values()]
        naming: dict[str, set[int]] = {}
        for each in routines:
            for name in set(_CALLED.findall(each.content.lower())):
                naming.setdefault(name, set()).add(id(each))
        waiting = [each for each in routines if not each.called and each.direct]
        return sorted(waiting, key=lambda each: bool(naming.get(each.name, set()) - {id(each)}))

    def _match(self, name: str, count: int) -> Routine | None:
        found = self._found.get(name)
        if not found:
            return None
        exact = found.get(count)
        if exact:
            return exact
        return next((each for each in found.values() if len(each.parameters) >= count), None)


def has_outputs(node: Node) -> bool:
    """Whether a CreateFunctionStmt has a parameter that is OUT or INOUT."""
    modes = (each.get("FunctionParameter", {}).get("mode") for each in node.get("parameters", []))
    return any(mode in ("FUNC_PARAM_OUT", "FUNC_PARAM_INOUT") for mode in modes)


def parameters(node: Node) -> tuple[Parameter, ...]:
    """The parameters that a call of a CreateFunctionStmt gives values for."""
    found = []
    for each in node.get("parameters", []):
        fields = each.get("FunctionParameter", {})
        if fields.get("mode", "FUNC_PARAM_DEFAULT") in _IN_MODES:
            found.append(Parameter(fields.get("name", "").lower(), fields.get("defexpr")))
    return tuple(found)
