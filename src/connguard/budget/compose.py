# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Docker Compose files: servers, poolers, services, their replicas and connections."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from connguard.budget import applications
from connguard.budget.built_from import command_of, source_of
from connguard.budget.discovered import (
    PoolerReady,
    PoolerRun,
    Project,
    ServerRun,
    ServiceFound,
)
from connguard.budget.images import Kind, identify
from connguard.budget.pgbouncer_environment import pooler_of_environment
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.reading import Context, SourceFile
from connguard.yaml_source import Node, Stream

_VARIABLE = re.compile(r"\$\{(\w+)(?::?-([^}]*))?[^}]*\}|\$(\w+)")
_DATABASE_NAME = re.compile(r"(?i)pg|postgres|postgis|timescale|bouncer|database|^db|db$")
_SETTING = re.compile(r"^(?:--|-c\s*)?([\w.-]+)\s*=\s*(.*)$")
_SERVER_SETTINGS = (
    "max_connections",
    "superuser_reserved_connections",
    "reserved_connections",
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A value with its place; `known` is False where a variable has no default in sight."""

    text: str
    origin: Origin
    known: bool


@dataclass(slots=True)
class Container:
    """A service of the file, with its environment resolved as far as the repository says."""

    name: str
    node: Node
    origin: Origin
    environment: dict[str, Variable] = field(default_factory=dict)


def read(file: SourceFile, stream: Stream, context: Context) -> Project | None:
    """The project of a compose file; None if it is none."""
    project = Project(file.path.parent)
    for document in stream.documents:
        services = document.get("services")
        if services is None or not services.is_mapping:
            continue
        variables = _dotenv(file, context)
        for key, node in services.items():
            if key.string and node.is_mapping:
                container = Container(key.string, node, key.origin)
                container.environment = _environment(container, file, variables, context)
                _add(project, container, variables, context)
    found = project.servers or project.pooler_runs or project.poolers or project.services
    return project if found else None


def _add(
    project: Project, container: Container, variables: dict[str, str], context: Context
) -> None:
    image_node = container.node.get("image")
    image = identify(_resolve(image_node.string or "", variables)[0]) if image_node else None
    hosts = frozenset({container.name, *_strings(container.node.get("container_name"))})
    hosts |= _aliases(container.node)
    if image is not None and image.kind is Kind.POSTGRES:
        settings, config = _server_command(container, variables)
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


def _add_application(project: Project, container: Container, context: Context) -> None:
    environment = {
        key: (one.text, one.origin, one.known) for key, one in container.environment.items()
    }
    command = " ".join(_words(container.node.get("command")))
    if not command:
        command = command_of(container.node, project.folder, context)
    found = applications.of_environment(container.name, container.origin, environment, command)
    instances = _instances(container)
    if found is None:
        built_from = source_of(container.node, project.folder)
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
                source_of(container.node, project.folder),
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


def _server_command(
    container: Container, variables: dict[str, str]
) -> tuple[dict[str, Amount], str | None]:
    """Numbers and the configuration file of `postgres -c name=value …`."""
    settings: dict[str, Amount] = {}
    config = None
    node = container.node.get("command")
    words = _words(node)
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        if before in ("-N",):
            word = f"max_connections={word}"
        elif before not in ("-c",) and not word.startswith(("--", "-c", "-N")):
            continue
        if word.startswith("-N") and len(word) > 2:
            word = f"max_connections={word[2:].strip()}"
        match = _SETTING.match(word.strip())
        if match is None or node is None:
            continue
        name = match[1].replace("-", "_").lower()
        if name == "config_file":
            config = match[2]
        elif name in _SERVER_SETTINGS:
            text, known = _resolve(match[2], variables)
            place = _place(node, word)
            if known and text.strip("'\"").isdecimal():
                settings[name] = exactly(int(text.strip("'\"")), name, place)
            else:
                settings[name] = unknown_amount(name, f"{match[2]} is set elsewhere", place)
    if config is None and "POSTGRESQL_MAX_CONNECTIONS" in container.environment:
        value = container.environment["POSTGRESQL_MAX_CONNECTIONS"]
        if value.known and value.text.isdecimal():
            settings["max_connections"] = exactly(int(value.text), "max_connections", value.origin)
    return settings, config


def _place(node: Node, word: str) -> Origin:
    """The element of a command that holds this word; the whole command if it is one string."""
    for element in node.elements():
        if element.string and word.strip() in element.string:
            return element.origin
    return node.origin


def _words(node: Node | None) -> list[str]:
    if node is None:
        return []
    if node.is_sequence:
        return [element.string or "" for element in node.elements()]
    try:
        return shlex.split(node.string or "", comments=False)
    except ValueError:
        return (node.string or "").split()


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
        if path.is_dir() and (path / name).is_file() and "docker-entrypoint" not in pair[1]:
            return path / name
    return None


def _environment(
    container: Container, file: SourceFile, variables: dict[str, str], context: Context
) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    env_file = container.node.get("env_file")
    names = _strings(env_file) if env_file is not None else []
    for name in names:
        target = context.file(file.path.parent / name)
        text = context.text(target) if target else None
        for number, line in enumerate(text.string.splitlines(), 1) if text else ():
            key, equals, value = line.strip().removeprefix("export ").partition("=")
            if equals and text is not None and not key.startswith("#"):
                place = text.line_origin(number)
                found[key.strip()] = Variable(value.strip().strip("'\""), place, True)
    node = container.node.get("environment")
    if node is None:
        return found
    pairs: list[tuple[str, str, Origin]] = []
    if node.is_mapping:
        pairs = [
            (key.string or "", value.string or "", value.origin) for key, value in node.items()
        ]
    for element in node.elements():
        key_text, _, value_text = (element.string or "").partition("=")
        pairs.append((key_text, value_text, element.origin))
    for key, value, origin in pairs:
        text_value, known = _resolve(value, variables)
        found[key] = Variable(text_value, origin, known)
    return found


def _dotenv(file: SourceFile, context: Context) -> dict[str, str]:
    """The defaults that compose itself takes: the file .env beside it."""
    target = context.file(file.path.parent / ".env")
    text = context.text(target) if target else None
    found = {}
    for line in text.string.splitlines() if text else ():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            found[key.strip()] = value.strip().strip("'\"")
    return found


def _resolve(text: str, variables: dict[str, str]) -> tuple[str, bool]:
    """A text with its variables filled in, and whether all of them are known."""
    known = True

    def fill(match: re.Match[str]) -> str:
        nonlocal known
        name = match[1] or match[3]
        if name in variables:
            return variables[name]
        if match[2] is not None:
            return str(match[2])
        known = False
        return str(match[0])

    return _VARIABLE.sub(fill, text), known


def _number(node: Node) -> tuple[int | None, bool]:
    text, known = _resolve(node.string or "", {})
    return (int(text), True) if known and text.isdecimal() else (None, False)


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


def _aliases(node: Node) -> frozenset[str]:
    networks = node.get("networks")
    found: set[str] = set()
    for _, network in networks.items() if networks else []:
        found.update(_strings(network.get("aliases")))
    return frozenset(found)
