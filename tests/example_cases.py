# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the examples and reads what they announce."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

_HERE = re.compile(r"expect:\s*(PG\d{3}(?:\s*,\s*PG\d{3})*)")
_NEXT = re.compile(r"expect-next-line:\s*(PG\d{3}(?:\s*,\s*PG\d{3})*)")
_SIDE = re.compile(r"(\d+):\s*(PG\d{3}(?:\s*,\s*PG\d{3})*)")

Expected = set[tuple[str, int, str]]
"""Path relative to the case, line, policy id."""


@dataclass(frozen=True)
class Case:
    """One example: a file, or a folder whose files belong together."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(EXAMPLES).as_posix()

    @property
    def folder(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def is_bad(self) -> bool:
        return self.path.name.startswith(("bad", "broken"))

    def expected(self) -> Expected:
        files = sorted(self.path.rglob("*")) if self.path.is_dir() else [self.path]
        if not self.path.is_dir():
            files.append(self.path.with_name(self.path.name + ".expect"))
        return {
            (_target(file).relative_to(self.folder).as_posix(), line, identifier)
            for file in files
            if file.is_file()
            for line, identifier in _announced(file)
        }


def cases() -> list[Case]:
    """Every example below `examples/`: `bad…`, `good…`, `broken` and `repaired`."""
    found = [
        Case(path)
        for folder in sorted(EXAMPLES.iterdir())
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.name.startswith(("bad", "good", "broken", "repaired")) and path.suffix != ".expect"
    ]
    assert found
    return found


def _target(file: Path) -> Path:
    return file.with_suffix("") if file.suffix == ".expect" else file


def _announced(file: Path) -> Iterator[tuple[int, str]]:
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if file.suffix == ".expect":
            if match := _SIDE.match(line):
                yield from ((int(match[1]), one) for one in _ids(match[2]))
        elif match := _NEXT.search(line):
            yield from ((number + 1, one) for one in _ids(match[1]))
        elif match := _HERE.search(line):
            yield from ((number, one) for one in _ids(match[1]))


def _ids(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]
