# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes text from scanned files harmless to print.

A file name, a role name or a source line may hold terminal escape sequences, line ends that forge
a log line, or characters that reverse the reading direction.
"""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text with every control, format and surrogate character written as an escape.

    ESC becomes the four characters `\\x1b`. The result has no line ends and can be encoded.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or unicodedata.category(char) == "Zs" else _escape(char)
        for char in text
    )


def encodable(text: str) -> str:
    """The text with lone surrogates (of undecodable file names) written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
