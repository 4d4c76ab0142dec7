# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repositories of a fleet: folders of checkouts, lists of paths, patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository by its name in the fleet, and where it lies (absolute)."""

    name: str
    path: str


def repositories(
    paths: Sequence[str],
    single: Sequence[str] = (),
    patterns: Sequence[str] = (),
    base: Path | None = None,
    exclude: Iterable[str] = (),
) -> list[Repository]:
    """All repositories that are named, each once, sorted by name.

    Of `paths`, a repository (a checkout, a bare repository) is one; any other folder is a folder
    of repositories, however deep, or of folders without git, which are then one each. What
    a pattern with `*` means, and `single` paths, are repositories themselves, and so are those of
    the `patterns` of a fleet file, relative to `base`. Names are paths below the folder that holds
    all of them. What does not exist stays, to be reported.
    """
    found: dict[str, None] = {}
    here = Path.cwd()
    for path in paths:
        expanded = list(_expanded([path], here))
        for one in expanded:
            found.update(dict.fromkeys([one] if glob.has_magic(path) else _below(one)))
    for path in (*_expanded(single, here), *_expanded(patterns, base or here)):
        found[path] = None
    named = _named(list(found))
    excluded = GitIgnoreSpec.from_lines(exclude)
    kept = [one for one in named if not excluded.match_file(f"{one.name}/")]
    return sorted(kept, key=lambda one: one.name)


def listed(lines: Iterable[str]) -> list[str]:
    """The paths of a list, one in each line; blank lines and those with # are left out."""
    stripped = (line.strip() for line in lines)
    return [line for line in stripped if line and not line.startswith("#")]


def is_repository(path: str) -> bool:
    """Whether a folder is a checkout (.git is a folder or file) or a bare repository."""
    if os.path.exists(os.path.join(path, ".git")):
        return True
    return os.path.isfile(os.path.join(path, "HEAD")) and os.path.isdir(
        os.path.join(path, "objects")
    )


def _expanded(paths: Iterable[str], base: Path) -> Iterator[str]:
    for path in paths:
        absolute = os.path.normpath(os.path.join(base, os.path.expanduser(path)))
        if glob.has_magic(path) and not os.path.lexists(absolute):
            matches = sorted(glob.glob(absolute, recursive=True))
            yield from (one for one in matches if os.path.isdir(one))
        else:
            yield absolute


def _below(path: str) -> list[str]:
    if is_repository(path) or not os.path.isdir(path):
        return [path]
    found = list(_checkouts(path))
    if found:
        return found
    children = _folders(path)
    return children or [path]


def _checkouts(folder: str) -> Iterator[str]:
    pending = [folder]
    while pending:
        for child in _folders(pending.pop()):
            if is_repository(child):
                yield child
            elif not os.path.islink(child):
                pending.append(child)


def _folders(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(
                entry.path for entry in entries if entry.is_dir() and not entry.name.startswith(".")
            )
    except OSError:
        return []


def _named(paths: Sequence[str]) -> Iterator[Repository]:
    if not paths:
        return
    top = os.path.commonpath([os.path.dirname(path) for path in paths])
    for path in paths:
        name = os.path.relpath(path, top).replace(os.sep, "/")
        yield Repository(name if name != "." else os.path.basename(path), path)
