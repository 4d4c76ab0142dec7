# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data classes behave as those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any

import pytest

from connguard.policies.model import records
from connguard.policies.model.origin import Origin


def _made(dataclass: Callable[..., Any]) -> tuple[type[Any], type[Any], type[Any]]:
    """The same three classes, made by one decorator or the other."""

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

    return Pair, One, Open


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
    for _, one, _ in (OURS, THEIRS):
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
    for _, _, may_change in (OURS, THEIRS):
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
