# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Session features in Python: SQL that is executed, psycopg, asyncpg and SQLAlchemy."""

from __future__ import annotations

import ast
import re

from connguard.budget.session_rules import feature_of
from connguard.budget.session_use import Used
from connguard.engine.text import Text
from connguard.engine.tree_parsing import TooManyErrors
from connguard.migrations.python_strings import PythonSource, Strings, called_name, parse_python
from connguard.policies.model.patterns import lazily
from connguard.policies.model.topology import (
    ADVISORY_LOCKS,
    HOLDABLE_CURSORS,
    LISTEN,
    PREPARED_STATEMENTS,
)

_EXECUTES = frozenset(
    (
        *("execute", "executemany", "fetch", "fetchrow", "fetchval", "exec_driver_sql", "scalar"),
        *("scalars", "raw", "query"),
    )
)
_LOCKS = frozenset(("pg_advisory_lock", "pg_try_advisory_lock", "pg_advisory_lock_shared"))
_PSYCOPG = lazily(r"^[^\S\n]*(?:import|from)\s+psycopg(?:_pool)?\b", re.MULTILINE)
_OFF = (
    ("psycopg", lazily(r"\bprepare_threshold[\"']?\s*[=:]\s*None\b")),
    ("asyncpg", lazily(r"\bstatement_cache_size[\"']?\s*[=:]\s*0\b")),
)
"""https://www.psycopg.org/psycopg3/docs/advanced/prepare.html and
https://magicstack.github.io/asyncpg/current/faq.html"""

_LIBRARIES = lazily(r"(?i)psycopg|asyncpg|aiopg|sqlalchemy|advisory_lock")


def read(text: Text) -> list[Used]:
    """The features that a module uses.

    Raises TooManyErrors if it cannot be parsed, and talks to PostgreSQL.
    """
    try:
        tree = parse_python(text.string)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if _LIBRARIES.search(text.string):
            reason = "what this code needs of a session is not known: it cannot be parsed"
            raise TooManyErrors(reason) from None
        return []
    return _Module(text, tree).uses()


class _Module:
    def __init__(self, text: Text, tree: ast.Module) -> None:
        self._text = text
        self._source = PythonSource(text)
        self._strings = Strings(self._source)
        self._nodes = list(ast.walk(tree))
        self._names = self._constants()
        self._psycopg = _PSYCOPG.search(text.string) is not None
        self._asyncpg = "asyncpg" in text.string

    def uses(self) -> list[Used]:
        found = [
            Used(PREPARED_STATEMENTS, self._text.origin(*match.span()), library, off=True)
            for library, pattern in _OFF
            for match in pattern.finditer(self._text.string)
        ]
        for node in self._nodes:
            if isinstance(node, ast.Call):
                found.extend(self._call(node))
        return found

    def _constants(self) -> dict[str, ast.expr]:
        """Names that are assigned exactly once in the whole module."""
        seen: dict[str, list[ast.expr]] = {}
        for node in self._nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    seen.setdefault(name, []).append(value)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    seen.setdefault(name, []).append(value)
                case ast.AugAssign(target=ast.Name(id=name), value=value):
                    seen.setdefault(name, []).extend((value, value))
        return {name: values[0] for name, values in seen.items() if len(values) == 1}

    def _call(self, call: ast.Call) -> list[Used]:
        name = called_name(call)
        place = self._text.origin(*self._source.range(call))
        keywords = {one.arg: one.value for one in call.keywords if one.arg}
        if name in _EXECUTES and call.args and isinstance(call.func, ast.Attribute):
            sql = self._strings.value(call.args[0], self._names)
            feature = feature_of(sql.text) if sql is not None else None
            return [Used(feature, place)] if feature is not None else []
        if name in _LOCKS:
            return [Used(ADVISORY_LOCKS, place)]
        if name == "add_notify_handler" or (name == "notifies" and self._psycopg):
            return [Used(LISTEN, place)]
        if name == "add_listener" and self._asyncpg and len(call.args) == 2:
            return [Used(LISTEN, place)]
        if name == "cursor" and _is_true(keywords.get("withhold")):
            return [Used(HOLDABLE_CURSORS, place)]
        library = self._prepares(call, name)
        return [Used(PREPARED_STATEMENTS, place, library)] if library else []

    def _prepares(self, call: ast.Call, name: str) -> str:
        """The library whose connections this call opens, if it prepares statements by itself."""
        root = call.func.value if isinstance(call.func, ast.Attribute) else None
        home = root.id if isinstance(root, ast.Name) else ""
        if home == "asyncpg" and name in ("connect", "create_pool"):
            return "asyncpg"
        if home in ("psycopg", "AsyncConnection", "Connection") and name == "connect":
            return "psycopg" if self._psycopg else ""
        if (
            name in ("ConnectionPool", "AsyncConnectionPool")
            and "psycopg_pool" in self._text.string
        ):
            return "psycopg"
        return ""


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
