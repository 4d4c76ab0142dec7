# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files may use features of a database session, by name."""

from __future__ import annotations

from pathlib import PurePath

from connguard.budget.pool_claims import POOL_SUFFIXES, language_of

_MORE = {
    ".rb": "ruby",
    ".ex": "elixir",
    ".java": "java",
    ".kt": "kotlin",
}

SESSION_SUFFIXES = frozenset((*POOL_SUFFIXES, *_MORE, ".yml"))
"""In lower case; no other files are claimed."""


def session_language_of(path: PurePath) -> str | None:
    """The language of a file of a service; None for tests and other files."""
    if path.name == "cable.yml" and path.parent.name == "config":
        return "cable"
    if path.stem.endswith(("_test", "_spec", "Test", "Tests")):
        return None
    language = language_of(path)
    return _MORE.get(path.suffix) if language is None else language


def may_use_sessions(path: PurePath) -> bool:
    return session_language_of(path) not in (None, "dotnet")
