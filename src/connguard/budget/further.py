# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Further pools of a service: for other databases than its first one."""

from __future__ import annotations

from dataclasses import replace

from connguard.budget import dsn
from connguard.budget.discovered import ServiceFound
from connguard.policies.model.amount import Amount


def further(
    one: ServiceFound, label: str, target: dsn.Target, pool: Amount, user: str | None = None
) -> ServiceFound:
    """The service once more, with another pool: it runs as often, and connects elsewhere.

    Where its host is not known it may be the first one's: all of the pool, or none of it.
    """
    name = f"{one.service.name} ({label})"
    if target.host is None and pool.low:
        reason = pool.reason or f"which server {name} connects to"
        pool = replace(pool, low=0, reason=reason)
    service = replace(
        one.service,
        name=name,
        pool=replace(pool, name=f"pool of {name}"),
        database=target.database,
        user=target.user or user,
        needs=(),
        timeouts=(),
        elsewhere=False,
        unprepared=False,
    )
    return ServiceFound(service, target.host or one.host, target.port)
