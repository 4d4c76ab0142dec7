# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a GitLab Code Quality artifact, shown in the diff of a merge request.

Format: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
from typing import Any

from connguard.engine.finding import Failed, Finding, Report
from connguard.policies.model.verdict import Severity
from connguard.reporters.plain import encodable, json_text

_SEVERITY = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "info"}


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    issues = [*map(_issue, report.findings), *map(_failed, report.failures)]
    return json_text(issues)


def _issue(finding: Finding) -> dict[str, Any]:
    origin = finding.origin
    last = origin.end_line - 1 if origin.end_column == 1 else origin.end_line
    return {
        "description": encodable(finding.message),
        "check_name": f"{finding.policy.id} {finding.policy.name}",
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITY[finding.severity],
        "location": {
            "path": encodable(origin.path),
            "lines": {"begin": origin.line, "end": max(origin.line, last)},
        },
    }


def _failed(failed: Failed) -> dict[str, Any]:
    """An input that could not be read: without it the list would look complete."""
    path = encodable(failed.path) or "."
    return {
        "description": encodable(f"connguard: {failed.reason}"),
        "check_name": "connguard",
        "fingerprint": hashlib.sha256(
            f"{path}\n{failed.reason}".encode(errors="replace")
        ).hexdigest()[:32],
        "severity": "blocker",
        "location": {"path": path, "lines": {"begin": 1, "end": 1}},
    }
