# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the line of pg_hba.conf that a server's image writes with a method that it is given."""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.hba_coverage import cover_each
from connguard.policies.model.hba_facts import Dialect, EffectiveRule, InvalidRule
from connguard.policies.model.origin import Origin
from connguard.postgres.hba_lines import line_at
from connguard.postgres.hba_reader import (
    DEFAULT_VERSION,
    NEWEST_VERSION,
    OLDEST_VERSION,
    read_hba_lines,
)


def facts_of_method(method: str, origin: Origin, version: int | None) -> Iterator[object]:
    """The facts of `host all all all <method>`, all of it at the place of the method."""
    read_as = min(max(version or DEFAULT_VERSION, OLDEST_VERSION), NEWEST_VERSION)
    lines = [line_at(line, origin) for line in f"host all all all {method}".split("\n")]
    found = read_hba_lines(origin.path, lines, read_as, origin)
    for problem in found.problems:
        yield InvalidRule(problem.reason, problem.origin)
    for reach in cover_each(found.rules).reaches:
        if not reach.rule.is_gap:
            yield EffectiveRule(
                reach.rule, reach, Dialect.POSTGRESQL, read_as, is_written_by_image=True
            )
