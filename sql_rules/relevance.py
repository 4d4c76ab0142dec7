# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells by a statement's first words what it may be, without its tree.

Most statements of a migration make tables and fill them: they cannot change a role or a database,
and it is enough to know that they parse. Whatever these tests leave open counts as relevant.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import lru_cache

from connguard.policies.model.patterns import lazily


class Topic(Enum):
    """What a statement can be.

    OBJECTS may change roles, databases, settings or the transaction, or call a procedure. BLOCK is
    DO, ROUTINE makes or drops a function or procedure, QUERY reads or writes rows; they can do so
    by code that they hold or call. OTHER does nothing of that kind, unless it holds a query.
    """

    OBJECTS = "objects"
    BLOCK = "block"
    ROUTINE = "routine"
    QUERY = "query"
    OTHER = "other"


_HEAD = lazily(r"([a-zA-Z]*)" + r"(?:\s+([a-zA-Z]+)(?=\s))?" * 3)
"""The first word, and those behind it that only blanks keep apart."""

_CHANGES = ("create", "alter", "drop")
_QUERIES = frozenset({"delete", "insert", "merge", "select", "table", "update", "values", "with"})
_ROUTINE_KINDS = frozenset({"function", "procedure", "routine"})
_OTHER_KINDS = frozenset(
    {
        "aggregate",
        "cast",
        "collation",
        "constraint",
        "conversion",
        "default",
        "domain",
        "event",
        "extension",
        "foreign",
        "index",
        "language",
        "large",
        "materialized",
        "operator",
        "owned",
        "policy",
        "publication",
        "rule",
        "schema",
        "sequence",
        "server",
        "statistics",
        "subscription",
        "table",
        "tablespace",
        "temp",
        "temporary",
        "text",
        "transform",
        "trigger",
        "type",
        "unique",
        "unlogged",
        "view",
    }
)
_OTHERS = frozenset(
    {
        "analyze",
        "checkpoint",
        "close",
        "cluster",
        "comment",
        "copy",
        "deallocate",
        "declare",
        "discard",
        "execute",
        "explain",
        "fetch",
        "import",
        "listen",
        "load",
        "lock",
        "move",
        "notify",
        "refresh",
        "reindex",
        "reset",
        "security",
        "set",
        "show",
        "truncate",
        "unlisten",
        "vacuum",
    }
)


def holds_any(words: Iterable[str], lowered: str) -> bool:
    """Whether one of some words is in a text. This is asked of every statement several times, and
    `any` takes three times as long."""
    for word in words:  # noqa: SIM110
        if word in lowered:
            return True
    return False


def topic(text: str, start: int = 0, end: int | None = None) -> Topic:
    """What a statement can be that stands in a text from `start` up to, not including, `end`."""
    known = _topic_at_sight(text[start : start + _FEW])
    return known or _topic(text[start:end][:_HEAD_SIZE])


_FEW = 14
"""Characters: so few that thousands of statements start alike, and enough for most to tell."""

_HEAD_SIZE = 1_000
"""Characters in which the first words are looked for; a statement without them is relevant."""


@lru_cache(maxsize=5_000)
def _topic_at_sight(start: str) -> Topic | None:
    """The topic of all statements that start so; None when it depends on what follows."""
    head = _HEAD.match(start)
    assert head is not None  # it takes an empty match
    first, second = head[1].lower(), (head[2] or "or").lower()
    is_told = head.end(1) < len(start) and (first not in _CHANGES or second != "or")
    return _topic(start) if is_told else None


def _topic(text: str) -> Topic:
    head = _HEAD.match(text)
    assert head is not None  # it takes an empty match
    first = head[1].lower()
    if first in _QUERIES or text.startswith("("):
        return Topic.QUERY
    if first in _CHANGES:
        second = (head[2] or "").lower()
        if second == "or" and head[3] and head[3].lower() == "replace":
            second = (head[4] or "").lower()
        return _about(first, second)
    if first == "do":
        return Topic.BLOCK
    return Topic.OTHER if first in _OTHERS else Topic.OBJECTS


def _about(first: str, second: str) -> Topic:
    if second in _OTHER_KINDS:
        return Topic.OTHER
    if second in _ROUTINE_KINDS:
        # ALTER FUNCTION changes nothing but the name; `bearing` looks for that.
        return Topic.OTHER if first == "alter" else Topic.ROUTINE
    return Topic.OBJECTS
