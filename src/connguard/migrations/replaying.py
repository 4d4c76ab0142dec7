# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays histories, in several processes where that pays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from connguard.engine.limits import Limits
from connguard.engine.reading import Context
from connguard.engine.workers import Lost, run_all
from connguard.migrations.history import History
from connguard.migrations.overview import overviews
from connguard.policies.model.reading import Reading
from connguard.sql_rules import isolation
from connguard.sql_rules.replay import replay


def replay_all(found: Sequence[History], context: Context) -> Sequence[Reading | Lost]:
    """What each history leaves behind, in several processes when there is much to read.

    A history whose process died is replayed once more, with each of its texts parsed apart.
    """
    jobs = context.settings.jobs
    costs = [_size(history) for history in found]

    def done(count: int) -> None:
        context.progress(f"replaying migrations: {count} of {len(found)} databases")

    limits = context.settings.limits
    apart = bool(overviews(context).dangerous)
    replayed = run_all(
        partial(_replay, limits), found, jobs=jobs, costs=costs, done=done, apart=apart
    )
    lost = [index for index, one in enumerate(replayed) if isinstance(one, Lost)]
    left = [found[index] for index in lost]
    again = run_all(partial(_replay_carefully, limits), left, jobs=2, apart=True)
    for index, result in zip(lost, again, strict=True):
        replayed[index] = result
    return replayed


def _size(history: History) -> int:
    """How much there is to read, in characters: what is known to do nothing is not read again."""
    return sum(
        len(chunk.text)
        for script in history.scripts
        for chunk in script.chunks
        if chunk.outline is None or not chunk.outline.is_idle
    )


def _replay(limits: Limits, history: History) -> Reading:
    return replay(history.scripts, limits.statement_size, limits.unparsed_statements)


def _replay_carefully(limits: Limits, history: History) -> Reading:
    with isolation.with_care():
        return _replay(limits, history)
