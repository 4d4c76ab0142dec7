# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the users of PgBouncer's auth_file. Passwords are skipped and never kept."""

from __future__ import annotations

from connguard.policies.model.patterns import lazily

_LINE = lazily(r'"((?:[^"]|"")*)"[^"]*"(?:[^"]|"")*"[^\n]*')


def users(string: str) -> list[str]:
    """The user names, in order. Reading stops at the first broken line, as PgBouncer's does."""
    found: list[str] = []
    position = 0
    while True:
        while position < len(string) and string[position].isspace():
            position += 1
        if position >= len(string):
            return found
        if string[position] == ";":
            end = string.find("\n", position)
            position = len(string) if end < 0 else end
            continue
        match = _LINE.match(string, position)
        if match is None:
            return found
        found.append(match[1].replace('""', '"'))
        position = match.end()
