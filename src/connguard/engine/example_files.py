# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of a policy, as shipped: what `explain` and the generated pages show."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from connguard.policies.model.records import dataclass


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
    found: list[ExampleFile] = []
    for folder in _folders():
        for entry in sorted((folder / policy_id).glob("*")):
            if entry.name.startswith(("bad", "good")):
                found.extend(_below(entry, folder))
    return tuple(sorted(found, key=lambda file: not file.bad))


def _folders() -> Iterator[Path]:
    """Where the package of examples lies. It has no modules, and importlib.resources refuses some
    namespace packages of editable installs; those may name one folder twice, through a link."""
    spec = find_spec("connguard.examples")
    locations = (spec and spec.submodule_search_locations) or ()
    folders = dict.fromkeys(Path(location).resolve() for location in locations)
    yield from (folder for folder in folders if folder.is_dir())


def _below(entry: Path, folder: Path) -> Iterator[ExampleFile]:
    for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
        # What a sidecar announces is for the tests; installers compile the examples in Python.
        if path.is_file() and path.suffix not in (".expect", ".pyc"):
            yield ExampleFile(
                path.relative_to(folder).as_posix(),
                entry.relative_to(folder).as_posix(),
                entry.name.startswith("bad"),
                path.read_bytes().decode("utf-8", "replace"),
            )
