# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files to scan: walks directories as ruff and ripgrep do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from pathlib import Path, PurePath
from typing import Protocol

from connguard.engine import disk
from connguard.engine.disk import Kind
from connguard.engine.ignoring import Ignoring, ignoring
from connguard.engine.reading import SourceFile
from connguard.policies.model.records import dataclass

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


class _Test(Protocol):
    """Whether an entry of one folder is ignored."""

    def __call__(self, name: str, /, *, is_folder: bool = False) -> bool: ...


@dataclass(slots=True)
class Found:
    """The files to scan, and the (path, reason) of those that cannot be.

    `skipped` names links that were not followed; --verbose shows them. `listed` are the names in
    the folders that were walked.
    """

    files: list[SourceFile] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    listed: dict[str, frozenset[str]] = field(default_factory=dict)


def display_name(path: Path) -> str:
    """How findings show a path: relative to the working directory where it lies below it."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def any_name(_: str) -> bool:
    """Takes every name."""
    return True


def discover(
    paths: Sequence[Path],
    *,
    wanted: Callable[[PurePath], bool],
    may_want: Callable[[str], bool] = any_name,
    excludes: Iterable[str] = (),
    exclude_base: Path | None = None,
    respect_gitignore: bool = True,
) -> Found:
    """The wanted regular files below `paths`, sorted.

    `may_want` is a quick test of a file's bare name: what it refuses `wanted` is not asked about.
    A file that is named itself is always taken. In directories, `.gitignore` files hold (also
    those above, up to the repository's root), `excludes` are patterns in their syntax relative to
    `exclude_base`, and links are not followed.
    """
    found = Found()
    chosen: dict[str, SourceFile] = {}
    excluded = ignoring(str(exclude_base or Path.cwd()), excludes, strict=True)
    walker = _Walker(found, wanted, may_want, excluded, respect_gitignore)
    for path in paths:
        absolute = Path(os.path.abspath(path))
        try:
            kind = disk.look(absolute)
        except OSError as error:
            found.unreadable.append((str(path), error.strerror or str(error)))
            continue
        if kind is Kind.FOLDER:
            chosen |= walker.walk(absolute)
        elif kind is Kind.FILE:
            name = display_name(absolute)
            chosen[str(absolute)] = SourceFile(absolute, name, named=True)
        else:
            found.unreadable.append((str(path), "not a regular file"))
    found.files = sorted(chosen.values(), key=lambda file: file.name)
    return found


class _Walker:
    def __init__(
        self,
        found: Found,
        wanted: Callable[[PurePath], bool],
        may_want: Callable[[str], bool],
        excluded: Ignoring | None,
        respect_gitignore: bool,
    ) -> None:
        self._found = found
        self._wanted = wanted
        self._may_want = may_want
        self._excluded = excluded
        self._respect_gitignore = respect_gitignore
        self._here = os.path.join(os.getcwd(), "")

    def walk(self, root: Path) -> dict[str, SourceFile]:
        """The wanted files below a folder, by their absolute paths."""
        files: dict[str, SourceFile] = {}
        may_want, wanted = self._may_want, self._wanted
        ignores = self._ignores_above(root) if self._respect_gitignore else []
        pending = [(str(root), root, ignores)]
        while pending:
            folder, path, ignores = pending.pop()
            try:
                entries = disk.entries(folder)
            except OSError as error:
                reason = error.strerror or str(error)
                self._found.unreadable.append((self._shown(folder), reason))
                continue
            names = self._found.listed[folder] = frozenset(dict(entries))
            if self._respect_gitignore and not _IGNORE_FILES.isdisjoint(names):
                ignores = [*ignores, *_ignore_files(folder)]
            ignored = self._test(folder, ignores)
            prefix = folder if folder.endswith(os.sep) else folder + os.sep
            for name, kind in reversed(entries):
                full = prefix + name
                if kind is Kind.FILE:
                    if not may_want(name):
                        continue
                    file = path / name  # much faster than to take a path apart
                    if wanted(file) and not ignored(name):
                        files[full] = SourceFile(file, self._shown(full))
                elif kind is Kind.FOLDER:
                    if name not in DEFAULT_EXCLUDES and not ignored(name, is_folder=True):
                        pending.append((full, path / name, ignores))
                elif kind is Kind.LINK:
                    self._found.skipped.append(f"{self._shown(full)}: link not followed")
        return files

    def _shown(self, path: str) -> str:
        """As `display_name`."""
        shown = path.removeprefix(self._here)
        return shown if os.sep == "/" else shown.replace(os.sep, "/")

    def _test(self, folder: str, ignores: Sequence[Ignoring]) -> _Test:
        """The test of the entries of one folder."""
        if not ignores and self._excluded is None:
            return _nothing
        held = [
            (spec, prefix)
            for spec in reversed(ignores)
            if (prefix := spec.prefix(folder)) is not None
        ]
        excluded = self._excluded
        inside = excluded.prefix(folder) if excluded else None

        def ignored(name: str, *, is_folder: bool = False) -> bool:
            if (
                excluded is not None
                and inside is not None
                and excluded.verdict(name, inside, is_folder=is_folder)
            ):
                return True
            for spec, prefix in held:
                verdict = spec.verdict(name, prefix, is_folder=is_folder)
                if verdict is not None:
                    return verdict
            return False

        return ignored

    def _ignores_above(self, root: Path) -> list[Ignoring]:
        """The ignore files of the folders above `root`, outermost first, within its repository."""
        above: list[Ignoring] = []
        for folder in (root, *root.parents):
            if folder != root:
                above[:0] = _ignore_files(str(folder))
            if disk.exists(folder / ".git"):
                return [*_patterns(str(folder), folder / ".git" / "info" / "exclude"), *above]
        return []


def _nothing(_: str, *, is_folder: bool = False) -> bool:
    return False


_IGNORE_FILES = frozenset((".gitignore", ".ignore"))


def _ignore_files(folder: str) -> list[Ignoring]:
    return [
        one for name in (".gitignore", ".ignore") for one in _patterns(folder, Path(folder, name))
    ]


def _patterns(folder: str, file: Path) -> list[Ignoring]:
    try:
        lines = disk.read_text(file, "replace").splitlines()
    except OSError:
        return []
    found = ignoring(folder, lines)
    return [found] if found else []
