# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a repository that can cause a symptom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from connguard.explaining.deciding import Deciding, deciding_lines
from connguard.finding import Finding, Report
from connguard.policies.model.facts import Undecided
from connguard.policies.model.policy import Policy
from connguard.policies.model.reading import Subject
from connguard.policies.model.recognition import Recognised
from connguard.registry import policies
from connguard.scan import conclude, read_all
from connguard.settings import Settings

_NAMED = re.compile(r'\b(role|database) "([^"\n]{1,63})"')


@dataclass(frozen=True, slots=True)
class Repository:
    """A scan with the policies that are asked about, and what it was made from."""

    report: Report
    subjects: Sequence[Subject]


@dataclass(frozen=True, slots=True)
class Guilty:
    """A finding of a policy that prevents the symptom; `accepted` says why a scan is silent."""

    finding: Finding
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines here that can cause a symptom.

    `deciding` are the lines that set what was reached, whatever they say. `guilty` violate policies
    that prevent the symptom; `others` too, but are about another role or database than the message.
    `undecided` could be such lines.
    """

    deciding: tuple[Deciding, ...] = ()
    guilty: tuple[Guilty, ...] = ()
    others: tuple[Guilty, ...] = ()
    undecided: tuple[Undecided, ...] = ()

    @property
    def explain(self) -> bool:
        """Whether there is a line that can cause the symptom, as far as the files tell."""
        return bool(self.deciding or self.guilty)


def read_repository(paths: Sequence[Path], settings: Settings, ids: Iterable[str]) -> Repository:
    """Scan with these policies only, whatever the settings select, ignore or accept.

    A finding that was accepted can cause an outage all the same. Raises SettingsError.
    """
    plain = replace(settings, select=(), ignore=(), per_path_ignores={}, baseline=None)
    report = Report()
    context, reading = read_all(paths, plain, report)
    conclude(reading, context, frozenset(ids), report)
    return Repository(report, reading.subjects)


def known_policies(ids: Iterable[str]) -> tuple[Policy, ...]:
    wanted = set(ids)
    return tuple(one.policy for one in policies() if one.policy.id in wanted)


def lines_for(recognised: Recognised, repository: Repository) -> Lines:
    """What of the repository can cause this symptom, narrowed by what the message names."""
    symptom = recognised.symptom
    found = policy_lines(symptom.policies, repository, recognised.values)
    deciding = deciding_lines(symptom.decided_by, repository.subjects, recognised.values)
    return replace(found, deciding=deciding)


def policy_lines(
    ids: Iterable[str], repository: Repository, values: Mapping[str, str] | None = None
) -> Lines:
    """The findings of these policies."""
    wanted, values = set(ids), values or {}
    report = repository.report
    found = [Guilty(finding) for finding in report.findings]
    found += [Guilty(one.finding, one.reason or one.kind) for one in report.suppressed]
    ours = [one for one in found if one.finding.policy.id in wanted]
    fitting = [one for one in ours if _about(one.finding, values)]
    return Lines(
        guilty=tuple(fitting),
        others=tuple(one for one in ours if one not in fitting),
        undecided=tuple(gap for gap in report.undecided if gap.policy_id in wanted),
    )


def _about(finding: Finding, values: Mapping[str, str]) -> bool:
    """Whether a finding is about what the message names, or about nothing in particular."""
    named = _NAMED.findall(finding.message)
    for kind in ("role", "database"):
        own = [name for what, name in named if what == kind]
        if own and kind in values and values[kind] not in own:
            return False
    return True
