# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording and alert rules for Prometheus, as data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import field

from connguard.exporting import metrics
from connguard.exporting.limits import Walls
from connguard.policies.model.records import dataclass

_CLUSTER = "job, instance, server"
"""postgres_exporter says in `server` which server a sample is of."""

_WAITING_SECONDS = 5
_IDLE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Record:
    """A recording rule. The expression may have lines with comments, which PromQL knows."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Alert:
    name: str
    expression: str
    lasts: str
    severity: str
    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rules: Sequence[Record | Alert] = field(default_factory=tuple)


def groups(walls: Walls) -> list[Group]:
    """All rules, recordings before the alerts that use them."""
    return [
        Group("connguard-limits", list(_limits(walls))),
        Group("connguard-saturation", list(_saturation())),
        Group("connguard-alerts", list(_alerts(walls))),
    ]


def quoted(text: str) -> str:
    """A string literal of PromQL; what YAML takes for a line break is escaped."""
    return "".join(
        character if character.isprintable() else f"\\U{ord(character):08x}"
        for character in json.dumps(text, ensure_ascii=False)
    )


def share(fraction: float) -> str:
    """A fraction as PromQL and prose write it: 0.8."""
    return f"{fraction:g}"


# Limits: what the repository says, and what the server says. The lower one is the wall.


def _limits(walls: Walls) -> Iterator[Record]:
    for kind, found, expected, limit, budget in (
        (
            "role",
            walls.roles,
            metrics.ROLE_EXPECTED,
            metrics.ROLE_LIMIT,
            metrics.ROLE_BUDGET,
        ),
        (
            "database",
            walls.databases,
            metrics.DATABASE_EXPECTED,
            metrics.DATABASE_LIMIT,
            metrics.DATABASE_BUDGET,
        ),
    ):
        limits = [(one.name, one.limit, one.limit_from) for one in found if one.limit]
        yield from _constants(expected, kind, limits)
        demands = [(one.name, one.demand, one.demand_from) for one in found if one.demand]
        yield from _constants(budget, kind, demands)
        yield Record(
            limit,
            _lower_of(f"{_CLUSTER}, {kind}", f"connguard_{kind}_connection_limit", expected),
        )
    servers = [wall for wall in walls.servers if wall.limit]
    if len(servers) == 1:
        yield Record(
            metrics.SERVER_EXPECTED,
            f"# {_one_line(servers[0].limit_from)}\n"
            f"0 * max by ({_CLUSTER}) (connguard_server_connections) + {servers[0].limit}",
        )
    yield Record(
        metrics.SERVER_LIMIT,
        _lower_of(_CLUSTER, "connguard_server_ordinary_slots", metrics.SERVER_EXPECTED),
    )


def _constants(
    record: str, kind: str, numbers: Sequence[tuple[str, int | None, str]]
) -> Iterator[Record]:
    """Numbers of the repository as series, for each server that has the role or database."""
    parts = [
        (f"# {_one_line(place)}\n" if place else "")
        + f"0 * max by ({_CLUSTER}, {kind}) (connguard_{kind}_connections{{{kind}={quoted(name)}}})"
        f" + {number}"
        for name, number, place in numbers
    ]
    if parts:
        yield Record(record, "\nor\n".join(parts))


def _lower_of(labels: str, live: str, expected: str) -> str:
    """The lower of the live limit, if there is one, and the repository's, if there is one."""
    return (
        f"min by ({labels}) (\n"
        f"  max by ({labels}) ({live} > 0)\n"
        f'  or label_replace({expected}, "from", "repository", "", "")\n'
        ")"
    )


def _one_line(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in " ".join(text.split()))


def _saturation() -> Iterator[Record]:
    for kind, label, ratio, limit in (
        ("role", "role", metrics.ROLE_RATIO, metrics.ROLE_LIMIT),
        ("database", "database", metrics.DATABASE_RATIO, metrics.DATABASE_LIMIT),
    ):
        yield Record(
            ratio, f"max by ({_CLUSTER}, {label}) (connguard_{kind}_connections)\n/ {limit}"
        )
    yield Record(
        metrics.SERVER_RATIO,
        f"max by ({_CLUSTER}) (connguard_server_connections)\n/ {metrics.SERVER_LIMIT}",
    )
    yield Record(
        metrics.POOLER_RATIO,
        "max by (job, instance) (pgbouncer_used_clients + pgbouncer_login_clients)\n"
        "/ max by (job, instance) (pgbouncer_config_max_client_connections > 0)",
    )
    states = ("active", "idle", "used", "testing", "login")
    yield Record(
        metrics.POOL_SERVERS,
        "sum by (job, instance, database, user) (\n  "
        + "\n  + ".join(f"pgbouncer_pools_server_{state}_connections" for state in states)
        + "\n)",
    )
    yield Record(
        metrics.POOL_SIZE,
        "max by (job, instance, database) (\n"
        '  label_replace(pgbouncer_databases_pool_size > 0, "database", "$1", "name", "(.*)")\n'
        ")",
    )
    yield Record(
        metrics.POOL_RATIO,
        f"{metrics.POOL_SERVERS}\n/ on (job, instance, database) group_left\n{metrics.POOL_SIZE}",
    )


# Alerts.


def _alerts(walls: Walls) -> Iterator[Alert]:
    yield from _walls(walls)
    yield from _above_budget(walls)
    yield from _differing(walls)
    yield from _pooler()
    yield Alert(
        "ConnguardIdleInTransaction",
        f"connguard_idle_in_transaction_oldest_seconds > {_IDLE_SECONDS}",
        "1m",
        "warning",
        "{{ $labels.role }} holds idle transactions in {{ $labels.database }}",
        "A session of {{ $labels.role }} has done nothing for {{ $value | humanizeDuration }} and"
        " keeps its transaction, its locks and its connection. Set"
        " idle_in_transaction_session_timeout.",
    )
    yield Alert(
        "ConnguardBlind",
        "absent(connguard_server_connections) or pg_up == 0 or pgbouncer_up == 0",
        "5m",
        "warning",
        "The connection metrics are missing",
        "postgres_exporter with connguard's queries.yaml, or pgbouncer_exporter, tells nothing:"
        " none of the other alerts can fire. At a full server the exporter itself is refused.",
    )


def _walls(walls: Walls) -> Iterator[Alert]:
    role = (
        "role {{ $labels.role }}",
        "53300 too many connections for role; through PgBouncer until 1.19 08P01; behind a pool"
        " that works, only waiting and query_wait_timeout (08P01).",
        "who holds them (connguard.sql), then the pools of this role (connguard budget).",
    )
    database = (
        "database {{ $labels.database }}",
        "53300 too many connections for database; through PgBouncer until 1.19 08P01; behind a pool"
        " that works, only waiting and query_wait_timeout (08P01).",
        "who holds them (connguard.sql), then the pools of this database (connguard budget).",
    )
    server = (
        "server {{ $labels.server }}",
        "53300 remaining connection slots are reserved, then sorry, too many clients already.",
        "who holds them (connguard.sql); end what is idle in transaction before raising"
        " max_connections.",
    )
    pooler = (
        "PgBouncer {{ $labels.instance }}",
        "08P01 no more connections allowed (max_client_conn).",
        "compare max_client_conn with the sum of all application pools (connguard budget).",
    )
    for name, ratio, (what, then, look) in (
        ("Role", metrics.ROLE_RATIO, role),
        ("Database", metrics.DATABASE_RATIO, database),
        ("Server", metrics.SERVER_RATIO, server),
        ("Pooler", metrics.POOLER_RATIO, pooler),
    ):
        for word, severity, fraction, lasts in (
            ("NearlyFull", "warning", walls.warning, "5m"),
            ("AtTheWall", "critical", walls.critical, "1m"),
        ):
            yield Alert(
                f"Connguard{name}{word}",
                f"{ratio} >= {share(fraction)}",
                lasts,
                severity,
                f"{what} uses {{{{ $value | humanizePercentage }}}} of its connections",
                f"At 100 % new connections are refused: {then} Look {look}",
            )


def _above_budget(walls: Walls) -> Iterator[Alert]:
    for kind, found, budget in (
        ("role", walls.roles, metrics.ROLE_BUDGET),
        ("database", walls.databases, metrics.DATABASE_BUDGET),
    ):
        if any(wall.demand for wall in found):
            yield Alert(
                f"Connguard{kind.capitalize()}AboveBudget",
                f"max by ({_CLUSTER}, {kind}) (connguard_{kind}_connections) > {budget}",
                "5m",
                "warning",
                f"{kind} {{{{ $labels.{kind} }}}} has more connections than its budget",
                "{{ $value }} are open, and the connection budget of the repository says that there"
                " are never as many. Somebody connects whom it does not know, or backends of"
                " clients that are gone run on.",
            )


def _differing(walls: Walls) -> Iterator[Alert]:
    for kind, found, expected in (
        ("role", walls.roles, metrics.ROLE_EXPECTED),
        ("database", walls.databases, metrics.DATABASE_EXPECTED),
    ):
        if any(wall.limit for wall in found):
            yield Alert(
                f"Connguard{kind.capitalize()}LimitDrift",
                f"max by ({_CLUSTER}, {kind}) (connguard_{kind}_connection_limit) != {expected}",
                "15m",
                "warning",
                f"The limit of {kind} {{{{ $labels.{kind} }}}} is not the repository's",
                "The server has {{ $value }} (-1: none). Run the migration, or write one for what"
                " was changed by hand: connguard doctor shows both places.",
            )


def _pooler() -> Iterator[Alert]:
    pools = "sum by (job, instance, database, user)"
    waiting = f"{pools} (pgbouncer_pools_client_waiting_connections)"
    yield Alert(
        "ConnguardClientsWait",
        f"max by (job, instance, database, user) (pgbouncer_pools_client_maxwait_seconds)"
        f" > {_WAITING_SECONDS}",
        "1m",
        "warning",
        "Clients of pool {{ $labels.database }}/{{ $labels.user }} wait for a connection",
        "The first has waited for {{ $value | humanizeDuration }}. After query_wait_timeout"
        " (default 120 s) they are disconnected with 08P01.",
    )
    yield Alert(
        "ConnguardPoolCannotGrow",
        f"({waiting} > 0)\nand on (job, instance, database, user) ({metrics.POOL_RATIO} < 1)",
        "1m",
        "critical",
        "Pool {{ $labels.database }}/{{ $labels.user }} has waiting clients and stays below its"
        " size",
        "The server, or a cap of PgBouncer, gives no more connections. A role or database limit is"
        " hit, and no client sees it: clients of a warm pool only wait. An alert on SQLSTATE class"
        " 53 misses this, and through PgBouncer until 1.19 everything. Look into both logs for"
        " too many connections, and at server_login_retry.",
    )
    yield Alert(
        "ConnguardPoolWithoutServer",
        f"({waiting} > 0)\nunless on (job, instance, database, user) ({metrics.POOL_SERVERS} > 0)",
        "1m",
        "critical",
        "Pool {{ $labels.database }}/{{ $labels.user }} has no server connection at all",
        "PgBouncer cannot connect or log in to the server, or the database is paused. After one"
        " failure it waits for server_login_retry (15 s).",
    )
    yield Alert(
        "ConnguardPoolerOutOfService",
        "pgbouncer_databases_paused == 1 or pgbouncer_databases_disabled == 1",
        "5m",
        "warning",
        "Database {{ $labels.name }} of PgBouncer {{ $labels.instance }} is paused or disabled",
        "Its clients wait, or are refused, until RESUME or ENABLE on the console.",
    )
