# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet file, `connguard-fleet.toml`: its repositories, and the servers that they share.

Tables: `[[server]]`, `[[pooler]]` and `[[service]]`. docs/fleet.md describes every key. Names of
hosts, databases, roles, secrets, services and repositories may hold `*` and `?`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from connguard.budget.toml_places import Document, parse
from connguard.budget.toml_tables import TableReader, is_count
from connguard.engine.fail_on import FailOn
from connguard.engine.settings import SettingsError
from connguard.engine.text import decode
from connguard.policies.model.amount import Amount, exactly
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass

FILE_NAME = "connguard-fleet.toml"

_LISTS = ("hosts", "databases", "roles", "secrets", "services", "repositories")
_NUMBERS = (
    "max_connections",
    "superuser_reserved_connections",
    "reserved_connections",
    "provider_reserved",
)
_COUNTS = ("instances", "processes", "surge", "pool")
KEYS: Mapping[str, tuple[str, ...]] = {
    "": ("repositories", "exclude", "select", "ignore", "fail-on", "server", "pooler", "service"),
    "server": ("name", "repository", "server", "complete", "ignore", *_LISTS, *_NUMBERS),
    "pooler": ("name", "hosts", "secrets", "server", "instances"),
    "service": ("name", "repository", "server", "via", "database", "user", *_COUNTS),
}
"""The keys of every table; those of the file itself stand under the empty name."""

DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class SharedServer:
    """A server, what refers to it, and where it is described.

    `repository` holds it, `server` is its name there if there are several. `numbers` win over what
    is found there. `complete` says that the fleet holds everything that connects to it.
    """

    name: str
    origin: Origin
    repository: str | None = None
    server: str | None = None
    numbers: Mapping[str, Amount] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    complete: bool = False


@dataclass(frozen=True, slots=True)
class SharedPooler:
    """A pooler of a repository (`repository/name`), and its server.

    `hosts` are the names that reach it, `secrets` those that hold such a name.
    """

    name: str
    origin: Origin
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    server: str | None = None
    instances: Amount | None = None


@dataclass(frozen=True, slots=True)
class KnownService:
    """What the fleet knows of a service. `amounts` win over what its repository says."""

    repository: str
    name: str
    origin: Origin
    server: str | None = None
    via: str | None = None
    database: str | None = None
    user: str | None = None
    amounts: Mapping[str, Amount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FleetFile:
    """The checked contents of a fleet file. Patterns of repositories are relative to `base`."""

    base: Path = field(default_factory=Path.cwd)
    repositories: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: FailOn | None = None
    servers: tuple[SharedServer, ...] = ()
    poolers: tuple[SharedPooler, ...] = ()
    services: tuple[KnownService, ...] = ()


def load(path: Path, name: str) -> FleetFile:
    """Read a fleet file; `name` is how places in it are shown. Raises SettingsError."""
    try:
        text, _ = decode(name, path.read_bytes())
        document = parse(text)
    except OSError as error:
        raise SettingsError(f"{name}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name}: {error}") from error
    return _Reader(document).read(path.absolute().parent)


class _Reader(TableReader):
    def __init__(self, document: Document) -> None:
        super().__init__(document, KEYS)

    def read(self, base: Path) -> FleetFile:
        values = self._document.values
        self._refuse_unknown((), "", values)
        found = FleetFile(
            base=base,
            repositories=self._strings((), values, "repositories"),
            exclude=self._strings((), values, "exclude"),
            select=self._strings((), values, "select"),
            ignore=self._strings((), values, "ignore"),
            fail_on=self._fail_on(values.get("fail-on")),
            servers=tuple(self._server(*one) for one in self._tables(values, "server")),
            poolers=tuple(self._pooler(*one) for one in self._tables(values, "pooler")),
            services=tuple(self._service(*one) for one in self._tables(values, "service")),
        )
        names = [one.name for one in found.servers]
        self._refuse_repeated("server", names)
        referring = (
            ("pooler", [one.server for one in found.poolers]),
            ("service", [one.server for one in found.services]),
        )
        for kind, servers in referring:
            for position, server in enumerate(servers):
                if server is not None and server not in names:
                    raise self._error(f'no server is called "{server}"', kind, position, "server")
        return found

    def _server(self, position: int, table: Mapping[str, Any]) -> SharedServer:
        path = ("server", position)
        lists = {key: self._strings(path, table, key) for key in (*_LISTS, "ignore")}
        complete = self._flag(path, table, "complete", False)
        return SharedServer(
            name=self._required(path, table, "name"),
            origin=self._origin(*path),
            repository=self._string(path, table, "repository"),
            server=self._string(path, table, "server"),
            numbers={key: self._count(path, table, key) for key in _NUMBERS if key in table},
            complete=complete,
            **lists,
        )

    def _pooler(self, position: int, table: Mapping[str, Any]) -> SharedPooler:
        path = ("pooler", position)
        return SharedPooler(
            name=self._required(path, table, "name"),
            origin=self._origin(*path),
            hosts=self._strings(path, table, "hosts"),
            secrets=self._strings(path, table, "secrets"),
            server=self._string(path, table, "server"),
            instances=self._count(path, table, "instances") if "instances" in table else None,
        )

    def _service(self, position: int, table: Mapping[str, Any]) -> KnownService:
        path = ("service", position)
        return KnownService(
            repository=self._required(path, table, "repository"),
            name=self._required(path, table, "name"),
            origin=self._origin(*path),
            server=self._string(path, table, "server"),
            via=self._string(path, table, "via"),
            database=self._string(path, table, "database"),
            user=self._string(path, table, "user"),
            amounts={key: self._count(path, table, key) for key in _COUNTS if key in table},
        )

    def _fail_on(self, value: object) -> FailOn | None:
        if value is None:
            return None
        options = [value] if isinstance(value, str) else []
        if isinstance(value, dict):
            options = [
                level if key == "default" else f"{key}={level}" for key, level in value.items()
            ]
        try:
            return FailOn().overridden(options)
        except ValueError as error:
            raise self._error(str(error).replace("--fail-on", "fail-on"), "fail-on") from error

    def _strings(
        self, path: tuple[str | int, ...], table: Mapping[str, Any], key: str
    ) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._error(f"{key}: must be a list of strings", *path, key)
        return tuple(value)

    def _count(self, path: tuple[str | int, ...], table: Mapping[str, Any], key: str) -> Amount:
        value = table[key]
        if not is_count(value):
            raise self._error(f"{key}: must be a count", *path, key)
        return exactly(value, f"{key} of {table.get('name')}", self._origin(*path, key))
