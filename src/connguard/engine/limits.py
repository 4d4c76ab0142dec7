# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of an input is read and computed, before it counts as an attack or an accident.

What passes a limit is reported with the name of the setting, and never taken as harmless.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The table `[limits]`. Sizes count bytes.

    `file_size` holds for every file for which none of the other sizes does.
    """

    file_size: int = 20_000_000
    sql_file_size: int = 2_000_000_000
    plan_file_size: int = 500_000_000
    code_file_size: int = 1_000_000
    statement_size: int = 8_000_000
    kept_size: int = 64_000_000
    unparsed_statements: int = 1_000
    unpacked_size: int = 64 * 1024 * 1024
    repeated_includes: int = 1_000
    yaml_alias_nodes: int = 200_000
    hba_comparisons: int = 2_000_000
    pooler_pools: int = 5_000
    terraform_resources: int = 20_000

    def size_of(self, name: str) -> tuple[str, int]:
        """The setting that limits a file of this name, and how many bytes it allows."""
        lower = name.lower()
        if lower.endswith(SQL):
            return "sql-file-size", self.sql_file_size
        if lower.endswith(".json") and not lower.endswith((".tf.json", ".tofu.json")):
            return "plan-file-size", self.plan_file_size
        return "file-size", self.file_size


SQL = (".sql", ".ddl", ".psql", ".pgsql", ".dump")

NAMES = tuple(one.name.replace("_", "-") for one in fields(Limits))
"""The settings, as they are written."""


class Included:
    """The files that one file includes. Of those it included before, only so many are read again.

    Without this, a few files that include each other twice stand for millions of lines.
    """

    def __init__(self, limits: Limits) -> None:
        self._most = limits.repeated_includes
        self._seen: set[Path] = set()
        self._repeats = 0

    def allows(self, path: Path) -> bool:
        """Whether to read a file now."""
        self._repeats += path in self._seen
        self._seen.add(path)
        return self._repeats <= self._most

    @property
    def reason(self) -> str:
        """Why a file is not read again."""
        return passed(
            "repeated-includes", f"files are included more than {self._most} times once more"
        )


def passed(setting: str, what: str) -> str:
    """The message about something that passes a limit."""
    return f"{what}; the setting {setting} in [limits] can be raised"
