# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of Docker Compose: `${NAME}` in values, and the files that set them.

https://docs.docker.com/reference/compose-file/interpolation/
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping

from connguard.engine.text import Text
from connguard.policies.model.patterns import lazily

_START = lazily(r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)|(?P<braced>\{))")
_BRACED = lazily(r"(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<rest>.*))?", re.DOTALL)
_KEY = lazily(r"\s*+(?:export\s++)?(?P<key>[A-Za-z_][\w.-]*+)\s*+[=:]\s*+")
_QUOTED = lazily(
    r"(?:'(?P<single>[^']*+)'|\"(?P<double>(?:\\.|[^\"\\])*+)\")\s*+(?:(?<=[\s'\"])#.*)?$"
)
_COMMENT = lazily(r"(?<=[\s'\"])#")
_BRACE = lazily(r"\$\{|\}")
_ESCAPE = lazily(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$$"}
_MAX_DEPTH = 20
_LONGEST = 100_000
"""Characters of a value; variables made of variables could otherwise grow without end."""


def resolve(text: str, variables: Mapping[str, str], depth: int = 0) -> tuple[str, bool]:
    """A text with its variables filled in, and whether all of them are known.

    A variable without a value and without a default stays as it is written: somebody sets it
    elsewhere. So does all of a text that becomes longer than any value is.
    """
    known = True
    parts: list[str] = []
    position = added = 0
    closings: dict[int, int] | None = None
    while match := _START.search(text, position):
        parts.append(text[position : match.start()])
        position = match.end()
        if match["escaped"]:
            parts.append("$")
        elif match["plain"]:
            value = variables.get(match["plain"])
            parts.append(match[0] if value is None else value)
            added += len(value or "")
            known = known and value is not None
        else:
            closings = _closings(text) if closings is None else closings
            end = closings.get(match.end())
            if end is None:
                parts.append(match[0])
                continue
            position = end + 1
            inner = _braced(text[match.end() : end], variables, depth)
            parts.append(text[match.start() : position] if inner is None else inner)
            added += len(inner or "")
            known = known and inner is not None
        if added > _LONGEST:
            return text, False
    parts.append(text[position:])
    return "".join(parts), known


def _braced(inside: str, variables: Mapping[str, str], depth: int) -> str | None:
    match = _BRACED.fullmatch(inside)
    if match is None or depth > _MAX_DEPTH:
        return None
    value = variables.get(match["name"])
    operator = match["operator"] or ""
    is_set = value is not None and not (operator.startswith(":") and not value)
    if operator.endswith("+"):
        if not is_set:
            return ""
    elif is_set:
        return value
    elif not operator.endswith("-"):
        return None  # set elsewhere, or refused
    text, known = resolve(match["rest"], variables, depth + 1)
    return text if known else None


def _closings(text: str) -> dict[int, int]:
    """Where the `}` of each `${` stands, by the position behind the `${`."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for match in _BRACE.finditer(text):
        if match[0] != "}":
            opened.append(match.end())
        elif opened:
            found[opened.pop()] = match.start()
    return found


def entries(text: Text) -> Iterator[tuple[str, str, int, bool]]:
    """The entries of an environment file: key, value, line, and whether `$` has a meaning."""
    for number, line in enumerate(text.string.splitlines(), 1):
        key = None if line.lstrip().startswith("#") else _KEY.match(line)
        if key is None:
            continue
        quoted = _QUOTED.match(line, key.end())
        if quoted is None:
            comment = _COMMENT.search(line, key.end())
            value = line[key.end() : comment.start() if comment else None].rstrip()
            yield key["key"], "" if value.startswith("#") else value, number, True
        elif quoted["single"] is not None:
            yield key["key"], quoted["single"], number, False
        else:
            value = _ESCAPE.sub(lambda one: _ESCAPED.get(one[1], one[0]), quoted["double"])
            yield key["key"], value, number, True


def environment_file(text: Text, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a file sets; those of before hold, and can be used in it."""
    found: dict[str, str] = {}
    both = ChainMap(dict(variables), found)
    for key, value, _, expanded in entries(text):
        filled = resolve(value, both) if expanded else (value, True)
        if filled[1]:
            found[key] = filled[0]
    return {**found, **variables}
