# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One dump of 200 MB (a fifth of it in short): schema, rows of COPY and of INSERT, and roles."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import connguard, side_by_side
from benchmarks.options import Options
from benchmarks.table import Promise, Result, rows_of

NAME = "dump"
SIZE = 200_000_000
SIZE_SHORT = 40_000_000
ROW = "{}\tname of number {}\t2024-01-01 00:00:00+00\t{{1,2,3}}\tsome text that stands in a row\n"


def measure(options: Options) -> Result:
    folder = options.scratch
    size = _write(folder / "dump.sql", SIZE_SHORT if options.short else SIZE)
    (measured,) = side_by_side([connguard("scan", "dump.sql", folder=folder)], options.rounds)
    promise = Promise("memory / size of the dump", measured.memory / size, 1.5)
    return Result(NAME, f"A dump of {size / 1e6:.0f} MB", rows_of([measured]), [promise])


def _write(path: Path, size: int) -> int:
    with path.open("w") as out:
        table = 0
        while out.tell() < size:
            table += 1
            out.write(f"CREATE ROLE owner_{table} LOGIN CONNECTION LIMIT 5;\n")
            out.write(f"CREATE TABLE t{table} (id bigint, name text, at timestamptz);\n")
            out.write(f"COPY t{table} FROM stdin;\n")
            out.writelines(ROW.format(row, row) for row in range(200_000))
            out.write("\\.\n")
            out.writelines(
                f"INSERT INTO t{table} VALUES ({row}, 'name {row}', now());\n"
                for row in range(2_000)
            )
        return out.tell()
