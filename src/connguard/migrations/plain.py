# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of SQL files that run in natural order of their names.

This serves every tool that orders by the number in the name: golang-migrate, goose, dbmate, sqlx,
diesel, Prisma, Hasura, Supabase, node-pg-migrate, Play evolutions, and folders without a tool.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from connguard.engine import paths
from connguard.engine.natural import path_key
from connguard.engine.reading import SourceFile
from connguard.migrations.history import History
from connguard.migrations.names import is_migrations_folder, is_numbered, is_step_of_folder
from connguard.migrations.pool import Pool, shown
from connguard.policies.model.patterns import lazily

_UP_DOWN_NAME = lazily(r"^\d+_.*\.(?:up|down)\.\w+$", re.IGNORECASE)


def plain_histories(pool: Pool) -> Iterator[History]:
    """One history per folder, or per folder of one-migration folders."""
    groups: dict[str, list[SourceFile]] = defaultdict(list)
    for file in pool.sql():
        groups[root_of(str(file.path))].append(file)
    for root in sorted(groups, key=paths.parts):
        yield plain_history(root, groups[root], pool)


def plain_history(root: str, files: Sequence[SourceFile], pool: Pool) -> History:
    """The files below one folder in natural order."""
    ordered = in_natural_order(root, files)
    history = History(shown(Path(root), ordered[0]), _layout(root, ordered, pool))
    for file in ordered:
        pool.add_sql(history, file, pool.direction_of(file))
    return history


def in_natural_order(root: str, files: Iterable[SourceFile]) -> list[SourceFile]:
    """Files below a folder in the natural order of their paths from there on."""
    start = len(paths.within(root))
    return sorted(files, key=lambda file: path_key(str(file.path)[start:].replace(os.sep, "/")))


def root_of(path: str) -> str:
    """The folder whose files form one history with this file."""
    return _root(paths.parent(path), is_step_of_folder(path))


@lru_cache(maxsize=100_000)
def _root(folder: str, is_step: bool) -> str:
    parent = paths.parent(folder)
    name = paths.last(folder)
    if is_step and (is_numbered(name) or is_migrations_folder(paths.last(parent))):
        return parent
    above = folder
    steps = 0
    while is_numbered(paths.last(above)) and paths.parent(above) != above:
        above = paths.parent(above)
        steps += 1
    return above if steps > 1 or (steps and is_migrations_folder(paths.last(above))) else folder


def _layout(root: str, files: Sequence[SourceFile], pool: Pool) -> str:
    """The name of the tool, for the user; the order is the natural one with each of them."""
    names = [paths.last(str(file.path)) for file in files]
    if "migration.sql" in names:
        return "Prisma"
    if any(
        paths.stem(name) in ("up", "down") and paths.parent(str(file.path)) != root
        for name, file in zip(names, files, strict=True)
    ):
        return "up and down files in one folder per migration"
    if paths.last(root) == "migrations" and paths.last(paths.parent(root)) == "supabase":
        return "Supabase"
    for file in files:
        seen = pool.overviews.of(file)
        if seen is not None and seen.tool:
            return seen.tool
    if any(_UP_DOWN_NAME.match(name) for name in names):
        return "golang-migrate"
    return "plain SQL in natural order of names"
