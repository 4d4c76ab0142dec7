# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The provider mappings, found by walking the folder `policies/providers/`.

Most configurations have resources of one provider. A mapping is therefore imported when there is
something that it reads; what each one reads stands in a written index of the folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

import connguard.policies.providers
from connguard.policies.model.network import united_holes
from connguard.policies.model.provider_index import INDEX
from connguard.policies.model.terraform_resource import MODULE, Inventory, ResourceTable


class Provider(Protocol):
    """A module of `connguard.policies.providers`.

    `TABLES` say what it reads; `facts` never raises, and gives nothing where there is neither a
    call of a module nor a resource whose type has the first word of one in the tables. A mapping
    of calls of well-known modules names the type "module" in its table, and the modules' sources
    in `MODULE_SOURCES`.
    """

    TABLES: Sequence[ResourceTable]

    def facts(self, inventory: Inventory) -> Iterator[object]: ...


_SOURCE = "="
"""What stands before a source of modules in the index."""

Read = tuple[tuple[str, ...], tuple[str, ...]]
"""The resource types that a mapping reads, and the sources of modules."""


def _names() -> list[str]:
    return sorted(found.name for found in iter_modules(connguard.policies.providers.__path__))


def _provider(name: str) -> Provider:
    return cast(Provider, import_module(f"connguard.policies.providers.{name}"))


@cache
def providers() -> tuple[Provider, ...]:
    """Every mapping, by name."""
    return tuple(map(_provider, _names()))


def walk() -> dict[str, Read]:
    """What each mapping reads, by its name, from the modules themselves."""
    return {
        name: (
            tuple(kind for table in _provider(name).TABLES for kind in table.types),
            tuple(getattr(_provider(name), "MODULE_SOURCES", ())),
        )
        for name in _names()
    }


@cache
def read_by_each() -> Mapping[str, Read]:
    """What each mapping reads, by its name."""
    words: dict[str, list[str]] = {}
    name = ""
    for line in INDEX.splitlines():
        if line.startswith(" "):
            words[name] += line.split()
        else:
            name = line
            words[name] = []
    if list(words) != _names():
        return walk()  # a mapping was added or removed, and the index not yet written anew
    return {
        name: (
            tuple(one for one in its if not one.startswith(_SOURCE)),
            tuple(one.removeprefix(_SOURCE) for one in its if one.startswith(_SOURCE)),
        )
        for name, its in words.items()
    }


def written_index() -> str:
    """The text of the index: the name of a mapping, and indented what it reads."""
    from textwrap import wrap

    lines = []
    for name, (types, sources) in walk().items():
        words = [*types, *(f"{_SOURCE}{source}" for source in sources)]
        lines += [
            name,
            *wrap(
                " ".join(words),
                98,
                initial_indent=" ",
                subsequent_indent=" ",
                break_on_hyphens=False,
            ),
        ]
    return "".join(f"{line}\n" for line in lines)


@cache
def resource_types() -> frozenset[str]:
    """The resource types that the mappings read."""
    return frozenset(kind for types, _ in read_by_each().values() for kind in types) - {MODULE}


@cache
def module_sources() -> tuple[str, ...]:
    """What the `source` of a call contains that the mappings read without the module's files."""
    return tuple(source for _, sources in read_by_each().values() for source in sources)


def facts(inventory: Inventory) -> Iterator[object]:
    """The facts that the resources state, for all policies; each hole in a network once."""
    clouds = set(map(_cloud, inventory.types))
    yield from united_holes(
        fact
        for name, (types, _) in read_by_each().items()
        # Calls of modules stand for resources of any type.
        if MODULE in clouds or not clouds.isdisjoint(map(_cloud, types))
        for fact in _provider(name).facts(inventory)
    )


def _cloud(kind: str) -> str:
    """The first word of a resource type, which names Terraform's provider.

    A mapping may say something about a resource that another mapping of the same cloud reads.
    """
    return kind.partition("_")[0]
