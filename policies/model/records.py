# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Data classes that are made, and make their objects, in a third of the time.

There are hundreds of them here, and a scan of one file would spend most of its time on compiling
their methods. `dataclass` has the parameters of the standard library's and gives its data classes,
with two differences: equality, order, hash and representation are written here once for all of
them; and what is `frozen` is kept so by type checkers, not at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses
    import operator
    from reprlib import recursive_repr

    def dataclass(cls=None, /, *, frozen=False, eq=True, order=False, slots=False, kw_only=False):
        """The data class of `cls`; parameters as of the standard library's decorator."""

        def made(cls):
            if cls.__doc__ is None:
                cls.__doc__ = cls.__name__  # else the signature would be written out here
            cls = dataclasses.dataclass(cls, eq=False, repr=False, slots=slots, kw_only=kw_only)
            fields = dataclasses.fields(cls)
            if "__repr__" not in cls.__dict__:
                cls.__repr__ = _representation([field.name for field in fields if field.repr])
            values = _values([field.name for field in fields if field.compare])
            if eq and "__eq__" not in cls.__dict__:
                cls.__eq__ = _equality(values)
                cls.__hash__ = _hash(values) if frozen else None
            if order:
                for name in ("lt", "le", "gt", "ge"):
                    compared = _comparison(values, getattr(operator, name))
                    setattr(cls, f"__{name}__", compared)
            return cls

        return made if cls is None else made(cls)

    def _values(names):
        if len(names) == 1:
            (name,) = names
            return lambda self: (getattr(self, name),)
        return operator.attrgetter(*names) if names else lambda self: ()

    def _equality(values):
        def __eq__(self, other):
            if other.__class__ is self.__class__:
                return values(self) == values(other)
            return NotImplemented

        return __eq__

    def _comparison(values, compare):
        def comparison(self, other):
            if other.__class__ is self.__class__:
                return compare(values(self), values(other))
            return NotImplemented

        return comparison

    def _hash(values):
        def __hash__(self):
            return hash(values(self))

        return __hash__

    def _representation(names):
        @recursive_repr()
        def __repr__(self):
            shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{self.__class__.__qualname__}({shown})"

        return __repr__
