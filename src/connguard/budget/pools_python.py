# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools of Python programs: SQLAlchemy, Flask, Django, asyncpg, psycopg_pool and psycopg2."""

from __future__ import annotations

import ast
import re

from connguard.budget import dsn
from connguard.budget.code_pool import Made, foreign, unread
from connguard.engine.text import Text
from connguard.migrations.python_strings import parse_python
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, plus, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily

_SQLALCHEMY_SIZE = 5
_SQLALCHEMY_OVERFLOW = 10
_FLASK = "Flask-SQLAlchemy"
_FLASK_SETTINGS = ("SQLALCHEMY_ENGINE_OPTIONS", "SQLALCHEMY_POOL_SIZE")
_FLASK_OVERFLOW = "SQLALCHEMY_MAX_OVERFLOW"
_NOT_PRODUCTION = lazily(r"(?i)test|dev|local")
_SIZES = {
    "asyncpg": ("max_size", 10),
    "psycopg_pool": ("max_size", 4),
    "psycopg2": ("maxconn", None),
}
_MAX_DEPTH = 20
_MAKES = lazily(
    r"(\b_?(?:create_engine|create_async_engine|create_pool|(?:Async)?ConnectionPool))\s*\("
)
_LIBRARIES = lazily(r"^[^\S\n]*(?:from|import)\s+(?:sqlalchemy|sqlmodel|asyncpg|psycopg)", re.M)


def read(text: Text) -> list[Made]:
    """The pools that a module makes; none if it is not Python."""
    try:
        return _Module(text, parse_python(text.string)).pools()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _unparsed(text)


def _unparsed(text: Text) -> list[Made]:
    """A module that this Python cannot parse (newer syntax) may make a pool of any size."""
    match = _MAKES.search(text.string)
    if match is None or not _LIBRARIES.search(text.string):
        return []
    place = text.origin(*match.span(1))
    reason = f"the pool of {match[1]}, in a file that cannot be parsed"
    return [Made("Python", place, unknown_amount("pool", reason, place, 1))]


class _Module:
    def __init__(self, text: Text, tree: ast.Module) -> None:
        self._text = text
        self._lines = [*text.string.splitlines(keepends=True), ""]
        self._nodes = list(ast.walk(tree))
        self._imports = self._imported()
        self._constants = self._assigned()

    def pools(self) -> list[Made]:
        found = []
        for node in self._nodes:
            made: Made | None = None
            if isinstance(node, ast.Call):
                made = self._call(node)
            elif isinstance(node, ast.Assign) and _is_name(node.targets, "DATABASES"):
                found.extend(self._django(node.value))
            if made is not None:
                found.append(made)
        return found + self._flask_settings()

    def _imported(self) -> dict[str, str]:
        """Where a name comes from: the first part of the module."""
        found = {}
        self._original: dict[str, str] = {}
        for node in self._nodes:
            if isinstance(node, ast.Import):
                for one in node.names:
                    top = one.name.partition(".")[0]
                    found[one.asname or top] = top
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for one in node.names:
                    found[one.asname or one.name] = node.module.partition(".")[0]
                    self._original[one.asname or one.name] = one.name
        return found

    def _assigned(self) -> dict[str, ast.expr]:
        """Names that are assigned exactly once in the whole module."""
        seen: dict[str, list[ast.expr]] = {}
        for node in self._nodes:
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign | ast.AugAssign):
                targets = [node.target]
            else:
                continue
            for target in targets:
                if isinstance(target, ast.Name) and node.value is not None:
                    times = 2 if isinstance(node, ast.AugAssign) else 1
                    seen.setdefault(target.id, []).extend([node.value] * times)
        return {name: values[0] for name, values in seen.items() if len(values) == 1}

    def _call(self, call: ast.Call) -> Made | None:
        name, root = _called(call.func)
        if name == root:
            name = self._original.get(name, name)
        home = self._imports.get(root)
        if name in ("create_engine", "create_async_engine") and home in ("sqlalchemy", "sqlmodel"):
            return self._sqlalchemy(call)
        if name == "SQLAlchemy" and home == "flask_sqlalchemy":
            return self._flask(call)
        if name == "create_pool" and home == "asyncpg":
            return self._sized(call, "asyncpg", 2)
        if name in ("ConnectionPool", "AsyncConnectionPool") and home == "psycopg_pool":
            return self._sized(call, "psycopg_pool", None)
        if name in ("ThreadedConnectionPool", "SimpleConnectionPool") and home == "psycopg2":
            return self._sized(call, "psycopg2", 1)
        return None

    def _flask(self, call: ast.Call) -> Made:
        """Flask-SQLAlchemy's engine; a setting elsewhere in the project may replace the defaults.

        https://flask-sqlalchemy.readthedocs.io/en/stable/config/
        """
        place = self._origin(call.func)
        options = next((one.value for one in call.keywords if one.arg == "engine_options"), None)
        given = self._resolved(options)
        if given is None:
            return Made(_FLASK, place, self._queue(_as_call({}), {}, place), implied=True)
        return Made(_FLASK, place, self._flask_size(given, place))

    def _flask_size(self, options: ast.expr, place: Origin) -> Amount:
        found = self._resolved(options)
        if not isinstance(found, ast.Dict):
            return unread(_FLASK, ast.unparse(options), self._origin(options), 1)
        call = _as_call(dict(_items(found)))
        call.keywords.extend(
            ast.keyword(arg=None, value=value)
            for key, value in zip(found.keys, found.values, strict=True)
            if key is None
        )
        keywords = {one.arg: one.value for one in call.keywords if one.arg}
        return self._queue(call, keywords, place)

    def _flask_settings(self) -> list[Made]:
        """Its settings: variables, attributes of classes, and keys of `app.config`."""
        found: list[tuple[str, str, ast.expr]] = []
        for owner, target, value in self._settings():
            if target in _FLASK_SETTINGS:
                found.append((owner, target, value))
        others = [one for one in found if not _NOT_PRODUCTION.search(one[0])]
        made = []
        for _, target, value in others or found:
            place = self._origin(value)
            if target == "SQLALCHEMY_ENGINE_OPTIONS":
                made.append(Made(_FLASK, place, self._flask_size(value, place)))
            else:
                made.append(Made(_FLASK, place, self._flask_before_3(value, place)))
        address = next(
            (
                self._string(value)
                for _, target, value in self._settings()
                if target == "SQLALCHEMY_DATABASE_URI"
            ),
            None,
        )
        return [] if address and foreign(address) else made

    def _flask_before_3(self, value: ast.expr, place: Origin) -> Amount:
        """SQLALCHEMY_POOL_SIZE: version 3 does not read it any more."""
        more = next((one for _, name, one in self._settings() if name == _FLASK_OVERFLOW), None)
        size = self._number(value, _SQLALCHEMY_SIZE, place, "SQLALCHEMY_POOL_SIZE", _FLASK)
        overflow = self._number(more, _SQLALCHEMY_OVERFLOW, place, _FLASK_OVERFLOW, _FLASK)
        before = plus(size, overflow)
        default = _SQLALCHEMY_SIZE + _SQLALCHEMY_OVERFLOW
        reason = "the version of Flask-SQLAlchemy: 3 does not read SQLALCHEMY_POOL_SIZE"
        low, high = min(before.low, default), max(before.high, default)
        return Amount(low, high, "SQLALCHEMY_POOL_SIZE", place, reason)

    def _settings(self) -> list[tuple[str, str, ast.expr]]:
        """(Class, name, value) of what is assigned to a name or to a key in upper case."""
        owners = {
            inner: node.name
            for node in self._nodes
            if isinstance(node, ast.ClassDef)
            for inner in node.body
        }
        found = []
        for node in self._nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found.append((owners.get(node, ""), name, value))
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    found.append((owners.get(node, ""), name, value))
                case ast.Assign(
                    targets=[ast.Subscript(slice=ast.Constant(value=str() as name))], value=value
                ):
                    found.append(("", name, value))
                case ast.Call(func=ast.Attribute(attr="update" | "from_mapping"), keywords=given):
                    found.extend(("", one.arg, one.value) for one in given if one.arg)
        return found

    def _sqlalchemy(self, call: ast.Call) -> Made | None:
        keywords = {one.arg: one.value for one in call.keywords if one.arg}
        address = self._string(call.args[0] if call.args else keywords.get("url"))
        if address and foreign(address):
            return None
        target = dsn.parse(address) if address else None
        place = self._origin(call.func)
        return Made("SQLAlchemy", place, self._queue(call, keywords, place), target)

    def _queue(self, call: ast.Call, keywords: dict[str, ast.expr], place: Origin) -> Amount:
        label = "pool of SQLAlchemy"
        kind = keywords.get("poolclass")
        kind_name = _called(kind)[0] if kind is not None else "QueuePool"
        if kind is not None and kind_name == "StaticPool":
            return exactly(1, label, self._origin(kind))
        if kind is not None and kind_name not in ("QueuePool", "AsyncAdaptedQueuePool"):
            reason = (
                "how many connections NullPool opens: one for each thread or task"
                if kind_name == "NullPool"
                else f"what {ast.unparse(kind)} opens"
            )
            return unknown_amount(label, reason, self._origin(kind), 1)
        spread = next((one.value for one in call.keywords if one.arg is None), None)
        parts = []
        for key, default in (
            ("pool_size", _SQLALCHEMY_SIZE),
            ("max_overflow", _SQLALCHEMY_OVERFLOW),
        ):
            value = keywords.get(key)
            if value is None and spread is not None:
                return unread("SQLAlchemy", f"**{ast.unparse(spread)}", self._origin(spread), 1)
            parts.append(self._number(value, default, place, key, "SQLAlchemy"))
        size, overflow = parts
        if size.high == 0 or overflow.low < 0:
            return exactly(UNBOUNDED, label, (overflow if overflow.low < 0 else size).origin)
        total = plus(size, overflow)
        origin = size.origin if "pool_size" in keywords else overflow.origin
        return Amount(total.low, total.high, label, origin or place, total.reason)

    def _sized(self, call: ast.Call, library: str, position: int | None) -> Made | None:
        key, default = _SIZES[library]
        keywords = {one.arg: one.value for one in call.keywords if one.arg}
        value = keywords.get(key)
        if value is None and library == "psycopg2" and position is not None:
            value = call.args[position] if len(call.args) > position else None
        place = self._origin(call.func)
        spread = next((one.value for one in call.keywords if one.arg is None), None)
        if value is None and spread is not None:
            size = unread(library, f"**{ast.unparse(spread)}", self._origin(spread))
        elif value is None and library == "psycopg_pool" and "min_size" in keywords:
            # max_size is that of min_size where it is not set.
            size = self._number(keywords["min_size"], default or 0, place, "min_size", library)
        elif value is None and default is None:
            return None
        else:
            size = self._number(value, default or 0, place, key, library)
        address = keywords.get("dsn") or keywords.get("conninfo")
        if address is None and call.args and library != "psycopg2":
            address = call.args[0]
        text = self._string(address)
        return Made(library, place, size, dsn.parse(text) if text else None)

    def _django(self, value: ast.expr) -> list[Made]:
        found = []
        for _, entry in _items(self._resolved(value)):
            settings = dict(_items(self._resolved(entry)))
            engine = self._string(settings.get("ENGINE")) or ""
            if "postg" not in engine:
                continue
            options = dict(_items(self._resolved(settings.get("OPTIONS"))))
            place = self._origin(settings["ENGINE"])
            target = dsn.Target(
                self._string(settings.get("HOST")),
                None,
                self._string(settings.get("NAME")),
                self._string(settings.get("USER")),
            )
            found.append(Made("Django", place, self._django_size(options, place), target))
        return found

    def _django_size(self, options: dict[str, ast.expr], place: Origin) -> Amount:
        pool = self._resolved(options.get("pool"))
        if pool is None or (isinstance(pool, ast.Constant) and not pool.value):
            # A connection for each thread, whether it is kept (CONN_MAX_AGE) or not.
            reason = "how many threads of a process use the database (Django without a pool)"
            return unknown_amount("pool of Django", reason, place, 1)
        if isinstance(pool, ast.Constant):
            return exactly(4, "pool of Django (psycopg_pool's default)", self._origin(pool))
        if not isinstance(pool, ast.Dict):
            return unread("Django", ast.unparse(pool), self._origin(pool), 1)
        sizes = dict(_items(pool))
        key = "max_size" if "max_size" in sizes else "min_size"
        return self._number(sizes.get(key), 4, place, key, "Django")

    def _number(
        self, value: ast.expr | None, default: int, place: Origin, key: str, library: str
    ) -> Amount:
        if value is None:
            return exactly(default, f"{key} (default of {library})", place)
        found = self._resolved(value)
        sign = 1
        if isinstance(found, ast.UnaryOp) and isinstance(found.op, ast.USub):
            found, sign = found.operand, -1
        if isinstance(found, ast.Constant) and type(found.value) is int:
            return exactly(sign * min(found.value, UNBOUNDED), key, self._origin(value))
        return unread(library, ast.unparse(value), self._origin(value))

    def _string(self, value: ast.expr | None) -> str | None:
        found = self._resolved(value)
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            return found.value
        if isinstance(found, ast.JoinedStr):
            # The parts that are not known stand there as a variable does in a URL.
            return "".join(
                str(one.value) if isinstance(one, ast.Constant) else "${value}"
                for one in found.values
            )
        return None

    def _resolved(self, value: ast.expr | None) -> ast.expr | None:
        for _ in range(_MAX_DEPTH):
            if not isinstance(value, ast.Name) or value.id not in self._constants:
                break
            value = self._constants[value.id]
        return value

    def _origin(self, node: ast.expr) -> Origin:
        """Python counts columns in UTF-8 bytes."""
        end_line = node.end_lineno or node.lineno
        return Origin(
            self._text.path,
            node.lineno,
            self._column(node.lineno, node.col_offset),
            end_line,
            self._column(end_line, node.end_col_offset or node.col_offset),
        )

    def _column(self, line: int, offset: int) -> int:
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace")) + 1


def _called(node: ast.expr | None) -> tuple[str, str]:
    """The last and the first name of `a.b.c`."""
    last = node.attr if isinstance(node, ast.Attribute) else ""
    while isinstance(node, ast.Attribute):
        node = node.value
    root = node.id if isinstance(node, ast.Name) else ""
    return last or root, root


def _items(node: ast.expr | None) -> list[tuple[str, ast.expr]]:
    if not isinstance(node, ast.Dict):
        return []
    return [
        (key.value, value)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    ]


def _as_call(keywords: dict[str, ast.expr]) -> ast.Call:
    given = [ast.keyword(arg=name, value=value) for name, value in keywords.items()]
    return ast.Call(func=ast.Name(id="create_engine"), args=[], keywords=given)


def _is_name(targets: list[ast.expr], name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in targets)
