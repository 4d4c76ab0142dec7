# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as GitHub Actions annotations (workflow commands).

Format: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.engine.finding import Finding, Report
from connguard.policies.model.origin import Origin
from connguard.policies.model.verdict import Severity
from connguard.reporters.plain import printable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    lines = [_annotation(finding) for finding in report.findings]
    # A failed input has no place that GitHub could show; without a file the run gets the message.
    lines += [
        f"::error title=connguard::{_data(': '.join(filter(None, (failed.path, failed.reason))))}"
        for failed in report.failures
    ]
    return "".join(f"{line}\n" for line in lines)


def _annotation(finding: Finding) -> str:
    place = ",".join(f"{key}={_property(value)}" for key, value in _place(finding.origin))
    title = _property(f"{finding.policy.id} {finding.policy.name}")
    message = "\n".join([finding.message, *_details(finding)])
    return f"::{_COMMANDS[finding.severity]} {place},title={title}::{_data(message)}"


def _place(origin: Origin) -> Iterator[tuple[str, str]]:
    yield "file", origin.path
    yield "line", str(origin.line)
    # GitHub's columns count from 1 and are only taken for a range within one line. The last
    # column is inclusive there.
    if origin.end_line == origin.line:
        yield "endLine", str(origin.end_line)
        yield "col", str(origin.column)
        yield "endColumn", str(max(origin.column, origin.end_column - 1))
    else:
        yield "endLine", str(max(origin.line, _last_line(origin)))


def _last_line(origin: Origin) -> int:
    return origin.end_line - 1 if origin.end_column == 1 else origin.end_line


def _details(finding: Finding) -> Iterator[str]:
    for related in finding.related:
        yield f"{related.origin}: {related.message}"
    if finding.fix:
        yield f"fix: {finding.fix}"


def _data(text: str) -> str:
    """Escape a message, whose own line ends are kept."""
    lines = (printable(line).replace("%", "%25") for line in text.split("\n"))
    return "%0A".join(lines)


def _property(text: str) -> str:
    """Escape a property, which ends at a comma or colon."""
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
