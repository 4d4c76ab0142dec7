# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQL of a repair."""

from __future__ import annotations

from collections.abc import Iterable

from connguard.fixing.flagged import Flagged
from connguard.fixing.limits import Limit
from connguard.policies.model.records import dataclass

MARKER = "connguard: choose a limit"
"""Stands beside a statement that keeps the limit as it is, until somebody writes a number."""

KEPT = (
    "The limits stay when this is rolled back: without them,",
    "one client can take every connection slot.",
)
"""What the way down says; it runs nothing."""

_UNUSABLE = {"PG001": -1, "PG002": 0, "PG004": -1}


@dataclass(frozen=True, slots=True)
class Repair:
    """One statement to write. `limit.value` None: only a person can say the number."""

    flagged: Flagged
    limit: Limit

    @property
    def sql(self) -> str:
        """The statement with its remark. Without a value it fails the same policy again."""
        value, reason = self.limit.value, self.limit.reason
        if value is None:
            value = _UNUSABLE[self.flagged.policy_id]
            reason = f"choose a limit: {reason}"
        name = self.flagged.name.replace('"', '""')
        return (
            f'ALTER {self.flagged.kind} "{name}" CONNECTION LIMIT {value};  -- connguard: {reason}'
        )


def script(repairs: Iterable[Repair]) -> list[str]:
    """The lines of SQL."""
    return [repair.sql for repair in repairs]
