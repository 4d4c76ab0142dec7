# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts drawn by a number: the same number gives the same fact, on every machine and release.

Look at one:   python tests/fact_samples.py PG001 17
"""

from __future__ import annotations

import ast
import collections.abc
import dataclasses
import enum
import inspect
import random
import sys
import types
import typing
from collections.abc import Sequence

from connguard.engine.registry import RegisteredPolicy, find
from connguard.policies.model.addresses import AddressSet
from connguard.policies.model.origin import Known, Origin, Unknown

NUMBERS = (-1, 0, 1, 2, 3, 5, 10, 20, 60, 97, 100, 101, 200, 1000, 5432, 6432, 65535)
_PLAIN_WORDS = ("app", "db", "10.0.0.0/8", "x y", "0", "90s", "off")
_NETWORKS = ("0.0.0.0/0", "128.0.0.0/1", "11.0.0.0/8", "10.0.0.0/8", "8.8.8.8", "::/0", "fd00::/8")


def words_of(registered: RegisteredPolicy) -> list[str]:
    """The words that a policy's module knows, written there or imported: a decision may turn on
    them."""
    module = sys.modules[registered.decide.__module__]
    tree = ast.parse(inspect.getsource(module))
    docstrings = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    words = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and node not in docstrings
        and isinstance(node.value, str)
        and 0 < len(node.value) <= 40
        and not node.value.startswith((" ", "PG"))
    }
    constants = {
        value
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }
    return sorted(words | constants)


def sample(registered: RegisteredPolicy, number: int, words: Sequence[str]) -> object:
    """The fact of a policy with this number."""
    chance = random.Random(f"{registered.policy.id}:{number}")
    return Sampler(chance, (*words, *words, *words, *_PLAIN_WORDS)).any_of(
        chance.choice(registered.policy.facts), {}, 0
    )


class Sampler:
    left_out: typing.ClassVar[frozenset[str]] = frozenset()
    """Fields that keep their defaults, such as `Pooler.surge`."""

    def __init__(self, chance: random.Random, words: Sequence[str]) -> None:
        self._chance = chance
        self._words = words

    def any_of(self, hint: typing.Any, bound: dict[object, object], depth: int) -> object:
        hint = bound.get(hint, hint)
        origin: typing.Any = typing.get_origin(hint)
        arguments = typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self._one_of(arguments, bound, depth)
        if origin is typing.Literal:
            return self._chance.choice(arguments)
        if origin is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis):
            return tuple(self.any_of(one, bound, depth) for one in arguments)
        if origin in (dict, collections.abc.Mapping):
            many = range(self._chance.choice((0, 1, 2)))
            return {
                self.any_of(arguments[0], bound, depth): self.any_of(arguments[1], bound, depth + 1)
                for _ in many
            }
        if origin in (tuple, frozenset, set, list, collections.abc.Sequence):
            many = range(self._chance.choice((0, 1, 1, 2) if depth < 6 else (0,)))
            items = [self.any_of(arguments[0], bound, depth + 1) for _ in many]
            return frozenset(items) if origin in (frozenset, set) else tuple(items)
        if arguments and hasattr(origin, "__parameters__"):
            parameters = dict(zip(origin.__parameters__, arguments, strict=True))
            return self._dataclass(
                origin, {key: bound.get(one, one) for key, one in parameters.items()}, depth
            )
        return self._plain(hint, depth)

    def _one_of(self, hints: Sequence[object], bound: dict[object, object], depth: int) -> object:
        kinds = [typing.get_origin(one) or one for one in hints]
        if Known in kinds and Unknown in kinds and self._chance.random() < 0.7:
            return self.any_of(hints[kinds.index(Known)], bound, depth)
        if depth >= 8 and type(None) in hints:
            return None
        return self.any_of(self._chance.choice(hints), bound, depth)

    def _plain(self, hint: typing.Any, depth: int) -> object:
        if hint is Origin:
            line = self._chance.randrange(1, 30)
            return Origin(self._chance.choice(("a.sql", "main.tf")), line, 1, line, 9)
        if hint is AddressSet:
            return AddressSet.of(*self._chance.choices(_NETWORKS, k=self._chance.randrange(3)))
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            return self._dataclass(hint, {}, depth)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return self._chance.choice(list(hint))
        if hint is str:
            return self._chance.choice(self._words)
        if hint is bool:
            return self._chance.random() < 0.5
        if hint is int:
            return self._chance.choice(NUMBERS)
        if hint is float:
            return self._chance.choice(NUMBERS) / 2
        if hint is type(None):
            return None
        raise TypeError(f"no samples of {hint!r}")

    def _dataclass(self, kind: type, bound: dict[object, object], depth: int) -> object:
        hints = typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))
        return kind(
            **{
                one.name: self.any_of(hints[one.name], bound, depth + 1)
                for one in dataclasses.fields(kind)
                if one.init and f"{kind.__name__}.{one.name}" not in self.left_out
            }
        )


if __name__ == "__main__":
    found = find(sys.argv[1])
    assert found is not None
    fact = sample(found, int(sys.argv[2]), words_of(found))
    print(fact, found.decide(fact), sep="\n")
