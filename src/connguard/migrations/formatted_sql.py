# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change sets of Liquibase's formatted SQL. Their rollbacks are comments.

https://docs.liquibase.com/concepts/changelogs/sql-format.html
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from connguard.engine.text import Text
from connguard.migrations.change_sets import FILTERS, skips
from connguard.migrations.names import for_postgresql
from connguard.migrations.sections import Section
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.whole_numbers import whole
from connguard.sql_rules.script import Branch, Direction

_CHANGE_SET = lazily(r"^[ \t]*--[ \t]*changeset\b(?P<attributes>.*)$", re.IGNORECASE | re.MULTILINE)
_PRECONDITIONS = lazily(
    r"^[ \t]*--[ \t]*preconditions\b(?P<attributes>.*)$", re.IGNORECASE | re.MULTILINE
)
_ATTRIBUTE = lazily(
    r"\b(?P<name>[a-z]++):(?:\"(?P<quoted>[^\"]*)\"|(?P<plain>\S++))", re.IGNORECASE
)
_IGNORED = lazily(r"^[ \t]*--[ \t]*ignoreLines:(?P<lines>\w+).*$", re.IGNORECASE | re.MULTILINE)
_IGNORED_END = lazily(r"^[ \t]*--[ \t]*ignoreLines:end\b.*$", re.IGNORECASE | re.MULTILINE)
_LINE = lazily(r"[^\n]*\n?")
_TURNS = {"first": 0, "last": 2}
_IN_PLACE = 1
_FILTERS = tuple(name.lower() for name in FILTERS)


def moved_change_set(text: Text) -> Origin | None:
    """The first change set that runs before or behind all others, those of other files, too."""
    if "runOrder:" in text.string:
        for match in _CHANGE_SET.finditer(text.string):
            order = _attributes(match["attributes"]).get("runorder", "")
            if order.lower() in _TURNS:
                return text.origin(*match.span())
    return None


class _ChangeSet(NamedTuple):
    """`condition` is what decides whether it runs: None for one that does, "" for a question."""

    turn: int
    start: int
    end: int
    delimiter: str
    condition: str | None


def change_sets(string: str) -> Iterator[Section]:
    """The change sets that may run on PostgreSQL, in the order in which they run."""
    ignored = list(_ignored(string))
    matches = [
        match for match in _CHANGE_SET.finditer(string) if not _lies_in(ignored, match.start())
    ]
    ends = [match.start() for match in matches] + [len(string)]
    yield from _parts(_ChangeSet(0, 0, ends.pop(0), "", None), ignored)
    found = [_change_set(string, match, end) for match, end in zip(matches, ends, strict=True)]
    running: str | None = None
    for each in sorted((one for one in found if one), key=lambda one: one.turn):
        goes_on = bool(running) and running == each.condition
        if running is not None and not goes_on:
            yield _mark(each.start, Branch.END)
        if each.condition is not None and not goes_on:
            yield _mark(each.start, Branch.FIRST)
        yield from _parts(each, ignored)
        running = each.condition
    if running is not None:
        yield _mark(len(string), Branch.END)


def _change_set(string: str, match: re.Match[str], end: int) -> _ChangeSet | None:
    """None for a change set that does not run."""
    attributes = _attributes(match["attributes"])
    if attributes.get("ignore", "").lower() == "true":
        return None
    if not for_postgresql(attributes.get("dbms", "")):
        return None
    return _ChangeSet(
        _TURNS.get(attributes.get("runorder", "").lower(), _IN_PLACE),
        match.start(),
        end,
        attributes.get("enddelimiter", ""),
        _condition(attributes, _PRECONDITIONS.search(string, match.end(), end)),
    )


def _condition(attributes: Mapping[str, str], preconditions: re.Match[str] | None) -> str | None:
    if preconditions is not None:
        asked = _attributes(preconditions["attributes"])
        if skips(asked.get("onfail", ""), asked.get("onerror", "")):
            return ""
    words = [attributes.get(name, "") for name in _FILTERS]
    return repr(words) if any(words) else None


def _attributes(text: str) -> dict[str, str]:
    """Attributes by their names in lower case."""
    return {
        match["name"].lower(): (match["quoted"] or match["plain"] or "").strip()
        for match in _ATTRIBUTE.finditer(text)
    }


def _ignored(string: str) -> Iterator[tuple[int, int]]:
    """The lines that Liquibase is told to ignore."""
    match = _IGNORED.search(string)
    while match is not None:
        end = match.end()
        if match["lines"].lower() == "start":
            last = _IGNORED_END.search(string, end)
            end = last.end() if last else len(string)
        elif match["lines"].isdecimal():
            end = _lines_on(string, end, whole(match["lines"]))
        yield match.start(), end
        match = _IGNORED.search(string, end)


def _lines_on(string: str, position: int, count: int) -> int:
    """The end of the line that is so many lines below."""
    for _ in range(count + 1):
        line = _LINE.match(string, position)
        if line is None or not line[0]:
            break
        position = line.end()
    return position


def _lies_in(ranges: list[tuple[int, int]], position: int) -> bool:
    index = bisect_left(ranges, (position + 1, 0)) - 1
    return index >= 0 and position < ranges[index][1]


def _parts(change_set: _ChangeSet, ignored: list[tuple[int, int]]) -> Iterator[Section]:
    """A change set without the lines that are ignored."""
    position = change_set.start
    index = bisect_left(ignored, (position, 0))
    while index < len(ignored) and ignored[index][0] < change_set.end:
        start, end = ignored[index]
        yield _section(change_set, position, start)
        position = end
        index += 1
    if position < change_set.end or change_set.end == 0:
        yield _section(change_set, position, change_set.end)


def _section(change_set: _ChangeSet, start: int, end: int) -> Section:
    return Section(start, end, Direction.UP, delimiter=change_set.delimiter)


def _mark(place: int, branch: Branch) -> Section:
    return Section(place, place, Direction.UP, branch=branch)
