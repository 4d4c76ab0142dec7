# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end for SQL migrations: finds histories and replays them."""

from __future__ import annotations

from collections.abc import Sequence

from connguard.engine.reading import Context, SourceFile
from connguard.engine.workers import Lost
from connguard.migrations.histories import histories
from connguard.migrations.history import History
from connguard.migrations.pool import Pool
from connguard.migrations.poolers import note_poolers
from connguard.migrations.products import product_of_all
from connguard.policies.model.reading import Reading


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
    for history, replayed in zip(found, _replayed(found, context), strict=True):
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


def _replayed(found: Sequence[History], context: Context) -> Sequence[Reading | Lost]:
    """What each history leaves behind. Few files that may hold SQL, such as YAML, do hold any."""
    if not found:
        return ()
    from connguard.migrations.replaying import replay_all

    return replay_all(found, context)
