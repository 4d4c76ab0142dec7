# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the small configuration files of migration tools: key=value lines and git-style ini."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connguard.policies.model.patterns import lazily

_ENTRY = lazily(r"^[ \t]*+([^#!;=\s][^=:\n]*+)[=:][ \t]*+(.*)$", re.MULTILINE)
_SECTION = lazily(r'^[ \t]*\[\s*([\w-]+)(?:\s+"([^"]*)")?\s*\][ \t]*\r?$')


def properties(text: str) -> Mapping[str, str]:
    """The entries of a Java-style properties file; the last of equal keys counts."""
    return dict(map(_entry, _ENTRY.finditer(text)))


def git_config(text: str) -> Mapping[str, str]:
    """The entries of a git-style file: `[core]` and `key = value` give "core.key"."""
    found: dict[str, str] = {}
    prefix = ""
    for line in text.splitlines():
        section = _SECTION.match(line)
        entry = _ENTRY.match(line)
        if section:
            prefix = f"{section[1]}.{section[2]}." if section[2] else f"{section[1]}."
        elif entry:
            key, value = _entry(entry)
            found[prefix + key] = value.strip('"')
    return found


def _entry(match: re.Match[str]) -> tuple[str, str]:
    """A key and its value, without the blanks behind them."""
    return match[1].rstrip(" \t"), match[2].removesuffix("\r").rstrip(" \t")
