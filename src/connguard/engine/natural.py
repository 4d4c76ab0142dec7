# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Natural order: numbers in names count as numbers, so that V2 stands before V10."""

from __future__ import annotations

from connguard.policies.model.patterns import lazily

_NUMBER = lazily(r"(\d+)")

NaturalKey = tuple[tuple[int, int, str], ...]


def natural_key(name: str) -> NaturalKey:
    """A sort key for a file or folder name. Letter case does not count."""
    parts = _NUMBER.split(name.casefold())
    return tuple(
        [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part]
    )


def path_key(path: str) -> tuple[NaturalKey, ...]:
    """A sort key for a path with posix separators: folder by folder."""
    return tuple([natural_key(part) for part in path.split("/")])
