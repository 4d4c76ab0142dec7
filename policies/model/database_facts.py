# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about managed databases and published ports."""

from __future__ import annotations

from dataclasses import dataclass

from connguard.policies.model.origin import Origin, Related, Value


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
