# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The three-valued answer of a policy."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from connguard.policies.model.origin import Origin, Related, Unknown
from connguard.policies.model.records import dataclass


class Severity(Enum):
    """How bad a finding is. `rank` orders them: a higher rank is worse."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        return ("note", "warning", "error").index(self.value)


class Status(Enum):
    """Pass, fail, or not decidable from the files."""

    PASS = "pass"
    UNKNOWN = "unknown"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        return ("pass", "unknown", "fail").index(self.value)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says about one fact.

    `message` is one sentence: what is wrong (fail) or what blocked the decision (unknown). `at` is
    the place at fault, and is None only for a pass. `severity` replaces the policy's own where a
    finding is more or less severe than usual. `fix` says what to write instead, with names filled
    in; without it the policy's general fix holds.
    """

    status: Status
    message: str = ""
    at: Origin | None = None
    severity: Severity | None = None
    related: tuple[Related, ...] = ()
    fix: str | None = None


PASS = Verdict(Status.PASS)


def fail(
    message: str,
    at: Origin,
    *,
    severity: Severity | None = None,
    related: tuple[Related, ...] = (),
    fix: str | None = None,
) -> Verdict:
    return Verdict(Status.FAIL, message, at, severity, related, fix)


def unknown(message: str, at: Origin, *, related: tuple[Related, ...] = ()) -> Verdict:
    return Verdict(Status.UNKNOWN, message, at, related=related)


def undecided(subject: str, value: Unknown) -> Verdict:
    """The verdict when `subject` (such as 'the connection limit of role "app"') is unknown."""
    return unknown(f"{subject} is not known: {value.reason}", value.origin)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict over alternatives of which one will come true: the worst path counts.

    Fail is worse than unknown, unknown worse than pass; among failures the more severe one wins,
    and the first of equals.
    """
    found = PASS
    for verdict in verdicts:
        if _badness(verdict) > _badness(found):
            found = verdict
    return found


def _badness(verdict: Verdict) -> tuple[int, int]:
    severity = verdict.severity or Severity.ERROR
    return verdict.status.rank, severity.rank
