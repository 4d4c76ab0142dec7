# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sorts the files of a scan into histories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import PurePath
from typing import cast

from connguard.engine import paths
from connguard.engine.reading import SourceFile
from connguard.migrations.claims import PLAIN_SUFFIXES, PROGRAM_SUFFIXES, may_hold_sql
from connguard.migrations.history import History
from connguard.migrations.names import (
    POSTGRESQL_DIALECTS,
    may_be_variant,
    other_product,
    postgresql_variants,
)
from connguard.migrations.overrides import overridden_histories
from connguard.migrations.pool import Layout, Pool
from connguard.migrations.products import is_dbt_template, speaks_postgresql
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_PRISMA_PROVIDER = lazily(r'^[^\S\n]*provider\s*=\s*"(\w+)"', re.MULTILINE)


def _lazy(module: str, function: str, *suffixes: str) -> Layout:
    """A layout that is imported when there are files of its kinds, or any where none are named."""

    def layout(pool: Pool) -> Iterator[History]:
        if not suffixes or pool.with_suffix(*suffixes):
            found = getattr(import_module(f"connguard.migrations.{module}"), function)
            yield from cast(Layout, found)(pool)

    return layout


LAYOUTS: Mapping[str, Layout] = {
    "planned": _lazy("plans", "planned_histories"),
    "liquibase": _lazy("liquibase", "liquibase_histories", ".xml", ".yaml", ".yml", ".json"),
    "alembic": _lazy("alembic", "alembic_histories", ".py"),
    "django": _lazy("django", "django_histories", ".py"),
    "flyway": _lazy("flyway", "flyway_histories"),
    "initdb": _lazy("initdb", "initdb_histories"),
    "programs": _lazy("programs", "program_histories", ".py", *PROGRAM_SUFFIXES),
    "plain": _lazy("plain", "plain_histories"),
}
"""In the order in which they may take files: the most specific first."""


def histories(pool: Pool) -> Iterator[History]:
    """The histories among the files of a pool."""
    pool.overviews.prepare(pool.sql())
    for file in pool:
        reason = _left_out(file, pool)
        if reason:
            pool.take(file)
            if _may_hold_sql(file, pool):
                pool.log.append(f"{file.name}: {reason}; left out")
    pool.leave_out_included()
    read: set[str] = set()
    for history in _laid_out(pool):
        read |= history.files
        yield history
    if pool.put_back(read):
        yield from _laid_out(pool)


def _laid_out(pool: Pool) -> Iterator[History]:
    yield from overridden_histories(pool, LAYOUTS)
    for layout in LAYOUTS.values():
        yield from layout(pool)


def _left_out(file: SourceFile, pool: Pool) -> str | None:
    """Why a file is no migration for PostgreSQL, if it is none."""
    if not _may_hold_sql(file, pool):
        return "not in a migrations folder"
    path = str(file.path)
    is_sql = paths.suffix(path) in PLAIN_SUFFIXES
    product = other_product(file.name)
    if product and (product in POSTGRESQL_DIALECTS or not _speaks_postgresql(file, pool, is_sql)):
        return f"for {product}, not PostgreSQL"
    if is_sql:
        folder = _folder(paths.parent(path), pool)
        variant = _variant(path, pool) if folder.has_variants else None
        if variant:
            return f"{variant} runs instead"
        seen = pool.overviews.of(file)
        if seen is None:
            return None
        text = pool.context.text(file) if folder.in_dbt_project or seen.has_braces else None
        if text is not None and is_dbt_template(text.string, in_project=folder.in_dbt_project):
            return "a dbt model, no migration"
        if seen.product:
            return f"for {seen.product}, not PostgreSQL"
    return None


@dataclass(frozen=True, slots=True)
class _Folder:
    """What is the same for all files of a folder."""

    has_variants: bool
    in_dbt_project: bool


def _folder(path: str, pool: Pool) -> _Folder:
    known = pool.context.cache.get((_Folder, path))
    if known is None:
        names = pool.nearby.listed(path)
        known = pool.context.cache[_Folder, path] = _Folder(
            has_variants=names is None or any(map(may_be_variant, names)),
            in_dbt_project=pool.lies_below(path, "dbt_project.yml"),
        )
    return cast(_Folder, known)


def _variant(path: str, pool: Pool) -> str | None:
    """The file that runs in the place of one, if there is any."""
    folder = paths.parent(path)
    for variant in postgresql_variants(paths.last(path)):
        if pool.nearby.is_file(folder, variant):
            return variant
    return None


def _may_hold_sql(file: SourceFile, pool: Pool) -> bool:
    """Whether the path says so; that of a plain SQL file always does."""
    is_sql = paths.suffix(str(file.path)) in PLAIN_SUFFIXES
    return is_sql or may_hold_sql(within_root(file, pool))


def _speaks_postgresql(file: SourceFile, pool: Pool, is_sql: bool) -> bool:
    text = pool.context.text(file)
    return text is not None and speaks_postgresql(text.string, is_sql=is_sql)


def within_root(file: SourceFile, pool: Pool) -> PurePath:
    """The path from the scanned folder on: what lies above says nothing about the file."""
    if file.named:
        return PurePath("migrations", file.path.name)
    for root in pool.context.roots:
        if root in file.path.parents:
            above = root.parents[1] if len(root.parts) > 2 else root
            return file.path.relative_to(above)
    return file.path
