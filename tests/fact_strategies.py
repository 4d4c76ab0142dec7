# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypothesis strategies for facts of any content, from their type hints."""

from __future__ import annotations

import dataclasses
import enum
import sys
import types
import typing

from hypothesis import strategies as st


def any_of(hint: object, bound: dict[object, object] | None = None) -> st.SearchStrategy[object]:
    """Any value of a type as facts use them: dataclasses, unions, tuples, enums and plain types."""
    bound = bound or {}
    hint = bound.get(hint, hint)
    origin: typing.Any = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([any_of(one, bound) for one in arguments])
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return st.lists(any_of(arguments[0], bound), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(any_of(one, bound) for one in arguments))
    if origin in (frozenset, set):
        return st.frozensets(any_of(arguments[0], bound), max_size=3)
    if arguments and hasattr(origin, "__parameters__"):
        parameters = dict(zip(origin.__parameters__, arguments, strict=True))
        return _dataclass(origin, {key: bound.get(one, one) for key, one in parameters.items()})
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _dataclass(hint, {})
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(list(hint))
    if hint is str:
        return st.text(min_size=1, max_size=20)
    if hint is int:
        return st.integers(-3, 5000)
    if hint is type(None):
        return st.none()
    return st.from_type(typing.cast("type[object]", hint))


def _dataclass(kind: type, bound: dict[object, object]) -> st.SearchStrategy[object]:
    hints = typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))
    fields = {one.name: hints[one.name] for one in dataclasses.fields(kind) if one.init}
    return st.deferred(
        lambda: st.builds(kind, **{name: any_of(hint, bound) for name, hint in fields.items()})
    )
