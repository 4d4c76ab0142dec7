# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances of modules: a directory with the values of its variables.

What an expression refers to is evaluated when it is asked for, once. A reference that leads back
to itself is unknown.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from connguard.policies.model.origin import Related
from connguard.policies.model.records import dataclass
from connguard.terraform.directory import Directory, module_source
from connguard.terraform.expressions import Evaluator, Names, Scope
from connguard.terraform.syntax import Attribute, Block, Expression, GetAttr, Index, Literal
from connguard.terraform.type_constraints import convert
from connguard.terraform.values import Blocked, Unknown, is_lazy, mistake, to_integer, to_text

if TYPE_CHECKING:
    from connguard.terraform.library import Library

Declared = TypeVar("Declared", Block, Attribute)

_META_ARGUMENTS = {"source", "version", "count", "for_each", "providers", "depends_on"}
_MAX_INSTANCES = 1000
MAX_MODULE_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Repetition:
    """One instance of a block with count or for_each.

    `suffix` is what the address gets: `["app"]`, `[0]` or nothing. `names` are `each` and `count`.
    """

    suffix: str
    key: object
    names: Mapping[str, object] = field(default_factory=dict)


ONCE = Repetition("", None)


class _Parts:
    """A lazy object whose parts are found by name."""

    def __init__(
        self,
        label: str,
        find: Callable[[str], object],
        single: bool = False,
        all_of: Unknown | None = None,
    ) -> None:
        self._find = find
        self._all_of = all_of or Unknown(f"{label} is used as a whole")
        self.single = single

    def get(self, name: str) -> object:
        return self._find(name)

    def whole(self) -> object:
        return self._all_of


class Module:
    """One instance of a module.

    `prefix` begins the addresses inside (`module.db["a"].`), `calls` says who calls it, innermost
    first. `inputs` gives the value of a variable that the caller sets; None when it sets none.
    `working_directory` is where Terraform is run: relative paths start there. `certain` is False
    where it is not known whether the call makes any instance.
    """

    def __init__(
        self,
        library: Library,
        directory: Directory,
        evaluator: Evaluator,
        inputs: Callable[[str], object | None],
        *,
        prefix: str = "",
        parent: Module | None = None,
        calls: tuple[Related, ...] = (),
        certain: bool = True,
    ) -> None:
        self.directory = directory
        self.prefix = prefix
        self.calls = calls
        self.certain = certain
        self._library = library
        self._evaluator = evaluator
        self._inputs = inputs
        self._values: dict[tuple[str, str], object] = {}
        self._pending: set[tuple[str, str]] = set()
        self._children: dict[Block, list[tuple[Repetition, Module]] | Unknown] = {}
        self._chain: tuple[Path, ...] = (*(parent._chain if parent else ()), directory.path)
        self.working_directory: Path = parent.working_directory if parent else directory.path
        self._roots: dict[str, Callable[[], object]] = {
            "var": lambda: _Parts("var", self._variable),
            "local": lambda: _Parts("local", self._local),
            "module": lambda: _Parts("module", self._module),
            "data": lambda: _Parts("data", self._data),
            "path": lambda: _Parts("path", self._path),
            "terraform": lambda: _Parts("terraform", self._terraform),
        }

    # --- the scope of expressions --------------------------------------------------------------

    def lookup(self, name: str) -> object:
        if name in self._roots:
            return self._roots[name]()
        if name in ("each", "count", "self", "ephemeral"):
            raise Blocked(f"{name} has no value here")
        if name in self.directory.resource_types:
            return _Parts(name, lambda resource: self._resource(name, resource))
        raise mistake(f"{name} is not declared")

    def read_file(self, path: str) -> str:
        return self._library.read_file(self.working_directory / path)

    def evaluate(self, expression: Expression, scope: Scope | None = None) -> object:
        return self._evaluator.evaluate(expression, scope or self)

    def _once(self, kind: str, name: str, make: Callable[[], object]) -> object:
        """The value of `kind.name`, evaluated once. Unknown while it is being evaluated."""
        key = (kind, name)
        if key not in self._values:
            if key in self._pending:
                raise Blocked(f"{kind}.{name} refers to itself")
            self._pending.add(key)
            try:
                self._values[key] = make()
            except Blocked as blocked:
                self._values[key] = blocked.unknown
            finally:
                self._pending.discard(key)
        return self._values[key]

    def _local(self, name: str) -> object:
        attribute = _only(self.directory.locals.get(name), f"local.{name}")
        return self._once("local", name, lambda: self.evaluate(attribute.expression))

    def _variable(self, name: str) -> object:
        return self._once("var", name, lambda: self._variable_value(name))

    def _variable_value(self, name: str) -> object:
        block = _only(self.directory.variables.get(name), f"var.{name}")
        if block.broken:
            raise Blocked(f"var.{name} is declared with a syntax error")
        value = self._inputs(name)
        default = block.attribute("default")
        nullable = _constant(block.attribute("nullable"))
        if isinstance(value, _Absent) or (value is None and nullable is False):
            if default is None:
                raise Blocked(f"var.{name} has no default, and no value in the scanned files")
            value = self.evaluate(default.expression, _NOTHING)
        constraint = block.attribute("type")
        if is_lazy(value):
            value = value.whole()
        if constraint is None or value is None or isinstance(value, Unknown):
            return value
        try:
            return convert(
                value, constraint.expression, lambda default: self.evaluate(default, _NOTHING)
            )
        except Blocked as blocked:
            reason = f"var.{name} has another type than its value: {blocked.unknown.reason}"
            raise Blocked(reason, blocked.unknown.mistake) from blocked

    def _data(self, kind: str) -> object:
        def attribute_of(name: str) -> object:
            return _Parts(
                f"data.{kind}.{name}",
                lambda attribute: _not_in_files(f"data.{kind}.{name}", attribute),
                single=True,
                all_of=Unknown(
                    f"data.{kind}.{name} is only known when Terraform runs",
                    refers=f"data.{kind}.{name}",
                ),
            )

        return _Parts(f"data.{kind}", attribute_of)

    def _path(self, name: str) -> object:
        if name == "module":
            return Path(os.path.relpath(self.directory.path, self.working_directory)).as_posix()
        if name == "root":
            return "."
        raise Blocked(f"path.{name} depends on where Terraform runs")

    def _terraform(self, name: str) -> object:
        raise Blocked(f"terraform.{name} depends on where Terraform runs")

    # --- resources -----------------------------------------------------------------------------

    def repetitions(self, block: Block) -> list[Repetition] | Unknown:
        """The instances that count or for_each make of a block."""
        count, for_each = block.attribute("count"), block.attribute("for_each")
        try:
            if count is not None:
                return _counted(self.evaluate(count.expression))
            if for_each is not None:
                return each_of(self.evaluate(for_each.expression))
        except Blocked as blocked:
            return blocked.unknown
        return [ONCE]

    def certain_repetitions(self, block: Block) -> list[Repetition]:
        """As `repetitions`; where the number is unknown, one with unknown each and count."""
        found = self.repetitions(block)
        if not isinstance(found, Unknown):
            return found
        each = {"key": found, "value": found}
        return [Repetition("", None, {"each": each, "count": {"index": found}})]

    def is_certain(self, block: Block) -> bool:
        """Whether the number of instances of a block is known."""
        return self.certain and not isinstance(self.repetitions(block), Unknown)

    def _resource(self, kind: str, name: str) -> object:
        block = _only(self.directory.resources.get((kind, name)), f"{kind}.{name}")
        if block.broken:
            raise Blocked(f"{kind}.{name} is declared with a syntax error")

        def one(repetition: Repetition) -> object:
            address = f"{self.prefix}{kind}.{name}{repetition.suffix}"
            scope = Names(self, repetition.names)
            return _Parts(
                address,
                lambda part: self._part(block, address, part, scope),
                single=True,
                all_of=Unknown(f"{address} is used as a whole", refers=address),
            )

        repetitions = self.repetitions(block)
        if isinstance(repetitions, Unknown):
            # However many there are, it is one of these that is meant.
            repetitions = replace(repetitions, refers=f"{self.prefix}{kind}.{name}")
        return self._once(kind, name, lambda: _by_key(repetitions, one))

    def _part(self, block: Block, address: str, name: str, scope: Scope) -> object:
        """The attribute of a resource, when the configuration sets it."""
        attribute = block.attribute(name)
        if attribute is None:
            return _not_in_files(address, name)
        value = self._once(address, name, lambda: self.evaluate(attribute.expression, scope))
        direct = isinstance(attribute.expression, (GetAttr, Index))
        if isinstance(value, Unknown) and not (direct and value.refers):
            return replace(value, refers=address, attribute=name)
        return value

    # --- modules -------------------------------------------------------------------------------

    def children(self, block: Block) -> list[tuple[Repetition, Module]] | Unknown:
        """The instances that a module call makes; Unknown when the module's files are not here."""
        if block not in self._children:
            self._children[block] = self._make_children(block)
        return self._children[block]

    def _make_children(self, block: Block) -> list[tuple[Repetition, Module]] | Unknown:
        (name,) = block.labels
        path = self.directory.module_path(block)
        directory = None if path is None or block.broken else self._library.directory(path)
        if block.broken:
            return Unknown(f"module.{name} is called with a syntax error")
        if directory is None:
            source = module_source(block) or "without a constant source"
            return Unknown(f"module.{name} ({source}) is not among the scanned files")
        if directory.path in self._chain:
            return Unknown(f"module.{name} calls itself")
        if len(self._chain) > MAX_MODULE_DEPTH:
            return Unknown(f"module.{name} is nested too deeply")
        calls = (Related(f"module {self.prefix}{name} is called here", block.origin), *self.calls)
        return [
            (
                repetition,
                Module(
                    self._library,
                    directory,
                    self._evaluator,
                    _Inputs(self, block, Names(self, repetition.names)).value,
                    prefix=f"{self.prefix}module.{name}{repetition.suffix}.",
                    parent=self,
                    calls=calls,
                    certain=self.is_certain(block),
                ),
            )
            for repetition in self.certain_repetitions(block)
        ]

    def _module(self, name: str) -> object:
        block = _only(self.directory.modules.get(name), f"module.{name}")
        children = self.children(block)
        if isinstance(children, Unknown):
            return self._foreign(block, children)
        repetitions = self.repetitions(block)
        if isinstance(repetitions, Unknown):
            return repetitions
        modules = {id(repetition): child for repetition, child in children}
        by_suffix = {repetition.suffix: child for repetition, child in children}

        def one(repetition: Repetition) -> object:
            child = modules.get(id(repetition)) or by_suffix[repetition.suffix]
            return _Parts(f"module.{name}", child.output, single=True)

        return _by_key(repetitions, one)

    def _foreign(self, block: Block, why: Unknown) -> object:
        """The outputs of a module whose files are not at hand: not known, but of a known call."""
        (name,) = block.labels

        def one(repetition: Repetition) -> object:
            address = f"{self.prefix}module.{name}{repetition.suffix}"
            return _Parts(
                f"module.{name}",
                lambda output: replace(why, refers=address, attribute=output),
                single=True,
                all_of=replace(why, refers=address),
            )

        return _by_key(self.repetitions(block), one)

    def output(self, name: str) -> object:
        """The value of an output. Raises Blocked when it is not declared."""
        block = _only(self.directory.outputs.get(name), f"{self.prefix}{name}")
        value = block.attribute("value")
        if value is None or block.broken:
            raise Blocked(f"{self.prefix}{name} has no value")
        return self._once("output", name, lambda: self.evaluate(value.expression))

    def too_deep(self, types: frozenset[str]) -> list[Block]:
        """The calls of modules with resources of these types that are not followed any more."""
        if len(self._chain) <= MAX_MODULE_DEPTH:
            return []
        found = []
        for block in self.directory.module_blocks():
            path = self.directory.module_path(block)
            if path is None or path in self._chain or block.broken:
                continue
            if self._library.has_types(path, types):
                found.append(block)
        return found

    def descendants(self, types: frozenset[str]) -> Iterator[Module]:
        """This module and those called below it, where they hold resources of these types."""
        pending = [self]
        while pending:
            module = pending.pop()
            if not self._library.has_types(module.directory.path, types):
                continue
            yield module
            called: list[Module] = []
            for block in module.directory.module_blocks():
                path = module.directory.module_path(block)
                if path is None or not self._library.has_types(path, types):
                    continue
                children = module.children(block)
                if not isinstance(children, Unknown):
                    called.extend(child for _, child in children)
            pending.extend(reversed(called))


class _Absent:
    """No value is given for a variable."""


ABSENT = _Absent()


class _Inputs:
    """The variables that a module call sets."""

    def __init__(self, caller: Module, block: Block, scope: Scope) -> None:
        self._caller = caller
        self._block = block
        self._scope = scope

    def value(self, name: str) -> object:
        attribute = None if name in _META_ARGUMENTS else self._block.attribute(name)
        if attribute is None:
            return ABSENT
        return self._caller.evaluate(attribute.expression, self._scope)


class _Nothing:
    """The scope of defaults and tfvars files, which refer to nothing."""

    def lookup(self, name: str) -> object:
        raise mistake(f"{name} is not declared")

    def read_file(self, path: str) -> str:
        raise Blocked("a file is read where Terraform allows none")


_NOTHING = _Nothing()
NOTHING: Scope = _NOTHING


def _counted(value: object) -> list[Repetition] | Unknown:
    if isinstance(value, Unknown):
        return value
    count = to_integer(value)
    if not 0 <= count <= _MAX_INSTANCES:
        return Unknown(f"count is {count}")
    return [Repetition(f"[{index}]", index, {"count": {"index": index}}) for index in range(count)]


def each_of(value: object) -> list[Repetition] | Unknown:
    """The instances that `for_each` makes, in the order of their keys."""
    if is_lazy(value):
        value = value.whole()
    if isinstance(value, Unknown):
        return value
    if isinstance(value, dict):
        pairs = sorted(value.items())
    elif isinstance(value, list):
        # Only a set of strings is allowed; a list shows that a conversion could not be seen.
        pairs = [(to_text(item), item) for item in value]
    else:
        return Unknown("for_each is neither a map nor a set")
    if len(pairs) > _MAX_INSTANCES:
        return Unknown(f"for_each has {len(pairs)} elements")
    return [
        Repetition(f'["{key}"]', key, {"each": {"key": key, "value": item}}) for key, item in pairs
    ]


def _by_key(repetitions: list[Repetition] | Unknown, one: Callable[[Repetition], object]) -> object:
    """What a reference to a repeated block gives: the object, a list or a map of them."""
    if isinstance(repetitions, Unknown):
        return repetitions
    if repetitions == [ONCE]:
        return one(ONCE)
    if all(isinstance(repetition.key, int) for repetition in repetitions):
        return [one(repetition) for repetition in repetitions]
    return {str(repetition.key): one(repetition) for repetition in repetitions}


def _only(found: Sequence[Declared] | None, label: str) -> Declared:
    if not found:
        raise Blocked(f"{label} is not declared")
    if len(found) > 1:
        raise Blocked(f"{label} is declared more than once")
    return found[0]


def _constant(attribute: Attribute | None) -> object:
    expression = attribute.expression if attribute else None
    return expression.value if isinstance(expression, Literal) else None


def _not_in_files(address: str, attribute: str) -> Unknown:
    return Unknown(
        f"{address}.{attribute} is only known when Terraform runs",
        refers=address,
        attribute=attribute,
    )
