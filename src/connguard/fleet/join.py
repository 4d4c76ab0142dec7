# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins what the repositories of a fleet contribute to the topologies of their servers.

A service belongs to the server that the fleet file or its own repository says, else to the one that
its host, secret, database or role names, else to that of its repository. What may belong to several
counts for each of them from zero on; what belongs to none is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from fnmatch import fnmatchcase

from connguard.budget.found import ServerParts
from connguard.budget.server_facts import with_altered
from connguard.fleet.declared import DIRECT, FleetFile, KnownService, SharedPooler, SharedServer
from connguard.fleet.facts import Facts, FoundPooler, FoundService
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.pools import connections, find_entry
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import (
    Headroom,
    LimitedDatabase,
    LimitedRole,
    Pooler,
    Server,
    Service,
    Topology,
)

_LOCAL = frozenset(
    ("localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal", "host.containers.internal")
)
_COMMON = frozenset(
    (
        *("db", "database", "postgres", "postgresql", "pg", "pgsql", "postgis", "timescaledb"),
        *("pgbouncer", "pgbouncer-service", "pooler", "odyssey", "pgcat", "proxy", "terraform"),
    )
)
"""Names that every other compose file gives its own database: between repositories they say
nothing."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """The facts of a repository; places in them begin with its name."""

    repository: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Route:
    """Where a service connects: a server, through a pooler or directly."""

    server: int
    pooler: int | None = None


@dataclass(frozen=True, slots=True)
class Attributed:
    """A service as it counts for a server. `server` is None where that is not known.

    `how` says what decided it, `certain` is whether it is surely so.
    """

    repository: str
    found: FoundService
    service: Service
    server: str | None
    how: str
    certain: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unattributed:
    """What belongs to no server that is known: a pooler, roles, settings."""

    repository: str
    kind: str
    name: str
    origin: Origin | None
    reason: str


@dataclass(slots=True)
class FleetServer:
    """A server of the fleet with everything that was attributed to it."""

    name: str
    origin: Origin
    shared: SharedServer | None
    repository: str | None
    parts: ServerParts | None
    headroom: Headroom
    services: list[Attributed] = field(default_factory=list)
    poolers: list[tuple[str, Pooler]] = field(default_factory=list)
    members: dict[str, Facts] = field(default_factory=dict)
    topology: Topology | None = None

    @property
    def repositories(self) -> list[str]:
        """The repositories that hold it, its poolers or its services."""
        found = {one.repository for one in self.services} | {name for name, _ in self.poolers}
        return sorted(found | ({self.repository} if self.repository is not None else set()))

    @property
    def is_shared(self) -> bool:
        return self.shared is not None or len(self.repositories) > 1


@dataclass(slots=True)
class Joined:
    """The servers of a fleet, all services with what was decided about them, and what is left."""

    servers: list[FleetServer]
    services: list[Attributed]
    left: list[Unattributed]


def join(contributions: Iterable[Contribution], fleet: FleetFile) -> Joined:
    """The topologies of all servers of the fleet. Total: what does not fit is listed."""
    joiner = _Joiner(list(contributions), fleet)
    joiner.find_servers()
    joiner.place_poolers()
    joiner.place_services()
    joiner.place_limits()
    for server in joiner.servers:
        if server.is_shared:
            server.topology = joiner.topology(server)
    return Joined(joiner.servers, joiner.services, joiner.left)


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern means a name, or the last parts of a path, in any letter case."""
    low, wanted = name.casefold(), _escaped(pattern)
    return fnmatchcase(low, wanted) or fnmatchcase(low, f"*/{wanted}")


def matches_host(pattern: str, host: str) -> bool:
    """Whether a pattern means a host; without a dot, its first label: `db.namespace.svc` is db."""
    low, wanted = host.casefold().rstrip("."), _escaped(pattern)
    return fnmatchcase(low, wanted) or (
        "." not in wanted and fnmatchcase(low.partition(".")[0], wanted)
    )


def _escaped(pattern: str) -> str:
    """A bracket, as in `aws_db_instance.orders[0]`, is only itself."""
    return pattern.casefold().replace("[", "[[]")


@dataclass(slots=True)
class _Placed:
    """A pooler of a repository, the servers that it stands before, and what reaches it."""

    repository: str
    name: str
    found: FoundPooler
    shared: SharedPooler | None
    pooler: Pooler
    servers: dict[int, Pooler] = field(default_factory=dict)


class _Joiner:
    def __init__(self, contributions: Sequence[Contribution], fleet: FleetFile) -> None:
        self._contributions = contributions
        self._fleet = fleet
        self.servers: list[FleetServer] = []
        self.services: list[Attributed] = []
        self.left: list[Unattributed] = []
        self._own: dict[str, dict[int, int]] = {}  # numbers of servers, by repository and position
        self._placed: list[_Placed] = []
        self._keys: dict[tuple[str, int], int] = {}  # of poolers, by repository and position
        self._before: dict[int, list[int]] = {}  # poolers before each server
        self._called: dict[str, list[int]] = {}  # poolers by their own name
        self._touched: dict[str, set[int]] = {}  # servers that a repository surely uses
        self._names: dict[str, list[Route]] = {}

    # Servers.

    def find_servers(self) -> None:
        for shared in self._fleet.servers:
            self._add_shared(shared)
        for one in self._contributions:
            for position, found in enumerate(one.facts.servers):
                own = self._own.setdefault(one.repository, {})
                if position not in own:
                    own[position] = len(self.servers)
                    parts = found.parts
                    name = f"{one.repository}:{parts.name}"
                    self.servers.append(
                        FleetServer(name, parts.origin, None, one.repository, parts, found.headroom)
                    )
        for number, server in enumerate(self.servers):
            for host in server.parts.hosts if server.parts else ():
                self._names.setdefault(host.casefold(), []).append(Route(number))

    def _add_shared(self, shared: SharedServer) -> None:
        candidates = [
            (one.repository, position, found)
            for one in self._contributions
            if shared.repository is not None and matches(shared.repository, one.repository)
            for position, found in enumerate(one.facts.servers)
            if shared.server is None or matches(shared.server, found.parts.name)
        ]
        parts, headroom, repository = None, Headroom(), None
        if len(candidates) == 1:
            repository, position, found = candidates[0]
            parts, headroom = found.parts, found.headroom
            self._own.setdefault(repository, {})[position] = len(self.servers)
        elif shared.repository is not None:
            reason = f"{shared.repository} holds no such server"
            if candidates:
                names = ", ".join(sorted({found.parts.name for _, _, found in candidates}))
                reason = f"{shared.repository} holds several servers: {names}"
            self.left.append(Unattributed("", "server", shared.name, shared.origin, reason))
        if shared.numbers:
            parts = _with_numbers(parts, shared)
        self.servers.append(
            FleetServer(shared.name, shared.origin, shared, repository, parts, headroom)
        )

    # Poolers.

    def place_poolers(self) -> None:
        for one in self._contributions:
            for position, found in enumerate(one.facts.poolers):
                if found.pooler.kind == "unknown":
                    continue  # only its name is known: that of a pooler of another repository
                placed = self._pooler(one.repository, found)
                key = self._keys[one.repository, position] = len(self._placed)
                self._placed.append(placed)
                self._called.setdefault(found.pooler.name, []).append(key)
                for number, pooler in placed.servers.items():
                    self.servers[number].poolers.append((one.repository, pooler))
                    self._before.setdefault(number, []).append(key)
                    self._touched.setdefault(one.repository, set()).add(number)
                    for host in found.hosts:
                        self._names.setdefault(host.casefold(), []).append(Route(number, key))

    def _pooler(self, repository: str, found: FoundPooler) -> _Placed:
        label = f"{repository}/{found.pooler.name}"
        shared = next((one for one in self._fleet.poolers if matches(one.name, label)), None)
        name = _qualified(repository, found.pooler.name)
        pooler = replace(found.pooler, name=name)
        if shared is not None and shared.instances is not None:
            pooler = replace(pooler, instances=shared.instances)
        placed = _Placed(repository, name, found, shared, pooler)
        if shared is not None and shared.server is not None:
            placed.servers[self._number(shared.server)] = pooler
        elif found.server is not None:
            placed.servers[self._own[repository][found.server]] = pooler
        else:
            numbers = self._of_repository(repository)
            whole = dict.fromkeys(numbers, pooler) if len(numbers) == 1 else {}
            placed.servers = self._by_targets(pooler) or whole
        if not placed.servers:
            reason = "which server it stands before is not known"
            self.left.append(
                Unattributed(repository, "pooler", found.pooler.name, pooler.origin, reason)
            )
        return placed

    def _by_targets(self, pooler: Pooler) -> dict[int, Pooler]:
        """The servers that its entries name, each with those entries."""
        found: dict[int, list[int]] = {}
        for position, entry in enumerate(pooler.entries):
            numbers = {
                route.server
                for host in (entry.host or "").split(",")
                if host
                for route in self._by_host(host)
            }
            for number in numbers:
                found.setdefault(number, []).append(position)
        return {
            number: replace(pooler, entries=tuple(pooler.entries[one] for one in positions))
            for number, positions in found.items()
        }

    # Services.

    def place_services(self) -> None:
        used: set[int] = set()
        for one in self._contributions:
            for found in one.facts.services:
                known = self._known(one.repository, found.service.name, used)
                found = replace(found, service=_with_known(found.service, known))
                routes, how, reason = self._routes(one, found, known)
                self._attribute(one.repository, found, routes, how, reason)
        for position, known in enumerate(self._fleet.services):
            if position not in used:
                self._add_known(known)

    def _known(self, repository: str, name: str, used: set[int]) -> KnownService | None:
        for position, one in enumerate(self._fleet.services):
            if matches(one.repository, repository) and matches(one.name, name):
                used.add(position)
                return one
        return None

    def _add_known(self, known: KnownService) -> None:
        """A service that only the fleet file knows of."""
        if "pool" not in known.amounts:
            reason = "no repository holds this service, and the fleet file says no pool for it"
            self.left.append(
                Unattributed(known.repository, "service", known.name, known.origin, reason)
            )
            return
        one = exactly(1, f"instances of {known.name}")
        bare = Service(
            known.name, known.origin, one, known.amounts["pool"], None, known.database, known.user
        )
        found = FoundService(_with_known(bare, known), declared=True)
        empty = Contribution(known.repository, Facts())
        routes, how, reason = self._routes(empty, found, known)
        self._attribute(known.repository, found, routes, how, reason)

    def _routes(
        self, one: Contribution, found: FoundService, known: KnownService | None
    ) -> tuple[list[Route], str, str]:
        """Where a service may connect, what says so, and the reason if that is not known."""
        repository, service = one.repository, found.service
        if known is not None and (known.server is not None or known.via not in (None, DIRECT)):
            return self._declared(known), "fleet file", "no pooler of that name is known"
        named = self._mapped("services", (f"{repository}/{service.name}", service.name))
        if named:
            return self._through(named, found, known), "service name", ""
        if found.pooler is not None:
            routes = self._through_own(one, found)
            pooler = one.facts.poolers[found.pooler].pooler
            reason = f"which server {pooler.name} stands before is not known"
            if pooler.kind == "unknown":
                reason = f"no repository describes the pooler {pooler.name}"
            return routes, "pooler", reason
        if found.server is not None:
            return [Route(self._own[repository][found.server])], "same repository", ""
        host = found.host
        if host is not None and host.casefold() not in _LOCAL:
            routes = self._by_host(host)
            if routes:
                return self._entered(routes, service), "host", ""
        if found.secrets and (host is None or host.casefold() in _LOCAL):
            routes = self._by_secret(found.secrets)
            if routes:
                return self._entered(routes, service), "secret", ""
        for key, names, how in (
            ("databases", [service.database] if service.database else [], "database"),
            ("roles", [service.user] if service.user else [], "role"),
        ):
            # A host that is known, and is no server of the fleet, is another server.
            named = [] if host and host.casefold() not in _LOCAL else self._mapped(key, names)
            if named:
                return self._through(named, found, known), how, ""
        if host is not None and host.casefold() not in _LOCAL:
            return [], "", f"no server of the fleet is reached as {host}"
        numbers = self._of_repository(repository)
        if numbers:
            return self._through(numbers, found, known), "repository", ""
        return [], "", "nothing says which server it connects to"

    def _declared(self, known: KnownService) -> list[Route]:
        wanted = None if known.server is None else self._number(known.server)
        if known.via not in (None, DIRECT):
            return self._poolers_called(known.via or "", wanted)
        assert wanted is not None
        pooled = [] if known.via == DIRECT else self._before.get(wanted, [])
        return [Route(wanted), *(Route(wanted, key) for key in pooled)]

    def _poolers_called(self, name: str, wanted: int | None = None) -> list[Route]:
        keys = self._called.get(name) or [
            key
            for key, one in enumerate(self._placed)
            if one.name == name or (one.shared is not None and matches(name, one.name))
        ]
        hosts = [
            key
            for key, one in enumerate(self._placed)
            if one.shared is not None and any(matches_host(p, name) for p in one.shared.hosts)
        ]
        return [
            Route(number, key)
            for key in dict.fromkeys((*keys, *hosts))
            for number in self._placed[key].servers
            if wanted is None or number == wanted
        ]

    def _through_own(self, one: Contribution, found: FoundService) -> list[Route]:
        """Through a pooler of the repository, or one of another that it names."""
        assert found.pooler is not None
        pooler = one.facts.poolers[found.pooler].pooler
        if pooler.kind == "unknown":
            routes = self._poolers_called(pooler.name)
            mine = set(self._of_repository(one.repository))
            near = [route for route in routes if route.server in mine]
            return self._entered(near or routes, found.service)
        key = self._keys[one.repository, found.pooler]
        routes = [Route(number, key) for number in self._placed[key].servers]
        return self._entered(routes, found.service)

    def _entered(self, routes: Sequence[Route], service: Service) -> list[Route]:
        """Of several servers behind one pooler, the one that has the service's database."""
        if len(routes) < 2 or service.database is None:
            return list(routes)
        having = []
        for route in routes:
            pooler = None if route.pooler is None else self._placed[route.pooler]
            if pooler is None or find_entry(
                pooler.servers[route.server], service.database, service.user
            ):
                having.append(route)
        return having or list(routes)

    def _through(
        self, numbers: Iterable[int], found: FoundService, known: KnownService | None
    ) -> list[Route]:
        """The ways to servers that are known by another thing than their host."""
        routes = []
        for number in numbers:
            pooled = self._before.get(number, [])
            direct = known is not None and known.via == DIRECT
            routes.append(Route(number))
            if pooled and not direct and not found.declared:
                routes.extend(Route(number, key) for key in pooled)
        return routes

    def _attribute(
        self, repository: str, found: FoundService, routes: Sequence[Route], how: str, reason: str
    ) -> None:
        service = replace(found.service, name=_qualified(repository, found.service.name))
        if not routes:
            self.services.append(
                Attributed(repository, found, service, None, "", False, reason or "not known")
            )
            return
        certain = len(routes) == 1
        if certain:
            self._touched.setdefault(repository, set()).add(routes[0].server)
        for number in dict.fromkeys(route.server for route in routes):
            server = self.servers[number]
            own = [route.pooler for route in routes if route.server == number]
            counted, why = service, ""
            if not certain:
                several = len({route.server for route in routes}) > 1
                why = (
                    f"which of the servers {found.service.name} uses"
                    if several
                    else f"whether {found.service.name} connects through a pooler"
                )
                counted = _perhaps(service, why)
            pooler = own[0] if certain else None
            if pooler is not None:
                counted = replace(counted, pooler=self._placed[pooler].name)
            else:
                counted = replace(counted, pooler=None)
            one = Attributed(repository, found, counted, server.name, how, certain, why)
            self.services.append(one)
            if certain or None in own or len(set(own)) > 1:
                server.services.append(one)
            else:
                # Surely through this pooler, but perhaps of another server.
                key = own[0]
                assert key is not None
                via = replace(counted, pooler=self._placed[key].name)
                self.services[-1] = replace(one, service=via)
                server.services.append(self.services[-1])

    # Roles, databases and settings.

    def place_limits(self) -> None:
        for one in self._contributions:
            facts = one.facts
            if not facts.roles and not facts.databases and not facts.altered:
                continue
            numbers = self._members(one.repository)
            for number in numbers:
                self.servers[number].members[one.repository] = facts
            if not numbers:
                parts = [
                    (len(facts.roles), "roles"),
                    (len(facts.databases), "databases"),
                    (len(facts.altered), "settings of a server"),
                ]
                name = ", ".join(f"{count} {what}" for count, what in parts if count)
                places = [role.origin for role in facts.roles if role.origin is not None]
                self.left.append(
                    Unattributed(
                        one.repository,
                        "limits",
                        name,
                        places[0] if places else None,
                        "nothing says which server they are made on",
                    )
                )

    def _members(self, repository: str) -> list[int]:
        named = self._of_repository(repository)
        own = self._own.get(repository, {}).values()
        used = self._touched.get(repository, ())
        return sorted({*named, *own, *([] if named else used)})

    # Topologies.

    def topology(self, server: FleetServer) -> Topology:
        complete = server.shared is not None and server.shared.complete
        open_to_all = any(not one.certain for one in server.services)
        clients: dict[str, set[str]] = {}
        for one in server.services:
            if one.service.pooler is not None:
                clients.setdefault(one.service.pooler, set()).add(one.repository)
        poolers = []
        for repository, pooler in server.poolers:
            foreign = clients.get(pooler.name, set()) - {repository}
            closed = (pooler.closed and not foreign) or (complete and pooler.name in clients)
            poolers.append(replace(pooler, closed=closed and not open_to_all))
        shut = {pooler.name for pooler in poolers if pooler.closed}
        services = tuple(
            one.service
            for one in server.services
            if one.service.pooler is None
            or one.found.declared
            or one.service.pooler in shut
            or one.service.user
            or one.service.database
        )
        return Topology(
            origin=server.parts.origin if server.parts else server.origin,
            services=services,
            poolers=tuple(poolers),
            roles=tuple(_roles(server.members.values())),
            databases=tuple(_databases(server.members.values())),
            server=self._server(server),
            headroom=server.headroom,
        )

    def _server(self, server: FleetServer) -> Server | None:
        if server.parts is None:
            return None
        settings: Mapping[str, Amount] = server.parts.settings
        touched: set[str] = set()
        for repository, facts in server.members.items():
            if repository == server.repository:
                touched |= facts.altered.keys()
        for repository, facts in server.members.items():
            if repository == server.repository:
                continue
            for name, amount in facts.altered.items():
                settings = with_altered(settings, {name: amount}, alone=name not in touched)
                touched.add(name)
        return replace(server.parts, settings=settings).server()

    # What names a server.

    def _by_host(self, host: str) -> list[Route]:
        routes = [
            Route(number)
            for number, server in self._shared()
            if server.shared is not None
            and any(matches_host(pattern, host) for pattern in server.shared.hosts)
        ]
        for key, placed in enumerate(self._placed):
            if placed.shared and any(matches_host(one, host) for one in placed.shared.hosts):
                routes.extend(Route(number, key) for number in placed.servers)
        if routes:
            return list(dict.fromkeys(routes))
        low = host.casefold().rstrip(".")
        for name in (low, low.partition(".")[0]):
            found = list(dict.fromkeys(self._names.get(name, ()))) if name not in _COMMON else []
            if "." not in low:
                # A bare name is one of its own repository, or of a server of the fleet file.
                found = [one for one in found if one.server < len(self._fleet.servers)]
            found = [route for route in found if route.pooler is not None] or found
            if found:
                # Names of single repositories: only one that no other repository uses is taken.
                owners = {self._owner(route) for route in found}
                return found if len(owners) == 1 else []
        return []

    def _by_secret(self, secrets: Iterable[str]) -> list[Route]:
        """Secrets hold a host: that of a server, or of a pooler."""
        routes = [Route(number) for number in self._mapped("secrets", sorted(secrets))]
        for key, placed in enumerate(self._placed):
            patterns = placed.shared.secrets if placed.shared is not None else ()
            if any(matches(pattern, name) for pattern in patterns for name in secrets):
                routes.extend(Route(number, key) for number in placed.servers)
        return list(dict.fromkeys(routes))

    def _owner(self, route: Route) -> str | None:
        if route.pooler is not None:
            return self._placed[route.pooler].repository
        return self.servers[route.server].repository

    def _mapped(self, key: str, names: Sequence[str]) -> list[int]:
        return [
            number
            for number, server in self._shared()
            if server.shared is not None
            and any(matches(one, name) for one in getattr(server.shared, key) for name in names)
        ]

    def _of_repository(self, repository: str) -> list[int]:
        return [
            number
            for number, server in self._shared()
            if server.shared is not None
            and (
                server.repository == repository
                or any(matches(one, repository) for one in server.shared.repositories)
            )
        ]

    def _shared(self) -> Iterator[tuple[int, FleetServer]]:
        """The servers of the fleet file, which come first."""
        return enumerate(self.servers[: len(self._fleet.servers)])

    def _number(self, name: str) -> int:
        return next(number for number, one in enumerate(self.servers) if one.name == name)


def _qualified(repository: str, name: str) -> str:
    """`orders/web`; a service that is called as its repository is only that."""
    return repository if repository.rpartition("/")[2] == name else f"{repository}/{name}"


def _with_known(service: Service, known: KnownService | None) -> Service:
    if known is None:
        return service
    amounts = known.amounts
    return replace(
        service,
        instances=amounts.get("instances", service.instances),
        processes=amounts.get("processes", service.processes),
        surge=amounts.get("surge", service.surge),
        pool=amounts.get("pool", service.pool),
        database=known.database or service.database,
        user=known.user or service.user,
    )


def _with_numbers(parts: ServerParts | None, shared: SharedServer) -> ServerParts:
    """The server with the numbers of the fleet file over those that were found."""
    if parts is None:
        parts = ServerParts(shared.name, shared.origin, frozenset(), {}, {})
        if "max_connections" not in shared.numbers:
            reason = f"how many connections {shared.name} takes"
            unknown = unknown_amount("max_connections", reason, shared.origin)
            parts = replace(parts, fixed={"max_connections": unknown})
    numbers = dict(shared.numbers)
    reserved = numbers.pop("provider_reserved", parts.provider_reserved)
    return replace(parts, fixed={**parts.fixed, **numbers}, provider_reserved=reserved)


def _perhaps(service: Service, reason: str) -> Service:
    """A service that may count, or not at all."""
    instances = service.instances
    most = unknown_amount(instances.name, reason, instances.origin, 0, instances.high)
    return replace(service, instances=most, surge=replace(service.surge, low=0))


def connections_of(service: Service) -> Amount:
    """The connections that a service opens at most."""
    return connections(service)


def _roles(members: Iterable[Facts]) -> Iterator[LimitedRole]:
    """The roles of a server; where repositories differ, any of them may be right."""
    groups: dict[str, list[LimitedRole]] = {}
    for facts in members:
        for role in facts.roles:
            groups.setdefault(role.name, []).append(role)
    for group in groups.values():
        last = group[-1]
        yield replace(
            last,
            limit=_either([one.limit for one in group]),
            superuser=all(one.superuser for one in group),
            uses_reserved=all(one.uses_reserved for one in group),
            can_login=any(one.can_login for one in group),
        )


def _databases(members: Iterable[Facts]) -> Iterator[LimitedDatabase]:
    groups: dict[str, list[LimitedDatabase]] = {}
    for facts in members:
        for database in facts.databases:
            groups.setdefault(database.name, []).append(database)
    for group in groups.values():
        yield replace(group[-1], limit=_either([one.limit for one in group]))


def _either(limits: Sequence[Amount | None]) -> Amount | None:
    """A limit of which any may hold; None is no limit."""
    if len(limits) == 1 or all(limit is None for limit in limits):
        return limits[0]
    amounts = [exactly(UNBOUNDED, "connection limit") if one is None else one for one in limits]
    low = min(amounts, key=lambda one: one.low)
    high = max(amounts, key=lambda one: one.high)
    if low.low == high.high:
        return low
    reason = low.reason or high.reason or "which of the repositories holds the limit"
    return Amount(low.low, high.high, low.name, low.origin or high.origin, reason)
