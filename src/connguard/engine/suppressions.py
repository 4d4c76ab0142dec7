# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suppression comments: `connguard: ignore PG001 reason` and Checkov's own skip comments."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import Generic, TypeVar

from connguard.engine.finding import Finding, Report, Suppressed
from connguard.engine.registry import find
from connguard.engine.text import Text
from connguard.policies.model.facts import IdleSuppression, Undecided
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Span, Subject
from connguard.policies.model.records import dataclass

T = TypeVar("T")

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
    places = {path: _Around(found, lambda one: one.covered) for path, found in directives.items()}
    undecided: dict[Origin, set[str]] = {}
    for gap in report.undecided:
        undecided.setdefault(gap.origin, set()).add(gap.policy_id)
    kept = []
    for finding in report.findings:
        place = places.get(finding.origin.path)
        directive = _covering(finding, place, undecided) if place is not None else None
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
    finding: Finding, directives: _Around[_Directive], undecided: Mapping[Origin, set[str]]
) -> _Directive | None:
    if finding.policy.id == UNSUPPRESSIBLE:
        return None
    ids = {finding.policy.id}
    if finding.policy.about is Undecided:
        # Ignoring PG001 also quiets the remark that PG001 could not be decided there.
        ids |= undecided.get(finding.origin, set())
    covering = None
    for directive in directives.at(finding.origin.line):
        if directive.policy_id in ids:
            directive.used = True
            covering = covering or directive
    return covering


class _Around(Generic[T]):
    """Things that cover lines, found by a line without looking at all of them."""

    def __init__(self, items: Iterable[T], lines_of: Callable[[T], Span]) -> None:
        placed = sorted(
            ((lines_of(item), number, item) for number, item in enumerate(items)),
            key=lambda one: (one[0].first, one[1]),
        )
        self._placed = placed
        self._firsts = [span.first for span, _, _ in placed]
        # The last line that this one or one before it covers.
        self._reach = list(accumulate((span.last for span, _, _ in placed), max))

    def at(self, line: int) -> list[T]:
        """Those that cover a line, in the order in which they were given."""
        found = []
        index = bisect_right(self._firsts, line) - 1
        while index >= 0 and self._reach[index] >= line:
            span, number, item = self._placed[index]
            if span.last >= line:
                found.append((number, item))
            index -= 1
        return [item for _, item in sorted(found, key=lambda one: one[0])]


def _directives(note: Notes, text: Text, problems: list[IdleSuppression]) -> Iterable[_Directive]:
    own_lines = {
        line
        for comment in note.comments
        if comment.own_line
        for line in range(comment.line, _last_line(comment) + 1)
    }
    targets = _Targets(note.spans, own_lines, text)
    for comment in note.comments:
        for match, is_checkov in _matches(comment):
            start = text.offset(comment.line, comment.column)
            origin = text.origin(start, text.offset(comment.line) + len(text.line(comment.line)))
            reason = " ".join((match["reason"] or "").split()).strip(" :-—*")
            covered = targets.of(comment)
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


class _Targets:
    """The lines that comments cover.

    A comment beside code covers the statement or block that starts there, a comment on a line of
    its own the one that starts on the next line of code. Elsewhere it covers the innermost
    statement or block around it.
    """

    def __init__(self, spans: Iterable[Span], own_lines: set[int], text: Text) -> None:
        self._around = _Around(spans, lambda span: span)
        self._starting: dict[int, Span] = {}
        for span in spans:
            known = self._starting.get(span.first)
            if known is None or span.last > known.last:
                self._starting[span.first] = span
        self._own_lines = own_lines
        self._text = text
        self._code: dict[int, int] = {}

    def of(self, comment: Comment) -> Span:
        line = self._code_after(comment) if comment.own_line else comment.line
        starting = self._starting.get(line)
        if starting is not None:
            return starting
        around = self._around.at(comment.line)
        if around:
            return min(around, key=lambda span: span.last - span.first)
        return Span(comment.line, line)

    def _code_after(self, comment: Comment) -> int:
        """The first line after a comment that is neither empty nor part of another comment."""
        line = _last_line(comment) + 1
        passed = []
        while line not in self._code and line < self._text.line_count:
            if line not in self._own_lines and self._text.line(line).strip():
                break
            passed.append(line)
            line += 1
        line = self._code.get(line, line)
        self._code.update(dict.fromkeys(passed, line))
        return line
