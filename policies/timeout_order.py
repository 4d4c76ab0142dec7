# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""PG111: timeouts of a service's pool and of the pooler are in the wrong order."""

from __future__ import annotations

from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.policy import Failure, Policy
from connguard.policies.model.usage import Timeout, Timeouts
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail

POLICY = Policy(
    id="PG111",
    name="timeout-order",
    severity=Severity.WARNING,
    about=Timeouts,
    condition=(
        "Something behind a service's pool drops idle connections before the pool renews or uses"
        " them (client_idle_timeout, a NAT gateway or load balancer), or the service gives up"
        " waiting for a connection long before the pooler gives up its query (query_wait_timeout)."
    ),
    effect=(
        "The pool hands out connections that are gone (08006), or the pooler works on queries that"
        " nobody waits for while the service retries."
    ),
    fix=(
        "Order them: keepalive < idle timeouts, maximum lifetime < idle timeouts without keepalive,"
        " query_wait_timeout <= connection timeout."
    ),
    prevents=(Failure.LOST, Failure.TIMEOUT),
    references=("https://www.pgbouncer.org/config.html",),
)


def decide(times: Timeouts) -> Verdict:
    if times.idle is not None and times.idle.seconds > 0:
        kept = times.keepalive is not None and 0 < times.keepalive.seconds < times.idle.seconds
        renewed = times.lifetime is not None and 0 < times.lifetime.seconds < times.idle.seconds
        if times.lifetime is not None and not kept and not renewed:
            return _fail(
                f"{times.service} keeps connections for {_shown(times.lifetime)}, and"
                f" {times.dropped_by} drops idle ones after {_shown(times.idle)}",
                times,
                times.lifetime,
                times.idle,
            )
    wait = times.connection
    if wait is None or times.queue is None:
        return PASS
    if times.queue.seconds == 0:
        return _fail(
            f"{times.service} waits {_shown(wait)} for a connection, and {times.pooler} lets its"
            " queries wait for ever",
            times,
            wait,
            times.queue,
        )
    if times.queue.seconds > wait.seconds:
        return _fail(
            f"{times.service} waits {_shown(wait)} for a connection, and {times.pooler} lets its"
            f" queries wait {_shown(times.queue)}",
            times,
            wait,
            times.queue,
            Severity.NOTE,
        )
    return PASS


def _fail(
    text: str, times: Timeouts, own: Timeout, other: Timeout, severity: Severity | None = None
) -> Verdict:
    where: Origin = own.origin or times.origin
    related = (Related("the other timeout", other.origin),) if other.origin is not None else ()
    return fail(text, where, severity=severity, related=related)


def _shown(time: Timeout) -> str:
    return f"{time.seconds:g} s"
