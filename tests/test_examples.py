# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example fires exactly what it announces, and good ones are silent in all policies."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from connguard.engine.registry import policy_ids
from connguard.engine.scan import scan
from connguard.engine.settings import Settings, load, locate

sys.path.insert(0, str(Path(__file__).parent))
from example_cases import EXAMPLES, Case, cases


@pytest.mark.parametrize("case", cases(), ids=str)
def test_example_fires_exactly_what_it_announces(case: Case) -> None:
    """The ids and lines of a scan of the example equal its expect comments."""
    config = locate(case.path)
    report = scan([case.path], load(config) if config else Settings())

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
