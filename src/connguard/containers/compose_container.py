# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container of a Compose application: what it runs, where that listens, where it connects."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from connguard.containers import compose_service, databases, dockerfiles
from connguard.containers.compose_files import Application, Service
from connguard.containers.compose_ports import Published
from connguard.containers.compose_service import Mount, Variable, Word
from connguard.containers.databases import Program
from connguard.engine.reading import Context
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.records import dataclass
from connguard.policies.model.server_values import split_list
from connguard.postgres.conf import ServerSettings, read_conf

NAMED_PORTS = (5432, 6432)
"""Ports that tell PostgreSQL or a pooler in an image that is not known."""

_STARTS_SERVER = lazily(
    r"(?:^|&&|;|\|\||\bexec|\bgosu postgres|\bsu-exec postgres|/)\s*postgres(?=\s|$)"
    r"|\b(?:docker-entrypoint\.sh|pg_ctl|patroni|pgbouncer\.ini|/run\.sh)\b"
)
_CLIENT = lazily(
    r"\b(?:psql|pg_dump\w*|pg_restore|pg_isready|pgbench|pg_basebackup|createdb|sleep|tail|cron)\b"
)
_SCRIPT = lazily(r"\.sh$|^(?:/usr)?(?:/bin/)?(?:ba)?sh$")
_DATA_FILES = ("postgresql.conf", "postgresql.conf.sample")


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
        mode = compose_service.network_mode(self.service)
        return mode if mode or self.host_network is None else "host"

    @cached_property
    def host_network(self) -> Origin | None:
        """Where the service is attached to the network of the host, as stacks of Swarm do it."""
        for part in self.service.every("networks"):
            for key in [pair[0] for pair in part.node.items()] or part.node.elements():
                network = self.application.networks.get(key.string or "")
                external = network.node.get("external") if network is not None else None
                name = network.node.get("name") if network is not None else None
                if external is not None and external.boolean and name and name.string == "host":
                    return key.origin
        return None

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
            port = self.pooler_setting("listen_port", "6432")
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

    def pooler_setting(self, name: str, default: str) -> Value[str] | None:
        """A setting of the pgbouncer.ini of the repository; None where none is mounted."""
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
                pattern = rf"(?m)^[ \t]*{name}[ \t]*=[ \t]*(\S[^\r\n]*?)[ \t]*$"
                for line in re.finditer(pattern, text.string):
                    origin = text.origin(line.start(1), line.end(1))
                    if line[1].isdecimal() or (
                        name != "listen_port" and not re.search(r"[${}%<>]", line[1])
                    ):
                        return Known(line[1], origin)
                    return Unknown(f"{line[1]} is filled in later", origin)
                return Known(default, text.line_origin(1))
        return None


def is_unreachable(found: Listening | None) -> bool:
    """Whether a server listens on the loopback addresses of its container only."""
    if found is None or not isinstance(found.addresses, Known):
        return False
    addresses = split_list(found.addresses.value)
    return addresses is not None and all(
        one.lower() == "localhost" or one.startswith("127.") or one == "::1" for one in addresses
    )


def database_port(
    one: Published, found: Listening | None, named: tuple[int, ...] = NAMED_PORTS
) -> int | None:
    """The port of the range on which PostgreSQL or a pooler answers.

    `named` are the ports that tell them in a container whose program is not known.
    """
    candidates = named if found is None else (*found.ports, *USUAL_PORTS)
    return next((port for port in candidates if holds(one, port)), None)


def holds(one: Published, port: int) -> bool:
    return one.container[0] <= port <= one.container[1]
