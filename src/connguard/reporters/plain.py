# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes text from scanned files harmless to print.

A file name, a role name or a source line may hold terminal escape sequences, line ends that forge
a log line, or characters that reverse the reading direction.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from connguard.policies.model.patterns import lazily

_CI_COMMAND = lazily(r"##(?=\w*\[)")
"""The start of a command to a CI server. Azure Pipelines and GitHub take it anywhere in a line."""


def printable(text: str) -> str:
    """The text with every control, format and surrogate character written as an escape.

    ESC becomes the four characters `\\x1b`. The result has no line ends and can be encoded, and a
    CI server reads no command in it that does not start the line.
    """
    if text.isprintable() and "##" not in text:
        return text
    return "".join(printable_characters(text))


def printable_characters(text: str) -> Iterator[str]:
    """The printable form of each character of the text."""
    forged = {match.start() for match in _CI_COMMAND.finditer(text)}
    for index, char in enumerate(text):
        harmless = char.isprintable() or unicodedata.category(char) == "Zs"
        yield char if harmless and index not in forged else _escape(char)


def line_start(text: str) -> str:
    """The printable form of text that starts a line, where `::` would start a command to GitHub."""
    shown = printable(text)
    if not shown.lstrip().startswith("::"):
        return shown
    return shown.replace(":", "\\x3a", 1)


def encodable(text: str) -> str:
    """The text with lone surrogates (of undecodable file names) written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def json_text(document: object) -> str:
    """A JSON document, in which a CI server that prints it reads no command either."""
    import json  # most reports are written for people

    # "##" stands in strings only.
    return json.dumps(document, indent=2, ensure_ascii=True).replace("##", "#\\u0023") + "\n"


def _escape(char: str) -> str:
    escape = char.encode("unicode_escape").decode("ascii")
    return escape if escape != char else f"\\x{ord(char):02x}"
