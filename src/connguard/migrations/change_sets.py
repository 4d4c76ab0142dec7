# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a change set of Liquibase runs.

https://docs.liquibase.com/concepts/changelogs/preconditions.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from connguard.migrations.names import for_postgresql

if TYPE_CHECKING:
    from connguard.migrations.elements import Element

FILTERS = ("context", "contextFilter", "contexts", "labels", "label")
"""The attributes that say in which deployments something runs."""
_SKIPS = frozenset(("mark_ran", "continue"))
_OPTIONS = frozenset(("onFail", "onFailMessage", "onError", "onErrorMessage", "onSqlOutput"))


def does_run(change_set: Element) -> bool:
    """Whether a change set may run on PostgreSQL at all."""
    if change_set.flag("ignore") or not for_postgresql(change_set.get("dbms")):
        return False
    return not any(_holds(each) is False and _skips(each) for each in _preconditions(change_set))


def condition(element: Element) -> str | None:
    """What decides at run time whether a change set or an include runs; None if it does anyway.

    Those with the same words run together; where there are none, the database is asked.
    """
    if any(_skips(each) and _holds(each) is None for each in _preconditions(element)):
        return ""
    words = [element.get(name).strip() for name in FILTERS]
    return repr(words) if any(words) else None


def skips(on_fail: str, on_error: str) -> bool:
    """Whether a change set is left out when its preconditions do not hold.

    Otherwise the whole update ends there, or a warning is all.
    """
    return not _SKIPS.isdisjoint((on_fail.strip().lower(), on_error.strip().lower()))


def _preconditions(change_set: Element) -> Sequence[Element]:
    return [child for child in change_set.children if child.name == "preConditions"]


def _skips(preconditions: Element) -> bool:
    return skips(preconditions.get("onFail"), preconditions.get("onError"))


def _holds(element: Element) -> bool | None:
    """Whether a precondition holds: only the product is known."""
    if element.name == "dbms":
        return for_postgresql(element.get("type"))
    if element.name not in ("preConditions", "and", "or", "not"):
        return None
    inner = [_holds(child) for child in element.children if child.name not in _OPTIONS]
    if element.name == "or":
        return True if True in inner else None if None in inner else bool(not inner)
    every = False if False in inner else None if None in inner else True
    if element.name == "not":
        return None if every is None else not every
    return every
