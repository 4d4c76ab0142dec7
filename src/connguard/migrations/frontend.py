# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end for SQL migrations: finds histories and replays them."""

from __future__ import annotations

from collections.abc import Sequence

from connguard.engine.reading import Context, SourceFile
from connguard.engine.workers import Lost, run_all
from connguard.migrations.histories import histories
from connguard.migrations.history import History
from connguard.migrations.pool import Pool
from connguard.migrations.poolers import note_poolers
from connguard.migrations.products import product_of_all
from connguard.policies.model.reading import Reading
from connguard.sql_rules import isolation
from connguard.sql_rules.replay import replay


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Replay every history among the files; each is one database of its own."""
    reading = Reading()
    pool = Pool(files, context)
    found: list[History] = []
    for history in histories(pool):
        chunks = (chunk.text for script in history.scripts for chunk in script.chunks)
        product = product_of_all(chunks)
        if product:
            reading.log.append(f"{history.describe()}; for {product}, not PostgreSQL; left out")
            continue
        found.append(history)
        reading.log.append(history.describe())
    for history, replayed in zip(found, replay_all(found, context), strict=True):
        if isinstance(replayed, Lost):
            context.unreadable.append((history.root, f"the migrations there: {replayed.reason}"))
        else:
            reading.extend(replayed)
        context.histories.append(history.scripts)
        reading.files |= history.files
        reading.subjects.extend(history.subjects)
        reading.notes.extend(history.notes)
    note_poolers(reading, context)
    reading.log.extend(pool.log)
    return reading


def replay_all(found: Sequence[History], context: Context) -> Sequence[Reading | Lost]:
    """What each history leaves behind, in several processes when there is much to read.

    A history whose process died is replayed once more, with each of its texts parsed apart.
    """
    jobs = context.settings.jobs
    costs = [_size(history) for history in found]

    def done(count: int) -> None:
        context.progress(f"replaying migrations: {count} of {len(found)} databases")

    replayed = run_all(_replay, found, jobs=jobs, costs=costs, done=done)
    lost = [index for index, one in enumerate(replayed) if isinstance(one, Lost)]
    again = run_all(_replay_carefully, [found[index] for index in lost], jobs=2, apart=True)
    for index, result in zip(lost, again, strict=True):
        replayed[index] = result
    return replayed


def _size(history: History) -> int:
    return sum(len(chunk.text) for script in history.scripts for chunk in script.chunks)


def _replay(history: History) -> Reading:
    return replay(history.scripts)


def _replay_carefully(history: History) -> Reading:
    isolation.careful = True
    return replay(history.scripts)
