# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which major version of PostgreSQL will read a file."""

from __future__ import annotations

import re
from pathlib import Path

from connguard.engine import disk
from connguard.engine.settings import Settings
from connguard.policies.model.patterns import lazily
from connguard.policies.model.whole_numbers import whole
from connguard.postgres.hba_reader import DEFAULT_VERSION, NEWEST_VERSION, OLDEST_VERSION

_IN_PATH = lazily(r"(?:^|/)(?:postgresql|pgsql|postgres)[-_/]?(\d{2})(?=/|$)")


def known_version(path: Path, settings: Settings) -> int | None:
    """The version from the settings (`[server] version`), the data directory or the path.

    Debian keeps the files in /etc/postgresql/16/main; a data directory has a file PG_VERSION.
    None when nothing tells.
    """
    server = settings.topology.get("server")
    declared = server.get("version") if isinstance(server, dict) else None
    for text in (str(declared or ""), _data_directory(path), _from_path(path)):
        match = re.match(r"\d+", text)
        if match:
            return min(max(whole(match[0]), OLDEST_VERSION), NEWEST_VERSION)
    return None


def version_for(path: Path, settings: Settings) -> int:
    """As `known_version`, with the default version where nothing tells."""
    return known_version(path, settings) or DEFAULT_VERSION


def _data_directory(path: Path) -> str:
    try:
        return disk.read_bytes(path.parent / "PG_VERSION").decode("ascii").strip()
    except (OSError, ValueError):
        return ""


def _from_path(path: Path) -> str:
    found = _IN_PATH.findall(path.parent.as_posix())
    return str(found[-1]) if found else ""
