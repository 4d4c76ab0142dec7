# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules Terraform is run on, and with which values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.origin import Related
from connguard.terraform.directory import Directory
from connguard.terraform.expressions import Evaluator
from connguard.terraform.library import Library
from connguard.terraform.module import ABSENT, NOTHING, Module
from connguard.terraform.syntax import Attribute
from connguard.terraform.values import Unknown


def root_modules(library: Library, context: Context) -> Iterator[Module]:
    """Every module that no other one calls, or that has a backend or tfvars files of its own."""
    directories = {directory.path: directory for directory in library.directories()}
    called = {path for directory in directories.values() for path in directory.called}

    @cache
    def environments(directory: Directory) -> list[SourceFile]:
        return _environments(library, directory)

    roots = [
        directory
        for directory in directories.values()
        if directory.path not in called
        or directory.backend
        or library.values_files(directory.path)
        or environments(directory)
    ]
    covered: set[Path] = set()
    for root in roots:
        yield from _with_values(library, root, context, environments(root))
        covered |= library.reachable(root.path)
    for directory in directories.values():
        # Modules that call each other in a circle have no root: any of them is taken.
        if directory.path not in covered:
            yield from _with_values(library, directory, context, environments(directory))
            covered |= library.reachable(directory.path)


def _with_values(
    library: Library, directory: Directory, context: Context, beside: Sequence[SourceFile]
) -> Iterator[Module]:
    """The module with each set of values that it may be run with.

    The settings name the tfvars files. If they do not, each of the files `beside` stands for an
    environment of its own; without any of them the module is only run if it can be.
    """
    paths = (
        disk.resolve(context.settings.base / name) for name in context.settings.terraform_var_files
    )
    named = [SourceFile(path, context.name_of(path)) for path in paths]
    environments = [] if named else beside
    automatic = library.values_files(directory.path)
    if not environments or _is_complete(library, directory, automatic):
        yield _module(library, directory, [*automatic, *named], ())
    for file in environments:
        text = context.text(file)
        if text is not None:
            related = Related("with the values of this file", text.origin(0, 0))
            yield _module(library, directory, [*automatic, file], (related,))


def _environments(library: Library, directory: Directory) -> list[SourceFile]:
    """The tfvars files that set a variable of this module."""
    if not directory.variables:
        return []
    found = []
    for file in library.environment_files(directory.path):
        document = library.document(file)
        if document and any(one.name in directory.variables for one in document.attributes):
            found.append(file)
    return found


def _is_complete(library: Library, directory: Directory, files: Sequence[SourceFile]) -> bool:
    """Whether every variable has a default or a value in these files."""
    documents = [document for file in files if (document := library.document(file))]
    given = {attribute.name for document in documents for attribute in document.attributes}
    return all(
        name in given or blocks[0].attribute("default") is not None
        for name, blocks in directory.variables.items()
    )


def _module(
    library: Library,
    directory: Directory,
    files: Sequence[SourceFile],
    calls: tuple[Related, ...],
) -> Module:
    evaluator = Evaluator()
    given: dict[str, Attribute] = {}
    broken = ""
    for file in files:
        document = library.document(file)
        if document is None or document.problems:
            # What was given before may be given again in the part that cannot be read.
            broken = file.name
            given.clear()
        if document is not None:
            given.update((attribute.name, attribute) for attribute in document.attributes)

    def inputs(name: str) -> object:
        if name in given:
            return evaluator.evaluate(given[name].expression, NOTHING)
        return Unknown(f"{broken} cannot be read") if broken else ABSENT

    return Module(library, directory, evaluator, inputs, calls=calls)
