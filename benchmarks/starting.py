# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start-up: one small file, beside the import of PostgreSQL's parser."""

from __future__ import annotations

import sys

from benchmarks.measure import Command, connguard, side_by_side
from benchmarks.options import Options
from benchmarks.table import Promise, Result, rows_of

NAME = "start-up"


def measure(options: Options) -> Result:
    folder = options.scratch
    (folder / "V1__roles.sql").write_text("CREATE ROLE app LOGIN CONNECTION LIMIT 20;\n")
    parser = Command(
        'python -c "import pglast.parser"',
        (sys.executable, "-c", "import pglast.parser"),
        folder,
    )
    scan = connguard("scan", "V1__roles.sql", label="connguard scan, one file", folder=folder)
    measured = side_by_side([parser, scan], max(7, options.rounds))
    ratio = measured[1].least_cpu / measured[0].least_cpu
    return Result(
        NAME,
        "Start-up",
        rows_of(measured),
        [Promise("CPU time of the scan / import of the parser", ratio, 2.0)],
    )
