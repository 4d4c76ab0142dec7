# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real migrations, beside squawk and pgrubic."""

from __future__ import annotations

from benchmarks import corpora
from benchmarks.measure import Command, connguard, side_by_side
from benchmarks.options import Options
from benchmarks.table import Promise, Result, rows_of

NAME = "migrations"


def measure(options: Options) -> Result:
    """The same files for all; squawk takes their names, pgrubic and connguard the folder."""
    folder = corpora.migrations(options.sql, options.corpora)
    files = corpora.suffixed(folder, ".sql")
    result = Result(NAME, f"{len(files):,} migration files")
    commands = [connguard("scan", ".", folder=folder)]
    squawk, pgrubic = options.tool("squawk"), options.tool("pgrubic")
    if squawk:
        commands.append(Command("squawk", (squawk, *files), folder))
    if pgrubic:
        arguments = (pgrubic, "lint", "--workers", "2", ".")
        commands.append(Command("pgrubic", arguments, folder))
    measured = side_by_side(commands, options.rounds)
    result.rows = rows_of(measured)
    by_label = {one.label: one for one in measured}
    ours = measured[0].wall
    for label, most in (("squawk", 1.0), ("pgrubic", 1 / 50)):
        if label in by_label:
            ratio = ours / by_label[label].wall
            result.promises.append(Promise(f"wall time / {label}", ratio, most))
        else:
            result.notes.append(f"{label} is not installed.")
    return result
