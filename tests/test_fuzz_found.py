# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every case that fuzzing has found stays mended."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from fuzz.case import FOUND, load
from fuzz.run import subject_of

CASES = sorted(FOUND.rglob("*.json"))
SLOWEST_S = 3.0
"""Processor time on a busy machine; those that were too slow took far longer."""


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_found_case_has_no_problem(path: Path, tmp_path: Path) -> None:
    case = load(path)
    subject = subject_of(case.target, tmp_path / "x")

    start = time.process_time()
    problems = subject.problems(case)
    took = time.process_time() - start

    assert problems == []
    assert subject.problems(case, thoroughly=True) == []
    if json.loads(path.read_text("ascii"))["problem"].startswith("silent"):
        assert not subject.silent(case)
    assert took < SLOWEST_S
