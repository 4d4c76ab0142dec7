# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG108: a pooler may open more files than its limit."""

from __future__ import annotations

from connguard.policies.model.amount import related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import PoolerUsage
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG108",
    name="pooler-file-descriptors",
    severity=Severity.ERROR,
    about=PoolerUsage,
    condition=(
        "The pooler's limit of open files is less than its own start-up estimate: max_client_conn"
        " + 12 + pool_size for every database and user."
    ),
    effect=(
        "PgBouncer starts, and logs the numbers only. At the limit new clients hang, and not even"
        " server connections can be opened."
    ),
    fix="Raise LimitNOFILE or ulimits.nofile, or lower max_client_conn.",
    prevents=(Failure.REFUSED, Failure.TIMEOUT),
    references=("https://www.pgbouncer.org/config.html",),
)


def decide(pooler: PoolerUsage) -> Verdict:
    files = pooler.open_files
    if files is None or pooler.expected_files.low <= files.high:
        return PASS
    where = files.origin or pooler.origin
    numbers = (pooler.max_client_conn, pooler.default_pool_size)
    return fail(
        f"{pooler.name} may have {files} files open, and expects to need {pooler.expected_files}",
        where,
        related=tuple(one for one in related(numbers) if one.origin != where),
        fix=f"allow {pooler.expected_files.high} open files or more",
    )
