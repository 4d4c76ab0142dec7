# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dataclasses of facts as plain JSON values, and back.

The declared types say how to read a value, so the JSON holds no names of classes and reading it
runs nothing but the constructors of these types.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import PurePath
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: object) -> Any:
    """Dataclasses as objects without the fields that have their default; sets in sorted order."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            name: to_plain(found)
            for name, default in _defaults(type(value))
            if (found := getattr(value, name)) != default()
        }
    if isinstance(value, Mapping):
        return {str(key): to_plain(one) for key, one in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(to_plain(one) for one in value)
    if isinstance(value, tuple | list):
        return [to_plain(one) for one in value]
    return str(value) if isinstance(value, PurePath) else value


def from_plain(kind: type[T], value: Any) -> T:
    """The value of a type that `to_plain` wrote. Raises TypeError, KeyError, ValueError."""
    return cast("T", _read(kind, value))


class _Required:
    """Equal to nothing."""


@cache
def _defaults(kind: type[Any]) -> tuple[tuple[str, Callable[[], object]], ...]:
    """The fields of a dataclass, each with what makes its default."""
    found: list[tuple[str, Callable[[], object]]] = []
    for one in fields(kind):
        made: Callable[[], object] = _Required
        if one.default_factory is not MISSING:
            made = one.default_factory
        elif one.default is not MISSING:
            made = _constant(one.default)
        found.append((one.name, made))
    return tuple(found)


def _constant(value: object) -> Callable[[], object]:
    return lambda: value


@cache
def _types(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (chosen,) = (one for one in arguments if one is not type(None))
        return None if value is None else _read(chosen, value)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_read(arguments[0], one) for one in value)
        return tuple(_read(one, item) for one, item in zip(arguments, value, strict=True))
    if origin in (frozenset, list):
        return origin(_read(arguments[0], one) for one in value)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _read(arguments[1], one) for key, one in value.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _types(kind)
        return kind(**{name: _read(hints[name], one) for name, one in value.items()})
    return value
