# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and databases as statements leave them, in every state that may come true.

An object has one or several alternatives: code with branches leads to several. Alternatives of
different objects are not tied to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, replace
from enum import Enum
from typing import Any

from connguard.policies.model.facts import UNLIMITED, Database, Role
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.records import dataclass
from connguard.sql_rules.assignments import Assignments
from connguard.sql_rules.layered import Layered
from connguard.sql_rules.names import Name

MOST_ALTERNATIVES = 16
MOST_REMARKS = 100
BOOTSTRAP_ROLE = "postgres"
BUILT_IN_DATABASES = frozenset({"postgres", "template0", "template1"})


class Kind(Enum):
    ROLE = "role"
    DATABASE = "database"


class Existence(Enum):
    """MAYBE is an object that no statement has made or dropped: it may come from elsewhere."""

    ABSENT = "absent"
    MAYBE = "maybe"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Entity:
    """One state of a role or database. Databases have neither `login` nor `superuser`.

    `touched` is the statement that last changed a fact about it, `made` the one that created it.
    """

    kind: Kind
    name: Name
    existence: Existence
    login: Value[bool] | None = None
    superuser: Value[bool] | None = None
    limit: Value[int] | None = None
    made: Origin | None = None
    touched: Origin | None = None
    template: bool = False
    owner: str | None = None
    history: tuple[Related, ...] = ()

    @property
    def label(self) -> str:
        return f'{self.kind.value} "{self.name.shown}"'

    @property
    def unlimited_here(self) -> bool:
        """Whether a statement has set its limit to "none"."""
        limit = self.limit if self.existence is not Existence.ABSENT else None
        return isinstance(limit, Known) and limit.value == UNLIMITED

    def noting(self, message: str, origin: Origin) -> Entity:
        """The same state with one more remark in its history."""
        return replace(self, touched=origin, history=longer(self.history, message, origin))

    @property
    def _essence(self) -> tuple[object, ...]:
        return (
            self.existence,
            self.made is not None,
            self.name.shown,
            _bare(self.login),
            _bare(self.superuser),
            _bare(self.limit),
            self.template,
            self.owner,
        )

    def fact(self) -> Role | Database | None:
        """What policies see; None when the scanned files say nothing about this state."""
        if self.existence is Existence.ABSENT or self.touched is None:
            return None
        if (self.made, self.login, self.superuser, self.limit) == (None, None, None, None):
            return None
        origin = self.made or self.touched
        if self.kind is Kind.DATABASE:
            return Database(self.name.shown, origin, self.limit, False, self._others(self.limit))
        return Role(
            self.name.shown,
            origin,
            self.login,
            self.superuser,
            self.limit,
            False,
            tuple(dict.fromkeys(self.history)),
        )

    def _others(self, decisive: Value[Any] | None) -> tuple[Related, ...]:
        """The history without the place where a finding about this state will stand."""
        return tuple(
            related
            for related in dict.fromkeys(self.history)
            if decisive is None or related.origin != decisive.origin
        )


def _bare(value: Value[Any] | None) -> object:
    return value.value if isinstance(value, Known) else (value and value.reason)


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refuses a statement in this state."""

    reason: str


def longer(history: tuple[Related, ...], message: str, origin: Origin) -> tuple[Related, ...]:
    """A history with one more remark; a very long one loses some in the middle."""
    if len(history) >= MOST_REMARKS:
        history = (history[0], *history[2 - MOST_REMARKS :])
    return (*history, Related(message, origin))


Change = Callable[[Entity], "Entity | Refused"]
Alternatives = tuple[Entity, ...]
_Key = tuple[Kind, str]


@dataclass(slots=True)
class State:
    """All roles and databases that the scanned files mention, by kind and key, and the settings
    that are stored for them and for the server."""

    objects: Layered[_Key, Alternatives] = field(default_factory=Layered)
    settings: Assignments = field(default_factory=Assignments)
    _owners: dict[str, dict[_Key, None]] = field(default_factory=dict)
    """The databases that a role may own in any copy of the state."""

    def copy(self) -> State:
        return State(self.objects.copy(), self.settings.copy(), self._owners)

    def get(self, kind: Kind, name: Name) -> Alternatives:
        return self.objects.get((kind, name.key)) or (_unmentioned(kind, name),)

    def put(self, kind: Kind, name: Name, alternatives: Iterable[Entity]) -> None:
        self._set((kind, name.key), _bounded(alternatives))

    def _set(self, key: _Key, alternatives: Alternatives) -> None:
        self.objects[key] = alternatives
        for entity in alternatives:
            if entity.owner is not None:
                self._owners.setdefault(entity.owner, {})[key] = None

    def named(self, kind: Kind) -> list[Name]:
        return [found[0].name for (each, _), found in self.objects.items() if each is kind]

    def owned(self, role: Name) -> str | None:
        """A database that surely belongs to a role."""
        for key in self._owners.get(role.key, ()):
            found = self.objects.get(key)
            if found and all(
                entity.owner == role.key and entity.existence is Existence.PRESENT
                for entity in found
            ):
                return found[0].name.shown
        return None

    def reassign(self, roles: frozenset[str], owner: str) -> None:
        """Give the databases of some roles a new owner."""
        for key in [key for role in sorted(roles) for key in self._owners.get(role, ())]:
            found = self.objects.get(key) or ()
            if any(entity.owner in roles for entity in found):
                owned = (
                    replace(entity, owner=owner) if entity.owner in roles else entity
                    for entity in found
                )
                self._set(key, tuple(owned))

    def change(self, kind: Kind, name: Name, change: Change, *, drop_refused: bool) -> str | None:
        """Apply `change` to every alternative; the reason when all of them refuse it.

        An alternative that refuses stays as it is, or falls away when others accept and
        `drop_refused` says that a refusal ends the run of the code.
        """
        before = self.get(kind, name)
        outcomes = [change(entity) for entity in before]
        refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        if len(refusals) == len(outcomes):
            return refusals[0].reason
        after: list[Entity] = []
        for entity, outcome in zip(before, outcomes, strict=True):
            if not isinstance(outcome, Refused):
                after.append(outcome)
            elif not drop_refused:
                after.append(entity)
        self.put(kind, name, after)
        return None

    def join(self, other: State) -> State:
        """The state after a branch of which either side may have run."""

        def both(key: _Key, ours: Alternatives | None, theirs: Alternatives | None) -> Alternatives:
            name = (ours or theirs or ())[0].name
            missing = (_unmentioned(key[0], name),)
            return _bounded((*(ours or missing), *(theirs or missing)))

        objects = self.objects.joined(other.objects, both)
        return State(objects, self.settings.join(other.settings), self._owners)


def never_logs_in(alternatives: Alternatives) -> bool:
    """Whether a role surely cannot log in, so that no session takes the settings stored for it."""
    return all(isinstance(each.login, Known) and not each.login.value for each in alternatives)


def _unmentioned(kind: Kind, name: Name) -> Entity:
    built_in = kind is Kind.DATABASE and name.key in BUILT_IN_DATABASES
    return Entity(kind, name, Existence.PRESENT if built_in else Existence.MAYBE)


def _bounded(alternatives: Iterable[Entity]) -> Alternatives:
    different: dict[tuple[object, ...], Entity] = {}
    for entity in alternatives:
        different.setdefault(entity._essence, entity)
    found = tuple(different.values())
    if len(found) <= MOST_ALTERNATIVES:
        return found
    return (_blurred(found),)


def _blurred(found: Alternatives) -> Entity:
    sample = next((entity for entity in found if entity.touched), found[0])
    if sample.touched is None:
        return sample
    unknown = Unknown(
        f"the code can leave it in more than {MOST_ALTERNATIVES} states", sample.touched
    )
    role = sample.kind is Kind.ROLE
    return replace(
        sample,
        existence=Existence.MAYBE,
        login=unknown if role else None,
        superuser=unknown if role else None,
        limit=unknown,
    )
