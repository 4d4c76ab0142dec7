# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data classes behave as those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import itertools
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any

import pytest

from connguard.policies.model import records
from connguard.policies.model.origin import Origin


def _made(dataclass: Callable[..., Any]) -> tuple[type[Any], ...]:
    """The same classes, made by one decorator or the other."""

    @dataclass(frozen=True, slots=True, order=True)
    class Pair:
        left: int
        right: str = "x"

    @dataclass(frozen=True, slots=True)
    class One:
        value: object
        beside: list[int] = field(default_factory=list, compare=False, repr=False)

    @dataclass(slots=True)
    class Open:
        value: int

    @dataclass(slots=True)
    class Full(Open):
        named: str = field(default="n", kw_only=True)
        listed: list[int] = field(default_factory=list)
        own: int = field(default=7, init=False)
        made: int = field(init=False)

        def __post_init__(self) -> None:
            self.made = self.value + self.own

    @dataclass
    class Unslotted:
        value: int
        own: int = field(default=7, init=False)

    return Pair, One, Open, Full, Unslotted


OURS, THEIRS = _made(records.dataclass), _made(dataclasses.dataclass)


def test_order_equality_and_hash_are_the_same() -> None:
    """For all pairs of a few objects."""
    values = [(1, "a"), (1, "b"), (2, "a"), (1, "a")]
    for (a, b), (c, d) in itertools.product(values, repeat=2):
        ours = OURS[0](a, b), OURS[0](c, d)
        theirs = THEIRS[0](a, b), THEIRS[0](c, d)
        assert (ours[0] == ours[1]) == (theirs[0] == theirs[1])
        assert (ours[0] < ours[1]) == (theirs[0] < theirs[1])
        assert (ours[0] >= ours[1]) == (theirs[0] >= theirs[1])
        assert (hash(ours[0]) == hash(ours[1])) == (theirs[0] == theirs[1])


def test_a_field_that_does_not_compare_is_left_out() -> None:
    for _, one, *_ in (OURS, THEIRS):
        assert one(1, [1]) == one(1, [2])
        assert one(1) != one(2)
        assert hash(one(1, [1])) == hash(one(1, [2]))
        assert repr(one("é", [1])).endswith("One(value='é')")


def test_objects_of_other_classes_are_not_equal() -> None:
    assert OURS[0](1) != OURS[1](1)
    assert OURS[0](1) != (1, "x")
    with pytest.raises(TypeError):
        _ = OURS[0](1) < (1, "x")


def test_what_may_change_has_no_hash() -> None:
    for _, _, may_change, *_ in (OURS, THEIRS):
        with pytest.raises(TypeError, match="unhashable"):
            hash(may_change(1))


def test_the_tools_of_the_standard_library_take_them() -> None:
    pair = OURS[0](1)
    assert repr(pair) == repr(THEIRS[0](1))
    assert dataclasses.replace(pair, left=2) == OURS[0](2)
    assert dataclasses.asdict(pair) == {"left": 1, "right": "x"}
    assert copy.deepcopy(pair) == pair
    assert not hasattr(pair, "__dict__")
    made = OURS[0]
    match pair:
        case made(left, right):
            assert (left, right) == (1, "x")


def test_they_can_be_sent_to_another_process() -> None:
    origin = Origin("a.sql", 1, 2, 3, 4)

    assert pickle.loads(pickle.dumps(origin)) == origin


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, [2]), {"named": "x"}),
    ((), {"value": 3, "listed": [4]}),
    ((), {}),
    ((1, [2], "x"), {}),
    ((1,), {"value": 1}),
    ((1,), {"own": 2}),
    ((1,), {"unknown": 2}),
]


def _result(cls: type[Any], call: tuple[tuple[Any, ...], dict[str, Any]]) -> str:
    try:
        return repr(cls(*call[0], **call[1]))
    except TypeError as error:
        return str(error)


@pytest.mark.parametrize("call", CALLS)
def test_objects_are_made_alike(call: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    """Also those that cannot be made, the first objects of a class as well as later ones."""
    ours, theirs = _made(records.dataclass)[3], THEIRS[3]
    expected = _result(theirs, call)

    first = _result(ours, call)
    for _ in range(30):
        ours(0)
    assert (first, _result(ours, call)) == (expected, expected)


def test_each_object_has_its_own_default_list() -> None:
    ours = _made(records.dataclass)[3]
    made = [ours(0) for _ in range(30)]
    for number, one in enumerate(made):
        one.listed.append(number)

    assert [one.listed for one in made] == [[number] for number in range(30)]


def test_a_default_that_is_not_given_stands_in_an_object_without_slots() -> None:
    for *_, unslotted in (OURS, THEIRS):
        assert (unslotted(1).own, unslotted(1) == unslotted(1)) == (7, True)


def test_the_signature_is_that_of_the_fields() -> None:
    for ours, theirs in zip(_made(records.dataclass), THEIRS, strict=True):
        assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
