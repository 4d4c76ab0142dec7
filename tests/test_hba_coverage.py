# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evaluation over sets agrees with a first match tried out on single connections."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connguard.engine.text import Text
from connguard.policies.model.addresses import AddressSet
from connguard.policies.model.hba import (
    Answer,
    Connection,
    HbaRule,
    Memberships,
    Transport,
    decide,
)
from connguard.policies.model.hba_cells import (
    Cell,
    DatabaseCell,
    DatabaseKind,
    Grid,
    UserCell,
)
from connguard.policies.model.hba_coverage import Coverage, cover, outcome
from connguard.postgres.hba_reader import read_hba_text

Test = Callable[[Connection], bool]

MEMBERS = {"alice": {"alice", "ops", "staff"}, "ops": {"ops", "staff"}, "staff": {"staff"}}
MEMBERSHIPS = Memberships(
    {"alice": frozenset(("ops",)), "ops": frozenset(("staff",))},
    frozenset(("alice", "ops", "staff", "app", "bob", "stranger", "shop")),
)


def _member(user: str, group: str) -> bool:
    return group in MEMBERS.get(user, {user})


def _v4(first: str, last: str) -> Test:
    low, high = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
    return lambda c: isinstance(c.address, ipaddress.IPv4Address) and low <= c.address <= high


# What a field says, written down once more without the code under test.
DATABASES: dict[str, Test] = {
    "all": lambda c: not c.replication,
    "shop": lambda c: not c.replication and c.database == "shop",
    "app": lambda c: not c.replication and c.database == "app",
    "sameuser": lambda c: not c.replication and c.database == c.user,
    "samerole": lambda c: not c.replication and _member(c.user, c.database),
    "replication": lambda c: c.replication,
    '"replication"': lambda c: not c.replication and c.database == "replication",
    "/^s": lambda c: not c.replication and c.database.startswith("s"),
}
USERS: dict[str, Test] = {
    "all": lambda c: True,
    "app": lambda c: c.user == "app",
    "bob": lambda c: c.user == "bob",
    "+ops": lambda c: _member(c.user, "ops"),
    "+staff": lambda c: _member(c.user, "staff"),
    "/^a": lambda c: c.user.startswith("a"),
    '"all"': lambda c: c.user == "all",
}
ADDRESSES: dict[str, Test] = {
    "all": lambda c: True,
    "0.0.0.0/0": _v4("0.0.0.0", "255.255.255.255"),
    "0.0.0.0/1": _v4("0.0.0.0", "127.255.255.255"),
    "128.0.0.0/1": _v4("128.0.0.0", "255.255.255.255"),
    "10.0.0.0/8": _v4("10.0.0.0", "10.255.255.255"),
    "10/8": _v4("0.0.0.0", "0.255.255.255"),
    "10.1.2.3/32": _v4("10.1.2.3", "10.1.2.3"),
    "::/0": lambda c: isinstance(c.address, ipaddress.IPv6Address),
    "10.1.0.3 255.255.0.255": lambda c: (
        isinstance(c.address, ipaddress.IPv4Address)
        and c.address.packed[:2] == bytes((10, 1))
        and c.address.packed[3] == 3
    ),
}
TYPES: dict[str, set[Transport]] = {
    "local": {Transport.LOCAL},
    "host": {Transport.PLAIN, Transport.TLS, Transport.GSS},
    "hostssl": {Transport.TLS},
    "hostnossl": {Transport.PLAIN, Transport.GSS},
    "hostgssenc": {Transport.GSS},
    "hostnogssenc": {Transport.PLAIN, Transport.TLS},
}
METHODS = ("trust", "reject", "scram-sha-256")


@dataclass(frozen=True)
class Line:
    """One generated line, and the test that says whether it matches."""

    type: str
    databases: tuple[str, ...]
    users: tuple[str, ...]
    address: str
    method: str

    def __str__(self) -> str:
        address = "" if self.type == "local" else self.address
        names = f"{','.join(self.databases)} {','.join(self.users)}"
        return f"{self.type} {names} {address} {self.method}"

    def matches(self, connection: Connection) -> bool:
        return (
            connection.transport in TYPES[self.type]
            and any(DATABASES[name](connection) for name in self.databases)
            and any(USERS[name](connection) for name in self.users)
            and (connection.address is None or ADDRESSES[self.address](connection))
        )


LINES = st.builds(
    Line,
    st.sampled_from(sorted(TYPES)),
    st.lists(st.sampled_from(sorted(DATABASES)), min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from(sorted(USERS)), min_size=1, max_size=3).map(tuple),
    st.sampled_from(sorted(ADDRESSES)),
    st.sampled_from(METHODS),
)
CLIENTS = [
    ipaddress.ip_address(text)
    for text in ("10.1.2.3", "10.9.9.3", "10.0.0.1", "0.0.0.9", "127.0.0.1", "200.1.1.1", "2a00::1")
]


@st.composite
def connections(draw: st.DrawFn) -> Connection:
    transport = draw(st.sampled_from(list(Transport)))
    return Connection(
        transport,
        draw(st.sampled_from(("shop", "app", "ops", "staff", "replication", "other", "stranger"))),
        draw(st.sampled_from(("app", "bob", "alice", "ops", "stranger", "shop"))),
        None if transport is Transport.LOCAL else draw(st.sampled_from(CLIENTS)),
        draw(st.booleans()),
    )


def _holds(cell: Cell, connection: Connection, coverage: Coverage) -> bool:
    """Whether a connection is one of a cell's."""
    names = {user.name for one in coverage.cells for user in one.users}
    if connection.user in names:
        user = UserCell(connection.user)
    else:
        groups = {group for one in coverage.cells for user in one.users for group in user.groups}
        own = frozenset(MEMBERS.get(connection.user, set()) & groups)
        user = UserCell(None, own)
    databases = {
        database.name
        for one in coverage.cells
        for database in one.databases
        if database.kind is DatabaseKind.NAMED
    }
    kinds = {database.kind for one in coverage.cells for database in one.databases}
    if connection.replication:
        database = DatabaseCell(DatabaseKind.REPLICATION)
    elif connection.database in databases:
        database = DatabaseCell(DatabaseKind.NAMED, connection.database)
    elif connection.user == connection.database and DatabaseKind.SAME in kinds and not user.name:
        database = DatabaseCell(DatabaseKind.SAME)
    else:
        database = DatabaseCell(DatabaseKind.OTHER)
    return (
        cell.transport is connection.transport and user in cell.users and database in cell.databases
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=7), st.lists(connections(), min_size=1, max_size=12))
def test_sets_and_single_connections_agree(lines: list[Line], tried: list[Connection]) -> None:
    """Brute-force first match, `decide`, `cover` and `outcome` say the same."""
    file = read_hba_text(Text("pg_hba.conf", "\n".join(map(str, lines))))
    assert file.problems == []
    coverage = cover(file.rules, MEMBERSHIPS)
    for connection in tried:
        expected = next(
            (index for index, line in enumerate(lines) if line.matches(connection)), None
        )
        decision = decide(file.rules, connection, MEMBERSHIPS)
        assert decision.doubt is None
        found = None if decision.rule is None else file.rules.index(decision.rule)
        assert found is not None or expected is None
        if expected is not None:
            assert str(lines[expected]) == str(lines[found or 0])
            assert decision.steps[-1].rule is file.rules[expected]
        address = connection.address or ipaddress.ip_address("10.0.0.1")
        if expected is not None:
            pieces = [
                piece
                for piece in coverage.reaches[expected].pieces
                if _holds(piece.cell, connection, coverage) and address in piece.possible
            ]
            assert pieces, f"line {expected + 1} decides about {connection}"
        if connection.address is not None and not connection.replication:
            told = outcome(
                file.rules,
                connection.user,
                connection.database,
                connection.transport,
                AddressSet.of(connection.address),
                MEMBERSHIPS,
            )
            lets_in = expected is not None and lines[expected].method != "reject"
            assert bool(told.accepted) == lets_in
            assert bool(told.refused) != lets_in
            assert not told.doubtful


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, min_size=2, max_size=8), st.lists(connections(), min_size=20, max_size=30))
def test_a_dead_line_decides_about_nothing(lines: list[Line], tried: list[Connection]) -> None:
    """No connection is decided by a line that is called dead, and its hiders are before it."""
    file = read_hba_text(Text("pg_hba.conf", "\n".join(map(str, lines))))
    coverage = cover(file.rules, MEMBERSHIPS)
    for index, reach in enumerate(coverage.reaches):
        if reach.lives:
            continue
        assert reach.hidden_by
        for hider in reach.hidden_by:
            assert hider.origin.line < reach.rule.origin.line
        for connection in tried:
            first = next((n for n, line in enumerate(lines) if line.matches(connection)), None)
            assert first != index


def test_lines_with_samerole_are_compared_for_their_users_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lines for n users beside lines for n databases: n x n pairs, and not n times as many."""
    asked = 0
    original = Grid._pair_answer

    def counted(grid: Grid, rule: HbaRule, user: UserCell, database: DatabaseCell) -> Answer:
        nonlocal asked
        asked += 1
        return original(grid, rule, user, database)

    monkeypatch.setattr(Grid, "_pair_answer", counted)
    pairs = {}
    for lines in (5, 20):
        asked = 0
        text = "".join(
            f"host samerole u{number} 10.{number}.0.0/16 md5\n"
            f"host db{number} all 11.{number}.0.0/16 md5\n"
            for number in range(lines)
        )
        cover(read_hba_text(Text("pg_hba.conf", text), 18).rules)
        pairs[lines] = asked

    assert pairs[20] < 32 * pairs[5]
