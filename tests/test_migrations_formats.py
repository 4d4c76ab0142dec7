# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One directory for each migration format, with the findings that its comments announce."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from connguard.engine.scan import scan
from connguard.engine.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))
from example_cases import Case

FOLDERS = sorted((Path(__file__).parent / "data" / "migrations").iterdir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_format(folder: Path) -> None:
    """Edges 37, 38 and 40: order, direction and embedded SQL are as the tool runs them."""
    report = scan([folder], Settings())
    found = {
        (
            Path(finding.origin.path).absolute().relative_to(folder).as_posix(),
            finding.origin.line,
            finding.policy.id,
        )
        for finding in report.findings
        if finding.policy.id != "PG902"
    }
    assert report.failures == []
    assert report.not_parsed == []
    assert found == Case(folder).expected()
