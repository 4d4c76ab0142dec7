# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about networks and databases in Terraform, word for word.

The other tests of these configurations look at places; this one at the words, the related places
and the fixes, and at what stays unknown. When they are meant to change:

    UPDATE_SNAPSHOTS=1 pytest tests/test_network_words.py && git diff tests/data/network_words
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from aws_networks import CASES
from network_edges import EDGES
from snapshots import assert_snapshot
from verdict_words import PASSES, words

from connguard.engine.finding import Report
from connguard.engine.registry import policies
from connguard.engine.scan import gather
from connguard.engine.settings import Settings

SETS: dict[str, dict[str, str]] = {
    "aws": dict(CASES),
    "edges": {edge.folder: edge.text for edge in EDGES},
}


def _said(configurations: Mapping[str, str], folder: Path) -> Iterator[str]:
    for number, (name, text) in enumerate(configurations.items()):
        yield f"== {name}"
        place = folder / str(number)
        place.mkdir()
        (place / "main.tf").write_text(text, encoding="utf-8")
        report = Report()
        _, reading = gather([place], Settings(path=place / "connguard.toml"), report)
        for subject in reading.subjects:
            for fact in subject.alternatives:
                for known in policies():
                    if isinstance(fact, known.policy.facts):
                        found = words(known.decide(fact))
                        if found != PASSES:
                            yield from (f"{known.policy.id} {one}" for one in found)


@pytest.mark.parametrize("name", SETS)
def test_what_is_said(name: str, tmp_path: Path) -> None:
    """Severity, message, place, related places and fix of every finding, and every unknown."""
    text = "\n".join(_said(SETS[name], tmp_path)) + "\n"
    text = text.replace(f"{tmp_path}{os.sep}", "").replace(str(tmp_path), ".")

    assert_snapshot(f"network_words/{name}.txt", text)
    assert "fail" in text
