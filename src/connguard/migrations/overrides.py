# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders whose format or order the settings say: `[[migrations]]` tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from connguard.engine import disk, paths
from connguard.engine.natural import path_key
from connguard.engine.reading import SourceFile
from connguard.engine.settings import MigrationSettings
from connguard.migrations.history import History
from connguard.migrations.pool import Layout, Pool, shown


def overridden_histories(pool: Pool, layouts: Mapping[str, Layout]) -> Iterator[History]:
    """The histories of the folders that the settings name; `layouts` are the formats by name."""
    settings = pool.context.settings
    if not settings.migrations:
        return
    resolved = _resolved(pool)
    for table in settings.migrations:
        folder = disk.resolve(Path(settings.base, table.path))
        start = paths.within(str(folder))
        files = [file for file in pool if paths.within(resolved[file.path]).startswith(start)]
        if not files:
            pool.log.append(f"{table.path}: set in the settings, but nothing is scanned there")
        elif table.format == "none":
            pool.log.append(f"{table.path}: left out by the settings")
        elif table.format == "plain":
            yield _plain(start, table, files, resolved, pool)
        else:
            yield from _with_layout(files, pool, layouts, table.format)
        for file in files:
            pool.take(file)


def _resolved(pool: Pool) -> dict[Path, str]:
    """The paths of the files without links. A walk gives no links, but its folder may be one."""
    folders: dict[str, str] = {}
    found: dict[Path, str] = {}
    for file in pool:
        folder = paths.parent(str(file.path))
        if file.named:
            found[file.path] = str(disk.resolve(file.path))
            continue
        if folder not in folders:
            folders[folder] = str(disk.resolve(Path(folder)))
        found[file.path] = paths.within(folders[folder]) + paths.last(str(file.path))
    return found


def _with_layout(
    files: Sequence[SourceFile], pool: Pool, layouts: Mapping[str, Layout], name: str | None
) -> Iterator[History]:
    inner = Pool(files, pool.context)
    for layout in [layouts[name]] if name else layouts.values():
        yield from layout(inner)
    pool.log.extend(inner.log)


def _plain(
    start: str,
    table: MigrationSettings,
    files: Sequence[SourceFile],
    resolved: Mapping[Path, str],
    pool: Pool,
) -> History:
    inner = Pool(files, pool.context)
    relative = {
        file.path: resolved[file.path][len(start) :].replace(os.sep, "/") for file in inner.sql()
    }
    first = files[0]
    depth_root = first.path.parents[relative.get(first.path, "x").count("/")]
    history = History(shown(depth_root, first), "plain SQL, order of the settings")
    place = _places(table.order)
    for file in sorted(inner.sql(), key=lambda file: place(relative[file.path])):
        inner.add_sql(history, file, inner.direction_of(file))
    return history


def _places(order: str | tuple[str, ...]) -> Callable[[str], tuple[Any, ...]]:
    """Where a file stands; files that a list does not name come last, in natural order."""
    if order == "natural":
        return path_key
    if order == "name":
        return lambda path: (path,)
    files: dict[str, int] = {}
    folders: dict[str, int] = {}
    for index, name in enumerate(order):
        files.setdefault(name, index)
        folders.setdefault(name.rstrip("/"), index)

    def place(path: str) -> tuple[Any, ...]:
        last = len(order)
        above = (path[:end] for end, character in enumerate(path) if character == "/")
        named = min((folders.get(folder, last) for folder in above), default=last)
        return (min(files.get(path, last), named), *path_key(path))

    return place
