# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits pg_hba.conf and pg_ident.conf into lines, fields and tokens as the server does.

Blanks part fields, commas part the tokens of a field, double quotes keep both, `#` starts a
comment, `@file` is replaced by what that file holds, and from version 14 on a backslash at the end
continues a line. From version 16 on `include`, `include_if_exists` and `include_dir` are replaced
by the lines of other files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path

from connguard.engine import disk
from connguard.engine.limits import Included, Limits
from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Span, mentions_suppression
from connguard.policies.model.records import dataclass
from connguard.postgres.conf import conf_files

CONTINUATION_SINCE = 14
INCLUDE_SINCE = 16
MAX_DEPTH = 10
BYTE_ORDER_MARK = "\ufeff"

_BLANK = " \t\r"

# What a template engine or a shell fills in, and what a template engine decides.
_PLACEHOLDER = lazily(r"\{\{.{0,400}?\}\}|<%=.{0,400}?%>|\$\{[^}]{0,400}\}|\$\([^)]{0,400}\)")
_SHELL_VARIABLE = lazily(rf"{_PLACEHOLDER.pattern}|\$\w+|`[^`]*`")
_TEMPLATE_OPENS = lazily(r"\s*\{[%#](?!.*[%#]\})")
_TEMPLATE_CLOSES = lazily(r"[%#]\}")
_TEMPLATE_LINE = lazily(r"\s*(?:\{%|\{#|<%|\{\{-?\s*(?:if|range|end|with|else)\b)")
_FILLER = "\ue000"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line without its end, and the place in a file of each range of its characters."""

    text: str
    origin: Callable[[int, int], Origin]


@dataclass(frozen=True, slots=True)
class Token:
    """`quoted` tells that it starts with a quote, which takes keywords their meaning.

    `missing` says why it is not known: it stands for a file (`@file`) that is not among the scanned
    ones, or (`filled_in`) a template engine or a shell puts something in its place.
    """

    text: str
    quoted: bool
    origin: Origin
    missing: str | None = None
    filled_in: bool = False


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A line with its fields, or one that the server refuses (`error`), or one that is not known:
    an included file that is not among the scanned ones, or (`filled_in`) a part of a template.
    """

    fields: tuple[tuple[Token, ...], ...]
    origin: Origin
    error: str | None = None
    missing: str | None = None
    filled_in: bool = False


@dataclass(slots=True)
class FieldLines:
    """All lines in the order in which the server reads them, included ones in their place."""

    lines: list[FieldLine] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    notes: list[Notes] = field(default_factory=list)

    @property
    def gaps(self) -> list[NotParsed]:
        """Included files and lists that are not among the scanned ones."""
        found = []
        for line in self.lines:
            if line.missing and not line.filled_in:
                found.append(NotParsed(line.missing, line.origin))
            found.extend(
                NotParsed(token.missing, token.origin)
                for tokens in line.fields
                for token in tokens
                if token.missing and not token.filled_in
            )
        return found


def source_lines(text: Text) -> list[SourceLine]:
    """The lines of a text. Only a line feed ends a line for the server.

    A byte order mark is for it, and for PgBouncer, a part of the first word.
    """
    lines = lines_between(text, 0, len(text.string))
    if text.marked:
        lines[0] = SourceLine(BYTE_ORDER_MARK + lines[0].text, _MarkedRange(text))
    return lines


def lines_between(text: Text, start: int, end: int) -> list[SourceLine]:
    """The lines of a range of characters that stand in the text as the server reads them."""
    found = []
    for line in text.string[start:end].split("\n"):
        found.append(SourceLine(line, _Range(text, start)))
        start += len(line) + 1
    return found


def line_at(line: str, origin: Origin) -> SourceLine:
    """A line that is written otherwise in the file: every part of it stands at `origin`."""
    return SourceLine(line, lambda _, __: origin)


@dataclass(frozen=True, slots=True)
class _Range:
    text: Text
    start: int

    def __call__(self, first: int, end: int) -> Origin:
        return self.text.origin(self.start + first, self.start + end)


@dataclass(frozen=True, slots=True)
class _MarkedRange:
    """The first line of a text in front of which a byte order mark is put again."""

    text: Text

    def __call__(self, first: int, end: int) -> Origin:
        return self.text.origin(max(0, first - 1), max(0, end - 1))


def read_lines(
    text: Text, version: int, path: Path | None = None, context: Context | None = None
) -> FieldLines:
    """The lines of a file for a major version; without `context` nothing can be included."""
    result = FieldLines()
    _Reader(version, context, result).read(text, path, 0, result.lines)
    return result


def read_source_lines(
    lines: Sequence[SourceLine], version: int, *, shell: bool = False
) -> FieldLines:
    """As `read_lines`, for lines that stand in another file.

    With `shell`, a shell puts its variables into them before the server reads them.
    """
    result = FieldLines()
    _Reader(version, None, result, shell).lines(lines, None, 0, result.lines, None)
    return result


class _Logical:
    """A line after continuation lines were joined."""

    def __init__(self) -> None:
        self.text = ""
        self._parts: list[tuple[int, SourceLine]] = []

    def append(self, line: SourceLine, text: str) -> None:
        self._parts.append((len(self.text), line))
        self.text += text

    def origin(self, start: int, end: int) -> Origin:
        first = self._place(start, start + 1)
        last = self._place(max(start, end - 1), max(start + 1, end))
        return Origin(first.path, first.line, first.column, last.end_line, last.end_column)

    def whole(self, start: int, end: int) -> Origin:
        """From the first physical line, whose number the server reports, to `end`."""
        place = self.origin(start, end)
        top = self._parts[0][1].origin(0, 0)
        if place.line == top.line:
            return place
        return Origin(place.path, top.line, top.column, place.end_line, place.end_column)

    def _place(self, start: int, end: int) -> Origin:
        base, line = next(part for part in reversed(self._parts) if part[0] <= start)
        return line.origin(start - base, end - base)


class _Reader:
    def __init__(
        self, version: int, context: Context | None, result: FieldLines, shell: bool = False
    ) -> None:
        self._version = version
        self._context = context
        self._result = result
        self._placeholder = _SHELL_VARIABLE if shell else _PLACEHOLDER
        self._included = Included(context.settings.limits if context else Limits())

    def read(self, text: Text, path: Path | None, depth: int, into: list[FieldLine]) -> None:
        self._result.files.append(text.path)
        self.lines(source_lines(text), path, depth, into, text)

    def lines(
        self,
        lines: Sequence[SourceLine],
        path: Path | None,
        depth: int,
        into: list[FieldLine],
        text: Text | None,
    ) -> None:
        comments: list[Comment] = []
        spans: list[Span] = []
        for logical in self._logical(lines):
            line, comment = self._line(logical, path, depth)
            if comment is not None:
                place = logical.origin(comment, len(logical.text))
                words = logical.text[comment:].lstrip("#").strip()
                own_line = not logical.text[:comment].strip()
                comments.append(Comment(place.line, place.column, words, own_line))
            if line is None:
                continue
            spans.append(Span(line.origin.line, line.origin.end_line))
            if not self._include(line, path, depth, into):
                into.append(line)
        if text is not None and mentions_suppression(text.string):
            self._result.notes.append(Notes(text.path, tuple(comments), tuple(spans)))

    def _logical(self, lines: Sequence[SourceLine]) -> list[_Logical]:
        found: list[_Logical] = []
        current: _Logical | None = None
        template = False
        for line in lines:
            text = line.text.rstrip("\r")
            if template:  # a tag that goes on over several lines
                template = not _TEMPLATE_CLOSES.search(text)
                continue
            template = _TEMPLATE_OPENS.match(text) is not None
            if current is None:
                current = _Logical()
                found.append(current)
            if self._version >= CONTINUATION_SINCE and text.endswith("\\"):
                current.append(line, text[:-1])
            else:
                current.append(line, text)
                current = None
        return found

    def _line(
        self, logical: _Logical, path: Path | None, depth: int
    ) -> tuple[FieldLine | None, int | None]:
        """The fields of a line and where its comment starts."""
        if _TEMPLATE_LINE.match(logical.text):
            whole = logical.origin(0, len(logical.text))
            reason = f"{logical.text.strip()} is decided later"
            return FieldLine((), whole, missing=reason, filled_in=True), None
        text = self._placeholder.sub(lambda found: _FILLER * len(found[0]), logical.text)
        fields: list[tuple[Token, ...]] = []
        error: str | None = None
        position = 0
        start = end = -1
        comment: int | None = None
        while position < len(text) and error is None:
            tokens: list[Token] = []
            found_any = False
            while True:
                raw = _next_token(text, position)
                position = raw.next
                comment = raw.comment if raw.comment is not None else comment
                if raw.text is None:
                    break
                found_any = True
                start = raw.start if start < 0 else start
                end = raw.end
                token = Token(raw.text, raw.quoted, logical.origin(raw.start, raw.end))
                if _FILLER in raw.text:
                    written = logical.text[raw.start : raw.end]
                    reason = f"{written} is filled in later"
                    token = Token(written, raw.quoted, token.origin, reason, filled_in=True)
                if token.missing is not None:
                    tokens.append(token)
                elif not raw.quoted and len(raw.text) > 1 and raw.text[0] == "@":
                    error = self._expand(token, path, depth + 1, tokens)
                else:
                    tokens.append(token)
                if not raw.comma or error is not None:
                    break
            if found_any and tokens:
                fields.append(tuple(tokens))
        if not fields and error is None:
            return None, comment
        return FieldLine(tuple(fields), logical.whole(start, end), error), comment

    def _expand(
        self, token: Token, path: Path | None, depth: int, tokens: list[Token]
    ) -> str | None:
        """Replace `@file` by the tokens of that file. Returns the server's error, if any."""
        name = token.text[1:]
        if depth > MAX_DEPTH:
            return f'could not open file "{name}": maximum nesting depth exceeded'
        found = self._find(name, path)
        if found is None:
            tokens.append(
                Token(
                    token.text,
                    False,
                    token.origin,
                    f'the file "{name}" is not among the scanned files',
                )
            )
            return None
        file, text = found
        if not self._included.allows(file.path):
            tokens.append(Token(token.text, False, token.origin, self._included.reason))
            return None
        lines: list[FieldLine] = []
        self.read(text, file.path, depth, lines)
        for line in lines:
            if line.error is not None:
                return line.error
            if line.missing:
                tokens.append(Token(token.text, False, token.origin, line.missing))
            for inner in line.fields:
                # The list stands in the other file, but the line at fault is this one.
                tokens.extend(
                    Token(one.text, one.quoted, token.origin, one.missing, one.filled_in)
                    for one in inner
                )
        return None

    def _include(
        self, line: FieldLine, path: Path | None, depth: int, into: list[FieldLine]
    ) -> bool:
        """Replace an include line by the lines of its file. False when it is no such line."""
        if self._version < INCLUDE_SINCE or line.error is not None or len(line.fields) != 2:
            return False
        kind, name = line.fields[0][0].text, line.fields[1][0].text
        if kind not in ("include", "include_if_exists", "include_dir"):
            return False
        if depth + 1 > MAX_DEPTH:
            error = f'could not open file "{name}": maximum nesting depth exceeded'
            into.append(FieldLine(line.fields, line.origin, error))
            return True
        missing = f'the included "{name}" is not among the scanned files'
        if kind == "include_dir":
            folder = path.parent / name if path else None
            files = conf_files(folder, self._context) if folder and self._context else None
            if files is None:
                into.append(FieldLine((), line.origin, missing=missing))
            for file in files or ():
                text = self._context.text(file) if self._context else None
                if text is not None and not self._included.allows(file.path):
                    into.append(FieldLine((), line.origin, missing=self._included.reason))
                elif text is not None:
                    self.read(text, file.path, depth + 1, into)
            return True
        found = self._find(name, path)
        if found is not None and not self._included.allows(found[0].path):
            into.append(FieldLine((), line.origin, missing=self._included.reason))
        elif found is not None:
            self.read(found[1], found[0].path, depth + 1, into)
        elif kind == "include" or not self._surely_absent(name, path):
            into.append(FieldLine((), line.origin, missing=missing))
        return True

    def _find(self, name: str, path: Path | None) -> tuple[SourceFile, Text] | None:
        if self._context is None or path is None:
            return None
        file = self._context.file(path.parent / name)
        text = self._context.text(file) if file else None
        return (file, text) if file is not None and text is not None else None

    def _surely_absent(self, name: str, path: Path | None) -> bool:
        """Whether a file would be below the scanned directories, and is not there."""
        if self._context is None or path is None or Path(name).is_absolute():
            return False
        target = disk.resolve(path.parent / name)
        return self._context.is_inside(target) and not disk.exists(target)


@dataclass(frozen=True, slots=True)
class _RawToken:
    """`text` is None when the line has no further token. `next` is where to go on."""

    text: str | None
    quoted: bool
    start: int
    end: int
    next: int
    comma: bool
    comment: int | None


def _next_token(line: str, position: int) -> _RawToken:
    while position < len(line) and line[position] in (*_BLANK, ","):
        position += 1
    start = position
    characters: list[str] = []
    in_quote = was_quote = saw_quote = quoted = comma = False
    comment: int | None = None
    while position < len(line) and (in_quote or line[position] not in _BLANK):
        character = line[position]
        if character == "#" and not in_quote:
            comment = position
            break
        if character == "," and not in_quote:
            comma = True
            break
        if character != '"' or was_quote:
            characters.append(character)
        was_quote = not was_quote if in_quote and character == '"' else False
        if character == '"':
            in_quote = not in_quote
            saw_quote = True
            quoted = quoted or not characters
        position += 1
    text = "".join(characters) if characters or saw_quote else None
    following = len(line) if comment is not None else position
    return _RawToken(text, quoted, start, position, following, comma, comment)
