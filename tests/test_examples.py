# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example fires exactly what it announces, and good ones are silent in all policies."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from connguard.engine.finding import Report
from connguard.engine.registry import policy_ids
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, load, locate
from connguard.policies.model.origin import Origin

sys.path.insert(0, str(Path(__file__).parent))
from example_cases import EXAMPLES, Case, cases
from snapshots import assert_snapshot


def scanned(case: Case) -> Report:
    config = locate(case.path)
    return scan([case.path], load(config) if config else Settings())


@pytest.mark.parametrize("case", cases(), ids=str)
def test_example_fires_exactly_what_it_announces(case: Case) -> None:
    """The ids and lines of a scan of the example equal its expect comments."""
    report = scanned(case)

    assert report.failures == []
    found = {
        (
            Path(finding.origin.path).absolute().relative_to(case.folder).as_posix(),
            finding.origin.line,
            finding.policy.id,
        )
        for finding in report.findings
    }
    assert case.expected() == found
    assert report.files > 0
    assert case.is_bad == bool(found)


@pytest.mark.parametrize("identifier", policy_ids())
def test_every_policy_has_a_bad_and_a_good_example(identifier: str) -> None:
    """examples/<id>/ shows the policy failing and passing."""
    here = [case for case in cases() if case.path.parent == EXAMPLES / identifier]

    assert any(
        identifier == expected for case in here if case.is_bad for _, _, expected in case.expected()
    )
    assert any(not case.is_bad for case in here)


@pytest.mark.parametrize("folder", sorted({case.path.parent.name for case in cases()}))
def test_what_is_said_about_the_examples(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every finding word for word: place, severity, message, related places and fix."""
    monkeypatch.chdir(EXAMPLES)
    here = [case for case in cases() if case.path.parent.name == folder]
    said = [f"# {case}\n{_said(scanned(case))}" for case in here if case.is_bad]

    assert_snapshot(f"examples/{folder}.txt", "\n".join(said))


def _said(report: Report) -> str:
    lines: list[str] = []
    for finding in report.findings:
        lines.append(f"{finding.policy.id} {finding.severity.value} {_place(finding.origin)}")
        lines.append(f"  {finding.message}")
        lines.extend(f"  {_place(one.origin)}: {one.message}" for one in finding.related)
        lines.extend(f"  > {line}" for line in finding.fix.splitlines())
    for gap in report.undecided:
        lines.append(f"undecided {gap.policy_id} {_place(gap.origin)}")
        lines.append(f"  {gap.reason}")
    for part in report.not_parsed:
        lines.append(f"not parsed {_place(part.origin)}")
        lines.append(f"  {part.reason}")
    return "".join(f"{line}\n" for line in lines)


def _place(origin: Origin) -> str:
    return f"{origin.path}:{origin.line}:{origin.column}-{origin.end_line}:{origin.end_column}"
