# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""What each rule of pg_hba.conf can still match after the rules before it.

All connections are split into cells: a transport, a user and a database. The names that the file
mentions are users and databases of their own; everybody else is one "other" user. Within a cell a
set of addresses is left over from the rules so far. What is only perhaps matched (host names,
unknown memberships, regular expressions over unknown names) never hides a later rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from connguard.policies.model.addresses import (
    NOWHERE,
    AddressSet,
    Breadth,
    BreadthLimits,
    GrowingSet,
    Size,
    breadth,
)
from connguard.policies.model.hba import (
    CLIENT_ADDRESSES,
    NETWORK,
    NOTHING_KNOWN,
    AddressKind,
    Answer,
    HbaRule,
    Memberships,
    NameKind,
    Transport,
    database_answer,
    user_answer,
)
from connguard.policies.model.hba_cells import (
    MOST_COMPARISONS,
    Cell,
    DatabaseCell,
    Grid,
    TooManyCells,
    UserCell,
)
from connguard.policies.model.hba_distinct import DistinctGrid
from connguard.policies.model.records import dataclass


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

    def reach(self, rule: HbaRule) -> Reach:
        return next(reach for reach in self.reaches if reach.rule is rule)


def cover(
    rules: Sequence[HbaRule],
    memberships: Memberships = NOTHING_KNOWN,
    transports: frozenset[Transport] = frozenset(Transport),
    most: int = MOST_COMPARISONS,
    *,
    distinct: bool = False,
) -> Coverage:
    """What every rule can match. `transports` leaves out what cannot happen (TLS with ssl off).

    With `distinct`, one user and one database stand for all that the rules treat alike: enough to
    judge the rules, and much less than all pairs.
    Raises TooManyCells when more than `most` pairs of rules and cells are to be compared.
    """
    make = DistinctGrid if distinct else Grid
    grid = make(rules, memberships, transports, most)
    left = [CLIENT_ADDRESSES] * len(grid.cells)
    sure_left = list(left)
    takers: list[list[tuple[int, HbaRule]]] = [[] for _ in grid.cells]
    reaches = []
    for index, rule in enumerate(rules):
        step = _Step(rule, grid.count)
        pieces = []
        matches = grid.matches(rule)
        for place, answer in matches.items():
            shares = step.shares(left[place], sure_left[place])
            if shares[0]:
                pieces.append(Piece(grid.cells[place], *shares, answer is Answer.YES))
            if answer is Answer.YES:
                left[place] = step.without(left[place], rule.address.sure)
            if rule.rejects or rule.is_gap:
                sure_left[place] = step.without(sure_left[place], _may_take(rule))
            elif answer is Answer.YES:
                sure_left[place] = step.without(sure_left[place], rule.address.sure)
        hidden_by = () if pieces else _deciders([takers[place] for place in matches], rule)
        for place, answer in matches.items():
            if answer is Answer.YES and rule.address.sure:
                takers[place].append((index, rule))
        alone = bool(matches) and bool(rule.address.possible)
        reaches.append(Reach(rule, tuple(pieces), hidden_by, not alone))
    return Coverage(tuple(reaches), tuple(grid.cells))


def cover_each(
    rules: Sequence[HbaRule],
    memberships: Memberships = NOTHING_KNOWN,
    transports: frozenset[Transport] = frozenset(Transport),
) -> Coverage:
    """What every rule could match if it were the only one: no rule hides another one.

    A rule that cannot be looked at even so is left out.
    """
    reaches: list[Reach] = []
    for rule in rules:
        try:
            reaches.extend(cover([rule], memberships, transports, distinct=True).reaches)
        except TooManyCells:  # it names more users and databases than any file has
            continue
    return Coverage(tuple(reaches))


class _Step:
    """The set arithmetic of one rule. Most cells share a few sets, so that results are kept."""

    def __init__(self, rule: HbaRule, count: Callable[[int], None]) -> None:
        self._address = rule.address
        self._count = count
        self._shares: dict[tuple[int, int], tuple[AddressSet, AddressSet, AddressSet]] = {}
        self._rest: dict[tuple[int, int], AddressSet] = {}
        self._kept: list[AddressSet] = []  # an id is only unique while its object lives

    def shares(
        self, left: AddressSet, sure_left: AddressSet
    ) -> tuple[AddressSet, AddressSet, AddressSet]:
        key = id(left), id(sure_left)
        if key not in self._shares:
            self._count(_NEW_SETS)
            self._kept += (left, sure_left)
            sure = self._address.sure
            self._shares[key] = self._address.possible & left, sure & left, sure & sure_left
        return self._shares[key]

    def without(self, left: AddressSet, taken: AddressSet) -> AddressSet:
        key = id(left), id(taken)
        if key not in self._rest:
            self._kept += (left, taken)
            self._rest[key] = left - taken
        return self._rest[key]


_NEW_SETS = 10
"""What cutting new sets of addresses costs, in comparisons."""

_Names = tuple[tuple[UserCell, ...], tuple[DatabaseCell, ...]]
_From = tuple[AddressSet, bool]


def _may_take(rule: HbaRule) -> AddressSet:
    """What a rule may keep out. A host name is a few addresses, never the internet."""
    if rule.address.kind in (AddressKind.NETWORK, AddressKind.UNKNOWN):
        return rule.address.possible
    return rule.address.sure


def exposures(coverage: Coverage, limits: BreadthLimits | None = None) -> list[Exposure]:
    """The widest set of addresses from which each accepting rule lets somebody in.

    Rules count together when they let in the same user to the same database: two halves of the
    internet on two lines are the internet.
    """
    by_cell: dict[_Names, list[_Share]] = {}
    doubts = _doubts(coverage)
    widths = _Widths(limits or BreadthLimits())
    for index, reach in enumerate(coverage.reaches):
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
            by_cell.setdefault(key, []).append(_Share(index, reach.rule, found, sure))
    worst: dict[int, Exposure] = {}
    for together in by_cell.values():
        widest = max(together, key=lambda one: widths.key(one.found))
        known = worst.get(id(widest.rule))
        if known is not None and known.rank == _WORST:
            continue
        exposure = _exposure(together, doubts, widths)
        if exposure is None:
            continue
        if known is None or known.rank < exposure.rank:
            worst[id(exposure.rule)] = exposure
    return [worst[id(reach.rule)] for reach in coverage.reaches if id(reach.rule) in worst]


_WORST = Breadth.INTERNET.rank, Breadth.INTERNET.rank


@dataclass(frozen=True, slots=True)
class _Share:
    """From where one rule lets in a user: `index` is its place, `found` and `sure` as in Piece."""

    index: int
    rule: HbaRule
    found: AddressSet
    sure: AddressSet


class _Widths:
    """How wide sets are. Many cells share few sets, so that results are kept."""

    def __init__(self, limits: BreadthLimits) -> None:
        self.limits = limits
        self._known: dict[int, tuple[Breadth, int, float]] = {}
        self._kept: list[AddressSet] = []  # an id is only unique while its object lives

    def of(self, addresses: AddressSet) -> Breadth:
        return self._look(addresses)[0]

    def key(self, addresses: AddressSet) -> tuple[int, float]:
        """What sorts sets by how much they add."""
        return self._look(addresses)[1:]

    def _look(self, addresses: AddressSet) -> tuple[Breadth, int, float]:
        known = self._known.get(id(addresses))
        if known is None:
            self._kept.append(addresses)
            width = breadth(addresses, self.limits)
            part = addresses.size(4) / 2**32 + addresses.size(6) / 2**128
            known = self._known[id(addresses)] = width, width.rank, part
        return known


def _exposure(
    together: list[_Share], doubts: Sequence[HbaRule | None], widths: _Widths
) -> Exposure | None:
    if len(together) == 1:
        width = widths.of(together[0].found)
    else:
        width = breadth(AddressSet.union_of(one.found for one in together), widths.limits)
    if width is Breadth.NARROW:
        return None
    ranked = sorted(together, key=lambda one: widths.key(one.found), reverse=True)
    needed: list[_Share] = []
    so_far, size = GrowingSet(), Size()
    for one in ranked:
        reached = size.breadth(widths.limits) is width
        if not reached or widths.of(one.found).rank >= Breadth.PUBLIC_BLOCK.rank:
            needed.append(one)
            size.add(so_far.missing(one.found))
            so_far.add(one.found)
    first = needed[0]
    others = sorted(needed[1:], key=lambda one: one.index)
    certain = breadth(AddressSet.union_of(one.sure for one in needed), widths.limits)
    doubt = doubts[first.index] if certain.rank < width.rank else None
    return Exposure(
        first.rule, tuple(one.rule for one in others), so_far.frozen(), width, certain, doubt
    )


def _doubts(coverage: Coverage) -> list[HbaRule | None]:
    """For each rule the first one before it that may keep connections out, or be anything."""
    doubt: HbaRule | None = None
    found: list[HbaRule | None] = []
    for reach in coverage.reaches:
        found.append(doubt)
        if doubt is None and (reach.rule.rejects or reach.rule.is_gap) and reach.pieces:
            uncertain = reach.rule.is_gap or any(
                name.kind in (NameKind.REGEX, NameKind.MEMBER, NameKind.SAMEROLE, NameKind.UNKNOWN)
                for name in (*reach.rule.users, *reach.rule.databases)
            )
            if uncertain:
                doubt = reach.rule
    return found


def _deciders(
    takers: Iterable[Sequence[tuple[int, HbaRule]]], rule: HbaRule
) -> tuple[HbaRule, ...]:
    """The earlier rules that take everything that `rule` could match.

    `takers` are, for each cell that it could match, the rules that surely take some of it.
    """
    found: dict[int, HbaRule] = {}
    for earlier in takers:
        wanted = rule.address.possible
        for number, other in earlier:
            if not wanted:
                break
            if wanted & other.address.sure:
                found[number] = other
                wanted -= other.address.sure
    return tuple(found[number] for number in sorted(found))


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
    by_transport: dict[tuple[_Names, _From], set[Transport]] = {}
    for piece in reach.pieces:
        certain = piece.named and piece.open == piece.possible
        key = (piece.cell.users, piece.cell.databases), (piece.possible, certain)
        by_transport.setdefault(key, set()).add(piece.cell.transport)
    by_database: dict[
        tuple[tuple[UserCell, ...], frozenset[Transport], _From], list[DatabaseCell]
    ] = {}
    for ((users, databases), source), found in by_transport.items():
        by_database.setdefault((users, frozenset(found), source), []).extend(databases)
    by_user: dict[tuple[tuple[DatabaseCell, ...], frozenset[Transport], _From], list[UserCell]] = {}
    for (users, transports, source), own in by_database.items():
        by_user.setdefault((tuple(own), transports, source), []).extend(users)
    return [
        Row(reach.rule, transports, tuple(own_users), databases, *source)
        for (databases, transports, source), own_users in by_user.items()
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
