# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network exposure at the smaller providers, on Kubernetes, in Helm charts and containers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from other_provider_cases import CASES

from connguard.scan import scan
from connguard.settings import Settings

_EXPECT = re.compile(r"# expect: (PG\d{3}(?:, PG\d{3})*)")


def expected(text: str) -> set[tuple[int, str]]:
    """Line and id of each finding that comments announce."""
    return {
        (number, identifier)
        for number, line in enumerate(text.splitlines(), 1)
        for match in _EXPECT.finditer(line)
        for identifier in match[1].split(", ")
    }


@pytest.mark.parametrize("name", CASES)
def test_findings(tmp_path: Path, name: str) -> None:
    """The findings stand on the announced lines, and there are no others."""
    (tmp_path / "main.tf").write_text(CASES[name])

    report = scan([tmp_path], Settings(path=tmp_path / "connguard.toml"))

    assert report.failures == []
    assert {(one.origin.line, one.policy.id) for one in report.findings} == expected(CASES[name])


@pytest.mark.parametrize("edge", [18, 21, 23, 27])
def test_edges_are_here(edge: int) -> None:
    """The edges of these providers have a case that names them."""
    assert any(name.startswith(f"edge {edge}:") for name in CASES)
