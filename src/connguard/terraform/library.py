# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directories and files of a scan, each read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.terraform.directory import SUFFIXES, Directory, build, without_twins
from connguard.terraform.readers import Read, hcl_reader, read_document
from connguard.terraform.syntax import Document
from connguard.terraform.values import Blocked

_DEFAULT_VALUES = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC_VALUES = (".auto.tfvars", ".auto.tfvars.json")
_NO_VALUES = ("node_modules", "venv", "site-packages", "__pycache__")
_MAX_FILE = 5_000_000


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
            folder = file.path.parent
            if folder not in resolved:
                resolved[folder] = disk.resolve(folder)
            parent = resolved[folder]
            self._given.setdefault(parent, {})[parent / file.path.name] = file
        self._directories: dict[Path, Directory | None] = {}
        self._reachable: dict[Path, frozenset[Path]] = {}
        self._types: dict[Path, frozenset[str]] = {}
        self._listings: dict[Path, Mapping[str, disk.Kind]] = {}
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
        listed = {path / name for name in self._listed(path) if _is_source(name)}
        candidates = {*given, *listed}
        documents: list[tuple[Path, Document, bool]] = []
        for candidate in without_twins(candidates, tofu=self._tofu):
            file = given.get(candidate) or self._context.file(candidate)
            document = self.document(file) if file else None
            if document is not None:
                documents.append((candidate, document, candidate in given))
        return build(path, documents, self._given.keys()) if documents else None

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
                    pending.extend(directory.called)
            self._reachable[path] = frozenset(seen)
        return self._reachable[path]

    def has_types(self, path: Path, types: frozenset[str]) -> bool:
        """Whether a resource of these types (without types: any) is declared there or below."""
        if path not in self._types:
            found = (self.directory(reached) for reached in self.reachable(path))
            self._types[path] = frozenset(
                kind for one in found if one is not None for kind in one.resource_types
            )
        return not (types and self._types[path].isdisjoint(types)) and bool(self.reachable(path))

    def read_file(self, path: Path) -> str:
        """A file for file() and templatefile(). Raises Blocked when it may not be read."""
        try:
            file = self._context.file(path)
            if file is not None and disk.size(file.path) > _MAX_FILE:
                raise Blocked(f"the file {path.name} is too large")
            text = self._context.text(file) if file else None
        except (OSError, ValueError) as error:
            raise Blocked("a file that cannot be read") from error
        if text is None:
            raise Blocked(f"the file {path.name} is not among the scanned files")
        return text.string

    def values_files(self, path: Path) -> list[SourceFile]:
        """The tfvars files that Terraform loads by itself in a directory, in its order."""
        listed = self._listed(path)
        chosen = [name for name in _DEFAULT_VALUES if name in listed]
        chosen += sorted(name for name in listed if name.endswith(_AUTOMATIC_VALUES))
        return self._files(path / name for name in chosen)

    def environment_files(self, path: Path) -> list[SourceFile]:
        """The other tfvars files of a directory: those that are named when Terraform is run.

        They stand beside the module, or up to two folders below it (`env/prod/terraform.tfvars`)
        where there is no module.
        """
        chosen = [
            path / name
            for name in self._listed(path)
            if _is_values(name)
            and not name.endswith(_AUTOMATIC_VALUES)
            and name not in _DEFAULT_VALUES
        ]
        folders = [path]
        for _ in range(2):
            inside = [inner for folder in folders for inner in self._folders(folder)]
            folders = [
                folder
                for folder in inside
                if (listed := self._listed(folder)) and not any(map(_is_source, listed))
            ]
            chosen += [
                folder / name
                for folder in folders
                for name in self._listed(folder)
                if _is_values(name)
            ]
        return self._files(sorted(chosen))

    def _listed(self, path: Path) -> Mapping[str, disk.Kind]:
        """What a folder holds, by name; nothing where it cannot be listed."""
        if path not in self._listings:
            try:
                self._listings[path] = dict(disk.entries(path))
            except (OSError, ValueError):
                self._listings[path] = {}
        return self._listings[path]

    def _folders(self, path: Path) -> list[Path]:
        return [
            path / name
            for name, kind in self._listed(path).items()
            if "." not in name
            and name not in _NO_VALUES
            and (kind is disk.Kind.FOLDER or (kind is disk.Kind.LINK and disk.is_dir(path / name)))
        ]

    def _files(self, paths: Iterable[Path]) -> list[SourceFile]:
        return [file for file in map(self._context.file, paths) if file is not None]


def _is_source(name: str) -> bool:
    return name.endswith(SUFFIXES)


def _is_values(name: str) -> bool:
    return name.endswith((".tfvars", ".tfvars.json"))
