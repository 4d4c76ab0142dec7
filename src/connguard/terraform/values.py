# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform's values as Python values, and its type conversions.

null is None, a bool is bool, a number int or Fraction, a string str, a list or tuple list, a set
TerraformSet, a map or object dict. Parts of a list, map or object may be Unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from fractions import Fraction
from typing import Protocol, TypeGuard

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

MAX_TEXT = 1_000_000
MAX_ITEMS = 20_000
MAX_DEPTH = 40
MAX_PARTS = 50_000
_MAX_BITS = 4096

_NUMERAL = lazily(r"[+-]?(?:\d++(?:\.\d*+)?|\.\d+)(?:[eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be told from the files.

    `reason` names the expression that blocked it. `mistake` is True where Terraform, too, would
    stop with an error, which `try` and `can` catch. `refers`, `attribute`, `tail` and `parts` are
    those of `Unresolved`.
    """

    reason: str
    mistake: bool = False
    refers: str | None = None
    attribute: str | None = None
    tail: str = ""
    parts: tuple[object, ...] = field(default=(), compare=False)

    def derived(self, tail: str = "", parts: tuple[object, ...] = ()) -> Unknown:
        """What is made of it, and is not the same value any more."""
        return Unknown(self.reason, self.mistake, tail=tail, parts=parts)


class TerraformSet(list[object]):
    """A set: its elements are distinct, and sorted as Terraform iterates over them."""


class Lazy(Protocol):
    """An object whose parts are evaluated when they are asked for."""

    def get(self, name: str) -> object:
        """The value of one attribute. Raises Blocked when there is none."""

    def whole(self) -> object:
        """All of it as an ordinary value; Unknown when a part is not in the files."""


class Blocked(Exception):
    """Evaluation stopped: becomes an Unknown value. Never leaves this package's evaluator."""

    def __init__(self, reason: str | Unknown, mistake: bool = False) -> None:
        super().__init__(reason)
        self.unknown = reason if isinstance(reason, Unknown) else Unknown(reason, mistake)


def mistake(reason: str) -> Blocked:
    """For what Terraform refuses as well."""
    return Blocked(reason, mistake=True)


def is_lazy(value: object) -> TypeGuard[Lazy]:
    return hasattr(value, "whole")


def known(value: object) -> object:
    """The value itself, its parts possibly unknown. Raises Blocked when it is unknown."""
    if is_lazy(value):
        value = value.whole()
    if isinstance(value, Unknown):
        raise Blocked(value)
    return value


class Budget:
    """Bounds the work on values: shared parts make a small value a huge tree."""

    def __init__(self) -> None:
        self._left = MAX_PARTS

    def spend(self) -> None:
        """Count one step. Raises Blocked when there were too many."""
        self._left -= 1
        if self._left < 0:
            raise Blocked("a value is too large")


def fully_known(value: object, depth: int = 0, budget: Budget | None = None) -> object:
    """The value, without unknown parts. Raises Blocked when a part is unknown."""
    budget = budget or Budget()
    budget.spend()
    value = known(value)
    if depth > MAX_DEPTH:
        raise Blocked("a value is nested too deeply")
    if isinstance(value, TerraformSet):
        return value
    if isinstance(value, list):
        return [fully_known(item, depth + 1, budget) for item in value]
    if isinstance(value, dict):
        return {key: fully_known(item, depth + 1, budget) for key, item in value.items()}
    return value


def is_number(value: object) -> TypeGuard[int | Fraction]:
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


def normal_number(value: int | Fraction) -> int | Fraction:
    """Whole numbers as int. Raises Blocked for numbers too large to go on with."""
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    top, bottom = value.as_integer_ratio()
    if top.bit_length() > _MAX_BITS or bottom.bit_length() > _MAX_BITS:
        raise Blocked("a number is too large")
    return value


def as_list(value: object) -> list[object]:
    """The elements of a list, tuple or set. Raises Blocked for anything else."""
    value = known(value)
    if isinstance(value, list):
        return value
    raise mistake("a list was expected")


def as_dict(value: object) -> dict[str, object]:
    value = known(value)
    if isinstance(value, dict):
        return value
    raise mistake("a map was expected")


def to_text(value: object) -> str:
    value = known(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return number_text(value)
    raise mistake("a string was expected")


def to_number(value: object) -> int | Fraction:
    value = known(value)
    if is_number(value):
        return value
    if isinstance(value, str) and len(value) < 400 and _NUMERAL.fullmatch(value):
        return normal_number(Fraction(value))
    raise mistake("a number was expected")


def to_integer(value: object) -> int:
    number = to_number(value)
    if isinstance(number, int):
        return number
    raise mistake("a whole number was expected")


def to_bool(value: object) -> bool:
    value = known(value)
    if isinstance(value, bool):
        return value
    if value in ("true", "1", "false", "0"):
        return value in ("true", "1")
    raise mistake("true or false was expected")


def number_text(value: int | Fraction) -> str:
    """A number as Terraform writes it, without an exponent."""
    if isinstance(value, int):
        return str(value)
    scale, rest = 0, value.denominator
    while rest % 10 == 0:
        rest, scale = rest // 10, scale + 1
    while rest % 2 == 0 or rest % 5 == 0:
        rest, scale = (rest // 2 if rest % 2 == 0 else rest // 5), scale + 1
    if rest != 1:
        raise Blocked("a number with endless digits")
    digits = str(abs(value.numerator) * 10**scale // value.denominator).rjust(scale + 1, "0")
    fraction = digits[-scale:].rstrip("0")
    return ("-" if value < 0 else "") + digits[:-scale] + ("." + fraction if fraction else "")


def bounded_text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise Blocked("a string is too long")
    return text


def bounded_list(items: list[object]) -> list[object]:
    if len(items) > MAX_ITEMS:
        raise Blocked("a list is too long")
    return items


def equal(left: object, right: object) -> bool:
    """Whether two fully known values are the same, a number and a string never being so."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return type(left) is type(right) and left == right


def make_set(items: Iterable[object]) -> TerraformSet:
    """A set of these values. Raises Blocked when one is not fully known."""
    distinct: list[object] = []
    texts: set[str] = set()
    for item in unified([fully_known(item) for item in items]):
        if isinstance(item, str):
            if item not in texts:
                texts.add(item)
                distinct.append(item)
        elif not any(equal(item, other) for other in distinct):
            distinct.append(item)
            if len(distinct) > 2000:
                raise Blocked("a set is too large")
    if all(isinstance(item, str) for item in distinct):
        distinct.sort(key=str)
    elif all(is_number(item) for item in distinct):
        distinct.sort(key=to_number)
    elif all(isinstance(item, bool) for item in distinct):
        distinct.sort(key=bool)
    return TerraformSet(distinct)


def unified(items: list[object]) -> list[object]:
    """Elements of one list get one type: among strings, numbers and bools become strings."""
    primitives = [item for item in items if isinstance(item, (str, bool, int, Fraction))]
    has_text = any(isinstance(item, str) for item in primitives)
    if has_text and not all(isinstance(item, str) for item in primitives):
        return [
            to_text(item) if isinstance(item, (bool, int, Fraction)) else item for item in items
        ]
    return items


def alike(value: object, other: object, depth: int = 0) -> object:
    """A value in the type that it shares with another, as the two results of a condition do.

    Objects with different attributes, and tuples of different lengths, become maps and lists with
    elements of one type: `{ port = 5432, cidr = "::/0" }` beside `{}` has the port "5432".
    """
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, dict) and isinstance(other, dict):
        if value.keys() == other.keys():
            return {key: alike(item, other[key], depth + 1) for key, item in value.items()}
        items = _of_one_type([*value.values()], [*other.values()])
        return dict(zip(value, items, strict=True))
    if type(value) is list and type(other) is list:
        if len(value) == len(other):
            return [alike(*pair, depth + 1) for pair in zip(value, other, strict=True)]
        return _of_one_type(value, other)
    if isinstance(value, (bool, int, Fraction)) and isinstance(other, (str, bool, int, Fraction)):
        return unified([value, other])[0]
    return value


def _of_one_type(items: list[object], others: list[object]) -> list[object]:
    """The items, with primitives of one type where all of them and the others are primitives."""
    everything = [*items, *others]
    if any(isinstance(item, (list, dict)) for item in everything):
        return items
    return unified(everything)[: len(items)]
