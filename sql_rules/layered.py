# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dictionary whose copies cost little, for states of which every branch of code has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isqrt
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_FEW = 256
_GONE: Any = object()


class Layered(Generic[K, V]):
    """What all copies have in common is kept once; each has its own changes on top.

    Keys keep their order, as in a dictionary. One that was removed and set again may come back in
    its old place.
    """

    __slots__ = ("_base", "_changes", "_shared")

    def __init__(self, base: Mapping[K, V] | None = None) -> None:
        self._base: dict[K, V] = dict(base or {})
        self._changes: dict[K, V] = {}
        self._shared = False

    def copy(self) -> Layered[K, V]:
        other: Layered[K, V] = Layered()
        other._base = self._base
        other._changes = self._changes.copy()
        other._shared = self._shared = True
        return other

    def get(self, key: K) -> V | None:
        found = self._changes.get(key, None) if self._changes else None
        if found is None:
            return self._base.get(key)
        return None if found is _GONE else found

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def __getitem__(self, key: K) -> V:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: K, value: V) -> None:
        if not self._shared:
            self._base[key] = value
            return
        self._changes[key] = value
        if len(self._changes) > _FEW + 8 * isqrt(len(self._base)):
            self._base = dict(self.items())
            self._changes = {}
            self._shared = False

    def discard(self, key: K) -> None:
        if key in self:
            if self._shared:
                self._changes[key] = _GONE
            else:
                del self._base[key]

    def items(self) -> Iterator[tuple[K, V]]:
        if not self._changes:
            yield from self._base.items()
            return
        for key, value in self._base.items():
            value = self._changes.get(key, value)
            if value is not _GONE:
                yield key, value
        for key, value in self._changes.items():
            if key not in self._base and value is not _GONE:
                yield key, value

    def values(self) -> Iterator[V]:
        return (value for _, value in self.items())

    def __iter__(self) -> Iterator[K]:
        return (key for key, _ in self.items())

    def __len__(self) -> int:
        return sum(1 for _ in self.items())

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def joined(
        self, other: Layered[K, V], join: Callable[[K, V | None, V | None], V]
    ) -> Layered[K, V]:
        """What `join` makes of the values of both for each key; equal values need not be joined.

        The keys of this one come first.
        """
        result = self.copy()
        if self._base is other._base:
            keys = [*self._changes, *(key for key in other._changes if key not in self._changes)]
        else:
            keys = [*self, *(key for key in other if key not in self)]
        for key in keys:
            mine, theirs = self.get(key), other.get(key)
            if mine is not theirs:
                result[key] = join(key, mine, theirs)
        return result
