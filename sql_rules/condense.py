# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a dump piece by piece, and keeps only what can matter of it.

Nearly all of a large dump is data: lines behind COPY … FROM stdin, and rows of INSERT … VALUES.
Rows that are made of constants alone call nothing, and constants matter only where they can be
addresses of an allow-list. All other rows, and all other statements, are kept as they are. What is
kept is SQL again; each stretch of it comes with the line and the column where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules import syntax
from connguard.sql_rules.list_names import Meaning, meaning
from connguard.sql_rules.script import STATEMENT_SIZE
from connguard.sql_rules.syntax import NotReadable

_VALUE = (
    rb"(?:'[^']*+(?:''[^']*+)*+'(?![ \t]*[\r\n]\s*')(?:::[a-z_]++(?![\w.]))?"
    rb"|[+-]?\d++(?:\.\d++)?+(?:[eE][+-]?\d++)?+(?!\w)"
    rb"|(?:NULL|null|true|false|TRUE|FALSE|DEFAULT|default)(?!\w))"
)
_ROW = rb"\s*+\(\s*+%b(?:\s*+,\s*+%b)*+\s*+\)" % (_VALUE, _VALUE)
_CONSTANTS = lazily(rb"%b\s*+(?=[,;])" % _ROW)
"""A row of constants, up to the comma or semicolon behind it."""

_MANY_CONSTANTS = lazily(rb"(?:%b\s*+,){1,500}+" % _ROW)
_SURE_PART = (
    rb"(?:[^'\"()$;\\/\-]++|-(?=[^-])|/(?=[^*])|\"[^\"]*+\""
    rb"|(?<![eE])'[^']*+(?:''[^']*+)*+'(?=[^'])"
    rb"|(?<=[^\w$][eE])'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'(?=[^']))"
)
_SURE_ROW = rb"\s*+\((?:%b|\((?:%b|\(%b*+\))*+\))*+\)\s*+" % ((_SURE_PART,) * 3)
"""A row in which no quote or comment is left open."""

_SURE_ROWS = lazily(rb"%b(?:,%b){0,30}+(?=[,;])" % (_SURE_ROW, _SURE_ROW), re.DOTALL)
"""Such rows, up to the comma or semicolon behind them."""

_ANY_ROW = lazily(
    rb"\s*+\((?:[^'()]++|%b|\((?:[^'()]++|%b)*+\))*+\)\s*+[^\s]"
    % ((rb"'[^']*+(?:''[^']*+)*+'",) * 2)
)
_NAME = rb'(?:[a-zA-Z_][\w$]*+|"[^"\r\n]++")'
_INSERT = lazily(
    rb"INSERT INTO %b(?:\.%b)?(?: \(%b(?:, ?%b)*+\))?"
    rb"(?: OVERRIDING (?:SYSTEM|USER) VALUE)? VALUES(?=[\s(])" % (_NAME, _NAME, _NAME, _NAME),
    re.IGNORECASE,
)
_COPY = lazily(
    rb"COPY %b(?:\.%b)?(?: \(%b(?:, ?%b)*+\))? FROM stdin[^;'\"\r\n]*+;[ \t]*\r?\n"
    % (_NAME, _NAME, _NAME, _NAME),
    re.IGNORECASE,
)
_END_OF_COPY = lazily(rb"^\\\.[ \t]*\r?$", re.MULTILINE)
_DOLLAR_NAME = rb"[a-zA-Z_\x80-\xff][\w\x80-\xff]*+"
_LONE = rb"-(?=[^-]) | /(?=[^*]) | \$(?=\d) | \$(?:%b)?+(?=[^\w$\x80-\xff])" % _DOLLAR_NAME
"""Characters that start no comment and no quote, as what follows them shows."""

_PLAIN = (
    rb"""(?P<plain>(?: [^'"$;/\-\\]++ | %b
          | '[^'\\()]*+(?:''[^'\\()]*+)*+'(?=[^']) | "[^"()]*+" | --[^\r\n()]*+(?=[\r\n]) )++)
      |"""
    % _LONE
)
"""All parentheses of a plain stretch count: the quotes and comments in it have none."""

_SINGLE = rb"""(?P<comment>--[^\r\n]*+(?=[\r\n]))
      | %%b (?P<string>'[^']*+(?:''[^']*+)*+')
      | (?P<name>"[^"]*+")
      | (?P<dollar>\$(?:%b)?+\$)
      | (?P<block>/\*)
      | (?P<command>\\[^\r\n]*+(?=[\r\n]))
      | (?P<end>;)
      | (?P<cut>['"\\] | -- | \$(?:%b)?+\Z)
      | (?P<other>.)""" % (_DOLLAR_NAME, _DOLLAR_NAME)
_TOKEN = lazily(_SINGLE % _PLAIN, re.VERBOSE | re.DOTALL)
_SHORT_TOKEN = lazily(_SINGLE % b"", re.VERBOSE | re.DOTALL)
_SKIPPED = rb"""(?: [^'"$/\-\\%%b]++ | %b
      | (?<![eE])'[^']*+(?:''[^']*+)*+'(?=[^'])
      | (?<=[^\w$][eE])'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'(?=[^'])
      | (?:"[^"]*+")++
      | --[^\r\n]*+(?=[\r\n])
      | \$\$(?:[^$]++|\$(?!\$))*+\$\$
      | \$(?P<tag>(?:%b)?+)\$(?:[^$]++|\$(?!(?P=tag)\$))*+\$(?P=tag)\$
      | /\*[^*/]*+(?:\*(?!/)[^*/]*+|/(?!\*)[^*/]*+)*+\*/
      | \\[^\r\n]*+(?=[\r\n]) )*+""" % (_LONE, _DOLLAR_NAME)
_PAST_SEMICOLONS = lazily(_SKIPPED % b"", re.VERBOSE | re.DOTALL)
_UP_TO_SEMICOLON = lazily(_SKIPPED % b";", re.VERBOSE | re.DOTALL)
"""Whatever is whole, in a statement that is skipped."""

_INSIDE = {
    b"'": lazily(rb"(?:[^']++|'')*+"),
    b"e'": lazily(rb"(?:[^'\\]++|''|\\.)*+", re.DOTALL),
    b'"': lazily(rb'[^"]*+'),
    b"-": lazily(rb"[^\r\n]*+"),
    b"\\": lazily(rb"[^\r\n]*+"),
    b"\n": lazily(rb"[^\n]*+"),
}
"""What a quote or comment goes on with, by how it starts."""

_ESCAPED = lazily(rb"'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'", re.DOTALL)
_BLANKS = lazily(rb"[\s;]++")
_COMMENTS = lazily(rb"(?:--[^\r\n]*+[\r\n]\s*+)++")
_MEANT = lazily(rb"up|down|undo|below|change|liquibase|connguard|checkov", re.IGNORECASE)
"""Words of comments that tools read, and of those that suppress."""

_LONG_GAP = 10_000
"""Bytes of blanks or comments, which are left out where they say nothing."""

_REST_OF_LINE = lazily(rb"[ \t]*+(?:\r\n|\n)")
_MOST_HEADS = 10_000
_DOLLAR = lazily(rb"\$(?:%b)?\$" % _DOLLAR_NAME)
_BEHIND = 8
"""Bytes before a token that tell what it is."""

_E_BEFORE = lazily(rb"(?<![\w$])[eE]\Z")
_COMMENT_MARKS = lazily(rb"(?:/\*)++|(?:\*/)++")
_ADDRESS = lazily(
    rb"\d\.\d{1,3}\.\d{1,3}\.\d|::[0-9a-fA-F]{0,4}(?!\w)|/\d|all[ \t]+(?:md5|trust|scram|password)"
)
_MAY_ALLOW = lazily(
    rb"acce|acl|allow|author|firewall|grant|hba|host|inbound|ingress|local|pass|permit|safe|trust"
    rb"|white",
    re.IGNORECASE,
)
_WORD = lazily(r'"[^"]*"|[\w$]+')
_BLOCK = 1 << 20
_PART = 1 << 20
"""Bytes of rows that are kept as one statement."""

KEPT_SIZE = 64_000_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some bytes of a file, and the 1-based line and column (in characters) of the first."""

    data: bytes
    line: int
    column: int


class Cause(StrEnum):
    """The limit for which something is left out that may matter."""

    STATEMENT = "statement-size"
    KEPT = "kept-size"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Where something begins that may matter and is left out: a 1-based line and column.

    For STATEMENT that is one statement or line of data, for KEPT all that follows.
    """

    cause: Cause
    line: int
    column: int


@dataclass(slots=True)
class Condensed:
    """What is kept of a file, the number of its lines, and what was given up, in order."""

    stretches: list[Stretch]
    lines: int
    left_out: list[LeftOut]


def condense(
    blocks: Iterable[bytes], statement_size: int = STATEMENT_SIZE, kept_size: int = KEPT_SIZE
) -> Condensed:
    """What can matter of a dump in UTF-8 (or another encoding that extends ASCII).

    A statement, or a line of data, of more than `statement_size` bytes is given up, and all behind
    the first `kept_size` bytes that can matter. A statement that size ends at its semicolon, also
    in parentheses. Memory: a few times `statement_size`, and what is kept.
    """
    condenser = _Condenser(iter(blocks), statement_size, kept_size)
    condenser.run()
    return Condensed(condenser.kept, condenser.line, condenser.left_out)


class _Full(Exception):
    """As much is kept as may be."""


class _Comment:
    """A comment in slashes, which may hold others, in one piece of data or in several.

    `seen` is where the last of its marks in the data ends.
    """

    def __init__(self) -> None:
        self._depth = 0
        self.seen = 0

    def end(self, data: bytes, start: int) -> int:
        """Where it ends in the data; -1 when it goes on behind them."""
        self.seen = start
        for marks in _COMMENT_MARKS.finditer(data, start):
            self.seen = marks.end()
            count = len(marks.group()) // 2
            if data.startswith(b"/*", marks.start()):
                self._depth += count
            elif count < self._depth:
                self._depth -= count
            else:
                return marks.start() + 2 * self._depth
        return -1


class _Condenser:
    """`_data` is what has been read, dealt with up to `_at`; `line` and `_column` are there.

    `_offset` is the place of `_at` in the file, in bytes.
    """

    def __init__(self, blocks: Iterator[bytes], statement_size: int, kept_size: int) -> None:
        self._blocks = blocks
        self._statement_size = statement_size
        self._left = kept_size
        self._data = b""
        self._at = 0
        self._offset = 0
        self._ended = False
        self.line = 1
        self._column = 1
        self._after_return = False
        self._parts: list[bytes] = []
        self._start = (1, 1)
        self.kept: list[Stretch] = []
        self.left_out: list[LeftOut] = []
        self._heads: dict[bytes, re.Pattern[bytes] | None] = {}

    def run(self) -> None:
        try:
            while self._need(_BLOCK):
                self._next()
        except _Full:
            self._give_up(Cause.KEPT)
            self._drain()
        self._close()

    def _next(self) -> None:
        """Deal with the blanks, comments or the statement ahead."""
        data, at = self._data, self._at
        blanks = _BLANKS.match(data, at)
        if blanks and self._parts and blanks.end() - at < _LONG_GAP:
            self._keep(blanks.end())
        elif blanks:
            self._drop(blanks.end())
        elif not (self._column == 1 and (self._copy() or self._insert())):
            comments = _COMMENTS.match(data, at)
            idle = comments.end() if comments else at
            if idle - at >= _LONG_GAP and not _MEANT.search(data, at, idle):
                self._drop(idle)
                return
            end = self._statement_end()
            if end is None:
                self._skip_statement()
            else:
                self._keep(end)

    def _give_up(self, cause: Cause) -> None:
        self._close()
        self.left_out.append(LeftOut(cause, self.line, self._column))

    # Reading

    def _need(self, size: int) -> bool:
        """Try to have so many bytes ahead; false when there are none at all."""
        parts = []
        have = len(self._data) - self._at
        while have < size and not self._ended:
            block = next(self._blocks, b"")
            self._ended = not block
            parts.append(block)
            have += len(block)
        if parts:
            self._data = self._data[self._at :] + b"".join(parts)
            self._at = 0
        return have > 0

    def _read_on(self) -> None:
        """Read a block, if there is one."""
        self._need(len(self._data) - self._at + _BLOCK)

    def _more(self) -> bool:
        """Read as much again as there is ahead, so that looking again costs linear time."""
        have = len(self._data) - self._at
        self._need(2 * have + _BLOCK)
        return len(self._data) - self._at > have

    # Keeping and dropping, up to an index of the data

    def _keep(self, end: int) -> None:
        if end > self._at:
            self._left -= end - self._at
            if self._left < 0:
                raise _Full
            if not self._parts:
                self._start = (self.line, self._column)
            self._parts.append(self._data[self._at : end])
            self._pass(end)

    def _drop(self, end: int) -> None:
        self._close()
        self._pass(end)

    def _write(self, data: bytes) -> None:
        """Keep bytes that do not stand here."""
        self._close()
        self.kept.append(Stretch(data, self.line, self._column))

    def _drain(self) -> None:
        """Read to the end, for the number of the lines."""
        while self._need(_BLOCK):
            self._drop(len(self._data))

    def _close(self) -> None:
        if self._parts:
            self.kept.append(Stretch(b"".join(self._parts), *self._start))
            self._parts = []

    def _pass(self, end: int) -> None:
        """Move the position."""
        data = self._data[self._at : end]
        self._offset += len(data)
        self._at = end
        if not data:
            return
        returns = data.count(b"\r")
        ends = data.count(b"\n") + (returns - data.count(b"\r\n") if returns else 0)
        if self._after_return and data[:1] == b"\n":
            ends -= 1
        self._after_return = data[-1:] == b"\r"
        last = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if last:
            self._column = 1
        self._column += len(data[last:].decode("utf-8", "replace"))
        self.line += ends

    # Statements

    def _statement_end(self) -> int | None:
        """Where the next statement ends, with the blanks and comments before it and the line end
        behind it; None when it is too large."""
        position = self._at
        depth = 0
        while True:
            match = _TOKEN.match(self._data, position)
            end = self._token_end(match) if match else -1
            if end < 0 or end >= len(self._data):
                # The token may go on in what comes.
                before = position - self._at
                if not self._ended:
                    if len(self._data) - self._at > self._statement_size:
                        return None
                    self._more()
                    position = self._at + before
                    continue
                if end < 0:
                    end = len(self._data)
            if end - self._at > self._statement_size:
                return None
            kind = match.lastgroup if match else ""
            if kind == "plain":
                # Its quotes and comments hold no parentheses.
                depth += self._data.count(b"(", position, end)
                depth -= self._data.count(b")", position, end)
            alone = kind in ("command", "comment") and position == self._at
            if alone or (kind == "end" and depth <= 0):
                return self._line_end(end)
            if end >= len(self._data):
                return end
            position = end

    def _token_end(self, match: re.Match[bytes]) -> int:
        """-1 when it is not there."""
        data, start, end = self._data, match.start(), match.end()
        match match.lastgroup:
            case "string" | "cut" if _E_BEFORE.search(data, max(start - 2, 0), start):
                escaped = _ESCAPED.match(data, start)
                return escaped.end() if escaped else -1
            case "cut":
                return -1
            case "dollar":
                found = data.find(match.group(), end)
                return found + end - start if found >= 0 else -1
            case "block":
                return _Comment().end(data, start)
        return end

    def _line_end(self, position: int) -> int:
        """Behind the line end, when only blanks stand before it."""
        match = _REST_OF_LINE.match(self._data, position)
        return match.end() if match else position

    # What is too large

    def _skip_statement(self) -> None:
        """Leave out a statement that is too large, in little memory.

        It ends at the first semicolon behind so many bytes that stands in no quote and no comment:
        more parentheses may be opened than closed. A comment is no statement.
        """
        if self._data.startswith(b"--", self._at):
            self._skip_inside(b"-", self._at)
            return
        self._give_up(Cause.STATEMENT)
        least = self._offset + self._statement_size
        position = self._at
        while True:
            position = self._skipped(position, self._at + least - self._offset)
            data = self._data
            if position >= len(data) and self._ended:
                self._drop(len(data))
                return
            if data[position : position + 1] == b";":
                position += 1
                if self._offset + position - self._at >= least:
                    self._drop(self._line_end(position))
                    return
            elif position < len(data) and (len(data) - position >= _BLOCK or self._ended):
                self._skip_token(position)
                position = self._at
            else:
                # What is ahead need not be whole. Some bytes tell what stands before it.
                cut = self._whole_character(max(position - _BEHIND, self._at))
                ahead = position - cut
                self._drop(cut)
                self._read_on()
                position = self._at + ahead

    def _skipped(self, position: int, least: int) -> int:
        """Where a semicolon stands behind `least`, or what is not whole, or the end of the data."""
        while True:
            if position < least:
                run = _PAST_SEMICOLONS.match(self._data, position, least)
                position = run.end() if run else position
            run = _UP_TO_SEMICOLON.match(self._data, position)
            position = run.end() if run else position
            token = _SHORT_TOKEN.match(self._data, position)
            if token is None or token.lastgroup == "end":
                return position
            end = self._token_end(token)
            if end < 0 or end >= len(self._data):
                return position
            position = end

    def _skip_token(self, start: int) -> None:
        """Leave out a long quote or comment, or what else stands there, and all before it."""
        data = self._data
        dollar = _DOLLAR.match(data, start)
        if data.startswith(b"/*", start):
            self._skip_block(start)
        elif dollar:
            self._skip_dollar(dollar)
        else:
            first = data[start : start + 1]
            if first == b"'" and _E_BEFORE.search(data, max(start - 2, 0), start):
                first = b"e'"
            if first not in _INSIDE or (first == b"-" and not data.startswith(b"--", start)):
                self._drop(start + 1)
            else:
                self._skip_inside(first, start)

    def _skip_inside(self, first: bytes, start: int) -> None:
        """Leave out a quote up to its last character, or a comment up to its line end."""
        inside = _INSIDE[first]
        is_quote = first[-1:] in b"'\""
        self._drop(start + is_quote)
        while True:
            match = inside.match(self._data, self._at)
            end = match.end() if match else self._at
            if self._ended or end < len(self._data) - 1:
                self._drop(min(end + is_quote, len(self._data)))
                return
            self._drop(self._whole_character(end))
            self._read_on()

    def _skip_dollar(self, opening: re.Match[bytes]) -> None:
        tag = opening.group()
        self._drop(opening.end())
        while True:
            end = self._data.find(tag, self._at)
            if end >= 0 or self._ended:
                self._drop(end + len(tag) if end >= 0 else len(self._data))
                return
            cut = max(len(self._data) - len(tag), self._at)
            self._drop(self._whole_character(cut))
            self._read_on()

    def _skip_block(self, start: int) -> None:
        comment = _Comment()
        self._drop(start)
        while True:
            end = comment.end(self._data, self._at)
            if end >= 0 or self._ended:
                self._drop(end if end >= 0 else len(self._data))
                return
            cut = max(comment.seen, len(self._data) - 1)
            self._drop(self._whole_character(cut))
            self._read_on()

    def _whole_character(self, end: int) -> int:
        """The end, or where a character of several bytes starts that it may part."""
        place = end
        while place > max(end - 4, self._at) and self._data[place - 1] >= 0x80:
            place -= 1
            if self._data[place] >= 0xC0:
                return place
        return end

    # Data

    def _copy(self) -> bool:
        """Deal with a COPY … FROM stdin and its data; false when it is none."""
        head = _COPY.match(self._data, self._at)
        if head is None:
            return False
        allows = _may_allow(head.group())
        self._keep(head.end())
        first: tuple[bytes, int] | None = None
        while True:
            end = _END_OF_COPY.search(self._data, self._at)
            if end is None or (end.end() == len(self._data) and not self._ended):
                if self._ended:
                    break
                whole = self._data.rfind(b"\n", self._at) + 1
                if whole and first is None:
                    first = self._data[self._at : self._data.find(b"\n", self._at) + 1], self.line
                self._rows(whole, allows)
                if len(self._data) - self._at > self._statement_size:
                    self._give_up(Cause.STATEMENT)
                    self._skip_inside(b"\n", self._at)
                else:
                    self._more()
                continue
            self._rows(end.start(), allows)
            self._keep(self._line_end(end.end()))
            return True
        # No line ends the data: it is none. The first line tells the parser so.
        if first is not None:
            self._close()
            self.kept.append(Stretch(first[0], first[1], 1))
        self._keep(len(self._data))
        return True

    def _rows(self, stop: int, allows: bool) -> None:
        """Keep those of the lines up to `stop` that may be entries of an allow-list."""
        data = self._data
        found = _ADDRESS.search(data, self._at, stop)
        while found:
            start = max(data.rfind(b"\n", self._at, found.start()) + 1, self._at)
            end = data.find(b"\n", found.end(), stop) + 1 or stop
            if allows or _MAY_ALLOW.search(data, start, end):
                self._drop(start)
                self._keep(end)
            found = _ADDRESS.search(data, end, stop)
        if self._at < stop:
            self._drop(stop)

    def _insert(self) -> bool:
        """Deal with an INSERT … VALUES; false when it is none."""
        match = _INSERT.match(self._data, self._at)
        if match is None:
            return False
        head = match.group()
        if head not in self._heads:
            self._heads[head] = _statements_like(head) if len(self._heads) < _MOST_HEADS else None
        same = self._heads[head]
        if same is None:
            return False
        allows = _may_allow(head)
        many = same.match(self._data, self._at)
        if many and not _matters(self._data, self._at, many.end(), allows):
            self._drop(many.end())
            return True
        self._insert_rows(head, match.end(), allows)
        return True

    def _insert_rows(self, head: bytes, position: int, allows: bool) -> None:
        """Each round deals with a row, or many, and the comma before it."""
        place = self.line, self._column
        self._drop(position)
        kept_from: int | None = None
        comma = False
        while True:
            start = self._at + comma
            many = _MANY_CONSTANTS.match(self._data, start)
            if many and not _matters(self._data, start, many.end(), allows):
                self._drop(many.end() - 1)
                comma = True
                continue
            row = _CONSTANTS.match(self._data, start)
            if row and not _matters(self._data, start, row.end(), allows):
                self._drop(row.end())
            else:
                row = row or _SURE_ROWS.match(self._data, start)
                if row is None and self._may_be_cut(start):
                    continue
                end = row.end() if row else self._statement_end()
                if kept_from is not None and self._offset - kept_from > _PART:
                    self._write(b";")
                    kept_from = None
                    place = self.line, self._column
                if end is None:
                    if kept_from is not None:
                        self._write(b";")
                    self._skip_statement()
                    return
                if kept_from is None:
                    self._close()
                    self.kept.append(Stretch(head, *place))
                    kept_from = self._offset
                    self._drop(self._at + comma)
                elif not self._parts:
                    self._write(b",")
                    self._drop(self._at + comma)
                self._keep(end)
                if row is None:
                    return
            comma = self._data[self._at : self._at + 1] == b","
            if not comma:
                end = self._line_end(self._at + 1)
                if kept_from is None:
                    self._drop(end)
                else:
                    self._keep(end)
                return

    def _may_be_cut(self, start: int) -> bool:
        """Whether a row goes on behind what has been read; some of that is read then."""
        if _ANY_ROW.match(self._data, start) or self._ended:
            return False
        return len(self._data) - self._at <= self._statement_size and self._more()


def _statements_like(head: bytes) -> re.Pattern[bytes] | None:
    """A pattern of lines with rows of constants for the same table; None when the statement does
    not parse, as with a table that is called `user`."""
    try:
        syntax.split(head.decode("utf-8", "replace") + " (1)")
    except NotReadable:
        return None
    rows = rb"%b(?:\s*+,%b)*+" % (_ROW, _ROW)
    return re.compile(rb"(?:%b%b\s*+;[ \t]*+\r?\n){1,500}+" % (re.escape(head), rows))


def _may_allow(head: bytes) -> bool:
    """Whether the names of a table and its columns may be those of an allow-list."""
    names = _WORD.findall(head.decode("utf-8", "replace"))
    return any(meaning(name.strip('"')) is Meaning.ALLOW for name in names)


def _matters(data: bytes, start: int, end: int, allows: bool) -> bool:
    found = _ADDRESS.search(data, start, end)
    return found is not None and (allows or _MAY_ALLOW.search(data, start, end) is not None)
