# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The split of all connections into cells that no rule of a pg_hba.conf tells apart further."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TypeVar

from connguard.policies.model.hba import (
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
from connguard.policies.model.records import dataclass

K = TypeVar("K")

LINKED = (NameKind.SAMEUSER, NameKind.SAMEROLE)
"""Names that tie the database to the user."""


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


MOST_COMPARISONS = 2_000_000
"""Pairs of a rule and a cell that are looked at: a file with thousands of lines for one user and
any database, and thousands for one database and any user, has millions of cells."""


class TooManyCells(Exception):
    """Comparing all rules would take too long."""


class Comparisons:
    """Counts what is compared, up to `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen = 0

    def count(self, comparisons: int) -> None:
        """Add to what was compared so far. Raises TooManyCells."""
        self._seen += comparisons
        if self._seen > self._most:
            raise TooManyCells


class Grid(Comparisons):
    """The cells for a list of rules, and which of them each rule may match.

    Raises TooManyCells, also in `matches`, when there are more than `most` pairs of rules and
    cells.
    """

    def __init__(
        self,
        rules: Sequence[HbaRule],
        memberships: Memberships,
        transports: frozenset[Transport],
        most: int = MOST_COMPARISONS,
    ) -> None:
        super().__init__(most)
        self._memberships = memberships
        self.cells: list[Cell] = []
        self._users, self._databases = alphabets(rules, memberships)
        if len(rules) * (len(self._users) + len(self._databases)) > 2 * most:
            raise TooManyCells
        self._linked = any(_is_linked(rule) for rule in rules)
        self._user_numbers = {
            user.name if user.name is not None else f"\0{number}": number
            for number, user in enumerate(self._users)
        }
        self._database_numbers = {
            one.name if one.kind is DatabaseKind.NAMED else f"\0{number}": number
            for number, one in enumerate(self._databases)
        }
        # The cells of a user class and a class of databases, both by number.
        self._places: dict[tuple[int, int], list[int]] = {}
        self._of_user: dict[int, list[int]] = {}
        self._user_class = numbered(self._user_signatures(rules))
        self._database_class = numbered(self._database_signatures(rules))
        self._build(transports)

    def matches(self, rule: HbaRule) -> dict[int, Answer]:
        """The cells (by their place in `cells`) whose names and transport the rule may match."""
        found = self._matches(rule)
        self.count(len(found))
        return found

    def _matches(self, rule: HbaRule) -> dict[int, Answer]:
        found: dict[int, Answer] = {}
        transports = rule.transports
        if _is_linked(rule):
            known: tuple[UserCell, DatabaseCell] | None = None
            answer = Answer.NO
            for place in self._candidates(rule):
                cell = self.cells[place]
                if cell.transport in transports:
                    pair = cell.users[0], cell.databases[0]
                    if known is None or pair[0] is not known[0] or pair[1] is not known[1]:
                        answer, known = self._pair_answer(rule, *pair), pair
                    if answer is not Answer.NO:
                        found[place] = answer
            return found
        users = {self._user_class[one]: answer for one, answer in self._plain_users(rule)}
        databases = {
            self._database_class[one]: answer for one, answer in self._plain_databases(rule)
        }
        for user, user_matches in users.items():
            for database, database_matches in databases.items():
                for place in self._places.get((user, database), ()):
                    if self.cells[place].transport in transports:
                        found[place] = min(user_matches, database_matches)
        return found

    def _candidates(self, rule: HbaRule) -> Iterable[int]:
        """The cells of the users that a rule may match, in their order."""
        if any(name.kind in LINKED for name in rule.users):
            return range(len(self.cells))
        users = {self._user_class[number] for number, _ in self._plain_users(rule)}
        return sorted(place for user in users for place in self._of_user[user])

    def _build(self, transports: frozenset[Transport]) -> None:
        databases: dict[int, list[DatabaseCell]] = {}
        for number, database in enumerate(self._databases):
            databases.setdefault(self._database_class[number], []).append(database)
        users: dict[int, list[UserCell]] = {}
        for number, user in enumerate(self._users):
            users.setdefault(self._user_class[number], []).append(user)
        for user_class, same_users in users.items():
            for database_class, same_databases in databases.items():
                for group in self._split(same_users[0], same_databases):
                    for transport in Transport:
                        if transport in transports:
                            place = (user_class, database_class)
                            self._places.setdefault(place, []).append(len(self.cells))
                            self._of_user.setdefault(user_class, []).append(len(self.cells))
                            self.cells.append(Cell(transport, tuple(same_users), group))
                if len(self.cells) > self._most:
                    raise TooManyCells

    def _split(
        self, user: UserCell, databases: Sequence[DatabaseCell]
    ) -> list[tuple[DatabaseCell, ...]]:
        """Databases that differ for a user only where names are linked."""
        if not self._linked:
            return [tuple(databases)]
        own = [one for one in databases if one.kind is not DatabaseKind.SAME or user.name is None]
        same_user = Name(NameKind.SAMEUSER, "sameuser")
        same_role = Name(NameKind.SAMEROLE, "samerole")

        def relation(database: DatabaseCell) -> tuple[Answer, Answer]:
            return (
                of_database(same_user, user, database, self._memberships),
                of_database(same_role, user, database, self._memberships),
            )

        return _classes(own, relation)

    def _user_signatures(self, rules: Sequence[HbaRule]) -> list[object]:
        """Equal for users that no rule tells apart; with linked names, every user stands alone."""
        if self._linked:
            return list(range(len(self._users)))
        found: list[list[tuple[int, Answer]]] = [[] for _ in self._users]
        for number, rule in enumerate(rules):
            for user, answer in self._plain_users(rule):
                found[user].append((number, answer))
        # "Any other user" is never taken together with one that is named.
        return [
            (tuple(signature), None if user.name is not None else user)
            for signature, user in zip(found, self._users, strict=True)
        ]

    def _database_signatures(self, rules: Sequence[HbaRule]) -> list[object]:
        found: list[list[tuple[int, Answer]]] = [[] for _ in self._databases]
        for number, rule in enumerate(rules):
            for database, answer in self._plain_databases(rule):
                found[database].append((number, answer))
        return [
            (tuple(signature), database.kind is DatabaseKind.REPLICATION)
            for signature, database in zip(found, self._databases, strict=True)
        ]

    def _plain_users(self, rule: HbaRule) -> Iterator[tuple[int, Answer]]:
        """The users that a rule may match whatever the database is."""
        names = [name for name in rule.users if name.kind not in LINKED]
        other = DatabaseCell(DatabaseKind.OTHER)
        for number in _candidates(names, self._user_numbers):
            answer = max(
                (of_user(name, self._users[number], other, self._memberships) for name in names),
                default=Answer.NO,
            )
            if answer is not Answer.NO:
                yield number, answer

    def _plain_databases(self, rule: HbaRule) -> Iterator[tuple[int, Answer]]:
        """The databases that a rule may match whatever the user is."""
        names = [name for name in rule.databases if name.kind not in LINKED]
        nobody = UserCell(None)
        for number in _candidates(names, self._database_numbers):
            database = self._databases[number]
            answer = max(
                (of_database(name, nobody, database, self._memberships) for name in names),
                default=Answer.NO,
            )
            if answer is not Answer.NO:
                yield number, answer

    def _pair_answer(self, rule: HbaRule, user: UserCell, database: DatabaseCell) -> Answer:
        return min(
            max(of_user(name, user, database, self._memberships) for name in rule.users),
            max(of_database(name, user, database, self._memberships) for name in rule.databases),
        )


def _candidates(names: Sequence[Name], numbers: Mapping[str, int]) -> Iterable[int]:
    """Those that may match: with nothing but plain names, the named ones only."""
    if all(name.kind is NameKind.NAME for name in names):
        return dict.fromkeys(numbers[name.text] for name in names if name.text in numbers)
    return numbers.values()


def _is_linked(rule: HbaRule) -> bool:
    return any(name.kind in LINKED for name in (*rule.users, *rule.databases))


def numbered(signatures: Sequence[object]) -> list[int]:
    """Small numbers, equal for equal signatures."""
    seen: dict[object, int] = {}
    return [seen.setdefault(signature, len(seen)) for signature in signatures]


def of_user(name: Name, user: UserCell, database: DatabaseCell, memberships: Memberships) -> Answer:
    """Whether an element of the user field matches."""
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


def of_database(
    name: Name, user: UserCell, database: DatabaseCell, memberships: Memberships
) -> Answer:
    """Whether an element of the database field matches."""
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


def alphabets(
    rules: Sequence[HbaRule], memberships: Memberships
) -> tuple[list[UserCell], list[DatabaseCell]]:
    """All users and databases that rules may tell apart; those that no rule names come last."""
    user_names: dict[str, None] = {}
    database_names: dict[str, None] = {}
    groups: dict[str, None] = {}
    for rule in rules:
        for name in rule.users:
            if name.kind is NameKind.NAME:
                user_names[name.text] = None
            elif name.kind is NameKind.MEMBER:
                groups[name.text] = None
        for name in rule.databases:
            if name.kind is NameKind.NAME:
                database_names[name.text] = None
    linked = any(
        any(name.kind is NameKind.SAMEUSER for name in rule.users)
        or any(name.kind in LINKED for name in rule.databases)
        for rule in rules
    )
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


def _classes(items: Iterable[K], signature: Callable[[K], object]) -> list[tuple[K, ...]]:
    """The items, those with equal signatures together, in the order of their first."""
    found: dict[object, list[K]] = {}
    for item in items:
        found.setdefault(signature(item), []).append(item)
    return [tuple(same) for same in found.values()]
