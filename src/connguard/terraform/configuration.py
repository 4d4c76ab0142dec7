# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All Terraform modules of a scan, with their resources evaluated when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.terraform_value import Setting, Unresolved
from connguard.reading import Context, SourceFile
from connguard.terraform.directory import SUFFIXES, Directory, build, without_twins
from connguard.terraform.expressions import Evaluator, Scope
from connguard.terraform.module import ABSENT, NOTHING, Module, Names, Repetition, each_of
from connguard.terraform.readers import Read, hcl_reader, read_document
from connguard.terraform.syntax import Attribute, Block, Document, Literal, ObjectItems, TupleItems
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
    """The modules of a scan. `log` is for --verbose."""

    def __init__(self, modules: Sequence[Module], files: frozenset[str]) -> None:
        self._modules = modules
        self._files = files
        self.log: list[str] = []

    def resources(self, *types: str) -> Iterator[Resource]:
        """The resources of these types (without types: all) in all instances of all modules.

        A resource in a file that is not scanned itself is left out, as is a block with a syntax
        error, which the reading reports as not parsed.
        """
        count = 0
        for module in self._modules:
            for (kind, name), block in module.directory.resources.items():
                if (types and kind not in types) or block.broken:
                    continue
                if block.text.path not in self._files:
                    continue
                for repetition in module.certain_repetitions(block):
                    count += 1
                    if count > _MAX_RESOURCES:
                        self.log.append(f"more than {_MAX_RESOURCES} resources: stopped there")
                        return
                    yield Resource(
                        kind,
                        name,
                        f"{module.prefix}{kind}.{name}{repetition.suffix}",
                        Body(block, module, Names(module, repetition.names)),
                        module.calls,
                    )


class Library:
    """The directories and documents of a scan, read once."""

    def __init__(self, files: Sequence[SourceFile], context: Context, *, tofu: bool) -> None:
        self._context = context
        self._tofu = tofu
        self._given = {file.path.resolve(): file for file in files}
        self._directories: dict[Path, Directory | None] = {}
        self._hcl: Read = hcl_reader(context.settings.terraform_reader)
        self.documents: dict[Path, Document] = {}

    def document(self, file: SourceFile) -> Document | None:
        """The parsed file; None when it cannot be read, which the context records."""
        path = file.path.resolve()
        if path not in self.documents:
            text = self._context.text(file)
            if text is None:
                return None
            self.documents[path] = read_document(text, self._hcl)
        return self.documents[path]

    def directory(self, path: Path) -> Directory | None:
        """The module in a directory; None when it has no files, or lies outside the roots."""
        if path not in self._directories:
            self._directories[path] = self._read_directory(path)
        return self._directories[path]

    def _read_directory(self, path: Path) -> Directory | None:
        candidates = {given for given in self._given if given.parent == path}
        candidates |= {found for found in _listed(path) if found.name.endswith(SUFFIXES)}
        documents: list[tuple[Path, Document]] = []
        for candidate in without_twins(candidates, tofu=self._tofu):
            file = self._given.get(candidate) or self._context.file(candidate)
            document = self.document(file) if file else None
            if document is not None:
                documents.append((candidate, document))
        return build(path, documents) if documents else None

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
    modules: list[Module] = []
    for tofu in dialects:
        modules.extend(_instances(Library(files, context, tofu=tofu), files, context))
    return Configuration(modules, frozenset(file.name for file in files))


def _has_twins(files: Sequence[SourceFile]) -> bool:
    paths = {file.path for file in files}
    return any(
        path.with_name(path.name.replace(".tofu", ".tf")) in paths
        for path in paths
        if ".tofu" in path.name
    )


def _instances(library: Library, files: Sequence[SourceFile], context: Context) -> Iterator[Module]:
    paths = sorted({file.path.resolve().parent for file in files})
    found = [library.directory(path) for path in paths]
    directories = {directory.path: directory for directory in found if directory is not None}
    called = {path for directory in directories.values() for path in directory.called()}
    roots = [
        directory
        for directory in directories.values()
        if directory.path not in called or directory.backend or library.values_files(directory.path)
    ]
    covered: set[Path] = set()
    for root in roots:
        yield from _root_module(library, root, context).descendants()
        covered |= _reachable(root, library)
    for directory in directories.values():
        # Modules that call each other in a circle have no root: any of them is taken.
        if directory.path not in covered:
            yield from _root_module(library, directory, context).descendants()
            covered |= _reachable(directory, library)


def _reachable(root: Directory, library: Library) -> set[Path]:
    """The directories that are called below `root`, instantiated or not (count = 0)."""
    seen: set[Path] = set()
    pending = [root.path]
    while pending:
        path = pending.pop()
        directory = library.directory(path)
        if path not in seen and directory is not None:
            seen.add(path)
            pending.extend(directory.called())
    return seen


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
    from connguard.terraform.syntax import Variable

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
    block = Block(outer.text, name, labels, item.start, item.start + 1, item.end, from_json=True)
    for key, value in item.items:
        if isinstance(key, Literal) and isinstance(key.value, str):
            block.attributes.append(
                Attribute(
                    outer.text,
                    key.value,
                    key.start,
                    value.end,
                    value.start,
                    value.end,
                    lambda value=value: value,  # type: ignore[misc]
                )
            )
    return block
