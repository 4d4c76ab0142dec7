# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells SQL for other database products by what only they understand."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules.relevance import holds_any


@dataclass(frozen=True, slots=True)
class _Sign:
    """What only another product writes. `words` are in every text that has it.

    Where there is a `then`, it follows `pattern` before the next `end`; None is that of the text.
    All are for texts in lower case: there a pattern that starts with fixed letters is found fast.
    """

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    then: re.Pattern[str] | None = None
    end: str | None = ";"

    def is_in(self, text: str) -> bool:
        """Whether a text has the sign, in time that is linear in its length."""
        found = self.pattern.search(text)
        while found and self.then:
            end = (text.find(self.end, found.end()) + 1 if self.end else 0) or len(text)
            if self.then.search(text, found.end(), end):
                return True
            found = self.pattern.search(text, end)
        return found is not None


def _sign(words: str, pattern: str, then: str | None = None, end: str | None = ";") -> _Sign:
    later = lazily(then, re.MULTILINE) if then else None
    return _Sign(tuple(words.split()), lazily(pattern, re.MULTILINE), later, end)


_COLUMN = r"\s+(?:column\s+)?\w+\s+\w+"
_FOREIGN = {
    "SQLite": (
        _sign("pragma", r"^[ \t]*pragma\s+\w+"),
        _sign("autoincrement", r"autoincrement(?<=\bautoincrement)\b"),
        _sign("rowid", r"\)\s*without\s+rowid\s*;"),
        _sign("strict", r"\)\s*strict\s*;"),
    ),
    "MySQL": (
        _sign("auto_increment", r"auto_increment(?<=\bauto_increment)\b"),
        _sign("engine", r"engine(?<=\bengine)\s*=\s*\w+"),
        _sign("flush privileges", r"^[ \t]*flush\s+privileges"),
        _sign("`", r"[\s(,.]`\w+`"),
        _sign("delimiter", r"^[ \t]*delimiter\s+\S+"),
        _sign("#", r"^[ \t]*\#(?![!{]|\s*---\s*!)"),
        _sign("alter table modify", r"alter(?<=\balter)\s+table\s", rf"\bmodify{_COLUMN}"),
        _sign("alter table change", r"alter(?<=\balter)\s+table\s", rf"\bchange{_COLUMN}"),
        _sign("add after", r"add(?<=\badd)\s+\w+\s", r"\bafter\s+\w+\s*[;,]"),
        _sign("drop index on", r"drop(?<=\bdrop)\s+index\s+\w+\s+on\s"),
    ),
    "SQL Server": (
        _sign("go [ ]", r"^[ \t]*go[ \t]*\r?$", r"\[\w+\]", end=None),
        _sign("[dbo].[", r"\[dbo\]\.\[\w+\]"),
        _sign("identity", r"identity(?<=\bidentity)\s*\(\s*1\s*,\s*1\s*\)"),
    ),
}
_DBT = lazily(
    r"\{\{-?\s*(?:ref|source|config|adapter|return)\s*[(.]"
    r"|\{%-?\s*(?:macro|test|snapshot|materialization|docs)\b"
)
_ROLES = lazily(
    r"\b(?:create|alter|drop)\s+(?:role|user|group|database)\b|\bconnection\s+limit\b|\bpg_authid\b",
    re.IGNORECASE,
)
_COMMENT = lazily(r"--[^\n]*|/\*|^[ \t]*\\[a-z][^\n]*", re.MULTILINE)
"""Comments, and psql's own commands: `\\set x `whoami`` is no MySQL."""
_POSTGRESQL = lazily(
    r"\bconnection\s+limit\b|\b(?:create|alter|drop)\s+role\b|\bpg_\w+|\bplpgsql\b|::\s*[a-z]"
    r"|\bnologin\b|\$\$|\b(?:bigserial|jsonb|timestamptz|bytea)\b"
    r"|\bon\s+conflict\b|\busing\s+(?:gin|gist)\b"
)
_POSTGRESQL_WORDS = (
    *("connection", "role", "pg_", "plpgsql", "::", "nologin", "$$", "bigserial", "jsonb"),
    *("timestamptz", "bytea", "conflict", "using"),
)
"""One of them is in every text in lower case that the pattern matches, and quickly looked for."""

_ONLY_POSTGRESQL = lazily(
    r"\bconnection\s+limit\b|\bnologin\b|\bpg_(?:authid|roles|database|catalog)\b|\bplpgsql\b"
)
_ONLY_WORDS = ("connection", "nologin", "pg_", "plpgsql")


def _bare(text: str) -> str:
    """A text without comments and psql's own commands; a comment that is not closed stays."""
    parts = []
    position = kept = 0
    last_close = text.rfind("*/")
    while comment := _COMMENT.search(text, position):
        position = comment.end()
        if comment.group() == "/*":
            if position > last_close:
                continue
            position = text.index("*/", position) + 2
        parts.append(text[kept : comment.start()])
        kept = position
    parts.append(text[kept:])
    return " ".join(parts)


def speaks_postgresql(text: str, *, is_sql: bool) -> bool:
    """Whether a text is surely for PostgreSQL, whatever its path says.

    Some words decide alone; others are also known elsewhere and need PostgreSQL's parser to take
    the whole text, for which it has to be SQL and not a program that holds some.
    """
    lowered = _bare(text).lower()
    if holds_any(_ONLY_WORDS, lowered) and _ONLY_POSTGRESQL.search(lowered):
        return True
    return is_sql and _may_be_postgresql(lowered) and _parses(text)


def _may_be_postgresql(lowered: str) -> bool:
    """Whether something of PostgreSQL's own is in a text in lower case."""
    return holds_any(_POSTGRESQL_WORDS, lowered) and _POSTGRESQL.search(lowered) is not None


def product_of(text: str) -> str | None:
    """The other product that a text is for; None when it may be PostgreSQL's.

    A text is only taken for another product's when PostgreSQL's parser refuses it, and when nothing
    in it is PostgreSQL's own.
    """
    lowered = text.lower()
    for product, signs in _FOREIGN.items():
        if _shows(signs, lowered):
            bare = _bare(text).lower()
            if _shows(signs, bare) and not _may_be_postgresql(bare) and not _parses(text):
                return product
    return None


def _shows(signs: Iterable[_Sign], lowered: str) -> bool:
    """Whether one of the signs is in a text in lower case."""
    for sign in signs:
        for word in sign.words:
            if word not in lowered:
                break
        else:
            if sign.is_in(lowered):
                return True
    return False


def product_of_all(texts: Iterable[str]) -> str | None:
    """The other product that a whole history is for; None when it may be PostgreSQL's.

    One text that is surely another product's decides, as long as no other one is PostgreSQL's own,
    and none is about roles or users.
    """
    found = None
    for text in texts:
        bare = _bare(text)
        if _may_be_postgresql(bare.lower()) or _ROLES.search(bare):
            return None
        found = found or product_of(text)
    return found


def has_braces(text: str) -> bool:
    """Whether a text may be a template."""
    return "{" in text and ("{{" in text or "{%" in text)  # one character is found fast


def is_dbt_template(text: str, *, in_project: bool) -> bool:
    """Whether a text is a model or macro of dbt, which is no migration.

    `in_project` tells that it lies below a dbt_project.yml. A text about roles or databases is
    never taken for one.
    """
    if not in_project and not (has_braces(text) and _DBT.search(text)):
        return False
    return not _ROLES.search(text)


def _parses(text: str) -> bool:
    from connguard.sql_rules import syntax  # most texts have no sign of another product

    return syntax.is_readable(text)
