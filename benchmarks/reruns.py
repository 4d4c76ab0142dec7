# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second run over a tree that has not changed, with the cache of the first."""

from __future__ import annotations

import os
import sys

from benchmarks.growth_inputs import migrations
from benchmarks.measure import Command, Measured, run
from benchmarks.options import Options
from benchmarks.table import Promise, Result, rows_of

NAME = "cache"
FILES = 14_000
FILES_SHORT = 4_000
"""Of fewer, the start of Python takes a fifth of the first run."""


def measure(options: Options) -> Result:
    size = FILES_SHORT if options.short else FILES
    tree, cache = options.scratch / "tree", options.scratch / "cache"
    tree.mkdir()
    migrations(tree, size)
    words = ("scan", ".", "--cache-dir", str(cache), "--output", os.devnull)
    command = Command("scan", (sys.executable, "-m", "connguard", *words), tree)
    first = Measured("first run", [run(command)])
    again = Measured("run on the same tree", [run(command) for _ in range(max(3, options.rounds))])
    promises = [Promise("CPU time of the second run / first run", again.least_cpu / first.cpu, 0.2)]
    if not options.short:
        promises.append(Promise("wall time of the second run in s", again.wall, 0.3))
    return Result(NAME, f"{size:,} SQL files, unchanged", rows_of([first, again]), promises)
