# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL in a container of a pod: its command line, and a configuration that is mounted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from connguard.budget.commands import Environment
from connguard.budget.kubernetes_replicas import template
from connguard.budget.server import amounts_of
from connguard.budget.server_command import of_words
from connguard.containers.compose_service import Word
from connguard.containers.manifests import Manifest
from connguard.engine.yaml_source import Node
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin, Unknown, Value
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole
from connguard.postgres.conf import read_conf_text


@dataclass(frozen=True, slots=True)
class Configured:
    """What the command line sets, what the file sets, and what of that could not be read."""

    given: dict[str, Amount]
    written: dict[str, Amount]
    gaps: list[NotParsed]


def configured(
    manifest: Manifest, container: Node, environment: Environment, maps: Iterable[Manifest]
) -> Configured:
    """The slots of the server that runs in a container."""
    given, file = of_words(_words(container))
    mounted = dict(_mounted(manifest, container, maps))
    path = _path(file, mounted)
    if path is not None and path in mounted:
        written, gaps = amounts_of(read_conf_text(mounted[path].embedded()))
        return Configured(given, written, gaps)
    if file is not None:
        return Configured(given, _unread(file, file.origin or container.origin), [])
    return Configured(given, _of_bitnami(environment), [])


def _of_bitnami(environment: Environment) -> dict[str, Amount]:
    name = "max_connections"
    text, place, known = environment.get("POSTGRESQL_MAX_CONNECTIONS", ("", None, False))
    if place is None:
        return {}
    if known and text.isdecimal():
        return {name: exactly(whole(text), name, place)}
    return {name: unknown_amount(name, "POSTGRESQL_MAX_CONNECTIONS is set elsewhere", place)}


def _unread(file: Value[str], place: Origin) -> dict[str, Amount]:
    named = file.reason if isinstance(file, Unknown) else f"the settings in {file.value}"
    return {"max_connections": unknown_amount("max_connections", named, place)}


def _words(container: Node) -> list[Word]:
    """The words of `command` and `args`; a text for a shell is cut into words, too."""
    found: list[Word] = []
    for key in ("command", "args"):
        for element in (container.get(key) or container).elements():
            text = (element.string or "").strip()
            shell = " " in text and "postgres " in text
            for word in text.split() if shell else [text]:
                found.append(Word(word, element.origin, "$(" not in word))
    return found


def _path(file: Value[str] | None, mounted: dict[PurePosixPath, Node]) -> PurePosixPath | None:
    """The file that the server reads; without `config_file` that of its own folder.

    The official image has it in the folder of the data, Bitnami's in one that it is mounted into.
    """
    if file is not None:
        return None if isinstance(file, Unknown) else PurePosixPath(file.value)
    for path in mounted:
        own = "data" in path.parts or "pgdata" in path.parts or "bitnami" in path.parts
        if path.name == "postgresql.conf" and own:
            return path
    return None


def _mounted(
    manifest: Manifest, container: Node, maps: Iterable[Manifest]
) -> Iterator[tuple[PurePosixPath, Node]]:
    """The files of ConfigMaps that the container sees, by their paths."""
    own = template(manifest)
    volumes = {
        name.string: volume.get("configMap")
        for volume in _elements(own.get("spec", "volumes") if own else None)
        if (name := volume.get("name")) is not None
    }
    by_name = {one.name: one for one in maps}
    for mount in _elements(container.get("volumeMounts")):
        name, at, part = mount.get("name"), mount.get("mountPath"), mount.get("subPath")
        volume = volumes.get(name.string) if name is not None else None
        config = volume.get("name") if volume is not None else None
        manifested = by_name.get((config.string if config is not None else None) or "")
        if at is None or volume is None or manifested is None:
            continue
        target = PurePosixPath(at.string or "")
        for path, value in _files(volume, manifested):
            if part is None:
                yield target / path, value
            elif part.string == path:
                yield target, value


def _files(volume: Node, config: Manifest) -> Iterator[tuple[str, Node]]:
    """The files of a volume: `items` rename those of the ConfigMap."""
    items = _elements(volume.get("items"))
    renamed = {
        key.string: path.string
        for item in items
        if (key := item.get("key")) is not None and (path := item.get("path")) is not None
    }
    data = config.node.get("data")
    for key, value in data.items() if data is not None else []:
        file = renamed.get(key.string) if items else key.string
        if file:
            yield file, value


def _elements(node: Node | None) -> list[Node]:
    return node.elements() if node is not None else []
