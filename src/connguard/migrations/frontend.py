# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end for SQL migrations: finds histories and replays them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connguard.migrations.histories import histories
from connguard.migrations.names import other_product
from connguard.policies.model.reading import Reading
from connguard.reading import Context, SourceFile
from connguard.sql_rules.replay import replay


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """Replay every history among the files; each is one database of its own."""
    reading = Reading()
    kept = list(_postgresql_only(files, reading))
    for history in histories(kept, context):
        reading.extend(replay(history.scripts))
        reading.files |= history.files
        reading.subjects.extend(history.subjects)
        reading.notes.extend(history.notes)
        reading.log.append(history.describe())
    return reading


def _postgresql_only(files: Iterable[SourceFile], reading: Reading) -> Iterator[SourceFile]:
    for file in files:
        product = other_product(file.name)
        if product:
            reading.log.append(f"{file.name}: for {product}, not PostgreSQL; left out")
        else:
            yield file
