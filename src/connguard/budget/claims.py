# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files may hold a part of the topology, by name."""

from __future__ import annotations

from pathlib import PurePath

from connguard.engine.settings import FILE_NAME
from connguard.policies.model.patterns import lazily

_COMPOSE = lazily(r"^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$|^stack\.ya?ml$")
_SPRING = lazily(r"^application(?:-[\w-]+)?\.(?:ya?ml|properties)$")

OTHER_POOLERS = ("pgcat.toml", "pgdog.toml", "pgpool.conf", "odyssey.conf")

PLATFORM_FILES = ("app.json", "fly.toml")

TOPOLOGY_SUFFIXES = frozenset(
    (".yml", ".yaml", ".properties", ".toml", ".json", ".conf", ".cfg", ".ini", ".service")
)
"""In lower case; no other files are claimed."""


def may_hold_topology(path: PurePath) -> bool:
    return (
        may_be_pgbouncer(path)
        or path.suffix in (".yml", ".yaml")
        or (path.suffix == ".properties" and path.name.startswith("application"))
        or is_supabase(path)
        or is_unit(path)
        or path.name in PLATFORM_FILES
        or path.name in (FILE_NAME, "postgresql.conf", *OTHER_POOLERS)
    )


def is_unit(path: PurePath) -> bool:
    """A unit of PgBouncer, or a drop-in of it."""
    if path.suffix == ".service":
        return "pgbouncer" in path.name
    return path.suffix == ".conf" and is_drop_in(path) and "pgbouncer" in path.parent.name


def is_drop_in(path: PurePath) -> bool:
    return path.parent.name.endswith(".service.d")


def is_supabase(path: PurePath) -> bool:
    return path.name == "config.toml" and path.parent.name == "supabase"


def is_compose(path: PurePath) -> bool:
    return _COMPOSE.match(path.name) is not None


def may_be_pgbouncer(path: PurePath) -> bool:
    return path.suffix == ".ini" or ("pgbouncer" in path.name and path.suffix in (".conf", ".cfg"))


def may_be_spring(path: PurePath, text: str) -> bool:
    """Settings of Spring Boot; a manifest may be called so, too."""
    return _SPRING.match(path.name) is not None and "apiVersion:" not in text


def is_rails(path: PurePath) -> bool:
    return path.name == "database.yml" and path.parent.name == "config"
