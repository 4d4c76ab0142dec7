# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""One cell for all pairs of a user and a database that every rule of a pg_hba.conf treats alike.

A file with a line for each of n users and databases has n x n pairs, but most of them match the
same rules: those that are for everybody. Such pairs are found without looking at each: a rule
says something of its own about the names that it mentions only, and about all others the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from connguard.policies.model.hba import (
    Answer,
    HbaRule,
    Memberships,
    Name,
    NameKind,
    Transport,
)
from connguard.policies.model.hba_cells import (
    LINKED,
    MOST_COMPARISONS,
    Cell,
    Comparisons,
    DatabaseCell,
    DatabaseKind,
    UserCell,
    alphabets,
    numbered,
    of_database,
    of_user,
)
from connguard.policies.model.records import dataclass

T = TypeVar("T")

_NOBODY = UserCell(None)
_ELSEWHERE = DatabaseCell(DatabaseKind.OTHER)
_SAME_ROLE = Name(NameKind.SAMEROLE, "samerole")
_FREE = 64
"""Comparisons for each rule that do not count."""

_Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Side:
    """What the names of one field say: of those in `own` (by number), and of all others."""

    others: Answer
    own: Mapping[int, Answer]

    def answer(self, number: int) -> Answer:
        return self.own.get(number, self.others)

    def of_classes(self, classes: Sequence[int]) -> _Side:
        return _Side(self.others, {classes[one]: answer for one, answer in self.own.items()})


class DistinctGrid(Comparisons):
    """As `Grid`, but each cell has one user and one database that stand for all that are alike.

    Raises TooManyCells, also in `matches` and `count`, after looking at more than `most` pairs of
    rules and cells, beyond the few that every rule takes.
    """

    def __init__(
        self,
        rules: Sequence[HbaRule],
        memberships: Memberships,
        transports: frozenset[Transport],
        most: int = MOST_COMPARISONS,
    ) -> None:
        super().__init__(most + _FREE * len(rules))
        self._memberships = memberships
        self.cells: list[Cell] = []
        users, databases = alphabets(rules, memberships)
        self._by_role = any(map(_names_same_role, rules))
        self._linked = self._by_role or any(
            name.kind is NameKind.SAMEUSER
            for rule in rules
            for name in (*rule.users, *rule.databases)
        )
        user_sides, database_sides = self._sides(rules, users, databases)
        user_classes = _classes(user_sides, len(users), apart=self._linked)
        database_classes = _classes(database_sides, len(databases), apart=self._linked)
        self._users = _firsts(users, user_classes)
        self._databases = _firsts(databases, database_classes)
        self._sides_of = {
            id(rule): (user.of_classes(user_classes), database.of_classes(database_classes))
            for rule, user, database in zip(rules, user_sides, database_sides, strict=True)
        }
        self._rules = rules  # an id is only unique while its object lives
        self._same = self._same_names() if self._linked else {}
        self._place(transports)

    def matches(self, rule: HbaRule) -> dict[int, Answer]:
        """The cells (by their place in `cells`) whose names and transport the rule may match."""
        user, database = self._sides_of[id(rule)]
        same_user = any(name.kind is NameKind.SAMEUSER for name in rule.users)
        same_database = any(name.kind is NameKind.SAMEUSER for name in rule.databases)
        same_role = _names_same_role(rule)
        found: dict[int, Answer] = {}
        candidates = self._candidates(user, database, same_user or same_database, same_role)
        for pair in sorted(candidates):
            same = Answer.YES if pair in self._same else Answer.NO
            answer = min(
                max(user.answer(pair[0]), same if same_user else Answer.NO),
                max(
                    database.answer(pair[1]),
                    same if same_database else Answer.NO,
                    self._role_answer(pair) if same_role else Answer.NO,
                ),
            )
            if answer is not Answer.NO:
                for place in self._places[pair]:
                    if self.cells[place].transport in rule.transports:
                        found[place] = answer
        self.count(len(found))
        return found

    def _role_answer(self, pair: _Pair) -> Answer:
        user, database = self._users[pair[0]], self._databases[pair[1]]
        return of_database(_SAME_ROLE, user, database, self._memberships)

    def _candidates(
        self, user: _Side, database: _Side, same: bool, any_database: bool
    ) -> set[_Pair]:
        """The pairs, among those that stand for a cell, that a rule may match."""
        found: set[_Pair] = set()
        any_database = any_database or database.others is not Answer.NO
        if user.others is not Answer.NO and any_database:
            found.update(self._places)
        elif user.others is not Answer.NO:
            for number in database.own:
                found.update(self._by_database.get(number, ()))
        elif any_database:
            for number in user.own:
                found.update(self._by_user.get(number, ()))
        else:
            pairs = ((one, other) for one in user.own for other in database.own)
            found.update(pair for pair in pairs if pair in self._places)
        if same:
            found.update(self._same)
        self.count(len(found))
        return found

    def _sides(
        self,
        rules: Sequence[HbaRule],
        users: Sequence[UserCell],
        databases: Sequence[DatabaseCell],
    ) -> tuple[list[_Side], list[_Side]]:
        user_numbers = {
            one.name: number for number, one in enumerate(users) if one.name is not None
        }
        database_numbers = {
            one.name: number
            for number, one in enumerate(databases)
            if one.kind is DatabaseKind.NAMED
        }
        replication = len(databases) - 1

        def user(name: Name, number: int) -> Answer:
            return of_user(name, users[number], _ELSEWHERE, self._memberships)

        def database(name: Name, number: int) -> Answer:
            return of_database(name, _NOBODY, databases[number], self._memberships)

        user_sides, database_sides = [], []
        for rule in rules:
            user_sides.append(self._side(rule.users, user_numbers, user, range(len(users))))
            side = self._side(rule.databases, database_numbers, database, range(replication))
            own = dict(side.own)
            plain = [name for name in rule.databases if name.kind not in LINKED]
            answer = max((database(name, replication) for name in plain), default=Answer.NO)
            if answer is not side.others:
                own[replication] = answer
            database_sides.append(_Side(side.others, own))
        return user_sides, database_sides

    def _side(
        self,
        names: Iterable[Name],
        numbers: Mapping[str, int],
        answer_of: Callable[[Name, int], Answer],
        everybody: range,
    ) -> _Side:
        kinds = [name for name in names if name.kind not in LINKED]
        if any(name.kind is NameKind.ALL for name in kinds):
            return _Side(Answer.YES, {})
        named = {
            numbers[name.text]: Answer.YES
            for name in kinds
            if name.kind is NameKind.NAME and name.text in numbers
        }
        self.count(len(named))
        open_names = [name for name in kinds if name.kind is not NameKind.NAME]
        if all(name.kind is NameKind.UNKNOWN for name in open_names):
            return _Side(Answer.MAYBE if open_names else Answer.NO, named)
        self.count(len(everybody) * len(open_names))
        answers = {
            number: max(answer_of(name, number) for name in open_names) for number in everybody
        }
        answers.update(named)
        # The other users are the last ones, those that no rule names: they set what is usual.
        usual = Counter(answers.values()).most_common(1)[0][0]
        return _Side(usual, {one: answer for one, answer in answers.items() if answer is not usual})

    def _named_databases(self) -> dict[str | None, int]:
        return {
            one.name: number
            for number, one in enumerate(self._databases)
            if one.kind is DatabaseKind.NAMED
        }

    def _same_names(self) -> dict[_Pair, None]:
        """The pairs of a user and the database that is called like it."""
        named = self._named_databases()
        same = next(
            number for number, one in enumerate(self._databases) if one.kind is DatabaseKind.SAME
        )
        found: dict[_Pair, None] = {}
        for number, user in enumerate(self._users):
            found[number, same if user.name is None else named[user.name]] = None
        return found

    def _place(self, transports: frozenset[Transport]) -> None:
        """Set up the cells, in the order of their users and databases in the file."""
        self._own = self._pairs_of_their_own()
        pairs = self._own | self._pairs_for_the_rest()
        self._places: dict[_Pair, list[int]] = {}
        self._by_user: dict[int, list[_Pair]] = {}
        self._by_database: dict[int, list[_Pair]] = {}
        for pair in sorted(pairs):
            user, database = pair
            self._by_user.setdefault(user, []).append(pair)
            self._by_database.setdefault(database, []).append(pair)
            places = self._places.setdefault(pair, [])
            for transport in Transport:
                if transport in transports:
                    places.append(len(self.cells))
                    cell = (self._users[user],), (self._databases[database],)
                    self.cells.append(Cell(transport, *cell))

    def _pairs_of_their_own(self) -> set[_Pair]:
        """Pairs about whose user and whose database one rule says something of its own."""
        found: set[_Pair] = set(self._same)
        if self._by_role:
            found.update(self._pairs_by_role())
        for user, database in self._sides_of.values():
            self.count(len(user.own) * len(database.own))
            found.update((one, other) for one in user.own for other in database.own)
        return {pair for pair in found if self._exists(pair)}

    def _pairs_by_role(self) -> Iterable[_Pair]:
        """The databases that are called like a role of which the user is known to be a member."""
        named = self._named_databases()
        for number, user in enumerate(self._users):
            roles = user.groups if user.name is None else self._memberships.roles_of(user.name)
            self.count(len(roles))
            for role in roles & named.keys():
                yield number, named[role]

    def _exists(self, pair: _Pair) -> bool:
        """A named user has a named database: "the same as the user" is for the others."""
        same = self._databases[pair[1]].kind is DatabaseKind.SAME
        return not same or self._users[pair[0]].name is None

    def _pairs_for_the_rest(self) -> set[_Pair]:
        """One pair for each kind of user and kind of database that are no pairs of their own.

        Where a rule is for any database, what it says about the user makes the kind of the user.
        """
        sides = [(rule, *self._sides_of[id(rule)]) for rule in self._rules]
        user_kinds = _kinds(
            len(self._users),
            [
                (user, Answer.MAYBE if _names_same_role(rule) else database.others)
                for rule, user, database in sides
            ],
        )
        database_kinds = _kinds(
            len(self._databases), [(database, user.others) for _, user, database in sides]
        )
        if self._by_role:
            # What memberships leave open is the same for all other databases of such users.
            known = [self._has_known_roles(user) for user in self._users]
            user_kinds = numbered(list(zip(user_kinds, known, strict=True)))
            kinds = [one.kind for one in self._databases]
            database_kinds = numbered(list(zip(database_kinds, kinds, strict=True)))
        taken = Counter(
            (user_kinds[user], database_kinds[database]) for user, database in self._own
        )
        users, databases = _members(user_kinds), _members(database_kinds)
        found: set[_Pair] = set()
        self.count(len(users) * len(databases))
        for user_kind, same_users in users.items():
            for database_kind, same_databases in databases.items():
                full = len(same_users) * len(same_databases)
                if taken[user_kind, database_kind] < full:
                    found.update(self._first_other(same_users, same_databases))
        return found

    def _has_known_roles(self, user: UserCell) -> bool | None:
        if user.name is None:
            return None
        return self._memberships.roles_of(user.name) <= self._memberships.known

    def _first_other(self, users: Sequence[int], databases: Sequence[int]) -> Iterable[_Pair]:
        for user in users:
            for database in databases:
                pair = user, database
                if pair not in self._own and self._exists(pair):
                    return (pair,)
        return ()


def _names_same_role(rule: HbaRule) -> bool:
    return any(name.kind is NameKind.SAMEROLE for name in rule.databases)


def _classes(sides: Sequence[_Side], size: int, *, apart: bool) -> list[int]:
    """Small numbers, equal for those about which every rule says the same."""
    if apart:
        return list(range(size))
    return _kinds(size, [(side, Answer.YES) for side in sides])


def _kinds(size: int, sides: Sequence[tuple[_Side, Answer]]) -> list[int]:
    """Small numbers, equal for those about which rules say the same.

    Rules whose second answer is NO are left out.
    """
    signatures: list[list[tuple[int, Answer]]] = [[] for _ in range(size)]
    for number, (side, rest) in enumerate(sides):
        if rest is not Answer.NO:
            for one, answer in side.own.items():
                signatures[one].append((number, answer))
    return numbered([tuple(signature) for signature in signatures])


def _members(kinds: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for number, kind in enumerate(kinds):
        found.setdefault(kind, []).append(number)
    return found


def _firsts(items: Sequence[T], classes: Sequence[int]) -> list[T]:
    """The first item of each class, by the number of the class."""
    return [items[members[0]] for members in _members(classes).values()]
