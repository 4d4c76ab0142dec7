# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New migrations as SQL files: numbered files and folders, Flyway, marked sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path

from connguard.engine.reading import Context
from connguard.fixing.numbering import Name, following, next_number, parse
from connguard.fixing.statements import KEPT
from connguard.migrations.history import History
from connguard.migrations.names import is_step_of_folder
from connguard.migrations.sections import tool_of
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_MARKERS = {
    "goose": ("-- +goose Up", "-- +goose Down"),
    "sql-migrate": ("-- +migrate Up", "-- +migrate Down"),
    "dbmate": ("-- migrate:up", "-- migrate:down"),
    "Play evolutions": ("# --- !Ups", "# --- !Downs"),
    "rambler": ("-- rambler up", "-- rambler down"),
    "node-pg-migrate": ("-- Up Migration", "-- Down Migration"),
    "MyBatis migrations": ("-- // limit connections", "-- //@UNDO"),
    "tern": ("", "---- create above / drop below ----"),
}
_FLYWAY = lazily(r"^(?P<lead>[VU])(?P<version>\d+(?:[._]\d+)*)__(?P<title>.+)\.\w+$")
_UP = lazily(r"(?<=[-_.])up(?=\.[a-z]+$)", re.IGNORECASE)
_COMMENTS = [f"-- {line}" for line in KEPT]


class CannotWrite(Exception):
    """A migration for this history cannot be written safely. The message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A history to be continued: its migrations' files in running order, with absolute paths."""

    history: History
    files: Sequence[Path]
    context: Context
    now: datetime

    @property
    def last(self) -> Path:
        return self.files[-1]

    def source(self, path: Path) -> str:
        """The text of one of the files, as the scan read it."""
        text = self.context.texts.get(path)
        return text.string if text else ""


@dataclass(slots=True)
class NewFiles:
    """Texts by path, the one that goes forward first."""

    texts: dict[Path, str] = field(default_factory=dict)

    def add(self, path: Path, lines: Sequence[str]) -> None:
        self.texts[path] = "".join(f"{line}\n" for line in lines)


def numbered(place: Place, sql: Sequence[str]) -> NewFiles:
    """The next file, or folder with a file, behind the last one."""
    last = place.last
    if is_step_of_folder(str(last)) and parse(last.parent.name):
        return _folder(place, sql)
    if last.suffix == ".go":
        last = next((path for path in reversed(place.files) if path.suffix == ".sql"), last)
    name = parse(last.name)
    if last.suffix == ".go":
        raise CannotWrite("these migrations are programs")
    if name is None or last.suffix.lower() == ".gz":
        raise CannotWrite(f"the name of {last.name} has no number to continue")
    new = following(name, names_in(last.parent), place.now)
    files = NewFiles()
    markers = _MARKERS.get(tool_of(place.source(last)) or "")
    if markers:
        up, down = markers
        head = [up] if up else []
        files.add(last.with_name(str(new)), [*head, *sql, "", down, *_COMMENTS])
        return files
    files.add(last.with_name(str(new)), sql)
    if _UP.search(name.suffix):
        partner = Name(new.lead, new.number, new.separator, new.title, _down(new.suffix))
        names = names_in(last.parent)
        if any(_down(one) in names for one in names if _UP.search(one)):
            files.add(last.with_name(str(partner)), _COMMENTS)
    return files


def _down(name: str) -> str:
    return _UP.sub(lambda match: "DOWN" if match[0].isupper() else "down", name)


def _folder(place: Place, sql: Sequence[str]) -> NewFiles:
    last = place.last
    name = parse(last.parent.name)
    assert name is not None
    root = last.parent.parent
    folder = root / str(following(name, names_in(root), place.now))
    files = NewFiles()
    files.add(folder / last.name, sql)
    down = last.with_name(f"down{last.suffix}")
    if last.stem == "up" and down.is_file():
        files.add(folder / down.name, _COMMENTS)
    return files


def flyway(place: Place, sql: Sequence[str]) -> NewFiles:
    """The next version, with an undo migration where the directory has them."""
    last = next((path for path in reversed(place.files) if _is_version(path.name)), None)
    if last is None:
        raise CannotWrite("there is no versioned migration to continue")
    if not any(path.parent == last.parent and path.suffix == ".sql" for path in place.files):
        raise CannotWrite(f"{last.name} is a program, and SQL files lie elsewhere")
    names = [match for match in map(_FLYWAY.match, names_in(last.parent)) if match]
    version = _next_version(last.name, [match["version"] for match in names], place.now)
    like = Name("", "0", "_", last.name.partition("__")[2], "")
    title = following(like, [f"0_{match['title']}" for match in names], place.now).title
    files = NewFiles()
    files.add(last.with_name(f"V{version}__{title}.sql"), sql)
    if any(match["lead"] == "U" for match in names):
        files.add(last.with_name(f"U{version}__{title}.sql"), _COMMENTS)
    return files


def _is_version(name: str) -> bool:
    match = _FLYWAY.match(name)
    return match is not None and match["lead"] == "V"


def _next_version(last: str, versions: Sequence[str], now: datetime) -> str:
    """The last version with its last part continued: 1.2 to 1.3."""
    match = _FLYWAY.match(last)
    assert match is not None
    head = match["version"].rstrip("0123456789")
    tails = [version[len(head) :] for version in versions if version.startswith(head)]
    return head + next_number([tail for tail in tails if tail.isdecimal()], now)


def names_in(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
