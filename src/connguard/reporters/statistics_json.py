# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many findings each policy has, as JSON."""

from __future__ import annotations

import json
from typing import Any

from connguard.engine.finding import Report
from connguard.policies.model.verdict import Severity


def counts(report: Report) -> list[dict[str, Any]]:
    """The policies with findings, the most frequent first."""
    found: dict[str, dict[str, Any]] = {}
    for finding in report.findings:
        entry = found.setdefault(
            finding.policy.id,
            {
                "id": finding.policy.id,
                "name": finding.policy.name,
                "findings": 0,
                **{severity.value: 0 for severity in reversed(Severity)},
                "files": set(),
            },
        )
        entry["findings"] += 1
        entry[finding.severity.value] += 1
        entry["files"].add(finding.origin.path)
    ordered = sorted(found.values(), key=lambda entry: (-entry["findings"], entry["id"]))
    return [{**entry, "files": len(entry["files"])} for entry in ordered]


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    return json.dumps({"version": 1, "policies": counts(report)}, indent=2) + "\n"
