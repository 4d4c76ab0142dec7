# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image is built from: the folder of its code, its command and its environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from connguard.budget.commands import Command, command_at
from connguard.engine import disk
from connguard.engine.reading import Context
from connguard.engine.text import Text
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily

if TYPE_CHECKING:  # a parser of YAML that nothing else may need
    from connguard.containers.compose_files import Service

MARKERS = (
    "pyproject.toml",
    "requirements.txt",
    "setup.py",
    "manage.py",
    "package.json",
    "go.mod",
    "mix.exs",
    "Cargo.toml",
    "Gemfile",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
)
"""Files that stand at the root of a project of some language."""

_LINES = r"(?:[^\n\\]|\\\r?\n|\\.)*"
_START = lazily(rf"^[ \t]*(CMD|ENTRYPOINT)[ \t]+({_LINES})", re.M | re.I)
_ENV = lazily(rf"^[ \t]*ENV[ \t]+({_LINES})", re.M | re.I)
_FROM = lazily(r"^[ \t]*FROM[ \t]", re.M | re.I)
_PAIR = lazily(r"(?<!\w)(\w++)=(\"[^\"]*\"|'[^']*'|[^\s\"'\\]+)")
_SINGLE = lazily(r"(\w++)[ \t]++(\S(?:[^\n]*[^ \t\n])?)[ \t]*+")


def build_of(service: Service) -> tuple[Path, Path] | None:
    """The build context and the Dockerfile of a service that is built from a folder."""
    root: tuple[Path, str] | None = None
    name = "Dockerfile"
    for part in service.every("build"):
        place = part.node.get("context") if part.node.is_mapping else part.node
        if place is not None and place.string:
            root = part.layer.folder, part.layer.text(place)[0]
        elif root is None:
            root = part.layer.folder, "." if place is None else ""
        file = part.node.get("dockerfile")
        if file is not None and file.string:
            name = part.layer.text(file)[0]
    if root is None or not root[1] or "$" in root[1] or "://" in root[1]:
        return None
    context = disk.resolve(root[0] / root[1])
    return context, disk.resolve(context / name)


def source_of(build: tuple[Path, Path]) -> Path:
    """The folder of the code: the build context, or the project in which the Dockerfile lies."""
    context, dockerfile = build
    home = dockerfile.parent
    inside = home != context and home.is_relative_to(context)
    return home if inside and any(disk.is_file(home / name) for name in MARKERS) else context


def dockerfile_of(build: tuple[Path, Path], context: Context) -> Text | None:
    """The Dockerfile of a service that is built, if it is in the repository."""
    file = context.file(build[1])
    return context.text(file) if file is not None else None


def command_of(
    dockerfile: Text | None, entrypoint: Command | None, command: Command | None
) -> Command | None:
    """What a container starts: its ENTRYPOINT with its CMD, as one command line.

    A deployment's entrypoint takes the place of both, its command that of CMD.
    """
    if entrypoint is None and dockerfile is not None:
        entrypoint = _started(dockerfile, "ENTRYPOINT")
        command = command or _started(dockerfile, "CMD")
    if entrypoint is None or command is None:
        return entrypoint or command
    return entrypoint.then(command)


def _started(text: Text, instruction: str) -> Command | None:
    """The last ENTRYPOINT or CMD of the last stage."""
    found = None
    for match in _START.finditer(text.string, _last_stage(text)):
        if match[1].upper() == instruction:
            found = match
    return command_at(text, text.origin(*found.span(2))) if found is not None else None


def variables_of(text: Text) -> dict[str, tuple[str, Origin, bool]]:
    """What the last stage of a Dockerfile sets with ENV."""
    found: dict[str, tuple[str, Origin, bool]] = {}
    for line in _ENV.finditer(text.string, _last_stage(text)):
        pairs = list(_PAIR.finditer(text.string, *line.span(1)))
        single = _SINGLE.fullmatch(text.string, *line.span(1)) if not pairs else None
        for match in [single] if single is not None else pairs:
            value = match[2].strip("\"'")
            place = text.origin(*match.span(2))
            found[match[1]] = value, place, "$" not in value
    return found


def _last_stage(text: Text) -> int:
    return max((match.start() for match in _FROM.finditer(text.string)), default=0)
