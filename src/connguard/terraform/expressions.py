# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluates expressions as Terraform does, and says Unknown rather than guess."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Protocol

from connguard.policies.model.patterns import lazily
from connguard.terraform import syntax
from connguard.terraform.expression_parser import parse_template
from connguard.terraform.functions import FUNCTIONS, PARTIAL
from connguard.terraform.values import (
    MAX_TEXT,
    Blocked,
    Unknown,
    alike,
    as_list,
    bounded_list,
    bounded_text,
    equal,
    fully_known,
    is_lazy,
    known,
    mistake,
    normal_number,
    to_bool,
    to_integer,
    to_number,
    to_text,
)

_MAX_DEPTH = 90
_MAX_STEPS = 100_000
_MAX_PARTS = 1000


class Scope(Protocol):
    """Where names come from."""

    def lookup(self, name: str) -> object:
        """The value of the first name of a reference. Raises Blocked when there is none."""

    def read_file(self, path: str) -> str:
        """The text of a file named by an expression. Raises Blocked when it may not be read."""


class Names:
    """A scope with a few names more than the one around it: those of a `for`, or `each`."""

    def __init__(self, outer: Scope, names: Mapping[str, object]) -> None:
        self._outer = outer
        self._names = names

    def lookup(self, name: str) -> object:
        return self._names[name] if name in self._names else self._outer.lookup(name)

    def read_file(self, path: str) -> str:
        return self._outer.read_file(path)


class Evaluator:
    """Evaluates expressions; the work of one call of `evaluate` from outside is bounded."""

    def __init__(self) -> None:
        self._depth = 0
        self._steps = 0

    def evaluate(self, expression: syntax.Expression, scope: Scope) -> object:
        """The value; Unknown, or with Unknown parts, where it cannot be told. Never raises."""
        if self._depth == 0:
            self._steps = 0
        if self._depth > _MAX_DEPTH:
            return Unknown("an expression is nested too deeply")
        self._depth += 1
        self._steps += 1
        try:
            if self._steps > _MAX_STEPS:
                return Unknown("an expression takes too long to evaluate")
            return _EVALUATE[type(expression)](self, expression, scope)
        except Blocked as blocked:
            return blocked.unknown
        except RecursionError:
            return Unknown("an expression is nested too deeply")
        finally:
            self._depth -= 1

    def known(self, expression: syntax.Expression, scope: Scope) -> object:
        return known(self.evaluate(expression, scope))

    def _literal(self, node: syntax.Literal, scope: Scope) -> object:
        return node.value

    def _malformed(self, node: syntax.Malformed, scope: Scope) -> object:
        raise Blocked(f"the expression cannot be read: {node.reason}")

    def _template(self, node: syntax.Template, scope: Scope) -> object:
        texts: list[str] = []
        size = 0
        for position, part in enumerate(node.parts):
            value = self.evaluate(part, scope)
            if isinstance(value, Unknown) and not value.mistake:
                raise Blocked(_template_unknown(value, texts, node.parts[position + 1 :]))
            texts.append(_template_text(known(value)))
            size += len(texts[-1])
            if size > MAX_TEXT:
                raise Blocked("a string is too long")
        return "".join(texts)

    def _template_for(self, node: syntax.TemplateFor, scope: Scope) -> object:
        texts: list[str] = []
        size = 0
        for key, value in _pairs(self.known(node.collection, scope)):
            names = {node.value_name: value}
            if node.key_name:
                names[node.key_name] = key
            texts.append(to_text(self.known(node.body, Names(scope, names))))
            size += len(texts[-1])
            if size > MAX_TEXT:
                raise Blocked("a string is too long")
        return "".join(texts)

    def _variable(self, node: syntax.Variable, scope: Scope) -> object:
        return scope.lookup(node.name)

    def _get_attr(self, node: syntax.GetAttr, scope: Scope) -> object:
        source = self.evaluate(node.source, scope)
        if isinstance(source, Unknown):
            if source.refers and source.attribute is None:
                return replace(source, attribute=node.name)
            return source.derived() if source.parts else source
        try:
            return member(source, node.name)
        except Blocked as blocked:
            raise _named(blocked, node) from blocked

    def _index(self, node: syntax.Index, scope: Scope) -> object:
        source = self.evaluate(node.source, scope)
        if isinstance(source, Unknown):
            return source.derived() if source.parts else source
        key = self.known(node.key, scope)
        try:
            return element(source, key)
        except Blocked as blocked:
            raise _named(blocked, node) from blocked

    def _splat(self, node: syntax.Splat, scope: Scope) -> object:
        source = self.evaluate(node.source, scope)
        if not getattr(source, "single", False):
            source = known(source)
        if source is None:
            return []
        items = source if isinstance(source, list) else [source]
        return [self.evaluate(node.each, Names(scope, {"*": item})) for item in items]

    def _splat_item(self, node: syntax.SplatItem, scope: Scope) -> object:
        return scope.lookup("*")

    def _call(self, node: syntax.Call, scope: Scope) -> object:
        if node.name in ("try", "can"):
            return self._try(node, scope)
        arguments = [self.evaluate(argument, scope) for argument in node.arguments]
        if node.expand_last and arguments:
            arguments[-1:] = as_list(arguments[-1])
        if node.name == "templatefile" and len(arguments) == 2:
            return self._template_file(arguments, scope)
        if node.name == "file" and len(arguments) == 1:
            return bounded_text(scope.read_file(to_text(arguments[0])))
        if node.name.removeprefix("core::") not in FUNCTIONS:
            raise Blocked(f"the function {node.name}() is not evaluated")
        name = node.name.removeprefix("core::")
        self._steps += sum(len(value) for value in arguments if isinstance(value, (list, dict)))
        try:
            if name in PARTIAL:
                return FUNCTIONS[name](*arguments)
            return FUNCTIONS[name](*[fully_known(argument) for argument in arguments])
        except Blocked as blocked:
            raise Blocked(_called_with_unknown(name, arguments, blocked.unknown)) from blocked
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise mistake(f"{node.name}() cannot be called with these arguments") from error

    def _try(self, node: syntax.Call, scope: Scope) -> object:
        if node.expand_last:
            raise Blocked(f"the arguments of {node.name}()")
        for argument in node.arguments:
            value = self.evaluate(argument, scope)
            failed = isinstance(value, Unknown) and value.mistake
            if node.name == "can":
                if isinstance(value, Unknown) and not failed:
                    raise Blocked(value)
                return not failed
            if not failed:
                return value
        raise mistake("no argument of try() works")

    def _template_file(self, arguments: list[object], scope: Scope) -> object:
        template = parse_template(scope.read_file(to_text(arguments[0])))
        names = known(arguments[1])
        if not isinstance(names, dict):
            raise mistake("templatefile() takes a map of variables")
        return self.evaluate(template, _TemplateScope(names))

    def _unary(self, node: syntax.Unary, scope: Scope) -> object:
        value = self.evaluate(node.operand, scope)
        if isinstance(value, Unknown):
            raise Blocked(value.derived())
        if node.operator == "!":
            return not to_bool(value)
        return -to_number(value)

    def _binary(self, node: syntax.Binary, scope: Scope) -> object:
        # Chains such as 1 + 1 + … lean to the left: walk down them without recursion.
        chain = [node]
        while isinstance(chain[-1].left, syntax.Binary):
            chain.append(chain[-1].left)
        value = self.evaluate(chain[-1].left, scope)
        for step in reversed(chain):
            self._steps += 1
            try:
                value = self._operate(step, value, scope)
            except Blocked as blocked:
                value = blocked.unknown.derived()
        return value

    def _operate(self, node: syntax.Binary, left: object, scope: Scope) -> object:
        if node.operator in ("&&", "||"):
            return self._logical(node, left, scope)
        right = self.evaluate(node.right, scope)
        if node.operator in ("==", "!="):
            return _same(left, right) is (node.operator == "==")
        first, second = to_number(left), to_number(right)
        if node.operator in _COMPARE:
            return _COMPARE[node.operator](first, second)
        if node.operator in "/%" and second == 0:
            raise mistake("division by zero")
        if node.operator == "%":
            # The result has the sign of the dividend.
            quotient = Fraction(first) / Fraction(second)
            whole = abs(quotient).__floor__() * (1 if quotient >= 0 else -1)
            return normal_number(first - second * whole)
        if node.operator == "/":
            return normal_number(Fraction(first) / Fraction(second))
        return normal_number(_ARITHMETIC[node.operator](first, second))

    def _logical(self, node: syntax.Binary, left: object, scope: Scope) -> object:
        decisive = node.operator == "||"
        right = self.evaluate(node.right, scope)
        values = [
            value if isinstance(value, Unknown) else to_bool(value) for value in (left, right)
        ]
        if any(isinstance(value, Unknown) and value.mistake for value in values):
            raise mistake("an operand is invalid")
        if decisive in values:
            return decisive
        for value in values:
            known(value)
        return not decisive

    def _conditional(self, node: syntax.Conditional, scope: Scope) -> object:
        condition = self.evaluate(node.condition, scope)
        if isinstance(condition, Unknown):
            try:
                then = fully_known(self.evaluate(node.then, scope))
                otherwise = fully_known(self.evaluate(node.otherwise, scope))
            except Blocked as blocked:
                raise Blocked(blocked.unknown.derived()) from blocked
            if equal(then, otherwise):
                return then
            raise Blocked(condition.derived())
        chosen, other = node.then, node.otherwise
        if not to_bool(condition):
            chosen, other = other, chosen
        value = self.evaluate(chosen, scope)
        if is_lazy(value) or isinstance(value, (Unknown, str)) or value is None:
            return value
        return alike(value, self.evaluate(other, scope))

    def _tuple(self, node: syntax.TupleItems, scope: Scope) -> object:
        return [self.evaluate(item, scope) for item in node.items]

    def _object(self, node: syntax.ObjectItems, scope: Scope) -> object:
        return {
            to_text(self.known(key, scope)): self.evaluate(value, scope)
            for key, value in node.items
        }

    def _for(self, node: syntax.For, scope: Scope) -> object:
        items: list[object] = []
        table: dict[str, object] = {}
        groups: dict[str, list[object]] = {}
        collection = self.evaluate(node.collection, scope)
        if is_lazy(collection):
            collection = collection.whole()
        if isinstance(collection, Unknown):
            return self._for_unknown(node, collection, scope)
        for key, value in _pairs(collection):
            names = {node.value_name: value}
            if node.key_name:
                names[node.key_name] = key
            inner = Names(scope, names)
            if node.condition and not to_bool(self.known(node.condition, inner)):
                continue
            result = self.evaluate(node.value, inner)
            if node.key is None:
                items.append(result)
                continue
            name = to_text(self.known(node.key, inner))
            if node.group:
                groups.setdefault(name, []).append(result)
            elif name in table:
                raise mistake(f'the key "{name}" stands twice in a for expression')
            else:
                table[name] = result
        if node.key is None:
            return bounded_list(items)
        return dict(groups) if node.group else table

    def _for_unknown(self, node: syntax.For, collection: Unknown, scope: Scope) -> Unknown:
        """A `for` over what is not known, or only in parts: what it gives for the parts."""
        parts: list[object] = []
        for value in _leaves(collection.parts or [collection]) or [collection.derived()]:
            names = {node.value_name: value}
            if node.key_name:
                names[node.key_name] = collection.derived()
            parts.append(self.evaluate(node.value, Names(scope, names)))
        return collection.derived(parts=tuple(parts))


# Lists that hold all elements of their arguments, whatever is unknown of them.
_UNIONS = frozenset({
    "compact", "concat", "distinct", "flatten", "reverse", "setunion", "sort", "tolist", "toset",
})  # fmt: skip
# What is in the result is (a part of) the one value that is not known.
_SAME_VALUE = frozenset({
    "chomp", "cidrsubnet", "cidrsubnets", "element", "lower", "nonsensitive", "one", "sensitive",
    "slice", "tostring", "trimspace", "values",
})  # fmt: skip
_WITH_PREFIX_LENGTH = lazily(r"%s(/\d+)")


def _called_with_unknown(name: str, arguments: list[object], unknown: Unknown) -> Unknown:
    """The unknown result of a function, with what can still be said of it."""
    if unknown.mistake:
        return unknown
    if name in ("join", "split") and arguments[:1] == [","]:
        arguments, name = arguments[1:], "concat"
    elif name == "join":
        arguments, name = arguments[1:], "one"
    leaves = _leaves(arguments)
    if leaves is None:
        return unknown.derived()
    if name in _SAME_VALUE or name in _UNIONS:
        distinct = {leaf for leaf in leaves if isinstance(leaf, Unknown)}
        of_values = [leaf for leaf in leaves if isinstance(leaf, (Unknown, str))]
        whole = all(isinstance(leaf, Unknown) for leaf in of_values)
        if len(distinct) == 1 and whole and not any(isinstance(leaf, dict) for leaf in leaves):
            return next(iter(distinct))
    if name in _UNIONS:
        return unknown.derived(parts=tuple(leaves))
    if name in ("format", "formatlist") and isinstance(arguments[0], str):
        match = _WITH_PREFIX_LENGTH.fullmatch(arguments[0])
        if match is not None:
            return unknown.derived(tail=match[1])
    return unknown.derived()


def _leaves(values: Sequence[object]) -> list[object] | None:
    """The elements of lists within lists, and of what is made of several; None for too many."""
    found: list[object] = []
    pending = list(reversed(values))
    seen = 0
    while pending:
        seen += 1
        if seen > _MAX_PARTS:
            return None
        value = pending.pop()
        if isinstance(value, Unknown) and value.parts:
            pending.extend(reversed(value.parts))
        elif isinstance(value, list):
            pending.extend(reversed(value))
        else:
            found.append(value)
    return found


def member(source: object, name: str) -> object:
    """`source.name`. Raises Blocked when there is no such attribute."""
    if is_lazy(source):
        return source.get(name)
    source = known(source)
    if isinstance(source, dict):
        if name in source:
            return source[name]
        raise mistake(f'there is no attribute "{name}"')
    raise mistake(f'a value without attributes is asked for "{name}"')


def element(source: object, key: object) -> object:
    """`source[key]`. Raises Blocked when there is no such element."""
    if is_lazy(source) and isinstance(key, str):
        return source.get(key)
    source = known(source)
    if isinstance(source, dict):
        return member(source, to_text(key))
    if type(source) is list:
        index = to_integer(key)
        if 0 <= index < len(source):
            return source[index]
        raise mistake(f"there is no element {index}")
    raise mistake("a value without elements is indexed")


def _named(blocked: Blocked, node: syntax.Expression) -> Blocked:
    """A mistake in a reference says which one it is."""
    if not blocked.unknown.mistake:
        return blocked
    return mistake(f"{_reference(node)} does not exist: {blocked.unknown.reason}")


def _reference(node: syntax.Expression) -> str:
    """A reference as it is written: `local.roles["app"].limit`."""
    steps: list[str] = []
    while isinstance(node, (syntax.GetAttr, syntax.Index)):
        if isinstance(node, syntax.GetAttr):
            steps.append(f".{node.name}")
        else:
            key = node.key.value if isinstance(node.key, syntax.Literal) else "…"
            steps.append(f'["{key}"]' if isinstance(key, str) and key != "…" else f"[{key}]")
        node = node.source
    first = node.name if isinstance(node, syntax.Variable) else "…"
    return first + "".join(reversed(steps))


def _template_unknown(
    value: Unknown, before: Sequence[str], after: Sequence[syntax.Expression]
) -> Unknown:
    """A text with an unknown part. Only a part that is all of the text is still the same value."""
    if not before and not after:
        return value
    end = _literal_end(after)
    if "," in end or any("," in text for text in before):
        return value.derived()  # a list of several in one text: its end says nothing of the rest
    if any(before):
        return value.derived(tail=end)
    return replace(value, tail=end, parts=()) if end else value.derived()


def _literal_end(parts: Sequence[syntax.Expression]) -> str:
    """The text with which a template ends, when nothing but text is left of it."""
    if all(isinstance(part, syntax.Literal) and isinstance(part.value, str) for part in parts):
        return "".join(str(part.value) for part in parts if isinstance(part, syntax.Literal))
    return ""


class _TemplateScope:
    """The variables given to templatefile(); nothing else is visible in the file."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names

    def lookup(self, name: str) -> object:
        if name in self._names:
            return self._names[name]
        raise mistake(f'the template has no variable "{name}"')

    def read_file(self, path: str) -> str:
        raise Blocked("a file is read within a template")


def _template_text(value: object) -> str:
    if value is None:
        raise mistake("null stands in a string template")
    return to_text(value)


def _pairs(collection: object) -> Iterator[tuple[object, object]]:
    """Keys and values in the order in which Terraform iterates."""
    if isinstance(collection, dict):
        for key in sorted(collection):
            yield key, collection[key]
    elif isinstance(collection, list):
        is_set = type(collection) is not list
        for index, value in enumerate(collection):
            yield (value if is_set else index), value
    else:
        raise mistake("a for expression needs a list or a map")


def _same(left: object, right: object) -> bool:
    """`left == right`. Raises Blocked where the types, which we do not track, decide."""
    if left is None or right is None:
        # What is known in parts is not null.
        return all(not is_lazy(value) and known(value) is None for value in (left, right))
    left, right = fully_known(left), fully_known(right)
    alike = equal(left, right)
    if alike and isinstance(left, (list, dict)):
        raise Blocked("whether two collections are equal depends on their types")
    return alike


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[int | Fraction, int | Fraction], int | Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_EVALUATE: dict[type, Callable[[Evaluator, Any, Scope], object]] = {
    syntax.Literal: Evaluator._literal,
    syntax.Malformed: Evaluator._malformed,
    syntax.Template: Evaluator._template,
    syntax.TemplateFor: Evaluator._template_for,
    syntax.Variable: Evaluator._variable,
    syntax.GetAttr: Evaluator._get_attr,
    syntax.Index: Evaluator._index,
    syntax.Splat: Evaluator._splat,
    syntax.SplatItem: Evaluator._splat_item,
    syntax.Call: Evaluator._call,
    syntax.Unary: Evaluator._unary,
    syntax.Binary: Evaluator._binary,
    syntax.Conditional: Evaluator._conditional,
    syntax.TupleItems: Evaluator._tuple,
    syntax.ObjectItems: Evaluator._object,
    syntax.For: Evaluator._for,
}
