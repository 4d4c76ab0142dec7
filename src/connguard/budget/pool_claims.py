# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files may make a connection pool, by name."""

from __future__ import annotations

import re
from pathlib import PurePath

LANGUAGES = {
    ".py": "python",
}

_NOT_SERVICE_FILE = re.compile(
    r"(?i)^(?:test_|conftest\.)|_test\.\w+$|[.-](?:test|spec)\.\w+$|_spec\.\w+$|\.d\.ts$"
)


def language_of(path: PurePath) -> str | None:
    """The language of a file that may be part of a service; None for tests and other files."""
    if _NOT_SERVICE_FILE.search(path.name):
        return None
    return LANGUAGES.get(path.suffix)


def may_make_pools(path: PurePath) -> bool:
    return language_of(path) is not None
