# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the services of a Compose application publish, and what they connect to in vain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path

from connguard.containers import access_rule, databases
from connguard.containers.compose_connections import Connections
from connguard.containers.compose_container import (
    NAMED_PORTS,
    Container,
    Listening,
    database_port,
    is_unreachable,
)
from connguard.containers.compose_files import Application
from connguard.containers.compose_ports import published, unread
from connguard.containers.purpose import passing
from connguard.engine.reading import Context
from connguard.policies.model.database_facts import Exposure, PublishedPort
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import USUAL_PORTS
from connguard.policies.model.records import dataclass
from connguard.policies.model.setting_facts import EffectiveSetting

_POOLER_NAME = lazily(r"(?i)pgbouncer|supavisor|pgcat|pgpool|odyssey|(?:^|[-_])pooler$")


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
            yield from _settings(container)
            if container.listening is not None:
                given = databases.settings(container.words)
                yield from access_rule.facts(container.image or "", container.environment, given)
        yield from Connections(self.application, self.containers).facts()

    def _published(self, container: Container) -> Iterator[object]:
        found = container.listening
        name = container.service.name
        if container.mode == "host":
            yield from self._on_the_host(container)
            return
        if container.mode == "none":
            return
        open_ports = list(self._open_ports(container))
        yield from open_ports
        if found is None or not found.ports or is_unreachable(found) or open_ports:
            return
        for address, unknown in unread(container.service):
            port = PublishedPort(name, address, None, found.ports[0], unknown.origin)
            if port.exposure is not Exposure.LOCAL:
                yield replace(port, host_address=unknown, purpose=self._purpose(unknown.origin))

    def _open_ports(self, container: Container) -> Iterator[PublishedPort]:
        found = container.listening
        name = container.service.name
        for one in published(container.service):
            named = USUAL_PORTS if _POOLER_NAME.search(name) else NAMED_PORTS
            port = database_port(one, found, named)
            if port is not None and not is_unreachable(found):
                yield PublishedPort(
                    name,
                    one.address,
                    one.host_port(port),
                    port,
                    one.origin,
                    purpose=self._purpose(one.origin),
                )

    def _on_the_host(self, container: Container) -> Iterator[object]:
        """What shares the addresses of its host listens on all of them by default."""
        found, mode = container.listening, container.service.last("network_mode")
        place = mode.node.origin if mode is not None else container.host_network
        if found is None or place is None:
            return
        if not found.what.is_server:
            yield from self._pooler_on_the_host(container, found, place)
            return
        if found.addresses is not None:
            if found.addresses.origin.path == container.application.file.name:
                yield EffectiveSetting("listen_addresses", found.addresses, found.addresses.origin)
        elif found.what.is_plain and not container.service.has("entrypoint"):
            for port in found.ports:
                yield self._listening(container, None, port, place)

    def _pooler_on_the_host(
        self, container: Container, found: Listening, place: Origin
    ) -> Iterator[PublishedPort]:
        configured = container.pooler_setting("listen_addr", "")
        mounted = any(
            "pgbouncer" in one.target.as_posix() and one.target.suffix in ("", ".ini")
            for one in container.mounts
        )
        if configured is None and (
            mounted or container.is_built or container.service.has("entrypoint")
        ):
            configured = Unknown("its configuration is not read", place)
        addresses = databases.pooler_addresses(found.what, container.environment, configured, place)
        for port in found.ports or NAMED_PORTS[1:]:
            for address in addresses:
                yield self._listening(container, address, port, place)

    def _listening(
        self, container: Container, address: Value[str] | None, port: int, place: Origin
    ) -> PublishedPort:
        purpose = self._purpose(place)
        name, host_port = container.service.name, Known(port, place)
        return PublishedPort(name, address, host_port, port, place, purpose=purpose)

    def _purpose(self, origin: Origin) -> str | None:
        path = self._paths.get(origin.path)
        return purpose_of(path, self.context) if path is not None else None

    @cached_property
    def _paths(self) -> dict[str, Path]:
        """The files of all services by their names."""
        return {
            layer.file.name: layer.file.path
            for container in reversed(self.containers.values())
            for layer in reversed(container.service.layers)
        }


def _settings(container: Container) -> Iterator[EffectiveSetting]:
    """What the command of a server sets; where it listens is judged with what is published."""
    if container.listening is not None and container.listening.what.is_server:
        for name, value in databases.settings(container.words).items():
            if name != "listen_addresses":
                yield EffectiveSetting(name, value, value.origin)


def purpose_of(path: Path, context: Context) -> str | None:
    """The part of a path, below what is scanned, that tells a file for development or tests."""
    inside = [path.relative_to(root) for root in context.roots if path.is_relative_to(root)]
    return passing(min(inside, key=lambda one: len(one.parts)).as_posix()) if inside else None
