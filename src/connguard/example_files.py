# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of a policy, as shipped: what `explain` and the generated pages show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

_PACKAGE = "connguard.examples"


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """One file of an example. `path` is relative to the repository's folder `examples`.

    `example` is the path of the example that the file belongs to: itself, or a folder whose files
    are scanned together.
    """

    path: str
    example: str
    bad: bool
    text: str


def example_files(policy_id: str) -> tuple[ExampleFile, ...]:
    """The bad examples of a policy, then the good ones, each sorted by path."""
    try:
        folder = files(_PACKAGE) / policy_id
    except ModuleNotFoundError:
        return ()
    if not folder.is_dir():
        return ()
    found: list[ExampleFile] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith(("bad", "good")):
            found.extend(_below(entry, f"{policy_id}/{entry.name}"))
    return tuple(sorted(found, key=lambda file: not file.bad))


def _below(entry: Traversable, example: str) -> Iterator[ExampleFile]:
    for path, file in _walk(entry, example):
        # What a sidecar announces is for the tests.
        if not file.name.endswith(".expect"):
            text = file.read_bytes().decode("utf-8", "replace")
            yield ExampleFile(path, example, entry.name.startswith("bad"), text)


def _walk(entry: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    if entry.is_dir():
        for child in sorted(entry.iterdir(), key=lambda child: child.name):
            yield from _walk(child, f"{path}/{child.name}")
    else:
        yield path, entry
