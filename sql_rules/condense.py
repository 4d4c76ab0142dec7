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

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules import syntax
from connguard.sql_rules.list_names import Meaning, meaning
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
_TOKEN = lazily(
    rb"""(?P<plain>[^'"$;/\-\\()]++)
      | (?P<string>'[^']*+(?:''[^']*+)*+')
      | (?P<name>"[^"]*+")
      | (?P<dollar>\$(?:[a-zA-Z_\x80-\xff][\w\x80-\xff]*+)?\$)
      | (?P<comment>--[^\r\n]*+(?=[\r\n]))
      | (?P<block>/\*)
      | (?P<command>\\[^\r\n]*+(?=[\r\n]))
      | (?P<end>;)
      | (?P<open>\() | (?P<close>\))
      | (?P<cut>['"])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = lazily(rb"'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'", re.DOTALL)
_BLANKS = lazily(rb"\s++")
_REST_OF_LINE = lazily(rb"[ \t]*+(?:\r\n|\n)")
_MOST_HEADS = 10_000
_E_BEFORE = lazily(rb"(?<![\w$])[eE]\Z")
_COMMENT_MARK = lazily(rb"/\*|\*/")
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
_LONGEST_ROW = 1 << 23
"""In bytes. A longer row is kept, whatever it is made of."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some bytes of a file, and the 1-based line and column (in characters) of the first."""

    data: bytes
    line: int
    column: int


@dataclass(slots=True)
class Condensed:
    """What is kept of a file, and the number of its lines."""

    stretches: list[Stretch]
    lines: int


def condense(blocks: Iterable[bytes]) -> Condensed:
    """What can matter of a dump in UTF-8 (or another encoding that extends ASCII)."""
    condenser = _Condenser(iter(blocks))
    condenser.run()
    return Condensed(condenser.kept, condenser.line)


class _Condenser:
    """`_data` is what has been read, dealt with up to `_at`; `line` and `_column` are there."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._data = b""
        self._at = 0
        self._ended = False
        self.line = 1
        self._column = 1
        self._after_return = False
        self._parts: list[bytes] = []
        self._start = (1, 1)
        self.kept: list[Stretch] = []
        self._heads: dict[bytes, re.Pattern[bytes] | None] = {}

    def run(self) -> None:
        while self._need(_BLOCK):
            blanks = _BLANKS.match(self._data, self._at)
            if blanks and self._parts:
                self._keep(blanks.end())
            elif blanks:
                self._drop(blanks.end())
            elif not (self._column == 1 and (self._copy() or self._insert())):
                self._keep(self._statement_end())
        self._close()

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

    def _more(self) -> bool:
        """Read as much again as there is ahead, so that looking again costs linear time."""
        have = len(self._data) - self._at
        self._need(2 * have + _BLOCK)
        return len(self._data) - self._at > have

    # Keeping and dropping, up to an index of the data

    def _keep(self, end: int) -> None:
        if end > self._at:
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

    def _close(self) -> None:
        if self._parts:
            self.kept.append(Stretch(b"".join(self._parts), *self._start))
            self._parts = []

    def _pass(self, end: int) -> None:
        """Move the position."""
        data = self._data[self._at : end]
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

    def _statement_end(self) -> int:
        """Where the next statement ends, with the blanks and comments before it and the line end
        behind it."""
        position = self._at
        depth = 0
        while True:
            match = _TOKEN.match(self._data, position)
            end = self._token_end(match) if match else -1
            if end < 0 or end >= len(self._data):
                # The token may go on in what comes.
                before = position - self._at
                if not self._ended and self._more():
                    position = self._at + before
                    continue
                if end < 0:
                    return len(self._data)
            kind = match.lastgroup if match else ""
            depth += (kind == "open") - (kind == "close")
            if kind == "end" and depth <= 0:
                return self._line_end(end)
            if kind in ("command", "comment") and self._is_blank(position):
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
                depth = 0
                for mark in _COMMENT_MARK.finditer(data, start):
                    depth += 1 if mark.group() == b"/*" else -1
                    if depth == 0:
                        return mark.end()
                return -1
        return end

    def _is_blank(self, position: int) -> bool:
        return not self._data[self._at : position].strip()

    def _line_end(self, position: int) -> int:
        """Behind the line end, when only blanks stand before it."""
        match = _REST_OF_LINE.match(self._data, position)
        return match.end() if match else position

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
        place = self.line, self._column
        self._drop(position)
        written = False

        def write_head() -> None:
            self._close()
            self.kept.append(Stretch(b"," if written else head, *place))

        while True:
            many = _MANY_CONSTANTS.match(self._data, self._at)
            if many and not _matters(self._data, self._at, many.end(), allows):
                self._drop(many.end())
                continue
            row = _CONSTANTS.match(self._data, self._at)
            if row is None:
                ahead = len(self._data) - self._at
                whole = _ANY_ROW.match(self._data, self._at)
                if whole is None and ahead < _LONGEST_ROW and not self._ended and self._more():
                    continue
                write_head()
                self._keep(self._statement_end())
                return
            if _matters(self._data, self._at, row.end(), allows):
                write_head()
                written = True
                self._keep(row.end())
            else:
                self._drop(row.end())
            if self._data[self._at : self._at + 1] == b",":
                self._drop(self._at + 1)
            elif written:
                self._keep(self._line_end(self._at + 1))
                return
            else:
                self._drop(self._line_end(self._at + 1))
                return


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
