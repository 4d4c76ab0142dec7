# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files may hold SQL, by their paths alone. Their content decides later."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath

from connguard.policies.model.patterns import lazily

PLAIN_SUFFIXES = frozenset((".sql", ".psql", ".pgsql", ".ddl"))
"""Of these all files are claimed."""
PROGRAM_SUFFIXES = (".rb", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".go", ".ex", ".exs")
_PROGRAMS = frozenset((*PROGRAM_SUFFIXES, ".java", ".kt"))
_CHANGELOGS = frozenset((".xml", ".yaml", ".yml", ".json"))
_SHELLS = frozenset((".sh", ".bash"))
SUFFIXES = frozenset((*PLAIN_SUFFIXES, *_PROGRAMS, *_CHANGELOGS, *_SHELLS, ".gz", ".py"))
"""In lower case; no other files are claimed."""
SHELL_PROGRAMS = ("psql", "docker_process_sql", "createuser")
"""A shell script that has none of these words does nothing to a database."""
_PYTHON_FOLDER = lazily(r"migrat|alembic|^versions$|revisions", re.IGNORECASE)
_PROGRAM_FOLDER = lazily(r"migrat", re.IGNORECASE)
_FLYWAY_CLASS = lazily(r"^[VR][\d_.]*__")
_CHANGELOG_PART = lazily(r"change-?_?(?:log|set)|liquibase|migrat", re.IGNORECASE)
_CHANGELOG_FOLDER = lazily(r"^(?:db|databases?|sql|schemas?|ddl)$", re.IGNORECASE)
_CHANGELOG_NAME = lazily(r"^(?:.*[-_.])?(?:master|root)\.\w+$", re.IGNORECASE)
_SHELL_PART = lazily(
    r"initdb|entrypoint|migrat|postgres|pgsql|psql|database|^db$|^sql$|^init|roles?\b|users?\b",
    re.IGNORECASE,
)


def may_hold_sql(path: PurePath) -> bool:
    """Whether a file is SQL, or may be a migration in another language."""
    suffix = path.suffix.lower()
    if suffix in PLAIN_SUFFIXES:
        return True
    if suffix == ".gz":
        return path.name.lower().endswith(".sql.gz")
    if suffix == ".py":
        return _any(_PYTHON_FOLDER, path.parent.parts)
    if suffix in _PROGRAMS:
        return _any(_PROGRAM_FOLDER, path.parent.parts) or bool(_FLYWAY_CLASS.match(path.name))
    if suffix in _CHANGELOGS:
        return (
            _any(_CHANGELOG_PART, path.parts)
            or _any(_CHANGELOG_FOLDER, path.parent.parts[-3:])
            or bool(_CHANGELOG_NAME.match(path.name))
        )
    return suffix in _SHELLS


def is_about_databases(script: PurePath) -> bool:
    """Whether the path of a shell script says that it works on a database."""
    return _any(_SHELL_PART, script.parts[-4:])


def _any(pattern: re.Pattern[str], parts: Iterable[str]) -> bool:
    return any(pattern.search(part) for part in parts)
