# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which findings fail a run: from which severity on, in general and for single policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from connguard.engine.finding import Finding
from connguard.engine.registry import select
from connguard.policies.model.records import dataclass
from connguard.policies.model.verdict import Severity

LEVELS = ("error", "warning", "note", "never")


@dataclass(frozen=True, slots=True)
class FailOn:
    """`level` is one of LEVELS: the least severity that fails a run.

    `policies` has levels of its own for policies, by id, prefix of ids, or name; the last one that
    names a policy counts.
    """

    level: str = "error"
    policies: Mapping[str, str] = field(default_factory=dict)

    def overridden(self, options: Iterable[str]) -> FailOn:
        """With what the command line says: `warning`, or `PG202=never`.

        Raises ValueError for anything else.
        """
        level, policies = self.level, dict(self.policies)
        for option in options:
            pattern, equals, own = option.rpartition("=")
            if own not in LEVELS:
                raise ValueError(
                    f"--fail-on {option}: must be one of {', '.join(LEVELS)}, for one policy as"
                    " ID=LEVEL"
                )
            if equals:
                policies.pop(pattern, None)
                policies[pattern] = own
            else:
                level = own
        return FailOn(level, policies)

    def fails(self, findings: Iterable[Finding]) -> bool:
        """Whether one of these findings fails the run.

        Raises ValueError when `policies` names a policy that does not exist.
        """
        own: dict[str, str] = {}
        for pattern, level in self.policies.items():
            own.update(dict.fromkeys(select([pattern]), level))
        return any(
            _reaches(finding.severity, own.get(finding.policy.id, self.level))
            for finding in findings
        )


def _reaches(severity: Severity, level: str) -> bool:
    return level != "never" and severity.rank >= Severity(level).rank
