# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the services of a Compose application publish, and what they connect to in vain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from connguard.containers import compose_service, databases, dockerfiles
from connguard.containers.clients import Wanted, wanted
from connguard.containers.compose_files import Application, Service
from connguard.containers.compose_ports import Published, published
from connguard.containers.compose_service import Mount, Variable, Word
from connguard.containers.databases import Program
from connguard.containers.purpose import passing
from connguard.policies.model.database_facts import MissedConnection, PublishedPort
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.server_values import split_list
from connguard.policies.model.setting_facts import EffectiveSetting
from connguard.postgres.conf import ServerSettings, read_conf
from connguard.reading import Context

_NAMED = (5432, 6432)
"""Ports that tell PostgreSQL or a pooler in an image that is not known."""

_STARTS_SERVER = re.compile(
    r"(?:^|&&|;|\|\||\bexec|\bgosu postgres|\bsu-exec postgres|/)\s*postgres(?=\s|$)"
    r"|\b(?:docker-entrypoint\.sh|pg_ctl|patroni|pgbouncer\.ini|/run\.sh)\b"
)
_CLIENT = re.compile(
    r"\b(?:psql|pg_dump\w*|pg_restore|pg_isready|pgbench|pg_basebackup|createdb|sleep|tail|cron)\b"
)
_SCRIPT = re.compile(r"\.sh$|^(?:/usr)?(?:/bin/)?(?:ba)?sh$")
_DATA_FILES = ("postgresql.conf", "postgresql.conf.sample")
_POOLER_NAME = re.compile(r"(?i)pgbouncer|supavisor|pgcat|pgpool|odyssey|(?:^|[-_])pooler$")
_SCALED = re.compile(r"(?:.*[-_])?(?P<service>.+?)[-_]\d+")
_SWARM = re.compile(r"(?:tasks\.)?(?:\w+_)?(?P<service>[\w-]+)")
_OUTSIDE = ("host.docker.internal", "gateway.docker.internal", "kubernetes")


@dataclass(frozen=True, slots=True)
class Listening:
    """A container with PostgreSQL or a pooler.

    `ports` is empty when it is not known where it listens. `addresses` is where a server listens,
    None when nothing says it and the image's default (everywhere) holds.
    """

    what: Program
    ports: tuple[int, ...]
    addresses: Value[str] | None = None


@dataclass
class Container:
    """A service with all that is read of it."""

    service: Service
    context: Context
    application: Application

    @cached_property
    def environment(self) -> dict[str, Variable]:
        return compose_service.environment(self.service, self.context)

    @cached_property
    def words(self) -> list[Word]:
        return compose_service.command(self.service)

    @cached_property
    def mounts(self) -> list[Mount]:
        return compose_service.mounts(self.service, self.application)

    @cached_property
    def mode(self) -> str:
        return compose_service.network_mode(self.service)

    @cached_property
    def networks(self) -> frozenset[str]:
        return compose_service.networks(self.service)

    @cached_property
    def image(self) -> str | None:
        """The image that it runs, or the one that it is built on."""
        built = dockerfiles.dockerfile_of(self.service, self.context)
        if built is not None:
            text, target = built
            base = dockerfiles.base_image(text, target) if text is not None else None
            if base is not None:
                return base
        part = self.service.last("image")
        return part.text[0] if part else None

    @cached_property
    def is_built(self) -> bool:
        return self.service.has("build")

    @cached_property
    def may_hold_server(self) -> bool:
        """Whether a server may run in it besides what its image says."""
        built = dockerfiles.dockerfile_of(self.service, self.context)
        if built is None:
            return False
        return built[0] is None or dockerfiles.installs_server(built[0])

    def _may_be_configured_by_image(self, what: Program) -> bool:
        """Whether the Dockerfile puts a configuration or another start into the image."""
        built = dockerfiles.dockerfile_of(self.service, self.context)
        if built is None:
            return False
        return built[0] is None or dockerfiles.configures(built[0], any_file=not what.is_server)

    @cached_property
    def listening(self) -> Listening | None:
        what = databases.program(self.image or "")
        if what is None or self._is_client:
            return None
        given = databases.settings(self.words)
        configuration = self._configuration(what, given)
        port: Value[str] | None = None
        addresses = given.get("listen_addresses")
        known = what.is_plain and not self.is_built
        if configuration is not None:
            setting = configuration.setting("port")
            port = setting.value if setting else None
            setting = configuration.setting("listen_addresses")
            if addresses is None and known and configuration.complete:
                start = Origin(configuration.files[0], 1, 1, 1, 1)
                addresses = setting.value if setting else Known("localhost", start)
        elif not what.is_server:
            port = self._pooler_port()
        ports = databases.listen_ports(what, self.environment, given, configured=port)
        if port is None and self._may_be_configured_by_image(what):
            ports = ()
        if self.service.has("entrypoint") and not given:
            return Listening(what, (), None if what.is_server else addresses)
        return Listening(what, ports, addresses)

    @cached_property
    def _is_client(self) -> bool:
        """Whether it only uses the image of a server, for psql, pg_dump or a script."""
        entry = [*compose_service.command(self.service, "entrypoint"), *self.words]
        text = " ".join(word.text for word in entry)
        if not entry or _STARTS_SERVER.search(text):
            return False
        return _CLIENT.search(text) is not None or _SCRIPT.search(entry[0].text) is not None

    def _configuration(self, what: Program, given: dict[str, Value[str]]) -> ServerSettings | None:
        """The configuration of the repository with which a server starts."""
        if not what.is_server:
            return None
        named = given.get("config_file")
        path: Path | None = None
        if isinstance(named, Known):
            path = compose_service.mounted(self.mounts, named.value)
        elif named is None:
            for mount in self.mounts:
                if mount.target.name in _DATA_FILES and (
                    "data" in mount.target.parts or mount.target.suffix == ".sample"
                ):
                    path = mount.source
        try:
            file = self.context.file(path) if path else None
        except (OSError, ValueError):  # a name that no file can have
            return None
        return read_conf(file, self.context) if file else None

    def _pooler_port(self) -> Value[str] | None:
        for mount in self.mounts:
            path = mount.source
            if mount.target.name != "pgbouncer.ini":
                path = path / "pgbouncer.ini"
            try:
                file = self.context.file(path)
            except (OSError, ValueError):  # a name that no file can have
                continue
            text = self.context.text(file) if file else None
            if file is not None and text is not None:
                for line in re.finditer(r"(?m)^[ \t]*listen_port[ \t]*=[ \t]*(\S+)", text.string):
                    origin = text.origin(line.start(1), line.end(1))
                    if line[1].isdecimal():
                        return Known(line[1], origin)
                    return Unknown(f"{line[1]} is filled in later", origin)
                return Known(str(6432), text.line_origin(1))
        return None


@dataclass
class Reader:
    """Makes the facts of one application."""

    application: Application
    context: Context
    containers: dict[str, Container] = field(init=False)

    def __post_init__(self) -> None:
        self.containers = {
            name: Container(service, self.context, self.application)
            for name, service in self.application.services.items()
        }

    def facts(self) -> Iterator[object]:
        for container in self.containers.values():
            yield from self._published(container)
        if any(one.listening for one in self.containers.values()):
            for container in self.containers.values():
                yield from self._missed(container)
            yield from self._deaf()

    # --- published ports -------------------------------------------------------------------------

    def _published(self, container: Container) -> Iterator[object]:
        found = container.listening
        name = container.service.name
        if container.mode == "host":
            yield from self._on_the_host(container)
            return
        if container.mode == "none":
            return
        for one in published(container.service):
            named = USUAL_PORTS if _POOLER_NAME.search(name) else _NAMED
            port = _database_port(one, found, named)
            if port is not None and not _is_unreachable(found):
                yield PublishedPort(
                    name,
                    one.address,
                    one.host_port(port),
                    port,
                    one.origin,
                    purpose=self._purpose(one.origin),
                )

    def _on_the_host(self, container: Container) -> Iterator[object]:
        """A server that shares the addresses of its host listens on all of them by default."""
        found, mode = container.listening, container.service.last("network_mode")
        if found is None or mode is None or not found.what.is_server:
            return
        if found.addresses is not None:
            if found.addresses.origin.path == container.application.file.name:
                yield EffectiveSetting("listen_addresses", found.addresses, found.addresses.origin)
        elif found.what.is_plain and not container.service.has("entrypoint"):
            for port in found.ports:
                origin = mode.node.origin
                purpose = self._purpose(origin)
                host_port = Known(port, origin)
                yield PublishedPort(
                    container.service.name, None, host_port, port, origin, purpose=purpose
                )

    def _purpose(self, origin: Origin) -> str | None:
        for layer in (
            one for service in self.containers.values() for one in service.service.layers
        ):
            if layer.file.name == origin.path:
                return purpose_of(layer.file.path, self.context)
        return None

    # --- connections that nothing answers --------------------------------------------------------

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
        return one.certain or not any(
            databases.is_other_database(container.image or "")
            for container in self.containers.values()
        )

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
        known = self.application.outside | {
            name
            for other in self.containers.values()
            for name in compose_service.names(other.service)
        }
        if (
            "." in one.host
            or one.host in _OUTSIDE
            or one.host in known
            or self.application.incomplete
            or client.mode
            or self._is_external(client)
            or any("$" in name for name in known)
        ):
            return _UNDECIDED
        for pattern in (_SCALED, _SWARM):
            match = pattern.fullmatch(one.host)
            if match and match["service"] in known:
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

    def _named(self, host: str) -> list[Container]:
        return [
            one for one in self.containers.values() if host in compose_service.names(one.service)
        ]

    def _namespace(self, container: Container) -> list[Container]:
        """The containers that share its addresses, itself included."""

        def home(one: Container) -> str:
            kind, _, name = one.mode.partition(":")
            return name if kind == "service" else one.service.name

        place = home(container)
        return [one for one in self.containers.values() if home(one) == place]

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
            host = mapping.host_port(right) if _holds(mapping, right) else None
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
            if found is None or not _is_unreachable(found) or server.mode:
                continue
            assert isinstance(found.addresses, Known)
            client = next(self._clients_of(server), None)
            mappings = [one for one in published(server.service) if _database_port(one, found)]
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

    def _clients_of(self, server: Container) -> Iterator[tuple[Container, Wanted]]:
        names = compose_service.names(server.service)
        inside = {one.service.name for one in self._namespace(server)}
        for client in self.containers.values():
            if client.service.name not in inside:
                for one in wanted(client.environment):
                    if one.host in names:
                        yield client, one


_Problem = tuple[str, str, tuple[Related, ...]]
_UNDECIDED: _Problem = ("", "", ())


def purpose_of(path: Path, context: Context) -> str | None:
    """The part of a path, below what is scanned, that tells a file for development or tests."""
    inside = [path.relative_to(root) for root in context.roots if path.is_relative_to(root)]
    return passing(min(inside, key=lambda one: len(one.parts)).as_posix()) if inside else None


def _any_of(servers: list[Container]) -> str:
    """Where the servers are reached: "db:5432", "db:5432 or replica:5432"."""
    found = []
    for one in servers[:3]:
        ports = one.listening.ports if one.listening else ()
        found.append(f"{one.service.name}:{ports[0]}" if ports else one.service.name)
    return " or ".join(found)


def _is_unreachable(found: Listening | None) -> bool:
    """Whether a server listens on the loopback addresses of its container only."""
    if found is None or not isinstance(found.addresses, Known):
        return False
    addresses = split_list(found.addresses.value)
    return addresses is not None and all(
        one.lower() == "localhost" or one.startswith("127.") or one == "::1" for one in addresses
    )


def _database_port(
    one: Published, found: Listening | None, named: tuple[int, ...] = _NAMED
) -> int | None:
    """The port of the range on which PostgreSQL or a pooler answers.

    `named` are the ports that tell them in a container whose program is not known.
    """
    candidates = named if found is None else (*found.ports, *USUAL_PORTS)
    return next((port for port in candidates if _holds(one, port)), None)


def _holds(one: Published, port: int) -> bool:
    return one.container[0] <= port <= one.container[1]
