# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML page: findings with their source, filters, and the connection budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from connguard.engine.finding import Finding, Report
from connguard.policies.model.verdict import Severity
from connguard.reporters.excerpt import excerpt
from connguard.reporters.page_parts import page, safe, what_if
from connguard.reporters.style import Style
from connguard.reporters.text_report import summary


def render(
    report: Report, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    line = summary(report, Style(False))
    parts = [
        "<h1>connguard</h1>",
        f"<p>{safe(line)}</p>",
        *_failures(report),
        *_contents(report),
        *_filters(report),
        *_findings(report),
        *(
            f'<div id="budget-{number}">'
            f"{what_if(stack.topology, f'Connection budget of {stack.topology.origin.path}')}</div>"
            for number, (stack, _) in enumerate(report.budgets, 1)
        ),
        *_rest(report),
    ]
    return page(
        f"connguard: {line}",
        "\n".join(parts),
        styles=("report.css", "whatif.css"),
        scripts=("report.js", "whatif.js"),
    )


def _contents(report: Report) -> Iterator[str]:
    """Links to the budgets, which stand below the findings."""
    for number, (stack, budget) in enumerate(report.budgets, 1):
        yield (
            f'<p><a href="#budget-{number}">Connection budget of'
            f" {safe(stack.topology.origin.path)}</a>: {budget.standing.value}</p>"
        )


def _filters(report: Report) -> Iterator[str]:
    if not report.findings:
        return
    boxes = "".join(
        f'<label><input type="checkbox" name="severity" value="{severity.value}" checked>'
        f' <span class="{severity.value}">{count} {severity.value}{"" if count == 1 else "s"}'
        "</span></label>"
        for severity in reversed(Severity)
        if (count := report.count(severity))
    )
    names = {finding.policy.id: finding.policy.name for finding in report.findings}
    options = "".join(
        f'<option value="{identifier}">{identifier} {safe(name)}</option>'
        for identifier, name in sorted(names.items())
    )
    yield (
        f'<form id="filters" hidden>{boxes}'
        '<input type="search" name="text" placeholder="Search" aria-label="Search">'
        f'<select name="policy" aria-label="Policy"><option value="">All policies</option>{options}'
        '</select><span id="shown" class="soft" role="status"></span></form>'
    )


def _findings(report: Report) -> Iterator[str]:
    for path, group in groupby(report.findings, key=lambda finding: finding.origin.path):
        yield f'<section class="file"><h2>{safe(path)}</h2>'
        for finding in group:
            yield _finding(finding, report)
        yield "</section>"


def _finding(finding: Finding, report: Report) -> str:
    policy, origin = finding.policy, finding.origin
    severity = finding.severity.value
    text = None if finding.about_secret else report.texts.get(origin.path)
    # Without the line that names the place, and the empty one below it.
    lines = list(excerpt(text, origin, Style(False), severity, "^"))[2:]
    source = f"<pre>{_lines(lines)}</pre>" if lines else ""
    related = "".join(
        f"<li>{safe(place.message)} <code>{safe(str(place.origin))}</code></li>"
        for place in finding.related
    )
    references = " · ".join(
        f'<a href="{safe(url)}" rel="noreferrer">{safe(url.partition("://")[2].split("/")[0])}</a>'
        for url in policy.references
    )
    fix = finding.fix or policy.fix
    code = "\n" in fix or fix.endswith(";")
    shown = f"<code>{_lines(fix.split(chr(10)))}</code>" if code else safe(fix)
    return (
        f'<article class="finding" data-severity="{severity}" data-policy="{policy.id}">'
        f'<h3><span class="{severity}">{severity}</span> {policy.id} {safe(policy.name)}'
        f' <span class="soft">line {origin.line}</span></h3>'
        f"<p>{safe(finding.message)}</p>{source}"
        f"{f'<ul>{related}</ul>' if related else ''}"
        f"<p><b>Fix.</b> {shown}</p>"
        f"<details><summary>Why</summary><p>{safe(policy.effect)}</p>"
        f"<p>{safe(policy.condition)}</p><p>{references}</p></details></article>"
    )


def _failures(report: Report) -> Iterator[str]:
    if report.failures:
        listed = "".join(
            f"<li><code>{safe(failed.path)}</code> {safe(failed.reason)}</li>"
            for failed in report.failures
        )
        yield f'<h2 class="error">Inputs that failed</h2><ul>{listed}</ul>'


def _rest(report: Report) -> Iterator[str]:
    yield from _folded("not parsed", ((str(gap.origin), gap.reason) for gap in report.not_parsed))
    yield from _folded(
        "undecided",
        ((str(gap.origin), f"{gap.policy_id}: {gap.reason}") for gap in report.undecided),
    )
    yield from _folded(
        "suppressed",
        (
            (
                str(one.finding.origin),
                f"{one.finding.policy.id} {one.finding.message} ({one.reason})",
            )
            for one in report.suppressed
        ),
    )


def _folded(what: str, entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    listed = [f"<li><code>{safe(place)}</code> {safe(text)}</li>" for place, text in entries]
    if listed:
        yield (
            f"<details><summary>{len(listed)} {what}</summary><ul>{''.join(listed)}</ul></details>"
        )


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(safe(line) for line in lines)
