# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the connection pools that applications make in their code and configuration.

Most files of a repository make none: a file is decoded and parsed only if its bytes name one of
the libraries' words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from connguard.budget import pools_python
from connguard.budget.code_pool import CodePool, Made
from connguard.budget.pool_claims import language_of
from connguard.policies.model.reading import Reading
from connguard.reading import Context, SourceFile
from connguard.text import Text

Reader = tuple[tuple[bytes, ...], Callable[[Text], list[Made]]]

_READERS: dict[str, Reader] = {
    "python": (pools_python.HINTS, pools_python.read),
}
_LARGEST = 1_000_000
"""Bytes; a larger file of code is generated."""

_NOT_SERVICES = re.compile(
    r"(?i)^(?:tests?|__tests__|specs?|e2e|testdata|fixtures|migrations?|alembic|benchmarks?"
    r"|node_modules|vendor|venv|\.venv|site-packages|dist|docs?)$"
)
_MARKERS = (
    "Dockerfile",
    "pyproject.toml",
    "requirements.txt",
    "setup.py",
    "manage.py",
    "package.json",
    "go.mod",
    "mix.exs",
    "Cargo.toml",
)


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """The pools, as facts that are later joined to the services of a deployment."""
    reading = Reading()
    for file in files:
        for made in _pools(file, context):
            reading.add(CodePool(made, file.path, _project(file.path, context)))
    return reading


def _pools(file: SourceFile, context: Context) -> list[Made]:
    language = language_of(file.path)
    if language is None or _outside_of_services(file.path, context):
        return []
    hints, reader = _READERS[language]
    try:
        data = file.path.read_bytes()
    except OSError:
        data = b""
        context.text(file)  # which records that it cannot be read
    if len(data) > _LARGEST or not any(hint in data for hint in hints):
        return []
    text = context.text(file)
    return reader(text) if text is not None else []


def _outside_of_services(path: Path, context: Context) -> bool:
    """Whether a folder below the scanned one says that this is a test, a migration or a copy."""
    for root in context.roots:
        if path.is_relative_to(root):
            return any(_NOT_SERVICES.match(part) for part in path.relative_to(root).parts[:-1])
    return False


def _project(path: Path, context: Context) -> Path:
    """The nearest folder that holds a project's file; else the file's own folder."""
    for folder in path.parents:
        if any((folder / name).is_file() for name in _MARKERS):
            return folder
        if folder in context.roots:
            break
    return path.parent
