# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the name of a migration file says: direction, database product, migrations folder."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from connguard.sql_rules.script import Direction

_DOWN_SUFFIX = re.compile(r"\.(?:down|undo|revert|rollback)\.(?:p|pg)?sql$", re.IGNORECASE)
_DOWN_WORD = re.compile(r"^(?P<stem>.+)[_-](?:down|undo|revert|rollback)$", re.IGNORECASE)
_FLYWAY_UNDO = re.compile(r"^U\d[\d._]*__.+\.sql$")
_DOWN_STEMS = frozenset(("down", "revert", "rollback", "undo"))
_STEP_STEMS = frozenset(("up", "migration", "migrate", "deploy")) | _DOWN_STEMS
_MIGRATIONS_FOLDER = re.compile(r"migrat|^versions?$|^changelogs?$|initdb|^evolutions$", re.I)
_NUMBERED = re.compile(r"^[vr]?[\d.]*\d", re.IGNORECASE)
_OTHER_PRODUCTS = frozenset(
    (
        *("clickhouse", "db2", "derby", "h2", "hsqldb", "informix", "mariadb", "mssql", "mysql"),
        *("oracle", "redshift", "snowflake", "spanner", "sqlite", "sqlite3", "sqlserver"),
        *("sybase", "tidb"),
    )
)


def direction_of(path: Path) -> Direction:
    """The direction that the name of an SQL file announces."""
    name, stem = path.name, path.stem
    if _DOWN_SUFFIX.search(name) or _FLYWAY_UNDO.match(name) or stem.casefold() in _DOWN_STEMS:
        return Direction.DOWN
    word = _DOWN_WORD.match(stem)
    if word and _has_forward_file(path, word["stem"]):
        return Direction.DOWN
    return Direction.UP


def _has_forward_file(path: Path, stem: str) -> bool:
    """`scale_down.sql` is a rollback only beside `scale_up.sql` or `scale.sql`."""
    forward = (f"{stem}_up", f"{stem}-up", f"{stem}.up", stem)
    return any(path.with_name(name + path.suffix).is_file() for name in forward)


def is_step_of_folder(path: PurePath) -> bool:
    """Whether the folder of this file holds one migration: `20260101_roles/up.sql`."""
    return path.stem.casefold() in _STEP_STEMS


def is_migrations_folder(name: str) -> bool:
    return bool(_MIGRATIONS_FOLDER.search(name))


def is_numbered(name: str) -> bool:
    """Whether a name starts with a number or version, as names of ordered things do."""
    return bool(_NUMBERED.match(name))


def other_product(name: str) -> str | None:
    """The database product other than PostgreSQL that a part of a file's name announces.

    `migrations/mysql/1.sql` and `1_roles.mysql.up.sql` are for MySQL, `mysql_fdw.sql` is not.
    """
    for part in PurePath(name).parts:
        for word in part.casefold().split("."):
            if word in _OTHER_PRODUCTS:
                return word
    return None


def for_postgresql(products: str) -> bool:
    """Whether a Liquibase `dbms` list, such as "postgresql, h2" or "!mysql", holds PostgreSQL."""
    names = [name.strip().casefold() for name in products.split(",") if name.strip()]
    if not names or "all" in names:
        return True
    if "none" in names or "!postgresql" in names:
        return False
    return "postgresql" in names or all(name.startswith("!") for name in names)
