# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks passwords in source lines that are shown: a report is read by more people than the files.

Also what does not parse is shown, so that the patterns go by words and quotes alone. It is better
to mask too much than too little.
"""

from __future__ import annotations

import re

from connguard.policies.model.patterns import lazily

_WORD = r"(?:passw(?:or)?d|passphrase|pwd|bindpasswd|radiussecrets?|secret_?key|client_?secret)"
_BETWEEN = r"(?:\s|/\*(?:[^*]|\*(?!/)){0,200}+\*/|--[^\n]*\n)"
"""Blanks and comments of SQL."""

_MAY_HOLD = lazily(
    r"""(?i)passw|passphrase|pwd|secret|identified|://|scram-|md5[0-9a-f]"""
    r"""|^[ \t]*"[^"\n]*"[ \t]+\"""",
    re.M,
)
_SECRETS = (
    # PASSWORD 'x' in SQL, password = "x" in HCL and ini files, "password": "x" in JSON
    (
        "",
        lazily(
            rf"""(?i)(?<=password)(?!_encryption)\w*(?:["']?\s*[:=]>?\s*|{_BETWEEN}++)(?:e|u&)?"""
            r"""(["'])(?P<secret>(?:(?!\1).|\1\1)+)\1""",
            re.S,
        ),
    ),
    ("$", lazily(rf"(?i)(?<=password){_BETWEEN}++(\$\w*\$)(?P<secret>.+?)\1", re.S)),
    # PASSWORD ''x'' in a string of SQL
    ("''", lazily(r"(?i)(?<=password)\s+''(?P<secret>[^'\n]+)''")),
    # A quote that the line, or the text, does not close
    (
        "",
        lazily(rf"""(?i){_WORD}["']?\s*(?:[:=]\s*)?(?:e|u&)?["'](?P<secret>[^"'\n]+)$""", re.M),
    ),
    # PASSWORD x in SQL, where quotes are missing, but not `password null` or `password is`
    (
        "",
        lazily(
            r"(?i)\bpassword\s+(?!null\b|is\b|valid\b|for\b|of\b|in\b)(?P<secret>[\w!%^&*+.@~-][\w$!%^&*+.@~-]*)"
            r"(?=[ \t]*(?:;|$|connection\b|valid\b|login\b|in\b|role\b))",
            re.M,
        ),
    ),
    ("", lazily(r"(?i)\bidentified\s+by\s+(?:password\s+)?['\"]?(?P<secret>[^\s'\";]+)")),
    # password=x in connection strings and ini files, but not password = var.x in HCL
    (
        "=",
        lazily(
            rf"""(?i){_WORD}(?:=|\s+=\s*(?!null\b|[a-z_][\w-]*\.))["']?(?P<secret>[^\s"'\\;${{]+)"""
        ),
    ),
    # password = x y, which is nothing at all
    (
        "=",
        lazily(
            rf"""(?i){_WORD}\s+=\s*(?!null\b|[a-z_][\w-]*\.)[^\s"'\\;${{]+[ \t]+"""
            r"""(?P<secret>[^\s"'#][^\n]*)"""
        ),
    ),
    # password: x in YAML
    (":", lazily(rf"(?i){_WORD}\s*:\s+(?P<secret>[^\s\"'{{\[$#|>][^\n]*)")),
    # postgres://user:x@host
    ("://", lazily(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s:/@]*:(?P<secret>[^\s/@${]+)@")),
    # "app" "SCRAM-SHA-256$…" in PgBouncer's userlist.txt
    ('"', lazily(r"""(?m)^[ \t]*"[^"\n]*"[ \t]+"(?P<secret>[^"\n]+)\"""")),
    ("", lazily(r"(?P<secret>\bSCRAM-SHA-256\$[^\s\"']+|\bmd5[0-9a-f]{32}\b)")),
)
"""Patterns, and what a text must hold so that they can match."""
_JOINED = (
    # PASSWORD ' || 'x' and a variable for it
    ("||", lazily(r"\|\|\s*[eE]?'(?P<secret>[^'\n]+)'?")),
    (
        "",
        lazily(
            r"(?i)\b(?:pw|pass)\s+\w+(?:\s+constant)?\s*(?::=|=|default)\s*'(?P<secret>[^'\n]+)"
        ),
    ),
)


def masked(block: str) -> str:
    """The text with passwords replaced by as many asterisks."""
    if not _MAY_HOLD.search(block):
        return block
    joined = _JOINED if "passw" in block.lower() else ()
    for needed, pattern in (*joined, *_SECRETS):
        if needed in block:
            block = pattern.sub(_mask, block)
    return block


def _mask(match: re.Match[str]) -> str:
    start, end = match.start("secret") - match.start(), match.end("secret") - match.start()
    whole = match[0]
    return whole[:start] + re.sub(r"[^\n]", "*", whole[start:end]) + whole[end:]
