# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files to scan: walks directories as ruff and ripgrep do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pathspec import GitIgnoreSpec

from connguard.engine import disk
from connguard.engine.disk import Kind
from connguard.engine.reading import SourceFile

DEFAULT_EXCLUDES = {
    ".git",
    ".hg",
    ".svn",
    ".terraform",
    ".terragrunt-cache",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".direnv",
    ".eggs",
    "__pycache__",
    "node_modules",
    "site-packages",
    "bower_components",
}
"""Names of directories that are never walked into."""


@dataclass(slots=True)
class Found:
    """The files to scan, and the (path, reason) of those that cannot be.

    `skipped` names links that were not followed; --verbose shows them.
    """

    files: list[SourceFile] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def display_name(path: Path) -> str:
    """How findings show a path: relative to the working directory where it lies below it."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def discover(
    paths: Sequence[Path],
    *,
    wanted: Callable[[PurePath], bool],
    excludes: Iterable[str] = (),
    exclude_base: Path | None = None,
    respect_gitignore: bool = True,
) -> Found:
    """The wanted regular files below `paths`, sorted.

    A file that is named itself is always taken. In directories, `.gitignore` files hold (also
    those above, up to the repository's root), `excludes` are patterns in their syntax relative to
    `exclude_base`, and links are not followed.
    """
    found = Found()
    chosen: dict[Path, SourceFile] = {}
    spec = GitIgnoreSpec.from_lines(excludes)
    base = exclude_base or Path.cwd()
    for path in paths:
        absolute = Path(os.path.abspath(path))
        try:
            kind = disk.look(absolute)
        except OSError as error:
            found.unreadable.append((str(path), error.strerror or str(error)))
            continue
        if kind is Kind.FOLDER:
            walker = _Walker(found, spec, base, respect_gitignore)
            for file in walker.walk(absolute):
                if wanted(file):
                    chosen[file] = SourceFile(file, display_name(file))
        elif kind is Kind.FILE:
            chosen[absolute] = SourceFile(absolute, display_name(absolute), named=True)
        else:
            found.unreadable.append((str(path), "not a regular file"))
    found.files = sorted(chosen.values(), key=lambda file: file.name)
    return found


class _Walker:
    def __init__(
        self, found: Found, spec: GitIgnoreSpec, base: Path, respect_gitignore: bool
    ) -> None:
        self._found = found
        self._spec = spec
        self._base = base
        self._respect_gitignore = respect_gitignore

    def walk(self, root: Path) -> Iterator[Path]:
        ignores = self._ignores_above(root) if self._respect_gitignore else []
        yield from self._walk(root, ignores)

    def _walk(self, root: Path, ignores: list[tuple[Path, GitIgnoreSpec]]) -> Iterator[Path]:
        pending = [(root, ignores)]
        while pending:
            folder, ignores = pending.pop()
            try:
                entries = disk.entries(folder)
            except OSError as error:
                shown = display_name(folder)
                self._found.unreadable.append((shown, error.strerror or str(error)))
                continue
            if self._respect_gitignore and not _IGNORE_FILES.isdisjoint(dict(entries)):
                ignores = [*ignores, *_ignore_file(folder)]
            for name, kind in reversed(entries):
                path = folder / name
                if kind is Kind.LINK:
                    self._found.skipped.append(f"{display_name(path)}: link not followed")
                elif kind is Kind.FOLDER:
                    if name not in DEFAULT_EXCLUDES and not self._ignored(
                        path, ignores, is_dir=True
                    ):
                        pending.append((path, ignores))
                elif kind is Kind.FILE and not self._ignored(path, ignores):
                    yield path

    def _ignored(
        self, path: Path, ignores: list[tuple[Path, GitIgnoreSpec]], is_dir: bool = False
    ) -> bool:
        slash = "/" if is_dir else ""
        if path.is_relative_to(self._base) and self._spec.match_file(
            path.relative_to(self._base).as_posix() + slash
        ):
            return True
        for folder, spec in reversed(ignores):
            verdict = spec.check_file(path.relative_to(folder).as_posix() + slash).include
            if verdict is not None:
                return verdict
        return False

    def _ignores_above(self, root: Path) -> list[tuple[Path, GitIgnoreSpec]]:
        """The ignore files of the folders above `root`, outermost first, within its repository."""
        above: list[tuple[Path, GitIgnoreSpec]] = []
        for folder in (root, *root.parents):
            if folder != root:
                above[:0] = _ignore_file(folder)
            if disk.exists(folder / ".git"):
                return [*_spec(folder, folder / ".git" / "info" / "exclude"), *above]
        return []


_IGNORE_FILES = frozenset((".gitignore", ".ignore"))


def _ignore_file(folder: Path) -> list[tuple[Path, GitIgnoreSpec]]:
    return [*_spec(folder, folder / ".gitignore"), *_spec(folder, folder / ".ignore")]


def _spec(folder: Path, file: Path) -> list[tuple[Path, GitIgnoreSpec]]:
    try:
        lines = disk.read_text(file, "replace").splitlines()
    except OSError:
        return []
    return [(folder, GitIgnoreSpec.from_lines(lines))]
