# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells SQL for other database products by what only they understand."""

from __future__ import annotations

import re

from connguard.sql_rules import syntax
from connguard.sql_rules.syntax import NotReadable

_FOREIGN = {
    "SQLite": re.compile(
        r"^[ \t]*PRAGMA\s+\w+|\bAUTOINCREMENT\b|\)\s*(?:WITHOUT\s+ROWID|STRICT)\s*;",
        re.IGNORECASE | re.MULTILINE,
    ),
    "MySQL": re.compile(
        r"\bAUTO_INCREMENT\b|\bENGINE\s*=\s*\w+|^[ \t]*FLUSH\s+PRIVILEGES"
        r"|\b(?:TABLE|FROM|INTO|UPDATE|EXISTS)\s+`\w+`",
        re.IGNORECASE | re.MULTILINE,
    ),
    "SQL Server": re.compile(
        r"^[ \t]*GO[ \t]*\r?$.*\[\w+\]|\[dbo\]\.\[\w+\]|\bIDENTITY\s*\(\s*1\s*,\s*1\s*\)",
        re.IGNORECASE | re.MULTILINE | re.DOTALL,
    ),
}
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_POSTGRESQL = re.compile(
    r"\bconnection\s+limit\b|\b(?:create|alter|drop)\s+role\b|\bpg_\w+|\bplpgsql\b|::\s*[a-z]"
    r"|\bnologin\b|\$\$",
    re.IGNORECASE,
)


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


def _parses(text: str) -> bool:
    try:
        syntax.parse(text)
    except NotReadable:
        return False
    return True
