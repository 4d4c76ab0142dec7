# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PgBouncer's console says about its clients and pools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connguard.live.session import CONSOLE, QueryFailed, Row, Session
from connguard.live.slots import NEARLY_FULL
from connguard.live.step import Layer, Status, Step


def pool_steps(session: Session, name: str) -> list[Step]:
    """The clients against max_client_conn, then each pool in which somebody waits."""
    try:
        lists = {row["list"]: int(row["items"]) for row in session.show("LISTS")}
        config = {row["key"]: row["value"] for row in session.show("CONFIG")}
        databases = session.show("DATABASES")
        pools = session.show("POOLS")
    except (QueryFailed, KeyError, ValueError) as error:
        return [Step(Layer.POOLER, Status.UNKNOWN, name, f"could not be seen: {error}")]
    return [
        _clients(name, lists, int(config.get("max_client_conn", 0) or 0)),
        *_states(databases),
        *_pools(pools, databases),
    ]


def _clients(name: str, lists: dict[str, int], limit: int) -> Step:
    used = lists.get("used_clients", 0) + lists.get("login_clients", 0)
    evidence = f"{used} of {limit} clients (max_client_conn), {max(0, limit - used)} left"
    status = Status.OK
    if used >= limit:
        status = Status.FAILED
    elif used >= NEARLY_FULL * limit:
        status = Status.WARNING
    advice = "" if status is Status.OK else "compare it with the sum of all application pools"
    return Step(Layer.POOLER, status, name, evidence, advice)


def _states(databases: Sequence[Row]) -> Iterator[Step]:
    for row in databases:
        for state, back in (("paused", "RESUME"), ("disabled", "ENABLE")):
            if row.get(state) in (1, "1", True):
                yield Step(
                    Layer.POOLER,
                    Status.FAILED,
                    f"database {row['name']}",
                    f"{state}: its clients wait, or are refused",
                    f"somebody did that on the console; {back} {row['name']} ends it",
                )


def _pools(pools: Sequence[Row], databases: Sequence[Row]) -> Iterator[Step]:
    sizes = {row["name"]: row.get("pool_size") for row in databases}
    busy = quiet = 0
    for row in pools:
        if row["database"] == CONSOLE:
            continue
        waiting = int(row.get("cl_waiting") or 0)
        waited = int(row.get("maxwait") or 0) + int(row.get("maxwait_us") or 0) / 1e6
        active = int(row.get("sv_active") or 0)
        busy += 1
        if not waiting:
            quiet += 1
            continue
        evidence = (
            f"{waiting} clients wait, the first for {waited:.1f} s; {active} of"
            f" {sizes.get(row['database'], '?')} server connections are in use"
        )
        yield Step(
            Layer.POOLER,
            Status.WARNING,
            f"pool {row['database']}/{row['user']}",
            evidence,
            "with fewer in use than the pool has, the server refuses new ones (its log, and"
            " PgBouncer's, tell); else look for long transactions in this pool",
        )
    if busy == quiet:
        yield Step(Layer.POOLER, Status.OK, f"{busy} pools", "no client waits")
