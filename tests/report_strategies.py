# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypothesis strategies for reports of any content."""

from __future__ import annotations

from hypothesis import strategies as st

from connguard.engine.finding import Failed, Finding, Report, Suppressed
from connguard.engine.registry import policies
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed, Undecided
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.verdict import Severity

NASTY = (
    "\x1b[2J\x1b]8;;http://example.org\x07",
    "\r::error::forged",
    "\n::stop-commands::x",
    "##[error]forged",
    "##vso[task.setvariable variable=a]b",
    "100%0A,title=x:y",
    "\u202e\u2066reversed",
    "\u2028\u2029\x85\x0b\x0c\x1c",
    "\udcff\ud800",
    "\x00\x7f\x9b31m",
    "[link](http://example.org) [1](2)",
    "日本語\t\té",
    "PASSWORD 'hunter2' postgres://u:pw@h/",
    "…" * 100 + "x" * 300,
    "",
)

strings = st.lists(st.sampled_from(NASTY) | st.text(max_size=3), max_size=3).map("".join)

paths = st.one_of(
    st.sampled_from(["a.sql", "dir/b c.tf", "/abs/ü.sql", "::error::x.sql", "%41#?.sql", "C:x"]),
    strings,
)


@st.composite
def origins(draw: st.DrawFn) -> Origin:
    """Places in one of the files, outside every file, and of every size."""
    line, column = draw(st.integers(1, 8)), draw(st.integers(1, 400))
    end_line = line + draw(st.integers(0, 12))
    end_column = draw(st.integers(column if end_line == line else 1, 500))
    return Origin(draw(paths), line, column, end_line, end_column)


_policies = st.sampled_from([registered.policy for registered in policies()])

_findings = st.builds(
    Finding,
    policy=_policies,
    severity=st.sampled_from(Severity),
    message=strings,
    origin=origins(),
    related=st.lists(st.builds(Related, strings, origins()), max_size=6).map(tuple),
    fix=strings,
    fingerprint=st.sampled_from(["", "0123456789abcdef"]),
)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    report = Report(
        findings=draw(st.lists(_findings, max_size=4)),
        suppressed=draw(
            st.lists(st.builds(Suppressed, _findings, strings, st.none() | origins()), max_size=2)
        ),
        undecided=draw(
            st.lists(
                st.builds(Undecided, _policies.map(lambda one: one.id), strings, origins()),
                max_size=2,
            )
        ),
        not_parsed=draw(st.lists(st.builds(NotParsed, strings, origins()), max_size=2)),
        failures=draw(st.lists(st.builds(Failed, paths, strings), max_size=2)),
        files=draw(st.integers(0, 3)),
    )
    places = [finding.origin for finding in report.findings]
    places += [related.origin for finding in report.findings for related in finding.related]
    report.texts = {
        place.path: Text(place.path, draw(st.lists(strings, max_size=9).map("\n".join)))
        for place in places
        if draw(st.booleans())
    }
    return report
