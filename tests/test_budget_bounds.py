# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the budget: growth, soundness of ranges, and cost."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.policies.model.amount import UNBOUNDED, Amount, Standing, exactly, standing
from connguard.policies.model.budget import solve
from connguard.policies.model.origin import Origin
from connguard.policies.model.topology import (
    LimitedRole,
    Pooler,
    PoolerEntry,
    PoolerUser,
    Server,
    Service,
    Topology,
)

PLACE = Origin("stack", 1, 1, 1, 2)
VERSIONS = ((1, 18), (1, 21), (1, 23), (1, 24))
small = st.integers(0, 6)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    names, users = ("a", "b", "c"), ("x", "y", "z")
    entries = tuple(
        PoolerEntry(
            name,
            PLACE,
            user=draw(st.sampled_from((None, None, "x", "y"))),
            database=draw(st.sampled_from((None, "shared"))),
            pool_size=draw(st.one_of(st.none(), small.map(exactly))),
            max_connections=draw(st.one_of(st.none(), small.map(exactly))),
            min_pool_size=draw(st.one_of(st.none(), small.map(exactly))),
        )
        for name in names
    )
    services = tuple(
        Service(
            f"s{number}",
            PLACE,
            exactly(draw(st.integers(1, 3))),
            exactly(draw(small)),
            draw(st.sampled_from(("p", "p", None))),
            draw(st.sampled_from(names)),
            draw(st.sampled_from(users)),
        )
        for number in range(draw(st.integers(0, 4)))
    )
    pooler = Pooler(
        name="p",
        origin=PLACE,
        kind="pgbouncer",
        instances=exactly(draw(st.integers(1, 2))),
        versions=draw(st.sampled_from([(one,) for one in VERSIONS] + [VERSIONS])),
        entries=entries,
        users=tuple(
            PoolerUser(user, PLACE, max_connections=exactly(draw(small))) for user in users[:2]
        ),
        default_pool_size=exactly(draw(small)),
        reserve_pool_size=exactly(draw(small)),
        max_client_conn=exactly(draw(st.integers(1, 30))),
        max_db_connections=exactly(draw(small)),
        max_user_connections=exactly(draw(small)),
        login_users=frozenset(users),
        users_known=draw(st.booleans()),
        closed=draw(st.booleans()),
    )
    server = Server(PLACE, exactly(draw(st.integers(4, 60))), exactly(3))
    roles = tuple(LimitedRole(user, PLACE, exactly(draw(st.integers(0, 20)))) for user in users)
    return Topology(PLACE, services, (pooler,), roles, (), server)


def demands(topology: Topology) -> dict[str, Amount]:
    budget = solve(topology)
    assert budget.server is not None
    found = {usage.name: usage.demand for usage in (*budget.roles, *budget.databases)}
    return {**found, "": budget.server.demand}


@settings(max_examples=150, deadline=None)
@given(topologies(), st.integers(1, 4))
def test_demand_grows_with_the_default_pool_size(topology: Topology, more: int) -> None:
    """A larger pool never lowers a bound (0 is not the smallest size, so it is left out)."""
    (pooler,) = topology.poolers
    sized = replace(pooler, default_pool_size=exactly(max(1, pooler.default_pool_size.low)))
    larger = replace(sized, default_pool_size=exactly(sized.default_pool_size.low + more))
    before = demands(replace(topology, poolers=(sized,)))
    after = demands(replace(topology, poolers=(larger,)))

    assert all(after[name].high >= demand.high for name, demand in before.items())


@settings(max_examples=150, deadline=None)
@given(topologies(), st.integers(1, 9), st.integers(0, 9), st.data())
def test_a_range_holds_every_value_in_it(
    topology: Topology, low: int, width: int, data: st.DataObject
) -> None:
    """Whatever the unknown pool size is, the demand lies in the range, and so does the verdict."""
    (pooler,) = topology.poolers
    unknown = replace(pooler, default_pool_size=Amount(low, low + width, reason="the size"))
    chosen = exactly(data.draw(st.integers(low, low + width)))
    known = replace(pooler, default_pool_size=chosen)
    ranges, values = (solve(replace(topology, poolers=(one,))) for one in (unknown, known))

    for usage, exact in zip(ranges.roles, values.roles, strict=True):
        assert usage.demand.low <= exact.demand.low
        assert exact.demand.high <= usage.demand.high
        if usage.standing is not Standing.UNKNOWN:
            assert exact.standing is usage.standing


@settings(max_examples=100, deadline=None)
@given(topologies())
def test_roles_and_databases_never_exceed_the_whole(topology: Topology) -> None:
    """A part of the flow is at most the whole flow, and the roles together at least it."""
    budget = solve(topology)
    assert budget.server is not None
    whole = budget.server.demand.high
    assert all(usage.demand.high <= whole for usage in (*budget.roles, *budget.databases))
    (pooler,) = topology.poolers
    if whole < UNBOUNDED and (pooler.users_known or pooler.closed):
        assert sum(usage.demand.high for usage in budget.roles) >= whole


@pytest.mark.parametrize(
    ("demand", "capacity", "verdict"),
    [
        (exactly(5), exactly(5), Standing.SAFE),
        (exactly(6), exactly(5), Standing.UNSAFE),
        (Amount(4, 6), exactly(5), Standing.UNKNOWN),
        (Amount(6, UNBOUNDED), exactly(5), Standing.UNSAFE),
        (exactly(5), Amount(4, 9), Standing.UNKNOWN),
        (exactly(UNBOUNDED), exactly(UNBOUNDED), Standing.SAFE),
    ],
)
def test_three_verdicts(demand: Amount, capacity: Amount, verdict: Standing) -> None:
    """Safe if it fits for all values, unsafe if for none, unknown in between."""
    assert standing(demand, capacity) is verdict


def stack_of_size(services: int, poolers: int, roles: int) -> Topology:
    """Poolers whose names and users are all capped, so that nothing has a closed form."""
    names = [f"d{number}" for number in range(20)]
    users = [f"r{number}" for number in range(roles)]
    built = tuple(
        Pooler(
            name=f"p{number}",
            origin=PLACE,
            kind="pgbouncer",
            instances=exactly(2),
            versions=((1, 24),),
            entries=tuple(PoolerEntry(name, PLACE, max_connections=exactly(5)) for name in names),
            default_pool_size=exactly(4),
            max_client_conn=exactly(1000),
            max_user_connections=exactly(3),
            closed=True,
        )
        for number in range(poolers)
    )
    connected = tuple(
        Service(
            f"s{number}",
            PLACE,
            exactly(3),
            exactly(5),
            f"p{number % poolers}",
            names[number % 7 + number // 7 % 13],
            users[number % roles],
        )
        for number in range(services)
    )
    limits = tuple(LimitedRole(user, PLACE, exactly(20)) for user in users)
    return Topology(PLACE, connected, built, limits, (), Server(PLACE, exactly(500), exactly(3)))


def test_a_thousand_services_are_solved_in_a_second() -> None:
    """1,000 services × 50 poolers × 200 roles, on one core."""
    topology = stack_of_size(1000, 50, 200)

    assert any(_seconds(topology) < 1.0 for _ in range(10))  # a busy machine disturbs some


def _seconds(topology: Topology) -> float:
    began = time.process_time()
    solve(topology)
    return time.process_time() - began
