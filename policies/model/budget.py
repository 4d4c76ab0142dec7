# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The connection budget: the most that can be demanded of every limit, exactly.

Every bound is a maximum over all orders of events, computed per pooler process as a maximum flow
(`pools.py`), times the processes, plus the direct connections. Bounds are computed once with all
amounts at their lowest and once at their highest, which is sound because they only grow with
sizes, caps, clients and processes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace

from connguard.policies.model.amount import (
    NO_LIMIT,
    UNBOUNDED,
    Amount,
    Standing,
    exactly,
    plus,
    saturate,
    standing,
    times,
    worst_standing,
)
from connguard.policies.model.formula import choose, fits, least, most
from connguard.policies.model.origin import Origin
from connguard.policies.model.pools import (
    UNKNOWN,
    ZERO_IS_UNLIMITED,
    Pool,
    PoolsOfPooler,
    clients_of,
    connections,
)
from connguard.policies.model.records import dataclass
from connguard.policies.model.server_size import ServerSize
from connguard.policies.model.sessions import session_facts
from connguard.policies.model.topology import (
    ANY,
    LimitedRole,
    Pooler,
    Server,
    Service,
    Topology,
)
from connguard.policies.model.usage import (
    Budget,
    ClientUsage,
    DatabaseUsage,
    LimitAgainstServer,
    PoolerUsage,
    PoolUsage,
    RoleUsage,
    ServerUsage,
    Spare,
    Usage,
    Use,
)

_FILES_BESIDES = 10 + 2
"""PgBouncer's own allowance in its start-up estimate, and the pool of its admin database."""


def solve(topology: Topology) -> Budget:
    """The budget of a topology. Total: never raises, whatever the numbers are."""
    demand = _Demand(topology)
    for pooler in topology.poolers:
        demand.add_pooler(pooler)
    for service in topology.services:
        if service.pooler is None:
            demand.add_direct(service)
    return _Solution(topology, demand).budget()


@dataclass(slots=True)
class _Bounds:
    """A demand as it grows: [low, high], and the uses that make it up."""

    low: int = 0
    high: int = 0
    uses: list[Use] = field(default_factory=list)
    reason: str = ""
    capped: set[str] = field(default_factory=set)

    def add(self, low: int, high: int, reason: str = "") -> None:
        self.low = saturate(self.low + low)
        self.high = saturate(self.high + high)
        self.reason = self.reason or reason

    @property
    def amount(self) -> Amount:
        reason = self.reason if self.low != self.high else ""
        return Amount(self.low, self.high, reason=reason)


class _Demand:
    """Adds up who can connect as which role, to which database, and in all."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self.roles: dict[str, _Bounds] = defaultdict(_Bounds)
        self.databases: dict[str, _Bounds] = defaultdict(_Bounds)
        self.total = _Bounds()
        self.anyone = _Bounds()  # connections of services whose user is not known
        self.anywhere = _Bounds()  # and whose database is not known
        # How many connections each user can have to each database.
        self.users: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.pools: dict[str, list[PoolsOfPooler]] = {}

    def add_pooler(self, pooler: Pooler) -> None:
        variants = [PoolsOfPooler(pooler, self._topology, version) for version in pooler.versions]
        self.pools[pooler.name] = variants
        self._add_group(pooler, variants, _user_of, self.roles)
        self._add_group(pooler, variants, _database_of, self.databases)
        self._add_group(pooler, variants, _all_alike, {"": self.total})
        for pool in _alike(variants).values():
            use = _pool_use(pooler, pool, _range(variants, pool))
            self.users[pool.database][pool.user] += use.amount.high
            if use.amount.high:
                self.total.uses.append(use)
                if pool.user != UNKNOWN:
                    self.roles[pool.user].uses.append(use)
                if pool.database != ANY:
                    self.databases[pool.database].uses.append(use)

    def add_direct(self, service: Service) -> None:
        amount = connections(service)
        use = Use(service.name, _product(service), amount, _service_settings(service))
        self.users[service.database or ANY][service.user or UNKNOWN] += amount.high
        targets = [
            self.total,
            self.roles[service.user] if service.user else self.anyone,
            self.databases[service.database] if service.database else self.anywhere,
        ]
        for bounds in targets:
            bounds.add(amount.low, amount.high, amount.reason)
            bounds.uses.append(use)

    def _add_group(
        self,
        pooler: Pooler,
        variants: Iterable[PoolsOfPooler],
        group: Callable[[Pool], str | None],
        targets: Mapping[str, _Bounds],
    ) -> None:
        """Add each group's bound: the least and the greatest over the versions that may run."""
        lows: dict[str, list[int]] = defaultdict(list)
        highs: dict[str, list[int]] = defaultdict(list)
        reasons: dict[str, str] = {}
        capped: set[str] = set()
        for variant in variants:
            members: dict[str, list[Pool]] = defaultdict(list)
            for pool in variant.pools.values():
                name = group(pool)
                if name is not None:
                    members[name].append(pool)
            for high, found in ((False, lows), (True, highs)):
                caps = variant.caps(high)
                for name, pools in members.items():
                    bound = variant.maximum(pools, high, caps)
                    if high and bound < saturate(sum(pool.high for pool in pools)):
                        capped.add(name)
                    found[name].append(saturate(bound * pooler.running.at(high)))
            for name, pools in members.items():
                reason = next((r for r in map(_pool_reason, pools) if r), pooler.running.reason)
                reasons.setdefault(name, reason)
        for name, bounds in highs.items():
            low, top = least(*lows[name]), most(*bounds)
            reason = reasons[name] or f"the version of {pooler.name}"
            targets[name].add(low, top, reason if low != top else "")
            if name in capped:
                targets[name].capped.add(pooler.name)


def _user_of(pool: Pool) -> str | None:
    return None if pool.user == UNKNOWN else pool.user


def _database_of(pool: Pool) -> str | None:
    return None if pool.database == ANY else pool.database


def _all_alike(_: Pool) -> str:
    return ""


def _alike(variants: Iterable[PoolsOfPooler]) -> dict[tuple[str, str], Pool]:
    found: dict[tuple[str, str], Pool] = {}
    for variant in variants:
        for key, pool in variant.pools.items():
            if key not in found or pool.high > found[key].high:
                found[key] = pool
    return found


def _range(variants: Iterable[PoolsOfPooler], pool: Pool) -> Amount:
    """What one pool can have by itself: its own size and the caps over it, in any version."""
    key = pool.name, pool.user
    having = [(one, one.pools[key]) for one in variants if key in one.pools]
    return Amount(
        least(*(one.alone(own, False) for one, own in having)),
        most(*(one.alone(own, True) for one, own in having)),
    )


def _pool_reason(pool: Pool) -> str:
    if pool.entry.leads_here is None:
        return f"which server {pool.name} leads to"
    if pool.name == ANY:
        return "how many database names clients use"
    if pool.user == UNKNOWN:
        return "how many users connect"
    for amount in (pool.clients.amount, pool.size, pool.reserve, pool.minimum):
        if not amount.exact:
            return amount.reason or amount.name
    return ""


def _pool_use(pooler: Pooler, pool: Pool, bound: Amount) -> Use:
    amount = times(bound, pooler.running)
    label = f"pool {pool.name}/{pool.user or 'any user'} of {pooler.name}"
    offered = plus(pool.size, pool.reserve)
    demand_binds = pool.clients.amount.high < offered.high or pool.size.high <= 0
    from_minimum = pool.high > pool.clients.amount.high
    settings: list[Amount] = []
    how = str(bound)
    if bound.high < pool.high:
        settings.extend(_caps_over(pooler, pool))
    elif from_minimum:
        settings.append(pool.minimum)
    elif demand_binds and pool.clients.services:
        for service in sorted(pool.clients.services, key=_weight, reverse=True):
            settings.extend(_service_settings(service))
    elif demand_binds:
        settings.append(pooler.max_client_conn)
    else:
        how = f"{pool.size} + {pool.reserve}" if pool.reserve.high else f"{pool.size}"
        settings.extend(_caps_over(pooler, pool, at=pool.high))
        settings.extend(sorted((pool.size, pool.reserve), key=lambda one: -one.high))
    if pooler.running.high != 1:
        surge = pooler.surge
        count = f"({pooler.instances} + {surge})" if surge.high else f"{pooler.instances}"
        how = f"{count} × ({how})" if "+" in how else f"{count} × {how}"
        settings.append(pooler.instances)
    if pool.name == ANY or pool.user == UNKNOWN:
        how = "any number of pools"
    return Use(
        label,
        how,
        amount,
        tuple(one for one in settings if one.origin and one.high),
        pooled=True,
        clients=" + ".join(_product(service) for service in pool.clients.services),
    )


def _caps_over(pooler: Pooler, pool: Pool, at: int | None = None) -> list[Amount]:
    """The caps that leave a pool less than its size; with `at`, those that leave just that."""
    own = next((user.max_connections for user in pooler.users if user.name == pool.user), None)
    caps = (
        _positive(pool.entry.max_connections, pooler.max_db_connections),
        _positive(own, pooler.max_user_connections),
    )
    found = [cap for cap in caps if cap is not None]
    if at is not None:
        return [cap for cap in found if cap.high == at]
    return sorted((cap for cap in found if cap.high < pool.high), key=lambda cap: cap.high)


def _weight(service: Service) -> int:
    return connections(service).high


def _service_settings(service: Service) -> tuple[Amount, ...]:
    parts = [service.pool, service.instances, service.processes, service.surge]
    placed = [part for part in parts if part.origin is not None and part.high]
    return tuple(placed) or (exactly(service.pool.high, service.name, service.origin),)


def _product(service: Service) -> str:
    factors = [service.instances, service.processes]
    shown = [str(factor) for factor in factors if not (factor.exact and factor.low == 1)]
    if service.surge.high:
        shown = [f"({service.instances} + {service.surge})", *shown[service.instances.high != 1 :]]
    return (
        " × ".join((f"{service.name} {shown[0]}", *shown[1:], str(service.pool)))
        if shown
        else (f"{service.name} {service.pool}")
    )


class _Solution:
    """Turns demands into usages and facts."""

    def __init__(self, topology: Topology, demand: _Demand) -> None:
        self._topology = topology
        self._demand = demand
        self._roles = {role.name: role for role in topology.roles}
        self._databases = {database.name: database for database in topology.databases}

    def budget(self) -> Budget:
        roles = tuple(self._role(name) for name in self._names(self._demand.roles, self._roles))
        databases = tuple(
            self._database(name) for name in self._names(self._demand.databases, self._databases)
        )
        server = self._server()
        clients = tuple(self._clients(pooler) for pooler in self._topology.poolers)
        usages: list[Usage] = [*roles, *databases, *clients]
        if server is not None:
            usages.append(server)
        verdict = worst_standing(usage.standing for usage in usages)
        anything = bool(self._topology.services or self._topology.poolers)
        if (server is None and self._demand.total.high) or not anything:
            verdict = worst_standing((verdict, Standing.UNKNOWN))
        facts = (
            *usages,
            *self._spares(roles, databases, server),
            *self._pool_facts(server),
            *self._pooler_facts(),
            *self._size_facts(),
            *session_facts(self._topology),
            *self._limit_facts(server),
        )
        total = self._demand.total.amount
        return Budget(verdict, roles, databases, server, clients, facts, total)

    def _names(self, demanded: Mapping[str, _Bounds], limited: Mapping[str, object]) -> list[str]:
        return sorted({*(name for name in demanded if name not in (UNKNOWN, ANY)), *limited})

    def _role(self, name: str) -> RoleUsage:
        role = self._roles.get(name, LimitedRole(name, None))
        bounds = self._demand.roles.get(name, _Bounds())
        demand = _with_strangers(bounds.amount, self._demand.anyone)
        limit, ignored = role.limit, ""
        if limit is not None and role.superuser:
            limit, ignored = None, "a superuser: its limit does not hold"
        binding = limit or NO_LIMIT
        return RoleUsage(
            name=name,
            limit=limit,
            binding=binding,
            demand=demand,
            uses=tuple(bounds.uses),
            standing=standing(demand, binding),
            origin=self._origin(role.limit, role.origin, bounds),
            capped=_cap_text(bounds),
            ignored=ignored,
        )

    def _database(self, name: str) -> DatabaseUsage:
        database = self._databases.get(name)
        bounds = self._demand.databases.get(name, _Bounds())
        demand = _with_strangers(bounds.amount, self._demand.anywhere)
        limit, ignored = database.limit if database else None, ""
        binding = limit or NO_LIMIT
        superusers = ordinary = 0
        for there in (name, ANY):
            for user, amount in self._demand.users[there].items():
                if self._is_superuser(user):
                    superusers = saturate(superusers + amount)
                else:
                    ordinary = saturate(ordinary + amount)
        binding = _choose(ordinary, binding, _choose(superusers, NO_LIMIT, binding))
        if limit is not None and superusers and not ordinary:
            limit, ignored = None, "only superusers connect, and for them it does not hold"
        return DatabaseUsage(
            name=name,
            limit=limit,
            binding=binding,
            demand=demand,
            uses=tuple(bounds.uses),
            standing=standing(demand, binding),
            origin=self._origin(limit, database.origin if database else None, bounds),
            capped=_cap_text(bounds),
            ignored=ignored,
        )

    def _is_superuser(self, name: str) -> bool:
        role = self._roles.get(name)
        return role is not None and role.superuser

    def _server(self) -> ServerUsage | None:
        server = self._topology.server
        if server is None:
            return None
        total = self._demand.total
        settings = (
            server.max_connections,
            *(
                one
                for one in (server.superuser_reserved, server.reserved, server.provider_reserved)
                if one.high
            ),
        )
        slots = self._slots(server)
        return ServerUsage(
            name="server",
            limit=slots,
            binding=slots,
            demand=total.amount,
            uses=tuple(total.uses),
            standing=standing(total.amount, slots),
            origin=server.max_connections.origin or server.origin,
            capped=_cap_text(total),
            settings=settings,
        )

    def _slots(self, server: Server) -> Amount:
        """What those who connect can use: more where all of them are privileged."""
        ordinary, privileged, superusers = self._demand.anyone.high, 0, 0
        for name, bounds in self._demand.roles.items():
            role = self._roles.get(name, LimitedRole(name, None))
            if role.superuser:
                superusers = saturate(superusers + bounds.high)
            elif role.uses_reserved:
                privileged = saturate(privileged + bounds.high)
            else:
                ordinary = saturate(ordinary + bounds.high)
        every = server.max_connections
        provider = server.provider_reserved
        for_all = _less(every, (server.superuser_reserved, server.reserved, provider))
        for_privileged = _less(every, (server.superuser_reserved, provider))
        for_superusers = _less(every, (provider,))
        only_superusers = _choose(superusers, for_superusers, for_all)
        return _choose(ordinary, for_all, _choose(privileged, for_privileged, only_superusers))

    def _clients(self, pooler: Pooler) -> ClientUsage:
        services = clients_of(pooler, self._topology)
        demand = plus(*(connections(service) for service in services))
        one = pooler.max_client_conn
        together = times(one, pooler.instances)
        verdict = standing(demand, one)
        if verdict is Standing.UNSAFE and demand.low <= together.high:
            # All processes together have room, so it depends on how the clients are spread.
            verdict = Standing.UNKNOWN
        return ClientUsage(
            name=pooler.name,
            limit=one,
            binding=one,
            demand=demand,
            uses=tuple(
                Use(
                    service.name,
                    _product(service),
                    connections(service),
                    _service_settings(service),
                    clients="clients",
                )
                for service in services
            ),
            standing=verdict,
            origin=one.origin or pooler.origin,
            processes=pooler.instances,
        )

    def _origin(self, limit: Amount | None, own: Origin | None, bounds: _Bounds) -> Origin:
        if limit is not None and limit.origin is not None:
            return limit.origin
        if own is not None:
            return own
        for use in bounds.uses:
            for setting in use.settings:
                if setting.origin is not None:
                    return setting.origin
        return self._topology.origin

    def _spares(
        self,
        roles: Iterable[RoleUsage],
        databases: Iterable[DatabaseUsage],
        server: ServerUsage | None,
    ) -> Iterable[Spare]:
        headroom = self._topology.headroom
        recycling = "a server connection that is being replaced still counts against it"
        for kind, usages in (("role", roles), ("database", databases)):
            for usage in usages:
                pooled = any(use.pooled for use in usage.uses)
                if usage.limit is not None and pooled:
                    yield Spare(f'{kind} "{usage.name}"', usage, headroom.recycling, recycling)
        if server is not None:
            people = "people, migrations and monitoring need slots, too"
            yield Spare("the server", server, headroom.admin.high, people)

    def _pool_facts(self, server: ServerUsage | None) -> Iterable[PoolUsage]:
        for pooler in self._topology.poolers:
            users = {user.name: user for user in pooler.users}
            variants = self._demand.pools[pooler.name]
            known = {} if pooler.closed else variants[-1].known_clients()
            for key, pool in _alike(variants).items():
                if pool.user == UNKNOWN or pool.name == ANY:
                    continue
                clients = known.get(key, pool.clients)
                user = users.get(pool.user)
                mode = (user.pool_mode if user else None) or pool.entry.pool_mode
                general = pool.size is pooler.default_pool_size
                name_cap = _cap_for(pool.entry.max_connections, pooler.max_db_connections, general)
                own_cap = user.max_connections if user else None
                user_cap = _cap_for(own_cap, pooler.max_user_connections, general)
                yield PoolUsage(
                    label=f"pool {pool.name}/{pool.user} of {pooler.name}",
                    origin=pool.entry.origin,
                    mode=mode or pooler.pool_mode,
                    size=pool.size,
                    reserve=pool.reserve,
                    minimum=pool.minimum,
                    clients=clients.amount,
                    services=tuple(service.pool for service in clients.services),
                    name_cap=name_cap,
                    user_cap=user_cap,
                    server_slots=server.limit if server and pool.entry.leads_here else None,
                )

    def _pooler_facts(self) -> Iterable[PoolerUsage]:
        for pooler in self._topology.poolers:
            pools = self._demand.pools[pooler.name][-1].pools
            any_name = next((one.entry for one in pools.values() if one.name == ANY), None)
            any_user = next((one.entry for one in pools.values() if one.user == UNKNOWN), None)
            if pooler.kind == "unknown":
                any_name = any_user = None  # nothing of it was read
            variant = self._demand.pools[pooler.name][-1]
            bound = variant.maximum(pools.values(), True, variant.caps(True))
            yield PoolerUsage(
                name=pooler.name,
                origin=pooler.origin,
                default_pool_size=pooler.default_pool_size,
                max_client_conn=pooler.max_client_conn,
                any_name=any_name.origin if any_name else None,
                any_user=any_user.origin if any_user else None,
                bounded=bound < UNBOUNDED,
                zero_is_unlimited=min(pooler.versions) >= ZERO_IS_UNLIMITED,
                open_files=pooler.open_files,
                expected_files=_expected_files(pooler),
            )

    def _size_facts(self) -> Iterable[ServerSize]:
        server = self._topology.server
        if server is not None:
            pooled = bool(self._topology.poolers)
            place = server.max_connections.origin or server.origin
            yield ServerSize(server.max_connections, place, pooled)

    def _limit_facts(self, server: ServerUsage | None) -> Iterable[LimitAgainstServer]:
        if server is None or server.limit is None:
            return
        for role in self._topology.roles:
            if role.limit is not None and role.limit.origin is not None and not role.superuser:
                yield LimitAgainstServer(role.name, role.limit, server.limit, server.settings)


def _choose(condition: int, then: Amount, otherwise: Amount) -> Amount:
    low = choose(condition, then.low, otherwise.low)
    high = choose(condition, then.high, otherwise.high)
    return replace(then if condition > 0 else otherwise, low=low, high=high)


def _with_strangers(amount: Amount, strangers: _Bounds) -> Amount:
    """Connections of which nothing says whose they are may be anyone's."""
    reason = amount.reason
    if strangers.high:
        reason = f"what {strangers.uses[0].label} connects as, and to"
    return Amount(amount.low, saturate(amount.high + strangers.high), reason=reason)


def _less(whole: Amount, parts: Iterable[Amount]) -> Amount:
    low = high = 0
    reason = whole.reason
    for part in parts:
        low, high = low + part.low, high + part.high
        reason = reason or part.reason
    largest = choose(fits(UNBOUNDED, whole.high), UNBOUNDED, most(0, whole.high - low))
    return Amount(most(0, whole.low - high), largest, reason=reason)


def _positive(own: Amount | None, general: Amount) -> Amount | None:
    chosen = own if own is not None and own.high > 0 else general
    return chosen if chosen.high > 0 else None


def _cap_for(own: Amount | None, general: Amount, general_size: bool) -> Amount | None:
    """The cap over a pool's size. A cap of one entry below the general size is meant so."""
    cap = _positive(own, general)
    return None if general_size and cap is own else cap


def _cap_text(bounds: _Bounds) -> str:
    return f"caps of {' and '.join(sorted(bounds.capped))} hold" if bounds.capped else ""


def _expected_files(pooler: Pooler) -> Amount:
    """PgBouncer's "max expected fd use" (src/main.c, check_limits).

    It counts the named entries only, and no reserves: a lower bound of what can be needed.
    """
    parts = [pooler.max_client_conn, exactly(_FILES_BESIDES)]
    users = exactly(pooler.user_count)
    for entry in pooler.entries:
        if entry.name != ANY:
            size = entry.pool_size or pooler.default_pool_size
            parts.append(size if entry.user is not None else times(size, users))
    return plus(*parts)
