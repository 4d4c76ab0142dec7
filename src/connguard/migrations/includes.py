# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""psql's includes: `\\i file` and `\\ir file` put another script in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from connguard.engine.limits import Included, Limits
from connguard.engine.reading import SourceFile
from connguard.engine.text import Text
from connguard.migrations.sections import chunk_of, sections
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules import lexer, psql
from connguard.sql_rules.script import Chunk, Direction
from connguard.sql_rules.unparsed import Unparsed

if TYPE_CHECKING:
    from connguard.migrations.overview import Overview

_MENTION = lazily(r"^[ \t]*\\i(?:r|nclude|nclude_relative)?[ \t]", re.MULTILINE)
_COMMAND = lazily(
    r"\\(?P<how>include_relative|include|ir|i)\s+(?:'(?P<quoted>[^']*)'|(?P<plain>[^\s;]+))"
)
_VARIABLE = lazily(r":(\w+)")

_MAX_DEPTH = 30

FindFile = Callable[[Path], "SourceFile | None"]
ReadFile = Callable[[SourceFile], "Text | None"]
LookAt = Callable[[SourceFile], "Overview | None"]


@dataclass(frozen=True, slots=True)
class Expanded:
    """A script with its includes: the chunks in running order, the files, and what is missing."""

    chunks: tuple[Chunk, ...]
    files: tuple[SourceFile, ...]
    missing: tuple[NotParsed, ...]


class Includes:
    """Expands includes. `find` gives a file below the scanned directories."""

    def __init__(self, find: FindFile, read: ReadFile, overview: LookAt, limits: Limits) -> None:
        self._find = find
        self._read = read
        self._overview = overview
        self._limits = limits
        self._included = Included(limits)
        self._missing: set[tuple[Path, str]] = set()
        self._variables: dict[str, str] = {}
        self._conditions = 0

    def expand(self, file: SourceFile, text: Text, direction: Direction) -> Expanded:
        """A script of its own, with its sections."""
        seen = self._overview(file)
        if seen is not None and not seen.has_includes:
            chunks = _known_chunks(text, seen, direction)
            if chunks is not None:
                return Expanded(chunks, (), ())
        return self._gathered(self._parts(file, text, direction, (file.path,), (file.name,)))

    def expand_chunk(self, file: SourceFile, chunk: Chunk) -> Expanded:
        """SQL that a program hands to psql."""
        return self._gathered(self._split(file, chunk, (file.path,)))

    def _gathered(self, parts: Iterable[Chunk | NotParsed | SourceFile]) -> Expanded:
        self._included = Included(self._limits)
        self._variables = {}
        self._conditions = 0
        chunks: list[Chunk] = []
        files: list[SourceFile] = []
        missing: list[NotParsed] = []
        most = self._limits.unparsed_statements
        unread = Unparsed(most, "includes that are not followed")
        for part in parts:
            if isinstance(part, Chunk):
                chunks.append(part)
            elif not isinstance(part, NotParsed):
                files.append(part)
            elif unread.admits(part.origin):
                missing.append(part)
        return Expanded(tuple(chunks), tuple(files), (*missing, *unread.rest()))

    def included(self, files: Iterable[SourceFile]) -> set[Path]:
        """The files that only run where other ones include them.

        In a circle of includes, the first file by name is the one that is started.
        """
        reached: set[Path] = set()
        for file in files:
            if file.path in reached:
                continue
            seen = self._overview(file)
            text = self._read(file) if seen is not None and seen.has_includes else None
            if text is not None:
                found = {one.path for one in self.expand(file, text, Direction.UP).files}
                reached |= found - {file.path}
        return reached

    def _parts(
        self,
        file: SourceFile,
        text: Text,
        direction: Direction,
        above: tuple[Path, ...],
        inputs: tuple[str, ...],
    ) -> Iterator[Chunk | NotParsed | SourceFile]:
        for chunk in sections(text, direction):
            yield from self._split(file, replace(chunk, inputs=inputs), above)

    def _split(
        self, file: SourceFile, chunk: Chunk, above: tuple[Path, ...]
    ) -> Iterator[Chunk | NotParsed | SourceFile]:
        if not mentions_include(chunk.text):
            yield chunk
            return
        position = 0
        for start, end, command in self._commands(chunk.text):
            if chunk.text[position:start].strip():
                yield _cut(chunk, position, start)
            position = end
            place = chunk.origin(start, end)
            yield from self._include(file, command, place, chunk, above)
        if chunk.text[position:].strip():
            yield _cut(chunk, position, len(chunk.text))

    def _include(
        self,
        file: SourceFile,
        command: re.Match[str],
        place: Origin,
        chunk: Chunk,
        above: tuple[Path, ...],
    ) -> Iterator[Chunk | NotParsed | SourceFile]:
        name = command["quoted"] or _VARIABLE.sub(self._value, command["plain"] or "")
        if ":" in name or name.startswith("$"):
            yield NotParsed("the name of the included file is only known at run time", place)
            return
        target = self._target(file, name, relative=command["how"] in ("ir", "include_relative"))
        if target is None:
            yield NotParsed(f"the included file {name} is not among the scanned files", place)
            return
        if target.path in above or len(above) > _MAX_DEPTH:
            yield NotParsed(f"the file {name} includes itself", place)
            return
        if not self._included.allows(target.path):
            yield NotParsed(self._included.reason, place)
            return
        text = self._read(target)
        if text is not None:
            yield target
            inputs = (*chunk.inputs, str(place))
            yield from self._parts(target, text, chunk.direction, (*above, target.path), inputs)

    def _commands(self, text: str) -> Iterator[tuple[int, int, re.Match[str]]]:
        """The includes; the variables that are set before them are noted."""
        for piece in lexer.pieces(text):
            if piece.command and text[piece.start] == "\\":
                match = _COMMAND.match(piece.command)
                if match:
                    yield piece.start, piece.end, match
                else:
                    self._note(piece)

    def _note(self, piece: lexer.Piece) -> None:
        """Follow the values of variables; one that is set under a condition is not known."""
        name, arguments = piece.command_name, piece.arguments
        if name == "if":
            self._conditions += 1
        elif name == "endif":
            self._conditions -= 1
        elif name == "set" and self._conditions <= 0:
            psql.set_variable(arguments, self._variables)
        elif name in ("set", "getenv", "unset", "prompt"):
            for word in arguments.split():
                self._variables.pop(word, None)

    def _value(self, match: re.Match[str]) -> str:
        return self._variables.get(match[1], match[0])

    def _target(self, file: SourceFile, name: str, *, relative: bool) -> SourceFile | None:
        """`\\ir` is relative to the script, `\\i` to where psql runs: some folder above it."""
        folder = file.path.parent
        if (folder, name) in self._missing:
            return None
        for each in [folder] if relative else file.path.parents:
            found = self._find(each / name)
            if found is not None:
                return found
        if not relative:
            self._missing.add((folder, name))
        return None


def _known_chunks(text: Text, seen: Overview, direction: Direction) -> tuple[Chunk, ...] | None:
    """The chunks of a text that runs in a direction, as its overview gives them."""
    if direction is Direction.UP:
        return tuple([chunk_of(text, section) for section in seen.sections])
    if seen.is_marked:
        return None
    return tuple([chunk_of(text, each._replace(direction=direction)) for each in seen.sections])


def mentions_include(text: str) -> bool:
    """Whether a text has a command that includes another one."""
    return "\\" in text and "\\i" in text and _MENTION.search(text) is not None


def _cut(chunk: Chunk, first: int, last: int) -> Chunk:
    def origin(start: int, end: int) -> Origin:
        return chunk.origin(first + start, first + end)

    return replace(chunk, text=chunk.text[first:last], origin=origin, outline=None)
