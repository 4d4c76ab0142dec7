# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All Terraform modules of a scan, with their resources evaluated when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.terraform_value import Setting, Unresolved
from connguard.reading import Context, SourceFile
from connguard.terraform.directory import SUFFIXES, Directory, build, without_twins
from connguard.terraform.expressions import Evaluator, Scope
from connguard.terraform.module import ABSENT, NOTHING, Module, Names, Repetition, each_of
from connguard.terraform.readers import Read, hcl_reader, read_document
from connguard.terraform.syntax import (
    Attribute,
    Block,
    Document,
    Expression,
    Literal,
    ObjectItems,
    TupleItems,
    Variable,
)
from connguard.terraform.values import Blocked, Unknown, is_lazy

_MAX_RESOURCES = 20_000
_MAX_BLOCK_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Body:
    """The content of a resource or of a block in it, dynamic blocks written out.

    `certain` is False for a block of which it is not known whether it exists: a dynamic block over
    an unknown collection.
    """

    block: Block
    module: Module
    scope: Scope
    certain: bool = True

    @property
    def origin(self) -> Origin:
        return self.block.origin

    def setting(self, name: str) -> Setting | None:
        """An attribute: its value (Unresolved when unknown; parts of it may be) and its place."""
        attribute = self.block.attribute(name)
        if attribute is None:
            return None
        value = self.module.evaluate(attribute.expression, self.scope)
        if is_lazy(value):
            value = value.whole()
        if isinstance(value, Unknown):
            value = Unresolved(value.reason)
        return Setting(value, attribute.origin)

    def settings(self, *names: str) -> dict[str, Setting]:
        """The attributes of these names that are set; without names, all of them."""
        wanted = names or tuple(attribute.name for attribute in self.block.attributes)
        found = {name: self.setting(name) for name in wanted}
        return {name: setting for name, setting in found.items() if setting is not None}

    def blocks(self, name: str) -> list[Body]:
        """The nested blocks of a type, in order; those of `dynamic` blocks among them."""
        found: list[Body] = []
        for block in _nested(self.block):
            if block.type == name:
                found.append(Body(block, self.module, self.scope, self.certain))
            elif block.type == "dynamic" and block.labels == (name,):
                found.extend(self._dynamic(block, name))
        return found

    def _dynamic(self, block: Block, name: str) -> Iterator[Body]:
        content = next((inner for inner in _nested(block) if inner.type == "content"), None)
        for_each = block.attribute("for_each")
        if content is None or for_each is None:
            return
        iterator = _iterator_name(block) or name
        repetitions: list[Repetition] | Unknown
        try:
            repetitions = _elements(self.module.evaluate(for_each.expression, self.scope))
        except Blocked as blocked:
            repetitions = blocked.unknown
        if isinstance(repetitions, Unknown):
            unknown = {iterator: {"key": repetitions, "value": repetitions}}
            yield Body(content, self.module, Names(self.scope, unknown), certain=False)
            return
        for repetition in repetitions:
            names = {iterator: repetition.names["each"]}
            yield Body(content, self.module, Names(self.scope, names), self.certain)


@dataclass(frozen=True, slots=True)
class Resource:
    """One instance of a resource.

    `address` is Terraform's. `origin` is the header of its block; `calls` are the module calls
    that lead to it, innermost first. Attributes and blocks are evaluated on demand through `body`.
    """

    type: str
    name: str
    address: str
    body: Body
    calls: tuple[Related, ...]

    @property
    def origin(self) -> Origin:
        return self.body.origin


class Configuration:
    """The modules of a scan.

    `roots` are the modules that Terraform is run on. `documents` are the scanned files by name, as
    they were parsed. `log` is for --verbose.
    """

    def __init__(self, roots: Sequence[Module], documents: dict[str, Document]) -> None:
        self.roots = roots
        self.documents = documents
        self.log: list[str] = []

    def resources(self, *types: str) -> Iterator[Resource]:
        """The resources of these types (without types: all) in all instances of all modules.

        A resource in a file that is not scanned itself is left out, as is a block with a syntax
        error, which the reading reports as not parsed.
        """
        count = 0
        wanted = frozenset(types)
        for root in self.roots:
            for module in root.descendants(wanted):
                for resource in self._resources_of(module, wanted):
                    count += 1
                    if count > _MAX_RESOURCES:
                        self.log.append(f"more than {_MAX_RESOURCES} resources: stopped there")
                        return
                    yield resource

    def _resources_of(self, module: Module, wanted: frozenset[str]) -> Iterator[Resource]:
        for block in module.directory.resource_blocks():
            kind, name = block.labels
            if (wanted and kind not in wanted) or block.broken:
                continue
            if block.text.path not in self.documents:
                continue
            for repetition in module.certain_repetitions(block):
                yield Resource(
                    kind,
                    name,
                    f"{module.prefix}{kind}.{name}{repetition.suffix}",
                    Body(block, module, Names(module, repetition.names)),
                    module.calls,
                )


class Library:
    """The directories and documents of a scan, read once."""

    def __init__(
        self,
        files: Sequence[SourceFile],
        context: Context,
        documents: dict[Path, Document],
        *,
        tofu: bool,
    ) -> None:
        self._context = context
        self._tofu = tofu
        self._given: dict[Path, dict[Path, SourceFile]] = {}
        resolved: dict[Path, Path] = {}
        for file in files:
            parent = resolved.setdefault(file.path.parent, file.path.parent.resolve())
            self._given.setdefault(parent, {})[parent / file.path.name] = file
        self._directories: dict[Path, Directory | None] = {}
        self._reachable: dict[Path, frozenset[Path]] = {}
        self._hcl: Read = hcl_reader(context.settings.terraform_reader)
        self._documents = documents

    def document(self, file: SourceFile) -> Document | None:
        """The parsed file; None when it cannot be read, which the context records."""
        if file.path not in self._documents:
            text = self._context.text(file)
            if text is None:
                return None
            self._documents[file.path] = read_document(text, self._hcl)
        return self._documents[file.path]

    def directories(self) -> list[Directory]:
        """The modules of the scanned files."""
        found = (self.directory(path) for path in sorted(self._given))
        return [directory for directory in found if directory is not None]

    def directory(self, path: Path) -> Directory | None:
        """The module in a directory; None when it has no files, or lies outside the roots."""
        if path not in self._directories:
            self._directories[path] = self._read_directory(path)
        return self._directories[path]

    def _read_directory(self, path: Path) -> Directory | None:
        given = self._given.get(path, {})
        candidates = {*given}
        candidates |= {found for found in _listed(path) if found.name.endswith(SUFFIXES)}
        documents: list[tuple[Path, Document, bool]] = []
        for candidate in without_twins(candidates, tofu=self._tofu):
            file = given.get(candidate) or self._context.file(candidate)
            document = self.document(file) if file else None
            if document is not None:
                documents.append((candidate, document, candidate in given))
        return build(path, documents) if documents else None

    def reachable(self, path: Path) -> frozenset[Path]:
        """This directory and all that are called below it, instantiated or not (count = 0)."""
        if path not in self._reachable:
            seen: set[Path] = set()
            pending = [path]
            while pending:
                found = pending.pop()
                directory = self.directory(found)
                if found not in seen and directory is not None:
                    seen.add(found)
                    pending.extend(directory.called())
            self._reachable[path] = frozenset(seen)
        return self._reachable[path]

    def has_types(self, path: Path, types: frozenset[str]) -> bool:
        """Whether a resource of these types (without types: any) is declared there or below."""
        found = (self.directory(reached) for reached in self.reachable(path))
        return any(
            directory is not None
            and (not types or any(kind in types for kind, _ in directory.resources))
            for directory in found
        )

    def read_file(self, path: Path) -> str:
        """A file for file() and templatefile(). Raises Blocked when it may not be read."""
        try:
            file = self._context.file(path)
            text = self._context.text(file) if file else None
        except (OSError, ValueError) as error:
            raise Blocked("a file that cannot be read") from error
        if text is None:
            raise Blocked(f"the file {path.name} is not among the scanned files")
        return text.string

    def values_files(self, path: Path) -> list[SourceFile]:
        """The tfvars files that Terraform loads by itself in a directory, in its order."""
        listed = _listed(path)
        names = {found.name: found for found in listed}
        chosen = [names[name] for name in _DEFAULT_VALUES if name in names]
        chosen += [
            names[name]
            for name in sorted(names)
            if name.endswith((".auto.tfvars", ".auto.tfvars.json"))
        ]
        return [file for file in map(self._context.file, chosen) if file is not None]


_DEFAULT_VALUES = ("terraform.tfvars", "terraform.tfvars.json")


def load(files: Sequence[SourceFile], context: Context) -> Configuration:
    """All modules of the scan, each with the values its callers or its tfvars files give it.

    A module that others call is instantiated for each call. It stands by itself as well when no
    module calls it, or when it has a backend or tfvars files of its own.
    """
    dialects = [True]
    if _has_twins(files):
        # Terraform and OpenTofu read different files here: both must be right.
        dialects.append(False)
    documents: dict[Path, Document] = {}
    roots: list[Module] = []
    for tofu in dialects:
        roots.extend(_roots(Library(files, context, documents, tofu=tofu), context))
    parsed = {file.name: documents[file.path] for file in files if file.path in documents}
    return Configuration(roots, parsed)


def _has_twins(files: Sequence[SourceFile]) -> bool:
    paths = {file.path for file in files}
    return any(
        path.with_name(path.name.replace(".tofu", ".tf")) in paths
        for path in paths
        if ".tofu" in path.name
    )


def _roots(library: Library, context: Context) -> Iterator[Module]:
    directories = {directory.path: directory for directory in library.directories()}
    called = {path for directory in directories.values() for path in directory.called()}
    roots = [
        directory
        for directory in directories.values()
        if directory.path not in called or directory.backend or library.values_files(directory.path)
    ]
    covered: set[Path] = set()
    for root in roots:
        yield _root_module(library, root, context)
        covered |= library.reachable(root.path)
    for directory in directories.values():
        # Modules that call each other in a circle have no root: any of them is taken.
        if directory.path not in covered:
            yield _root_module(library, directory, context)
            covered |= library.reachable(directory.path)


def _root_module(library: Library, directory: Directory, context: Context) -> Module:
    evaluator = Evaluator()
    given: dict[str, Attribute] = {}
    broken = ""
    files = library.values_files(directory.path)
    for name in context.settings.terraform_var_files:
        path = (context.settings.base / name).resolve()
        files.append(SourceFile(path, context.name_of(path)))
    for file in files:
        document = library.document(file)
        if document is None or document.problems:
            broken = file.name
        if document is not None:
            given.update((attribute.name, attribute) for attribute in document.attributes)

    def inputs(name: str) -> object:
        if name in given:
            return evaluator.evaluate(given[name].expression, NOTHING)
        return Unknown(f"{broken} cannot be read") if broken else ABSENT

    return Module(library, directory, evaluator, inputs)


def _listed(path: Path) -> list[Path]:
    try:
        return [found for found in path.iterdir() if not found.is_symlink()]
    except OSError:
        return []


def _iterator_name(block: Block) -> str | None:
    iterator = block.attribute("iterator")
    expression = iterator.expression if iterator else None
    if isinstance(expression, Variable):
        return expression.name
    value = expression.value if isinstance(expression, Literal) else None
    return value if isinstance(value, str) else None


def _elements(value: object) -> list[Repetition] | Unknown:
    """The elements of a dynamic block; unlike for_each of resources, lists are allowed."""
    if is_lazy(value):
        value = value.whole()
    if value is None or isinstance(value, (Unknown, dict)):
        return each_of(value)
    if isinstance(value, list):
        is_set = type(value) is not list
        return [
            Repetition("", index, {"each": {"key": item if is_set else index, "value": item}})
            for index, item in enumerate(value)
        ]
    return Unknown("for_each is no collection")


def _nested(block: Block) -> list[Block]:
    """The blocks in a block. In JSON syntax they look like attributes."""
    if not block.from_json:
        return block.blocks
    found: list[Block] = []
    for attribute in block.attributes:
        expression = attribute.expression
        items = expression.items if isinstance(expression, TupleItems) else (expression,)
        for item in items:
            if isinstance(item, ObjectItems):
                if attribute.name == "dynamic":
                    found.extend(
                        _json_block(block, "dynamic", (name,), value)
                        for name, value in _named(item)
                        if isinstance(value, ObjectItems)
                    )
                else:
                    found.append(_json_block(block, attribute.name, (), item))
    return found


def _named(item: ObjectItems) -> list[tuple[str, object]]:
    return [
        (key.value, value)
        for key, value in item.items
        if isinstance(key, Literal) and isinstance(key.value, str)
    ]


def _json_block(outer: Block, name: str, labels: tuple[str, ...], item: ObjectItems) -> Block:
    attributes = [
        Attribute(
            outer.text,
            key.value,
            key.start,
            value.end,
            value.start,
            value.end,
            partial(_same, value),
        )
        for key, value in item.items
        if isinstance(key, Literal) and isinstance(key.value, str)
    ]
    return Block(
        outer.text,
        name,
        labels,
        item.start,
        item.start + 1,
        item.end,
        lambda: (attributes, []),
        from_json=True,
    )


def _same(expression: Expression) -> Expression:
    return expression
