# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policies of network exposure say of a folder or plan, by the names of what they judge.

Names are Terraform addresses, and so the same in a configuration and in its plan; places are not.
"""

from __future__ import annotations

from pathlib import Path

from connguard.engine.finding import Report
from connguard.engine.registry import policies
from connguard.engine.scan import gather
from connguard.engine.settings import Settings
from connguard.policies.model.network import Endpoint
from connguard.policies.model.verdict import Status

POLICIES = ("PG201", "PG202", "PG203", "PG401")

Said = tuple[str, str, str]
"""The id of a policy, FAIL or UNKNOWN, and what it judged."""


def said(path: Path) -> set[Said]:
    """What is not well in the Terraform files below a path."""
    report = Report()
    _, reading = gather([path], Settings(path=path.parent / "connguard.toml"), report)
    assert report.failures == []
    return {
        (known.policy.id, verdict.status.name, _name(fact))
        for subject in reading.subjects
        for fact in subject.alternatives
        for known in policies()
        if known.policy.id in POLICIES and isinstance(fact, known.policy.facts)
        for verdict in [known.decide(fact)]
        if verdict.status is not Status.PASS
    }


def _name(fact: object) -> str:
    if not isinstance(fact, Endpoint):
        return str(getattr(fact, "name", fact))
    targets = ", ".join(target.name for target in fact.targets)
    return targets or fact.guard
