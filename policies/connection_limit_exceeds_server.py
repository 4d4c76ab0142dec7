# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG007: a role's connection limit is more than the server can give."""

from __future__ import annotations

from connguard.policies.model.amount import related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import LimitAgainstServer
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG007",
    name="connection-limit-exceeds-server",
    severity=Severity.WARNING,
    about=LimitAgainstServer,
    condition=(
        "A role's CONNECTION LIMIT is as large as the number of slots for ordinary roles, or more."
    ),
    effect="The limit has no effect: the role can take every slot of the server.",
    fix="Set the limit to what the role's pools can open, plus headroom.",
    prevents=(Failure.SERVER_SLOTS,),
    references=(
        "https://www.postgresql.org/docs/current/sql-createrole.html",
        "https://www.postgresql.org/docs/current/runtime-config-connection.html",
    ),
)


def decide(role: LimitAgainstServer) -> Verdict:
    where = role.limit.origin
    if where is None or not role.limit.bounded or role.limit.low < role.slots.high:
        return PASS
    return fail(
        f'role "{role.role}" has a limit of {role.limit}, and the server has {role.slots} slots'
        " for ordinary roles: the limit has no effect",
        where,
        related=tuple(one for one in related(role.settings) if one.origin != where),
    )
