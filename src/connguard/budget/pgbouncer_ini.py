# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads pgbouncer.ini exactly as PgBouncer does: its own dialect, not a general INI file.

Comments stand at the start of a line only; `%include` goes on in the section where it stands; a
section header that comes again resets `[pgbouncer]` to its defaults; of equal keys the last one
counts. What PgBouncer refuses to start with is kept as a problem, and reading goes on, so that
the other settings are still checked. Manual: https://www.pgbouncer.org/config.html; the grammar
was read in the parser itself (lib/usual/cfparser.c, src/loader.c).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from pathlib import Path, PurePosixPath

from connguard.budget import pgbouncer_keys as keys
from connguard.engine.limits import Included
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import Version
from connguard.policies.model.whole_numbers import whole

_MAX_INCLUDE = 10
_SPACE = " \t\n\r\v\f"
_KEY = lazily(r"[A-Za-z0-9_.*-]*")
_PLACEHOLDER = lazily(r"\$\{?\w+|\$\(|\{\{|\{%|<%|%\w+%|@\w+@|__\w+__|<[A-Za-z_]+>")
_STRTOL = lazily(r"[ \t\n\r\v\f]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_ATOI = lazily(r"[ \t\n\r\v\f]*([+-]?[0-9]+)")
_TIME = lazily(r"[ \t]*\+?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value as written, and where. `number` is set if the place takes integers."""

    text: str
    origin: Origin
    number: int | None = None
    template: bool = False
    order: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of `[databases]`, `[users]` or `[peers]`, with its parameters."""

    name: str
    origin: Origin
    parameters: dict[str, Setting]
    order: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Something PgBouncer does not start with."""

    reason: str
    origin: Origin


@dataclass(slots=True)
class Configuration:
    """What PgBouncer would know after loading the file.

    `files` are all files that were read. `missing_includes` are the places of `%include` lines
    whose file is not at hand, with their order among the settings. `needs` is the oldest version
    that knows every key used, with the key.
    """

    path: Path
    origin: Origin
    settings: dict[str, Setting] = field(default_factory=dict)
    databases: dict[str, Line] = field(default_factory=dict)
    users: dict[str, Line] = field(default_factory=dict)
    peers: dict[str, Line] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)
    missing_includes: list[tuple[int, Origin]] = field(default_factory=list)
    needs: dict[Version, tuple[str, Origin]] = field(default_factory=dict)


def looks_like_pgbouncer(text: str) -> bool:
    """Whether a file has one of the sections that only PgBouncer has."""
    return "[pgbouncer]" in text or ("[databases]" in text and "host" in text)


def read(file: SourceFile, context: Context) -> Configuration | None:
    """Load a configuration file; None when it cannot be read."""
    text = context.text(file)
    if text is None:
        return None
    return parse(text, file, context)


def parse(text: Text, file: SourceFile, context: Context) -> Configuration:
    """Load a configuration from text, as if it stood in `file` (an inline one in YAML, say)."""
    found = Configuration(file.path, text.line_origin(1))
    _Loader(found, context).load(text, file, 0)
    if "pgbouncer" not in text.string:
        found.problems.append(Problem("the section [pgbouncer] is missing", found.origin))
    return found


def strtol(text: str) -> int | None:
    """C's strtol with base 0 on a whole string: 0x10 is 16, 010 is 8, `20 ; x` is refused."""
    match = _STRTOL.fullmatch(text)
    if match is None:
        return None
    sign, digits = match.groups()
    base = 16 if digits[:2].lower() == "0x" else 8 if digits.startswith("0") else 10
    value = whole(f"{sign}{digits}") if base == 10 else int(f"{sign}{digits}", base)
    return max(-(2**63), min(value, 2**63 - 1))  # as C does


def atoi(text: str) -> int:
    """C's atoi: leading decimal digits, and 0 if there are none; 0x10 is 0."""
    match = _ATOI.match(text)
    return whole(match[1]) if match else 0


def seconds(text: str) -> float | None:
    """A time setting: a plain non-negative number of seconds; None if PgBouncer refuses it."""
    return float(text) if _TIME.fullmatch(text) else None


def is_template(text: str) -> bool:
    """Whether a value is filled in before PgBouncer reads the file."""
    return _PLACEHOLDER.search(text) is not None


class _Loader:
    def __init__(self, found: Configuration, context: Context) -> None:
        self._found = found
        self._context = context
        self._included = Included(context.settings.limits)
        self._section: str | None = None
        self._order = 0

    def load(self, text: Text, file: SourceFile, depth: int) -> None:
        self._found.files.append(file)
        if text.marked:
            self._problem("syntax error: byte order mark in front of it", text.line_origin(1))
        string = text.string
        position = 0
        while True:
            position = _skip(string, position, _SPACE)
            if position >= len(string):
                return
            end = _line_end(string, position)
            if string.startswith("%include", position) and string[position + 8 : position + 9] in (
                " ",
                "\t",
            ):
                self._include(text, file, position + 8, end, depth)
            elif string[position] in "#;":
                pass
            elif string[position] == "[":
                end = self._header(text, position, end)
            else:
                self._entry(text, position, end)
            position = end

    def _include(self, text: Text, file: SourceFile, start: int, end: int, depth: int) -> None:
        start = _skip(text.string, start, " \t")
        name = text.string[start:end].rstrip(_SPACE)
        origin = text.origin(start, start + len(name))
        if depth >= _MAX_INCLUDE:
            self._problem("%include is nested too deep", origin)
            return
        target = _locate(name, file.path, self._context)
        included = self._context.text(target) if target else None
        if target is None or included is None or not self._included.allows(target.path):
            self._order += 1
            self._found.missing_includes.append((self._order, origin))
        else:
            self.load(included, target, depth + 1)

    def _header(self, text: Text, start: int, end: int) -> int:
        close = text.string.find("]", start, end)
        if close < 0:
            self._problem("a section header has no ]", text.origin(start, end))
            return end
        self._section = text.string[start + 1 : close]
        if self._section not in keys.SECTIONS:
            self._problem(f"unknown section [{self._section}]", text.origin(start, close + 1))
        elif self._section == "peers":
            self._need("[peers]", keys.PEERS_SINCE, text.origin(start, close + 1))
        elif self._section == "pgbouncer":
            self._found.settings.clear()  # the header sets all defaults again
        return close + 1

    def _entry(self, text: Text, start: int, end: int) -> None:
        string = text.string
        if string[start] == "'":
            close = string.find("'", start + 1)
            key, position = string[start + 1 : max(close, start + 1)], close + 1
            valid = close > start + 1
        else:
            match = _KEY.match(string, start)
            assert match is not None
            key, position, valid = match[0], match.end(), True
        position = _skip(string, position, " \t") if valid else start
        whole = text.origin(start, start + len(string[start:end].rstrip(_SPACE)))
        if not valid or string[position : position + 1] != "=":
            self._problem("syntax error: expected key = value", whole)
            return
        position = _skip(string, position + 1, " \t")
        value = string[position:end].rstrip(_SPACE) if position < end else ""
        place = text.origin(position, position + len(value)) if value else whole
        self._order += 1
        if self._section is None:
            self._problem(f"{key} stands before any section", whole)
        elif self._section == "pgbouncer":
            self._set(key, value, place, whole)
        elif self._section in keys.SECTIONS:
            self._connection_line(text, key, position, value, whole)

    def _set(self, key: str, value: str, place: Origin, whole: Origin) -> None:
        since = keys.SETTINGS.get(key)
        if since is None:
            self._problem(f"unknown parameter {key}", whole)
            return
        self._need(key, since, whole)
        setting = Setting(value, place, order=self._order, template=is_template(value))
        if key in keys.INTEGERS and not setting.template:
            number = strtol(value)
            if number is None:
                self._problem(f'invalid value "{value}" for {key}: not an integer', place)
                setting = replace(setting, template=True)
            setting = replace(setting, number=number)
        elif key in keys.TIMES and not setting.template and seconds(value) is None:
            self._problem(f'invalid value "{value}" for {key}: not a number of seconds', place)
            setting = replace(setting, template=True)
        elif key in keys.CHOICES and not setting.template and value not in keys.CHOICES[key]:
            self._problem(f'invalid value "{value}" for {key}', place)
        self._found.settings[key] = setting

    def _connection_line(
        self, text: Text, name: str, start: int, value: str, whole: Origin
    ) -> None:
        section = self._section or ""
        known = keys.LINES[section]
        parameters: dict[str, Setting] = {}
        pairs = connection_string(value)
        for key, key_start, content, content_start, content_end in pairs:
            place = text.origin(start + content_start, start + content_end)
            if key not in known:
                self._problem(
                    f"{keys.LINE_ERRORS[section]}: {key}",
                    text.origin(start + key_start, start + key_start + len(key)),
                )
                continue
            self._need(f"{key} in [{section}]", known[key], place)
            template = is_template(content)
            number = None if template else atoi(content)
            parameters[key] = Setting(content, place, number, template, self._order)
            if key == "pool_mode" and not template and content not in keys.CHOICES["pool_mode"]:
                self._problem(f'invalid pool mode "{content}"', place)
        if pairs and pairs[-1][0] == "":
            parameters.pop("", None)
        if not _is_well_formed(value) and not is_template(value):
            self._problem(f"syntax error in the connection string of {name}", whole)
        if section == "databases" and name == "pgbouncer":
            self._problem('the database name "pgbouncer" is reserved', whole)
            return
        target = {
            "databases": self._found.databases,
            "users": self._found.users,
            "peers": self._found.peers,
        }[section]
        target.pop(name, None)
        target[name] = Line(name, whole, parameters, self._order)

    def _need(self, what: str, since: Version, origin: Origin) -> None:
        if since > keys.OLDEST:
            self._found.needs.setdefault(since, (what, origin))

    def _problem(self, reason: str, origin: Origin) -> None:
        self._found.problems.append(Problem(reason, origin))


def connection_string(value: str) -> list[tuple[str, int, str, int, int]]:
    """The pairs of a connection string: (key, its offset, value, offset and end of the value).

    Stops at the first syntax error, as PgBouncer does.
    """
    return _scan(value)[0]


def _is_well_formed(value: str) -> bool:
    return _scan(value)[1]


def _scan(value: str) -> tuple[list[tuple[str, int, str, int, int]], bool]:
    pairs: list[tuple[str, int, str, int, int]] = []
    position = 0
    while True:
        position = _skip(value, position, _SPACE)
        if position >= len(value):
            return pairs, True
        key_start = position
        while position < len(value) and value[position] not in "= ":
            position += 1
        key = value[key_start:position]
        position = _skip(value, position, _SPACE)
        if not key or value[position : position + 1] != "=":
            return pairs, False
        position = _skip(value, position + 1, _SPACE)
        if value[position : position + 1] == "'":
            content, content_start, content_end, position = _quoted(value, position + 1)
            if position < 0:
                return pairs, False
        else:
            content_start = position
            end = value.find(" ", position)
            position = content_end = len(value) if end < 0 else end
            content = value[content_start:content_end]
        if not content:
            return pairs, False
        pairs.append((key, key_start, content, content_start, content_end))
        position += 1  # whatever character ends the value is cut off


def _quoted(value: str, start: int) -> tuple[str, int, int, int]:
    """A quoted value after its first quote; a position of -1 when the quote is not closed."""
    content = ""
    position = start
    while position < len(value):
        if value[position] == "'":
            if value[position + 1 : position + 2] != "'":
                return content, start, position, position + 1
            position += 1
        content += value[position]
        position += 1
    return content, start, position, -1


def _skip(string: str, position: int, characters: str) -> int:
    while position < len(string) and string[position] in characters:
        position += 1
    return position


def _line_end(string: str, position: int) -> int:
    end = string.find("\n", position)
    return len(string) if end < 0 else end


def _locate(name: str, beside: Path, context: Context) -> SourceFile | None:
    """The file of an absolute or relative name; in a repository it often lies beside the file."""
    if not name:
        return None
    return locate(name, (beside.parent,), context)


def locate(name: str, folders: Iterable[Path], context: Context) -> SourceFile | None:
    """A file that is named by its path on the production machine, as it lies in the repository."""
    pure = PurePosixPath(name)
    for folder in folders:
        for candidate in (folder / name.lstrip("/"), folder / pure.name):
            found = context.file(candidate)
            if found is not None:
                return found
    return None
