# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a GitLab SAST artifact, for the security dashboard (schema 15.2.4).

Format: https://gitlab.com/gitlab-org/security-products/security-report-schemas
"""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from typing import Any

from connguard.engine.finding import Failed, Finding, Report
from connguard.engine.version import __version__
from connguard.policies.model.verdict import Severity
from connguard.reporters.plain import encodable, json_text

_VERSION = "15.2.4"
_SCHEMA = (
    "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/"
    f"v{_VERSION}/dist/sast-report-format.json"
)
_SEVERITY = {Severity.ERROR: "High", Severity.WARNING: "Medium", Severity.NOTE: "Low"}
_LONGEST_NAME = 255
_LONGEST_DESCRIPTION = 2**20
_LONGEST_SOLUTION = 7000


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    now = _now().strftime("%Y-%m-%dT%H:%M:%S")
    tool = {
        "id": "connguard",
        "name": "connguard",
        "version": __version__,
        "vendor": {"name": "connguard"},
    }
    document = {
        "version": _VERSION,
        "schema": _SCHEMA,
        "scan": {
            "type": "sast",
            "status": "failure" if report.failures else "success",
            "start_time": now,
            "end_time": now,
            "analyzer": tool,
            "scanner": tool,
            "messages": [_message(failed) for failed in report.failures],
        },
        "vulnerabilities": [_vulnerability(finding) for finding in report.findings],
    }
    return json_text(document)


def _vulnerability(finding: Finding) -> dict[str, Any]:
    policy, origin = finding.policy, finding.origin
    return {
        # Derived from the fingerprint: the same finding has the same id in every run.
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"connguard:{finding.fingerprint}")),
        "name": encodable(finding.message)[:_LONGEST_NAME],
        "description": encodable(f"{finding.message}\n\n{policy.effect}")[:_LONGEST_DESCRIPTION],
        "severity": _SEVERITY[finding.severity],
        "solution": encodable(finding.fix or policy.fix)[:_LONGEST_SOLUTION],
        "location": {
            "file": encodable(origin.path),
            "start_line": origin.line,
            "end_line": max(origin.line, origin.end_line),
        },
        "identifiers": [
            {"type": "connguard_id", "name": f"connguard {policy.id}", "value": policy.id}
        ],
        "links": [{"url": url} for url in policy.references],
    }


def _message(failed: Failed) -> dict[str, str]:
    place = f"{failed.path}: " if failed.path else ""
    return {"level": "fatal", "value": encodable(f"{place}{failed.reason}")}


def _now() -> datetime:
    """The time of the report; SOURCE_DATE_EPOCH makes it repeatable."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
