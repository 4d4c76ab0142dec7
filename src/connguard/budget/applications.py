# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an application's environment says about its connections: where, as whom, how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from connguard.budget import dsn
from connguard.budget.commands import Command, Environment, Runtime, processes_of
from connguard.engine.reading import Context
from connguard.policies.model.amount import Amount, exactly, plus, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.topology import Service
from connguard.policies.model.whole_numbers import whole

HIKARI_DEFAULT = 10
"""HikariCP's maximumPoolSize where nothing sets it, and so Spring Boot's."""

_IS_DEFAULT = "(HikariCP's default)"

_PARTS = {
    "host": ("PGHOST", "DB_HOST", "DATABASE_HOST", "POSTGRES_HOST", "POSTGRESQL_HOST", "DBHOST"),
    "database": (
        "PGDATABASE",
        "DB_NAME",
        "DATABASE_NAME",
        "POSTGRES_DB",
        "DB_DATABASE",
        "POSTGRES_DATABASE",
    ),
    "user": ("PGUSER", "DB_USER", "DATABASE_USER", "POSTGRES_USER", "DB_USERNAME"),
}
_ADDRESS = lazily(r"(?i)(?:^|_)(?:DSN|UR[LI]|CONNECTION(?:_STRING)?)$|DIRECT|LISTEN|UNPOOLED")
_TELLS_WHERE = lazily(
    r"(?i)^(?=.{1,100}$)(?!.*(?:MYSQL|MSSQL|MARIA|MONGO|REDIS))"
    r".*(?:DATABASE|DB|PG|POSTGRES|SQL|DATASOURCE)"
    r".*(?:UR[LI]|DSN|HOST|CONNECTION|CONN_STR)\w*$|^DSN$"
)
_UNPREPARED = {
    "pgbouncer": ("true",),
    "preparethreshold": ("0",),
    "statement_cache_size": ("0",),
    "prepared_statement_cache_size": ("0",),
    "statement_cache_capacity": ("0",),
    "prepared_statements": ("false",),
    "statement_cache_mode": ("describe",),
    "default_query_exec_mode": ("simple_protocol", "exec", "describe_exec", "cache_describe"),
}
"""Parameters of Prisma, pgjdbc, asyncpg (and SQLAlchemy's), pgx 4, sqlx, Rails and pgx."""

_POOL = lazily(
    r"(?:^|_)(?:MAXIMUM_?POOL_?SIZE|POOL_?SIZE|POOL_MAX|MAX_POOL(?:_SIZE)?|DB_POOL|DATABASE_POOL"
    r"|MAX_OPEN_CONNS?|MAX_OPEN_CONNECTIONS|CONNECTION_LIMIT|DB_MAX_CONNECTIONS"
    r"|DATABASE_MAX_CONNECTIONS|PG_MAX_CONNECTIONS)$"
)
_OVERFLOW = lazily(r"(?:^|_)MAX_OVERFLOW$")


def of_environment(
    name: str,
    origin: Origin,
    environment: Environment,
    command: Command | None = None,
    *,
    folder: Path | None = None,
    context: Context | None = None,
) -> tuple[Service, str | None, int | None] | None:
    """The service, with the host and port that it connects to; None if no database is named.

    `folder` is that of its code, in which files lie that the command names.
    """
    found = _target(environment)
    if found is None:
        return None
    target, place = found
    service = Service(
        name=name,
        origin=origin,
        instances=exactly(1),
        processes=processes_of(Runtime(name, environment, command, folder), context),
        pool=_pool(name, environment, target, place),
        pooler=None,
        database=target.database,
        user=target.user,
        database_origin=place,
        elsewhere=_elsewhere(environment, target, place),
        unprepared=_unprepared(target.options),
    )
    return service, target.host, target.port


def of_secret(
    name: str, origin: Origin, environment: Environment, command: Command | None, place: Origin
) -> Service:
    """A service that is told by a secret where to connect; `place` is where that is said."""
    known = {
        part: next(
            (environment[key][0] for key in names if key in environment and environment[key][2]),
            None,
        )
        for part, names in _PARTS.items()
    }
    target = dsn.Target(None, None, known["database"], known["user"])
    return Service(
        name=name,
        origin=origin,
        instances=exactly(1),
        processes=processes_of(Runtime(name, environment, command)),
        pool=_pool(name, environment, target, place),
        pooler=None,
        database=target.database,
        user=target.user,
        database_origin=place,
    )


def tells_where(variable: str) -> bool:
    """Whether a variable of this name says where in PostgreSQL a service connects."""
    return _TELLS_WHERE.search(variable) is not None or variable in _PARTS["host"]


def opaque(name: str, origin: Origin) -> Service:
    """A service that is started after the database, and does not say how it uses it."""
    return Service(
        name=name,
        origin=origin,
        instances=exactly(1),
        pool=unknown_amount(f"pool of {name}", f"how many connections {name} opens", origin),
        pooler=None,
        database=None,
        user=None,
    )


def is_default(pool: Amount) -> bool:
    """Whether the size holds only where nothing else in the project sets one."""
    return pool.name.endswith(_IS_DEFAULT)


def replicated(service: Service, instances: Amount, surge: Amount) -> Service:
    return replace(service, instances=instances, surge=surge)


def _elsewhere(environment: Environment, target: dsn.Target, place: Origin) -> bool:
    """Whether another variable names, or may name, another place to connect to."""
    for name, (text, origin, known) in environment.items():
        if origin == place:
            continue
        other = dsn.parse(text)
        if other is not None and other.host is not None:
            if (other.host, other.port) != (target.host, target.port):
                return True
        elif (not known or not text or "$" in text) and _ADDRESS.search(name):
            return True
    return False


def _unprepared(options: Mapping[str, str]) -> bool:
    """Whether a connection string turns prepared statements off, for one of the libraries."""
    return any(options.get(key, "").lower() in values for key, values in _UNPREPARED.items())


def _target(environment: Environment) -> tuple[dsn.Target, Origin] | None:
    for name in sorted(environment, key=lambda key: (key != "DATABASE_URL", key)):
        text, origin, _ = environment[name]
        target = dsn.parse(text)
        if target is not None and (target.host or target.database):
            return target, origin
    values: dict[str, str | None] = {}
    place = None
    for part, names in _PARTS.items():
        for name in names:
            if name in environment:
                text, origin, known = environment[name]
                values[part] = text if known else None
                place = place or origin
                break
    if "host" not in values or place is None:
        return None
    return (
        dsn.Target(values["host"], None, values.get("database"), values.get("user")),
        place,
    )


def _pool(name: str, environment: Environment, target: dsn.Target, place: Origin) -> Amount:
    label = f"pool of {name}"
    if target.pool is not None:
        return exactly(target.pool, label, place)
    sizes: list[Amount] = []
    overflow: list[Amount] = []
    for key, (text, origin, known) in environment.items():
        is_size, is_overflow = _POOL.search(key), _OVERFLOW.search(key)
        if not is_size and not is_overflow:
            continue
        amount = (
            exactly(whole(text), label, origin)
            if known and text.isdecimal()
            else unknown_amount(label, f"{key} is set elsewhere", origin)
        )
        (sizes if is_size else overflow).append(amount)
    if sizes:
        largest = max(sizes, key=lambda one: one.high)
        total = plus(largest, *overflow[:1])
        return replace(total, name=label, origin=largest.origin)
    if any(key.startswith("SPRING_DATASOURCE") for key in environment):
        return exactly(HIKARI_DEFAULT, f"{label} {_IS_DEFAULT}", place)
    return unknown_amount(label, f"the size of {name}'s connection pool", place)
