# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts of the connection budget: what is demanded of each capacity, and by whom."""

from __future__ import annotations

from dataclasses import field

from connguard.policies.model.amount import Amount, Standing, exactly
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Use:
    """One part of a demand: the connections of a pool in all processes, or of a direct service.

    `how` shows the arithmetic, `clients` who asks the pool. `settings` are the numbers that decide
    it, the one at fault first.
    """

    label: str
    how: str
    amount: Amount
    settings: tuple[Amount, ...]
    pooled: bool = False
    clients: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What may at most be demanded of a role, a database or the server, and what it takes.

    `limit` None: nothing limits it. `binding` is the limit as a number that the demand must fit
    into, NO_LIMIT where there is none or it does not hold. `demand` can be less than the sum of
    `uses`: `capped` then says which caps hold over them together. `origin` is where the limit
    stands, or the largest use.
    """

    name: str
    limit: Amount | None
    binding: Amount
    demand: Amount
    uses: tuple[Use, ...]
    standing: Standing
    origin: Origin
    capped: str = ""
    ignored: str = ""


@dataclass(frozen=True, slots=True)
class RoleUsage(Usage):
    """Connections of one role, in all databases. `ignored` is why a limit does not hold."""


@dataclass(frozen=True, slots=True)
class DatabaseUsage(Usage):
    """Connections to one database, of all roles."""


@dataclass(frozen=True, slots=True)
class ServerUsage(Usage):
    """Connections to the server. `limit` is what ordinary roles can use; `settings` make it up."""

    settings: tuple[Amount, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientUsage(Usage):
    """Client connections of one pooler; `limit` is max_client_conn of one process."""

    processes: Amount = field(default_factory=lambda: exactly(1))


@dataclass(frozen=True, slots=True)
class Spare:
    """A capacity that suffices: does it leave the headroom that operation needs?

    `of` names it in a sentence. `settings` as in `Use`.
    """

    of: str
    usage: Usage
    headroom: int
    why: str


@dataclass(frozen=True, slots=True)
class PoolUsage:
    """One pool of a pooler process, with what decides its size and what caps it.

    `services` are the pools of the services that are known to use it, and `clients` counts their
    connections; where none is known, as many as the pooler admits.
    """

    label: str
    origin: Origin
    mode: str
    size: Amount
    reserve: Amount
    minimum: Amount
    clients: Amount
    services: tuple[Amount, ...] = ()
    name_cap: Amount | None = None
    user_cap: Amount | None = None
    server_slots: Amount | None = None


@dataclass(frozen=True, slots=True)
class PoolerUsage:
    """A pooler as a whole: pools without bound, and the files it may have open at once.

    `any_name` is the entry for any database name; `any_user` the first entry through which users
    that no file names can come. `bounded` is whether caps bound all pools together nevertheless.
    `zero_is_unlimited` is whether a pool size of 0 means no limit. `expected_files` is the
    pooler's own start-up estimate.
    """

    name: str
    origin: Origin
    default_pool_size: Amount
    max_client_conn: Amount
    any_name: Origin | None
    any_user: Origin | None
    bounded: bool
    zero_is_unlimited: bool
    open_files: Amount | None
    expected_files: Amount


@dataclass(frozen=True, slots=True)
class SessionFeature:
    """A service uses a feature that lasts longer than a transaction, through a pool of this mode.

    `prepares` is whether the pooler keeps track of prepared statements; None if that depends on
    its version, which is not known.
    """

    service: str
    feature: str
    origin: Origin
    pooler: str
    pooler_origin: Origin
    mode: str
    prepares: bool | None


@dataclass(frozen=True, slots=True)
class Timeout:
    """A time in seconds; `origin` is None for a default."""

    seconds: float
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The timeouts of a service's pool, and those of what stands behind it. None: not set, or off.

    `connection` is how long the service waits for a connection, `lifetime` how long it keeps one,
    `keepalive` how often it uses an idle one. `idle` is after how long something behind it drops
    an idle connection, and `dropped_by` what; `queue` is how long the pooler lets a query wait.
    """

    service: str
    origin: Origin
    pooler: str
    connection: Timeout | None
    lifetime: Timeout | None
    keepalive: Timeout | None
    idle: Timeout | None
    dropped_by: str
    queue: Timeout | None


@dataclass(frozen=True, slots=True)
class LimitAgainstServer:
    """A role's connection limit, and what the server can give to ordinary roles at all."""

    role: str
    limit: Amount
    slots: Amount
    settings: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A number that is declared, and stands differently in the files. The declared one counts."""

    what: str
    declared: Amount
    found: Amount
    origin: Origin


@dataclass(frozen=True, slots=True)
class Budget:
    """The whole chain, computed. `total` are the connections to the server, if there is one."""

    standing: Standing
    roles: tuple[RoleUsage, ...]
    databases: tuple[DatabaseUsage, ...]
    server: ServerUsage | None
    clients: tuple[ClientUsage, ...]
    facts: tuple[object, ...]
    total: Amount
