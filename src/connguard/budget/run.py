# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of `connguard budget`: from paths to budgets and a report of findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from connguard.budget.assemble import stacks
from connguard.budget.found import Stack
from connguard.budget.overrides import Override, apply
from connguard.engine.finding import Report
from connguard.engine.progress import Progress, silent
from connguard.engine.reading import Context
from connguard.engine.registry import select
from connguard.engine.scan import conclude, gather
from connguard.engine.settings import Settings
from connguard.policies.model.amount import Standing, worst_standing
from connguard.policies.model.budget import solve
from connguard.policies.model.reading import Reading
from connguard.policies.model.records import dataclass
from connguard.policies.model.usage import Budget

POLICIES = ("PG1", "PG007", "PG901", "PG902", "PG903")


@dataclass(slots=True)
class Run:
    """The stacks with their budgets, and the findings about them."""

    stacks: list[tuple[Stack, Budget]]
    report: Report
    context: Context

    @property
    def verdict(self) -> Standing:
        return worst_standing(budget.standing for _, budget in self.stacks)


def run(
    paths: Sequence[Path],
    settings: Settings,
    overrides: Sequence[Override],
    progress: Progress = silent,
) -> Run:
    """Compute the budgets of everything below `paths`.

    Raises SettingsError for a wrong declaration, ValueError for an override that fits nothing.
    """
    report = Report()
    context, gathered = gather(paths, settings, report, progress=progress)
    found = stacks(gathered.subjects, context)
    alone = [one for one in found if not one.variant]
    if overrides and len(alone) != 1:
        raise ValueError(f"--set needs one topology, and {len(alone)} were found")
    solved: list[tuple[Stack, Budget]] = []
    reading = Reading(notes=gathered.notes, log=gathered.log)
    for stack in found:
        stack = replace(stack, topology=apply(stack.topology, overrides))
        budget = solve(stack.topology)
        solved.append((stack, budget))
        reading.files |= stack.files
        reading.notes.extend(stack.notes)
        for fact in (*budget.facts, *stack.facts, *stack.gaps):
            reading.add(fact)
    conclude(reading, context, select(POLICIES) - select(settings.ignore), report)
    return Run(solved, report, context)
