# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays SQL texts and judges them: what the SQL tests compare."""

from __future__ import annotations

from textwrap import dedent

from connguard.engine.finding import Finding, Report
from connguard.engine.judge import Judge
from connguard.engine.registry import policies
from connguard.engine.text import Text
from connguard.policies.model.reading import Reading
from connguard.sql_rules.replay import replay
from connguard.sql_rules.script import Chunk, Direction, Script


def script(name: str, text: str, direction: Direction = Direction.UP, **variables: str) -> Script:
    return Script(name, (Chunk(text, Text(name, text).origin, direction),), variables)


def reading(*texts: str) -> Reading:
    """The reading of V1.sql, V2.sql …"""
    return replay([script(f"V{i}.sql", dedent(text)) for i, text in enumerate(texts, start=1)])


def judged(found: Reading) -> list[Finding]:
    report = Report()
    Judge(policies(), report).judge(found.subjects)
    assert report.failures == []
    return report.findings


def findings(*texts: str) -> list[Finding]:
    return judged(reading(*texts))


def ids(*texts: str) -> set[tuple[str, int, str]]:
    """File, line and policy of every finding."""
    return {(each.origin.path, each.origin.line, each.policy.id) for each in findings(*texts)}


def lines(text: str) -> set[tuple[int, str]]:
    """Line and policy of every finding in one script."""
    return {(line, policy) for _, line, policy in ids(text)}
