# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Docker Compose files: servers, poolers, services, their replicas and connections."""

from __future__ import annotations

from pathlib import Path, PurePath

from connguard.budget import applications, spilo
from connguard.budget.built_from import command_of, dockerfile_of, source_of, variables_of
from connguard.budget.commands import command_at
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
from connguard.containers.compose_files import Service, of_file
from connguard.containers.compose_service import Variable
from connguard.containers.interpolation import resolve
from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.yaml_source import Node
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

_DATABASE_NAME = lazily(r"(?i)pg|postgres|postgis|timescale|bouncer|database|^db|db$")


@dataclass(slots=True)
class Container:
    """A service of the file, with its environment resolved as far as the repository says."""

    name: str
    node: Node
    origin: Origin
    service: Service
    environment: dict[str, Variable]


def read(file: SourceFile, context: Context) -> Project | None:
    """The project of a compose file; None if it is none."""
    project = Project(file.path.parent)
    for service in of_file(file, context).services.values():
        top = service.layers[-1]
        if top.file.path == file.path and top.node.is_mapping:
            environment = compose_service.environment(service, context)
            container = Container(service.name, top.node, service.origin, service, environment)
            _add(project, container, context)
    found = project.servers or project.pooler_runs or project.poolers or project.services
    return project if found else None


def _add(project: Project, container: Container, context: Context) -> None:
    image_part = container.service.last("image")
    image_node = image_part.node if image_part else None
    image = identify(image_part.text[0]) if image_part else None
    hosts = compose_service.names(container.service)
    if image is not None and image.kind is Kind.POSTGRES:
        settings, config = _server_command(container)
        if image_part is not None and spilo.is_spilo(image_part.text[0]):
            place, text = image_part.node.origin, container.node.text
            settings = {**spilo.settings(_variables(container), place, text), **settings}
        project.servers.append(
            ServerRun(
                container.name,
                image_node.origin if image_node else container.origin,
                hosts,
                image.version,
                settings,
                _mounted(container, project.folder, config or "postgresql.conf"),
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
    mounted = _mounted(container, project.folder, "pgbouncer.ini")
    if mounted is not None:
        project.pooler_runs.append(
            PoolerRun(
                container.name,
                container.origin,
                hosts,
                version,
                _instances(container),
                (mounted,),
                _open_files(container.node),
            )
        )
        return
    pooler = pooler_of_environment(
        container.name,
        container.origin,
        {key: (one.text, one.origin, one.known) for key, one in container.environment.items()},
        flavour,
        version,
        _instances(container),
        _open_files(container.node),
    )
    project.poolers.append(PoolerReady(pooler, hosts))


def _variables(container: Container) -> dict[str, tuple[str, Origin, bool]]:
    return {key: (one.text, one.origin, one.known) for key, one in container.environment.items()}


def _add_application(project: Project, container: Container, context: Context) -> None:
    environment = _variables(container)
    built_from = source_of(container.node, project.folder)
    dockerfile = dockerfile_of(container.node, project.folder, context)
    if dockerfile is not None:
        environment = {**variables_of(dockerfile), **environment}
    node = container.node.get("command")
    command = command_of(dockerfile) if dockerfile is not None else None
    if node is not None and not node.is_null:
        command = command_at(node.text, node.origin)
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
        if built_from is not None:
            project.unclear.append(built_from)
        waits_for = _waits_for(container.node)
        if waits_for is not None:
            service = applications.opaque(container.name, container.origin)
            project.services.append(
                ServiceFound(
                    applications.replicated(service, instances, exactly(0)),
                    waits_for,
                    source=built_from,
                )
            )
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


def _waits_for(node: Node) -> str | None:
    """A service of this project that this one is started after, if there is just one."""
    depends = node.get("depends_on")
    if depends is None:
        return None
    names = [key.string for key, _ in depends.items()] or _strings(depends)
    found = [name for name in names if name and _DATABASE_NAME.search(name)]
    return found[0] if len(found) == 1 else None


def _instances(container: Container) -> Amount:
    for path in (("deploy", "replicas"), ("scale",)):
        node = container.node.get(*path)
        if node is not None:
            name = f"replicas of {container.name}"
            number, _ = _number(node)
            if number is None:
                return unknown_amount(name, f"{node.string} is set elsewhere", node.origin, low=1)
            return exactly(number, name, node.origin)
    return exactly(1, f"replicas of {container.name}")


def _surge(container: Container, instances: Amount) -> Amount:
    """`update_config.order: start-first` runs old and new replicas at once."""
    order = container.node.get("deploy", "update_config", "order")
    if order is None or order.string != "start-first":
        return exactly(0)
    parallel = container.node.get("deploy", "update_config", "parallelism")
    number, _ = _number(parallel) if parallel is not None else (1, True)
    high = instances.high if not number else min(number, instances.high)
    return exactly(high, f"replicas of {container.name} that start first", order.origin)


def _open_files(node: Node) -> Amount | None:
    limit = node.get("ulimits", "nofile")
    if limit is None:
        return None
    soft = limit.get("soft") or limit
    number = soft.integer
    return None if number is None else exactly(number, "ulimits.nofile", soft.origin)


def _server_command(container: Container) -> tuple[dict[str, Amount], str | None]:
    """Numbers and the configuration file of `postgres -c name=value …`."""
    settings, file = of_words(compose_service.command(container.service))
    config = file.value if isinstance(file, Known) else None
    most = container.environment.get("POSTGRESQL_MAX_CONNECTIONS")
    if config is None and most is not None and most.known and most.text.isdecimal():
        settings["max_connections"] = exactly(whole(most.text), "max_connections", most.origin)
    return settings, config


def _mounted(container: Container, folder: Path, wanted: str) -> Path | None:
    """The file of the repository that is mounted at a path that ends like `wanted`."""
    name = PurePath(wanted).name
    volumes = container.node.get("volumes")
    for element in volumes.elements() if volumes else []:
        if element.is_mapping:
            source, target = element.get("source"), element.get("target")
            pair = (source.string if source else None, target.string if target else None)
        else:
            parts = (element.string or "").split(":")
            pair = (parts[0], parts[1]) if len(parts) > 1 else (None, None)
        if pair[0] is None or pair[1] is None or not pair[0].startswith((".", "/")):
            continue
        path = folder / pair[0] if pair[0].startswith(".") else folder / pair[0].lstrip("/")
        if PurePath(pair[1]).name == name:
            return path
        if disk.is_dir(path) and disk.is_file(path / name) and "docker-entrypoint" not in pair[1]:
            return path / name
    return None


def _number(node: Node) -> tuple[int | None, bool]:
    text, known = resolve(node.string or "", {})
    return (whole(text), True) if known and text.isdecimal() else (None, False)


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
