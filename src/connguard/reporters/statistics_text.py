# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many findings each policy has, as a table for people."""

from __future__ import annotations

from connguard.engine.finding import Report
from connguard.policies.model.verdict import Severity
from connguard.reporters.statistics_json import counts
from connguard.reporters.style import Style
from connguard.reporters.text_report import summary


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    style = Style(colour)
    lines = []
    entries = counts(report)
    width = max((len(str(entry["findings"])) for entry in entries), default=0)
    names = max((len(entry["name"]) for entry in entries), default=0)
    for entry in entries:
        worst = max(
            (severity for severity in Severity if entry[severity.value]),
            key=lambda severity: severity.rank,
        )
        files = f"{entry['files']} file{'' if entry['files'] == 1 else 's'}"
        lines.append(
            f"{entry['findings']:>{width}}  {style.severity(worst, entry['id'])}"
            f"  {entry['name']:<{names}}  {files}"
        )
    if not quiet:
        lines.append(summary(report, style))
    return "".join(f"{line}\n" for line in lines)
