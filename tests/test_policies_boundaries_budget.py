# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From where on pools, clients and timeouts are a finding, and what is said then."""

from __future__ import annotations

from typing import Any

import pytest
from verdict_words import PASSES, line, words

from connguard.policies import (
    clients_exceed_max_client_conn,
    connection_limit_exceeds_server,
    max_connections_without_pooler,
    no_headroom,
    pool_cannot_fill,
    pool_exceeds_role_limit,
    pooler_file_descriptors,
    pools_exceed_server_slots,
    session_pooling,
    timeout_order,
    transaction_pooling_hazard,
    unbounded_pools,
)
from connguard.policies.model import topology
from connguard.policies.model.amount import (
    NO_LIMIT,
    UNBOUNDED,
    Amount,
    exactly,
    standing,
    unknown_amount,
)
from connguard.policies.model.server_size import ServerSize
from connguard.policies.model.usage import (
    ClientUsage,
    LimitAgainstServer,
    PoolerUsage,
    PoolUsage,
    RoleUsage,
    ServerUsage,
    SessionFeature,
    Spare,
    Timeout,
    Timeouts,
    Usage,
    Use,
)

POOL, SERVER, CLIENTS, LIMIT = (line(number) for number in (1, 2, 3, 4))


def _pool(**what: Any) -> PoolUsage:
    given: dict[str, Any] = {
        "label": "pool shop/app",
        "origin": POOL,
        "mode": "session",
        "size": exactly(20, "pool_size", line(5)),
        "reserve": exactly(0),
        "minimum": exactly(0),
        "clients": exactly(0),
    }
    return PoolUsage(**given | what)


@pytest.mark.parametrize(("minimum", "said"), [(19, False), (20, False), (21, True)])
def test_a_pool_that_is_to_keep_more_than_it_may_have(minimum: int, said: bool) -> None:
    """min_pool_size above the size of the pool."""
    pool = _pool(minimum=exactly(minimum, "min_pool_size", line(6)))

    assert words(pool_cannot_fill.decide(pool)) == (
        [
            "fail a:6: pool shop/app is to keep 21 connections, but pool_size is 20",
            "a:5: pool_size is 20",
            "fix: at most 20",
        ]
        if said
        else PASSES
    )


@pytest.mark.parametrize(("size", "said"), [(0, False), (1, True), (2, True), (3, False)])
def test_a_pool_of_the_size_0_keeps_nothing(size: int, said: bool) -> None:
    """0 means another thing in every pooler; one connection is less than three."""
    pool = _pool(
        size=exactly(size, "pool_size", line(5)), minimum=exactly(3, "min_pool_size", line(6))
    )

    assert (words(pool_cannot_fill.decide(pool)) != PASSES) is said


@pytest.mark.parametrize("field", ["name_cap", "user_cap", "server_slots"])
def test_a_pool_above_a_cap(field: str) -> None:
    """One connection more than the database, the user or the server may have."""

    def said(cap: Amount) -> list[str]:
        return words(pool_cannot_fill.decide(_pool(**{field: cap})))

    assert said(exactly(20, "max_db_connections", line(7))) == PASSES
    assert said(exactly(19, "max_db_connections", line(7))) == [
        "fail a:5: pool shop/app may have 20, but max_db_connections is 19",
        "a:7: max_db_connections is 19",
        "fix: at most 19",
    ]
    assert said(exactly(19)) == [
        "fail a:5: pool shop/app may have 20, but the number of server slots is 19",
        "fix: at most 19",
    ]


def test_a_cap_is_not_the_fault_of_a_default() -> None:
    """A size that no file sets is not at fault; one below a cap of unknown height neither."""
    low = exactly(1, "max_db_connections", line(7))

    assert words(pool_cannot_fill.decide(_pool(size=exactly(20), name_cap=low))) == PASSES
    some = unknown_amount("max_db_connections", "var.x", line(7), 1, 20)
    assert words(pool_cannot_fill.decide(_pool(name_cap=some))) == PASSES


WEB = exactly(30, "the pool of web", line(8))


@pytest.mark.parametrize(
    ("clients", "reserve", "said"),
    [(20, 0, False), (21, 0, True), (25, 5, False), (26, 5, True)],
)
def test_more_clients_than_connections_in_session_mode(
    clients: int, reserve: int, said: bool
) -> None:
    """Who has a connection keeps it; the reserve counts as well."""
    pool = _pool(clients=exactly(clients), reserve=exactly(reserve), services=(WEB,))

    assert words(session_pooling.decide(pool)) == (
        [
            f"fail a:5: pool shop/app is in session mode: {clients} clients share {20 + reserve}"
            " server connections, and whoever has one keeps it",
            "a:8: the pool of web is 30",
        ]
        if said
        else PASSES
    )


def test_session_mode_is_a_finding_for_known_clients_of_a_limited_pool_only() -> None:
    """Not in other modes, not without services, and not where the size 0 means no limit."""
    many: dict[str, Any] = {"clients": exactly(100), "services": (WEB,)}

    assert words(session_pooling.decide(_pool(**many, mode="transaction"))) == PASSES
    assert words(session_pooling.decide(_pool(**many | {"services": ()}))) == PASSES
    assert words(session_pooling.decide(_pool(**many, size=exactly(0)))) == PASSES
    one = exactly(1, "pool_size", line(5))
    assert words(session_pooling.decide(_pool(**many, size=one)))[0].startswith("fail a:5: ")


def _use(number: Amount, *settings: Amount) -> Use:
    return Use("direct", str(number), number, settings, clients="web")


def _usage(kind: type[Usage], demand: Amount, limit: Amount | None, **more: Any) -> Any:
    bound = NO_LIMIT if limit is None else limit
    uses = (_use(demand, exactly(7, "pool", line(8))),)
    return kind("app", limit, bound, demand, uses, standing(demand, bound), line(9), **more)


MAX_CONNECTIONS = exactly(100, "max_connections", line(2))
RESERVED = exactly(3, "superuser_reserved_connections", line(3))
MORE_RESERVED = exactly(2, "reserved_connections", line(4))


def _server(demand: int, slots: int) -> list[str]:
    fact = _usage(
        ServerUsage,
        exactly(demand),
        exactly(slots, "slots"),
        settings=(MAX_CONNECTIONS, RESERVED, MORE_RESERVED),
    )
    return words(pools_exceed_server_slots.decide(fact))


def test_pools_that_exceed_the_server() -> None:
    """With the subtraction, the connection that is refused first, and both ways out."""
    assert _server(95, 95) == PASSES
    assert _server(96, 95) == [
        "fail a:8: 96 web; the server has 95 slots for ordinary roles (100 - 3 - 2): connection 96"
        " is refused",
        "a:2: max_connections is 100",
        "a:3: superuser_reserved_connections is 3",
        "a:4: reserved_connections is 2",
        "fix: lower the sum to 95 or less, or raise max_connections to 101 or more",
    ]
    assert _server(1, 0)[-1] == (
        "fix: lower the sum to 0 or less, or raise max_connections to 6 or more"
    )
    assert _server(1, -2)[-1] == (
        "fix: lower the sum to 0 or less, or raise max_connections to 6 or more"
    )


@pytest.mark.parametrize(
    ("demand", "said"),
    [
        (exactly(20), "pass"),
        (
            exactly(21),
            'fail a:8: 21 web; role "app" has a limit of 20: connection 21 is refused: too many'
            " connections for role",
        ),
        (
            unknown_amount("pool", "var.pool", line(8), 20, 21),
            'unknown a:8: role "app" has a limit of 20: the demand is 20 to 21; what would decide:'
            " var.pool",
        ),
    ],
)
def test_pools_that_exceed_the_limit_of_their_role(demand: Amount, said: str) -> None:
    """One more is too many; what may fit or not is unknown."""
    usage = _usage(RoleUsage, demand, exactly(20, "CONNECTION LIMIT", line(4)))

    assert words(pool_exceeds_role_limit.decide(usage))[0] == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (100, 100, "pass"),
        (101, 101, "fail a:4: 101 web; p admits 100 clients: client 101 is refused"),
        (90, 200, "unknown a:8: p admits 100 clients: the demand is 90 to 200; what would decide"),
        (100, 200, "unknown a:8: p admits 100 clients: the demand is 100 to 200; what would"),
    ],
)
def test_clients_that_exceed_a_pooler(low: int, high: int, said: str) -> None:
    """max_client_conn of one process, and what to write there."""
    limit = exactly(100, "max_client_conn", line(4))
    demand = Amount(low, high)
    usage = ClientUsage(
        "p", limit, limit, demand, (_use(demand, WEB),), standing(demand, limit), line(9)
    )
    found = words(clients_exceed_max_client_conn.decide(usage))

    assert found[0].startswith(said)
    if said.startswith("fail"):
        assert found[1:] == ["a:8: the pool of web is 30", "fix: max_client_conn = 101"]


def test_clients_that_exceed_one_process_of_several() -> None:
    """Together they suffice; one that is left alone does not."""
    limit = Amount(100, 200, "max_client_conn", line(4))
    capacity = Amount(100, 400)

    def said(demand: int) -> list[str]:
        amount = exactly(demand)
        usage = ClientUsage(
            "p",
            limit,
            capacity,
            amount,
            (_use(amount, WEB),),
            standing(amount, capacity),
            line(9),
            processes=exactly(2),
        )
        return words(clients_exceed_max_client_conn.decide(usage))

    assert said(201) == [
        "fail (warning) a:4: 201 web; p admits 100 to 200 clients in each of 2 processes: one that"
        " is left alone refuses the others",
        "a:8: the pool of web is 30",
        "fix: max_client_conn = 201",
    ]
    assert said(200)[0].startswith("unknown a:8: ")


@pytest.mark.parametrize(("limit", "said"), [(94, False), (95, True), (96, True)])
def test_a_role_limit_that_the_server_never_reaches(limit: int, said: bool) -> None:
    """As many as the server has for ordinary roles is no limit any more."""

    def found(amount: Amount) -> list[str]:
        fact = LimitAgainstServer("app", amount, exactly(95), (MAX_CONNECTIONS, RESERVED, amount))
        return words(connection_limit_exceeds_server.decide(fact))

    assert found(exactly(limit, "CONNECTION LIMIT", line(4))) == (
        [
            f'fail a:4: role "app" has a limit of {limit}, and the server has 95 slots for ordinary'
            " roles: the limit has no effect",
            "a:2: max_connections is 100",
            "a:3: superuser_reserved_connections is 3",
        ]
        if said
        else PASSES
    )
    assert found(exactly(limit)) == PASSES
    assert found(unknown_amount("CONNECTION LIMIT", "var.x", line(4), limit)) == PASSES


@pytest.mark.parametrize(("demand", "said"), [(90, False), (92, False), (93, True), (95, True)])
def test_slots_that_should_stay_free(demand: int, said: bool) -> None:
    """Three for people; the places are those of the sum and of what the server has."""
    usage = _usage(
        ServerUsage,
        exactly(demand),
        exactly(95, "slots"),
        settings=(MAX_CONNECTIONS, RESERVED),
    )
    found = words(no_headroom.decide(Spare("the server", usage, 3, "people log in, too")))

    assert found == (
        [
            f"fail a:9: {demand} web; the server takes 95, which leaves {95 - demand} of 3 that"
            " should stay free: people log in, too",
            "a:8: pool is 7",
            "a:2: max_connections is 100",
            "a:3: superuser_reserved_connections is 3",
        ]
        if said
        else PASSES
    )


def test_what_has_no_limit_has_room() -> None:
    """Neither a role without a limit, nor an unused one."""
    free = _usage(RoleUsage, exactly(90), None)
    unused = _usage(RoleUsage, exactly(0), exactly(2, "CONNECTION LIMIT", line(4)))

    assert words(no_headroom.decide(Spare("the role", free, 3, "why"))) == PASSES
    assert words(no_headroom.decide(Spare("the role", unused, 3, "why"))) == PASSES


@pytest.mark.parametrize(("connections", "said"), [(500, False), (501, True)])
def test_many_connections_without_a_pooler(connections: int, said: bool) -> None:
    """With what they cost when all are in use."""
    size = ServerSize(exactly(connections, "max_connections", line(2)), line(1), False)
    pooled = ServerSize(size.max_connections, line(1), True)

    found = words(max_connections_without_pooler.decide(size))
    assert found == (
        [
            "fail a:2: max_connections is 501, and no pooler stands before the server: 2 to 5 GB"
            " of memory when all are in use"
        ]
        if said
        else PASSES
    )
    assert words(max_connections_without_pooler.decide(pooled)) == PASSES


def test_the_memory_of_many_connections() -> None:
    """Megabytes each, in gigabytes of 1024."""
    size = ServerSize(exactly(5172, "max_connections", line(2)), line(1), False)

    assert (
        "5172, and no pooler stands before the server: 25 to 51 GB"
        in (words(max_connections_without_pooler.decide(size))[0])
    )


def _pooler(**what: Any) -> PoolerUsage:
    given: dict[str, Any] = {
        "name": "pgbouncer",
        "origin": POOL,
        "default_pool_size": exactly(20, "default_pool_size", line(5)),
        "max_client_conn": exactly(100, "max_client_conn", line(6)),
        "any_name": None,
        "any_user": None,
        "bounded": False,
        "zero_is_unlimited": True,
        "open_files": None,
        "expected_files": exactly(1000),
    }
    return PoolerUsage(**given | what)


@pytest.mark.parametrize(("files", "said"), [(1000, False), (999, True)])
def test_a_pooler_that_may_not_open_its_sockets(files: int, said: bool) -> None:
    """By its own estimate, with the settings that it is made of."""
    pooler = _pooler(open_files=exactly(files, "LimitNOFILE", line(7)))

    assert words(pooler_file_descriptors.decide(pooler)) == (
        [
            "fail a:7: pgbouncer may have 999 files open, and expects to need 1000",
            "a:6: max_client_conn is 100",
            "a:5: default_pool_size is 20",
            "fix: allow 1000 open files or more",
        ]
        if said
        else PASSES
    )


def test_pools_for_whatever_comes() -> None:
    """For any database name, for any user; caps over all of them make it harmless."""
    each = "fail a:8: pgbouncer opens a pool of up to 20 connections for every "

    assert words(unbounded_pools.decide(_pooler())) == PASSES
    assert words(unbounded_pools.decide(_pooler(any_name=line(8), any_user=line(9)))) == [
        each + "database name that a client asks for"
    ]
    assert words(unbounded_pools.decide(_pooler(any_user=line(8)))) == [each + "user that comes"]
    assert words(unbounded_pools.decide(_pooler(any_name=line(8), bounded=True))) == PASSES
    zero = exactly(0, "default_pool_size", line(5))
    assert words(unbounded_pools.decide(_pooler(default_pool_size=zero, bounded=True))) == [
        "fail a:5: pools of pgbouncer have no size limit: default_pool_size is 0"
    ]


def _times(**seconds: float | None) -> list[str]:
    places = {"connection": 2, "lifetime": 3, "keepalive": 4, "idle": 5, "queue": 6}
    times = {
        name: None if seconds.get(name) is None else Timeout(float(seconds[name] or 0), line(place))
        for name, place in places.items()
    }
    return words(
        timeout_order.decide(
            Timeouts(
                "web",
                POOL,
                "pgbouncer",
                times["connection"],
                times["lifetime"],
                times["keepalive"],
                times["idle"],
                "the load balancer",
                times["queue"],
            )
        )
    )


@pytest.mark.parametrize(
    ("idle", "lifetime", "keepalive"),
    [
        (300, 300, None),
        (300, 301, None),
        (300, 1800, 0),
        (300, 1800, 300),
        (300, 0, None),
        (0.5, 1, None),
        (1, 1, None),
    ],
)
def test_connections_that_are_dropped_before_they_are_renewed(
    idle: float, lifetime: float, keepalive: float | None
) -> None:
    """As long is too long; a lifetime of 0 is for ever, and a keepalive of 0 is none."""
    assert _times(idle=idle, lifetime=lifetime, keepalive=keepalive) == [
        f"fail a:3: web keeps connections for {lifetime:g} s, and the load balancer drops idle ones"
        f" after {idle:g} s",
        "a:5: the other timeout",
    ]


@pytest.mark.parametrize(
    ("idle", "lifetime", "keepalive"),
    [
        (300, 299, None),
        (300, 1, None),
        (300, 0.5, None),
        (300, 1800, 299),
        (300, 1800, 1),
        (300, 1800, 0.5),
        (300, None, None),
        (0, 1800, None),
        (None, 1800, None),
    ],
)
def test_connections_that_are_renewed_or_used_in_time(
    idle: float | None, lifetime: float | None, keepalive: float | None
) -> None:
    """An idle timeout of 0 drops nothing."""
    assert _times(idle=idle, lifetime=lifetime, keepalive=keepalive) == PASSES


def test_queries_that_wait_for_nobody() -> None:
    """The pooler goes on waiting when the service has given up."""
    assert _times(connection=30, queue=30) == PASSES
    assert _times(connection=30, queue=29) == PASSES
    assert _times(connection=30) == PASSES
    assert _times(queue=30) == PASSES
    assert _times(connection=30, queue=31) == [
        "fail (note) a:2: web waits 30 s for a connection, and pgbouncer lets its queries wait"
        " 31 s",
        "a:6: the other timeout",
    ]
    assert _times(connection=30, queue=0) == [
        "fail a:2: web waits 30 s for a connection, and pgbouncer lets its queries wait for ever",
        "a:6: the other timeout",
    ]


@pytest.mark.parametrize("own", [None, line(2)])
@pytest.mark.parametrize(
    "times",
    [
        {"lifetime": 1800, "idle": 300},
        {"connection": 30, "queue": 120},
        {"connection": 30, "queue": 0},
    ],
)
def test_a_timeout_that_no_file_sets(own: object, times: dict[str, float]) -> None:
    """The finding then stands at the service, and shows no other place."""
    given = {
        name: Timeout(times[name], None) if name in times else None
        for name in ("connection", "lifetime", "keepalive", "idle", "queue")
    }
    said = words(
        timeout_order.decide(
            Timeouts(
                "web",
                POOL,
                "pgbouncer",
                given["connection"],
                given["lifetime"],
                given["keepalive"],
                given["idle"],
                "it",
                given["queue"],
            )
        )
    )

    assert len(said) == 1
    assert " a:1: web " in said[0]


def _feature(feature: str, mode: str = "transaction", prepares: bool | None = False) -> list[str]:
    return words(
        transaction_pooling_hazard.decide(
            SessionFeature("web", feature, line(3), "pgbouncer", line(5), mode, prepares)
        )
    )


@pytest.mark.parametrize(
    ("feature", "severity", "what", "fix"),
    [
        (
            topology.LISTEN,
            "",
            "LISTEN",
            "listen on a connection of its own, which goes to the server or to a session pool",
        ),
        (
            topology.ADVISORY_LOCKS,
            "",
            "session-level advisory locks",
            "pg_advisory_xact_lock, or take the lock on a direct connection",
        ),
        (
            topology.SESSION_SETTINGS,
            "",
            "SET without LOCAL",
            "SET LOCAL in the transaction that needs it, or ALTER ROLE … SET for all",
        ),
        (
            topology.SQL_PREPARE,
            "",
            "PREPARE in SQL",
            "let the driver prepare statements, with a pooler that tracks them",
        ),
        (
            topology.TEMPORARY_TABLES,
            " (warning)",
            "temporary tables",
            "CREATE TEMPORARY TABLE … ON COMMIT DROP, used in the same transaction",
        ),
        (
            topology.HOLDABLE_CURSORS,
            "",
            "a cursor WITH HOLD",
            "read the cursor in one transaction, without WITH HOLD",
        ),
    ],
)
@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_what_lasts_longer_than_a_transaction(
    feature: str, severity: str, what: str, fix: str, mode: str
) -> None:
    """Each feature by its name, with the way out, and where the pool gets its mode."""
    assert _feature(feature, mode) == [
        f"fail{severity} a:3: web uses {what} through pgbouncer in {mode} mode",
        f"a:5: pgbouncer pools {mode}s",
        f"fix: {fix}",
    ]
    assert _feature(feature, "session") == PASSES


def test_prepared_statements_depend_on_the_pooler() -> None:
    """One that tracks them is fine, and its version may decide whether it does."""
    feature = topology.PREPARED_STATEMENTS
    uses = "web uses prepared statements through pgbouncer in transaction mode"

    assert _feature(feature, prepares=True) == PASSES
    assert _feature(feature, "session", prepares=False) == PASSES
    assert _feature(feature, prepares=None) == [
        f"unknown a:3: {uses}: its version decides whether they work"
    ]
    assert _feature(feature, prepares=False) == [
        f"fail a:3: {uses}, which does not track them",
        "a:5: pgbouncer pools transactions",
        "fix: set max_prepared_statements (PgBouncer 1.21 or newer), or turn them off in the"
        " driver",
    ]


def test_amounts_without_bound_are_said_as_such() -> None:
    """No number is made up for what nothing bounds."""
    demand = unknown_amount("pool", "var.pool", line(8))
    usage = _usage(RoleUsage, demand, exactly(20, "CONNECTION LIMIT", line(4)))

    assert demand.high == UNBOUNDED
    assert words(pool_exceeds_role_limit.decide(usage))[0] == (
        'unknown a:8: role "app" has a limit of 20: the demand is 0 or more; what would decide:'
        " var.pool"
    )
