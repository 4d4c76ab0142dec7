# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""What each rule of pg_hba.conf can still match after the rules before it.

All connections are split into cells: a transport, a user and a database. The names that the file
mentions are users and databases of their own; everybody else is one "other" user. Within a cell a
set of addresses is left over from the rules so far. What is only perhaps matched (host names,
unknown memberships, regular expressions over unknown names) never hides a later rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar, cast

from connguard.policies.model.addresses import NOWHERE, AddressSet, Breadth, breadth
from connguard.policies.model.hba import (
    CLIENT_ADDRESSES,
    NETWORK,
    NOTHING_KNOWN,
    AddressKind,
    Answer,
    HbaRule,
    Memberships,
    Name,
    NameKind,
    Transport,
    database_answer,
    matches_every_name,
    replication_answer,
    user_answer,
)

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class UserCell:
    """A user that the file names, or any other one (`name` None).

    `groups` are the roles, among those that the file names, of which another user is a member.
    """

    name: str | None
    groups: frozenset[str] = frozenset()


class DatabaseKind(Enum):
    """SAME is the database that is called like a user whom the file does not name."""

    NAMED = "named"
    OTHER = "other"
    SAME = "same"
    REPLICATION = "replication"


@dataclass(frozen=True, slots=True)
class DatabaseCell:
    kind: DatabaseKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """`users` and `databases` are what is alike for all rules; the first stands for all."""

    transport: Transport
    users: tuple[UserCell, ...]
    databases: tuple[DatabaseCell, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a cell that a rule can match.

    `possible` are the addresses that no earlier rule surely takes and that this rule may match.
    `open` are those that it surely matches and that no earlier rule surely takes; `sure` those
    of them that no earlier rule may keep out. `named` tells that user and database surely match.
    """

    cell: Cell
    possible: AddressSet
    open: AddressSet
    sure: AddressSet
    named: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """A rule with what it can match, and the earlier rules that decide instead of it.

    `impossible` tells that it could not match even alone.
    """

    rule: HbaRule
    pieces: tuple[Piece, ...]
    hidden_by: tuple[HbaRule, ...]
    impossible: bool

    @property
    def lives(self) -> bool:
        return bool(self.pieces)

    @property
    def transports(self) -> frozenset[Transport]:
        """How connections that it decides may arrive."""
        return frozenset(piece.cell.transport for piece in self.pieces)

    def addresses(self, transports: Iterable[Transport] = NETWORK) -> AddressSet:
        """From where it lets somebody in (or keeps out), over the network."""
        wanted = frozenset(transports)
        return AddressSet.union_of(
            piece.open for piece in self.pieces if piece.cell.transport in wanted
        )

    def possible_addresses(self, transports: Iterable[Transport] = NETWORK) -> AddressSet:
        """As `addresses`, with what host names and network interfaces may add."""
        wanted = frozenset(transports)
        return AddressSet.union_of(
            piece.possible for piece in self.pieces if piece.cell.transport in wanted
        )


@dataclass(frozen=True, slots=True)
class Exposure:
    """From where somebody is let in, by one rule or by several together.

    `rule` adds most; `others` are the further rules that it takes. `certain` is how wide it is
    when all rules before that may keep somebody out do so; `doubt` is the first of them.
    """

    rule: HbaRule
    others: tuple[HbaRule, ...]
    addresses: AddressSet
    breadth: Breadth
    certain: Breadth
    doubt: HbaRule | None

    @property
    def rank(self) -> tuple[int, int]:
        return self.certain.rank, self.breadth.rank


@dataclass(slots=True)
class Coverage:
    """The outcome for a whole file, rule by rule in the order of the file."""

    reaches: tuple[Reach, ...]
    cells: tuple[Cell, ...] = ()
    left: Mapping[Cell, AddressSet] = field(default_factory=dict)

    def reach(self, rule: HbaRule) -> Reach:
        return next(reach for reach in self.reaches if reach.rule is rule)


def cover(
    rules: Sequence[HbaRule],
    memberships: Memberships = NOTHING_KNOWN,
    transports: frozenset[Transport] = frozenset(Transport),
) -> Coverage:
    """What every rule can match. `transports` leaves out what cannot happen (TLS with ssl off)."""
    cells = _cells(rules, memberships, transports)
    left = dict.fromkeys(cells, CLIENT_ADDRESSES)
    sure_left = dict(left)
    matches = [_name_answers(rule, cells, memberships) for rule in rules]
    reaches = []
    for index, rule in enumerate(rules):
        pieces = []
        alone = False
        for cell, answer in matches[index].items():
            alone = alone or bool(rule.address.possible)
            possible = rule.address.possible & left[cell]
            if possible:
                pieces.append(
                    Piece(
                        cell,
                        possible,
                        rule.address.sure & left[cell],
                        rule.address.sure & sure_left[cell],
                        answer is Answer.YES,
                    )
                )
            if answer is Answer.YES:
                left[cell] -= rule.address.sure
            if rule.rejects or rule.is_gap:
                sure_left[cell] -= _may_take(rule)
            elif answer is Answer.YES:
                sure_left[cell] -= rule.address.sure
        hidden_by = () if pieces else _deciders(rules[:index], matches, index, rule)
        reaches.append(Reach(rule, tuple(pieces), hidden_by, not alone))
    return Coverage(tuple(reaches), tuple(cells), left)


_Names = tuple[tuple[UserCell, ...], tuple[DatabaseCell, ...]]


def _may_take(rule: HbaRule) -> AddressSet:
    """What a rule may keep out. A host name is a few addresses, never the internet."""
    if rule.address.kind in (AddressKind.NETWORK, AddressKind.UNKNOWN):
        return rule.address.possible
    return rule.address.sure


def exposures(coverage: Coverage) -> list[Exposure]:
    """The widest set of addresses from which each accepting rule lets somebody in.

    Rules count together when they let in the same user to the same database: two halves of the
    internet on two lines are the internet.
    """
    by_cell: dict[_Names, list[tuple[Reach, AddressSet, AddressSet]]] = {}
    for reach in coverage.reaches:
        if reach.rule.rejects or reach.rule.is_gap:
            continue
        shares: dict[_Names, tuple[AddressSet, AddressSet]] = {}
        for piece in reach.pieces:
            if piece.cell.transport is Transport.LOCAL:
                continue
            key = piece.cell.users, piece.cell.databases
            found, sure = shares.get(key, (NOWHERE, NOWHERE))
            shares[key] = found | piece.open, sure | piece.sure
        for key, (found, sure) in shares.items():
            by_cell.setdefault(key, []).append((reach, found, sure))
    worst: dict[int, Exposure] = {}
    for together in by_cell.values():
        exposure = _exposure(together, coverage)
        if exposure is None:
            continue
        known = worst.get(id(exposure.rule))
        if known is None or known.rank < exposure.rank:
            worst[id(exposure.rule)] = exposure
    return [worst[id(reach.rule)] for reach in coverage.reaches if id(reach.rule) in worst]


def _exposure(
    together: list[tuple[Reach, AddressSet, AddressSet]], coverage: Coverage
) -> Exposure | None:
    everything = AddressSet.union_of(found for _, found, _ in together)
    width = breadth(everything)
    if width is Breadth.NARROW:
        return None
    ranked = sorted(
        together,
        key=lambda one: (breadth(one[1]).rank, one[1].size(4) / 2**32 + one[1].size(6) / 2**128),
        reverse=True,
    )
    needed: list[tuple[Reach, AddressSet, AddressSet]] = []
    for one in ranked:
        reached = breadth(AddressSet.union_of(found for _, found, _ in needed)) is width
        if not reached or breadth(one[1]).rank >= Breadth.PUBLIC_BLOCK.rank:
            needed.append(one)
    rule = needed[0][0].rule
    others = tuple(
        reach.rule
        for reach in coverage.reaches
        if any(reach is other for other, _, _ in needed[1:])
    )
    addresses = AddressSet.union_of(found for _, found, _ in needed)
    certain = breadth(AddressSet.union_of(sure for _, _, sure in needed))
    doubt = _doubtful(coverage, rule) if certain.rank < width.rank else None
    return Exposure(rule, others, addresses, width, certain, doubt)


def _doubtful(coverage: Coverage, rule: HbaRule) -> HbaRule | None:
    """The first rule before `rule` that may keep connections out, or be anything."""
    for reach in coverage.reaches:
        if reach.rule is rule:
            return None
        if (reach.rule.rejects or reach.rule.is_gap) and reach.pieces:
            uncertain = reach.rule.is_gap or any(
                name.kind in (NameKind.REGEX, NameKind.MEMBER, NameKind.SAMEROLE, NameKind.UNKNOWN)
                for name in (*reach.rule.users, *reach.rule.databases)
            )
            if uncertain:
                return reach.rule
    return None


def _deciders(
    earlier: Sequence[HbaRule],
    matches: Sequence[Mapping[Cell, Answer]],
    index: int,
    rule: HbaRule,
) -> tuple[HbaRule, ...]:
    """The earlier rules that take everything that `rule` could match."""
    found: set[int] = set()
    for cell in matches[index]:
        wanted = rule.address.possible
        for number, other in enumerate(earlier):
            if not wanted:
                break
            if matches[number].get(cell) is Answer.YES and wanted & other.address.sure:
                found.add(number)
                wanted -= other.address.sure
    return tuple(earlier[number] for number in sorted(found))


def _name_answers(
    rule: HbaRule, cells: Sequence[Cell], memberships: Memberships
) -> dict[Cell, Answer]:
    """The cells whose names the rule may match."""
    found: dict[Cell, Answer] = {}
    transports = rule.transports
    users: dict[tuple[UserCell, DatabaseCell], Answer] = {}
    for cell in cells:
        if cell.transport not in transports:
            continue
        pair = cell.users[0], cell.databases[0]
        if pair not in users:
            users[pair] = min(
                max((_user(name, *pair, memberships) for name in rule.users), default=Answer.NO),
                max(
                    (_database(name, *pair, memberships) for name in rule.databases),
                    default=Answer.NO,
                ),
            )
        if users[pair] is not Answer.NO:
            found[cell] = users[pair]
    return found


def _user(name: Name, user: UserCell, database: DatabaseCell, memberships: Memberships) -> Answer:
    if user.name is not None:
        return user_answer(name, user.name, database.name, memberships)
    match name.kind:
        case NameKind.ALL:
            return Answer.YES
        case NameKind.REGEX:
            return Answer.YES if matches_every_name(name.text) else Answer.MAYBE
        case NameKind.MEMBER:
            return Answer.YES if name.text in user.groups else Answer.NO
        case NameKind.SAMEUSER:
            return Answer.YES if database.kind is DatabaseKind.SAME else Answer.NO
        case NameKind.UNKNOWN:
            return Answer.MAYBE
        case _:
            return Answer.NO


def _database(
    name: Name, user: UserCell, database: DatabaseCell, memberships: Memberships
) -> Answer:
    if database.kind is DatabaseKind.REPLICATION:
        return replication_answer(name)
    if database.kind is DatabaseKind.NAMED and user.name is not None:
        return database_answer(name, database.name, user.name, memberships)
    match name.kind:
        case NameKind.ALL:
            return Answer.YES
        case NameKind.NAME:
            named = database.kind is DatabaseKind.NAMED
            return Answer.YES if named and name.text == database.name else Answer.NO
        case NameKind.REGEX:
            if database.kind is DatabaseKind.NAMED:
                return database_answer(name, database.name, "", memberships)
            return Answer.YES if matches_every_name(name.text) else Answer.MAYBE
        case NameKind.SAMEUSER:
            return Answer.YES if database.kind is DatabaseKind.SAME else Answer.NO
        case NameKind.SAMEROLE:
            if database.kind is DatabaseKind.SAME:
                return Answer.YES
            if user.name is None and database.kind is DatabaseKind.NAMED:
                return Answer.YES if database.name in user.groups else Answer.NO
            return Answer.MAYBE
        case NameKind.UNKNOWN:
            return Answer.MAYBE
        case _:
            return Answer.NO


def _cells(
    rules: Sequence[HbaRule], memberships: Memberships, transports: frozenset[Transport]
) -> list[Cell]:
    """The cells, with users and databases that no rule tells apart taken together."""
    users, databases = _alphabets(rules, memberships)
    user_classes = _classes(
        [user for user in users if user.name is not None],
        lambda user: _user_signature(user, rules, memberships),
    )
    user_classes += [(user,) for user in users if user.name is None]
    cells: list[Cell] = []
    for user_class in user_classes:
        own = [
            database
            for database in databases
            if database.kind is not DatabaseKind.SAME or user_class[0].name is None
        ]
        signatures = {
            database: _pair_signature(user_class[0], database, rules, memberships)
            for database in own
        }
        for database_class in _classes(own, signatures.__getitem__):
            cells.extend(
                Cell(transport, user_class, database_class)
                for transport in Transport
                if transport in transports
            )
    return cells


def _alphabets(
    rules: Sequence[HbaRule], memberships: Memberships
) -> tuple[list[UserCell], list[DatabaseCell]]:
    user_names: dict[str, None] = {}
    database_names: dict[str, None] = {}
    groups: dict[str, None] = {}
    linked = False
    for rule in rules:
        for name in rule.users:
            if name.kind is NameKind.NAME:
                user_names[name.text] = None
            elif name.kind is NameKind.MEMBER:
                groups[name.text] = None
            linked = linked or name.kind is NameKind.SAMEUSER
        for name in rule.databases:
            if name.kind is NameKind.NAME:
                database_names[name.text] = None
            if name.kind in (NameKind.SAMEUSER, NameKind.SAMEROLE):
                linked = True
    if linked:
        # "database called like the user": every name is then both.
        both = {**user_names, **database_names}
        if any(name.kind is NameKind.SAMEROLE for rule in rules for name in rule.databases):
            groups.update(database_names)
        user_names = database_names = both
    users = [UserCell(name) for name in user_names]
    users.append(UserCell(None))
    users.extend(dict.fromkeys(UserCell(None, memberships.roles_of(group)) for group in groups))
    databases = [DatabaseCell(DatabaseKind.NAMED, name) for name in database_names]
    databases.append(DatabaseCell(DatabaseKind.OTHER))
    if linked:
        databases.append(DatabaseCell(DatabaseKind.SAME))
    databases.append(DatabaseCell(DatabaseKind.REPLICATION))
    return users, databases


def _user_signature(
    user: UserCell, rules: Sequence[HbaRule], memberships: Memberships
) -> tuple[object, ...]:
    """Equal for users that no rule tells apart. (With linked names, every user stands alone.)"""
    kinds = {
        name.kind for rule in rules for names in (rule.users, rule.databases) for name in names
    }
    if kinds & {NameKind.SAMEUSER, NameKind.SAMEROLE}:
        return (user.name,)
    other = DatabaseCell(DatabaseKind.OTHER)
    return tuple(
        max((_user(name, user, other, memberships) for name in rule.users), default=Answer.NO)
        for rule in rules
    )


def _pair_signature(
    user: UserCell, database: DatabaseCell, rules: Sequence[HbaRule], memberships: Memberships
) -> tuple[object, ...]:
    own = [database.kind is DatabaseKind.REPLICATION]
    return (
        *own,
        *(
            max(
                (_database(name, user, database, memberships) for name in rule.databases),
                default=Answer.NO,
            )
            for rule in rules
        ),
        *(
            max(
                (_user(name, user, database, memberships) for name in rule.users),
                default=Answer.NO,
            )
            for rule in rules
        ),
    )


def _classes(items: Iterable[K], signature: Callable[[K], object]) -> list[tuple[K, ...]]:
    """The items, those with equal signatures together, in the order of their first."""
    found: dict[object, list[K]] = {}
    for item in items:
        found.setdefault(signature(item), []).append(item)
    return [tuple(same) for same in found.values()]


@dataclass(frozen=True, slots=True)
class Row:
    """Who may come from where under one rule: everything of `users` x `databases` x addresses.

    `certain` is False where the rule matches only perhaps.
    """

    rule: HbaRule
    transports: frozenset[Transport]
    users: tuple[UserCell, ...]
    databases: tuple[DatabaseCell, ...]
    addresses: AddressSet
    certain: bool


def rows(reach: Reach) -> list[Row]:
    """What a rule decides, in as few rows as a simple merge gives."""
    by_transport: dict[tuple[object, ...], set[Transport]] = {}
    for piece in reach.pieces:
        certain = piece.named and piece.open == piece.possible
        key = piece.cell.users, piece.cell.databases, (piece.possible, certain)
        by_transport.setdefault(key, set()).add(piece.cell.transport)
    by_database: dict[tuple[object, ...], list[DatabaseCell]] = {}
    for (users, databases, addresses), transports in by_transport.items():
        own = by_database.setdefault((users, frozenset(transports), addresses), [])
        own.extend(cast("tuple[DatabaseCell, ...]", databases))
    by_user: dict[tuple[object, ...], list[UserCell]] = {}
    for (users, found, addresses), all_databases in by_database.items():
        own_users = by_user.setdefault((tuple(all_databases), found, addresses), [])
        own_users.extend(cast("tuple[UserCell, ...]", users))
    return [
        Row(
            reach.rule,
            cast("frozenset[Transport]", found),
            tuple(users),
            cast("tuple[DatabaseCell, ...]", databases),
            *cast("tuple[AddressSet, bool]", addresses),
        )
        for (databases, found, addresses), users in by_user.items()
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules make of a login from many addresses.

    `refused` are those that a rule in `by` rejects or that no rule matches; of the `doubtful` ones
    that is not known.
    """

    accepted: AddressSet
    refused: AddressSet
    doubtful: AddressSet
    by: tuple[HbaRule, ...]


def outcome(
    rules: Sequence[HbaRule],
    user: str,
    database: str,
    transport: Transport,
    addresses: AddressSet,
    memberships: Memberships = NOTHING_KNOWN,
) -> Outcome:
    """What happens to an ordinary login of `user` to `database` from each of `addresses`."""
    left = addresses
    accepted = may_accept = may_reject = NOWHERE
    by: list[HbaRule] = []
    for rule in rules:
        if transport not in rule.transports:
            continue
        answer = min(
            max(user_answer(name, user, database, memberships) for name in rule.users),
            max(database_answer(name, database, user, memberships) for name in rule.databases),
        )
        if answer is Answer.NO:
            continue
        sure = rule.address.sure & left if answer is Answer.YES else NOWHERE
        perhaps = (rule.address.possible & left) - sure
        if rule.is_gap or not rule.rejects:
            may_accept |= perhaps
        if rule.is_gap or rule.rejects:
            may_reject |= perhaps
        if rule.rejects and sure:
            by.append(rule)
        elif not rule.rejects:
            accepted |= sure
        left -= sure
    doubtful = (accepted & may_reject) | ((addresses - accepted) & may_accept)
    refused = addresses - accepted - doubtful
    return Outcome(accepted - doubtful, refused, doubtful, tuple(by))
