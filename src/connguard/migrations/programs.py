# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of migrations that are programs: Ruby, JavaScript, TypeScript, Go, Elixir, Python.

SQL files that lie among them, under the same numbering, belong to the same history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

from connguard.engine.natural import path_key
from connguard.engine.reading import SourceFile
from connguard.engine.text import Text
from connguard.migrations.history import History
from connguard.migrations.host import HostMigration
from connguard.migrations.names import direction_of, is_numbered
from connguard.migrations.plain import root_of
from connguard.migrations.pool import SQL_SUFFIXES, Pool, shown, too_deep

Reader = Callable[[Text], HostMigration]

_READERS = {
    ".py": ("python_migration", "python_migration", "Python"),
    ".rb": ("ruby_host", "ruby_migration", "Ruby"),
    ".js": ("javascript_host", "javascript_migration", "JavaScript"),
    ".cjs": ("javascript_host", "javascript_migration", "JavaScript"),
    ".mjs": ("javascript_host", "javascript_migration", "JavaScript"),
    ".ts": ("javascript_host", "javascript_migration", "TypeScript"),
    ".cts": ("javascript_host", "javascript_migration", "TypeScript"),
    ".mts": ("javascript_host", "javascript_migration", "TypeScript"),
    ".go": ("go_host", "go_migration", "Go"),
    ".exs": ("elixir_host", "elixir_migration", "Elixir"),
    ".ex": ("elixir_host", "elixir_migration", "Elixir"),
}


def program_histories(pool: Pool) -> Iterator[History]:
    """One history per folder that holds migration programs."""
    groups: dict[Path, list[tuple[SourceFile, HostMigration]]] = defaultdict(list)
    problems: dict[Path, list[SourceFile]] = defaultdict(list)
    for file in pool.with_suffix(*_READERS):
        if file.path.name.endswith(".d.ts"):
            continue
        text = pool.context.text(file)
        if text is None:
            continue
        try:
            host = _reader(file.path.suffix.lower())(text)
        except RecursionError:
            problems[root_of(file.path)].append(file)
            continue
        if host.is_migration:
            groups[root_of(file.path)].append((file, host))
    for root in sorted({*groups, *problems}):
        yield _history(root, groups[root], problems[root], pool)


def _reader(suffix: str) -> Reader:
    module, function, _ = _READERS[suffix]
    return cast(Reader, getattr(import_module(f"connguard.migrations.{module}"), function))


def _history(
    root: Path,
    programs: Sequence[tuple[SourceFile, HostMigration]],
    problems: Sequence[SourceFile],
    pool: Pool,
) -> History:
    first = programs[0][0] if programs else problems[0]
    language = _READERS[first.path.suffix.lower()][2]
    history = History(shown(root, first), f"{language} migrations in natural order of names")
    hosts = {file.path: host for file, host in programs}
    for file in problems:
        pool.take(file)
        text = pool.context.text(file)
        if text is not None:
            too_deep(history, text)
    beside = [
        file
        for file in pool.sql()
        if root_of(file.path) == root and is_numbered(file.path.relative_to(root).parts[0])
    ]
    files = [*(file for file, _ in programs), *beside]
    for file in sorted(files, key=lambda one: path_key(one.path.relative_to(root).as_posix())):
        if file.path.suffix.lower() in SQL_SUFFIXES:
            pool.add_sql(history, file, direction_of(file.path))
        else:
            pool.take(file)
            hosts[file.path].add_to(history, file, pool)
    return history
