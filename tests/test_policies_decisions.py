# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions stay what they are: verdicts on drawn facts, word for word.

For each policy, tests/data/decisions holds the verdicts on facts that between them run every line
of the decision they can reach. When a decision is meant to change, or a fact gets a field, write
them anew and read the difference:

    UPDATE_SNAPSHOTS=1 pytest tests/test_policies_decisions.py && git diff tests/data/decisions
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from connguard.engine.registry import RegisteredPolicy, policies
from connguard.policies.model.verdict import Status, Verdict

sys.path.insert(0, str(Path(__file__).parent))
from fact_samples import sample, words_of
from snapshots import DATA, assert_snapshot

_DRAWN = 1500
_OF_ONE_KIND = 2
_MOST = 60


@pytest.mark.parametrize("registered", policies(), ids=lambda known: known.policy.id)
def test_verdicts_stay_what_they_are(registered: RegisteredPolicy) -> None:
    """Status, severity, message, place, related places and fix of every drawn fact."""
    name = f"decisions/{registered.policy.id}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        words = words_of(registered)
        numbers = _telling(registered, words)
    else:
        written = json.loads((DATA / name).read_text(encoding="utf-8"))
        words, numbers = written["words"], [one["fact"] for one in written["verdicts"]]
    verdicts = [
        {"fact": number, **_written(registered.decide(sample(registered, number, words)))}
        for number in numbers
    ]

    assert_snapshot(
        name,
        json.dumps({"words": words, "verdicts": verdicts}, indent=1, ensure_ascii=False) + "\n",
    )
    assert verdicts


@pytest.mark.parametrize("registered", policies(), ids=lambda known: known.policy.id)
def test_every_verdict_that_a_policy_can_give_is_among_them(registered: RegisteredPolicy) -> None:
    """Pass, fail and unknown: a sample on which a policy always passes says nothing about it."""
    written = json.loads((DATA / f"decisions/{registered.policy.id}.json").read_text("utf-8"))

    assert _possible(registered) == {one["status"] for one in written["verdicts"]}


def _possible(registered: RegisteredPolicy) -> set[str]:
    """By the names that the decision uses; `judge` and `compare` give verdicts for several."""
    gives = {
        "PASS": ("pass",),
        "fail": ("fail",),
        "unknown": ("unknown",),
        "undecided": ("unknown",),
        "compare": ("pass", "fail", "unknown"),
        "judge": ("pass", "fail", "unknown"),
    }
    tree = ast.parse(inspect.getsource(sys.modules[registered.decide.__module__]))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {status for name in names for status in gives.get(name, ())}


def _written(verdict: Verdict) -> dict[str, Any]:
    if verdict.status is Status.PASS:
        return {"status": "pass"}
    return {
        "status": verdict.status.value,
        "severity": verdict.severity.value if verdict.severity else None,
        "message": verdict.message,
        "at": str(verdict.at),
        "related": [f"{one.origin}: {one.message}" for one in verdict.related],
        "fix": verdict.fix,
    }


def _telling(registered: RegisteredPolicy, words: list[str]) -> list[int]:
    """Numbers of facts that differ in the lines they run or in what is said about them."""
    kinds: Counter[object] = Counter()
    numbers = []
    for number in range(_DRAWN):
        verdict, lines = _traced(registered, sample(registered, number, words))
        said = re.sub(r"\d+", "0", f"{verdict.status} {verdict.severity} {len(verdict.related)}")
        kinds[lines, said] += 1
        if kinds[lines, said] <= _OF_ONE_KIND:
            numbers.append(number)
            if len(numbers) == _MOST:
                break
    return numbers


def _traced(registered: RegisteredPolicy, fact: object) -> tuple[Verdict, frozenset[int]]:
    file = registered.decide.__code__.co_filename
    lines: set[int] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != file:
            return None
        lines.add(frame.f_lineno)
        return trace

    sys.settrace(trace)
    try:
        verdict = registered.decide(fact)
    finally:
        sys.settrace(None)
    return verdict, frozenset(lines)
