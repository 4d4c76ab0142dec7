# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of `connguard doctor` as JSON, version 1. Keys may be added, none is removed."""

from __future__ import annotations

from typing import Any

from connguard.engine.version import __version__
from connguard.live.examination import Examination
from connguard.live.step import Step
from connguard.reporters import json_report
from connguard.reporters.plain import encodable, json_text


def render(found: Examination) -> str:
    return json_text(document(found))


def document(found: Examination) -> dict[str, Any]:
    """`comparison` is the report of a scan, and null when no files were compared."""
    return {
        "version": 1,
        "tool": {"name": "connguard", "version": __version__},
        "exit_code": found.exit_code,
        "targets": [
            {
                "title": encodable(looked.title),
                "steps": [_step(step) for step in looked.steps],
            }
            for looked in found.looked
        ],
        "compared": found.compared,
        "unread": found.unread,
        "comparison": json_report.document(found.report) if found.report is not None else None,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "layer": step.layer.value,
        "status": step.status.value,
        "subject": encodable(step.subject),
        "evidence": encodable(step.evidence),
        "next": encodable(step.next),
        "symptom": step.symptom,
        "details": [encodable(detail) for detail in step.details],
    }
