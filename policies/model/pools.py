# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Which server connections one process of a pooler can open: PgBouncer's rules, 1.18 to 1.25.

Other poolers are described in the same terms (`topology.py`). The rules were measured on 1.18,
1.21, 1.23, 1.24 and 1.25; the manual is https://www.pgbouncer.org/config.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, plus, saturate, times
from connguard.policies.model.flow import transport
from connguard.policies.model.formula import choose, fits, least, most
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import (
    ANY,
    Pooler,
    PoolerEntry,
    PoolerUser,
    Service,
    Topology,
)

FORCED_USERS_COUNT = (1, 23)
"""From here on `[users]` settings hold for a forced user, and its connections add up."""

ZERO_IS_UNLIMITED = (1, 24)
"""From here on a pool size of 0 means no limit; before, it means one connection."""

FORCED_POOLS_PREFILL = (1, 21)
"""From here on min_pool_size fills the pools of forced users before a client comes."""

UNKNOWN = ""
"""The user of a pool that stands for the pools of all users that the files do not name."""

Key = tuple[str, str]
"""A pool: the pooler's name of the database, and the user that logs in to the server."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The client connections that may ask one pool: how many, and of which services."""

    amount: Amount
    services: tuple[Service, ...] = ()
    lookups: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool of one process, with every setting that decides its size.

    `low` and `high` bound the number of its server connections in the worst case. Where the name
    is ANY or the user UNKNOWN, it stands for any number of pools.
    """

    name: str
    user: str
    database: str
    entry: PoolerEntry
    size: Amount
    reserve: Amount
    minimum: Amount
    clients: Clients
    low: int
    high: int

    def at(self, high: bool) -> int:
        return self.high if high else self.low


@dataclass(frozen=True, slots=True)
class Caps:
    """Caps over the pools of one process, by pooler name and by (user, name or "")."""

    names: Mapping[str, int]
    users: Mapping[Key, int]
    total: int


def connections(service: Service) -> Amount:
    """All connections of a service during a rolling deployment."""
    return times(plus(service.instances, service.surge), service.processes, service.pool)


def find_entry(pooler: Pooler, name: str, client_user: str | None) -> PoolerEntry | None:
    """The entry for a client: the one of that name, else the one for any name."""
    for wanted in (name, ANY):
        for entry in reversed(pooler.entries):
            if entry.name == wanted and entry.client_user in (None, client_user):
                return entry
    return None


def clients_of(pooler: Pooler, topology: Topology) -> list[Service]:
    """The services that connect through this pooler."""
    return [service for service in topology.services if service.pooler == pooler.name]


class PoolsOfPooler:
    """The pools of one process of a pooler, as one version of it makes them."""

    def __init__(self, pooler: Pooler, topology: Topology, version: tuple[int, int]) -> None:
        self.pooler = pooler
        self.version = version
        self._topology = topology
        self._users = {user.name: user for user in pooler.users}
        self.pools: dict[Key, Pool] = {}
        self._caps: dict[bool, Caps] = {}
        self._clients: dict[Key, list[Clients]] = {}
        self._entries: dict[Key, PoolerEntry] = {}
        self._gather()
        for key, clients in self._clients.items():
            self.pools[key] = self._pool(key, clients)

    # Which pools there are, and who may ask them.

    def _gather(self) -> None:
        if self.pooler.closed:
            self._gather_services()
        else:
            self._gather_permitted()
        for entry in self.pooler.entries:
            if entry.user is not None and entry.name != ANY:
                # The pool exists without clients, too: it may be filled up to min_pool_size.
                self._ask((entry.name, entry.user), entry, Clients(exactly(0)))

    def _gather_services(self) -> None:
        lookups: dict[Key, list[Clients]] = {}
        for service in clients_of(self.pooler, self._topology):
            amount = connections(service)
            for name, user, entry, certain in self._destinations(service):
                some = amount if certain else Amount(0, amount.high, reason=amount.reason)
                some = self._limited_clients(some, entry, service.user)
                self._ask((name, entry.user or user), entry, Clients(some, (service,)))
                self._add_lookup(lookups, entry, name, service.user, some, service)
        for key, waiting in lookups.items():
            entry_of = find_entry(self.pooler, key[0], None)
            if entry_of is not None:
                for clients in waiting:
                    self._ask(key, entry_of, clients)

    def _destinations(self, service: Service) -> Iterable[tuple[str, str, PoolerEntry, bool]]:
        """Where a service's connections go: (name, user, entry, whether that is certain)."""
        if service.database is not None:
            entry = find_entry(self.pooler, service.database, service.user)
            entries = [] if entry is None else [(service.database, entry)]
        else:
            entries = [(one.name, one) for one in self.pooler.entries if one.name != ANY]
        certain = service.database is not None or len(entries) == 1
        for name, entry in entries:
            if service.user is not None or entry.user is not None:
                yield name, service.user or "", entry, certain
            else:
                users = sorted(self._candidates())
                for user in users:
                    yield name, user, entry, certain and len(users) == 1

    def _gather_permitted(self) -> None:
        """Nothing says who connects: as many clients as the settings permit, to every pool."""
        permitted = self.pooler.max_client_conn
        candidates = sorted(self._candidates())
        # Users of the console may use databases, too; that they do is certain if nobody else can.
        certain = self.pooler.login_users - self.pooler.console_users or self.pooler.login_users
        if self.pooler.looks_up_users:
            certain = frozenset(candidates)
        lookups: dict[Key, list[Clients]] = {}
        for entry in self.pooler.entries:
            for name in self._names(entry):
                some = self._limited_clients(permitted, entry, None)
                if entry.user is not None:
                    self._ask((name, entry.user), entry, Clients(some))
                elif entry.client_user is not None:
                    self._ask((name, entry.client_user), entry, Clients(some))
                else:
                    for user in candidates:
                        amount = (
                            some
                            if user in certain
                            else Amount(
                                0, some.high, reason=f"whether {user} uses {self.pooler.name}"
                            )
                        )
                        self._ask((name, user), entry, Clients(amount))
                    if not self.pooler.users_known:
                        self._ask((name, UNKNOWN), entry, Clients(Amount(0, some.high)))
                self._add_lookup(lookups, entry, name, None, some, None)
        for key, waiting in lookups.items():
            entry_of = find_entry(self.pooler, key[0], None)
            if entry_of is not None:
                self._ask(key, entry_of, waiting[0])

    def known_clients(self) -> dict[Key, Clients]:
        """The services that are known to ask a pool, of those that the settings permit."""
        found: dict[Key, list[Clients]] = {}
        for service in clients_of(self.pooler, self._topology):
            amount = connections(service)
            for name, user, entry, certain in self._destinations(service):
                named = service.user or entry.user or self.pooler.users_known
                if certain and named:
                    some = self._limited_clients(amount, entry, service.user)
                    key = name, entry.user or user
                    found.setdefault(key, []).append(Clients(some, (service,)))
        return {
            key: Clients(
                plus(*(one.amount for one in clients)),
                tuple(service for one in clients for service in one.services),
            )
            for key, clients in found.items()
        }

    def _candidates(self) -> frozenset[str]:
        """The users that may log in to the pooler, as far as they are known."""
        if self.pooler.users_known:
            return self.pooler.login_users
        roles = (
            role.name
            for role in self._topology.roles
            if role.can_login and role.name != self._auth_user_of(None)
        )
        return self.pooler.login_users | frozenset(roles)

    def _names(self, entry: PoolerEntry) -> list[str]:
        if entry.name != ANY:
            return [entry.name]
        own = {one.name for one in self.pooler.entries}
        known = {database.name for database in self._topology.databases}
        known |= {
            service.database
            for service in clients_of(self.pooler, self._topology)
            if service.database is not None
        }
        return [*sorted(known - own), ANY]

    def _add_lookup(
        self,
        lookups: dict[Key, list[Clients]],
        entry: PoolerEntry,
        name: str,
        client_user: str | None,
        amount: Amount,
        service: Service | None,
    ) -> None:
        """Clients that are not in the list of users make a look-up connection of its user."""
        auth_user = self._auth_user_of(entry)
        if auth_user is None or not self.pooler.looks_up_users:
            return
        if client_user is not None and client_user in self.pooler.listed_users:
            return
        where = entry.auth_dbname or self.pooler.auth_dbname or name
        services = () if service is None else (service,)
        lookups.setdefault((where, auth_user), []).append(Clients(amount, services, lookups=True))

    def _auth_user_of(self, entry: PoolerEntry | None) -> str | None:
        return (entry.auth_user if entry else None) or self.pooler.auth_user

    def _limited_clients(self, amount: Amount, entry: PoolerEntry, user: str | None) -> Amount:
        """No more clients than the pooler admits: in all, for the name, and for the user."""
        caps = [self.pooler.max_client_conn]
        if self.version >= ZERO_IS_UNLIMITED:
            caps.append(
                _own_or(entry.max_client_connections, self.pooler.max_db_client_connections)
            )
            own = self._users.get(user or "")
            caps.append(
                _own_or(
                    own.max_client_connections if own else None,
                    self.pooler.max_user_client_connections,
                )
            )
        low, high = amount.low, amount.high
        for cap in caps:
            caps_all = cap is self.pooler.max_client_conn
            low = least(low, cap.low if caps_all else choose(cap.low, cap.low, UNBOUNDED))
            high = least(high, cap.high if caps_all else choose(cap.low, cap.high, UNBOUNDED))
        return Amount(low, high, amount.name, amount.origin, amount.reason)

    def _ask(self, key: Key, entry: PoolerEntry, clients: Clients) -> None:
        if entry.leads_here is False:
            return  # its connections are another server's
        self._entries.setdefault(key, entry)
        self._clients.setdefault(key, []).append(clients)

    # How large a pool gets.

    def _pool(self, key: Key, clients: Sequence[Clients]) -> Pool:
        name, user = key
        entry = self._entries[key]
        forced = entry.user is not None and entry.user == user
        settings = self._settings(user, forced)
        size = _first(
            settings.pool_size if settings else None,
            entry.pool_size,
            self.pooler.default_pool_size,
        )
        reserve = _first(
            settings.reserve_pool_size if settings else None,
            entry.reserve_pool_size,
            self.pooler.reserve_pool_size,
        )
        if not self.pooler.reserve_pool_timeout:
            reserve = exactly(0, "reserve_pool_size without reserve_pool_timeout", reserve.origin)
        minimum = _first(entry.min_pool_size, self.pooler.min_pool_size)
        asking = plus(*(one.amount for one in clients))
        asking = Amount(
            least(asking.low, self.pooler.max_client_conn.low),
            least(asking.high, self.pooler.max_client_conn.high),
            reason=asking.reason,
        )
        merged = Clients(
            asking,
            tuple(service for one in clients for service in one.services if not one.lookups),
            all(one.lookups for one in clients if one.amount.high),
        )
        prefilled = forced and self.version >= FORCED_POOLS_PREFILL
        bounds = []
        open_ended = name == ANY or user == UNKNOWN  # stands for any number of pools
        for high in (False, True):
            largest = self._most(self._size_at(size, high), reserve.at(high))
            wanted = least(largest, asking.at(high))
            filled = most(wanted, self._least(minimum.at(high), size.at(high)))
            wanted = filled if prefilled else choose(asking.at(high), filled, wanted)
            if open_ended:
                wanted = UNBOUNDED if high else self._certain
            bounds.append(wanted if high or entry.leads_here else 0)
        database = entry.database or name
        return Pool(name, user, database, entry, size, reserve, minimum, merged, *bounds)

    def _settings(self, user: str, forced: bool) -> PoolerUser | None:
        if forced and self.version < FORCED_USERS_COUNT:
            return None
        return self._users.get(user)

    @property
    def _certain(self) -> int:
        """What whoever comes can open at least: where only the whole is capped, all of it."""
        cap = self.pooler.server_cap
        return cap.low if cap is not None else 0

    def _size_at(self, size: Amount, high: bool) -> int:
        """The size to compute with. 0 can be the largest of all, so a range leaves it out."""
        given = size.at(high)
        unlimited = high and self.version >= ZERO_IS_UNLIMITED
        as_range = UNBOUNDED if unlimited else most(1, given)
        return choose(most(fits(size.high, size.low), size.low), given, as_range)

    def _most(self, size: int, reserve: int) -> int:
        unlimited = self.version >= ZERO_IS_UNLIMITED
        of_zero = UNBOUNDED if unlimited else most(1, reserve)
        return choose(size, saturate(size + most(0, reserve)), of_zero)

    def _least(self, minimum: int, size: int) -> int:
        unlimited = self.version >= ZERO_IS_UNLIMITED
        return choose(size, least(minimum, size), minimum if unlimited else least(minimum, 1))

    # What the caps leave.

    def caps(self, high: bool) -> Caps:
        """The caps with all amounts at one end; the pools and caps of a version do not change."""
        if high not in self._caps:
            self._caps[high] = self._caps_at(high)
        return self._caps[high]

    def alone(self, pool: Pool, high: bool) -> int:
        """How many server connections one pool can have by itself."""
        caps = self.caps(high)
        name = caps.names.get(pool.name, UNBOUNDED)
        user = caps.users.get(self._counted_as(pool), UNBOUNDED)
        return least(caps.total, pool.at(high), name, user)

    def _caps_at(self, high: bool) -> Caps:
        names: dict[str, int] = {}
        users: dict[Key, int] = {}
        for (name, user), pool in self.pools.items():
            cap = _own_or(pool.entry.max_connections, self.pooler.max_db_connections).at(high)
            if name != ANY:
                names[name] = choose(cap, cap, UNBOUNDED)
            own = self._settings(user, self._is_forced(pool))
            cap = _own_or(
                own.max_connections if own else None, self.pooler.max_user_connections
            ).at(high)
            if user != UNKNOWN:
                users[self._counted_as(pool)] = choose(cap, cap, UNBOUNDED)
        total = self.pooler.server_cap.at(high) if self.pooler.server_cap else UNBOUNDED
        return Caps(names, users, total)

    def _is_forced(self, pool: Pool) -> bool:
        return pool.entry.user == pool.user

    def _counted_as(self, pool: Pool) -> Key:
        """Under which count max_user_connections puts a pool: before 1.23 per forced entry."""
        alone = self._is_forced(pool) and self.version < FORCED_USERS_COUNT
        return pool.user, pool.name if alone else ""

    def maximum(self, pools: Iterable[Pool], high: bool, caps: Caps) -> int:
        """How many server connections these pools can have together, in one process."""
        cells = {(pool.name, self._counted_as(pool)): pool.at(high) for pool in pools}
        return least(caps.total, transport(cells, caps.names, caps.users))


def _first(*amounts: Amount | None) -> Amount:
    return next(amount for amount in amounts if amount is not None)


def _own_or(own: Amount | None, general: Amount) -> Amount:
    """A limit of 0 or less on an entry does not lift the general one: it falls back to it."""
    if own is None:
        return general
    return Amount(choose(own.high, own.low, general.low), choose(own.high, own.high, general.high))
