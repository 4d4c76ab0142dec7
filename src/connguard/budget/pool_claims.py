# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files may make a connection pool, by name."""

from __future__ import annotations

from pathlib import PurePath

from connguard.policies.model.patterns import lazily

_LANGUAGES = {
    ".py": "python",
    ".go": "go",
    ".rs": "rust",
    ".prisma": "prisma",
    **dict.fromkeys(
        (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"),
        "javascript",
    ),
}
POOL_SUFFIXES = frozenset((*_LANGUAGES, ".json", ".exs"))
"""In lower case; no other files are claimed."""

_DOTNET = lazily(r"(?i)^appsettings(?:\.prod(?:uction)?)?\.json$")
_SEQUELIZE = ("config.json", "database.json")
_ECTO = ("config.exs", "prod.exs", "runtime.exs", "releases.exs")

_NOT_SERVICE_FILE = lazily(
    r"(?i)^(?:test_|conftest\.)|_test\.\w+$|[.-](?:test|spec)\.\w+$|_spec\.\w+$|\.d\.ts$"
)


def language_of(path: PurePath) -> str | None:
    """The language of a file that may be part of a service; None for tests and other files."""
    if _NOT_SERVICE_FILE.search(path.name):
        return None
    if _DOTNET.match(path.name):
        return "dotnet"
    if path.name in _SEQUELIZE and path.parent.name == "config":
        return "sequelize"
    if path.name in _ECTO and path.parent.name == "config":
        return "elixir"
    return _LANGUAGES.get(path.suffix)


def may_make_pools(path: PurePath) -> bool:
    return language_of(path) is not None
