# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a repository that can cause a symptom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from connguard.budget.discovered import PoolerFile
from connguard.engine.finding import Finding, Report
from connguard.engine.reading import Context
from connguard.engine.scan import conclude, read_all
from connguard.engine.settings import Settings
from connguard.explaining.deciding import Deciding, deciding_lines
from connguard.policies.model.facts import Undecided
from connguard.policies.model.origin import Known
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Reading, Subject
from connguard.policies.model.recognition import Recognised
from connguard.policies.model.records import dataclass
from connguard.policies.model.setting_facts import EffectiveSetting

_NAMED = lazily(r'\b(role|database) "([^"\n]{1,63})"')


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


@dataclass(frozen=True, slots=True)
class Files:
    """The files below the paths, read but not judged."""

    report: Report
    context: Context
    reading: Reading

    @property
    def ports(self) -> frozenset[str]:
        """The ports on which the servers and poolers of these files listen."""
        return frozenset(_ports(self.reading.subjects))

    def judged(self, ids: Iterable[str]) -> Repository:
        """Judge them with these policies."""
        conclude(self.reading, self.context, frozenset(ids), self.report)
        return Repository(self.report, self.reading.subjects)


def read_files(paths: Sequence[Path], settings: Settings) -> Files:
    """Read everything, whatever the settings select, ignore or accept.

    A finding that was accepted can cause an outage all the same. Raises SettingsError.
    """
    plain = replace(settings, select=(), ignore=(), per_path_ignores={}, baseline=None)
    report = Report()
    return Files(report, *read_all(paths, plain, report))


def _ports(subjects: Iterable[Subject]) -> Iterator[str]:
    for subject in subjects:
        for fact in subject.alternatives:
            if isinstance(fact, EffectiveSetting) and fact.name == "port":
                if isinstance(fact.value, Known):
                    yield fact.value.value
            elif isinstance(fact, PoolerFile):
                setting = fact.configuration.settings.get("listen_port")
                if setting is not None:
                    yield setting.text


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
