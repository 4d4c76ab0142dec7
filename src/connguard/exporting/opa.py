# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format opa: what the scan knows, for policies in Rego (Open Policy Agent, Conftest)."""

from __future__ import annotations

import json
from typing import Any

from connguard.engine.finding import Report
from connguard.engine.reading import Context
from connguard.engine.registry import policies
from connguard.engine.scan import chosen_policies, conclude, read_all
from connguard.engine.version import __version__
from connguard.exporting.fact_sections import sections
from connguard.exporting.formats import Exported, Request
from connguard.exporting.plain_values import plain
from connguard.exporting.sql_statements import sql_statements
from connguard.policies.model.reading import Reading

FACTS = "connguard.json"
VERSION = 1


def export(request: Request) -> Exported:
    """One document (schemas/facts-1.json). Raises SettingsError, ValueError for wrong settings."""
    chosen = chosen_policies(request.settings)
    report = Report()
    context, reading = read_all(request.paths, request.settings, report)
    found = document(reading, context, chosen, report)
    text = json.dumps(found, indent=1, ensure_ascii=True) + "\n"
    failures = [f"{failed.path}: {failed.reason}" for failed in report.failures]
    return Exported({FACTS: text}, failures)


def document(
    reading: Reading, context: Context, chosen: frozenset[str], report: Report
) -> dict[str, Any]:
    """The document as Python data; the scan is concluded to know which findings are suppressed."""
    facts = sections(reading.subjects)
    conclude(reading, context, chosen, report)
    return {
        "version": VERSION,
        "tool": {"name": "connguard", "version": __version__},
        "policies": {
            known.policy.id: {
                "name": known.policy.name,
                "severity": known.policy.severity.value,
                "fix": known.policy.fix,
                "selected": known.policy.id in chosen,
            }
            for known in policies()
        },
        **facts,
        "statements": sql_statements(context.histories),
        "suppressed": [
            {
                "policy": one.finding.policy.id,
                "reason": plain(one.reason),
                "location": plain(one.finding.origin),
            }
            for one in report.suppressed
        ],
    }
