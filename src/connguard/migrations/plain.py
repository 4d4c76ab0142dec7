# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of SQL files that run in natural order of their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from connguard.migrations.history import History
from connguard.migrations.names import (
    direction_of,
    is_migrations_folder,
    is_numbered,
    is_step_of_folder,
)
from connguard.migrations.natural import path_key
from connguard.migrations.sections import sections
from connguard.reading import Context, SourceFile
from connguard.sql_rules.script import Script


def plain_histories(files: Iterable[SourceFile], context: Context) -> Iterator[History]:
    """One history per folder, or per folder of one-migration folders."""
    groups: dict[Path, list[SourceFile]] = defaultdict(list)
    for file in files:
        groups[_root(file.path)].append(file)
    for root, members in sorted(groups.items()):
        yield plain_history(root, members, context)


def plain_history(root: Path, files: Sequence[SourceFile], context: Context) -> History:
    """The files of one folder in natural order."""
    ordered = sorted(files, key=lambda file: path_key(file.path.relative_to(root).as_posix()))
    history = History(shown_root(root, ordered[0]), "plain SQL in natural order of names")
    for file in ordered:
        add_file(history, file, context)
    return history


def add_file(history: History, file: SourceFile, context: Context) -> None:
    """Append an SQL file, with its sections, to a history. An unreadable file is left out."""
    text = context.text(file)
    if text is not None:
        chunks = sections(text, direction_of(file.path))
        history.scripts.append(Script(file.name, chunks))
        history.files.add(file.name)


def shown_root(root: Path, file: SourceFile) -> str:
    """How findings would spell the folder `root` of a file."""
    depth = len(file.path.parts) - len(root.parts)
    parents = PurePosixPath(file.name).parents
    return str(parents[depth - 1]) if 0 < depth <= len(parents) else root.as_posix()


def _root(path: Path) -> Path:
    """The folder whose files form one history with this file."""
    folder = path.parent
    if is_step_of_folder(path) and is_numbered(folder.name):
        return folder.parent
    if is_numbered(folder.name) and is_migrations_folder(folder.parent.name):
        return folder.parent
    return folder
