# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounds the findings about what cannot be read in one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.sql_rules.script import UNPARSED_STATEMENTS


@dataclass(slots=True)
class _Rest:
    """What follows the statements of a file that get a finding each: where, and how many."""

    first: Origin
    last: Origin
    count: int = 1


class Unparsed:
    """The first `most` of a file get a finding each, all others of it one together.

    A file of megabytes may hold nothing else: hundreds of thousands of findings would help nobody.
    `what` is what is counted, as the end of a sentence that starts with "12 more".
    """

    def __init__(
        self,
        most: int = UNPARSED_STATEMENTS,
        what: str = "statements that could not be parsed",
    ) -> None:
        self._most = most
        self._what = what
        self._admitted: Counter[str] = Counter()
        self._rest: dict[str, _Rest] = {}

    def admits(self, origin: Origin) -> bool:
        """Whether a statement gets a finding of its own; else it is counted."""
        path = origin.path
        if self._admitted[path] < self._most:
            self._admitted[path] += 1
            return True
        rest = self._rest.get(path)
        if rest is None:
            self._rest[path] = _Rest(origin, origin)
        elif _is_before(rest.last, origin):
            rest.last = origin
            rest.count += 1
        elif _is_before(origin, rest.first):
            rest.first = origin
            rest.count += 1
        # What lies between is code that ran before, and was counted then.
        return False

    def rest(self) -> Iterator[NotParsed]:
        """One finding for each file that has more of them, where the first of those stands."""
        for rest in self._rest.values():
            reason = (
                f"{rest.count} more {self._what}, from here to line {rest.last.end_line};"
                " the setting unparsed-statements in [limits] can be raised"
            )
            yield NotParsed(reason, rest.first)


def _is_before(one: Origin, other: Origin) -> bool:
    return (one.line, one.column) < (other.line, other.column)
