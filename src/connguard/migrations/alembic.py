# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alembic: revisions in the order of their graph; upgrade() makes the state.

https://alembic.sqlalchemy.org/en/latest/ops.html#alembic.operations.Operations.execute
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from connguard.engine.natural import path_key
from connguard.engine.reading import SourceFile
from connguard.engine.text import Text
from connguard.migrations.graph import dependency_order
from connguard.migrations.history import History
from connguard.migrations.host import HostMigration
from connguard.migrations.pool import Pool, shown, too_deep
from connguard.migrations.python_host import PythonCode, Walk, add_comments, parsed
from connguard.policies.model.patterns import lazily
from connguard.sql_rules.script import Direction

_REVISION = lazily(r"^(?:down_)?revision\b[^=\n]*=", re.MULTILINE)
_HAS_SQL = lazily(r"\bexecute|exec_driver_sql")


def alembic_histories(pool: Pool) -> Iterator[History]:
    """One history per folder of versions, with the folders in it."""
    groups: dict[Path, list[tuple[SourceFile, Text]]] = defaultdict(list)
    for file in pool.with_suffix(".py"):
        text = pool.context.text(file)
        if text and len(_REVISION.findall(text.string)) >= 2:
            groups[_root(file.path)].append((file, text))
    for root, members in sorted(groups.items()):
        yield _history(root, members, pool)


def _root(path: Path) -> Path:
    return next((folder for folder in path.parents if folder.name == "versions"), path.parent)


def _history(root: Path, members: list[tuple[SourceFile, Text]], pool: Pool) -> History:
    history = History(shown(root, members[0][0]), "Alembic, order of the revision graph")
    codes: dict[str, PythonCode] = {}
    sources: dict[str, SourceFile] = {}
    after: dict[str, list[str]] = {}
    for file, text in members:
        pool.take(file)
        history.files.add(file.name)
        code = parsed(history, text, has_sql=bool(_HAS_SQL.search(text.string)))
        if code is None:
            continue
        revision = code.literal("revision")
        key = revision if isinstance(revision, str) and revision not in codes else file.name
        codes[key] = code
        sources[key] = file
        after[key] = [*_names(code, "down_revision"), *_names(code, "depends_on")]
    for key in dependency_order(after, lambda key: path_key(codes[key].text.path)):
        if _HAS_SQL.search(codes[key].text.string):
            try:
                _migration(codes[key]).add_to(history, sources[key], pool)
            except RecursionError:
                too_deep(history, codes[key].text)
    return history


def _names(code: PythonCode, name: str) -> list[str]:
    """The revisions in `down_revision` or `depends_on`: a name, several, or none."""
    value = code.literal(name)
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, tuple | list) else []


def _migration(code: PythonCode) -> HostMigration:
    host = HostMigration(code.text)
    walk = Walk(code, host)
    walk.function("upgrade", Direction.UP)
    for name in code.functions:
        # The template for several databases looks up upgrade_<engine> by name at run time.
        if name.startswith("upgrade_") and "globals()" in code.text.string:
            walk.function(name, Direction.UP)
    walk.function("downgrade", Direction.DOWN)
    add_comments(host)
    return host
