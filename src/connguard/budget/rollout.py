# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many instances more run while a new version takes the place of the old one."""

from __future__ import annotations

from connguard.policies.model.amount import UNBOUNDED, Amount, saturate
from connguard.policies.model.origin import Origin


def share(
    instances: Amount,
    percent: int,
    name: str,
    origin: Origin | None = None,
) -> Amount:
    """So many percent of the instances, rounded up: of a range of instances a range."""
    low, high = _share(instances.low, percent), _share(instances.high, percent)
    return Amount(low, high, name, origin, instances.reason if low != high else "")


def _share(count: int, percent: int) -> int:
    if count >= UNBOUNDED:
        return UNBOUNDED if percent else 0
    return saturate(-(-count * percent // 100))
