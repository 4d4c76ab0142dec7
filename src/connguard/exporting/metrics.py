# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries for postgres_exporter, and the names of the metrics that rules and dashboards use.

Connections are counted as the server counts them against its limits: client backends only. Parallel
workers, background workers and WAL senders take no connection of a role or database.
"""

from __future__ import annotations

from connguard.policies.model.records import dataclass

_CLIENTS = "coalesce(a.backend_type, 'client backend') = 'client backend'"


@dataclass(frozen=True, slots=True)
class Query:
    """A query; every row is a set of samples. `labels` and `gauges` describe its columns."""

    name: str
    sql: str
    labels: tuple[tuple[str, str], ...]
    gauges: tuple[tuple[str, str], ...]


QUERIES = (
    Query(
        "connguard_role",
        f"""
SELECT r.rolname AS role,
       count(a.pid) AS connections,
       CASE WHEN r.rolsuper THEN -1 ELSE r.rolconnlimit END AS connection_limit
FROM pg_catalog.pg_roles r
LEFT JOIN pg_catalog.pg_stat_activity a ON a.usesysid = r.oid AND {_CLIENTS}
WHERE r.rolcanlogin
GROUP BY r.oid, r.rolname, r.rolsuper, r.rolconnlimit
""",
        (("role", "Name of the role"),),
        (
            ("connections", "Client connections of the role, in all databases"),
            ("connection_limit", "Connection limit of the role; -1 if there is none"),
        ),
    ),
    Query(
        "connguard_database",
        f"""
SELECT d.datname AS database,
       count(a.pid) AS connections,
       d.datconnlimit AS connection_limit
FROM pg_catalog.pg_database d
LEFT JOIN pg_catalog.pg_stat_activity a ON a.datid = d.oid AND a.usesysid IS NOT NULL
                                       AND {_CLIENTS}
WHERE NOT d.datistemplate
GROUP BY d.oid, d.datname, d.datconnlimit
""",
        (("database", "Name of the database"),),
        (
            ("connections", "Client connections to the database, of all roles"),
            ("connection_limit", "Connection limit of the database; -1 if there is none"),
        ),
    ),
    Query(
        "connguard_server",
        f"""
SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity a
        WHERE a.usesysid IS NOT NULL AND {_CLIENTS}) AS connections,
       current_setting('max_connections')::int AS max_connections,
       current_setting('max_connections')::int
       - current_setting('superuser_reserved_connections')::int
       - coalesce(current_setting('reserved_connections', true), '0')::int AS ordinary_slots
""",
        (),
        (
            ("connections", "Client connections to the server"),
            ("max_connections", "max_connections of the server"),
            ("ordinary_slots", "Slots that ordinary roles can use: all but the reserved ones"),
        ),
    ),
    Query(
        "connguard_idle_in_transaction",
        """
SELECT a.usename AS role,
       a.datname AS database,
       count(*) AS sessions,
       coalesce(max(extract(epoch FROM clock_timestamp() - a.state_change)), 0)::float8
           AS oldest_seconds
FROM pg_catalog.pg_stat_activity a
WHERE a.state IN ('idle in transaction', 'idle in transaction (aborted)')
GROUP BY a.usename, a.datname
""",
        (("role", "Name of the role"), ("database", "Name of the database")),
        (
            ("sessions", "Sessions that hold a transaction open and do nothing"),
            ("oldest_seconds", "For how long the longest of them has done nothing"),
        ),
    ),
)

ROLE_RATIO = "connguard:role_connections:ratio"
DATABASE_RATIO = "connguard:database_connections:ratio"
SERVER_RATIO = "connguard:server_connections:ratio"
POOLER_RATIO = "connguard:pooler_clients:ratio"
POOL_RATIO = "connguard:pool_servers:ratio"
POOL_SERVERS = "connguard:pool_servers"
POOL_SIZE = "connguard:pool_size"
ROLE_LIMIT = "connguard:role_limit"
DATABASE_LIMIT = "connguard:database_limit"
SERVER_LIMIT = "connguard:server_limit"
ROLE_EXPECTED = "connguard:role_limit_expected"
DATABASE_EXPECTED = "connguard:database_limit_expected"
ROLE_BUDGET = "connguard:role_budget"
DATABASE_BUDGET = "connguard:database_budget"
SERVER_EXPECTED = "connguard:server_limit_expected"

POOLER_METRICS = (
    "pgbouncer_up",
    "pgbouncer_used_clients",
    "pgbouncer_login_clients",
    "pgbouncer_config_max_client_connections",
    "pgbouncer_databases_pool_size",
    "pgbouncer_databases_paused",
    "pgbouncer_databases_disabled",
    "pgbouncer_pools_client_waiting_connections",
    "pgbouncer_pools_client_maxwait_seconds",
    "pgbouncer_pools_server_active_connections",
    "pgbouncer_pools_server_idle_connections",
    "pgbouncer_pools_server_used_connections",
    "pgbouncer_pools_server_testing_connections",
    "pgbouncer_pools_server_login_connections",
)
"""Metrics of prometheus-community/pgbouncer_exporter, as its collector.go names them."""

LOGIN_FAILURES = (
    "too many connections for (role|database)",
    "remaining connection slots are reserved",
    "sorry, too many clients already",
    "no more connections allowed",
    "client connections exceeded",
    "query_wait_timeout",
    "server login has been failing",
    "server_login_retry",
)
"""Texts of servers' and poolers' logs that mean: a wall was hit. SQLSTATE class 53 alone misses
what comes through PgBouncer until 1.19 (08P01), and every hit behind a pool that works on."""
