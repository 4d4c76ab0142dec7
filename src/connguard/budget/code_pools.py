# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the connection pools that applications make in their code and configuration.

Most files of a repository make none: a file is decoded and parsed only if its bytes name one of
the libraries' words.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

from connguard.budget.built_from import MARKERS
from connguard.budget.code_file import text_that_matters
from connguard.budget.code_pool import CodePool, Made
from connguard.budget.pool_claims import language_of
from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.tree_parsing import TooManyErrors
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Reading

_READERS: dict[str, tuple[str, str, tuple[bytes, ...]]] = {
    "python": (
        "pools_python",
        "read",
        (
            b"create_engine",
            b"create_async_engine",
            b"create_pool",
            b"ConnectionPool",
            b"DATABASES",
            b"flask_sqlalchemy",
            b"SQLALCHEMY_ENGINE_OPTIONS",
            b"SQLALCHEMY_POOL_SIZE",
        ),
    ),
    "javascript": (
        "pools_javascript",
        "read",
        (
            *(b'"pg"', b"'pg'", b"pg-pool", b"neondatabase", b'"postgres"', b"'postgres'"),
            *(b"new Sequelize", b"'knex'", b'"knex"', b"postgresql"),
        ),
    ),
    "go": (
        "pools_go",
        "read",
        (b"SetMaxOpenConns", b"pgxpool", b"sql.Open", b"sqlx.", b".MaxConns"),
    ),
    "prisma": ("pools_text", "prisma", (b"datasource",)),
    "sequelize": ("pools_text", "sequelize", (b'"postgres"',)),
    "dotnet": ("pools_text", "npgsql", (b"Host", b"host", b"HOST")),
    "elixir": ("pools_text", "ecto", (b"pool_size",)),
    "rust": ("pools_text", "sqlx", (b"PgPoolOptions", b"PgPool::connect")),
}
"""For each language the module and function that reads it, and words that a pool needs."""

_NOT_SERVICES = lazily(
    r"(?i)^(?:tests?|__tests__|specs?|e2e|testdata|fixtures|migrations?|alembic|benchmarks?|scripts"
    r"|node_modules|vendor|venv|\.venv|site-packages|dist|docs?)$"
)


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """The pools, as facts that are later joined to the services of a deployment."""
    reading = Reading()
    for file in files:
        try:
            for made in _pools(file, context):
                reading.add(CodePool(made, file.path, _project(file.path, context)))
        except TooManyErrors as error:
            reading.add(NotParsed(str(error), Origin(file.name, 1, 1, 1, 1)))
    return reading


def _pools(file: SourceFile, context: Context) -> list[Made]:
    language = language_of(file.path)
    if language is None or _outside_of_services(file.path, context):
        return []
    module, function, hints = _READERS[language]
    text = text_that_matters(file, context, lambda data: any(hint in data for hint in hints))
    if text is None:
        return []
    reader = getattr(import_module(f"connguard.budget.{module}"), function)
    return cast(list[Made], reader(text))


def _outside_of_services(path: Path, context: Context) -> bool:
    """Whether a folder below the scanned one says that this is a test, a migration or a copy."""
    for root in context.roots:
        if path.is_relative_to(root):
            return any(_NOT_SERVICES.match(part) for part in path.relative_to(root).parts[:-1])
    return False


def _project(path: Path, context: Context) -> Path:
    """The nearest folder that holds a project's file; else the file's own folder."""
    for folder in path.parents:
        if any(disk.is_file(folder / name) for name in ("Dockerfile", *MARKERS)):
            return folder
        if folder in context.roots:
            break
    return path.parent
