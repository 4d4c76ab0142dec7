# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of `connguard doctor` for people: the layers, then what differs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from connguard.live.examination import Examination, Looked
from connguard.live.step import Layer, Status, Step
from connguard.reporters import text_report
from connguard.reporters.plain import printable
from connguard.reporters.style import Style

_WIDTH = 96
_MARKS = {
    Status.OK: ("ok", "good"),
    Status.WARNING: ("warning", "warning"),
    Status.FAILED: ("FAILED", "error"),
    Status.UNKNOWN: ("unknown", "warning"),
    Status.NOT_REACHED: ("not reached", "dim"),
}
_LAYER = max(len(layer.value) for layer in Layer)
_MARK = max(len(mark) for mark, _ in _MARKS.values())


def render(
    found: Examination, *, colour: bool = False, verbose: bool = False, quiet: bool = False
) -> str:
    style = Style(colour)
    lines: list[str] = []
    for looked in found.looked:
        lines.extend(_looked(looked, style, quiet=quiet))
    text = "".join(f"{line}\n" for line in lines)
    if found.report is None:
        return text + ("" if quiet else "No PATH was given: nothing was compared.\n")
    if not found.compared and not found.report.findings and not found.report.failures:
        failed = any(looked.failed for looked in found.looked)
        reason = "nothing was reached" if failed else "PATH holds nothing to compare with"
        return text + ("" if quiet else f"Nothing was compared: {reason}.\n")
    if found.unread and not quiet:
        text += f"Parts of the files that could not be read: {found.unread} (see connguard scan).\n"
    return text + text_report.render(found.report, colour=colour, verbose=verbose, quiet=quiet)


def _looked(looked: Looked, style: Style, *, quiet: bool) -> Iterator[str]:
    yield style.paint("bold", printable(looked.title))
    for step in looked.steps:
        yield from _step(step, style, quiet=quiet)
    if not quiet:
        yield ""


def _step(step: Step, style: Style, *, quiet: bool) -> Iterator[str]:
    word, paint = _MARKS[step.status]
    said = ": ".join(part for part in (printable(step.subject), printable(step.evidence)) if part)
    yield f"  {step.layer.value:{_LAYER}}  {style.paint(paint, f'{word:{_MARK}}')}  {said}".rstrip()
    if quiet:
        return
    indent = " " * (_LAYER + _MARK + 6)
    for detail in step.details:
        yield f"{indent}{printable(detail)}"
    if step.symptom:
        yield f"{indent}more: connguard explain {step.symptom}"
    if step.next:
        yield from textwrap.wrap(
            f"next: {printable(step.next)}",
            _WIDTH,
            initial_indent=indent,
            subsequent_indent=f"{indent}      ",
        )
