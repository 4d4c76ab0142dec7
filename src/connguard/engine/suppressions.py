# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suppression comments: `connguard: ignore PG001 reason` and Checkov's own skip comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from connguard.engine.finding import Finding, Report, Suppressed
from connguard.engine.registry import find
from connguard.engine.text import Text
from connguard.policies.model.facts import IdleSuppression, Undecided
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Span, Subject
from connguard.policies.model.records import dataclass

_OWN = lazily(r"connguard:\s*ignore\b\s*(?P<ids>[\w-]+(?:\s*,\s*[\w-]+)*)?(?P<reason>.*)", re.S)
_CHECKOV = lazily(r"checkov:skip=(?P<ids>[\w*-]+(?:\s*,\s*[\w*-]+)*)(?::(?P<reason>.*))?")
_LINE_END = lazily(r"\r\n|\n|\r")
_CHECKOV_PREFIX = "CKV_CUSTOM_PG_"

UNSUPPRESSIBLE = "PG903"


@dataclass(slots=True)
class _Directive:
    """One id in one comment: which lines it covers, and whether it did anything."""

    policy_id: str
    reason: str
    origin: Origin
    covered: Span
    used: bool = False


def apply(
    report: Report, notes: Iterable[Notes], texts: Mapping[str, Text], judged: frozenset[str]
) -> list[Subject]:
    """Move suppressed findings to `report.suppressed`.

    Returns what is wrong with the comments themselves as subjects for PG903. An unused comment is
    only reported for a policy that was judged in this run (`judged`: their ids).
    """
    problems: list[IdleSuppression] = []
    directives: dict[str, list[_Directive]] = {}
    for note in notes:
        text = texts.get(note.path)
        if text is not None:
            directives.setdefault(note.path, []).extend(_directives(note, text, problems))
    kept = []
    for finding in report.findings:
        directive = _covering(finding, directives.get(finding.origin.path, ()), report)
        if directive is None:
            kept.append(finding)
        else:
            report.suppressed.append(Suppressed(finding, directive.reason, directive.origin))
    report.findings[:] = kept
    for found in directives.values():
        problems.extend(
            IdleSuppression(
                f"the suppression of {directive.policy_id} suppresses nothing", directive.origin
            )
            for directive in found
            if not directive.used and directive.policy_id in judged
        )
    return [Subject((problem,)) for problem in problems]


def _covering(
    finding: Finding, directives: Iterable[_Directive], report: Report
) -> _Directive | None:
    if finding.policy.id == UNSUPPRESSIBLE:
        return None
    ids = {finding.policy.id} | _undecided_ids(finding, report.undecided)
    covering = None
    for directive in directives:
        lines = directive.covered
        if directive.policy_id in ids and lines.first <= finding.origin.line <= lines.last:
            directive.used = True
            covering = covering or directive
    return covering


def _undecided_ids(finding: Finding, gaps: Iterable[Undecided]) -> set[str]:
    """Ignoring PG001 also quiets the remark that PG001 could not be decided there."""
    if finding.policy.about is not Undecided:
        return set()
    return {gap.policy_id for gap in gaps if gap.origin == finding.origin}


def _directives(note: Notes, text: Text, problems: list[IdleSuppression]) -> Iterable[_Directive]:
    own_lines = {
        line
        for comment in note.comments
        if comment.own_line
        for line in range(comment.line, _last_line(comment) + 1)
    }
    for comment in note.comments:
        for match, is_checkov in _matches(comment):
            start = text.offset(comment.line, comment.column)
            origin = text.origin(start, text.offset(comment.line) + len(text.line(comment.line)))
            reason = " ".join((match["reason"] or "").split()).strip(" :-—*")
            covered = _target(comment, note.spans, own_lines, text)
            ids = [part.strip() for part in (match["ids"] or "").split(",")]
            for name in ids:
                if is_checkov and not name.upper().startswith(_CHECKOV_PREFIX):
                    continue
                registered = find(name) if name else None
                if registered is None:
                    problems.append(IdleSuppression(f'"{name}" is no known policy', origin))
                    continue
                if not reason:
                    problems.append(
                        IdleSuppression(
                            f"the suppression of {registered.id} gives no reason", origin
                        )
                    )
                    # Checkov takes a skip comment without a reason; the verdicts must agree.
                    if not is_checkov:
                        continue
                yield _Directive(registered.id, reason, origin, covered)


def _matches(comment: Comment) -> Iterable[tuple[re.Match[str], bool]]:
    if own := _OWN.search(comment.text):
        yield own, False
    for skip in _CHECKOV.finditer(comment.text):
        yield skip, True


def _last_line(comment: Comment) -> int:
    return comment.line + len(_LINE_END.findall(comment.text))


def _target(comment: Comment, spans: tuple[Span, ...], own_lines: set[int], text: Text) -> Span:
    """The lines that a comment covers.

    A comment beside code covers the statement or block that starts there, a comment on a line of
    its own the one that starts on the next line of code. Elsewhere it covers the innermost
    statement or block around it.
    """
    line = comment.line
    if comment.own_line:
        line = _last_line(comment) + 1
        while line < text.line_count and (line in own_lines or not text.line(line).strip()):
            line += 1
    starting = [span for span in spans if span.first == line]
    if starting:
        return max(starting, key=lambda span: span.last)
    around = [span for span in spans if span.first <= comment.line <= span.last]
    if around:
        return min(around, key=lambda span: span.last - span.first)
    return Span(comment.line, line)
