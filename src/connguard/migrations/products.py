# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells SQL for other database products by what only they understand."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connguard.sql_rules import syntax
from connguard.sql_rules.syntax import NotReadable

_FOREIGN = {
    "SQLite": re.compile(
        r"^[ \t]*PRAGMA\s+\w+|\bAUTOINCREMENT\b|\)\s*(?:WITHOUT\s+ROWID|STRICT)\s*;",
        re.IGNORECASE | re.MULTILINE,
    ),
    "MySQL": re.compile(
        r"\bAUTO_INCREMENT\b|\bENGINE\s*=\s*\w+|^[ \t]*FLUSH\s+PRIVILEGES"
        r"|[\s(,.]`\w+`|^[ \t]*DELIMITER\s+\S+|^[ \t]*\#(?![!{]|\s*---\s*!)"
        r"|\bALTER\s+TABLE\s[^;]*\b(?:MODIFY|CHANGE)\s+(?:COLUMN\s+)?\w+\s+\w+"
        r"|\bADD\s+(?:COLUMN\s+)?\w+\s[^;]*\bAFTER\s+\w+\s*[;,]"
        r"|\bDROP\s+INDEX\s+\w+\s+ON\s",
        re.IGNORECASE | re.MULTILINE,
    ),
    "SQL Server": re.compile(
        r"^[ \t]*GO[ \t]*\r?$.*\[\w+\]|\[dbo\]\.\[\w+\]|\bIDENTITY\s*\(\s*1\s*,\s*1\s*\)",
        re.IGNORECASE | re.MULTILINE | re.DOTALL,
    ),
}
_DBT = re.compile(
    r"\{\{-?\s*(?:ref|source|config|adapter|return)\s*[(.]"
    r"|\{%-?\s*(?:macro|test|snapshot|materialization|docs)\b"
)
_ROLES = re.compile(
    r"\b(?:create|alter|drop)\s+(?:role|user|group|database)\b|\bconnection\s+limit\b|\bpg_authid\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|^[ \t]*\\[a-z][^\n]*", re.DOTALL | re.MULTILINE)
"""Comments, and psql's own commands: `\\set x `whoami`` is no MySQL."""
_POSTGRESQL = re.compile(
    r"\bconnection\s+limit\b|\b(?:create|alter|drop)\s+role\b|\bpg_\w+|\bplpgsql\b|::\s*[a-z]"
    r"|\bnologin\b|\$\$|\b(?:bigserial|jsonb|timestamptz|bytea)\b"
    r"|\bon\s+conflict\b|\busing\s+(?:gin|gist)\b",
    re.IGNORECASE,
)

_ONLY_POSTGRESQL = re.compile(
    r"\bconnection\s+limit\b|\bnologin\b|\bpg_(?:authid|roles|database|catalog)\b|\bplpgsql\b",
    re.IGNORECASE,
)


def speaks_postgresql(text: str, *, is_sql: bool) -> bool:
    """Whether a text is surely for PostgreSQL, whatever its path says.

    Some words decide alone; others are also known elsewhere and need PostgreSQL's parser to take
    the whole text, for which it has to be SQL and not a program that holds some.
    """
    bare = _COMMENT.sub(" ", text)
    if _ONLY_POSTGRESQL.search(bare):
        return True
    return is_sql and _POSTGRESQL.search(bare) is not None and _parses(text)


def product_of(text: str) -> str | None:
    """The other product that a text is for; None when it may be PostgreSQL's.

    A text is only taken for another product's when PostgreSQL's parser refuses it, and when nothing
    in it is PostgreSQL's own.
    """
    for product, pattern in _FOREIGN.items():
        if pattern.search(text):
            bare = _COMMENT.sub(" ", text)
            if pattern.search(bare) and not _POSTGRESQL.search(bare) and not _parses(text):
                return product
    return None


def product_of_all(texts: Iterable[str]) -> str | None:
    """The other product that a whole history is for; None when it may be PostgreSQL's.

    One text that is surely another product's decides, as long as no other one is PostgreSQL's own,
    and none is about roles or users.
    """
    found = None
    for text in texts:
        bare = _COMMENT.sub(" ", text)
        if _POSTGRESQL.search(bare) or _ROLES.search(bare):
            return None
        found = found or product_of(text)
    return found


def is_dbt_template(text: str, *, in_project: bool) -> bool:
    """Whether a text is a model or macro of dbt, which is no migration.

    `in_project` tells that it lies below a dbt_project.yml. A text about roles or databases is
    never taken for one.
    """
    return (in_project or bool(_DBT.search(text))) and not _ROLES.search(text)


def _parses(text: str) -> bool:
    try:
        syntax.parse(text)
    except NotReadable:
        return False
    return True
