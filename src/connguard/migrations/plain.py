# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of SQL files that run in natural order of their names.

This serves every tool that orders by the number in the name: golang-migrate, goose, dbmate, sqlx,
diesel, Prisma, Hasura, Supabase, node-pg-migrate, Play evolutions, and folders without a tool.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from connguard.engine.natural import path_key
from connguard.engine.reading import SourceFile
from connguard.migrations.history import History
from connguard.migrations.names import (
    direction_of,
    is_migrations_folder,
    is_numbered,
    is_step_of_folder,
)
from connguard.migrations.pool import Pool, shown
from connguard.migrations.sections import tool_of

_UP_DOWN_NAME = re.compile(r"^\d+_.*\.(?:up|down)\.\w+$", re.IGNORECASE)


def plain_histories(pool: Pool) -> Iterator[History]:
    """One history per folder, or per folder of one-migration folders."""
    groups: dict[Path, list[SourceFile]] = defaultdict(list)
    for file in pool.sql():
        groups[root_of(file.path)].append(file)
    for root, members in sorted(groups.items()):
        yield plain_history(root, members, pool)


def plain_history(
    root: Path, files: Sequence[SourceFile], pool: Pool, layout: str | None = None
) -> History:
    """The files below one folder in natural order."""
    ordered = sorted(files, key=lambda file: path_key(file.path.relative_to(root).as_posix()))
    history = History(shown(root, ordered[0]), layout or _layout(root, ordered, pool))
    for file in ordered:
        pool.add_sql(history, file, direction_of(file.path))
    return history


def root_of(path: Path) -> Path:
    """The folder whose files form one history with this file."""
    folder = path.parent
    in_order = is_numbered(folder.name) or is_migrations_folder(folder.parent.name)
    if is_step_of_folder(path) and in_order:
        return folder.parent
    above = folder
    steps = 0
    while is_numbered(above.name) and above.parent != above:
        above = above.parent
        steps += 1
    return above if steps > 1 or (steps and is_migrations_folder(above.name)) else folder


def _layout(root: Path, files: Sequence[SourceFile], pool: Pool) -> str:
    """The name of the tool, for the user; the order is the natural one with each of them."""
    paths = [file.path for file in files]
    if any(path.name == "migration.sql" for path in paths):
        return "Prisma"
    if any(path.stem in ("up", "down") and path.parent != root for path in paths):
        return "up and down files in one folder per migration"
    if root.name == "migrations" and root.parent.name == "supabase":
        return "Supabase"
    for file in files:
        text = pool.context.text(file)
        tool = tool_of(text.string) if text else None
        if tool:
            return tool
    if any(_UP_DOWN_NAME.match(path.name) for path in paths):
        return "golang-migrate"
    return "plain SQL in natural order of names"
