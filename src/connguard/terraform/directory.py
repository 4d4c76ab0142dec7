# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration in one directory: Terraform reads all its files as one module."""

from __future__ import annotations

import os.path
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from connguard.engine import disk
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.terraform.syntax import Attribute, Block, Document, Literal

# Up first and then down: no ".." after a name, which may be that of a link.
_UPWARDS = lazily(r"(?:\.\.?/+)*(?:(?!\.\.?(?:/|\Z))[^/]+(?:/+|\Z))*\Z")
SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")


@dataclass(eq=False)
class Directory:
    """What the files of a module declare, by name, with override files merged in.

    A name that is declared twice, which Terraform refuses, has both declarations. `backend` tells
    whether the directory says where its state is kept: it is applied by itself then. `folders` are
    known to be there, and to be no links.
    """

    path: Path
    variables: dict[str, list[Block]] = field(default_factory=dict)
    locals: dict[str, list[Attribute]] = field(default_factory=dict)
    outputs: dict[str, list[Block]] = field(default_factory=dict)
    resources: dict[tuple[str, str], list[Block]] = field(default_factory=dict)
    modules: dict[str, list[Block]] = field(default_factory=dict)
    backend: bool = False
    folders: Collection[Path] = field(default=frozenset(), repr=False)
    _paths: dict[str, Path | None] = field(default_factory=dict, repr=False)

    def resource_blocks(self) -> Iterator[Block]:
        for blocks in self.resources.values():
            yield from blocks

    def module_blocks(self) -> Iterator[Block]:
        for blocks in self.modules.values():
            yield from blocks

    @cached_property
    def resource_types(self) -> frozenset[str]:
        return frozenset(kind for kind, _ in self.resources)

    @cached_property
    def called(self) -> tuple[Path, ...]:
        """The directories of the local modules that are called here, each once."""
        found = (self.module_path(block) for block in self.module_blocks() if not block.broken)
        return tuple(dict.fromkeys(path for path in found if path is not None))

    def module_path(self, block: Block) -> Path | None:
        """The directory of a module call; None when the module is not local."""
        source = module_source(block)
        if source is None or not source.startswith(("./", "../", ".\\", "..\\")):
            return None
        if source not in self._paths:  # asked for every instance of a module
            self._paths[source] = self._resolved(source)
        return self._paths[source]

    def _resolved(self, source: str) -> Path | None:
        source = source.replace("\\", "/")
        if _UPWARDS.match(source):
            plain = Path(os.path.normpath(f"{self.path}/{source}"))
            if plain in self.folders:
                return plain  # as resolving would find out, which takes far longer
        try:
            return disk.resolve(Path(f"{self.path}/{source}"))
        except (OSError, ValueError, RuntimeError):  # no name of a file, or a circle of links
            return None


def module_source(block: Block) -> str | None:
    attribute = block.attribute("source")
    expression = attribute.expression if attribute else None
    value = expression.value if isinstance(expression, Literal) else None
    return value if isinstance(value, str) else None


def stem(path: PurePath) -> str:
    """The name without the suffix: `main` for main.tf, main.tf.json and main.tofu."""
    return path.name.removesuffix(".json").removesuffix(".tf").removesuffix(".tofu")


def is_override(path: PurePath) -> bool:
    name = stem(path)
    return name == "override" or name.endswith("_override")


def without_twins(paths: Iterable[Path], *, tofu: bool) -> list[Path]:
    """The files of a directory that a tool reads, sorted.

    Terraform reads no .tofu files. OpenTofu reads both, and main.tofu instead of main.tf.
    """
    found = sorted(set(paths))
    if not tofu:
        return [path for path in found if not path.name.endswith((".tofu", ".tofu.json"))]
    replaced = {
        path.with_name(path.name.replace(".tofu", ".tf"))
        for path in found
        if path.name.endswith((".tofu", ".tofu.json"))
    }
    return [path for path in found if path not in replaced]


def build(
    path: Path,
    documents: Sequence[tuple[Path, Document, bool]],
    folders: Collection[Path] = frozenset(),
) -> Directory:
    """The module of a directory from its files: path, document, and whether it is scanned itself.

    Where a scanned file and one that is only read along declare the same name, they do not belong
    together, as in a folder of separate examples: the scanned one counts.
    """
    directory = Directory(path, folders=folders)
    origins: dict[int, bool] = {}
    for file, document, scanned in sorted(documents, key=_merge_order):
        override = is_override(file)
        for block in document.blocks:
            _add(directory, block, override)
        origins[id(document.text)] = scanned
    tables: tuple[dict[Any, list[Any]], ...] = (
        directory.variables,
        directory.locals,
        directory.outputs,
        directory.resources,
        directory.modules,
    )
    for table in tables:
        for name, found in table.items():
            if len(found) > 1:
                table[name] = [one for one in found if origins[id(one.text)]] or found
    return directory


def _merge_order(entry: tuple[Path, Document, bool]) -> tuple[bool, Path]:
    return is_override(entry[0]), entry[0]


def _add(directory: Directory, block: Block, override: bool) -> None:
    labels = block.labels
    if block.type == "locals" and not labels:
        for attribute in block.attributes:
            if override:
                directory.locals[attribute.name] = [attribute]
            else:
                directory.locals.setdefault(attribute.name, []).append(attribute)
    elif block.type == "terraform":
        names = [inner.type for inner in block.blocks]
        names += [attribute.name for attribute in block.attributes]
        directory.backend = directory.backend or "backend" in names or "cloud" in names
    elif block.type == "resource" and len(labels) == 2:
        _put(directory.resources, (labels[0], labels[1]), block, override)
    elif len(labels) == 1:
        if block.type == "variable":
            _put(directory.variables, labels[0], block, override)
        elif block.type == "output":
            _put(directory.outputs, labels[0], block, override)
        elif block.type == "module":
            _put(directory.modules, labels[0], block, override)


def _put(table: dict[Any, list[Block]], key: Any, block: Block, override: bool) -> None:
    if override and key in table:
        table[key] = [merged(base, block) for base in table[key]]
    else:
        table.setdefault(key, []).append(block)


def merged(base: Block, override: Block) -> Block:
    """A block with an override file's block merged in, as Terraform documents it.

    Attributes replace those of the same name, nested blocks all of the same type.
    https://developer.hashicorp.com/terraform/language/files/override
    """
    names = {attribute.name for attribute in override.attributes}
    types = {_content_type(block) for block in override.blocks}
    attributes = [
        *(found for found in base.attributes if found.name not in names),
        *override.attributes,
    ]
    blocks = [
        *(found for found in base.blocks if _content_type(found) not in types),
        *override.blocks,
    ]
    return Block(
        base.text,
        base.type,
        base.labels,
        base.start,
        base.header_end,
        base.end,
        lambda: (attributes, blocks),
        from_json=base.from_json,
        broken=base.broken or override.broken,
    )


def _content_type(block: Block) -> str:
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type
