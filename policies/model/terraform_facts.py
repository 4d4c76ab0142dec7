# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The provider mappings, found by walking the folder `policies/providers/`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

import connguard.policies.providers
from connguard.policies.model.network import united_holes
from connguard.policies.model.terraform_resource import MODULE, Inventory, ResourceTable


class Provider(Protocol):
    """A module of `connguard.policies.providers`.

    `TABLES` say what it reads; `facts` never raises. A mapping of calls of well-known modules
    names the type "module" in its table, and the modules' sources in `MODULE_SOURCES`.
    """

    TABLES: Sequence[ResourceTable]

    def facts(self, inventory: Inventory) -> Iterator[object]: ...


@cache
def providers() -> tuple[Provider, ...]:
    """Every mapping, by name."""
    names = sorted(found.name for found in iter_modules(connguard.policies.providers.__path__))
    return tuple(
        cast(Provider, import_module(f"connguard.policies.providers.{name}")) for name in names
    )


@cache
def resource_types() -> frozenset[str]:
    """The resource types that the mappings read."""
    return frozenset(
        kind
        for provider in providers()
        for table in provider.TABLES
        for kind in table.types
        if kind != MODULE
    )


@cache
def module_sources() -> tuple[str, ...]:
    """What the `source` of a call contains that the mappings read without the module's files."""
    return tuple(
        source for provider in providers() for source in getattr(provider, "MODULE_SOURCES", ())
    )


def facts(inventory: Inventory) -> Iterator[object]:
    """The facts that the resources state, for all policies; each hole in a network once."""
    yield from united_holes(fact for provider in providers() for fact in provider.facts(inventory))
