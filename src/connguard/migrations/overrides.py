# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders whose format or order the settings say: `[[migrations]]` tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from connguard.engine import disk
from connguard.engine.natural import path_key
from connguard.engine.reading import SourceFile
from connguard.engine.settings import MigrationSettings
from connguard.migrations.history import History
from connguard.migrations.names import direction_of
from connguard.migrations.pool import Layout, Pool, shown


def overridden_histories(pool: Pool, layouts: Mapping[str, Layout]) -> Iterator[History]:
    """The histories of the folders that the settings name; `layouts` are the formats by name."""
    settings = pool.context.settings
    for table in settings.migrations:
        folder = disk.resolve(Path(settings.base, table.path))
        resolved = {file.path: disk.resolve(file.path) for file in pool}
        files = [
            file for file in pool if folder in (resolved[file.path], *resolved[file.path].parents)
        ]
        if not files:
            pool.log.append(f"{table.path}: set in the settings, but nothing is scanned there")
        elif table.format == "none":
            pool.log.append(f"{table.path}: left out by the settings")
        elif table.format == "plain":
            yield _plain(folder, table, files, pool)
        else:
            yield from _with_layout(files, pool, layouts, table.format)
        for file in files:
            pool.take(file)


def _with_layout(
    files: Sequence[SourceFile], pool: Pool, layouts: Mapping[str, Layout], name: str | None
) -> Iterator[History]:
    inner = Pool(files, pool.context)
    for layout in [layouts[name]] if name else layouts.values():
        yield from layout(inner)
    pool.log.extend(inner.log)


def _plain(
    folder: Path, table: MigrationSettings, files: Sequence[SourceFile], pool: Pool
) -> History:
    inner = Pool(files, pool.context)
    wanted = inner.sql()
    relative = {
        file.path: disk.resolve(file.path).relative_to(folder).as_posix() for file in wanted
    }
    first = files[0]
    depth_root = first.path.parents[len(Path(relative.get(first.path, "x")).parts) - 1]
    history = History(shown(depth_root, first), "plain SQL, order of the settings")
    for file in sorted(wanted, key=lambda file: _place(relative[file.path], table.order)):
        inner.add_sql(history, file, direction_of(file.path))
    return history


def _place(path: str, order: str | tuple[str, ...]) -> tuple[Any, ...]:
    """Where a file stands; files that a list does not name come last, in natural order."""
    if order == "natural":
        return path_key(path)
    if order == "name":
        return (path,)
    for index, name in enumerate(order):
        if path == name or path.startswith(name.rstrip("/") + "/"):
            return (index, *path_key(path))
    return (len(order), *path_key(path))
