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
from dataclasses import dataclass
from enum import Enum

from connguard.policies.model.addresses import AddressSet
from connguard.policies.model.hba import (
    CLIENT_ADDRESSES,
    NOTHING_KNOWN,
    Answer,
    ClientAddress,
    HbaRule,
    Memberships,
    Transport,
)
from connguard.policies.model.hba_cells import Cell, DatabaseKind, Grid
from connguard.policies.model.origin import Origin

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
    sides = [[(rule, grid.matches(rule)) for rule in rules] for rules in (first, second)]
    single = list(dict.fromkeys(_open_questions(sides)))
    worlds: list[frozenset[Atom]] = [frozenset(), frozenset(single)]
    worlds += [frozenset((atom,)) for atom in single] if len(single) > 1 else []
    found: dict[tuple[Origin | None, Origin | None, Change], Difference] = {}
    for world in worlds:
        for place, cell in enumerate(grid.cells):
            one, other = (_parts(side, place, world) for side in sides)
            for addresses, a, b in _overlaps(one, other):
                change = _change(a, b)
                if change is None:
                    continue
                key = (a.origin if a else None, b.origin if b else None, change)
                if key not in found:
                    found[key] = _difference(change, a, b, cell, addresses, world)
    return list(found.values())


def _open_questions(
    sides: Sequence[Sequence[tuple[HbaRule, dict[int, Answer]]]],
) -> Iterator[Atom]:
    for side in sides:
        for rule, matches in side:
            names, address = _atoms(rule)
            if Answer.MAYBE in matches.values():
                yield names
            if address:
                yield address


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


def _parts(
    side: Sequence[tuple[HbaRule, dict[int, Answer]]], place: int, world: frozenset[Atom]
) -> list[Part]:
    """Which rule decides about which addresses of a cell."""
    left = CLIENT_ADDRESSES
    found: list[Part] = []
    for rule, matches in side:
        answer = matches.get(place, Answer.NO)
        names, address = _atoms(rule)
        if answer is Answer.NO or (answer is Answer.MAYBE and names not in world):
            continue
        taken = _addresses(rule.address, bool(address) and address in world) & left
        if taken:
            found.append((taken, rule))
            left = left - taken
    if left:
        found.append((left, None))
    return found


def _addresses(address: ClientAddress, matches: bool) -> AddressSet:
    return address.possible if matches else address.sure


def _overlaps(
    first: Sequence[Part], second: Sequence[Part]
) -> Iterator[tuple[AddressSet, HbaRule | None, HbaRule | None]]:
    for one, a in first:
        for other, b in second:
            if (a is None or a.rejects) and (b is None or b.rejects):
                continue
            common = one & other
            if common:
                yield common, a, b


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


def _difference(
    change: Change,
    first: HbaRule | None,
    second: HbaRule | None,
    cell: Cell,
    addresses: AddressSet,
    world: frozenset[Atom],
) -> Difference:
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
        change,
        first,
        second,
        cell.transport,
        who,
        where,
        "" if local else addresses.text,
        "host names, memberships or networks that the files do not tell" if world else "",
    )
