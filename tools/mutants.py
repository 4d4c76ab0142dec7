# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutants of functions: made with the operators of mutmut, put into a running process.

A mutant is one small change of one function. Nothing is written to disk: the changed module is
compiled, and the code of the function is exchanged in the process that is to judge it.
"""

from __future__ import annotations

import ast
import importlib
import types
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import libcst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode


@dataclass(frozen=True)
class Mutant:
    """One change of one function. `change` is a diff without context; `lines` are those of the
    smallest statement around the change, in the source as it is."""

    file: Path
    module: str
    function: str
    change: str
    lines: range
    around: tuple[str, str]
    changed: str

    @property
    def source(self) -> str:
        """The whole module with the change."""
        return self.changed.join(self.around)

    @property
    def key(self) -> str:
        """The same as long as the function reads the same; unlike a number, it tells what it is."""
        return f"{self.module}.{self.function}\n{self.change}"


def functions_of(file: Path) -> list[str]:
    """The names of the functions and methods of a module that may have mutants."""
    return [name for _, name in _functions(libcst.parse_module(file.read_text(encoding="utf-8")))]


def mutants_of(file: Path, module: str) -> Iterator[Mutant]:
    """All mutants of the functions and methods of a module, in the order of the source."""
    text = file.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(libcst.parse_module(text))
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    tree = wrapper.visit(visitor)
    positions = wrapper.resolve(PositionProvider)
    parents = wrapper.resolve(ParentNodeProvider)
    names = dict(_functions(tree))
    tops = {
        function: index
        for index, statement in enumerate(tree.body)
        for function in _functions_below(statement)
    }
    parts = [tree.code_for_node(statement) for statement in tree.body]
    header = "".join(tree.code_for_node(line) for line in tree.header)
    around = [
        (header + "".join(parts[:index]), "".join(parts[index + 1 :]))
        for index in range(len(parts))
    ]
    statements = _statements(text)
    seen: Counter[str] = Counter()
    for mutation in visitor.mutations:
        function = mutation.contained_by_top_level_function
        if function not in names:
            continue  # runs when the module is imported
        index = tops[function]
        changed = tree.code_for_node(
            _with(mutation.mutated_node, mutation.original_node, tree.body[index], parents)
        )
        change = _difference(parts[index], changed)
        seen[names[function] + change] += 1
        again = seen[names[function] + change]
        place = positions[mutation.original_node]
        yield Mutant(
            file,
            module,
            names[function],
            change if again == 1 else f"{change}\n(the {again}. of the same in this function)",
            _smallest(statements, place.start.line, place.end.line),
            around[index],
            changed,
        )


def put_in(mutant: Mutant) -> None:
    """Exchange the function in this process. Meant for a fork: there is no way back.

    Raises LookupError when the function is not where its name says.
    """
    tree = ast.parse(mutant.source)
    owner: Any = importlib.import_module(mutant.module)
    *classes, name = mutant.function.split(".")
    body: list[ast.stmt] = tree.body
    for one in classes:
        owner = getattr(owner, one)
        body = next(s.body for s in body if isinstance(s, ast.ClassDef) and s.name == one)
    function = vars(owner)[name]
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType):
        raise LookupError(f"{mutant.module}.{mutant.function} is {function!r}")
    written = next(
        s for s in body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef) and s.name == name
    )
    module_code = compile(tree, str(mutant.file), "exec", dont_inherit=True)
    function.__code__ = next(
        code for code in _codes(module_code) if code.co_qualname == mutant.function
    )
    names = function.__globals__
    if function.__defaults__:
        function.__defaults__ = tuple(_value(one, names) for one in written.args.defaults)
    for argument, default in zip(written.args.kwonlyargs, written.args.kw_defaults, strict=True):
        if default is not None and function.__kwdefaults__:
            function.__kwdefaults__[argument.arg] = _value(default, names)


def _value(expression: ast.expr, names: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(expression), "<default>", "eval"), names)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield one
            yield from _codes(one)


def _functions(tree: libcst.Module) -> Iterator[tuple[libcst.CSTNode, str]]:
    for statement in tree.body:
        for function in _functions_below(statement):
            name = function.name.value
            yield (
                function,
                f"{statement.name.value}.{name}"
                if isinstance(statement, libcst.ClassDef)
                else name,
            )


def _functions_below(statement: libcst.CSTNode) -> Iterable[libcst.FunctionDef]:
    if isinstance(statement, libcst.FunctionDef):
        return [statement]
    if isinstance(statement, libcst.ClassDef):
        return [one for one in statement.body.body if isinstance(one, libcst.FunctionDef)]
    return []


def _with(
    new: libcst.CSTNode,
    old: libcst.CSTNode,
    top: libcst.CSTNode,
    parents: Mapping[libcst.CSTNode, libcst.CSTNode],
) -> libcst.CSTNode:
    """`top` with a node below it exchanged. (`deep_replace` would visit all of `top`.)"""
    while old is not top:
        parent = parents[old]
        for field in fields(parent):
            value = getattr(parent, field.name)
            if value is old:
                change: Any = new
            elif isinstance(value, Sequence) and any(one is old for one in value):
                change = [new if one is old else one for one in value]
            else:
                continue
            new = parent.with_changes(**{field.name: change})
            break
        else:
            raise LookupError(f"{old!r} is not in {parent!r}")
        old = parent
    return new


def _difference(before: str, after: str) -> str:
    """The lines that differ, without context and indentation."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return "\n".join([f"- {line.strip()}" for line in old] + [f"+ {line.strip()}" for line in new])


def _statements(text: str) -> list[range]:
    return [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt)
    ]


def _smallest(statements: Iterable[range], first: int, last: int) -> range:
    around = [one for one in statements if one.start <= first and last < one.stop]
    return min(around, key=len)
