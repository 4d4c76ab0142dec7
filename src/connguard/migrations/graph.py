# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order of migrations that name their predecessors."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)


def dependency_order(after: Mapping[K, Iterable[K]], tie: Callable[[K], Any]) -> list[K]:
    """The keys so that each stands behind those it comes `after`; `tie` sorts what is left open.

    Names that are no keys are passed over. Keys in a circle come last.
    """
    waiting = {key: {one for one in before if one in after} for key, before in after.items()}
    followers: dict[K, list[K]] = {key: [] for key in after}
    for key, before in waiting.items():
        for one in before:
            followers[one].append(key)
    ready = [(tie(key), index, key) for index, key in enumerate(waiting) if not waiting[key]]
    heapq.heapify(ready)
    numbers = {key: index for index, key in enumerate(waiting)}
    order: list[K] = []
    while ready:
        _, _, key = heapq.heappop(ready)
        order.append(key)
        for follower in followers[key]:
            waiting[follower].discard(key)
            if not waiting[follower]:
                heapq.heappush(ready, (tie(follower), numbers[follower], follower))
    done = set(order)
    return order + sorted((key for key in after if key not in done), key=tie)
