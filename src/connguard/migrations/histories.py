# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sorts the files of a scan into histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connguard.migrations.alembic import alembic_histories
from connguard.migrations.django import django_histories
from connguard.migrations.flyway import flyway_histories
from connguard.migrations.history import History
from connguard.migrations.initdb import initdb_histories
from connguard.migrations.liquibase import liquibase_histories
from connguard.migrations.names import other_product
from connguard.migrations.overrides import overridden_histories
from connguard.migrations.plain import plain_histories
from connguard.migrations.plans import planned_histories
from connguard.migrations.pool import Layout, Pool
from connguard.migrations.programs import program_histories

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
        product = other_product(file.name)
        if product:
            pool.take(file)
            pool.log.append(f"{file.name}: for {product}, not PostgreSQL; left out")
    pool.leave_out_included()
    yield from overridden_histories(pool, LAYOUTS)
    for layout in LAYOUTS.values():
        yield from layout(pool)
