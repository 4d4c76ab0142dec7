# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of `connguard doctor`: what reporters print and the exit code follows from."""

from __future__ import annotations

from dataclasses import field

from connguard.engine.finding import (
    EXIT_CLEAN,
    EXIT_ERROR,
    EXIT_FINDINGS,
    EXIT_NOTHING_TO_SCAN,
    Report,
)
from connguard.live.step import Status, Step
from connguard.policies.model.records import dataclass

DRIFT = "PG6"
"""The ids of the policies about live servers begin with this."""


@dataclass(slots=True)
class Looked:
    """One way that was walked. `title` says to what; `steps` are in the order of the layers."""

    title: str
    steps: list[Step] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(step.status is Status.FAILED for step in self.steps)


@dataclass(slots=True)
class Examination:
    """All ways, and the comparison with the files; `report` is None when there was none.

    `snapshot` is the text of what was seen. `compared` counts the facts that were compared,
    `unread` the parts of the files that could not be read, which may say more.
    """

    looked: list[Looked] = field(default_factory=list)
    report: Report | None = None
    snapshot: str = ""
    compared: int = 0
    unread: int = 0

    @property
    def exit_code(self) -> int:
        """As documented in `connguard doctor --help`."""
        if self.report is not None and self.report.failures:
            return EXIT_ERROR
        drifted = self.report is not None and any(
            finding.policy.id.startswith(DRIFT) for finding in self.report.findings
        )
        if drifted or any(one.failed for one in self.looked):
            return EXIT_FINDINGS
        if self.report is not None and not self.compared:
            return EXIT_NOTHING_TO_SCAN
        return EXIT_CLEAN
