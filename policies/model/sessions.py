# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about how services use the pooler's sessions: what they need, and how long they wait."""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.pools import find_entry
from connguard.policies.model.topology import (
    CONNECTION_TIMEOUT,
    KEEPALIVE,
    MAX_LIFETIME,
    NETWORK_IDLE_TIMEOUT,
    Pooler,
    Service,
    Topology,
)
from connguard.policies.model.usage import SessionFeature, Timeout, Timeouts

PREPARES_SINCE = (1, 21)
"""From here on PgBouncer tracks prepared statements if max_prepared_statements is set."""

PREPARES_BY_DEFAULT = (1, 24)
"""From here on max_prepared_statements is 200 by default."""


def session_facts(topology: Topology) -> Iterator[object]:
    """What policies judge about sessions, for every service behind a known pooler."""
    poolers = {pooler.name: pooler for pooler in topology.poolers}
    for service in topology.services:
        pooler = poolers.get(service.pooler or "")
        if pooler is None:
            continue
        for feature, origin in service.needs:
            yield SessionFeature(
                service=service.name,
                feature=feature,
                origin=origin,
                pooler=pooler.name,
                pooler_origin=pooler.origin,
                mode=mode_of(pooler, service),
                prepares=_prepares(pooler),
            )
        if service.timeouts:
            yield _timeouts(service, pooler)


def mode_of(pooler: Pooler, service: Service) -> str:
    """The pool mode that clients of this service get: session, transaction or statement."""
    entry = find_entry(pooler, service.database or "", service.user)
    name = (entry.user if entry else None) or service.user
    user = next((one for one in pooler.users if one.name == name), None)
    modes = (user.pool_mode if user else None, entry.pool_mode if entry else None)
    return next((mode for mode in modes if mode), pooler.pool_mode)


def _prepares(pooler: Pooler) -> bool | None:
    """Whether prepared statements survive transaction pooling; None if it is not known."""
    setting = pooler.prepared_statements
    answers = set()
    for version in pooler.versions:
        if setting is None:
            answers.add(version >= PREPARES_BY_DEFAULT)
        elif version < PREPARES_SINCE or setting.high == 0:
            answers.add(False)
        elif setting.low > 0:
            answers.add(True)
        else:
            return None
    return answers.pop() if len(answers) == 1 else None


def _timeouts(service: Service, pooler: Pooler) -> Timeouts:
    own = {name: Timeout(seconds, origin) for name, seconds, origin in service.timeouts if seconds}
    theirs = {name: Timeout(seconds, origin) for name, seconds, origin in pooler.timeouts}
    idle = theirs.get("client_idle_timeout")
    network = own.get(NETWORK_IDLE_TIMEOUT)
    dropped_by = f"client_idle_timeout of {pooler.name}"
    if idle is None or not idle.seconds or (network and network.seconds < idle.seconds):
        idle, dropped_by = network, "the network between them"
    return Timeouts(
        service=service.name,
        origin=service.origin,
        pooler=pooler.name,
        connection=own.get(CONNECTION_TIMEOUT),
        lifetime=own.get(MAX_LIFETIME),
        keepalive=own.get(KEEPALIVE),
        idle=idle,
        dropped_by=dropped_by,
        queue=theirs.get("query_wait_timeout"),
    )
