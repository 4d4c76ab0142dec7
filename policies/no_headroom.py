# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG107: a capacity suffices, but leaves no connection free."""

from __future__ import annotations

from connguard.policies.model.amount import related
from connguard.policies.model.explain import arithmetic, settings, tight
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import ServerUsage, Spare
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG107",
    name="no-headroom",
    severity=Severity.WARNING,
    about=Spare,
    condition=(
        "A limit holds the worst case, but leaves less than the headroom: 1 connection below the"
        " limit of a role or database behind a pooler, 3 slots of the server (both can be set)."
    ),
    effect=(
        "A server connection that is being replaced, a migration or a psql session is refused. One"
        " such refusal stops a pool for server_login_retry (15 s), while its connections expire."
    ),
    fix="Raise the limit by the headroom, or lower the pools by it.",
    prevents=(Failure.ROLE_LIMIT, Failure.DATABASE_LIMIT, Failure.SERVER_SLOTS),
    references=("https://www.postgresql.org/docs/current/runtime-config-connection.html",),
)


def decide(spare: Spare) -> Verdict:
    usage = spare.usage
    if usage.limit is None or not tight(usage, spare.headroom):
        return PASS
    more = related(usage.settings) if isinstance(usage, ServerUsage) else ()
    others = (*settings(usage), *more)
    return fail(
        f"{arithmetic(usage)}; {spare.of} takes {usage.limit}, which leaves"
        f" {usage.limit.low - usage.demand.high} of {spare.headroom} that should stay free:"
        f" {spare.why}",
        usage.origin,
        related=tuple(dict.fromkeys(one for one in others if one.origin != usage.origin)),
    )
