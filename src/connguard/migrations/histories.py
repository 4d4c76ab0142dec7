# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sorts the files of a scan into histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath

from connguard.migrations.alembic import alembic_histories
from connguard.migrations.claims import may_hold_sql
from connguard.migrations.django import django_histories
from connguard.migrations.flyway import flyway_histories
from connguard.migrations.history import History
from connguard.migrations.initdb import initdb_histories
from connguard.migrations.liquibase import liquibase_histories
from connguard.migrations.names import other_product, postgresql_variant
from connguard.migrations.overrides import overridden_histories
from connguard.migrations.plain import plain_histories
from connguard.migrations.plans import planned_histories
from connguard.migrations.pool import SQL_SUFFIXES, Layout, Pool
from connguard.migrations.products import product_of
from connguard.migrations.programs import program_histories
from connguard.reading import SourceFile

LAYOUTS: Mapping[str, Layout] = {
    "planned": planned_histories,
    "liquibase": liquibase_histories,
    "alembic": alembic_histories,
    "django": django_histories,
    "flyway": flyway_histories,
    "initdb": initdb_histories,
    "programs": program_histories,
    "plain": plain_histories,
}
"""In the order in which they may take files: the most specific first."""


def histories(pool: Pool) -> Iterator[History]:
    """The histories among the files of a pool."""
    for file in pool:
        reason = _left_out(file, pool)
        if reason:
            pool.take(file)
        if reason and may_hold_sql(_within_root(file, pool)):
            pool.log.append(f"{file.name}: {reason}; left out")
    pool.leave_out_included()
    yield from overridden_histories(pool, LAYOUTS)
    for layout in LAYOUTS.values():
        yield from layout(pool)


def _left_out(file: SourceFile, pool: Pool) -> str | None:
    """Why a file is no migration for PostgreSQL, if it is none."""
    if not may_hold_sql(_within_root(file, pool)):
        return "not in a migrations folder"
    product = other_product(file.name)
    if product:
        return f"for {product}, not PostgreSQL"
    if file.path.suffix.lower() in SQL_SUFFIXES:
        variant = postgresql_variant(file.path)
        if variant:
            return f"{variant.name} runs instead"
        text = pool.context.text(file)
        foreign = product_of(text.string) if text else None
        if foreign:
            return f"for {foreign}, not PostgreSQL"
    return None


def _within_root(file: SourceFile, pool: Pool) -> PurePath:
    """The path from the scanned folder on: what lies above says nothing about the file."""
    for root in pool.context.roots:
        if root in file.path.parents:
            above = root.parents[1] if len(root.parts) > 2 else root
            return file.path.relative_to(above)
    return file.path
