# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All Terraform modules of a scan, and the resources in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from connguard.engine.limits import passed
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.facts import NotParsed
from connguard.terraform.bodies import Body, Resource
from connguard.terraform.expressions import Names
from connguard.terraform.library import Library
from connguard.terraform.module import MAX_MODULE_DEPTH, Module
from connguard.terraform.roots import root_modules
from connguard.terraform.syntax import Block, Document
from connguard.terraform.values import Unknown


class Configuration:
    """The modules of a scan.

    `roots` are the modules that Terraform is run on. `documents` are the scanned files by name, as
    they were parsed. `log` is for --verbose. What passes the limit of resources is reported to the
    context.
    """

    def __init__(
        self, roots: Sequence[Module], documents: dict[str, Document], context: Context
    ) -> None:
        self.roots = roots
        self.documents = documents
        self.log: list[str] = []
        self._context = context
        self._count = 0

    def resources(self, *types: str) -> Iterator[Resource]:
        """The resources of these types (without types: all) in all instances of all modules.

        A resource in a file that is not scanned itself is left out, as is a block with a syntax
        error, which the reading reports as not parsed.
        """
        for root in self.roots:
            yield from self.resources_below(root, *types)

    def resources_below(self, root: Module, *types: str) -> Iterator[Resource]:
        """As `resources`, for one root module and what it calls."""
        wanted = frozenset(types)
        most = self._context.settings.limits.terraform_resources
        for module in root.descendants(wanted):
            for call in module.too_deep(wanted):
                self._refuse(call)
            for resource in self._resources_of(module, wanted):
                self._count += 1
                if self._count > most:
                    what = f"there are more than {most} resources in all instances of modules"
                    reason = passed("terraform-resources", what)
                    self._context.refused.append(NotParsed(reason, resource.origin))
                    return
                yield resource

    def _refuse(self, call: Block) -> None:
        what = f"modules are nested more than {MAX_MODULE_DEPTH} deep: this one is not read"
        gap = NotParsed(what, call.origin)
        if gap not in self._context.refused:
            self._context.refused.append(gap)

    def foreign_calls_below(self, root: Module) -> Iterator[Resource]:
        """The calls of modules whose files are not at hand, as resources of the type `module`.

        Their attributes are the inputs, and `source`.
        """
        for module in root.descendants(frozenset()):
            for block in module.directory.module_blocks():
                (name,) = block.labels
                known = block.text.path in self.documents and not block.broken
                if known and isinstance(module.children(block), Unknown):
                    address = f"{module.prefix}module.{name}"
                    yield from self._instances(module, block, "module", name, address)

    def _resources_of(self, module: Module, wanted: frozenset[str]) -> Iterator[Resource]:
        for block in module.directory.resource_blocks():
            kind, name = block.labels
            if (wanted and kind not in wanted) or block.broken:
                continue
            if block.text.path not in self.documents:
                continue
            address = f"{module.prefix}{kind}.{name}"
            yield from self._instances(module, block, kind, name, address)

    def _instances(
        self, module: Module, block: Block, kind: str, name: str, address: str
    ) -> Iterator[Resource]:
        for repetition in module.certain_repetitions(block):
            yield Resource(
                kind,
                name,
                f"{address}{repetition.suffix}",
                Body(block, module, Names(module, repetition.names)),
                module.calls,
                module.is_certain(block),
            )


def load(files: Sequence[SourceFile], context: Context) -> Configuration:
    """All modules of the scan, each with the values its callers or its tfvars files give it.

    A module that others call is instantiated for each call. Raises ReaderUnavailable when the
    settings name a reader that cannot be used here.
    """
    # Several front ends load the same files: they are read, and values computed, once.
    loaded = cast(
        "dict[tuple[str, ...], tuple[list[Module], dict[str, Document]]]",
        context.cache.setdefault(load, {}),
    )
    key = tuple(file.name for file in files)
    if key not in loaded:
        loaded[key] = _loaded(files, context)
    return Configuration(*loaded[key], context)


def _loaded(
    files: Sequence[SourceFile], context: Context
) -> tuple[list[Module], dict[str, Document]]:
    """The root modules and the documents by name."""
    dialects = [True]
    if _has_twins(files):
        # Terraform and OpenTofu read different files here: both must be right.
        dialects.append(False)
    documents: dict[Path, Document] = {}
    roots: list[Module] = []
    for tofu in dialects:
        roots.extend(root_modules(Library(files, context, documents, tofu=tofu), context))
    return roots, {file.name: documents[file.path] for file in files if file.path in documents}


def _has_twins(files: Sequence[SourceFile]) -> bool:
    paths = {file.path for file in files}
    return any(
        path.with_name(path.name.replace(".tofu", ".tf")) in paths
        for path in paths
        if ".tofu" in path.name
    )
