# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A verdict in words, as a reader of the finding gets it."""

from __future__ import annotations

from connguard.policies.model.origin import Origin
from connguard.policies.model.verdict import Status, Verdict

PASSES = ["pass"]


def line(number: int, file: str = "a") -> Origin:
    """A place, written `a:3` by `words`."""
    return Origin(file, number, 1, number, 9)


def words(verdict: Verdict) -> list[str]:
    """The verdict with its place, then the related places, then the fix, if it has its own."""
    if verdict.status is Status.PASS:
        assert verdict == Verdict(Status.PASS)
        return PASSES
    severity = f" ({verdict.severity.value})" if verdict.severity else ""
    said = [f"{verdict.status.value}{severity} {verdict.at}: {verdict.message}"]
    said += [f"{one.origin}: {one.message}" for one in verdict.related]
    return said if verdict.fix is None else [*said, f"fix: {verdict.fix}"]
