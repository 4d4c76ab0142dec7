# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown, for the comment on a pull request and for job summaries.

The first line is a hidden marker, by which a later run finds its comment and updates it. Findings
are short, and their details folded. Nothing in a scanned file becomes markup, a link or a mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from connguard.engine.finding import Finding, Report
from connguard.engine.policy_pages import fenced
from connguard.policies.model.amount import worst_standing
from connguard.policies.model.verdict import Severity
from connguard.reporters.excerpt import excerpt
from connguard.reporters.plain import printable
from connguard.reporters.style import Style
from connguard.reporters.text_report import summary

MARKER = "<!-- connguard -->"
"""The first line of the comment, by which it is found again."""

_SIGN = {Severity.ERROR: "🔴", Severity.WARNING: "🟠", Severity.NOTE: "🔵"}
_MOST = 50
"""Findings shown in full: GitHub refuses comments of more than 65,536 characters."""
_LONGEST = 40_000
_LONGEST_PICTURE = 12_000


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    parts = [MARKER, f"### connguard: {_text(summary(report, Style(False)))}"]
    shown = 0
    size = 0
    # Errors first: what does not fit is left out at the end.
    ranked = sorted(report.findings, key=lambda finding: -finding.severity.rank)
    for finding in ranked[:_MOST]:
        part = _finding(finding, report)
        size += len(part)
        if size > _LONGEST:
            break
        parts.append(part)
        shown += 1
    if rest := len(report.findings) - shown:
        parts.append(f"… and {rest} more, which the log of the run lists.")
    parts.extend(_gaps(report))
    parts.extend(_budget(report))
    return "\n\n".join(parts) + "\n"


def _finding(finding: Finding, report: Report) -> str:
    origin, policy = finding.origin, finding.policy
    head = (
        f"{_SIGN[finding.severity]} <b>{policy.id}</b> {policy.name} · "
        f"<code>{_html(f'{origin.path}:{origin.line}')}</code><br>{_html(finding.message)}"
    )
    text = None if finding.about_secret else report.texts.get(origin.path)
    lines = list(excerpt(text, origin, Style(False), "", "^"))
    related = "\n".join(
        f"- {_code(str(place.origin))} {_text(place.message)}" for place in finding.related
    )
    details = [
        _fenced("\n".join(lines)),
        *([related] if related else []),
        f"**Fix.** {_fix(finding)}",
        f"**Otherwise.** {_text(policy.effect)}",
    ]
    body = "\n\n".join(details)
    return f"<details><summary>{head}</summary>\n\n{body}\n\n</details>"


def _gaps(report: Report) -> Iterator[str]:
    gaps = [(gap.origin, gap.reason) for gap in report.not_parsed]
    gaps += [(gap.origin, f"{gap.policy_id}: {gap.reason}") for gap in report.undecided]
    if gaps:
        rows = [f"- {_code(str(origin))} {_text(reason)}" for origin, reason in gaps[:_MOST]]
        if len(gaps) > _MOST:
            rows.append(f"- … and {len(gaps) - _MOST} more")
        title = f"{len(gaps)} places could not be checked"
        listed = "\n".join(rows)
        yield f"<details><summary>{title}</summary>\n\n{listed}\n\n</details>"
    if report.failures:
        rows = [
            f"- {_code(failed.path or 'connguard')} {_text(failed.reason)}"
            for failed in report.failures
        ]
        yield "**Failed inputs**\n\n" + "\n".join(rows)


def _budget(report: Report) -> Iterator[str]:
    if report.budgets:
        from connguard.reporters import budget_mermaid

        standing = worst_standing(budget.standing for _, budget in report.budgets)
        picture = budget_mermaid.draw(report.budgets)
        if len(picture) < _LONGEST_PICTURE:
            title = f"Connection budget: {standing.value}"
            shown = fenced(picture, "mermaid")
            yield f"<details><summary>{title}</summary>\n\n{shown}\n\n</details>"


def _text(text: str) -> str:
    """Text in a paragraph, in which nothing is markup."""
    plain = printable(text.replace("\n", " "))
    return "".join(_ESCAPES.get(char, char) for char in plain).replace("://", "&#58;//")


_ESCAPES = {
    **{char: f"\\{char}" for char in "\\`*_{}[]|~$"},
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
    # An empty comment keeps GitHub from notifying @somebody and from linking to #1.
    "@": "@<!-- -->",
    "#": "#<!-- -->",
}


def _html(text: str) -> str:
    """Text in a summary, which is HTML and no Markdown."""
    plain = escape(printable(text.replace("\n", " ")))
    return re.sub("[@#](?!x?[0-9]+;)", lambda mark: f"{mark[0]}<!-- -->", plain)


def _fix(finding: Finding) -> str:
    """Prose, a statement, or several lines of code."""
    text = finding.fix or finding.policy.fix
    if "\n" in text:
        # A fence is one only at the start of a line.
        return f"\n\n{_fenced(text)}"
    return _code(text) if text.endswith(";") else _text(text)


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"


def _fenced(text: str) -> str:
    return fenced("\n".join(printable(line) for line in text.split("\n")), "text")
