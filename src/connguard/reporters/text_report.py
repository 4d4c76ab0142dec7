# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for people: source excerpts with the place marked, or one line a finding."""

from __future__ import annotations

from collections.abc import Iterator

from connguard.finding import Finding, Report
from connguard.policies.model.origin import Origin
from connguard.policies.model.verdict import Severity
from connguard.reporters.excerpt import excerpt
from connguard.reporters.plain import printable
from connguard.reporters.style import Style

_RELATED = 4
"""Related places shown without --verbose."""


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    """The report as text; `quiet` leaves one line a finding and no summary.

    The reasons of failures and the log belong on standard error and are not repeated here.
    """
    style = Style(colour)
    lines = _brief(report, style) if quiet else _full(report, style, verbose)
    return "".join(f"{line}\n" for line in lines)


def _brief(report: Report, style: Style) -> Iterator[str]:
    for finding in report.findings:
        yield f"{style.paint('bold', _place(finding.origin))}: {_headline(finding, style)}"


def _full(report: Report, style: Style, verbose: bool) -> Iterator[str]:
    for finding in report.findings:
        yield from _finding(finding, report, style, verbose)
        yield ""
    if verbose:
        for suppressed in report.suppressed:
            by = _place(suppressed.origin) if suppressed.origin else "settings"
            yield style.paint(
                "dim",
                f"suppressed: {_place(suppressed.finding.origin)}"
                f" {_name(suppressed.finding)}: {printable(suppressed.reason)} ({by})",
            )
    yield _summary(report, style)


def _finding(finding: Finding, report: Report, style: Style, verbose: bool) -> Iterator[str]:
    yield _headline(finding, style)
    yield from _marked(finding.origin, report, style, finding.severity.value, "^")
    shown = finding.related if verbose else finding.related[-_RELATED:]
    if hidden := len(finding.related) - len(shown):
        yield f"{style.paint('help', 'note:')} {hidden} earlier places (--verbose shows them)"
    for related in shown:
        yield f"{style.paint('help', 'note:')} {printable(related.message)}"
        yield from _marked(_first_line(related.origin), report, style, "help", "-")
    if finding.fix:
        first, *more = finding.fix.splitlines()
        yield f"  {style.paint('help', 'fix:')} {printable(first)}"
        yield from (f"       {printable(line)}" for line in more)
    if finding.policy.prevents:
        prevented = "; ".join(failure.value for failure in finding.policy.prevents)
        yield f"  {style.paint('help', 'prevents:')} {prevented}"


def _headline(finding: Finding, style: Style) -> str:
    severity = style.severity(finding.severity, finding.severity.value)
    return f"{severity} {style.paint('bold', _name(finding))} {printable(finding.message)}"


def _name(finding: Finding) -> str:
    return f"{finding.policy.id}[{finding.policy.name}]"


def _marked(origin: Origin, report: Report, style: Style, colour: str, mark: str) -> Iterator[str]:
    yield f"  {style.paint('gutter', '-->')} {_place(origin)}"
    text = report.texts.get(origin.path)
    if text is not None:
        yield from excerpt(text, origin, style, colour, mark)


def _first_line(origin: Origin) -> Origin:
    if origin.end_line == origin.line:
        return origin
    return Origin(origin.path, origin.line, origin.column, origin.line, 1_000_000)


def _place(origin: Origin) -> str:
    return f"{printable(origin.path)}:{origin.line}:{origin.column}"


def _summary(report: Report, style: Style) -> str:
    counts = [
        _plural(report.count(severity), severity.value)
        for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE)
        if report.count(severity)
    ]
    rest = [
        f"{count} {what}"
        for count, what in (
            (len(report.suppressed), "suppressed"),
            (len(report.undecided), "undecided"),
            (len(report.not_parsed), "not parsed"),
        )
        if count
    ]
    if not report.files and not counts:
        found = "Nothing to scan was found"
    elif counts:
        found = f"Found {' and '.join(filter(None, [', '.join(counts[:-1]), counts[-1]]))}"
    else:
        found = "No findings"
    where = f" in {_plural(report.files, 'file')}" if report.files else ""
    beside = f" ({', '.join(rest)})" if rest else ""
    failed = f"; {_plural(len(report.failures), 'input')} failed" if report.failures else ""
    clean = report.files and not counts and not rest and not report.failures
    return style.paint("good" if clean else "bold", f"{found}{where}{beside}{failed}.")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
