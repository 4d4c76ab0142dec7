# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the name of a migration file says: direction, database product, migrations folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from connguard.engine import disk, paths
from connguard.policies.model.patterns import lazily
from connguard.sql_rules.relevance import holds_any
from connguard.sql_rules.script import Direction

_DOWN_SUFFIX = lazily(r"\.(?:down|undo|revert|rollback)\.(?:p|pg)?sql$", re.IGNORECASE)
_DOWN_WORD = lazily(r"^(?P<stem>.+)[_-](?:down|undo|revert|rollback)$", re.IGNORECASE)
_FLYWAY_UNDO = lazily(r"^U\d[\d._]*__.+\.sql$")
_DOWN_WORDS = ("down", "revert", "rollback", "undo")
_DOWN_STEMS = frozenset(_DOWN_WORDS)
_STEP_STEMS = frozenset(("up", "migration", "migrate", "deploy")) | _DOWN_STEMS
_MIGRATIONS_FOLDER = lazily(
    r"migrat|^version(?:s|ed)?$|^changelogs?$|initdb|^evolutions$|^releases?$|^deltas?$|^patches$"
    r"|^upgrades?$|^updates?$",
    re.IGNORECASE,
)
_NUMBERED = lazily(r"^[vr]?[\d.]*\d", re.IGNORECASE)
_OTHER_PRODUCTS = frozenset(
    (
        *("clickhouse", "cassandra", "cockroach", "cockroachdb", "db2", "derby", "duckdb", "h2"),
        *("hsqldb", "informix", "mariadb", "mssql", "mysql", "oracle", "redshift", "scylla"),
        *("singlestore", "snowflake", "spanner", "sqlite", "sqlite3", "sqlserver", "starrocks"),
        *("sybase", "tidb", "turso", "vertica", "ydb"),
    )
)
POSTGRESQL_DIALECTS = frozenset(("cockroach", "cockroachdb", "redshift"))
"""Products with PostgreSQL's grammar: only a name can tell them."""

_PRODUCT_NAMES = ("postgres", "postgresql", "pg")
_WORD_BREAK = lazily(r"[-_.]")
_POSTGRESQL_WORD = lazily(r"^(?:pg\w*|postgres\w*|fdw)$")


def is_file(folder: str, name: str) -> bool:
    """Whether a folder holds a file of this name, as the disk says."""
    return disk.is_file(Path(folder, name))


def direction_of(path: Path, has_file: Callable[[str, str], bool] = is_file) -> Direction:
    """The direction that the name of an SQL file announces.

    `has_file` tells whether a folder holds a file of a name.
    """
    name = paths.last(str(path))
    lowered = name.lower()
    if name[:1] != "U" and not holds_any(_DOWN_WORDS, lowered):
        return Direction.UP
    if _DOWN_SUFFIX.search(name) or _FLYWAY_UNDO.match(name) or path.stem.casefold() in _DOWN_STEMS:
        return Direction.DOWN
    word = _DOWN_WORD.match(path.stem)
    if word and _has_forward_file(path, word["stem"], has_file):
        return Direction.DOWN
    return Direction.UP


def _has_forward_file(path: Path, stem: str, has_file: Callable[[str, str], bool]) -> bool:
    """`scale_down.sql` is a rollback only beside `scale_up.sql` or `scale.sql`."""
    folder = str(path.parent)
    forward = (f"{stem}_up", f"{stem}-up", f"{stem}.up", stem)
    return any(has_file(folder, name + path.suffix) for name in forward)


def is_step_of_folder(path: str) -> bool:
    """Whether the folder of this file holds one migration: `20260101_roles/up.sql`."""
    return paths.stem(path).casefold() in _STEP_STEMS


def is_migrations_folder(name: str) -> bool:
    return bool(_MIGRATIONS_FOLDER.search(name))


def is_numbered(name: str) -> bool:
    """Whether a name starts with a number or version, as names of ordered things do."""
    return bool(_NUMBERED.match(name))


def postgresql_variants(name: str) -> Iterator[str]:
    """`1_a.postgres.up.sql` for `1_a.up.sql`: a file that runs instead of the general one."""
    stem, dot, rest = name.partition(".")
    for product in _PRODUCT_NAMES:
        yield f"{stem}.{product}{dot}{rest}"


def may_be_variant(name: str) -> bool:
    """Whether `postgresql_variants` gives such a name for any other."""
    return ".p" in name and any(f".{product}" in name for product in _PRODUCT_NAMES)


def other_product(name: str) -> str | None:
    """The database product other than PostgreSQL that a part of a file's name announces.

    `migrations/mysql-init/1.sql` and `1_roles.mysql.up.sql` are for MySQL; `mysql_fdw.sql` is not,
    and neither is `mysql_to_postgres/1.sql`.
    """
    folders, _, last = name.rstrip("/").rpartition("/")
    return _product_of_folders(folders) or _product(last.casefold().split("."))


@lru_cache(maxsize=10_000)
def _product_of_folders(path: str) -> str | None:
    return next(filter(None, map(_product_of_folder, path.split("/"))), None)


@lru_cache(maxsize=10_000)
def _product_of_folder(name: str) -> str | None:
    return _product(_WORD_BREAK.split(name.casefold()))


def _product(words: Sequence[str]) -> str | None:
    if _OTHER_PRODUCTS.isdisjoint(words) or any(_POSTGRESQL_WORD.match(word) for word in words):
        return None
    return next(word for word in words if word in _OTHER_PRODUCTS)


def for_postgresql(products: str) -> bool:
    """Whether a Liquibase `dbms` list, such as "postgresql, h2" or "!mysql", holds PostgreSQL."""
    names = [name.strip().casefold() for name in products.split(",") if name.strip()]
    if not names or "all" in names:
        return True
    if "none" in names or "!postgresql" in names:
        return False
    return "postgresql" in names or all(name.startswith("!") for name in names)
