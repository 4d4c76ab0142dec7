# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a statement can change what is followed, as far as its text alone tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from connguard.policies.model.patterns import lazily
from connguard.sql_rules.relevance import Topic, holds_any, topic

_GAP = r"(?:\s|/\*[^*]*\*/|--[^\n]*\n)+"
_DDL = (
    rf"\b(?:create|alter|drop){_GAP}(?:role|user(?!{_GAP}mapping)|group|database)\b"
    rf"|\balter{_GAP}system\b|\bconnection{_GAP}limit\b|\b(?:rol|dat)connlimit\b"
)
OBJECT_DDL = lazily(_DDL, re.IGNORECASE)
"""Text that changes a role, a database or a server setting, or speaks of a limit."""

_LOWER_DDL = lazily(_DDL)
_LOWER_NAMES_OBJECT = lazily(r"'[^']*\b(?:role|user|group|database)\b")
_OBJECT_WORDS = ("role", "user", "group", "database")

_NEAR = tuple(
    (word, lazily(rf"{word}(?<=[\s/]{word})\b"))
    for word in ("role", "user", "group", "database", "system")
)
"""What is in every text that `_LOWER_DDL` matches, but for those with a limit. Patterns that start
with fixed letters are fast."""

_EXECUTE = lazily(r"execute(?<=\bexecute)\b")
_RAISES = lazily(r"\b(?:raise|assert)\b")
_RUNS_ELSEWHERE = lazily(
    r"dblink|\bschedule(?:_in_database)?\"?(?=\s*(?:\(|/\*|--|\Z))|run_command_on"
)
_ELSEWHERE_WORDS = ("dblink", "schedule", "run_command_on")
_CATALOG_COLUMN = lazily(r"\b(?:(?:rol|dat)connlimit|rolcanlogin|rolsuper)\b")
_CATALOG_WORDS = ("connlimit", "rolcanlogin", "rolsuper")
_QUERY_WORDS = (*_ELSEWHERE_WORDS, *_CATALOG_WORDS)

_QUERY_BEHIND_AS = lazily(r"as(?<=[\s)\"/]as)[\s(]*+(?:--|/\*|(?:select|with|values|execute)\b)")
"""What is in a comment is not read: a query may follow it."""

_QUERY_STARTS = ("select", "values", "execute")
_COPIES_QUERY = lazily(r"copy(?=\s*+[(/-])")
_CARRIER_WORDS = ("execute", "explain", "function", "procedure", "routine")
_CARRIER = lazily(
    rf"(?:explain|execute)\b|copy(?:\s|/\*[^*]*\*/|--[^\n]*\n)*+\("
    rf"|alter{_GAP}(?:function|procedure|routine)\b"
    rf"|(create{_GAP}(?:(?:global|local|temp|temporary|unlogged){_GAP})?(?:table|materialized)\b)",
    re.IGNORECASE,
)
"""The start of a statement that may run a query which it holds, or give a routine another name."""

_MOVES = lazily(r"\b(?:rename|schema)\b")


class Bearing(Enum):
    """What a statement can do to what is followed.

    ALWAYS may change it by itself. CALLS changes it only through a routine that it names, and so
    does RAISES, which in a transaction may undo what came before by an error. NEVER does nothing.
    """

    ALWAYS = "always"
    CALLS = "calls"
    RAISES = "raises"
    NEVER = "never"


Statement = tuple[int, int, Bearing]
"""The range of a statement in characters of its text, and its bearing."""


def bearing(statement: str) -> Bearing:
    """The bearing of a statement."""
    found = statements(statement, statement.lower(), [(0, len(statement))], with_all=True)
    return found[0][2]


def statements(
    text: str, lowered: str, ranges: Iterable[tuple[int, int]], *, with_all: bool
) -> list[Statement]:
    """The statements of a text, which is also given in lower case, by their ranges.

    Unless it is to be `with_all`, those that never change anything are left out.
    """
    found = []
    queries: bool | None = None
    carries: bool | None = None
    for start, end in ranges:
        about = topic(text, start, end)
        if about is Topic.OTHER:
            if carries is None:
                carries = _may_carry(lowered)
            carrier = carries and _carries(text, start, end)
            if not carrier and not with_all:
                continue
            what = Bearing.CALLS if carrier else Bearing.NEVER
        elif about is Topic.OBJECTS:
            what = Bearing.ALWAYS
        elif about is Topic.QUERY:
            if queries is None:
                queries = holds_any(_QUERY_WORDS, lowered)
            what = _of_query(text[start:end].lower()) if queries else Bearing.CALLS
        else:
            what = _of_code(about, text[start:end].lower())
        found.append((start, end, what))
    return found


def _may_carry(lowered: str) -> bool:
    """Whether a text may have a statement that runs a query which it holds; most have none."""
    if holds_any(_CARRIER_WORDS, lowered):
        return True
    if holds_any(_QUERY_STARTS, lowered) and _QUERY_BEHIND_AS.search(lowered):
        return True
    return "copy" in lowered and _COPIES_QUERY.search(lowered) is not None


def _carries(text: str, start: int, end: int) -> bool:
    head = _CARRIER.match(text, start, end)
    if head is None:
        return False
    if head[1]:
        return _QUERY_BEHIND_AS.search(text[start:end].lower()) is not None
    return head[0][0] not in "aA" or _MOVES.search(text[start:end].lower()) is not None


def _of_query(lowered: str) -> Bearing:
    return Bearing.ALWAYS if _writes(lowered) or _elsewhere(lowered) else Bearing.CALLS


def _of_code(about: Topic, lowered: str) -> Bearing:
    if _changes(lowered) or (about is Topic.ROUTINE and _executes(lowered)):
        return Bearing.ALWAYS
    return Bearing.RAISES if about is Topic.BLOCK and _RAISES.search(lowered) else Bearing.CALLS


def changes_objects(code: str) -> bool:
    """Whether code speaks of changing a role or database."""
    return _changes(code.lower())


def runs_text(code: str) -> bool:
    """Whether code may run a text that it is given."""
    return _executes(code.lower())


def writes_catalog(query: str) -> bool:
    """Whether a query speaks of a column of a catalog that is followed."""
    return _writes(query.lower())


def runs_elsewhere(query: str) -> bool:
    """Whether a query may have a text run in another database, or later."""
    return _elsewhere(query.lower())


def _changes(lowered: str) -> bool:
    if _may_be_ddl(lowered) and _LOWER_DDL.search(lowered):
        return True
    return (
        "execute" in lowered
        and holds_any(_OBJECT_WORDS, lowered)
        and _LOWER_NAMES_OBJECT.search(lowered) is not None
    )


def _may_be_ddl(lowered: str) -> bool:
    for word, pattern in _NEAR:
        if word in lowered and pattern.search(lowered):
            return True
    return "limit" in lowered and ("connection" in lowered or "connlimit" in lowered)


def _executes(lowered: str) -> bool:
    return "execute" in lowered and _EXECUTE.search(lowered) is not None


def _writes(lowered: str) -> bool:
    return holds_any(_CATALOG_WORDS, lowered) and _CATALOG_COLUMN.search(lowered) is not None


def _elsewhere(lowered: str) -> bool:
    return holds_any(_ELSEWHERE_WORDS, lowered) and _RUNS_ELSEWHERE.search(lowered) is not None
