# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions and procedures that the scripts define, and their calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules import texts
from connguard.sql_rules.bearing import changes_objects
from connguard.sql_rules.bodies import Body
from connguard.sql_rules.expressions import Expressions, qualified_name
from connguard.sql_rules.placeholders import Source
from connguard.sql_rules.relevance import holds_any
from connguard.sql_rules.syntax import Node, Parsed
from connguard.sql_rules.texts import Text

_WORD = lazily(r"\w+")
_CALLED = lazily(r"\b(\w+)\s*\(")
_MOST_NEW_NAMES = 20
_IN_MODES = ("FUNC_PARAM_IN", "FUNC_PARAM_INOUT", "FUNC_PARAM_DEFAULT", "FUNC_PARAM_VARIADIC")


@dataclass(frozen=True, slots=True)
class Parameter:
    """`type` is the type's name without its schema, with [] behind it for an array."""

    name: str
    default: Node | None
    type: str = ""
    variadic: bool = False


@dataclass(slots=True)
class Routine:
    """A function or procedure. `statement` is the text that defines it, for PL/pgSQL's parser.

    `direct` says that the body itself may change a role or database; a routine that is not direct
    may still run a text that it is given. `gives_back` says that a parameter is OUT or INOUT.
    `schema` is empty where the definition does not name one.
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
    schema: str = ""
    called: bool = False

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(each.type for each in self.parameters)

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
            if parameter.variadic:
                value = texts.hole(parameter.name or f"${index + 1}")
            elif index < len(given) and "NamedArgExpr" not in given[index]:
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


_Found = dict[str, dict[tuple[str, tuple[str, ...]], Routine]]
"""Routines by name, and then by schema and types."""


@dataclass(slots=True)
class Routines:
    """The routines defined so far that can matter, by name, schema and types of parameters.

    `prepared` has the statements of PREPARE, which EXECUTE runs by their names.
    """

    _found: _Found = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _new_names: set[str] = field(default_factory=set)
    _odd_names: list[str] = field(default_factory=list)
    prepared: dict[str, tuple[Source, Parsed]] = field(default_factory=dict)
    _begin: _Found | None = None
    _savepoints: list[tuple[str, _Found]] = field(default_factory=list)

    def define(self, routine: Routine) -> None:
        found = self._found.setdefault(routine.name, {})
        found[_home(routine.schema), routine.types] = routine
        self._new_names.add(routine.name)

    def drop(self, schema: str, name: str, types: tuple[str, ...] | None) -> None:
        """Forget what DROP FUNCTION removes; without types it is the only one of its name."""
        found = self._found.get(name, {})
        for each in self._named(schema, name):
            if types is None or types == each.types:
                found.pop((_home(each.schema), each.types), None)
        if not found:
            self._found.pop(name, None)

    def move(
        self,
        schema: str,
        name: str,
        types: tuple[str, ...] | None,
        to: tuple[str | None, str | None],
    ) -> None:
        """Give a routine the schema and the name to which ALTER FUNCTION sets it, if any."""
        for each in self._named(schema, name):
            if types is None or types == each.types:
                self.drop(each.schema, each.name, each.types)
                new_schema, new_name = to
                self.define(
                    replace(each, schema=new_schema or each.schema, name=new_name or each.name)
                )

    def prepare(self, name: str, source: Source, statement: Parsed) -> None:
        self.prepared[name] = source, statement
        self._new_names.add(name)

    # Transactions

    def begin(self) -> None:
        """What is defined and dropped from here on may be rolled back."""
        self._begin = self._copy()
        self._savepoints.clear()

    def end(self, *, keep: bool) -> None:
        if self._begin is not None and not keep:
            self._found = self._begin
        self._begin = None
        self._savepoints.clear()

    def savepoint(self, name: str) -> None:
        self._savepoints.append((name, self._copy()))

    def roll_back_to(self, name: str) -> None:
        for index in range(len(self._savepoints) - 1, -1, -1):
            if self._savepoints[index][0] == name:
                del self._savepoints[index + 1 :]
                saved = self._savepoints[index][1]
                self._found = {each: found.copy() for each, found in saved.items()}
                return

    def _copy(self) -> _Found:
        return {name: found.copy() for name, found in self._found.items()}

    # Calls

    def mentioned(self, text: str) -> bool:
        """Whether a text names any of the routines."""
        if not self._found and not self.prepared:
            return False
        if len(self._new_names) > _MOST_NEW_NAMES:
            self._names |= self._new_names
            self._odd_names += [name for name in self._new_names if not _WORD.fullmatch(name)]
            self._new_names.clear()
        lowered = text.lower()
        if holds_any(self._new_names, lowered) or holds_any(self._odd_names, lowered):
            return True
        return bool(self._names) and any(
            word in self._names and (word in self._found or word in self.prepared)
            for word in _WORD.findall(lowered)
        )

    def matters(self, content: str) -> bool:
        """Whether code may change a role or database, by itself or through a routine."""
        return changes_objects(content) or self.mentioned(content)

    def called(self, calls: Iterable[Node]) -> Iterator[tuple[list[Routine], Node]]:
        """The function calls that may run a known routine, each with all those that it may mean."""
        for call in calls:
            routines = self._meant(call)
            if routines:
                yield routines, call

    def gives_back(self, call: Node) -> bool:
        """Whether a call of a procedure may change the variables among its arguments."""
        routines = self._meant(call)
        return not routines or any(each.gives_back for each in routines)

    def never_called(self) -> list[Routine]:
        """Routines that matter and that nothing calls; those that others name come last."""
        routines = [each for found in self._found.values() for each in found.values()]
        naming: dict[str, set[int]] = {}
        for each in routines:
            for name in set(_CALLED.findall(each.content.lower())):
                naming.setdefault(name, set()).add(id(each))
        waiting = [each for each in routines if not each.called and each.direct]
        return sorted(waiting, key=lambda each: bool(naming.get(each.name, set()) - {id(each)}))

    def _named(self, schema: str, name: str) -> list[Routine]:
        """The routines that a name may mean; one without a schema may stand for any."""
        found = list(self._found.get(name, {}).values())
        if not schema:
            return found
        exact = [each for each in found if _home(each.schema) == schema]
        return exact or [each for each in found if not each.schema]

    def _meant(self, call: Node) -> list[Routine]:
        schema, name = qualified_name(call.get("funcname", []))
        named = self._named(schema, name)
        arguments = call.get("args", [])
        for fits in (_takes, _has_defaults, _has_more):
            fitting = [each for each in named if fits(each, len(arguments))]
            if fitting:
                typed = [each for each in fitting if _has_types(each, arguments)]
                return typed or fitting
        return []


def _home(schema: str) -> str:
    return schema or "public"


def _takes(routine: Routine, count: int) -> bool:
    return len(routine.parameters) == count


def _has_defaults(routine: Routine, count: int) -> bool:
    """Whether a routine takes fewer arguments than it has parameters, or any number of them."""
    least = sum(each.default is None and not each.variadic for each in routine.parameters)
    variadic = any(each.variadic for each in routine.parameters)
    return least <= count and (variadic or count <= len(routine.parameters))


def _has_more(routine: Routine, count: int) -> bool:
    return len(routine.parameters) >= count


def _has_types(routine: Routine, arguments: list[Node]) -> bool:
    """Whether the arguments that show their types have those of the parameters."""
    shown = [_shown_type(each) for each in arguments]
    return all(
        found is None or found == expected
        for found, expected in zip(shown, routine.types, strict=False)
    )


_CONSTANT_TYPES = {"ival": "int4", "fval": "numeric", "boolval": "bool", "sval": "text"}


def _shown_type(argument: Node) -> str | None:
    if "TypeCast" in argument:
        return type_name(argument["TypeCast"].get("typeName", {}))
    constant = argument.get("A_Const", {})
    return next((name for key, name in _CONSTANT_TYPES.items() if key in constant), None)


def type_name(node: Node) -> str:
    """The name of a TypeName without its schema; an array has [] behind it."""
    names = node.get("names", [])
    name = str(names[-1].get("String", {}).get("sval", "")).lower() if names else ""
    return f"{name}[]" if node.get("arrayBounds") else name


def has_outputs(node: Node) -> bool:
    """Whether a CreateFunctionStmt has a parameter that is OUT or INOUT."""
    modes = (each.get("FunctionParameter", {}).get("mode") for each in node.get("parameters", []))
    return any(mode in ("FUNC_PARAM_OUT", "FUNC_PARAM_INOUT") for mode in modes)


def parameters(node: Node) -> tuple[Parameter, ...]:
    """The parameters that a call of a CreateFunctionStmt gives values for."""
    modes = (*_IN_MODES, "FUNC_PARAM_OUT") if node.get("is_procedure") else _IN_MODES
    found = []
    for each in node.get("parameters", []):
        fields = each.get("FunctionParameter", {})
        mode = fields.get("mode", "FUNC_PARAM_DEFAULT")
        if mode in modes:
            found.append(
                Parameter(
                    fields.get("name", "").lower(),
                    fields.get("defexpr"),
                    type_name(fields.get("argType", {})),
                    variadic=mode == "FUNC_PARAM_VARIADIC",
                )
            )
    return tuple(found)
