# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Terraform resources as the provider mappings see them, from source, plan or Checkov.

Each host (the configuration of `connguard scan`, plan JSON, Checkov's graph) makes an `Inventory`;
the modules in `connguard.policies.providers` turn it into facts, once for all hosts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from connguard.policies.model.addresses import BreadthLimits
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_value import Setting, Unresolved


class Body(Protocol):
    """The content of a resource, or of a block in it; dynamic blocks are written out.

    `certain` is False for a block of which it is not known whether it exists, or how many of it.
    """

    @property
    def origin(self) -> Origin: ...

    @property
    def certain(self) -> bool: ...

    def setting(self, name: str) -> Setting | None:
        """An attribute. Parts of a list or map, or all of it, may be Unresolved."""

    def blocks(self, name: str) -> Sequence[Body]:
        """The nested blocks of a type in order, also where they are written as a list of maps."""


class Resource(Protocol):
    """An instance of a resource, or a call of a module whose files are not at hand.

    Such a call has the type "module", the call's name, and its inputs as attributes. `calls` are
    the module calls that lead to the resource, innermost first.
    """

    @property
    def type(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def body(self) -> Body: ...

    @property
    def origin(self) -> Origin: ...

    @property
    def calls(self) -> tuple[Related, ...]: ...


MODULE = "module"


@dataclass(frozen=True, slots=True)
class ValueBody:
    """A block given as a value: an object with one place for all of it."""

    values: Mapping[str, object]
    origin: Origin
    certain: bool = True

    def setting(self, name: str) -> Setting | None:
        return Setting(self.values[name], self.origin) if name in self.values else None

    def blocks(self, name: str) -> Sequence[Body]:
        return value_bodies(self.values.get(name), self.origin)


def value_bodies(value: object, origin: Origin) -> list[Body]:
    """The blocks that a list of objects, a map of objects or one object stands for.

    An unresolved value gives one uncertain block with unresolved content.
    """
    if value is None:
        return []
    if isinstance(value, Unresolved):
        if value.parts:
            return value_bodies(value.parts, origin)
        return [_UnresolvedBody(value, origin)]
    if isinstance(value, Mapping):
        return [ValueBody(value, origin)]
    if isinstance(value, (list, tuple)):
        return [body for item in value for body in value_bodies(item, origin)]
    return [_UnresolvedBody(Unresolved("it is no block"), origin)]


@dataclass(frozen=True, slots=True)
class _UnresolvedBody:
    """Blocks of which nothing is known."""

    value: Unresolved
    origin: Origin
    certain: bool = False

    def setting(self, name: str) -> Setting | None:
        return Setting(self.value, self.origin)

    def blocks(self, name: str) -> Sequence[Body]:
        return [self]


class Inventory:
    """All resources of a scan that the provider mappings asked for.

    `limits` say from how many addresses on a source is wide (the settings' table [addresses]).
    """

    def __init__(self, resources: Iterable[Resource], limits: BreadthLimits | None = None) -> None:
        self.limits = limits or BreadthLimits()
        self._by_type: dict[str, list[Resource]] = {}
        self._by_address: dict[str, list[Resource]] = {}
        self._by_id: dict[str, list[Resource]] = {}
        self._by_value: dict[tuple[str, str], dict[str, list[Resource]]] = {}
        for resource in resources:
            self._by_type.setdefault(resource.type, []).append(resource)
            self._by_address.setdefault(resource.address, []).append(resource)

    @property
    def types(self) -> Collection[str]:
        """The types of which there are resources."""
        return self._by_type.keys()

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources of these types, in the order of the types."""
        for kind in types:
            yield from self._by_type.get(kind, ())

    def targets(self, value: object) -> list[Resource]:
        """The resources that a value names: by a reference, by the id in a plan, or in a list."""
        if isinstance(value, (list, tuple)):
            return [target for item in value for target in self.targets(item)]
        if isinstance(value, Unresolved):
            if value.parts:
                return self.targets(value.parts)
            return self._by_address.get(value.refers or "", [])
        return self._ids().get(value, []) if isinstance(value, str) else []

    def named(self, kind: str, attribute: str, value: object) -> list[Resource]:
        """The resources of a type with this value of an attribute, or to which it refers."""
        found = [target for target in self.targets(value) if target.type == kind]
        if found or not isinstance(value, str):
            return found
        key = (kind, attribute)
        if key not in self._by_value:
            self._by_value[key] = self._values_of(kind, attribute)
        return list(self._by_value[key].get(value, ()))

    def _values_of(self, kind: str, attribute: str) -> dict[str, list[Resource]]:
        """The resources of a type by the known value of an attribute."""
        found: dict[str, list[Resource]] = {}
        for resource in self.of(kind):
            setting = resource.body.setting(attribute)
            if setting is not None and isinstance(setting.value, str):
                found.setdefault(setting.value, []).append(resource)
        return found

    def _ids(self) -> dict[str, list[Resource]]:
        """The resources by the ids that a plan knows. Built when it is asked for."""
        if not self._by_id:
            for resources in self._by_type.values():
                for resource in resources:
                    for name in ("id", "arn"):
                        setting = resource.body.setting(name)
                        if setting is not None and isinstance(setting.value, str):
                            self._by_id.setdefault(setting.value, []).append(resource)
            self._by_id.setdefault("", [])
        return self._by_id


@dataclass(frozen=True, slots=True)
class ResourceTable:
    """What is read of some resource types, and what counts: a row of the documentation."""

    types: tuple[str, ...]
    attributes: tuple[str, ...]
    counts: str
