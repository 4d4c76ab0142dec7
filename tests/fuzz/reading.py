# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and judges a folder as `connguard scan` does, but lets every exception through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from connguard.budget.assemble import assemble
from connguard.engine.finding import Finding, Report
from connguard.engine.frontends import FRONT_ENDS
from connguard.engine.reading import Context, SourceFile
from connguard.engine.registry import policy_ids
from connguard.engine.scan import conclude
from connguard.engine.settings import Settings, SettingsError
from connguard.live.drift import drift
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Reading

CHOSEN = frozenset(policy_ids())


@dataclass(slots=True)
class Outcome:
    """The report, and the facts as front ends gave them (those of the budget are left out)."""

    report: Report
    reading: Reading

    def told(self, file: str) -> frozenset[tuple[str, int]]:
        """The ids and lines of everything that is said of a file."""
        return frozenset(
            (one.policy.id, one.origin.line)
            for one in self.report.findings
            if one.origin.path == file
        )

    def all_findings(self) -> list[Finding]:
        return [*self.report.findings, *(one.finding for one in self.report.suppressed)]

    def facts_of(self, file: str) -> frozenset[str]:
        """What the front ends found in a file."""
        return frozenset(
            repr(fact)
            for subject in self.reading.subjects
            for fact in subject.alternatives
            if getattr(getattr(fact, "origin", None), "path", None) == file
        )

    def places(self) -> Iterable[Origin]:
        report = self.report
        for finding in self.all_findings():
            yield finding.origin
            yield from (related.origin for related in finding.related)
        yield from (gap.origin for gap in report.undecided)
        yield from (part.origin for part in report.not_parsed)
        yield from (one.origin for one in report.suppressed if one.origin is not None)


def read(folder: Path, names: Iterable[str], settings: Settings) -> Outcome:
    """Read these files of a folder with all front ends that claim them."""
    files = [SourceFile(folder / name, name) for name in sorted(names)]
    files = [one for one in files if any(entry.claims(one.path) for entry in FRONT_ENDS)]
    context = Context((folder,), settings, name_of=lambda path: _name(path, folder), files=files)
    reading, report = Reading(), Report()
    for entry in FRONT_ENDS:
        claimed = [file for file in files if entry.takes(file)]
        if claimed:
            reading.extend(entry.load().read(claimed, context))
    found = Outcome(report, Reading(subjects=list(reading.subjects)))
    modules = {type(fact).__module__ for one in reading.subjects for fact in one.alternatives}
    if settings.topology or any(one.startswith("connguard.budget.") for one in modules):
        try:
            assembled, report.budgets = assemble(reading.subjects, context)
            reading.extend(assembled)
        except SettingsError:  # a wrong declaration, which the user is told about
            pass
    if any(one.startswith("connguard.live.") for one in modules):
        reading.extend(drift(reading.subjects, context))
    conclude(reading, context, CHOSEN, report)
    return found


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def is_read(name: str) -> bool:
    """Whether some front end takes a file of this name."""
    return any(entry.claims(PurePath("/x", name)) for entry in FRONT_ENDS)
