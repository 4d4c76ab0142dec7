# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of postgresql.conf and the files that it includes.

Reads as the server does (PostgreSQL documentation, section 20.1.2): names in any case, the equal
sign optional, the last setting of a name counts, `include`, `include_if_exists` and `include_dir`
relative to the including file, and `postgresql.auto.conf` in the same folder after all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from connguard.engine import disk
from connguard.engine.limits import Included, Limits
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Span, mentions_suppression
from connguard.policies.model.records import dataclass
from connguard.policies.model.server_values import (
    parse_boolean,
    parse_choice,
    parse_integer,
    parse_number,
)

T = TypeVar("T")

MAX_DEPTH = 10
"""How deep the server lets files include each other."""

AUTO_FILE = "postgresql.auto.conf"

_INCLUDES = ("include", "include_if_exists", "include_dir")

_MOST_STRAYS = 100
"""After so many characters of a line that are no token, the rest of it makes no difference."""

# What is not ASCII is a letter. The sets name what they do not hold: one that goes up to U+10FFFF
# takes Python as long to compile as a scan to run.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_WORD = r"[^\x00-,;-@\[-^`{-\x7f]"

# The server takes the longest match, and of equally long ones the first.
_TOKENS = tuple(
    (kind, lazily(pattern))
    for kind, pattern in (
        ("blank", r"[ \t\r]+"),
        ("comment", r"#[^\n]*"),
        ("name", f"{_LETTER}{_LETTER_OR_DIGIT}*"),
        (
            "qualified name",
            rf"{_LETTER}{_LETTER_OR_DIGIT}*\.{_LETTER}{_LETTER_OR_DIGIT}*",
        ),
        ("string", r"'(?:[^'\\\n]|\\[^\n]|'')*'"),
        ("word", f"{_LETTER}{_WORD}*"),
        ("integer", r"[+-]?(?:0x[0-9a-fA-F]+|[0-9]+)[a-zA-Z]*"),
        ("real", r"[+-]?[0-9]*\.[0-9]*(?:[Ee][+-]?[0-9]+)?"),
        ("equals", r"="),
        ("stray", r"[^\n]"),
    )
)
_VALUES = ("name", "string", "word", "integer", "real")
_ESCAPE = lazily(r"''|\\([0-7]{1,3}|.)", re.S)
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# What a template engine fills in. In a quoted value a shell's `${x}` may be meant as it stands
# (archive_command), so there it only counts when it is the whole value.
_TEMPLATE = r"\{\{.{0,400}?\}\}|\{%.{0,400}?%\}|<%.{0,400}?%>"
_SHELL = r"\$\{[^}]{0,400}\}|\$\([^)]{0,400}\)|@@?\w+@@?|%%\w+%%|\$\w+"
_PLACEHOLDER = lazily(rf"{_TEMPLATE}|{_SHELL}")
_QUOTED_PLACEHOLDER = lazily(rf"{_TEMPLATE}|(?<=')(?:{_SHELL})(?=')")


@dataclass(frozen=True, slots=True)
class Setting:
    """One line that sets something. `name` is in lower case; `value` has its origin.

    `written` is the name as it is written: the server overlooks an invalid value when a later line
    sets the same name in the same spelling, but not when only the case differs.
    """

    name: str
    value: Value[str]
    origin: Origin
    written: str = ""


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """A line that the server refuses; the whole configuration is then refused.

    `reason` is the server's message without the file and line.
    """

    reason: str
    origin: Origin


@dataclass(slots=True)
class ServerSettings:
    """What the files of one server set, in the order in which the server reads them.

    `files` are the names of all files read. `missing` are included files that are not among the
    scanned ones: what they set is not known. `problems` are lines that the server refuses.
    """

    settings: list[Setting] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    missing: list[NotParsed] = field(default_factory=list)
    problems: list[SyntaxProblem] = field(default_factory=list)
    notes: list[Notes] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether all that the server would read was read."""
        return not self.missing and not self.problems

    def all(self, name: str) -> list[Setting]:
        """Every line that sets `name`; the last one counts."""
        lowered = name.lower()
        return [setting for setting in self.settings if setting.name == lowered]

    def by_name(self) -> dict[str, list[Setting]]:
        """The lines that set each name, in the order in which the names come first."""
        found: dict[str, list[Setting]] = {}
        for setting in self.settings:
            found.setdefault(setting.name, []).append(setting)
        return found

    def setting(self, name: str) -> Setting | None:
        """The line that counts for `name`."""
        found = self.all(name)
        return found[-1] if found else None

    def get(self, name: str) -> Value[str] | None:
        """The text that counts for `name`; None when no file sets it."""
        setting = self.setting(name)
        return setting.value if setting else None

    def integer(self, name: str, base_unit: str | None = None) -> Value[int] | None:
        """The value in `base_unit` ("ms", "kB", "8kB"); Unknown when the server refuses it."""
        value = self.get(name)
        if not isinstance(value, Known):
            return value
        return _typed(name, value, parse_integer(value.value, base_unit), "an integer")

    def number(self, name: str, base_unit: str | None = None) -> Value[Fraction] | None:
        value = self.get(name)
        if not isinstance(value, Known):
            return value
        return _typed(name, value, parse_number(value.value, base_unit), "a number")

    def boolean(self, name: str) -> Value[bool] | None:
        value = self.get(name)
        if not isinstance(value, Known):
            return value
        return _typed(name, value, parse_boolean(value.value), "a boolean")

    def choice(self, name: str, choices: Iterable[str]) -> Value[str] | None:
        value = self.get(name)
        if not isinstance(value, Known):
            return value
        return _typed(name, value, parse_choice(value.value, choices), "one of the choices")


def _typed(name: str, text: Known[str], value: T | None, wanted: str) -> Value[T]:
    if value is None:
        return Unknown(f'the server refuses {name} = "{text.value}": not {wanted}', text.origin)
    return Known(value, text.origin)


def read_conf(file: SourceFile, context: Context) -> ServerSettings:
    """Read a postgresql.conf with everything that it includes, and postgresql.auto.conf.

    Files are included only from below the scanned directories. Never raises: lines that the server
    refuses are in `problems`.
    """
    settings = ServerSettings()
    reader = _Reader(context, settings)
    text = context.text(file)
    if text is not None:
        reader.read(text, file.path, 0)
        auto = context.file(file.path.parent / AUTO_FILE)
        if auto is not None and auto.path != disk.resolve(file.path):
            auto_text = context.text(auto)
            if auto_text is not None:
                reader.read(auto_text, auto.path, 0)
    return settings


def read_conf_text(text: Text, start: int = 0) -> ServerSettings:
    """Read settings from a text alone, from `start` on; what it includes is then missing."""
    settings = ServerSettings()
    _Reader(None, settings).read(text, None, 0, start)
    return settings


class _Reader:
    def __init__(self, context: Context | None, settings: ServerSettings) -> None:
        self._context = context
        self._settings = settings
        self._included = Included(context.settings.limits if context else Limits())

    def read(self, text: Text, path: Path | None, depth: int, start: int = 0) -> None:
        self._settings.files.append(text.path)
        if text.marked and start == 0:
            reason = "syntax error: the server takes the byte order mark as a part of the line"
            self._settings.problems.append(SyntaxProblem(reason, text.line_origin(1)))
        comments: list[Comment] = []
        spans: list[Span] = []
        for line in _lines(text, start):
            tokens: list[_Token] = []
            for token in line:
                if token.kind == "comment":
                    where, column = text.position(token.start)
                    comments.append(
                        Comment(where, column, token.text.lstrip("#").strip(), not tokens)
                    )
                elif token.kind != "blank":
                    tokens.append(token)
            if not tokens:
                continue
            first = text.position(tokens[0].start)[0]
            spans.append(Span(first, first))
            self._read_line(text, tokens, path, depth)
        if mentions_suppression(text.string):
            self._settings.notes.append(Notes(text.path, tuple(comments), tuple(spans)))

    def _read_line(self, text: Text, tokens: list[_Token], path: Path | None, depth: int) -> None:
        origin = text.origin(tokens[0].start, tokens[-1].end)
        quoted = any(token.kind == "string" for token in tokens)
        template = (_QUOTED_PLACEHOLDER if quoted else _PLACEHOLDER).search(
            text.string[tokens[0].start : tokens[-1].end]
        )
        values = tokens[2:] if len(tokens) > 1 and tokens[1].kind == "equals" else tokens[1:]
        named = tokens[0].kind in ("name", "qualified name")
        if template and named and values:
            self._settings.settings.append(
                Setting(
                    tokens[0].text.lower(),
                    Unknown(
                        f"{template[0]} is filled in later",
                        text.origin(values[0].start, tokens[-1].end),
                    ),
                    origin,
                    tokens[0].text,
                )
            )
            return
        if template:
            self._settings.missing.append(NotParsed(f"{template[0]} is filled in later", origin))
            return
        wrong = _first_wrong(tokens, values, named)
        if wrong is not None:
            near = f'near token "{wrong.text}"' if wrong.text else "near end of line"
            self._settings.problems.append(SyntaxProblem(f"syntax error, {near}", origin))
            return
        token = values[0]
        value = _unquote(token.text) if token.kind == "string" else token.text
        name = tokens[0].text.lower()
        if name in _INCLUDES:
            self._include(name, value, origin, path, depth)
        else:
            place = text.origin(token.start, token.end)
            self._settings.settings.append(
                Setting(name, Known(value, place), origin, tokens[0].text)
            )

    def _include(
        self, kind: str, value: str, origin: Origin, path: Path | None, depth: int
    ) -> None:
        if self._context is None or path is None:
            if kind != "include_if_exists":
                self._miss(f'"{value}" is not among the scanned files', origin)
            return
        if depth >= MAX_DEPTH:
            self._settings.problems.append(
                SyntaxProblem(
                    f'could not open configuration file "{value}": maximum nesting depth exceeded',
                    origin,
                )
            )
            return
        if not value.strip():
            what = "directory" if kind == "include_dir" else "file"
            self._settings.problems.append(
                SyntaxProblem(f'empty configuration {what} name: "{value}"', origin)
            )
            return
        target = path.parent / value
        if kind == "include_dir":
            self._include_folder(target, value, origin, depth)
            return
        file = self._context.file(target)
        included = self._context.text(file) if file else None
        if file is not None and included is not None:
            if not self._included.allows(file.path):
                self._miss(self._included.reason, origin)
                return
            self.read(included, file.path, depth + 1)
        elif kind == "include" or file is not None or target.is_absolute():
            self._miss(f'included file "{value}" is not among the scanned files', origin)

    def _include_folder(self, target: Path, value: str, origin: Origin, depth: int) -> None:
        assert self._context is not None
        names = conf_files(target, self._context)
        if names is None:
            self._miss(f'included directory "{value}" is not among the scanned files', origin)
            return
        for file in names:
            included = self._context.text(file)
            if included is not None and not self._included.allows(file.path):
                self._miss(self._included.reason, origin)
            elif included is not None:
                self.read(included, file.path, depth + 1)

    def _miss(self, reason: str, origin: Origin) -> None:
        self._settings.missing.append(NotParsed(f"{reason}: what it sets is not known", origin))


def conf_files(folder: Path, context: Context) -> list[SourceFile] | None:
    """The files of an included directory in the server's order; None when it is not there.

    Those are the names that end in .conf and do not start with a dot, in byte order.
    """
    resolved = disk.resolve(folder)
    if not context.is_inside(resolved):
        return None
    try:
        names = disk.names(resolved)
    except OSError:
        return None
    found = (
        context.file(resolved / name)
        for name in sorted(names, key=lambda name: name.encode("utf-8", "surrogateescape"))
        if name.endswith(".conf") and not name.startswith(".")
    )
    return [file for file in found if file is not None]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def _lines(text: Text, offset: int = 0) -> Iterator[list[_Token]]:
    """The tokens of each line from `offset` on. Only a line feed ends a line for the server."""
    line: list[_Token] = []
    strays = 0
    while offset < len(text.string):
        if text.string[offset] == "\n":
            yield line
            line = []
            strays = 0
            offset += 1
            continue
        token = _token_at(text.string, offset)
        strays += token.kind == "stray"
        if strays > _MOST_STRAYS:
            end = text.string.find("\n", offset)
            end = len(text.string) if end < 0 else end
            token = _Token("stray", text.string[offset:end], offset, end)
        line.append(token)
        offset = token.end
    yield line


def _token_at(string: str, offset: int) -> _Token:
    best: tuple[int, str] = (offset, "stray")
    for kind, pattern in _TOKENS:
        match = pattern.match(string, offset)
        if match and match.end() > best[0]:
            best = match.end(), kind
    return _Token(best[1], string[offset : best[0]], offset, best[0])


def _first_wrong(tokens: list[_Token], values: list[_Token], named: bool) -> _Token | None:
    """The token at which the server sees a syntax error; one without text is the line's end."""
    end = _Token("end", "", tokens[-1].end, tokens[-1].end)
    if not named:
        return tokens[0]
    if not values:
        return end
    if values[0].kind not in _VALUES:
        return values[0]
    return values[1] if len(values) > 1 else None


def _unquote(token: str) -> str:
    def character(match: re.Match[str]) -> str:
        escape = match[1]
        if escape is None:
            return "'"
        if escape[0] in "01234567":
            return chr(int(escape, 8) & 0xFF)
        return _CONTROL.get(escape, escape)

    return _ESCAPE.sub(character, token[1:-1])
