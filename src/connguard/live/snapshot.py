# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of live servers: what `connguard doctor --save` writes, with the place of every row.

A live comparison goes through the text of a snapshot, too, so that both find the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.reading import Reading
from connguard.policies.model.records import dataclass
from connguard.terraform.json_tree import JsonError, JsonValue, parse

MARK = "connguard_live"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a catalog or SHOW command, and where it stands in the snapshot."""

    values: Mapping[str, object]
    origin: Origin

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        return str(value).lower() if isinstance(value, bool) else str(value)

    def number(self, key: str) -> int | None:
        text = self.text(key)
        try:
            return int(text) if text is not None else None
        except ValueError:
            return None


@dataclass(slots=True)
class LiveSource:
    """A server or a PgBouncer. `tables` maps the keys of the snapshot to rows.

    A table that is missing could not be seen; `hidden` says why. `origin` is its whole place.
    """

    name: str
    origin: Origin
    about: Mapping[str, object] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A PostgreSQL server; tables: settings, roles, databases, overrides, hba."""

    source: LiveSource

    @property
    def version(self) -> int:
        """The major version, 0 if it is not told."""
        number = self.source.about.get("version")
        return number // 10000 if isinstance(number, int) else 0


@dataclass(frozen=True, slots=True)
class LivePooler:
    """A PgBouncer; tables: config, databases, users."""

    source: LiveSource


@dataclass(frozen=True, slots=True)
class Compared:
    """Something that was compared as a whole, whether or not it differs."""

    what: str
    server: str


def render(document: Mapping[str, Any]) -> str:
    """A snapshot as text, one row a line."""
    parts = [f'  "{MARK}": {VERSION}']
    for section in ("server", "pgbouncer"):
        if section not in document:
            continue
        members = [
            f"    {json.dumps(key)}: {_value(value)}" for key, value in document[section].items()
        ]
        parts.append(f'  "{section}": {{\n' + ",\n".join(members) + "\n  }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"      {json.dumps(row)}" for row in value) + "\n    ]"
    return json.dumps(value)


def read(files: Sequence[SourceFile], context: Context) -> Reading:
    """The front end: every snapshot is a server, a PgBouncer, or both."""
    reading = Reading()
    for file in files:
        text = context.text(file)
        if text is not None:
            read_text(text, reading)
    return reading


def read_text(text: Text, reading: Reading) -> None:
    """Add what one snapshot says; nothing for JSON of another kind."""
    root, problems = parse(text)
    members = _members(root) if root is not None else {}
    if MARK not in members:
        if problems:
            _not_parsed(text, problems[0].start, problems[0].end, problems[0].reason, reading)
        return
    reading.files.add(text.path)
    if problems:
        _not_parsed(text, problems[0].start, problems[0].end, problems[0].reason, reading)
        return
    mark = members[MARK]
    if _plain(mark) != VERSION:
        reason = f"a snapshot of another version than {VERSION}: take it anew"
        _not_parsed(text, mark.start, mark.end, reason, reading)
        return
    if "server" in members:
        reading.add(LiveServer(_source(text, members["server"])))
    if "pgbouncer" in members:
        reading.add(LivePooler(_source(text, members["pgbouncer"])))


def _not_parsed(text: Text, start: int, end: int, reason: str, reading: Reading) -> None:
    reading.files.add(text.path)
    reading.add(NotParsed(reason, text.origin(start, end)))


def _members(value: JsonValue) -> dict[str, JsonValue]:
    found = {}
    for key, member in value.members():
        name = _plain(key)
        if isinstance(name, str):
            found[name] = member
    return found


def _plain(value: JsonValue) -> object:
    try:
        return value.plain()
    except JsonError:
        return None


def _source(text: Text, value: JsonValue) -> LiveSource:
    members = _members(value)
    about: dict[str, object] = {}
    tables: dict[str, list[Row]] = {}
    for key, member in members.items():
        if member.kind == "array" and key != "hidden":
            tables[key] = [
                Row(plain, text.origin(item.start, item.end))
                for item in member.items()
                if isinstance(plain := _plain(item), dict)
            ]
        elif key != "hidden":
            about[key] = _plain(member)
    hidden = _plain(members["hidden"]) if "hidden" in members else []
    name = about.get("name")
    return LiveSource(
        name if isinstance(name, str) and name else "the live server",
        text.origin(value.start, value.start + 1),
        about,
        tables,
        [str(one) for one in hidden] if isinstance(hidden, list) else [],
    )
