# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG306: a line that the server refuses."""

from __future__ import annotations

from connguard.policies.model.hba_facts import Dialect, InvalidRule
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG306",
    name="hba-invalid-line",
    severity=Severity.ERROR,
    about=InvalidRule,
    condition="PostgreSQL refuses the line, or PgBouncer skips it.",
    effect=(
        "One bad line makes PostgreSQL refuse the whole file: a server that starts stops with"
        ' "could not load pg_hba.conf", one that reloads goes on with its old rules, so that the'
        " change never happens. PgBouncer goes on without the line."
    ),
    fix="Mend the line; SELECT * FROM pg_hba_file_rules shows the error before a reload.",
    prevents=(Failure.REFUSED, Failure.NO_HBA_ENTRY),
    references=("https://www.postgresql.org/docs/current/view-pg-hba-file-rules.html",),
)


def decide(line: InvalidRule) -> Verdict:
    if line.dialect is Dialect.PGBOUNCER:
        return fail(f"PgBouncer skips this line: {line.reason}", line.origin)
    return fail(
        f"PostgreSQL refuses the whole file at this line: {line.reason}",
        line.origin,
    )
