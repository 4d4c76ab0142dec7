# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Django: RunSQL and RunPython of a project's migrations in the order of their dependencies.

https://docs.djangoproject.com/en/stable/ref/migration-operations/
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from connguard.engine.natural import natural_key
from connguard.engine.reading import SourceFile
from connguard.engine.text import Text
from connguard.migrations.graph import dependency_order
from connguard.migrations.history import History
from connguard.migrations.host import HostMigration
from connguard.migrations.pool import Pool, shown, too_deep
from connguard.migrations.python_host import Names, PythonCode, Walk, add_comments, parsed
from connguard.migrations.python_strings import called_name
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules.script import Direction

_MIGRATION = lazily(r"^class\s+Migration\b", re.MULTILINE)
_HAS_SQL = lazily(r"RunSQL|\bexecute")

Key = tuple[str, str]
"""App and name of a migration, as `dependencies` write them."""


@dataclass(frozen=True, slots=True)
class _Migration:
    file: SourceFile
    code: PythonCode
    body: ast.ClassDef

    @property
    def key(self) -> Key:
        return self.file.path.parent.parent.name, self.file.path.stem

    def keys(self, name: str) -> list[Key]:
        """The migrations in `dependencies`, `run_before` or `replaces`."""
        for node in self.body.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=found)], value=ast.List(elts=elements)) if (
                    found == name
                ):
                    return [key for key in map(_key, elements) if key]
        return []


def _key(node: ast.expr) -> Key | None:
    match node:
        case ast.Tuple(elts=[ast.Constant(value=str() as app), ast.Constant(value=str() as name)]):
            return app, name
    return None


def django_histories(pool: Pool) -> Iterator[History]:
    """One history per project: the folder with manage.py, or else the folder of the app."""
    groups: dict[Path, list[tuple[SourceFile, Text]]] = defaultdict(list)
    for file in pool.with_suffix(".py"):
        text = pool.context.text(file)
        if text and _MIGRATION.search(text.string) and "migrations" in text.string:
            groups[_project(file.path, pool)].append((file, text))
    for root, members in sorted(groups.items()):
        yield _history(root, members, pool)


def _project(path: Path, pool: Pool) -> Path:
    return pool.nearest(path.parent, "manage.py") or path.parent


def _history(root: Path, members: Sequence[tuple[SourceFile, Text]], pool: Pool) -> History:
    history = History(shown(root, members[0][0]), "Django, order of the dependencies")
    for file, _ in members:
        pool.take(file)
        history.files.add(file.name)
    if not any(_HAS_SQL.search(text.string) for _, text in members):
        return history  # nothing but model operations: no need to parse them
    migrations: dict[Key, _Migration] = {}
    for file, text in members:
        code = parsed(history, text, has_sql=bool(_HAS_SQL.search(text.string)))
        if code is None:
            continue
        for node in code.tree.body:
            if isinstance(node, ast.ClassDef) and node.name == "Migration":
                migration = _Migration(file, code, node)
                migrations[migration.key] = migration
    for key in _order(migrations):
        if _HAS_SQL.search(migrations[key].code.text.string):
            try:
                _read(migrations[key]).add_to(history, migrations[key].file, pool)
            except RecursionError:
                too_deep(history, migrations[key].code.text)
    return history


def _order(migrations: Mapping[Key, _Migration]) -> list[Key]:
    """A squashed migration runs instead of those that it replaces."""
    replaced = {
        key: by for by, migration in migrations.items() for key in migration.keys("replaces")
    }
    after: dict[Key, list[Key]] = {key: [] for key in migrations if key not in replaced}
    first = _first_of_apps(after)
    for key in after:
        for dependency in migrations[key].keys("dependencies"):
            if dependency[1] == "__first__":
                dependency = first.get(dependency[0], dependency)
            after[key].append(replaced.get(dependency, dependency))
        for later in migrations[key].keys("run_before"):
            if later in after:
                after[later].append(key)
    return dependency_order(after, lambda key: (key[0], natural_key(key[1])))


def _first_of_apps(keys: Mapping[Key, object]) -> dict[str, Key]:
    first: dict[str, Key] = {}
    for key in sorted(keys, key=lambda key: natural_key(key[1]), reverse=True):
        first[key[0]] = key
    return first


def _read(migration: _Migration) -> HostMigration:
    host = HostMigration(migration.code.text)
    operations = _Operations(migration.code, host)
    for node in migration.body.body:
        match node:
            case ast.Assign(value=value) | ast.AugAssign(value=value):
                operations.expression(value)
            case ast.AnnAssign(value=ast.expr() as value):
                operations.expression(value)
    add_comments(host)
    return host


class _Operations:
    """Finds the operations that run SQL in the body of the class."""

    def __init__(self, code: PythonCode, host: HostMigration) -> None:
        self._code = code
        self._host = host
        self._walk = Walk(code, host)

    def expression(self, node: ast.expr) -> None:
        if isinstance(node, ast.Call):
            name = called_name(node)
            if name.endswith("RunSQL"):
                self._run_sql(node)
                return
            if name.endswith("RunPython"):
                self._run_python(node)
                return
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.keyword(arg=arg, value=value):
                    if arg != "state_operations":
                        self.expression(value)
                case ast.expr():
                    self.expression(child)

    def _arguments(self, call: ast.Call, *names: str) -> list[ast.expr | None]:
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        given: list[ast.expr | None] = list(call.args)
        return [
            given[index] if index < len(given) else keywords.get(name)
            for index, name in enumerate(names)
        ]

    def _run_sql(self, call: ast.Call) -> None:
        forward, reverse = self._arguments(call, "sql", "reverse_sql")
        start, end = self._code.strings.source.range(call)
        self._host.call(start, end)
        for sql, direction in ((forward, Direction.UP), (reverse, Direction.DOWN)):
            if sql is not None and not _is_noop(sql):
                self._sql(sql, direction, (start, end))

    def _sql(self, sql: ast.expr, direction: Direction, place: tuple[int, int]) -> None:
        """A text, or a list of texts and of pairs of text and parameters."""
        names: Names = self._code.constants
        resolved = names.get(sql.id) if isinstance(sql, ast.Name) else sql
        if not isinstance(resolved, ast.List | ast.Tuple):
            self._walk.statement(sql, None, dict(names), direction, place)
            return
        for element in resolved.elts:
            parameters = None
            if isinstance(element, ast.Tuple | ast.List) and element.elts:
                parameters = element.elts[1] if len(element.elts) > 1 else None
                element = element.elts[0]
            self._walk.statement(element, parameters, dict(names), direction, place)

    def _run_python(self, call: ast.Call) -> None:
        forward, reverse = self._arguments(call, "code", "reverse_code")
        for function, direction in ((forward, Direction.UP), (reverse, Direction.DOWN)):
            if isinstance(function, ast.Name):
                self._walk.function(function.id, direction)


def _is_noop(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "noop") or (
        isinstance(node, ast.Constant) and node.value is None
    )
