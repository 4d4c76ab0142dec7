# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG606: the server cannot load its pg_hba.conf."""

from __future__ import annotations

from connguard.policies.model.live_facts import LiveHbaError
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.verdict import Severity, Verdict, fail

POLICY = Policy(
    id="PG606",
    name="live-hba-error-drift",
    severity=Severity.ERROR,
    about=LiveHbaError,
    condition=(
        "A row of pg_hba_file_rules has an error: the server goes on with the rules that it"
        " loaded before, and does not start again with this file."
    ),
    effect=(
        "What stands in the file is not what holds, and the next restart, planned or not, fails."
    ),
    fix=("Mend the line on the server, look at pg_hba_file_rules again, and reload."),
    prevents=(
        Failure.NO_HBA_ENTRY,
        Failure.REFUSED,
    ),
    references=("https://www.postgresql.org/docs/current/view-pg-hba-file-rules.html",),
)


def decide(problem: LiveHbaError) -> Verdict:
    return fail(
        f"{problem.server} does not load {problem.file}: line {problem.line}: {problem.reason}",
        problem.seen,
    )
