# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources and their blocks, evaluated when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_value import Setting, Unresolved
from connguard.terraform.expressions import Names, Scope
from connguard.terraform.module import Module, Repetition, each_of
from connguard.terraform.syntax import (
    Attribute,
    Block,
    Expression,
    Literal,
    ObjectItems,
    TupleItems,
    Variable,
)
from connguard.terraform.values import MAX_DEPTH, Blocked, Budget, Unknown, is_lazy


@dataclass(frozen=True, slots=True)
class Body:
    """The content of a resource or of a block in it, dynamic blocks written out.

    `certain` is False for a block of which it is not known whether it exists: a dynamic block over
    an unknown collection.
    """

    block: Block
    module: Module
    scope: Scope
    certain: bool = True

    @property
    def origin(self) -> Origin:
        return self.block.origin

    def setting(self, name: str) -> Setting | None:
        """An attribute: its value (Unresolved when unknown; parts of it may be) and its place."""
        attribute = self.block.attribute(name)
        if attribute is None:
            return None
        value = self.module.evaluate(attribute.expression, self.scope)
        return Setting(_for_policies(value), attribute.origin)

    def settings(self, *names: str) -> dict[str, Setting]:
        """The attributes of these names that are set; without names, all of them."""
        wanted = names or tuple(attribute.name for attribute in self.block.attributes)
        found = {name: self.setting(name) for name in wanted}
        return {name: setting for name, setting in found.items() if setting is not None}

    def blocks(self, name: str) -> list[Body]:
        """The nested blocks of a type, in order; those of `dynamic` blocks among them."""
        found: list[Body] = []
        for block in _nested(self.block):
            if block.type == name:
                found.append(Body(block, self.module, self.scope, self.certain))
            elif block.type == "dynamic" and block.labels == (name,):
                found.extend(self._dynamic(block, name))
        return found

    def _dynamic(self, block: Block, name: str) -> Iterator[Body]:
        content = next((inner for inner in _nested(block) if inner.type == "content"), None)
        for_each = block.attribute("for_each")
        if content is None or for_each is None:
            return
        iterator = _iterator_name(block) or name
        repetitions: list[Repetition] | Unknown
        try:
            repetitions = _elements(self.module.evaluate(for_each.expression, self.scope))
        except Blocked as blocked:
            repetitions = blocked.unknown
        if isinstance(repetitions, Unknown):
            unknown = {iterator: {"key": repetitions, "value": repetitions}}
            yield Body(content, self.module, Names(self.scope, unknown), certain=False)
            return
        for repetition in repetitions:
            names = {iterator: repetition.names["each"]}
            yield Body(content, self.module, Names(self.scope, names), self.certain)


@dataclass(frozen=True, slots=True)
class Resource:
    """One instance of a resource.

    `address` is Terraform's. `origin` is the header of its block; `calls` are the module calls
    that lead to it, innermost first. Attributes and blocks are evaluated on demand through `body`.
    `certain` is False where it is not known whether `count` or `for_each` makes any.
    """

    type: str
    name: str
    address: str
    body: Body
    calls: tuple[Related, ...]
    certain: bool = True

    @property
    def origin(self) -> Origin:
        return self.body.origin


def _for_policies(value: object) -> object:
    """The value as the policies take it: what is unknown, also in parts, is Unresolved."""
    try:
        return _plain(value, Budget(), 0)
    except Blocked as blocked:
        return Unresolved(blocked.unknown.reason)


def _plain(value: object, budget: Budget, depth: int) -> object:
    budget.spend()
    if is_lazy(value):
        value = value.whole()
    if isinstance(value, Unknown):
        if depth > MAX_DEPTH:
            return Unresolved(value.reason)
        parts = tuple(_plain(part, budget, depth + 1) for part in value.parts)
        return Unresolved(value.reason, value.refers, value.attribute, value.tail, parts)
    if depth > MAX_DEPTH:
        raise Blocked("a value is nested too deeply")
    if isinstance(value, list):
        return [_plain(item, budget, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, budget, depth + 1) for key, item in value.items()}
    return value


def _iterator_name(block: Block) -> str | None:
    iterator = block.attribute("iterator")
    expression = iterator.expression if iterator else None
    if isinstance(expression, Variable):
        return expression.name
    value = expression.value if isinstance(expression, Literal) else None
    return value if isinstance(value, str) else None


def _elements(value: object) -> list[Repetition] | Unknown:
    """The elements of a dynamic block; unlike for_each of resources, lists are allowed."""
    if is_lazy(value):
        value = value.whole()
    if value is None or isinstance(value, (Unknown, dict)):
        return each_of(value)
    if isinstance(value, list):
        is_set = type(value) is not list
        return [
            Repetition("", index, {"each": {"key": item if is_set else index, "value": item}})
            for index, item in enumerate(value)
        ]
    return Unknown("for_each is no collection")


def _nested(block: Block) -> list[Block]:
    """The blocks in a block. In JSON syntax they look like attributes."""
    if not block.from_json:
        return block.blocks
    found: list[Block] = []
    for attribute in block.attributes:
        expression = attribute.expression
        items = expression.items if isinstance(expression, TupleItems) else (expression,)
        for item in items:
            if isinstance(item, ObjectItems):
                if attribute.name == "dynamic":
                    found.extend(
                        _json_block(block, "dynamic", (name,), value)
                        for name, value in _named(item)
                        if isinstance(value, ObjectItems)
                    )
                else:
                    found.append(_json_block(block, attribute.name, (), item))
    return found


def _named(item: ObjectItems) -> list[tuple[str, object]]:
    return [
        (key.value, value)
        for key, value in item.items
        if isinstance(key, Literal) and isinstance(key.value, str)
    ]


def _json_block(outer: Block, name: str, labels: tuple[str, ...], item: ObjectItems) -> Block:
    attributes = [
        Attribute(
            outer.text,
            key.value,
            key.start,
            value.end,
            value.start,
            value.end,
            partial(_same, value),
        )
        for key, value in item.items
        if isinstance(key, Literal) and isinstance(key.value, str)
    ]
    return Block(
        outer.text,
        name,
        labels,
        item.start,
        item.start + 1,
        item.end,
        lambda: (attributes, []),
        from_json=True,
    )


def _same(expression: Expression) -> Expression:
    return expression
