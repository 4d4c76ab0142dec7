# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odyssey's configuration: nested blocks of `name value` pairs, in a dialect of its own.

Every `user` block of a `database` block has a pool of its own; `default` stands for all names that
have no block. A pool size of 0, the default, is no limit. A `group` block is for users that
a query on the server names, so they are not known here. A `shared_pool` is one pool of several
blocks. https://github.com/yandex/odyssey/blob/master/docs/configuration/rules.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field, replace

from connguard.budget.discovered import PoolerReady
from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import ANY, Pooler, PoolerEntry
from connguard.policies.model.whole_numbers import whole

_TOKEN = lazily(r'#[^\n]*|"(?P<string>(?:\\.|[^"\\])*)"|(?P<mark>[{}])|(?P<word>[^\s{}"#]+)')
_MODERN = ((1, 24),)
_MOST_DEPTH = 20


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    mark: bool
    keyword: bool


@dataclass(slots=True)
class Block:
    """`kind "name" { … }`; `name` is None for `default`. Values are the last of their names."""

    kind: str
    name: str | None
    origin: Origin
    values: dict[str, tuple[str, Origin]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def of(self, kind: str) -> list[Block]:
        return [block for block in self.blocks if block.kind == kind]

    def text(self, name: str) -> str | None:
        return self.values[name][0] if name in self.values else None


Include = Callable[[Text, str], Text | None]
"""The file that a text includes; None where it is not at hand."""


def read(text: Text, include: Include) -> PoolerReady | None:
    """The pooler of an odyssey.conf; None if it has no route to a server."""
    top = Block("", None, text.line_origin(1))
    missing: list[Origin] = []
    _parse(text, top, include, missing, 0)
    hosts = {
        block.name: block.text("host")
        for block in top.of("storage")
        if block.text("type") != "local"
    }
    # The last entry that fits counts: those of any user come first.
    entries = tuple(sorted(_entries(top, hosts), key=lambda one: one.client_user is not None))
    if not entries:
        return None
    for origin in missing:
        # What an included file routes is not known.
        size = unknown_amount("pool_size", "a file that is included is not read", origin)
        entries = (*entries, PoolerEntry(ANY, origin, pool_size=size))
    modes = {entry.pool_mode for entry in entries}
    pooler = Pooler(
        name="odyssey",
        origin=entries[0].origin,
        kind="odyssey",
        instances=exactly(1),
        versions=_MODERN,
        entries=entries,
        login_users=frozenset(entry.client_user for entry in entries if entry.client_user),
        users_known=all(entry.client_user for entry in entries),
        default_pool_size=exactly(0, "pool_size"),
        max_client_conn=_clients(top),
        pool_mode="session" if modes == {"session"} else "transaction",
    )
    return PoolerReady(pooler, frozenset({"odyssey"}))


def _entries(top: Block, hosts: dict[str | None, str | None]) -> Iterator[PoolerEntry]:
    shared = _shared_sizes(top)
    for database in top.of("database"):
        groups = [
            _entry(database, group, None, hosts, shared)
            for group in database.of("group")
            if group.text("storage") in hosts
        ]
        anybody = None
        for user in database.of("user"):
            if user.text("storage") not in hosts:
                continue  # the console, or no storage at all
            entry = _entry(database, user, user.name, hosts, shared)
            if user.name is None:
                anybody = entry
            else:
                yield entry
        others = [*([anybody] if anybody is not None else []), *groups]
        if others:
            yield _any_of(others)


def _entry(
    database: Block,
    block: Block,
    user: str | None,
    hosts: dict[str | None, str | None],
    shared: dict[str, Amount],
) -> PoolerEntry:
    size = shared.get(block.text("shared_pool") or "") or _number(block, "pool_size")
    return PoolerEntry(
        name=database.name or ANY,
        origin=block.origin,
        database=block.text("storage_db"),
        user=block.text("storage_user") or user,
        client_user=user,
        pool_size=size,
        max_client_connections=_number(block, "client_max"),
        min_pool_size=_number(block, "min_pool_size"),
        pool_mode=block.text("pool"),
        host=_host(hosts[block.text("storage")]),
    )


def _any_of(entries: list[PoolerEntry]) -> PoolerEntry:
    """One entry for the users of `default` and of the groups, which are not known."""
    if len(entries) == 1:
        return entries[0]
    sizes = [one.pool_size or exactly(0) for one in entries]
    limited = [size for size in sizes if size.low > 0]
    reason = "which group a user is in"
    low = min((size.low for size in limited), default=0)
    place = next((size.origin for size in sizes if size.origin is not None), entries[0].origin)
    if len(limited) < len(sizes):
        size = unknown_amount("pool_size", reason, place, low)
    else:
        size = Amount(low, max(one.high for one in sizes), "pool_size", place, reason)
    users = {one.user for one in entries}
    modes = {one.pool_mode for one in entries}
    return replace(
        entries[0],
        user=users.pop() if len(users) == 1 else None,
        pool_size=size,
        pool_mode=modes.pop() if len(modes) == 1 else "session",
    )


def _shared_sizes(top: Block) -> dict[str, Amount]:
    """What one of the blocks that share a pool can have of it: all, but not all of them at once."""
    users = [
        block.text("shared_pool")
        for database in top.of("database")
        for kind in ("user", "group")
        for block in database.of(kind)
    ]
    sizes = {}
    for pool in top.of("shared_pool"):
        size = _number(pool, "pool_size")
        count = users.count(pool.name)
        if size is not None and pool.name is not None and count:
            reason = f"how the blocks share the pool {pool.name}"
            low = size.low if count == 1 else size.low // count
            sizes[pool.name] = replace(size, low=low, reason=reason if count > 1 else size.reason)
    return sizes


def _host(text: str | None) -> str | None:
    """The first host of `[a]:5432,[b]:5432`, or a plain name."""
    if text is None:
        return None
    return text.split(",")[0].partition("]")[0].lstrip("[") or None


def _clients(top: Block) -> Amount:
    number = _number(top, "client_max")
    if number is not None and number.high > 0:
        return number
    return unknown_amount("client_max", "the pooler does not limit its clients", low=1 << 20)


def _number(block: Block, name: str) -> Amount | None:
    if name not in block.values:
        return None
    text, origin = block.values[name]
    if text.isdecimal():
        return exactly(whole(text), name, origin)
    return unknown_amount(name, f"{text} is filled in elsewhere", origin)


def _parse(text: Text, top: Block, include: Include, missing: list[Origin], depth: int) -> None:
    """Add the blocks of a file, as far as its braces are balanced, and those of its includes."""
    tokens = list(_tokens(text.string))
    stack = [top]
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.mark:
            if token.text == "}" and len(stack) > 1:
                stack.pop()
            continue
        names: list[_Token] = []
        while position < len(tokens) and len(names) < 2 and not tokens[position].mark:
            following = tokens[position]
            ahead = tokens[position + 1] if position + 1 < len(tokens) else None
            names.append(following)
            position += 1
            if ahead is None or not (ahead.mark and ahead.text == "{"):
                break
        opens = position < len(tokens) and tokens[position].mark and tokens[position].text == "{"
        if opens and len(stack) < _MOST_DEPTH:
            name = names[0].text if names and not _is_default(names[0]) else None
            block = Block(token.text, name, text.origin(token.start, token.end))
            stack[-1].blocks.append(block)
            stack.append(block)
            position += 1
        elif names:
            place = text.origin(names[0].start, names[0].end)
            if token.text == "include" and len(stack) == 1:
                other = include(text, names[0].text) if depth < _MOST_DEPTH else None
                if other is None:
                    missing.append(place)
                else:
                    _parse(other, top, include, missing, depth + 1)
            else:
                stack[-1].values[token.text] = names[0].text, place


def _is_default(token: _Token) -> bool:
    return token.keyword and token.text == "default"


def _tokens(string: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(string):
        quoted = match["string"]
        if quoted is not None:
            yield _Token(quoted, match.start(), match.end(), mark=False, keyword=False)
        elif match["mark"]:
            yield _Token(match["mark"], match.start(), match.end(), mark=True, keyword=False)
        elif match["word"]:
            yield _Token(match["word"], match.start(), match.end(), mark=False, keyword=True)
