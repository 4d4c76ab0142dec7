# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Logins about which two lists of pg_hba.conf rules decide differently.

Both lists are read over the same cells (`hba_cells.py`), so that lines in another order, split or
written otherwise are no difference as long as every login meets the same fate. What only the
network or the server knows (host names, memberships, regular expressions) is tried both ways: all
of it true, none of it, and each on its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from connguard.policies.model.addresses import AddressSet
from connguard.policies.model.hba import (
    CLIENT_ADDRESSES,
    NOTHING_KNOWN,
    Answer,
    HbaRule,
    Memberships,
    Transport,
)
from connguard.policies.model.hba_cells import Cell, DatabaseKind, Grid
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass

SECRET_OPTIONS = ("ldapbindpasswd", "radiussecrets", "ldapurl")
"""Options of pg_hba.conf that hold secrets, or may hold some. They are never shown."""

Atom = tuple[object, ...]
Part = tuple[AddressSet, HbaRule | None]


class Change(Enum):
    """What the second list does compared with the first."""

    OPENED = "lets in"
    CLOSED = "keeps out"
    METHOD = "asks for another method"


@dataclass(frozen=True, slots=True)
class Difference:
    """A login that `first` decides in one list and `second` in the other; None: no line matches.

    `user`, `database` and `addresses` are an example in words; `depends` says on what it hangs
    whether it comes true.
    """

    change: Change
    first: HbaRule | None
    second: HbaRule | None
    transport: Transport
    user: str
    database: str
    addresses: str
    depends: str = ""


def differences(
    first: Sequence[HbaRule],
    second: Sequence[HbaRule],
    transports: frozenset[Transport] = frozenset(Transport),
    memberships: Memberships = NOTHING_KNOWN,
) -> list[Difference]:
    """One difference for every pair of rules that decide about the same login."""
    grid = Grid([*first, *second], memberships, transports)
    sides = [_Side(rules, grid) for rules in (first, second)]
    questions = dict(sides[0].questions)
    for atom, places in sides[1].questions.items():
        questions[atom] = questions.get(atom, frozenset()) | places
    # Which cells depend on the answers: all of them are looked at once, with every answer no.
    worlds = [(frozenset[Atom](), frozenset(range(len(grid.cells))))]
    worlds.append((frozenset(questions), frozenset().union(*questions.values())))
    if len(questions) > 1:
        worlds += [(frozenset((atom,)), places) for atom, places in questions.items()]
    found: dict[tuple[Origin | None, Origin | None, Change], Difference] = {}
    compared: dict[tuple[object, ...], list[_Clash]] = {}
    for world, places in worlds:
        for place in sorted(places):
            keys = tuple(side.key(place, world) for side in sides)
            if keys not in compared:
                one, other = (side.parts(key) for side, key in zip(sides, keys, strict=True))
                compared[keys] = list(_clashes(one, other))
            for clash in compared[keys]:
                a, b = clash.first, clash.second
                key = (a.origin if a else None, b.origin if b else None, clash.change)
                if key not in found:
                    found[key] = _difference(clash, grid.cells[place], world)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Clash:
    """Addresses about which two rules (None: no rule) decide differently."""

    change: Change
    first: HbaRule | None
    second: HbaRule | None
    addresses: AddressSet


_Key = tuple[tuple[int, bool], ...]
"""The rules that match the names of a cell, by number, and whether all of their possible addresses
match, or only the sure ones."""


class _Side:
    """One list of rules over the cells."""

    def __init__(self, rules: Sequence[HbaRule], grid: Grid) -> None:
        self._rules = rules
        self._atoms = [_atoms(rule) for rule in rules]
        self._parts: dict[_Key, list[Part]] = {}
        # For each cell, the rules that may match its names.
        self._candidates: dict[int, list[tuple[int, Answer]]] = {}
        self.questions: dict[Atom, frozenset[int]] = {}
        for number, rule in enumerate(rules):
            matches = grid.matches(rule)
            for place, answer in matches.items():
                self._candidates.setdefault(place, []).append((number, answer))
            names, address = self._atoms[number]
            doubtful = [place for place, answer in matches.items() if answer is Answer.MAYBE]
            if doubtful:
                self.questions[names] = self.questions.get(names, frozenset()).union(doubtful)
            if address:
                self.questions[address] = self.questions.get(address, frozenset()).union(matches)

    def key(self, place: int, world: frozenset[Atom]) -> _Key:
        """What decides how the addresses of a cell are shared among the rules."""
        found = []
        for number, answer in self._candidates.get(place, ()):
            names, address = self._atoms[number]
            if answer is Answer.YES or names in world:
                found.append((number, bool(address) and address in world))
        return tuple(found)

    def parts(self, key: _Key) -> list[Part]:
        """Which rule decides about which addresses."""
        if key not in self._parts:
            left = CLIENT_ADDRESSES
            found: list[Part] = []
            for number, widely in key:
                rule = self._rules[number]
                taken = (rule.address.possible if widely else rule.address.sure) & left
                if taken:
                    found.append((taken, rule))
                    left = left - taken
            if left:
                found.append((left, None))
            self._parts[key] = found
        return self._parts[key]


def _atoms(rule: HbaRule) -> tuple[Atom, Atom]:
    """What may or may not be true of a rule: its names, and its address."""
    names: Atom = (
        "names",
        tuple((name.kind, name.text) for name in rule.users),
        tuple((name.kind, name.text) for name in rule.databases),
    )
    address: Atom = ("address", rule.address.kind, rule.address.text)
    unsure = rule.address.sure != rule.address.possible
    return (names, address if unsure else ())


def _clashes(first: Sequence[Part], second: Sequence[Part]) -> Iterator[_Clash]:
    for one, a in first:
        for other, b in second:
            change = _change(a, b)
            common = one & other if change is not None else None
            if change is not None and common:
                yield _Clash(change, a, b, common)


def _change(first: HbaRule | None, second: HbaRule | None) -> Change | None:
    was = first is not None and not first.rejects
    now = second is not None and not second.rejects
    if was != now:
        return Change.OPENED if now else Change.CLOSED
    if first is None or second is None or not was:
        return None
    same = first.method == second.method and _options(first) == _options(second)
    return None if same else Change.METHOD


def _options(rule: HbaRule) -> frozenset[tuple[str, str]]:
    """Options without those that a server shows to nobody."""
    return frozenset((name, value) for name, value in rule.options if name not in SECRET_OPTIONS)


def _difference(clash: _Clash, cell: Cell, world: frozenset[Atom]) -> Difference:
    user = cell.users[0]
    if user.name is not None:
        who = f'user "{user.name}"'
    elif user.groups:
        who = f"a member of {', '.join(sorted(user.groups))}"
    else:
        who = "any other user"
    database = cell.databases[0]
    where = {
        DatabaseKind.NAMED: f'database "{database.name}"',
        DatabaseKind.OTHER: "any other database",
        DatabaseKind.SAME: "the database called like the user",
        DatabaseKind.REPLICATION: "replication",
    }[database.kind]
    local = cell.transport is Transport.LOCAL
    return Difference(
        clash.change,
        clash.first,
        clash.second,
        cell.transport,
        who,
        where,
        "" if local else clash.addresses.text,
        "host names, memberships or networks that the files do not tell" if world else "",
    )
