# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files say about services, poolers and servers, before it is joined to a topology."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from connguard.budget.commands import Environment
from connguard.budget.dsn import Target
from connguard.budget.pgbouncer_ini import Configuration
from connguard.engine.reading import SourceFile
from connguard.policies.model.amount import Amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import Pooler, Service, Version


@dataclass(frozen=True, slots=True)
class PoolerFile:
    """A pgbouncer.ini that stands in the repository."""

    configuration: Configuration


@dataclass(frozen=True, slots=True)
class ServerFile:
    """A postgresql.conf that stands in the repository.

    `settings` are given where it is another kind of file, in which they were found (Patroni's).
    """

    file: SourceFile
    settings: dict[str, Amount] | None = None


@dataclass(frozen=True, slots=True)
class ServerRun:
    """A server as a deployment runs it. `hosts` are the names under which clients reach it.

    `settings` are the numbers that its command line sets; `config` is the file that it is given,
    `written` are the numbers of such a file where it is part of another one.
    """

    name: str
    origin: Origin
    hosts: frozenset[str]
    version: Version | None
    settings: dict[str, Amount]
    config: Path | None = None
    provider_reserved: Amount | None = None
    written: dict[str, Amount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoolerRun:
    """A PgBouncer as a deployment runs it, with a configuration file that is mounted into it."""

    name: str
    origin: Origin
    hosts: frozenset[str]
    version: Version | None
    instances: Amount
    configs: tuple[Path, ...]
    open_files: Amount | None = None


@dataclass(frozen=True, slots=True)
class PoolerReady:
    """A pooler whose settings a deployment states itself (environment variables, a resource)."""

    pooler: Pooler
    hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class FurtherPool:
    """A pool that a service has beside its first one, as an application's file says it.

    `pool_variable` sets its size and the first of `urls` that there is says where it connects;
    `host_variable` is its host.
    """

    label: str
    target: Target
    pool: Amount
    pool_variable: str = ""
    host_variable: str = ""
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceFound:
    """A service; `host` and `port` are where it connects. `service.pooler` is not yet set.

    `source` is the folder that its image is built from, if the deployment names one.
    `environment` are its variables, `pool_variable` the one that sets its pool's size. `secrets`
    are the names of secrets that hold how it connects. `further` are pools beside its first one.
    """

    service: Service
    host: str | None
    port: int | None = None
    source: Path | None = None
    environment: Environment = field(default_factory=dict)
    pool_variable: str = ""
    secrets: frozenset[str] = frozenset()
    further: tuple[FurtherPool, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of a file of settings, as it is written."""

    text: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class SpringDocument:
    """Settings of Spring, under the profiles of an expression ("" for always)."""

    profiles: str
    settings: Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class SpringFile:
    """A file of settings of Spring. `project` is the folder of the code that it belongs to.

    `profile` is the one that its name says. Of two files the one of the higher rank wins.
    """

    name: str
    project: Path
    profile: str
    rank: tuple[bool, bool]
    documents: tuple[SpringDocument, ...]


@dataclass(slots=True)
class Project:
    """What belongs together: the contents of one compose file, chart or folder.

    `unclear` are folders from which something is built that does not say how it connects; `silent`
    is what is built so, as its code may name a host. `variant` names the file with which it is run
    in the place of another project; empty for all others.
    """

    folder: Path
    servers: list[ServerRun] = field(default_factory=list)
    pooler_runs: list[PoolerRun] = field(default_factory=list)
    poolers: list[PoolerReady] = field(default_factory=list)
    services: list[ServiceFound] = field(default_factory=list)
    unclear: list[Path] = field(default_factory=list)
    variant: str = ""
    silent: list[ServiceFound] = field(default_factory=list)
