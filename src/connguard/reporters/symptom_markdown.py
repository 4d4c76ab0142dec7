# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An explanation as Markdown, for a ticket or a runbook."""

from __future__ import annotations

from collections.abc import Iterator

from connguard.engine.policy_pages import prose
from connguard.engine.symptom_pages import markdown
from connguard.explaining.explanation import Explained, Explanation
from connguard.explaining.lines import Guilty, Lines
from connguard.policies.model.origin import Origin
from connguard.reporters.plain import printable

_PAGES = "docs/policies/"


def render(explanation: Explanation) -> str:
    if explanation.code:
        parts = [f"# {explanation.code}", *map(_candidate, explanation.symptoms)]
    else:
        first, *more = explanation.symptoms
        parts = [markdown(first.recognised.symptom, _PAGES).rstrip()]
        if more:
            parts += ["## Also in this text", "\n".join(map(_also, more))]
    if explanation.repository is not None:
        parts += ["## Lines here that can cause it", "\n".join(_here(explanation))]
    return "\n\n".join(parts) + "\n"


def _candidate(explained: Explained) -> str:
    symptom = explained.recognised.symptom
    return f"- **{prose(symptom.title)}** (`{symptom.id}`): {prose(symptom.proves)}"


def _also(explained: Explained) -> str:
    symptom = explained.recognised.symptom
    return f"- {prose(symptom.title)} (`{symptom.id}`): {symptom.nearness.value}"


def _here(explanation: Explanation) -> Iterator[str]:
    shown = list(
        dict.fromkeys(line for one in explanation.symptoms for line in _lines(one.lines or Lines()))
    )
    if not explanation.lines_found:
        yield "Nothing in the repository explains it."
        yield from (f"- outside: {prose(cause.text)}" for cause in explanation.outside)
    yield from shown


def _lines(lines: Lines) -> Iterator[str]:
    for line in lines.deciding:
        doubt = "" if line.certain else " (perhaps)"
        yield f"- {_place(line.origin)}: {prose(printable(line.message))}{doubt}"
    yield from (f"- {_guilty(one)}" for one in lines.guilty)
    for gap in lines.undecided:
        yield f"- {_place(gap.origin)}: could be, undecided: {prose(printable(gap.reason))}"
    yield from (f"- other: {_guilty(one)}" for one in lines.others)


def _guilty(guilty: Guilty) -> str:
    finding = guilty.finding
    accepted = f" (accepted: {prose(printable(guilty.accepted))})" if guilty.accepted else ""
    return (
        f"{_place(finding.origin)}: {finding.severity.value} [{finding.policy.id}]"
        f"({_PAGES}{finding.policy.id}.md) {prose(printable(finding.message))}{accepted}"
    )


def _place(origin: Origin) -> str:
    return f"`{printable(origin.path)}:{origin.line}`"
