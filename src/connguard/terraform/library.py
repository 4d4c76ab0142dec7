# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directories and files of a scan, each read once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from connguard.engine.reading import Context, SourceFile
from connguard.terraform.directory import SUFFIXES, Directory, build, without_twins
from connguard.terraform.readers import Read, hcl_reader, read_document
from connguard.terraform.syntax import Document
from connguard.terraform.values import Blocked

_DEFAULT_VALUES = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC_VALUES = (".auto.tfvars", ".auto.tfvars.json")
_NO_VALUES = ("node_modules", "venv", "site-packages", "__pycache__")
_MAX_FILE = 5_000_000
_MAX_ENVIRONMENTS = 50


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
        self._having: dict[tuple[Path, frozenset[str]], bool] = {}
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
        key = path, types
        if key not in self._having:
            found = (self.directory(reached) for reached in self.reachable(path))
            self._having[key] = any(
                directory is not None
                and (not types or any(kind in types for kind, _ in directory.resources))
                for directory in found
            )
        return self._having[key]

    def read_file(self, path: Path) -> str:
        """A file for file() and templatefile(). Raises Blocked when it may not be read."""
        try:
            file = self._context.file(path)
            if file is not None and file.path.stat().st_size > _MAX_FILE:
                raise Blocked(f"the file {path.name} is too large")
            text = self._context.text(file) if file else None
        except (OSError, ValueError) as error:
            raise Blocked("a file that cannot be read") from error
        if text is None:
            raise Blocked(f"the file {path.name} is not among the scanned files")
        return text.string

    def values_files(self, path: Path) -> list[SourceFile]:
        """The tfvars files that Terraform loads by itself in a directory, in its order."""
        names = {found.name: found for found in _listed(path)}
        chosen = [names[name] for name in _DEFAULT_VALUES if name in names]
        chosen += [names[name] for name in sorted(names) if name.endswith(_AUTOMATIC_VALUES)]
        return self._files(chosen)

    def environment_files(self, path: Path) -> list[SourceFile]:
        """The other tfvars files of a directory: those that are named when Terraform is run.

        They stand beside the module, or up to two folders below it (`env/prod/terraform.tfvars`)
        where there is no module.
        """
        chosen = [
            found
            for found in _listed(path)
            if not found.name.endswith(_AUTOMATIC_VALUES) and found.name not in _DEFAULT_VALUES
        ]
        folders = [path]
        for _ in range(2):
            inside = [_listed(inner) for folder in folders for inner in _folders(folder)]
            kept = [
                found
                for found in inside
                if found and not any(inner.name.endswith(SUFFIXES) for inner in found)
            ]
            chosen += [inner for found in kept for inner in found]
            folders = [found[0].parent for found in kept]
        values = [found for found in chosen if found.name.endswith((".tfvars", ".tfvars.json"))]
        return self._files(sorted(values)[:_MAX_ENVIRONMENTS])

    def _files(self, paths: Iterable[Path]) -> list[SourceFile]:
        return [file for file in map(self._context.file, paths) if file is not None]


def _listed(path: Path) -> list[Path]:
    try:
        return list(path.iterdir())
    except OSError:
        return []


def _folders(path: Path) -> list[Path]:
    return [
        found
        for found in _listed(path)
        if "." not in found.name and found.name not in _NO_VALUES and found.is_dir()
    ]
