# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers in the source of a `jsonencode([{…}, {…}])`, which is not evaluated."""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.patterns import lazily

_TOKEN = lazily(r'"(?:[^"\\\n$]|\\.|\$\{[^{}\n]*+\}|\$(?!\{))*+"|#[^\n]*+|//[^\n]*+|[\[({})\]]')
_NAME = lazily(r"""(?:^|[{,\n])[ \t]*+["']?name["']?[ \t]*+[=:][ \t]*+"([^"\n]+)\"""")
_OPEN, _CLOSE = "[({", "])}"
_LISTS = ("[", "([", "(([")
"""A list by itself, of jsonencode(), and of jsonencode(concat())."""


def container_sources(source: str) -> list[str]:
    """The source of each container; the whole source where it is no plain list of them."""
    found = [
        source[start:end]
        for above, start, end in _brackets(source)
        if above in _LISTS and source[start] == "{"
    ]
    return found or [source]


def name_of_container(source: str) -> str | None:
    """Its `name`, and not one of its variables'."""
    inner = source[1:-1]
    plain = []
    last = 0
    for above, start, end in _brackets(inner):
        if not above:
            plain.append(inner[last:start])
            last = end
    match = _NAME.search("\n".join((*plain, inner[last:])))
    return match[1] if match else None


def _brackets(source: str) -> Iterator[tuple[str, int, int]]:
    """What is in brackets: the nearest brackets around it, and where it starts and ends."""
    around: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(source):
        mark = match[0]
        if mark in _OPEN:
            around.append((mark, match.start()))
        elif mark in _CLOSE and around:
            _, start = around.pop()
            yield "".join(one for one, _ in around[: len(_LISTS) + 1]), start, match.end()
