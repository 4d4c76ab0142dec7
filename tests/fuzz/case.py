# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A case, what can be wrong with it, and how cases are kept as files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .mutation import decode, encode

FOUND = Path(__file__).parent / "found"


@dataclass(frozen=True, slots=True)
class Case:
    """Files by their names, of which `mutated` is the one that was changed.

    `expected` are the findings (id, line) of the mutated file that must stay.
    """

    target: str
    files: Mapping[str, bytes]
    mutated: str
    expected: frozenset[tuple[str, int]] = frozenset()

    @property
    def data(self) -> bytes:
        return self.files[self.mutated]

    def with_data(self, data: bytes) -> Case:
        return Case(self.target, {**self.files, self.mutated: data}, self.mutated, self.expected)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong. Problems of one `key` have one cause; `detail` is for people."""

    kind: str
    where: str
    detail: str = field(compare=False, default="")

    @property
    def key(self) -> str:
        return f"{self.kind}: {self.where}"


def save(case: Case, problem: str, folder: Path = FOUND) -> Path:
    """Write a case as a JSON file that `load` reads; the name follows from the content."""
    document = {
        "target": case.target,
        "problem": problem,
        "mutated": case.mutated,
        "expected": sorted(case.expected),
        "files": {name: decode(data) for name, data in case.files.items()},
    }
    text = json.dumps(document, indent=1, ensure_ascii=True) + "\n"
    digest = hashlib.sha256(json.dumps(document["files"]).encode()).hexdigest()[:10]
    path = folder / case.target / f"{digest}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
    return path


def load(path: Path) -> Case:
    document = json.loads(path.read_text(encoding="ascii"))
    return Case(
        document["target"],
        {name: encode(text) for name, text in document["files"].items()},
        document["mutated"],
        frozenset((policy, line) for policy, line in document["expected"]),
    )
