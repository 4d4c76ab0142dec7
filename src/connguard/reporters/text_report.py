# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for people: source excerpts with the place marked, or one line a finding."""

from __future__ import annotations

from collections.abc import Iterator

from connguard.engine.finding import Finding, Report
from connguard.policies.model.origin import Origin
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity
from connguard.reporters.excerpt import excerpt
from connguard.reporters.plain import line_start, printable
from connguard.reporters.style import WIDTH, Style

_EXCERPTS = 2
"""Related places up to which each is shown with its source; of more, one line each."""
_RELATED = 8
"""Related places shown without --verbose."""
_WIDTH = 80
"""Cells after which prose is broken, at most."""
_REPAIRED = frozenset({"PG001", "PG002", "PG004"})
"""What `connguard fix` writes a migration for, unless Terraform makes the role."""
_TERRAFORM = (".tf", ".tf.json")


def render(
    report: Report,
    *,
    colour: bool = False,
    verbose: bool = False,
    quiet: bool = False,
    width: int = WIDTH,
    hints: bool = False,
) -> str:
    """The report as text; `quiet` leaves one line a finding and no summary.

    `width` is that of the terminal in cells; `hints` adds what to run next. The reasons of failures
    and the log belong on standard error and are not repeated here.
    """
    style = Style(colour, width)
    # A pipe has no width: a headline is one line there, for grep.
    folded = max(40, min(width, 140)) if hints else None
    lines = [*(_brief(report, style) if quiet else _full(report, style, verbose, folded))]
    if hints and not quiet:
        lines.extend(style.paint("dim", line) for line in _hints(report))
    return "".join(f"{line}\n" for line in lines)


def _hints(report: Report) -> Iterator[str]:
    """The next command, for those who sit at a terminal."""
    if report.findings:
        worst = max(report.findings, key=lambda one: one.severity.rank)
        yield f"More about one of them: connguard explain {worst.policy.id}"
    repaired = sum(
        one.policy.id in _REPAIRED and not one.origin.path.endswith(_TERRAFORM)
        for one in report.findings
    )
    if repaired:
        yield f"A migration for {_plural(repaired, 'finding')} at most: connguard fix --dry-run"
    if report.gone:
        yield "To forget what is no longer found: connguard scan --write-baseline FILE"


def _brief(report: Report, style: Style) -> Iterator[str]:
    for finding in report.findings:
        yield f"{style.paint('bold', _place(finding.origin))}: {_headline(finding, style, ' ')}"


def _full(report: Report, style: Style, verbose: bool, folded: int | None) -> Iterator[str]:
    told: set[str] = set()
    for finding in report.findings:
        yield from _folded(_headline(finding, style, ": "), finding, folded)
        repeated = finding.policy.id in told
        yield from _finding(finding, report, style, verbose, folded, repeated=repeated)
        told.add(finding.policy.id)
        yield ""
    if verbose:
        for suppressed in report.suppressed:
            by = _place(suppressed.origin) if suppressed.origin else suppressed.kind
            yield style.paint(
                "dim",
                f"suppressed: {_place(suppressed.finding.origin)}"
                f" {_name(suppressed.finding)}: {printable(suppressed.reason)} ({by})",
            )
    yield summary(report, style)


def _finding(
    finding: Finding,
    report: Report,
    style: Style,
    verbose: bool,
    folded: int | None,
    *,
    repeated: bool,
) -> Iterator[str]:
    """`repeated`: the policy's own words stand above, at another of its findings."""
    origin = finding.origin
    text = None if finding.about_secret else report.texts.get(origin.path)
    yield from excerpt(text, origin, style, finding.severity.value, "^")
    label = style.paint("help", "related:")
    shown = finding.related if verbose else finding.related[-_RELATED:]
    if hidden := len(finding.related) - len(shown):
        yield f"  {label} {hidden} earlier places (--verbose shows them)"
    brief = len(finding.related) > _EXCERPTS and not verbose
    for related in shown:
        message = printable(related.message)
        origin = _first_line(related.origin)
        if brief:
            place = f"{_place(origin)}:"
            fits = folded is None or len(f"  related: {place} {message}") <= folded
            yield f"  {label} {place}{f' {message}' if fits else ''}"
            if not fits:
                yield f"           {message}"
            continue
        yield f"  {label} {message}"
        yield from excerpt(report.texts.get(origin.path), origin, style, "help", "-")
    # A fix written for this place may be code, and only prose may be broken.
    prose = finding.fix == finding.policy.fix
    if prose and repeated and not verbose:
        yield from _labelled("fix:", f"as for {finding.policy.id} above", style, wrap=False)
    elif finding.fix:
        code = "\n" in finding.fix or finding.fix.endswith((";", "}"))
        yield from _labelled("fix:", finding.fix, style, wrap=prose or not code)
    # Policies about the scan itself guard against everything: nothing to tell here.
    if 0 < len(finding.policy.prevents) < len(Failure) and (verbose or not repeated):
        yield from _labelled("prevents:", _prevented(finding.policy), style, wrap=False)


def _labelled(label: str, text: str, style: Style, *, wrap: bool) -> Iterator[str]:
    indent = " " * (len(label) + 3)
    room = min(_WIDTH, style.width) - len(indent)
    first, *more = (
        line_start(part)
        for line in text.split("\n")
        for part in (_wrapped(line, room) if wrap else [line]) or [""]
    )
    yield f"  {style.paint('help', label)} {first}"
    yield from (indent + line for line in more)


def _folded(headline: str, finding: Finding, width: int | None) -> Iterator[str]:
    """A headline that is broken between words where a terminal would break it anywhere."""
    if width is None:
        yield headline
        return
    bare = _headline(finding, Style(False), ": ")
    first, *more = _wrapped(bare, width, subsequent_indent="  ", break_long_words=False)
    # What is painted stands before the message; a terminal that is too narrow for it has none.
    painted = len(bare) - len(printable(finding.message))
    tail = bare[len(first) :]
    yield headline[: len(headline) - len(tail)] if len(first) >= painted - 1 else first
    yield from more


def _wrapped(
    line: str, width: int, *, subsequent_indent: str = "", break_long_words: bool = True
) -> list[str]:
    import textwrap  # fixes that are code are not wrapped

    return textwrap.wrap(
        line,
        width,
        subsequent_indent=subsequent_indent,
        break_on_hyphens=False,
        break_long_words=break_long_words,
    )


def _prevented(policy: Policy) -> str:
    first, *more = policy.prevents
    return f"{first.value}{f', and {len(more)} more' if more else ''}"


def _headline(finding: Finding, style: Style, separator: str) -> str:
    severity = style.severity(finding.severity, finding.severity.value)
    return (
        f"{severity} {style.paint('bold', _name(finding))}{separator}{printable(finding.message)}"
    )


def _name(finding: Finding) -> str:
    return f"{finding.policy.id}[{finding.policy.name}]"


def _first_line(origin: Origin) -> Origin:
    if origin.end_line == origin.line:
        return origin
    return Origin(origin.path, origin.line, origin.column, origin.line, 1_000_000)


def _place(origin: Origin) -> str:
    return f"{line_start(origin.path)}:{origin.line}:{origin.column}"


def summary(report: Report, style: Style) -> str:
    """How many findings there are, where, and what was left out: one line."""
    counts = [
        _plural(report.count(severity), severity.value)
        for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE)
        if report.count(severity)
    ]
    accepted = sum(one.kind == "baseline" for one in report.suppressed)
    rest = [
        f"{count} {what}"
        for count, what in (
            (accepted, "accepted"),
            (report.gone, "no longer found"),
            (len(report.suppressed) - accepted, "suppressed"),
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
    if report.compared:
        rest.insert(0, f"{report.compared.known} known")
        where += f", compared with {printable(report.compared.base)}"
        found = found.replace("No findings", "No new findings")
    beside = f" ({', '.join(rest)})" if rest else ""
    failed = f"; {_plural(len(report.failures), 'input')} failed" if report.failures else ""
    clean = report.files and not counts and not rest and not report.failures
    return style.paint("good" if clean else "bold", f"{found}{where}{beside}{failed}.")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
