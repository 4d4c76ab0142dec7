# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform source for the provider mappings: networks, managed databases and their guards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connguard.engine.reading import Context, SourceFile
from connguard.policies.model import terraform_resource
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.reading import Reading
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_facts import facts, module_sources, resource_types
from connguard.policies.model.terraform_resource import Inventory, value_bodies
from connguard.policies.model.terraform_value import Setting
from connguard.terraform.bodies import Body, Resource
from connguard.terraform.configuration import Configuration, load
from connguard.terraform.module import Module
from connguard.terraform.syntax import ReaderUnavailable


@dataclass(frozen=True, slots=True)
class SourceBody:
    """A block of the configuration; blocks may also be written as a list of objects."""

    body: Body
    certain: bool

    @property
    def origin(self) -> Origin:
        return self.body.origin

    def setting(self, name: str) -> Setting | None:
        return self.body.setting(name)

    def blocks(self, name: str) -> Sequence[terraform_resource.Body]:
        found = self.body.blocks(name)
        if found:
            return [SourceBody(one, self.certain and one.certain) for one in found]
        written = self.body.setting(name)
        return value_bodies(written.value, written.origin) if written is not None else []


@dataclass(frozen=True, slots=True)
class SourceResource:
    """A resource of the configuration."""

    type: str
    name: str
    address: str
    body: SourceBody
    calls: tuple[Related, ...]

    @property
    def origin(self) -> Origin:
        return self.body.origin


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Networks and managed databases. See `connguard.engine.reading.FrontEnd`.

    Syntax errors, comments and unreadable files are reported by the other front end.
    """
    reading = Reading()
    try:
        configuration = load(files, context)
    except ReaderUnavailable:
        return reading
    texts = [document.text.string for document in configuration.documents.values()]
    has_calls = any(source in text for text in texts for source in module_sources())
    for root in configuration.roots:
        resources = list(_resources(configuration, root, has_calls))
        if not resources:
            continue
        for fact in facts(Inventory(resources, context.settings.addresses.limits())):
            reading.add(fact)
    reading.log.extend(configuration.log)
    return reading


def _resources(
    configuration: Configuration, root: Module, has_calls: bool
) -> Iterator[SourceResource]:
    for resource in configuration.resources_below(root, *resource_types()):
        yield _wrapped(resource)
    for call in configuration.foreign_calls_below(root) if has_calls else ():
        yield _wrapped(call)


def _wrapped(resource: Resource) -> SourceResource:
    return SourceResource(
        resource.type,
        resource.name,
        resource.address,
        SourceBody(resource.body, resource.certain),
        resource.calls,
    )
