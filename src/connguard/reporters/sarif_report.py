# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from connguard.engine.finding import Failed, Finding, Report, Suppressed
from connguard.engine.policy_pages import prose
from connguard.engine.registry import policies
from connguard.engine.version import __version__
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity
from connguard.reporters.plain import encodable, json_text, printable

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_FINGERPRINT = "connguard/v1"

# GitHub reads these two: https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning
_PROBLEM_SEVERITY = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "recommendation",
}
_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    return json_text(document(report))


def document(report: Report) -> dict[str, Any]:
    """The SARIF log as Python data."""
    rules = _rules(report)
    index = {policy.id: number for number, policy in enumerate(rules)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "connguard",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [_rule(policy) for policy in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The working directory of the scan."}}
                },
                "invocations": [_invocation(report.failures)],
                "results": [
                    *(_result(finding, index) for finding in report.findings),
                    *(_suppressed(suppressed, index) for suppressed in report.suppressed),
                ],
            }
        ],
    }


def _rules(report: Report) -> list[Policy]:
    """Every policy, also those without a result: a viewer then knows what was checked."""
    known = {registered.policy.id: registered.policy for registered in policies()}
    for finding in (*report.findings, *(one.finding for one in report.suppressed)):
        known.setdefault(finding.policy.id, finding.policy)
    return [known[identifier] for identifier in sorted(known)]


def _rule(policy: Policy) -> dict[str, Any]:
    prevented = [failure.value for failure in policy.prevents]
    rule: dict[str, Any] = {
        "id": policy.id,
        "name": policy.name,
        "shortDescription": {"text": policy.name.replace("-", " ").capitalize()},
        "fullDescription": {"text": policy.condition},
        "help": {
            "text": f"{policy.condition}\n\n{policy.effect}\n\nFix: {policy.fix}",
            "markdown": "\n\n".join(
                [
                    prose(policy.condition),
                    f"**Effect.** {prose(policy.effect)}",
                    f"**Fix.** {prose(policy.fix)}",
                    "**Prevents**",
                    "\n".join(f"- {prose(failure)}" for failure in prevented),
                    *(f"<{reference}>" for reference in policy.references),
                ]
            ),
        },
        "defaultConfiguration": {"level": policy.severity.value},
        "properties": {
            "tags": ["postgresql", "connections"],
            "precision": "high",
            "problem.severity": _PROBLEM_SEVERITY[policy.severity],
            "prevents": prevented,
        },
    }
    if policy.references:
        rule["helpUri"] = policy.references[0]
    # Policies that guard against every failure are about the scan itself, not about exposure.
    if Failure.EXPOSED in policy.prevents and len(policy.prevents) < len(Failure):
        rule["properties"]["tags"].append("security")
        rule["properties"]["security-severity"] = _SECURITY_SEVERITY[policy.severity]
    return rule


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    message = f"{finding.message}\n\nFix: {finding.fix}" if finding.fix else finding.message
    result: dict[str, Any] = {
        "ruleId": finding.policy.id,
        "ruleIndex": index[finding.policy.id],
        "level": finding.severity.value,
        "message": {"text": _message(message)},
        "locations": [_location(finding.origin)],
        # Either every result of a run has this key or none.
        "suppressions": [],
    }
    if finding.related:
        result["relatedLocations"] = [
            _related(number, related) for number, related in enumerate(finding.related, 1)
        ]
    if finding.fingerprint:
        result["partialFingerprints"] = {_FINGERPRINT: finding.fingerprint}
    return result


def _suppressed(suppressed: Suppressed, index: dict[str, int]) -> dict[str, Any]:
    suppression: dict[str, Any] = {
        "kind": "external" if suppressed.origin is None else "inSource",
        "status": "accepted",
        "justification": _message(suppressed.reason),
    }
    if suppressed.origin is not None:
        suppression["location"] = _location(suppressed.origin)
    return {**_result(suppressed.finding, index), "suppressions": [suppression]}


def _related(number: int, related: Related) -> dict[str, Any]:
    return {
        "id": number,
        **_location(related.origin),
        "message": {"text": _message(related.message)},
    }


def _location(origin: Origin) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(origin.path),
            "region": {
                "startLine": origin.line,
                "startColumn": origin.column,
                "endLine": origin.end_line,
                "endColumn": origin.end_column,
            },
        }
    }


def _artifact(path: str) -> dict[str, Any]:
    uri = quote(_name_bytes(path), safe="/")
    if path.startswith("/"):
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": _ROOT}


def _name_bytes(path: str) -> bytes:
    """The bytes of a file name, also of one that is not valid UTF-8."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return encodable(path).encode()


def _invocation(failures: Iterable[Failed]) -> dict[str, Any]:
    notifications = []
    for failed in failures:
        notification: dict[str, Any] = {
            "level": "error",
            "message": {"text": _message(failed.reason)},
        }
        if failed.path:
            notification["locations"] = [
                {"physicalLocation": {"artifactLocation": _artifact(failed.path)}}
            ]
        notifications.append(notification)
    return {
        "executionSuccessful": not notifications,
        "toolExecutionNotifications": notifications,
    }


def _message(text: str) -> str:
    """Plain message text: brackets would be read as links to places or URLs."""
    lines = [printable(line) for line in text.split("\n")]
    return "\n".join(lines).replace("[", "\\[").replace("]", "\\]")
