# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of an attribute that is a map, each with its own place in the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_value import Setting

_ENTRY = lazily(
    r"""(?:^|[{,])[ \t]*["']?([\w./-]+)["']?[ \t]*[=:][ \t]*("(?:[^"\n\\]|\\.)*"|[^\n,}#]+)""",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """`value` is the evaluated value, None where it is not known; `code` the expression for it."""

    value: str | None
    code: str
    origin: Origin


def entries(setting: Setting | None, raw: Callable[[Origin], str]) -> dict[str, Entry]:
    """The entries of a map. In a plan, which has no expressions, all stand at the map's place."""
    if setting is None:
        return {}
    values = setting.value if isinstance(setting.value, Mapping) else {}
    found = {
        str(key): Entry(_text(value), "", setting.origin)
        for key, value in values.items()
        if value is not None
    }
    source = raw(setting.origin)
    for match in _ENTRY.finditer(source):
        known = found.get(match[1])
        if known is not None or not values:
            place = _within(
                setting.origin, source, match.start(2), match.start(2) + len(match[2].rstrip())
            )
            found[match[1]] = Entry(known.value if known else None, match[2].strip(), place)
    return found


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    return None


def _within(origin: Origin, source: str, start: int, end: int) -> Origin:
    """The place of a part of the source that stands at `origin`."""

    def position(offset: int) -> tuple[int, int]:
        before = source[:offset]
        lines = before.count("\n")
        column = offset - before.rfind("\n") if lines else origin.column + offset
        return origin.line + lines, column

    (line, column), (end_line, end_column) = position(start), position(end)
    return replace(origin, line=line, column=column, end_line=end_line, end_column=end_column)
