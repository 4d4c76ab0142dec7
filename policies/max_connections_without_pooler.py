# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG106: a server takes very many connections, and nothing pools them."""

from __future__ import annotations

from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.server_size import ServerSize
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

MANY = 500
"""Above this, every connection being a process of its own costs more than a pooler would."""

POLICY = Policy(
    id="PG106",
    name="max-connections-without-pooler",
    severity=Severity.WARNING,
    about=ServerSize,
    condition=f"max_connections is more than {MANY}, and no pooler stands before the server.",
    effect=(
        "Every connection is a process with memory of its own, and every snapshot looks at all of"
        " them: under load the server gets slower with each connection, and can run out of memory."
    ),
    fix="Put a pooler such as PgBouncer before the server, and lower max_connections.",
    prevents=(Failure.SERVER_SLOTS, Failure.TIMEOUT),
    references=(
        "https://www.postgresql.org/docs/current/runtime-config-connection.html",
        "https://wiki.postgresql.org/wiki/Number_Of_Database_Connections",
    ),
)


MEGABYTES = (5, 10)
"""What a connection's process takes, work_mem apart: a rule of thumb for busy servers."""


def _memory(connections: int) -> str:
    low, high = (connections * each / 1024 for each in MEGABYTES)
    return f"{low:.0f} to {high:.0f} GB of memory"


def decide(server: ServerSize) -> Verdict:
    if server.pooled or server.max_connections.low <= MANY:
        return PASS
    return fail(
        f"max_connections is {server.max_connections}, and no pooler stands before the server:"
        f" {_memory(server.max_connections.low)} when all are in use",
        server.max_connections.origin or server.origin,
    )
