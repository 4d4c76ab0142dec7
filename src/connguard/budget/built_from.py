# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service's image is built from: the folder of its code, and the command it starts."""

from __future__ import annotations

import re
from pathlib import Path

from connguard.reading import Context
from connguard.yaml_source import Node

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

_START = re.compile(r"^[ \t]*(?:CMD|ENTRYPOINT)[ \t]+((?:[^\n\\]|\\\r?\n|\\.)*)", re.M | re.I)


def source_of(container: Node, folder: Path) -> Path | None:
    """The folder of the code: the build context, or the project in which the Dockerfile lies."""
    context = _context(container, folder)
    if context is None:
        return None
    home = _dockerfile(container, context).parent
    inside = home != context and home.is_relative_to(context)
    return home if inside and any((home / name).is_file() for name in MARKERS) else context


def command_of(container: Node, folder: Path, context: Context) -> str:
    """The last CMD and ENTRYPOINT of its Dockerfile, as one line; empty if there is none."""
    root = _context(container, folder)
    file = context.file(_dockerfile(container, root)) if root is not None else None
    text = context.text(file) if file is not None else None
    if text is None:
        return ""
    words = " ".join(match[1] for match in _START.finditer(text.string))
    return re.sub(r"[\[\]\",\\\s]+", " ", words).strip()


def _context(container: Node, folder: Path) -> Path | None:
    build = container.get("build")
    context = build.get("context") if build is not None and build.is_mapping else build
    text = context.string if context is not None else None
    if build is not None and build.is_mapping and context is None:
        text = "."
    if not text or "$" in text or "://" in text:
        return None
    return (folder / text).resolve()


def _dockerfile(container: Node, root: Path) -> Path:
    node = container.get("build", "dockerfile")
    return (root / (node.string if node is not None and node.string else "Dockerfile")).resolve()
