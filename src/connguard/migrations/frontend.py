# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end for SQL migrations: finds histories and replays them."""

from __future__ import annotations

from collections.abc import Sequence

from connguard.engine.reading import Context, SourceFile
from connguard.migrations.histories import histories
from connguard.migrations.pool import Pool
from connguard.migrations.poolers import note_poolers
from connguard.migrations.products import product_of_all
from connguard.policies.model.reading import Reading
from connguard.sql_rules.replay import replay


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Replay every history among the files; each is one database of its own."""
    reading = Reading()
    pool = Pool(files, context)
    for history in histories(pool):
        chunks = (chunk.text for script in history.scripts for chunk in script.chunks)
        product = product_of_all(chunks)
        if product:
            reading.log.append(f"{history.describe()}; for {product}, not PostgreSQL; left out")
            continue
        reading.extend(replay(history.scripts))
        context.histories.append(history.scripts)
        reading.files |= history.files
        reading.subjects.extend(history.subjects)
        reading.notes.extend(history.notes)
        reading.log.append(history.describe())
    note_poolers(reading, context)
    reading.log.extend(pool.log)
    return reading
