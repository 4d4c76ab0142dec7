# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JSON: version 1 of the documented format (schemas/scan-report-1.json)."""

from __future__ import annotations

from typing import Any

from connguard.engine.finding import Finding, Report, Suppressed
from connguard.engine.version import __version__
from connguard.policies.model.origin import Origin
from connguard.policies.model.verdict import Severity
from connguard.reporters.plain import encodable, json_text

VERSION = 1


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    # Everything outside ASCII is escaped: raw control and direction characters never reach a
    # terminal, and the output does not depend on the encoding of the stream.
    return json_text(document(report))


def document(report: Report) -> dict[str, Any]:
    """The JSON document as Python data."""
    compared = report.compared
    base = {"base": {"ref": encodable(compared.base), "known": compared.known}} if compared else {}
    return {
        "version": VERSION,
        "tool": {"name": "connguard", "version": __version__},
        **base,
        "findings": [_finding(finding) for finding in report.findings],
        "suppressed": [_suppressed(suppressed) for suppressed in report.suppressed],
        "undecided": [
            {
                "id": gap.policy_id,
                "location": location(gap.origin),
                "reason": encodable(gap.reason),
            }
            for gap in report.undecided
        ],
        "not_parsed": [
            {"location": location(gap.origin), "reason": encodable(gap.reason)}
            for gap in report.not_parsed
        ],
        "failures": failures(report),
        "summary": {**counts(report), "failures": len(report.failures)},
    }


def counts(report: Report) -> dict[str, int]:
    """The numbers of a report, but for its failures."""
    return {
        "files": report.files,
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "notes": report.count(Severity.NOTE),
        "suppressed": len(report.suppressed),
        "undecided": len(report.undecided),
        "not_parsed": len(report.not_parsed),
    }


def failures(report: Report) -> list[dict[str, str]]:
    """What failed, with its place if it has one."""
    return [
        {"path": encodable(failed.path), "reason": encodable(failed.reason)}
        for failed in report.failures
    ]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.policy.id,
        "name": finding.policy.name,
        "severity": finding.severity.value,
        "message": encodable(finding.message),
        "location": location(finding.origin),
        "related": [
            {"message": encodable(related.message), "location": location(related.origin)}
            for related in finding.related
        ],
        "fix": {"description": encodable(finding.fix)} if finding.fix else None,
        "prevents": [failure.value for failure in finding.policy.prevents],
        "fingerprint": finding.fingerprint,
    }


def _suppressed(suppressed: Suppressed) -> dict[str, Any]:
    if suppressed.origin is None:
        by: dict[str, Any] = {"kind": suppressed.kind, "location": None}
    else:
        by = {"kind": "comment", "location": location(suppressed.origin)}
    return {
        **_finding(suppressed.finding),
        "reason": encodable(suppressed.reason),
        "by": by,
    }


def location(origin: Origin) -> dict[str, Any]:
    return {
        "path": encodable(origin.path),
        "line": origin.line,
        "column": origin.column,
        "end_line": origin.end_line,
        "end_column": origin.end_column,
    }
