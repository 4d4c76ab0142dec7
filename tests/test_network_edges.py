# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbered edge cases of network exposure through the native scan.

tests/hosts/checkov_networks.py runs the same cases through Checkov.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from network_edges import EDGES, Edge

from connguard.engine.scan import scan
from connguard.engine.settings import Settings


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_native_scan(tmp_path: Path, edge: Edge) -> None:
    """The findings stand on the announced lines, and there are no others."""
    (tmp_path / "main.tf").write_text(edge.text)

    report = scan([tmp_path], Settings(path=tmp_path / "connguard.toml"))

    assert report.failures == []
    assert {(one.origin.line, one.policy.id) for one in report.findings} == edge.expected()


def test_every_edge_is_here() -> None:
    """The numbers are complete, and the names are unique."""
    assert {edge.number for edge in EDGES} == set(range(1, 28))
    assert len({edge.folder for edge in EDGES}) == len(EDGES)


def test_differences_have_a_reason() -> None:
    """Where Checkov says something else, the case says why."""
    assert all(edge.because for edge in EDGES if edge.checkov is not None)
