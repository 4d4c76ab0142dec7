# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An explanation for people."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping

from connguard.engine.symptom_pages import diagram
from connguard.explaining.explanation import Explained, Explanation
from connguard.explaining.lines import Guilty, Lines
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.reporters.plain import line_start, printable
from connguard.reporters.style import Style

_WIDTH = 88
_PLAIN = lazily(r"[A-Za-z0-9_.:]{1,255}|[A-Za-z0-9_.:][A-Za-z0-9_.:-]{1,254}")
_OTHERS = 5
"""Findings about other roles that are listed before the rest is counted."""


def render(explanation: Explanation, *, colour: bool = False) -> str:
    style = Style(colour)
    lines = _candidates(explanation, style) if explanation.code else _symptoms(explanation, style)
    return "".join(f"{line}\n" for line in lines)


def _symptoms(explanation: Explanation, style: Style) -> Iterator[str]:
    first, *more = explanation.symptoms
    yield from _whole(first, style)
    for other in more:
        yield ""
        symptom = other.recognised.symptom
        yield f"{style.paint('bold', 'Also here')}: {symptom.title} (line {other.recognised.line})"
        yield f"  {symptom.nearness.value}; connguard explain {symptom.id}"
    yield from _here(explanation, style)
    yield from _references(first)


def _whole(explained: Explained, style: Style) -> Iterator[str]:
    recognised = explained.recognised
    symptom = recognised.symptom
    yield style.paint("bold", symptom.title)
    if recognised.wording is not None:
        said = f"line {recognised.line}, {recognised.wording.by}: {printable(explained.quote)}"
        yield from _wrapped(said)
    if recognised.values:
        named = (f"{name} {printable(value)}" for name, value in recognised.values.items())
        yield from _wrapped(f"names {', '.join(named)}".replace("hba_line", "pg_hba.conf line"))
    yield ""
    for line in diagram(symptom):
        yield style.paint("error", line) if "FAILS HERE" in line else line
    for heading, text in (("Proves", symptom.proves), ("Rules out", symptom.rules_out)):
        yield from _heading(heading, style)
        yield from _wrapped(text)
    yield from _heading("Causes, the likely ones first", style)
    for number, cause in enumerate(symptom.causes, 1):
        yield from _item(f"{number}.", cause.text + " (outside of the repository)" * cause.outside)
    yield from _heading("Look, without changing anything", style)
    for check in symptom.triage:
        yield from _item("-", check.tells)
        yield f"      {filled_in(check.run, recognised.values)}"
    yield from _heading("What not to do", style)
    for text in symptom.avoid:
        yield from _item("-", text)
    if symptom.policies:
        yield from _heading("Prevented by", style)
        yield from _wrapped(", ".join(symptom.policies))


def filled_in(run: str, values: Mapping[str, str]) -> str:
    """A command with the names of the message in place of ROLE, DATABASE, HOST, PORT, CLIENT.

    Only what needs no quoting anywhere is filled in.
    """
    named = {name.upper(): value for name, value in values.items() if _PLAIN.fullmatch(value)}
    return re.sub(
        r"\b(?:ROLE|DATABASE|HOST|PORT|CLIENT)\b", lambda word: named.get(word[0], word[0]), run
    )


def _candidates(explanation: Explanation, style: Style) -> Iterator[str]:
    yield style.paint(
        "bold", f"{explanation.code} alone can mean {len(explanation.symptoms)} things"
    )
    for explained in explanation.symptoms:
        symptom = explained.recognised.symptom
        yield ""
        yield f"{style.paint('bold', symptom.title)} ({symptom.layer.value})"
        where = next(one.where for one in symptom.codes if one.value == explanation.code)
        if where:
            yield from _item("code from", where)
        said = [" ".join(one.anchor.split()) for one in symptom.wordings]
        yield from _item("told by", f"the text: {'; '.join(dict.fromkeys(said[:3]))}")
        yield from _item("proves", symptom.proves)
        yield f"  connguard explain {symptom.id}"
    yield from _here(explanation, style)


def _here(explanation: Explanation, style: Style) -> Iterator[str]:
    repository = explanation.repository
    if repository is None:
        return
    seen: set[tuple[object, ...]] = set()
    shown = [line for one in explanation.symptoms for line in _lines(one, seen, style)]
    if explanation.lines_found:
        yield from _heading("Lines here that can cause it", style)
        yield from shown
        return
    yield from _heading("Here", style)
    files = repository.report.files
    yield from _wrapped(
        f"Nothing in {files} {'file' if files == 1 else 'files'} explains it."
        if files
        else "Nothing to scan was found."
    )
    yield from shown
    if explanation.outside:
        yield from _wrapped("What lies outside of the repository:")
        for cause in explanation.outside:
            yield from _item("-", cause.text)


def _lines(explained: Explained, seen: set[tuple[object, ...]], style: Style) -> Iterator[str]:
    lines = explained.lines or Lines()
    for line in lines.deciding:
        if _new(seen, line.origin, line.message):
            doubt = "" if line.certain else " (perhaps)"
            yield f"  {_place(line.origin)}: {printable(line.message)}{doubt}"
    for guilty in lines.guilty:
        if _new(seen, guilty.finding.origin, guilty.finding.policy.id, guilty.finding.message):
            yield f"  {_guilty(guilty, style)}"
            yield from _item("  fix:", printable(guilty.finding.fix))
    gaps = [gap for gap in lines.undecided if _new(seen, gap.origin, gap.policy_id)]
    if gaps:
        yield "  could be, undecided:"
        for gap in gaps:
            yield f"    {_place(gap.origin)}: {gap.policy_id} {printable(gap.reason)}"
    others = [one for one in lines.others if _new(seen, one.finding.origin, one.finding.policy.id)]
    if others:
        yield "  other findings of these policies, about other roles or databases:"
        for one in others[:_OTHERS]:
            yield f"    {_guilty(one, style)}"
        if len(others) > _OTHERS:
            yield f"    and {len(others) - _OTHERS} more (--format json lists them)"


def _new(seen: set[tuple[object, ...]], *key: object) -> bool:
    fresh = key not in seen
    seen.add(key)
    return fresh


def _guilty(guilty: Guilty, style: Style) -> str:
    finding = guilty.finding
    severity = style.severity(finding.severity, finding.severity.value)
    accepted = f" (accepted: {printable(guilty.accepted)})" if guilty.accepted else ""
    return (
        f"{_place(finding.origin)}: {severity} {finding.policy.id}[{finding.policy.name}]"
        f" {printable(finding.message)}{accepted}"
    )


def policy_lines_text(lines: Lines, files: int) -> str:
    """The findings of one policy that was asked about by its id."""
    style = Style(False)
    shown = [f"  {_guilty(one, style)}" for one in (*lines.guilty, *lines.others)]
    shown += [
        f"  {_place(gap.origin)}: undecided: {printable(gap.reason)}" for gap in lines.undecided
    ]
    if not shown:
        shown = [f"  none in {files} {'file' if files == 1 else 'files'}"]
    return "".join(f"{line}\n" for line in ("\nHere", *shown))


def _references(explained: Explained) -> Iterator[str]:
    yield "\nReferences"
    yield from (f"  {url}" for url in explained.recognised.symptom.references)


def _heading(text: str, style: Style) -> Iterator[str]:
    yield ""
    yield style.paint("bold", text)


def _wrapped(text: str) -> Iterable[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False
    )


def _item(mark: str, text: str) -> Iterable[str]:
    indent = " " * (len(mark) + 3)
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"  {mark} ",
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _place(origin: Origin) -> str:
    return f"{line_start(origin.path)}:{origin.line}:{origin.column}"
