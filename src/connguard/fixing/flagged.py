# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which roles and databases of an SQL history break a policy that a new migration can satisfy."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connguard.engine.registry import find
from connguard.migrations.history import History
from connguard.policies.model.facts import Database, Role
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.reading import Subject
from connguard.policies.model.records import dataclass
from connguard.policies.model.verdict import Status, Verdict, worst
from connguard.sql_rules.replay import replay

POLICIES = ("PG001", "PG002", "PG004")
TOO_LOW = {"ROLE": "PG101", "DATABASE": "PG102"}
"""What a limit that is too low for the connection budget fails."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A role or database (`kind` as SQL writes it) that fails a policy at a place."""

    policy_id: str
    kind: str
    name: str
    message: str
    origin: Origin


def flagged(history: History) -> list[Flagged]:
    """What the history leaves without a usable limit, in the order of the objects."""
    found: list[Flagged] = []
    for subject in replay(history.scripts).subjects:
        found.extend(_judged(subject))
    return found


def limits_of(history: History) -> dict[tuple[str, str], set[int | None]]:
    """The limits that the history may leave, by kind and name. None: not known, or not set."""
    found: dict[tuple[str, str], set[int | None]] = {}
    for subject in replay(history.scripts).subjects:
        for fact in subject.alternatives:
            if isinstance(fact, Role | Database):
                kind = "ROLE" if isinstance(fact, Role) else "DATABASE"
                limit = fact.connection_limit
                value = limit.value if isinstance(limit, Known) else None
                found.setdefault((kind, fact.name), set()).add(value)
    return found


def _judged(subject: Subject) -> Iterable[Flagged]:
    first = subject.alternatives[0] if subject.alternatives else None
    if not isinstance(first, Role | Database):
        return
    kind = "ROLE" if isinstance(first, Role) else "DATABASE"
    for policy_id in POLICIES:
        registered = find(policy_id)
        assert registered is not None
        if type(first) not in registered.policy.facts:
            continue
        decide: Callable[[object], Verdict] = registered.decide
        verdict = worst(decide(fact) for fact in subject.alternatives)
        if verdict.status is Status.FAIL and verdict.at is not None:
            yield Flagged(policy_id, kind, first.name, verdict.message, verdict.at)
