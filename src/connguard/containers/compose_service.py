# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Compose service says: its environment, command, mounts, networks and names."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from connguard.containers.compose_files import Application, Part, Service
from connguard.containers.interpolation import entries, resolve
from connguard.engine.reading import Context, SourceFile
from connguard.engine.yaml_source import Node
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass

DEFAULT_NETWORK = "default"


@dataclass(frozen=True, slots=True)
class Variable:
    """A value with its place; `known` is False where a variable has no default in sight."""

    text: str
    origin: Origin
    known: bool
    from_file: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command."""

    text: str
    origin: Origin
    known: bool = True


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the repository, and where the container sees it."""

    source: Path
    target: PurePosixPath


def environment(service: Service, context: Context) -> dict[str, Variable]:
    """The variables of the container: those of `environment` before those of files."""
    found: dict[str, Variable] = {}
    for part in service.every("env_file"):
        for name, layer in ((one, part.layer) for one in _paths(part.node)):
            path, known = resolve(name, layer.variables)
            target = _file(layer.folder / path, context) if known else None
            text = context.text(target) if target else None
            for key, value, line, expanded in entries(text) if text is not None else ():
                filled, sure = resolve(value, layer.variables) if expanded else (value, True)
                assert text is not None
                found[key] = Variable(filled, text.line_origin(line), sure, from_file=True)
    for part in service.every("environment"):
        for key, value_node, place in _pairs(part.node):
            if value_node is None:  # taken from the environment of Compose
                given = part.layer.variables.get(key)
                found[key] = Variable(given or "", place, given is not None)
                continue
            filled, sure = resolve(value_node, part.layer.variables)
            found[key] = Variable(filled, place, sure)
    return found


def command(service: Service, key: str = "command") -> list[Word]:
    """The words of `command` or `entrypoint`; a text for a shell is cut into words, too."""
    part = service.last(key)
    if part is None:
        return []
    elements = part.node.elements() if part.node.is_sequence else [part.node]
    words: list[Word] = []
    for element in elements:
        text, known = resolve(element.string or "", part.layer.variables)
        alone = part.node.is_sequence and not (" " in text and "postgres " in f"{text} ")
        for word in [text] if alone else _words(text):
            words.append(Word(word, element.origin, known or "$" not in word))
    return words


def mounts(service: Service, application: Application) -> list[Mount]:
    """Files of the repository in the container: volumes and configs."""
    found: dict[PurePosixPath, Mount] = {}
    for source, target in _mounts(service, application):
        if source is not None:
            found[target] = Mount(source, target)
    return list(found.values())


def hidden_mounts(service: Service, application: Application) -> list[PurePosixPath]:
    """Where the container sees what no file of the repository holds: named volumes, secrets."""
    return [target for source, target in _mounts(service, application) if source is None]


def _mounts(
    service: Service, application: Application
) -> Iterator[tuple[Path | None, PurePosixPath]]:
    """What is mounted, and where; None for what no file of the repository holds."""
    for part in service.every("volumes"):
        for element in part.node.elements():
            source, target = _volume(element, part)
            if source and target:
                is_path = source.startswith((".", "/", "~"))
                yield part.layer.folder / source if is_path else None, PurePosixPath(target)
    for key in ("configs", "secrets"):
        for part in service.every(key):
            for element in part.node.elements():
                name = element.get("source") if element.is_mapping else element
                if name is None or not name.string:
                    continue
                config = application.configs.get(name.string) if key == "configs" else None
                file = config.node.get("file") if config else None
                given = element.get("target")
                target = f"/{name.string}"
                if given is not None and given.string:
                    target = resolve(given.string, part.layer.variables)[0]
                path = config.layer.folder / config.layer.text(file)[0] if config and file else None
                yield path, PurePosixPath(target)


def mounted(found: list[Mount], target: str) -> Path | None:
    """The file of the repository that the container sees at this path."""
    wanted = PurePosixPath(target)
    for mount in found:
        if mount.target == wanted:
            return mount.source
        if wanted.is_relative_to(mount.target):
            return mount.source / wanted.relative_to(mount.target)
    return None


def network_mode(service: Service) -> str:
    """`host`, `none`, `service:x`, `container:x`, `bridge`; empty for ordinary networks."""
    part = service.last("network_mode") or service.last("net")
    return part.text[0] if part else ""


def networks(service: Service) -> frozenset[str]:
    """The keys of the networks that a service is attached to."""
    found = {
        key.string or ""
        for part in service.every("networks")
        for key in ([pair[0] for pair in part.node.items()] or part.node.elements())
    }
    return frozenset(found or {DEFAULT_NETWORK})


def names(service: Service) -> frozenset[str]:
    """The names under which the others of its networks find a service."""
    found = {service.name}
    for key in ("container_name", "hostname"):
        part = service.last(key)
        if part is not None:
            found.add(part.text[0])
    for part in service.every("networks"):
        for _, network in part.node.items():
            found.update(_strings(network.get("aliases")))
    return frozenset(found)


def own_names(service: Service) -> dict[str, str | None]:
    """Names that only this service knows: links (with the service they lead to), extra hosts."""
    found: dict[str, str | None] = {}
    for part in service.every("links"):
        for text in _strings(part.node):
            target, _, alias = text.partition(":")
            found[alias or target] = target
    for part in service.every("external_links"):
        for text in _strings(part.node):
            target, _, alias = text.partition(":")
            found[alias or target] = None
    for part in service.every("extra_hosts"):
        for key, _ in part.node.items():
            found[key.string or ""] = None
        for text in _strings(part.node):
            found[text.partition("=")[0].partition(":")[0]] = None
    return found


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _volume(element: Node, part: Part) -> tuple[str | None, str | None]:
    if element.is_mapping:
        source, target = element.get("source"), element.get("target")
        return (
            resolve(source.string or "", part.layer.variables)[0] if source else None,
            resolve(target.string or "", part.layer.variables)[0] if target else None,
        )
    pieces = resolve(element.string or "", part.layer.variables)[0].split(":")
    return (pieces[0], pieces[1]) if len(pieces) > 1 else (None, None)


def _pairs(node: Node) -> list[tuple[str, str | None, Origin]]:
    if node.is_mapping:
        return [
            (key.string or "", None if value.is_null else value.string or "", value.origin)
            for key, value in node.items()
        ]
    found: list[tuple[str, str | None, Origin]] = []
    for element in node.elements():
        key_text, equals, value_text = (element.string or "").partition("=")
        found.append((key_text, value_text if equals else None, element.origin))
    return found


def _paths(node: Node) -> list[str]:
    elements = node.elements() if node.is_sequence else [node]
    found = [one.get("path") if one.is_mapping else one for one in elements]
    return [one.string for one in found if one is not None and one.string]


def _file(path: Path, context: Context) -> SourceFile | None:
    try:
        return context.file(path)
    except (OSError, ValueError):  # a name that no file can have
        return None


def _strings(node: Node | None) -> list[str]:
    if node is None:
        return []
    found = [one.string for one in node.elements()] if node.is_sequence else [node.string]
    return [text for text in found if text]
