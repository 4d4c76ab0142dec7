# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server configurations are those of a container with an address of its own.

There, listen_addresses = '*' is the image's own default and needed: what is published, and to whom,
is for the network of the container to say.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from connguard.budget.claims import is_compose
from connguard.containers import compose_service, databases
from connguard.containers.compose_files import applications
from connguard.containers.dockerfiles import base_image
from connguard.engine import disk
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.engine.yaml_source import Node
from connguard.policies.model.patterns import lazily

_COPY = lazily(r"^[ \t]*(?:COPY|ADD)[ \t]+(.+)$", re.M | re.I)
_SCRIPTS = lazily(r"initdb|docker|entrypoint|container", re.I)
_HOST_NETWORK = lazily(r"(?m)^[^#\n]*\bhostNetwork[\"']?[ \t]*:[ \t]*[\"']?true")
_VALUES = lazily(r"^values|[._-]values(?:[._-]|$)")


def configures_container(file: SourceFile, context: Context) -> bool:
    """Whether a configuration or script of the repository is put into a container."""
    path = file.path
    mounts = _mounts(context)
    shared = [own for source, own in mounts if path == source or source in path.parents]
    if shared:
        return not any(shared)
    if path.suffix in (".sh", ".bash"):
        inside = path.relative_to(_root(path, context)).as_posix()
        return _SCRIPTS.search(inside) is not None or _is_copied(file, context)
    return _is_copied(file, context)


def is_of_container(document: Node, file: SourceFile, text: Text) -> bool:
    """Whether a YAML document is a Kubernetes object or values of a chart."""
    if "hostNetwork" in text.string and _HOST_NETWORK.search(text.string):
        return False
    if document.get("apiVersion") is not None and document.get("kind") is not None:
        return True
    return _VALUES.search(file.path.stem) is not None or disk.is_file(
        file.path.parent / "Chart.yaml"
    )


def _mounts(context: Context) -> list[tuple[Path, bool]]:
    """What compose mounts into servers, and whether they share the addresses of the host."""
    key = "mounts of servers"
    known = context.cache.get(key)
    if isinstance(known, list):
        return known
    found: list[tuple[Path, bool]] = []
    composed = [file for file in context.files if is_compose(PurePath(file.path))]
    for application in applications(composed, context):
        for service in application.services.values():
            image = service.last("image")
            is_server = service.has("build") or (
                image is not None and databases.program(image.text[0]) is not None
            )
            on_host = compose_service.network_mode(service) == "host"
            for mount in compose_service.mounts(service, application) if is_server else []:
                source = disk.resolve(Path(mount.source))
                if source not in _roots(context):
                    found.append((source, on_host))
    context.cache[key] = found
    return found


def _roots(context: Context) -> set[Path]:
    return {parent for root in map(disk.resolve, context.roots) for parent in (root, *root.parents)}


def _root(path: Path, context: Context) -> Path:
    found = [root for root in context.roots if path.is_relative_to(root)]
    return min(found, key=lambda one: len(one.parts)) if found else path.parent


def _is_copied(file: SourceFile, context: Context) -> bool:
    """Whether a Dockerfile copies it, or the folder that it lies in, into a server's image."""
    path = file.path.as_posix()
    for other in context.files:
        if not other.path.name.startswith(("Dockerfile", "Containerfile")):
            continue
        text = context.text(other)
        if text is None:
            continue
        folder = other.path.parent.as_posix()
        for match in _COPY.finditer(text.string):
            sources = match[1].replace('"', " ").replace(",", " ").split()[:-1]
            for source in sources:
                plain = source.removeprefix("./").rstrip("/*")
                if path in (f"{folder}/{plain}", *_above(other.path.parent, plain, context)):
                    return True
                below = path.startswith(f"{folder}/{plain}/") or (
                    plain in ("", ".") and path.startswith(f"{folder}/")
                )
                if below and databases.program(base_image(text) or "") is not None:
                    return True
    return False


def _above(folder: Path, name: str, context: Context) -> list[str]:
    """A path of several parts may start at a folder above: that is where the image is built."""
    if "/" not in name:
        return []
    root = _root(folder / "Dockerfile", context)
    return [(one / name).as_posix() for one in folder.parents if one.is_relative_to(root)]
