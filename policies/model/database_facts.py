# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about managed databases and published ports."""

from __future__ import annotations

from enum import Enum

from connguard.policies.model.addresses import LOOPBACK, PRIVATE, AddressSet
from connguard.policies.model.origin import Origin, Related, Unknown, Value
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseInstance:
    """A managed PostgreSQL server.

    `public` says whether it has an address on the internet, `because` which setting says so in
    words ("publicly_accessible = true", "no network is set, and a public address is the default").
    `origin` is the place of that setting, or of the resource when the default holds.
    """

    name: str
    public: Value[bool]
    because: str
    origin: Origin
    related: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsRequirement:
    """Whether a server, or an instance of a managed one, refuses clients without TLS.

    `because` names the setting in words ("ssl_mode = ALLOW_UNENCRYPTED_AND_ENCRYPTED").
    """

    name: str
    required: Value[bool]
    because: str
    origin: Origin
    related: tuple[Related, ...] = ()


class Exposure(Enum):
    """On which addresses of its host a port is published. LOCAL: loopback or private ones."""

    LOCAL = "local"
    EVERY_ADDRESS = "every address"
    OTHER_ADDRESS = "other address"


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A port of a container that runs PostgreSQL or a pooler, published on its host.

    `host_address` is the address of the host on which it is published, None for all of them.
    `host_port` is None for one that is chosen at start. `name` is the service or workload. `host`
    says what it is published on ("the host", "every node of the cluster"). `purpose` is the part of
    the file's path that tells that it is for development, tests or demonstrations.
    """

    name: str
    host_address: Value[str] | None
    host_port: Value[int] | None
    container_port: int
    origin: Origin
    host: str = "the host"
    purpose: str | None = None

    @property
    def exposure(self) -> Exposure | Unknown:
        """A name that is not localhost counts as some other address."""
        address = self.host_address
        if isinstance(address, Unknown):
            return address
        if address is None:
            return Exposure.EVERY_ADDRESS
        try:
            held = AddressSet.of(address.value.strip("[]"))
        except ValueError:
            return Exposure.LOCAL if address.value == "localhost" else Exposure.OTHER_ADDRESS
        if held <= LOOPBACK | PRIVATE:
            return Exposure.LOCAL
        every = held in (AddressSet.of("0.0.0.0"), AddressSet.of("::"))
        return Exposure.EVERY_ADDRESS if every else Exposure.OTHER_ADDRESS


@dataclass(frozen=True, slots=True)
class MissedConnection:
    """A client that connects where nothing listens.

    `client` names the service or workload, `wanted` what it connects to ("localhost:5432"),
    `reason` why nothing answers there, `fix` what to write instead; `related` the listener.
    """

    client: str
    wanted: str
    reason: str
    fix: str
    origin: Origin
    related: tuple[Related, ...] = ()
