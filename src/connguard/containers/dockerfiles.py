# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Dockerfile builds on, and which files it copies."""

from __future__ import annotations

import re
from pathlib import Path

from connguard.containers.compose_files import Service
from connguard.containers.interpolation import resolve
from connguard.engine.reading import Context
from connguard.engine.text import Text
from connguard.policies.model.patterns import lazily

_ARG = lazily(r"^[ \t]*ARG[ \t]+(\w+)=[\"']?([^\s\"']*)", re.M | re.I)
_FROM = lazily(
    r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(?P<image>\S+)(?:[ \t]+AS[ \t]+(?P<name>\S+))?", re.M | re.I
)
_INSTALLS_SERVER = lazily(
    r"(?im)\b(?:install|add)\b(?:(?!\b(?:install|add)\b)(?:[^\n\\]|\\\r?\n))*"
    r"\bpostgresql(?:-\d+|-server|-contrib)?(?=[\s\\;&=]|$)"
    r"|\b(?:initdb|pg_ctl|pg_ctlcluster|postgresql start)\b"
)

_CONFIGURES = lazily(
    r"(?im)^[ \t]*(?:ENTRYPOINT|CMD)\b|^[ \t]*(?:COPY|ADD)\b.*\.(?:conf|ini|template)|PORT\b"
)
_ANY_FILE = lazily(r"(?im)^[ \t]*(?:ENTRYPOINT|CMD|COPY|ADD|RUN)\b|PORT\b")


def base_image(text: Text, target: str | None = None) -> str | None:
    """The image that the last stage (or the one called `target`) is built on in the end."""
    arguments = {match[1]: match[2] for match in _ARG.finditer(text.string)}
    stages: dict[str, str] = {}
    last = None
    for match in _FROM.finditer(text.string):
        image = resolve(match["image"], arguments)[0]
        last = stages.get(image.lower(), image)
        name = (match["name"] or "").lower()
        stages[name] = last
        if target and name == target.lower():
            return last
    return last


def installs_server(text: Text) -> bool:
    """Whether a PostgreSQL server is put into the image besides what it is built on."""
    return _INSTALLS_SERVER.search(text.string) is not None


def configures(text: Text, *, any_file: bool) -> bool:
    """Whether a configuration, a port or another command is put into the image.

    `any_file` tells that any file that is copied may be a configuration.
    """
    return (_ANY_FILE if any_file else _CONFIGURES).search(text.string) is not None


def dockerfile_of(service: Service, context: Context) -> tuple[Text | None, str | None] | None:
    """The Dockerfile of a service that is built, and the stage; None if it is not built here.

    The file is None where it is not among the scanned ones.
    """
    build = service.last("build")
    if build is None:
        return None
    target = None
    if build.node.is_mapping:
        inline = service.last("build", "dockerfile_inline")
        stage = service.last("build", "target")
        target = stage.known if stage else None
        if inline is not None:
            return Text(inline.layer.file.name, inline.node.string or ""), target
        folder_part = service.last("build", "context")
        folder_text = folder_part.text[0] if folder_part else "."
        name_part = service.last("build", "dockerfile")
        name = (name_part.text[0] if name_part else None) or "Dockerfile"
    else:
        folder_text, name = build.text[0], "Dockerfile"
    if "$" in folder_text or "://" in folder_text or "$" in name:
        return None, target
    folder: Path = build.layer.folder / folder_text
    try:
        file = context.file(folder / name)
    except (OSError, ValueError):  # a name that no file can have
        file = None
    return (context.text(file) if file else None), target
