# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Data classes that are made in a fifth of the time.

There are hundreds of them here, and a scan of one file would spend most of its time on compiling
their methods. `dataclass` has the parameters of the standard library's and gives its data classes,
with two differences: methods are made when they are first asked for; and what is `frozen` is kept
so by type checkers, not at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses
    import operator
    from dataclasses import MISSING
    from functools import partial
    from reprlib import recursive_repr

    def dataclass(cls=None, /, *, frozen=False, eq=True, order=False, slots=False, kw_only=False):
        """The data class of `cls`; parameters as of the standard library's decorator."""

        def made(cls):
            if cls.__doc__ is None:
                cls.__doc__ = cls.__name__  # else the signature would be written out here
            cls = dataclasses.dataclass(
                cls, init=False, eq=False, repr=False, slots=slots, kw_only=kw_only
            )
            if "__init__" not in cls.__dict__:
                cls.__init__ = _Initialiser(cls, "__init__", _compiled)
            _give(cls, "__repr__", _representation)
            if eq and "__eq__" not in cls.__dict__:
                _give(cls, "__eq__", _equality)
                if frozen:
                    cls.__hash__ = _Later(cls, "__hash__", _hash)
                else:
                    cls.__hash__ = None
            if order:
                for name in ("lt", "le", "gt", "ge"):
                    _give(cls, f"__{name}__", _comparison)
            return cls

        return made if cls is None else made(cls)

    class _Later:
        """A method that is made when it is first asked for."""

        def __init__(self, cls, name, make):
            self.cls = cls
            self.name = name
            self.make = make

        def __get__(self, instance, owner=None):
            method = self.make(self.cls, self.name)
            setattr(self.cls, self.name, method)
            return method.__get__(instance, owner)

    class _Initialiser(_Later):
        """Initialises a few objects by itself; for more, a method is compiled."""

        few = 12

        def __get__(self, instance, owner=None):
            if instance is None or not self.few:
                return super().__get__(instance, owner)
            if self.few == _Initialiser.few:
                fields = dataclasses.fields(self.cls)
                taken = [field for field in fields if field.init]
                self.order = [field.name for field in taken if not field.kw_only]
                self.taken = {field.name for field in taken}
                self.values = {
                    field.name: field.default for field in fields if field.default is not MISSING
                }
                self.factories = {
                    field.name: field.default_factory
                    for field in fields
                    if field.default_factory is not MISSING
                }
                self.needed = self.taken - self.values.keys() - self.factories.keys()
            self.few -= 1
            return partial(self.fill, instance)

        def fill(self, instance, /, *given, **named):
            values = dict(zip(self.order, given, strict=False)) | named
            if (
                len(values) != len(given) + len(named)
                or not values.keys() <= self.taken
                or not self.needed <= values.keys()
            ):
                super().__get__(instance)(*given, **named)  # raises
            for name, value in (self.values | values).items():
                setattr(instance, name, value)
            for name, factory in self.factories.items():
                if name not in values:
                    setattr(instance, name, factory())
            if hasattr(instance, "__post_init__"):
                instance.__post_init__()

    def _give(cls, name, make):
        if name not in cls.__dict__:
            setattr(cls, name, _Later(cls, name, make))

    def _compiled(cls, _):
        # A subclass without fields of its own is initialised as the class itself.
        same = type(cls.__name__, (cls,), {"__doc__": cls.__doc__, "__module__": cls.__module__})
        slots = "__slots__" in cls.__dict__
        made = dataclasses.dataclass(same, eq=False, repr=False, slots=slots).__init__
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        return made

    def _values(cls):
        """What gives the values of an object's fields that are compared, as a tuple."""
        names = [field.name for field in dataclasses.fields(cls) if field.compare]
        if len(names) == 1:
            (name,) = names
            return lambda self: (getattr(self, name),)
        return operator.attrgetter(*names) if names else lambda self: ()

    def _equality(cls, _):
        values = _values(cls)

        def __eq__(self, other):
            if other.__class__ is self.__class__:
                return values(self) == values(other)
            return NotImplemented

        return __eq__

    def _comparison(cls, name):
        values = _values(cls)
        compare = getattr(operator, name)

        def comparison(self, other):
            if other.__class__ is self.__class__:
                return compare(values(self), values(other))
            return NotImplemented

        return comparison

    def _hash(cls, _):
        values = _values(cls)

        def __hash__(self):
            return hash(values(self))

        return __hash__

    def _representation(cls, _):
        names = [field.name for field in dataclasses.fields(cls) if field.repr]

        @recursive_repr()
        def __repr__(self):
            shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{self.__class__.__qualname__}({shown})"

        return __repr__
