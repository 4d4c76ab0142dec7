# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of PgBouncer's HBA file (auth_hba_file), a dialect of pg_hba.conf.

What differs from PostgreSQL: a line that cannot be read is skipped, with a warning in the log, and
the others hold; an address with bits outside its mask never matches; addresses are written in full
(no short forms, no host names, no samehost and samenet); there are no groups, regular expressions,
continuation lines and includes other than `@file`; `sameuser` also means something as a user.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.addresses import NOWHERE
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.hba import (
    ALL_ADDRESSES,
    LOCAL_ADDRESS,
    AddressKind,
    ClientAddress,
    HbaRule,
    Name,
    NameKind,
    network_address,
)
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Comment, Notes, Span, mentions_suppression
from connguard.policies.model.records import dataclass
from connguard.postgres.hba_lines import SourceLine, source_lines
from connguard.postgres.hba_reader import HbaFile, HbaProblem

_TYPES = ("local", "host", "hostssl", "hostnossl")
_METHODS = ("trust", "reject", "md5", "password", "peer", "cert", "scram-sha-256", "ldap")
_TOKEN = lazily(
    r"""\s*(?:
      (?P<end>\#.*|$)
    | (?P<comma>,)
    | "(?P<quoted>(?:[^"]|"")*)"
    | (?P<word>[^\s"](?:[^,\#"\s])*)
    | (?P<bad>.)
    )""",
    re.X | re.S,
)
_KEYWORDS = {
    "all": NameKind.ALL,
    "sameuser": NameKind.SAMEUSER,
    "replication": NameKind.REPLICATION,
}


class _Skipped(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def is_pgbouncer_file(file: SourceFile, context: Context) -> bool:
    """By its name, its folder, or a pgbouncer.ini beside it that names it."""
    name = file.path.name.lower()
    if "bouncer" in name or file.path.parent.name.lower() == "pgbouncer":
        return True
    ini = context.file(file.path.parent / "pgbouncer.ini")
    text = context.text(ini) if ini else None
    named = re.compile(rf"(?m)^\s*auth_hba_file\s*=\s*\S*{re.escape(file.path.name)}\s*$")
    return text is not None and named.search(text.string) is not None


def read_pgbouncer_hba(file: SourceFile, context: Context) -> HbaFile | None:
    """Read an auth_hba_file; None when it cannot be read. `problems` are lines that are skipped."""
    text = context.text(file)
    return read_pgbouncer_text(text, file.path, context) if text is not None else None


def read_pgbouncer_text(
    text: Text, path: Path | None = None, context: Context | None = None
) -> HbaFile:
    """As `read_pgbouncer_hba`, for a text; without `context` no `@file` is read."""
    found = HbaFile(text.path, 0, files=[text.path], skips_lines=True)
    comments: list[Comment] = []
    spans: list[Span] = []
    for line in source_lines(text):
        tokens = _tokens(line.text)
        place = line.origin(0, 0)
        last = tokens[-1]
        if last.text.startswith("#"):
            own_line = not line.text[: last.start].strip()
            words = last.text.lstrip("#").strip()
            comments.append(Comment(place.line, last.start + 1, words, own_line))
        if tokens[0].kind == "end":
            continue
        spans.append(Span(place.line, place.line))
        end = max(token.end for token in tokens if token.kind != "end")
        origin = line.origin(tokens[0].start, end)
        parser = _Parser(tokens, line, path, context, found)
        try:
            found.rules.append(parser.rule(origin))
        except _Skipped as skipped:
            found.problems.append(HbaProblem(skipped.reason, origin))
    if mentions_suppression(text.string):
        found.notes.append(Notes(text.path, tuple(comments), tuple(spans)))
    return found


def _tokens(line: str) -> list[_Token]:
    """The tokens of a line; the last one has the kind "end"."""
    found = []
    position = 0
    while True:
        match = _TOKEN.match(line, position)
        assert match
        kind = match.lastgroup or "bad"
        found.append(_Token(kind, match[kind], match.start(kind), match.end()))
        if kind in ("end", "bad"):
            if kind == "bad":
                found.append(_Token("end", "", match.end(), match.end()))
            return found
        position = match.end()


class _Parser:
    def __init__(
        self,
        tokens: list[_Token],
        line: SourceLine,
        path: Path | None,
        context: Context | None,
        found: HbaFile,
    ) -> None:
        self._tokens = tokens
        self._line = line
        self._path = path
        self._context = context
        self._found = found
        self._origins: dict[str, Origin] = {}

    def rule(self, origin: Origin) -> HbaRule:
        kind = self._word("type", "unknown type")
        if kind not in _TYPES:
            raise _Skipped(f"unknown type {kind}")
        databases = self._names("database")
        users = self._names("user")
        address = LOCAL_ADDRESS if kind == "local" else self._address()
        method = self._word("method", "no method")
        if method not in _METHODS:
            raise _Skipped(f"unsupported method {method}")
        options: tuple[tuple[str, str], ...] = ()
        if method != "ldap" and self._tokens[0].kind == "word":
            name, equals, value = self._tokens.pop(0).text.partition("=")
            if name != "map" or not equals:
                raise _Skipped(f"{name} is not map=value")
            options = ((name, value),)
        if method != "ldap" and self._tokens[0].kind != "end":
            raise _Skipped("unsupported parameters")
        return HbaRule(
            kind, tuple(databases), tuple(users), address, method, options, origin, self._origins
        )

    def _word(self, name: str, missing: str) -> str:
        token = self._tokens[0]
        if token.kind != "word":
            raise _Skipped(missing)
        self._tokens.pop(0)
        self._origins[name] = self._line.origin(token.start, token.end)
        return token.text

    def _names(self, field: str) -> list[Name]:
        names: list[Name] = []
        first = self._tokens[0]
        last = first
        while True:
            token = self._tokens.pop(0)
            if token.kind == "end":
                raise _Skipped(f"no {field}")
            last = token
            if token.kind == "quoted":
                names.append(Name(NameKind.NAME, token.text.replace('""', '"'), True))
            elif token.kind == "word":
                names.extend(self._named(token.text, field))
            else:
                raise _Skipped(f"no {field} name at {token.text!r}")
            if self._tokens[0].kind != "comma":
                break
            self._tokens.pop(0)
        self._origins[field] = self._line.origin(first.start, last.end)
        return names

    def _named(self, text: str, field: str) -> list[Name]:
        if field == "database" and text in ("samerole", "samegroup"):
            raise _Skipped(f"{text} is not supported")
        if text in _KEYWORDS:
            return [Name(_KEYWORDS[text], text)]
        if text.startswith("+"):
            raise _Skipped("groups are not supported")
        if text.startswith("@"):
            return self._listed(text[1:], field)
        return [Name(NameKind.NAME, text)]

    def _listed(self, name: str, field: str) -> list[Name]:
        """The names in a file; commas part them within a line."""
        file = None
        if self._context is not None and self._path is not None:
            file = self._context.file(self._path.parent / name)
        text = self._context.text(file) if self._context is not None and file else None
        if text is None:
            reason = f'the file "{name}" is not among the scanned files'
            self._found.gaps.append(NotParsed(reason, self._line.origin(0, len(self._line.text))))
            return [Name(NameKind.UNKNOWN, reason)]
        self._found.files.append(text.path)
        names: list[Name] = []
        for line in text.string.split("\n"):
            for token in _tokens(line):
                if token.kind == "quoted":
                    names.append(Name(NameKind.NAME, token.text.replace('""', '"'), True))
                elif token.kind == "word" and not token.text.startswith("@"):
                    names.extend(self._named(token.text, field))
        return names

    def _address(self) -> ClientAddress:
        written = self._word("address", "no address")
        if written == "all":
            return ALL_ADDRESSES
        host, slash, length = written.partition("/")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise _Skipped(f"failed to parse address {host}") from None
        bits = address.max_prefixlen
        if slash:
            if not re.fullmatch(r"\+?[0-9]{1,20}", length) or int(length) > bits:
                raise _Skipped(f"invalid mask {length}")
            mask = ((1 << int(length)) - 1) << (bits - int(length))
        else:
            mask_text = self._word("mask", "no mask")
            try:
                parsed = ipaddress.ip_address(mask_text)
            except ValueError:
                raise _Skipped(f"failed to parse mask {mask_text}") from None
            if parsed.version != address.version:
                raise _Skipped(f"failed to parse mask {mask_text}")
            mask = int(parsed)
            written = f"{host} {mask_text}"
        base = int(address)
        if base & ~mask:
            return ClientAddress(
                AddressKind.NETWORK, written, NOWHERE, NOWHERE, address.version, base, mask
            )
        return network_address(written, address.version, base, mask)
