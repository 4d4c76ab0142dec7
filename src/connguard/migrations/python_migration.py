# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python migrations of tools other than Alembic and Django: yoyo, peewee-migrate, own scripts."""

from __future__ import annotations

import ast

from connguard.engine.text import Text
from connguard.migrations.host import HostMigration
from connguard.migrations.python_host import Names, PythonCode, Walk, add_comments
from connguard.migrations.python_strings import called_name
from connguard.policies.model.patterns import lazily
from connguard.sql_rules.script import Direction

_RUNS_SQL = lazily(r"\.(?:execute|exec_driver_sql|sql)\b|\bexecute\(|\bstep\(")
_UP = ("up", "upgrade", "apply", "migrate", "forward", "forwards", "run_migration")
_DOWN = ("down", "downgrade", "rollback", "revert", "backward", "backwards")


def python_migration(text: Text) -> HostMigration:
    """The SQL of functions with the usual names, and of yoyo's steps."""
    if not _RUNS_SQL.search(text.string):
        return HostMigration(text, is_migration=False)
    host = HostMigration(text)
    try:
        code = PythonCode(text)
    except SyntaxError:
        return HostMigration(text, is_migration=False)
    walk = Walk(code, host)
    is_yoyo = "yoyo" in text.string
    if is_yoyo:
        _steps(code, walk, host)
    named = [name for name in (*_UP, *_DOWN) if name in code.functions]
    for name in named:
        walk.function(name, Direction.UP if name in _UP else Direction.DOWN)
    host.is_migration = is_yoyo or any(name in _UP for name in named)
    add_comments(host)
    return host


def _steps(code: PythonCode, walk: Walk, host: HostMigration) -> None:
    """yoyo: `step(apply, rollback)`, each an SQL text or a function.

    https://ollycope.com/software/yoyo/latest/
    """
    names: Names = dict(code.constants)
    for node in ast.walk(code.tree):
        if not (isinstance(node, ast.Call) and called_name(node) == "step"):
            continue
        place = code.strings.source.range(node)
        host.call(*place)
        for argument, direction in zip(node.args, Direction, strict=False):
            if isinstance(argument, ast.Name) and argument.id in code.functions:
                walk.function(argument.id, direction)
            elif not (isinstance(argument, ast.Constant) and argument.value is None):
                walk.statement(argument, None, names, direction, place)
