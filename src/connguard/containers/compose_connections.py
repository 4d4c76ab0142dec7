# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections inside a Compose application that nothing answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from connguard.containers import compose_service, databases
from connguard.containers.clients import Wanted, wanted
from connguard.containers.compose_container import (
    Container,
    database_port,
    holds,
    is_unreachable,
)
from connguard.containers.compose_files import Application
from connguard.containers.compose_ports import Published, published, unread
from connguard.policies.model.database_facts import MissedConnection
from connguard.policies.model.origin import Known, Related
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.records import dataclass

_NUMBER = lazily(r"[-_]\d+$")
"""Compose names containers `project-service-1`, Swarm `stack_service`."""
_OUTSIDE = ("host.docker.internal", "gateway.docker.internal", "kubernetes")

_Problem = tuple[str, str, tuple[Related, ...]]
"""Why nothing answers, what to write instead, and other places."""

_UNDECIDED: _Problem = ("", "", ())


@dataclass
class Connections:
    """Judges the connections between the containers of an application."""

    application: Application
    containers: Mapping[str, Container]

    def facts(self) -> Iterator[MissedConnection]:
        if any(one.listening for one in self.containers.values()):
            for container in self.containers.values():
                yield from self._missed(container)
            yield from self._deaf()
            yield from self._misdirected()

    def _missed(self, container: Container) -> Iterator[MissedConnection]:
        if container.listening is not None and container.listening.what.is_server:
            return
        if (
            container.mode
            and container.mode != "host"
            and not container.mode.startswith("service:")
        ):
            return
        targets = [one for one in wanted(container.environment) if self._concerns_us(one)]
        problems = [(one, self._problem(container, one)) for one in targets]
        if any(problem is None for _, problem in problems if problem is not _UNDECIDED):
            # It has a connection that works: other variables may be left unused.
            problems = [pair for pair in problems if not pair[0].from_file and pair[0].explicit]
        for one, problem in problems:
            if problem is not None and problem is not _UNDECIDED:
                reason, fix, related = problem
                yield MissedConnection(
                    container.service.name, one.text, reason, fix, one.origin, related
                )

    def _concerns_us(self, one: Wanted) -> bool:
        """A variable about just any database counts where there is only PostgreSQL."""
        return one.certain or not self._has_other_database

    def _problem(self, client: Container, one: Wanted) -> _Problem | None:
        """Why nothing answers; None when something does, `_UNDECIDED` when nobody can say."""
        if client.mode == "host":
            return self._from_the_host(client, one)
        if one.is_loopback:
            return self._loopback(client, one)
        own = compose_service.own_names(client.service)
        if one.host in own and own[one.host] is None:
            return _UNDECIDED
        found = self._named(own.get(one.host) or one.host)
        if not found:
            return self._no_such_name(client, one)
        if any(other.service.name == client.service.name for other in found):
            return _UNDECIDED
        near = [other for other in found if self._share_network(client, other)]
        if not near:
            other = found[0]
            return (
                f"{client.service.name} and {other.service.name} have no network in common",
                f"Attach {client.service.name} to a network of {other.service.name}.",
                (Related(f"{other.service.name} is defined here", other.service.origin),),
            )
        return self._wrong_port(near, one)

    def _from_the_host(self, client: Container, one: Wanted) -> _Problem | None:
        """Docker's name server, which knows the services, answers on networks of its own only."""
        found = [other for other in self._named(one.host) if other is not client]
        if one.is_loopback or not found or "." in one.host:
            return _UNDECIDED
        if one.host in compose_service.own_names(client.service):
            return _UNDECIDED
        return (
            "a container with network_mode: host does not know the names of services",
            "Publish the port on 127.0.0.1 and connect there, or leave network_mode: host away.",
            (Related("the service is defined here", found[0].service.origin),),
        )

    def _loopback(self, client: Container, one: Wanted) -> _Problem | None:
        inside = self._namespace(client)
        if any(
            (other.listening and other is not client) or other.may_hold_server for other in inside
        ):
            return _UNDECIDED
        if one.host in compose_service.own_names(client.service):
            return _UNDECIDED
        if len(inside) > 1:
            return _UNDECIDED
        servers = self._servers_near(client)
        if not servers:
            return _UNDECIDED
        return (
            "in a container that is the container itself, and the server runs in another service",
            f"Connect to {_any_of(servers)}.",
            (Related("the server is defined here", servers[0].service.origin),),
        )

    def _servers_near(self, client: Container) -> list[Container]:
        """The servers, else the poolers, that share a network with a container."""
        found = [
            one
            for one in self.containers.values()
            if one.listening is not None and not one.mode and self._share_network(client, one)
        ]
        servers = [one for one in found if one.listening and one.listening.what.is_server]
        return servers or found

    def _no_such_name(self, client: Container, one: Wanted) -> _Problem | None:
        known = self._known_names
        if (
            "." in one.host
            or one.host in _OUTSIDE
            or one.host in known
            or self.application.incomplete
            or client.mode
            or self._is_external(client)
            or self._has_unknown_name
        ):
            return _UNDECIDED
        instance = _NUMBER.sub("", one.host.removeprefix("tasks."))
        if any(instance == name or instance.endswith((f"-{name}", f"_{name}")) for name in known):
            return _UNDECIDED
        servers = self._servers_near(client)
        if not servers:
            return _UNDECIDED
        return (
            f"no service or container of the application is called {one.host}",
            f"Connect to {_any_of(servers)}.",
            (Related("the server is defined here", servers[0].service.origin),),
        )

    def _is_external(self, client: Container) -> bool:
        """Whether it is attached to a network on which others may be that are not seen here."""
        for name in client.networks:
            part = self.application.networks.get(name)
            if part is None:
                continue
            external = part.node.get("external")
            if external is not None and external.boolean is not False:
                return True
        return False

    @cached_property
    def _has_other_database(self) -> bool:
        return any(
            databases.is_other_database(container.image or "")
            for container in self.containers.values()
        )

    @cached_property
    def _by_name(self) -> dict[str, list[Container]]:
        """The containers by the names under which others find them."""
        found: dict[str, list[Container]] = {}
        for container in self.containers.values():
            for name in compose_service.names(container.service):
                found.setdefault(name, []).append(container)
        return found

    @cached_property
    def _known_names(self) -> frozenset[str]:
        return frozenset({*self.application.outside, *self._by_name})

    @cached_property
    def _has_unknown_name(self) -> bool:
        return any("$" in name for name in self._known_names)

    def _named(self, host: str) -> list[Container]:
        return self._by_name.get(host, [])

    @cached_property
    def _by_home(self) -> dict[str, list[Container]]:
        found: dict[str, list[Container]] = {}
        for container in self.containers.values():
            found.setdefault(_home(container), []).append(container)
        return found

    def _namespace(self, container: Container) -> list[Container]:
        """The containers that share its addresses, itself included."""
        return self._by_home.get(_home(container), [])

    def _share_network(self, first: Container, second: Container) -> bool:
        if first.mode or second.mode:
            return True  # cannot be told apart
        return bool(self._network_names(first) & self._network_names(second))

    def _network_names(self, container: Container) -> frozenset[str]:
        found = set()
        for key in container.networks:
            part = self.application.networks.get(key)
            name = part.node.get("name") if part else None
            found.add(name.string if name is not None and name.string else key)
        return frozenset(found)

    def _wrong_port(self, found: list[Container], one: Wanted) -> _Problem | None:
        ports: set[int] = set()
        for other in found:
            listening = other.listening
            if listening is None or not listening.ports or other.mode:
                return _UNDECIDED
            ports.update(listening.ports)
        if one.port is None:
            return _UNDECIDED
        if one.port in ports:
            return None
        server = found[0]
        right = min(ports)
        for mapping in published(server.service):
            host = mapping.host_port(right) if holds(mapping, right) else None
            if isinstance(host, Known) and host.value == one.port:
                return (
                    f"{one.port} is the port on which the host publishes it; inside the network "
                    f"{server.service.name} listens on {right}",
                    f"Connect to {one.host}:{right}.",
                    (Related("it is published here", mapping.origin),),
                )
        return (
            f"{server.service.name} listens on port {right}",
            f"Connect to {one.host}:{right}.",
            (Related("the server is defined here", server.service.origin),),
        )

    def _deaf(self) -> Iterator[MissedConnection]:
        """Servers that listen on their own container only, though others connect to them."""
        for server in self.containers.values():
            found = server.listening
            if found is None or not is_unreachable(found) or server.mode:
                continue
            assert isinstance(found.addresses, Known)
            client = next(self._clients_of(server), None)
            mappings = [one for one in published(server.service) if database_port(one, found)]
            if client is None and not mappings:
                continue
            place = client[1].origin if client else mappings[0].origin
            who = client[0].service.name if client else "a client on the host"
            port = found.ports[0] if found.ports else 5432
            yield MissedConnection(
                who,
                client[1].text if client else f"{server.service.name}:{port}",
                f"{server.service.name} listens on {found.addresses.value or 'no address'} of its"
                " own container only",
                "Set listen_addresses to '*': in a container that is the network of the container.",
                found.addresses.origin,
                (Related("it is reached from here", place),),
            )

    def _misdirected(self) -> Iterator[MissedConnection]:
        """Servers of which only ports are published on which they do not listen."""
        for server in self.containers.values():
            found = server.listening
            if found is None or not found.ports or not _is_as_its_image(server):
                continue
            if len(self._namespace(server)) > 1 or unread(server.service):
                continue
            mappings = published(server.service)
            if any(holds(one, port) for one in mappings for port in found.ports):
                continue
            for one in mappings:
                port = one.container[0]
                if port == one.container[1] and _is_for_postgres(one):
                    name, right = server.service.name, found.ports[0]
                    yield MissedConnection(
                        "a client on the host",
                        f"port {port} of {name}",
                        f"{name} listens on port {right}",
                        f"Publish port {right} of the container.",
                        one.origin,
                        (Related("the server is defined here", server.service.origin),),
                    )

    def _clients_of(self, server: Container) -> Iterator[tuple[Container, Wanted]]:
        names = compose_service.names(server.service)
        inside = {one.service.name for one in self._namespace(server)}
        for client in self.containers.values():
            if client.service.name not in inside:
                for one in wanted(client.environment):
                    if one.host in names:
                        yield client, one


def _home(container: Container) -> str:
    """The service whose addresses a container has."""
    kind, _, name = container.mode.partition(":")
    return name if kind == "service" else container.service.name


def _is_as_its_image(server: Container) -> bool:
    """Whether a container runs the server of a plain image, and nothing else."""
    first = server.words[0].text if server.words else "postgres"
    return (
        server.listening is not None
        and server.listening.what.is_server
        and server.listening.what.is_plain
        and not (server.is_built or server.mode)
        # A file of variables may be missing here, and set PGPORT.
        and not any(map(server.service.has, ("entrypoint", "env_file")))
        and (first == "postgres" or first.startswith("-"))
    )


def _is_for_postgres(one: Published) -> bool:
    """Whether the port of the container or that of the host looks like PostgreSQL's."""
    host = one.host.value[0] if isinstance(one.host, Known) else one.container[0]
    return any(port in USUAL_PORTS or 5400 <= port < 5500 for port in (one.container[0], host))


def _any_of(servers: list[Container]) -> str:
    """Where the servers are reached: "db:5432", "db:5432 or replica:5432"."""
    found = []
    for one in servers[:3]:
        ports = one.listening.ports if one.listening else ()
        found.append(f"{one.service.name}:{ports[0]}" if ports else one.service.name)
    return " or ".join(found)
