# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An explanation as JSON: version 1 of the documented format (schemas/explanation-1.json)."""

from __future__ import annotations

from typing import Any

from connguard.engine.symptom_pages import data
from connguard.engine.version import __version__
from connguard.explaining.explanation import Explained, Explanation
from connguard.explaining.lines import Guilty, Lines
from connguard.reporters.json_report import location
from connguard.reporters.plain import encodable

VERSION = 1


def document(explanation: Explanation) -> dict[str, Any]:
    """The JSON document as Python data."""
    repository = explanation.repository
    scanned: dict[str, Any] = {}
    if repository is not None:
        scanned = {
            "scanned": {
                "files": repository.report.files,
                "failures": [
                    {"path": encodable(one.path), "reason": encodable(one.reason)}
                    for one in repository.report.failures
                ],
            }
        }
    return {
        "version": VERSION,
        "tool": {"name": "connguard", "version": __version__},
        "code": explanation.code,
        "symptoms": [_explained(one) for one in explanation.symptoms],
        **scanned,
    }


def _explained(explained: Explained) -> dict[str, Any]:
    recognised = explained.recognised
    lines = {} if explained.lines is None else {"lines": lines_data(explained.lines)}
    return {
        **data(recognised.symptom),
        "recognised": {
            "line": recognised.line,
            "by": recognised.wording.by if recognised.wording else None,
            "text": encodable(explained.quote) if recognised.wording else None,
            "values": {key: encodable(value) for key, value in recognised.values.items()},
        },
        **lines,
    }


def lines_data(lines: Lines) -> dict[str, Any]:
    """The lines of a repository for JSON."""
    return {
        "deciding": [
            {
                "message": encodable(one.message),
                "location": location(one.origin),
                "certain": one.certain,
            }
            for one in lines.deciding
        ],
        "findings": [_guilty(one) for one in lines.guilty],
        "others": [_guilty(one) for one in lines.others],
        "undecided": [
            {
                "id": gap.policy_id,
                "reason": encodable(gap.reason),
                "location": location(gap.origin),
            }
            for gap in lines.undecided
        ],
    }


def _guilty(guilty: Guilty) -> dict[str, Any]:
    finding = guilty.finding
    return {
        "id": finding.policy.id,
        "name": finding.policy.name,
        "severity": finding.severity.value,
        "message": encodable(finding.message),
        "location": location(finding.origin),
        "fix": encodable(finding.fix),
        "accepted": encodable(guilty.accepted) or None,
    }
