# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Docker Compose files: servers, poolers, services, their replicas and connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath

from connguard.budget import applications, spilo
from connguard.budget.built_from import (
    build_of,
    command_of,
    dockerfile_of,
    source_of,
    variables_of,
)
from connguard.budget.commands import Command, Runtime, command_at, processes_of
from connguard.budget.discovered import (
    PoolerReady,
    PoolerRun,
    Project,
    ServerRun,
    ServiceFound,
)
from connguard.budget.images import Kind, identify
from connguard.budget.pgbouncer_environment import pooler_of_environment
from connguard.budget.server_command import of_words
from connguard.containers import compose_service
from connguard.containers.compose_files import Part, Service, started
from connguard.containers.compose_service import Mount, Variable
from connguard.containers.interpolation import resolve
from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.engine.yaml_source import Node
from connguard.policies.model.amount import UNBOUNDED, Amount, exactly, unknown_amount
from connguard.policies.model.origin import Known, Origin, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import Pooler
from connguard.policies.model.whole_numbers import whole

_DATABASE_NAME = lazily(r"(?i)pg|postgres|postgis|timescale|bouncer|database|^db|db$")
_POOLER_FOLDERS = ("/etc/pgbouncer", "/bitnami/pgbouncer/conf", "/opt/bitnami/pgbouncer/conf")
_DATA = "/var/lib/postgresql/"
"""Where the official image makes the configuration itself, with the server's defaults."""


@dataclass(slots=True)
class Container:
    """A service with its environment and mounts, resolved as far as the repository says.

    `hidden` is where it sees what no file of the repository holds.
    """

    service: Service
    environment: dict[str, Variable]
    mounts: list[Mount]
    hidden: list[PurePosixPath]

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def origin(self) -> Origin:
        return self.service.origin


def projects(
    files: Sequence[SourceFile], context: Context
) -> Iterator[tuple[Project, list[SourceFile]]]:
    """The projects that these compose files make, each with the files that it is read from."""
    for application in started(files, context):
        project = Project(application.file.path.parent, variant=application.variant)
        parts: dict[str, SourceFile] = {}
        for service in application.services.values():
            parts |= {layer.file.name: layer.file for layer in service.layers}
            environment = compose_service.environment(service, context)
            mounts = compose_service.mounts(service, application)
            hidden = compose_service.hidden_mounts(service, application)
            _add(project, Container(service, environment, mounts, hidden), context)
        if project.servers or project.pooler_runs or project.poolers or project.services:
            yield project, list(parts.values())


def _add(project: Project, container: Container, context: Context) -> None:
    image_part = container.service.last("image")
    image_node = image_part.node if image_part else None
    image = identify(image_part.text[0]) if image_part else None
    hosts = compose_service.names(container.service)
    if image is not None and image.kind is Kind.POSTGRES:
        settings, config = _server_command(container)
        file = _mounted(container, config.value if isinstance(config, Known) else "postgresql.conf")
        place = config.origin if config is not None else container.origin
        if _is_missing(config, file, context):
            reason = "its configuration file is not in the repository"
            settings.setdefault("max_connections", unknown_amount("max_connections", reason, place))
        if image_part is not None and spilo.is_spilo(image_part.text[0]):
            own, text = image_part.node.origin, _text_of_spilo(container)
            settings = {**spilo.settings(_variables(container), own, text), **settings}
        project.servers.append(
            ServerRun(
                container.name,
                image_node.origin if image_node else container.origin,
                hosts,
                image.version,
                settings,
                file,
            )
        )
    elif image is not None:
        _add_pooler(project, container, hosts, image.flavour, image.version)
    else:
        _add_application(project, container, context)


def _add_pooler(
    project: Project,
    container: Container,
    hosts: frozenset[str],
    flavour: str,
    version: tuple[int, int] | None,
) -> None:
    mounted = _mounted(container, "pgbouncer.ini")
    pooler = pooler_of_environment(
        container.name,
        container.origin,
        {key: (one.text, one.origin, one.known) for key, one in container.environment.items()},
        flavour,
        version,
        _instances(container),
        _open_files(container.service),
    )
    if mounted is None and not _has_hidden_file(container, pooler):
        project.poolers.append(PoolerReady(pooler, hosts))
        return
    configs = (mounted,) if mounted is not None else ()
    project.pooler_runs.append(
        PoolerRun(
            container.name,
            container.origin,
            hosts,
            version,
            pooler.instances,
            configs,
            pooler.open_files,
        )
    )


def _has_hidden_file(container: Container, pooler: Pooler) -> bool:
    """Whether the pooler starts with a configuration that is not in the repository.

    A folder may hold one; it must where no variable says to which server the pooler leads.
    """
    if any(target.name == "pgbouncer.ini" for target in container.hidden):
        return True
    missing = [one.target for one in container.mounts if not disk.is_dir(one.source)]
    folders = [*container.hidden, *missing]
    named = any(entry.host for entry in pooler.entries)
    return not named and any(str(one) in _POOLER_FOLDERS for one in folders)


def _variables(container: Container) -> dict[str, tuple[str, Origin, bool]]:
    return {key: (one.text, one.origin, one.known) for key, one in container.environment.items()}


def _add_application(project: Project, container: Container, context: Context) -> None:
    environment = _variables(container)
    build = build_of(container.service)
    built_from = source_of(build) if build is not None else None
    dockerfile = dockerfile_of(build, context) if build is not None else None
    if dockerfile is not None:
        environment = {**variables_of(dockerfile), **environment}
    command = command_of(
        dockerfile,
        _command(container.service, "entrypoint"),
        _command(container.service, "command"),
    )
    found = applications.of_environment(
        container.name,
        container.origin,
        environment,
        command,
        folder=built_from,
        context=context,
    )
    instances = _instances(container)
    if found is None:
        waits_for = _waits_for(container.service)
        runtime = Runtime(container.name, environment, command, built_from)
        service = replace(
            applications.opaque(container.name, container.origin),
            instances=instances,
            processes=processes_of(runtime, context),
            surge=_surge(container, instances),
        )
        whole = ServiceFound(service, waits_for, source=built_from, environment=environment)
        if built_from is not None:
            project.unclear.append(built_from)
        if waits_for is not None:
            project.services.append(whole)
        elif built_from is not None:
            project.silent.append(whole)
    else:
        service, host, port = found
        surge = _surge(container, instances)
        project.services.append(
            ServiceFound(
                applications.replicated(service, instances, surge),
                host,
                port,
                built_from,
                environment,
            )
        )


def _command(service: Service, key: str) -> Command | None:
    """The command with the variables that files set; without them it keeps the places in it."""
    part = service.last(key)
    if part is None or part.node.is_null:
        return None
    written = command_at(part.node.text, part.node.origin)
    filled = resolve(written.string, part.layer.variables)[0]
    if filled == resolve(written.string, {})[0]:
        return written
    return Command(filled, written.place)


def _waits_for(service: Service) -> str | None:
    """A service of this project that this one is started after, if there is just one."""
    names = {
        name
        for part in service.every("depends_on")
        for name in [key.string for key, _ in part.node.items()] or _strings(part.node)
    }
    found = [name for name in names if name and _DATABASE_NAME.search(name)]
    return found[0] if len(found) == 1 else None


def _text_of_spilo(container: Container) -> Text | None:
    """The file in which the container's configuration stands."""
    name = next((one for one in spilo.VARIABLES if one in container.environment), "")
    place = container.environment[name].origin if name else None
    layers = container.service.layers
    return next((one.node.text for one in layers if place and one.file.name == place.path), None)


def _instances(container: Container) -> Amount:
    mode = container.service.last("deploy", "mode")
    if mode is not None and (mode.text[0].startswith("global") or not mode.text[1]):
        reason = f"on how many nodes {container.name} runs"
        return unknown_amount(f"replicas of {container.name}", reason, mode.node.origin, low=1)
    for path in (("deploy", "replicas"), ("scale",)):
        part = container.service.last(*path)
        if part is not None:
            name = f"replicas of {container.name}"
            number, place = _number(part), part.node.origin
            if number is None:
                return unknown_amount(name, f"{part.node.string} is set elsewhere", place, low=1)
            return exactly(number, name, place)
    return exactly(1, f"replicas of {container.name}")


def _surge(container: Container, instances: Amount) -> Amount:
    """`update_config.order: start-first` runs old and new replicas at once."""
    order = container.service.last("deploy", "update_config", "order")
    if order is None or order.text[0] != "start-first":
        return exactly(0)
    parallel = container.service.last("deploy", "update_config", "parallelism")
    number = _number(parallel) if parallel is not None else 1
    name, place = f"replicas of {container.name} that start first", order.node.origin
    if number is None:
        reason = "parallelism is set elsewhere"
        return unknown_amount(name, reason, place, low=min(1, instances.low), high=instances.high)
    most = number or UNBOUNDED  # 0 is all at once
    low, high = min(most, instances.low), min(most, instances.high)
    return Amount(low, high, name, place, instances.reason if low != high else "")


def _open_files(service: Service) -> Amount | None:
    limit = service.last("ulimits", "nofile")
    if limit is not None and limit.node.is_mapping:
        limit = service.last("ulimits", "nofile", "soft")
    number = _number(limit) if limit is not None else None
    if limit is None:
        return None
    name, place = "ulimits.nofile", limit.node.origin
    if not limit.text[1]:
        return unknown_amount(name, f"{limit.node.string} is set elsewhere", place)
    return None if number is None else exactly(number, name, place)


def _is_missing(config: Value[str] | None, file: Path | None, context: Context) -> bool:
    """Whether a server starts with a configuration that is neither here nor its image's own."""
    if file is not None:
        return context.file(file) is None
    if isinstance(config, Known):
        return not config.value.startswith(_DATA)
    return config is not None


def _server_command(container: Container) -> tuple[dict[str, Amount], Value[str] | None]:
    """Numbers and the configuration file of `postgres -c name=value …`."""
    settings, config = of_words(compose_service.command(container.service))
    most = container.environment.get("POSTGRESQL_MAX_CONNECTIONS")
    if config is None and most is not None and most.known and most.text.isdecimal():
        settings["max_connections"] = exactly(whole(most.text), "max_connections", most.origin)
    return settings, config


def _mounted(container: Container, wanted: str) -> Path | None:
    """The file of the repository that is mounted at a path that ends like `wanted`."""
    name = PurePath(wanted).name
    for mount in container.mounts:
        if mount.target.name == name:
            return mount.source
        file = mount.source / name
        if (
            disk.is_dir(mount.source)
            and disk.is_file(file)
            and "docker-entrypoint" not in str(mount.target)
        ):
            return file
    return None


def _number(part: Part) -> int | None:
    text, known = part.text
    return whole(text) if known and text.isdecimal() else None


def _strings(node: Node | None) -> list[str]:
    if node is None:
        return []
    if node.is_sequence:
        found = []
        for element in node.elements():
            inner = element.get("path") if element.is_mapping else element
            if inner is not None and inner.string:
                found.append(inner.string)
        return found
    return [node.string] if node.string else []
