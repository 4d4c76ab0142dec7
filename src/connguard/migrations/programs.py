# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of migrations that are programs: Ruby, JavaScript, TypeScript, Go, Elixir, Python.

SQL files that lie among them, under the same numbering, belong to the same history.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

from connguard.engine import paths
from connguard.engine.reading import SourceFile
from connguard.engine.text import Text
from connguard.migrations.claims import PLAIN_SUFFIXES
from connguard.migrations.history import History
from connguard.migrations.host import HostMigration
from connguard.migrations.names import is_numbered
from connguard.migrations.plain import in_natural_order, root_of
from connguard.migrations.pool import Pool, shown, too_deep

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
    groups: dict[str, list[tuple[SourceFile, HostMigration]]] = defaultdict(list)
    problems: dict[str, list[SourceFile]] = defaultdict(list)
    for file in pool.with_suffix(*_READERS):
        if file.path.name.endswith(".d.ts"):
            continue
        text = pool.context.text(file)
        if text is None:
            continue
        try:
            host = _reader(file.path.suffix.lower())(text)
        except RecursionError:
            problems[root_of(str(file.path))].append(file)
            continue
        if host.is_migration:
            groups[root_of(str(file.path))].append((file, host))
    roots = sorted({*groups, *problems}, key=paths.parts)
    beside = _numbered_sql(pool) if roots else {}
    for root in roots:
        yield _history(root, groups[root], problems[root], beside.get(root, []), pool)


def _numbered_sql(pool: Pool) -> dict[str, list[SourceFile]]:
    """SQL files that may belong among programs, by the folder of their history."""
    found: dict[str, list[SourceFile]] = defaultdict(list)
    for file in pool.sql():
        path = str(file.path)
        root = root_of(path)
        if is_numbered(path[len(paths.within(root)) :].partition(os.sep)[0]):
            found[root].append(file)
    return found


def _reader(suffix: str) -> Reader:
    module, function, _ = _READERS[suffix]
    return cast(Reader, getattr(import_module(f"connguard.migrations.{module}"), function))


def _history(
    root: str,
    programs: Sequence[tuple[SourceFile, HostMigration]],
    problems: Sequence[SourceFile],
    beside: Sequence[SourceFile],
    pool: Pool,
) -> History:
    first = programs[0][0] if programs else problems[0]
    language = _READERS[first.path.suffix.lower()][2]
    history = History(shown(Path(root), first), f"{language} migrations in natural order of names")
    hosts = {file.path: host for file, host in programs}
    for file in problems:
        pool.take(file)
        text = pool.context.text(file)
        if text is not None:
            too_deep(history, text)
    left = [file for file in beside if file in pool]
    for file in in_natural_order(root, [*(file for file, _ in programs), *left]):
        if file.path.suffix.lower() in PLAIN_SUFFIXES:
            pool.add_sql(history, file, pool.direction_of(file))
        else:
            pool.take(file)
            hosts[file.path].add_to(history, file, pool)
    return history
