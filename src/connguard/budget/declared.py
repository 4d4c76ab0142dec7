# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology that connguard.toml declares, where discovery ends.

Tables: `[[service]]`, `[[pooler]]`, `[server]`, `[[role]]`, `[[database]]` and `[headroom]`; all
numbers are counts. A number may be a range `{ min = 2, max = 8 }` (autoscaling): the budget holds
for its highest value. Paths are relative to the file. docs/budget.md describes every key.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from connguard.budget.toml_places import Document, parse
from connguard.budget.toml_tables import TableReader, is_count
from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.setting_reference import SETTINGS
from connguard.engine.settings import SettingsError
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly
from connguard.policies.model.facts import UNLIMITED
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import (
    SERVICE_TIMEOUTS,
    SESSION_FEATURES,
    Headroom,
    LimitedDatabase,
    LimitedRole,
    Service,
    Version,
)
from connguard.policies.model.whole_numbers import whole

DIRECT = "direct"

_VERSION = lazily(r"(\d+)(?:\.(\d+))?(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class DeclaredPooler:
    name: str
    origin: Origin
    config: Path
    config_origin: Origin
    instances: Amount
    version: Version | None
    auth_file: str | None
    open_files: Amount | None


@dataclass(frozen=True, slots=True)
class DeclaredServer:
    """`settings` are the numbers that are declared; they win over those in `config`.

    `formula` is a text for max_connections, such as RDS's LEAST(…); `memory` is in bytes.
    """

    origin: Origin
    config: Path | None
    config_origin: Origin
    version: Version | None
    settings: Mapping[str, Amount]
    formula: tuple[str, Origin] | None
    memory: int | None


@dataclass(slots=True)
class Declared:
    """Everything a settings file declares."""

    origin: Origin
    services: list[Service] = field(default_factory=list)
    poolers: list[DeclaredPooler] = field(default_factory=list)
    server: DeclaredServer | None = None
    roles: list[LimitedRole] = field(default_factory=list)
    databases: list[LimitedDatabase] = field(default_factory=list)
    headroom: Headroom = field(default_factory=Headroom)
    file: SourceFile | None = None
    sources: dict[str, Path] = field(default_factory=dict)
    """The folder of the code of a service, by its name."""


def read(context: Context) -> Declared | None:
    """The topology declared in the settings of this run; None when there is none.

    Raises SettingsError.
    """
    settings = context.settings
    if settings.path is None or not settings.topology:
        return None
    file = SourceFile(settings.path, context.name_of(settings.path))
    text = context.text(file)
    if text is None:
        raise SettingsError(f"{settings.path}: cannot be read")
    try:
        document = parse(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{settings.path}: {error}") from error
    prefix = ("tool", "connguard") if settings.path.name == "pyproject.toml" else ()
    return _Reader(document, prefix, settings.path.parent, file).read(settings.topology)


class _Reader(TableReader):
    def __init__(
        self, document: Document, prefix: tuple[str, ...], base: Path, file: SourceFile
    ) -> None:
        super().__init__(document, SETTINGS, prefix)
        self._base = base
        self._file = file

    def read(self, topology: Mapping[str, Any]) -> Declared:
        declared = Declared(self._document.text.line_origin(1), file=self._file)
        for position, table in self._tables(topology, "pooler"):
            declared.poolers.append(self._pooler(position, table))
        poolers = [pooler.name for pooler in declared.poolers]
        for position, table in self._tables(topology, "service"):
            service = self._service(position, table, poolers)
            declared.services.append(service)
            source = self._string(("service", position), table, "source")
            if source is not None:
                declared.sources[service.name] = disk.resolve(self._base / source)
        for position, table in self._tables(topology, "role"):
            path = ("role", position)
            declared.roles.append(
                LimitedRole(
                    name=self._required(path, table, "name"),
                    origin=self._origin(*path),
                    limit=self._limit(path, table),
                    superuser=self._flag(path, table, "superuser", False),
                    uses_reserved=self._flag(path, table, "reserved", False),
                    can_login=self._flag(path, table, "login", True),
                )
            )
        for position, table in self._tables(topology, "database"):
            path = ("database", position)
            name = self._required(path, table, "name")
            limit = self._limit(path, table)
            declared.databases.append(LimitedDatabase(name, self._origin(*path), limit))
        if "server" in topology:
            declared.server = self._server(self._single(topology, "server"))
        if "headroom" in topology:
            table = self._single(topology, "headroom")
            admin = self._number(("headroom",), table, "admin", 3)
            recycling = self._number(("headroom",), table, "recycling", 1)
            declared.headroom = Headroom(admin, recycling.high)
        self._refuse_duplicates(declared)
        return declared

    def _service(self, position: int, table: Mapping[str, Any], poolers: list[str]) -> Service:
        path = ("service", position)
        name = self._required(path, table, "name")
        via = self._string(path, table, "via") or (poolers[0] if len(poolers) == 1 else None)
        if via is None and poolers:
            raise self._error(f'service {name}: via names a pooler, or "direct"', *path)
        if via is not None and via != DIRECT and poolers and via not in poolers:
            raise self._error(f'service {name}: no pooler is called "{via}"', *path, "via")
        if "pool" not in table:
            raise self._error(f"service {name}: pool is missing", *path)
        return Service(
            name=name,
            origin=self._origin(*path),
            instances=self._number(path, table, "instances", 1),
            processes=self._number(path, table, "processes", 1),
            surge=self._number(path, table, "surge", 0),
            pool=self._number(path, table, "pool", 0),
            pooler=None if via in (None, DIRECT) else via,
            database=self._string(path, table, "database"),
            user=self._string(path, table, "user"),
            database_origin=self._origin(*path, "database"),
            needs=self._needs(path, table),
            timeouts=self._timeouts(path, table),
        )

    def _needs(
        self, path: tuple[str | int, ...], table: Mapping[str, Any]
    ) -> tuple[tuple[str, Origin], ...]:
        needs = table.get("needs", [])
        if not isinstance(needs, list) or any(one not in SESSION_FEATURES for one in needs):
            known = ", ".join(SESSION_FEATURES)
            raise self._error(f"needs: must be a list of {known}", *path, "needs")
        return tuple((one, self._origin(*path, "needs")) for one in needs)

    def _timeouts(
        self, path: tuple[str | int, ...], table: Mapping[str, Any]
    ) -> tuple[tuple[str, float, Origin], ...]:
        found = []
        for key in SERVICE_TIMEOUTS:
            value = table.get(key)
            if value is None:
                continue
            seconds = _seconds(value)
            if seconds is None:
                raise self._error(f"{key}: must be a number of seconds", *path, key)
            found.append((key, seconds, self._origin(*path, key)))
        return tuple(found)

    def _pooler(self, position: int, table: Mapping[str, Any]) -> DeclaredPooler:
        path = ("pooler", position)
        return DeclaredPooler(
            name=self._required(path, table, "name"),
            origin=self._origin(*path),
            config=self._base / self._required(path, table, "config"),
            config_origin=self._origin(*path, "config"),
            instances=self._number(path, table, "instances", 1),
            version=self._version(path, table),
            auth_file=self._string(path, table, "auth_file"),
            open_files=self._number(path, table, "open_files", 0)
            if "open_files" in table
            else None,
        )

    def _server(self, table: Mapping[str, Any]) -> DeclaredServer:
        path = ("server",)
        config = self._string(path, table, "config")
        formula = table.get("max_connections")
        numbers = [
            "superuser_reserved_connections",
            "reserved_connections",
            "provider_reserved",
        ]
        if not isinstance(formula, str):
            numbers.append("max_connections")
        return DeclaredServer(
            origin=self._origin(*path),
            config=self._base / config if config else None,
            config_origin=self._origin(*path, "config"),
            version=self._version(path, table),
            settings={key: self._number(path, table, key, 0) for key in numbers if key in table},
            formula=(formula, self._origin(*path, "max_connections"))
            if isinstance(formula, str)
            else None,
            memory=self._memory(path, table),
        )

    def _single(self, topology: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
        table = topology[kind]
        if not isinstance(table, dict):
            raise self._error(f"must be written as [{kind}]", kind)
        self._refuse_unknown((kind,), kind, table)
        return table

    def _refuse_duplicates(self, declared: Declared) -> None:
        for kind, names in (
            ("service", [one.name for one in declared.services]),
            ("pooler", [one.name for one in declared.poolers]),
            ("role", [one.name for one in declared.roles]),
            ("database", [one.name for one in declared.databases]),
        ):
            self._refuse_repeated(kind, names)

    def _limit(self, path: tuple[str | int, ...], table: Mapping[str, Any]) -> Amount | None:
        """A connection limit; -1 is none, as in SQL."""
        for key in ("connection_limit", "limit"):
            value = table.get(key)
            if value == UNLIMITED and not isinstance(value, bool):
                return Amount(UNBOUNDED, UNBOUNDED, "connection limit", self._origin(*path, key))
            if key in table:
                return self._number(path, table, key, 0)
        return None

    def _number(
        self, path: tuple[str | int, ...], table: Mapping[str, Any], key: str, default: int
    ) -> Amount:
        value = table.get(key)
        name = f"{key} of {table['name']}" if "name" in table else key
        origin = self._origin(*path, key)
        if value is None:
            return exactly(default, name)
        if isinstance(value, dict) and set(value) == {"min", "max"}:
            if not all(is_count(one) for one in value.values()) or value["min"] > value["max"]:
                raise self._error(f"{key}: min and max must be counts, min first", *path, key)
            return exactly(value["max"], name, self._origin(*path, key, "max"))
        if not is_count(value):
            raise self._error(f"{key}: must be a count, or {{ min = …, max = … }}", *path, key)
        return exactly(value, name, origin)

    def _version(self, path: tuple[str | int, ...], table: Mapping[str, Any]) -> Version | None:
        value = table.get("version")
        if value is None:
            return None
        version = version_of(value) if isinstance(value, str) else None
        if version is None:
            raise self._error('version: must be a string such as "1.18"', *path, "version")
        return version

    def _memory(self, path: tuple[str | int, ...], table: Mapping[str, Any]) -> int | None:
        value = table.get("memory")
        if value is None:
            return None
        memory = memory_of(value)
        if memory is None:
            raise self._error('memory: must be bytes, or a string such as "8GiB"', *path, "memory")
        return memory


def version_of(text: str) -> Version | None:
    """ "1.18.0" is (1, 18); a lone major version has the minor 0."""
    match = _VERSION.fullmatch(text.strip())
    return (whole(match[1]), whole(match[2] or 0)) if match else None


def memory_of(value: object) -> int | None:
    """Bytes, as a number or with a unit: kB, MB, GB and KiB, MiB, GiB are powers of 1024."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"\s*+(\d++(?:\.\d++)?)\s*+([kKMGT]?)(?:i?B)?\s*+", str(value))
    if match is None:
        return None
    power = " KMGT".index(match[2].upper() or " ")
    size = float(match[1]) * 1024**power
    return int(size) if math.isfinite(size) else None


def _seconds(value: object) -> float | None:
    """A number of seconds from 0 on; None for what is none, as for one that is out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if 0 <= seconds < math.inf else None
