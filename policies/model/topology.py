# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Services, poolers and a server: what the connection budget is computed from.

All amounts are counts of connections unless said otherwise. None means that nothing sets the
value; the rules of the program then apply (`pools.py`).
"""

from __future__ import annotations

from dataclasses import field

from connguard.policies.model.amount import Amount, exactly, plus
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass

ANY = "*"
"""The `[databases]` entry that stands for every database name that has no entry of its own."""

Version = tuple[int, int]

PREPARED_STATEMENTS = "prepared-statements"
LISTEN = "listen"
ADVISORY_LOCKS = "advisory-locks"
SESSION_SETTINGS = "session-settings"
SQL_PREPARE = "sql-prepare"
TEMPORARY_TABLES = "temporary-tables"
HOLDABLE_CURSORS = "holdable-cursors"
SESSION_FEATURES = (
    PREPARED_STATEMENTS,
    LISTEN,
    ADVISORY_LOCKS,
    SESSION_SETTINGS,
    SQL_PREPARE,
    TEMPORARY_TABLES,
    HOLDABLE_CURSORS,
)
"""What needs the same server connection from one transaction to the next."""

CONNECTION_TIMEOUT = "connection_timeout"
MAX_LIFETIME = "max_lifetime"
KEEPALIVE = "keepalive"
NETWORK_IDLE_TIMEOUT = "network_idle_timeout"
SERVICE_TIMEOUTS = (CONNECTION_TIMEOUT, MAX_LIFETIME, KEEPALIVE, NETWORK_IDLE_TIMEOUT)
"""Settings of a service's own pool, and of the network between it and the pooler; in seconds."""


@dataclass(frozen=True, slots=True)
class Service:
    """Something that connects: `instances` × `processes` × `pool` connections at most.

    `surge` is how many instances more a rolling deployment starts. `pooler` is None for a direct
    connection. `database` is the name that the service asks for (through a pooler: the pooler's
    name for it), `user` the user that it logs in as; None where that is not known. `needs` are
    features of `SESSION_FEATURES` that it uses, `timeouts` settings of its pool in seconds.
    `elsewhere` is whether its environment names another place to connect to as well, `unprepared`
    whether its connection string turns prepared statements off.
    """

    name: str
    origin: Origin
    instances: Amount
    pool: Amount
    pooler: str | None
    database: str | None
    user: str | None
    processes: Amount = field(default_factory=lambda: exactly(1))
    surge: Amount = field(default_factory=lambda: exactly(0))
    database_origin: Origin | None = None
    needs: tuple[tuple[str, Origin], ...] = ()
    timeouts: tuple[tuple[str, float, Origin], ...] = ()
    elsewhere: bool = False
    unprepared: bool = False


@dataclass(frozen=True, slots=True)
class PoolerEntry:
    """A database name of a pooler (a line of PgBouncer's `[databases]`).

    `database` is the server's database; None means the name itself. `user` is the forced user.
    `client_user` restricts the entry to clients of one user (poolers other than PgBouncer).
    `leads_here` is whether it leads to the topology's server; None if that is not known.
    """

    name: str
    origin: Origin
    database: str | None = None
    user: str | None = None
    client_user: str | None = None
    pool_size: Amount | None = None
    reserve_pool_size: Amount | None = None
    min_pool_size: Amount | None = None
    max_connections: Amount | None = None
    max_client_connections: Amount | None = None
    pool_mode: str | None = None
    auth_user: str | None = None
    auth_dbname: str | None = None
    host: str | None = None
    leads_here: bool | None = True


@dataclass(frozen=True, slots=True)
class PoolerUser:
    """Settings of one user of a pooler (a line of PgBouncer's `[users]`)."""

    name: str
    origin: Origin
    pool_size: Amount | None = None
    reserve_pool_size: Amount | None = None
    max_connections: Amount | None = None
    max_client_connections: Amount | None = None
    pool_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Pooler:
    """A connection pooler, as each of its processes runs it.

    `instances` counts all processes: replicas × processes of each; `surge` is how many more a
    rolling deployment starts. `versions` are the versions
    that may run (several if nothing says which). `login_users` are the users that are known to be
    able to log in; `users_known` says whether these are all; `console_users` of them may be there
    for the pooler's console only. `looks_up_users` is whether users
    outside the list of users are looked up on the server (auth_query); `listed_users` are those of
    that list. `server_cap` caps all server connections of a process together. `user_count` is how
    many users the process knows. `timeouts` are (name, seconds, place). `prepared_statements` is
    max_prepared_statements. `closed` means that the services of the topology are all clients.
    """

    name: str
    origin: Origin
    kind: str
    instances: Amount
    versions: tuple[Version, ...]
    entries: tuple[PoolerEntry, ...]
    default_pool_size: Amount
    max_client_conn: Amount
    users: tuple[PoolerUser, ...] = ()
    login_users: frozenset[str] = frozenset()
    console_users: frozenset[str] = frozenset()
    listed_users: frozenset[str] = frozenset()
    users_known: bool = False
    looks_up_users: bool = False
    auth_user: str | None = None
    auth_dbname: str | None = None
    reserve_pool_size: Amount = field(default_factory=lambda: exactly(0))
    reserve_pool_timeout: float = 5.0
    min_pool_size: Amount = field(default_factory=lambda: exactly(0))
    max_db_connections: Amount = field(default_factory=lambda: exactly(0))
    max_user_connections: Amount = field(default_factory=lambda: exactly(0))
    max_db_client_connections: Amount = field(default_factory=lambda: exactly(0))
    max_user_client_connections: Amount = field(default_factory=lambda: exactly(0))
    server_cap: Amount | None = None
    pool_mode: str = "session"
    open_files: Amount | None = None
    user_count: int = 0
    timeouts: tuple[tuple[str, float, Origin | None], ...] = ()
    prepared_statements: Amount | None = None
    closed: bool = False
    surge: Amount = field(default_factory=lambda: exactly(0))

    @property
    def running(self) -> Amount:
        """The processes that may run at once."""
        return plus(self.instances, self.surge) if self.surge.high else self.instances


@dataclass(frozen=True, slots=True)
class LimitedRole:
    """A role of the server. `limit` None: no file sets a limit, so there is none."""

    name: str
    origin: Origin | None
    limit: Amount | None = None
    superuser: bool = False
    uses_reserved: bool = False
    can_login: bool = True


@dataclass(frozen=True, slots=True)
class LimitedDatabase:
    """A database of the server; `limit` as in `LimitedRole`."""

    name: str
    origin: Origin | None
    limit: Amount | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """The server's connection slots.

    `provider_reserved` is what a managed service keeps for itself, on top of the two settings.
    """

    origin: Origin
    max_connections: Amount
    superuser_reserved: Amount
    reserved: Amount = field(default_factory=lambda: exactly(0))
    provider_reserved: Amount = field(default_factory=lambda: exactly(0))


@dataclass(frozen=True, slots=True)
class Headroom:
    """Connections that must stay free.

    `admin`: slots of the server for people, migrations and monitoring. `recycling`: below the
    limit of a role or database that is used through a pooler; a server connection that is being
    replaced is still counted while its successor logs in.
    """

    admin: Amount = field(default_factory=lambda: exactly(3, "headroom"))
    recycling: int = 1


@dataclass(frozen=True, slots=True)
class Topology:
    """One server with everything that connects to it."""

    origin: Origin
    services: tuple[Service, ...] = ()
    poolers: tuple[Pooler, ...] = ()
    roles: tuple[LimitedRole, ...] = ()
    databases: tuple[LimitedDatabase, ...] = ()
    server: Server | None = None
    headroom: Headroom = field(default_factory=Headroom)
