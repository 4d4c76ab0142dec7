# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start-up: one small file of each kind, beside the import of PostgreSQL's parser."""

from __future__ import annotations

import sys

from benchmarks.measure import Command, connguard, side_by_side
from benchmarks.options import Options
from benchmarks.table import Promise, Result, rows_of

NAME = "start-up"


FILES = {
    "V1__roles.sql": "CREATE ROLE app LOGIN CONNECTION LIMIT 20;\n",
    "pg_hba.conf": "hostssl app app 10.0.0.0/8 scram-sha-256\n",
    "pgbouncer.ini": "[databases]\napp = host=db\n[pgbouncer]\ndefault_pool_size = 20\n",
    "compose.yaml": "services:\n  db:\n    image: postgres:17\n",
    "main.tf": 'resource "postgresql_role" "app" {\n  name = "app"\n  connection_limit = 20\n}\n',
}
PROMISED = "V1__roles.sql"


def measure(options: Options) -> Result:
    folder = options.scratch
    parser = Command(
        'python -c "import pglast.parser"',
        (sys.executable, "-c", "import pglast.parser"),
        folder,
    )
    commands = [parser]
    for name, text in FILES.items():
        (folder / name).write_text(text)
        commands.append(connguard("scan", name, label=f"connguard scan {name}", folder=folder))
    measured = side_by_side(commands, max(7, options.rounds))
    scan = measured[1 + list(FILES).index(PROMISED)]
    return Result(
        NAME,
        "Start-up",
        rows_of(measured),
        [
            Promise(
                "CPU time of the scan / import of the parser",
                scan.least_cpu / measured[0].least_cpu,
                2.0,
            )
        ],
    )
