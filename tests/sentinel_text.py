# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the little of Sentinel that the generated policies use.

No evaluator of Sentinel can be installed from a package registry. This checks that a text consists
of Sentinel's tokens with balanced brackets, and evaluates conditions and mocks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\(?:[abfnrtv"\\]|u[0-9a-fA-F]{4}))*")
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign><=|>=|==|!=|[-=<>.,:(){}\[\]])""",
    re.VERBOSE,
)
KEYWORDS = frozenset(
    (
        "all",
        "and",
        "any",
        "as",
        "break",
        "case",
        "contains",
        "continue",
        "default",
        "else",
        "false",
        "filter",
        "for",
        "func",
        "if",
        "import",
        "in",
        "is",
        "map",
        "matches",
        "not",
        "null",
        "or",
        "param",
        "return",
        "rule",
        "true",
        "undefined",
        "when",
        "xor",
    )
)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_CONDITION = re.compile(r"\n\tif (after\..+) \{\n\t\treturn true\n")


def tokens(text: str) -> list[tuple[str, str]]:
    """Kind and text of each token. Raises ValueError for anything else, and unbalanced brackets."""
    found: list[tuple[str, str]] = []
    opened: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"no token of Sentinel at {text[position : position + 20]!r}")
        position = match.end()
        token = match.group()
        if token in _PAIRS.values():
            opened.append(token)
        elif token in _PAIRS and (not opened or opened.pop() != _PAIRS[token]):
            raise ValueError(f"{token} closes nothing")
        if match.lastgroup and match.lastgroup != "blank":
            found.append((match.lastgroup, token))
    if opened:
        raise ValueError(f"{opened[-1]} is not closed")
    return found


def condition(policy: str) -> str:
    """The condition of a generated policy, as it stands there."""
    match = _CONDITION.search(policy)
    assert match is not None
    return match[1]


def holds(written: str, after: Mapping[str, Any]) -> bool:
    """What a condition comes to over the attributes of a resource; null where one is missing."""
    words = {"is": "==", "null": "None", "true": "True", "false": "False"}
    text = re.sub(r"\bis not\b", "!=", written)
    text = re.sub(r"\b(is|null|true|false)\b", lambda match: words[match[1]], text)
    text = re.sub(r"\bafter\.(\w+)", r'after.get("\1")', text)
    return bool(eval(text, {"__builtins__": {}}, {"after": after}))


def resource_changes(mock: str) -> dict[str, Any]:
    """The map of a mock. Its literals are JSON, but for the comma behind the last entry."""
    _, _, literal = mock.partition("resource_changes = ")
    changes: dict[str, Any] = json.loads(re.sub(r",\n\}\n$", "}", literal))
    return changes
