# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of the application's own pool: it has no connection to give."""

from __future__ import annotations

from connguard.policies.model import triage
from connguard.policies.model.policy import Failure
from connguard.policies.model.symptom import (
    Cause,
    Check,
    Code,
    Layer,
    Nearness,
    Symptom,
    Wording,
    pooler,
)

SYMPTOMS = (
    Symptom(
        id="client-pool-exhausted",
        title="the application's pool gave no connection in time",
        layer=Layer.CLIENT_POOL,
        nearness=Nearness.WAIT,
        codes=(Code("P2024", "Prisma"),),
        wordings=(
            Wording(
                "HikariCP",
                "Connection is not available, request timed out after",
                r"Connection is not available, request timed out after \d{1,9} ?ms",
            ),
            Wording("HikariCP", "HikariPool$PoolInitializationException"),
            Wording(
                "HikariCP",
                "SQLTransientConnectionException",
                r"SQLTransientConnectionException: \S{1,80} - Connection is not available",
            ),
            Wording("HikariCP", "Apparent connection leak detected"),
            Wording("HikariCP", "Thread starvation or clock leap detected"),
            Wording("Tomcat JDBC", "PoolExhaustedException"),
            Wording(
                "Tomcat JDBC",
                "Unable to fetch a connection in",
                r"Timeout: Pool empty\. Unable to fetch a connection in \d{1,6} seconds",
            ),
            Wording(
                "DBCP",
                "Cannot get a connection, pool error Timeout waiting for idle object",
            ),
            Wording("DBCP", "Cannot get a connection, pool exhausted"),
            Wording("Agroal", "Acquisition timeout while waiting for new connection"),
            Wording("c3p0", "An attempt by a client to checkout a Connection has timed out"),
            Wording(
                "SQLAlchemy",
                "QueuePool limit of size",
                r"QueuePool limit of size (?P<limit>\d{1,6}) overflow -?\d{1,6} reached",
            ),
            Wording("SQLAlchemy", "QueuePool limit of size", r"QueuePool limit of size"),
            Wording("Rails", "could not obtain a connection from the pool within"),
            Wording("Rails", "could not obtain a database connection within"),
            Wording("Rails", "ActiveRecord::ConnectionTimeoutError"),
            Wording("Sequel", "Sequel::PoolTimeout"),
            Wording(
                "psycopg_pool",
                "couldn't get a connection after",
                r"couldn't get a connection after [\d.]{1,12} sec",
            ),
            Wording("psycopg_pool", "PoolTimeout", r"psycopg_pool\.PoolTimeout"),
            Wording("psycopg_pool", "pool initialization incomplete after"),
            Wording(
                "psycopg2",
                "connection pool exhausted",
                r"(?:psycopg2\.pool\.)?PoolError: connection pool exhausted",
            ),
            Wording(
                "Prisma",
                "Timed out fetching a new connection from the",
                r"Timed out fetching a new connection from the (?:connection )?pool",
                needs_context=False,
            ),
            Wording("Prisma", "Timed out fetching a connection from the pool"),
            Wording("node-pg", "timeout exceeded when trying to connect"),
            Wording("Knex", "Timeout acquiring a connection. The pool is probably full"),
            Wording("tarn", "operation timed out for an unknown reason"),
            Wording("Sequelize", "SequelizeConnectionAcquireTimeoutError"),
            Wording(
                "Sequelize",
                "ConnectionAcquireTimeoutError",
                r"ConnectionAcquireTimeoutError",
            ),
            Wording("generic-pool", "ResourceRequest timed out"),
            Wording("sqlx", "pool timed out while waiting for an open connection"),
            Wording("sqlx", "timed out while waiting for an open connection"),
            Wording("sqlx", "PoolTimedOut"),
            Wording("sqlx", "attempted to acquire a connection on a closed pool"),
            Wording(
                "deadpool",
                "Timeout occurred while ",
                r"Timeout occurred while (?:waiting for a slot to become"
                r" available|creating a new object|recycling an object|waiting for)",
            ),
            Wording("bb8", "imed out in bb8", r"[Tt]imed out in bb8"),
            Wording("r2d2", "timed out waiting for connection", needs_context=True),
            Wording("Diesel", "Failed to get connection from pool", needs_context=True),
            Wording(
                "Ecto",
                "connection not available and request was dropped from queue after",
            ),
            Wording(
                "Ecto",
                "because it queued and checked out the connection",
                r"timed out\s{1,4}because it queued and checked out the connection",
            ),
            Wording("Ecto", "could not checkout the connection owned by"),
            Wording("Npgsql", "The connection pool has been exhausted"),
            Wording(
                ".NET",
                "The timeout period elapsed prior to obtaining a connection from the pool",
                needs_context=True,
            ),
            Wording("pgxpool", "failed to acquire connection", needs_context=True),
            Wording(
                "R2DBC",
                "Connection acquisition timed out after",
                r"Connection acquisition timed out after \d{1,9} ?ms",
            ),
            Wording(
                "Vert.x",
                "Connection pool reached max wait queue size of",
                needs_context=True,
            ),
            Wording("ActiveRecord", "all pooled connections were in use"),
        ),
        proves=(
            "The application waited for a connection of its own pool and got none in time: all were"
            " in use, or no new one could be opened."
        ),
        rules_out=(
            "Nothing about the server. If connections could not be opened, the reason stands in a"
            " cause or log line nearby, and that is the symptom to follow."
        ),
        causes=(
            Cause(
                "All connections are busy: slow statements, transactions held while something else"
                " is waited for, more threads than connections."
            ),
            Cause("A leak: connections are not given back on some path.", outside=True),
            Cause(
                "New connections cannot be opened: the server's or role's limit, pg_hba.conf, the"
                " network."
            ),
            Cause("The pooler behind it lets clients wait longer than the application does."),
            Cause(
                "One request takes two connections, so that the pool locks itself up.",
                outside=True,
            ),
        ),
        triage=(
            triage.HOLDERS,
            triage.OLD_TRANSACTIONS,
            triage.POOLS,
            Check(
                "SELECT count(*), state FROM pg_stat_activity WHERE usename = 'ROLE'"
                " GROUP BY state;",
                "idle in transaction: the application holds them; few at all: it cannot open more",
            ),
        ),
        avoid=(
            "Raising the pool's size before knowing whether role, pooler and server allow it.",
            "A longer timeout: requests pile up behind it.",
        ),
        failures=(Failure.TIMEOUT, Failure.ROLE_LIMIT, Failure.SERVER_SLOTS),
        policies=(*("PG101", "PG102", "PG103", "PG105", "PG109", "PG111", "PG501", "PG502"),),
        decided_by=pooler(
            "default_pool_size", "pool_size", "query_wait_timeout", "max_db_connections"
        ),
        references=(
            "https://github.com/brettwooldridge/HikariCP#frequently-used",
            "https://docs.sqlalchemy.org/en/20/errors.html",
            "https://www.prisma.io/docs/orm/reference/error-reference",
        ),
    ),
)
