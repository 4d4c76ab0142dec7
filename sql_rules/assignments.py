# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server settings that statements store: ALTER SYSTEM, ALTER DATABASE … SET, ALTER ROLE … SET.

A session takes a setting from the narrowest place that has it: the role in the database, the role,
the database, all roles, and last the server (documentation of ALTER ROLE).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from connguard.policies.model.effective_setting import ALL_ROLES, SERVER, EffectiveSetting
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.sql_rules.layered import Layered
from connguard.sql_rules.names import Name

MOST_ALTERNATIVES = 16
MOST_REMARKS = 100
SERVER_ONLY = frozenset(
    {
        "listen_addresses",
        "max_connections",
        "port",
        "reserved_connections",
        "shared_buffers",
        "ssl",
        "superuser_reserved_connections",
    }
)
"""Settings of the whole server: ALTER ROLE and ALTER DATABASE are refused for them."""

_PLACEHOLDER = lazily(
    r"[$#]\{[^{}]*\}|\{\{[^{}]*\}\}|<%.*%>|%\(\w+\)s|%s|:'?[A-Za-z_]\w*'?|@\w+@", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a setting holds: without a role for every one, without a database in every one."""

    role: Name | None = None
    database: Name | None = None
    system: bool = False

    def __str__(self) -> str:
        if self.system:
            return SERVER
        role = f'role "{self.role.shown}"' if self.role else None
        database = f'database "{self.database.shown}"' if self.database else None
        if role and database:
            return f"{role} in {database}"
        return role or database or ALL_ROLES

    def overrides(self, other: Scope) -> bool:
        """Whether sessions that both hold for take the setting from this one."""
        if self.system or self == other:
            return False
        if other.system:
            return True
        fits = other.role in (None, self.role) and other.database in (None, self.database)
        return fits or (self.role is not None and other.role is None and self.database is None)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A value, the statement that stored it, and the earlier ones."""

    value: Value[str]
    origin: Origin
    history: tuple[Related, ...] = ()

    @property
    def essence(self) -> str:
        return self.value.value if isinstance(self.value, Known) else f"\0{self.value.reason}"


_Key = tuple[Scope, str]
Alternatives = tuple[Assignment | None, ...]
"""What may be stored; None is nothing."""

_UNSET: Alternatives = (None,)


@dataclass(slots=True)
class Assignments:
    """All stored settings, by scope and name."""

    found: Layered[_Key, Alternatives] = field(default_factory=Layered)
    _keys: dict[object, dict[_Key, None]] = field(default_factory=dict)
    """Where a role, a database or a scope may have settings, in any copy."""

    def copy(self) -> Assignments:
        return Assignments(self.found.copy(), self._keys)

    def store(self, scope: Scope, name: str, value: Value[str], origin: Origin) -> None:
        earlier = [one for one in self.found.get((scope, name)) or () if one is not None]
        history = [related for one in earlier for related in one.history]
        history += [Related(f"{name} is set here, too", one.origin) for one in earlier]
        kept = tuple(dict.fromkeys(history))[-MOST_REMARKS:]
        self._set((scope, name), (Assignment(value, origin, kept),))

    def reset(self, scope: Scope, name: str | None) -> None:
        """Forget one setting of a scope, or all."""
        self._forget(key for key in self._of(scope) if name in (None, key[1]))

    def drop_role(self, role: Name) -> None:
        self._forget(key for key in self._of(("role", role)))

    def drop_database(self, database: Name) -> None:
        self._forget(key for key in self._of(("database", database)))

    def rename_role(self, old: Name, new: Name) -> None:
        for (scope, name), one in self._forget(key for key in self._of(("role", old))):
            self._set((Scope(new, scope.database, scope.system), name), one)

    def rename_database(self, old: Name, new: Name) -> None:
        for (scope, name), one in self._forget(key for key in self._of(("database", old))):
            self._set((Scope(scope.role, new, scope.system), name), one)

    def join(self, other: Assignments) -> Assignments:
        """What is stored after a branch of which either side may have run."""

        def both(_: _Key, ours: Alternatives | None, theirs: Alternatives | None) -> Alternatives:
            found = (*(ours or _UNSET), *(theirs or _UNSET))
            different = {one.essence if one else None: one for one in reversed(found)}
            alternatives = tuple(reversed(different.values()))
            if len(alternatives) <= MOST_ALTERNATIVES:
                return alternatives
            last = next(one for one in reversed(alternatives) if one is not None)
            reason = f"the code can leave it with more than {MOST_ALTERNATIVES} values"
            more = replace(last, value=Unknown(reason, last.origin))
            return (*alternatives[: MOST_ALTERNATIVES - 1], more)

        return Assignments(self.found.joined(other.found, both), self._keys)

    def effective(self) -> Iterator[tuple[Scope, list[EffectiveSetting]]]:
        """Every stored setting that some session takes, in each state that may come true."""
        narrower = self._by_owner()
        for (scope, name), alternatives in self.found.items():
            everyone = self.found.get((Scope(), name)) or _UNSET
            if scope.system and name not in SERVER_ONLY and None not in everyone:
                continue
            facts = [
                EffectiveSetting(
                    name,
                    one.value,
                    one.origin,
                    str(scope),
                    (*one.history, *_overriding(scope, one, _near(scope, name, narrower))),
                )
                for one in alternatives
                if one is not None
            ]
            if facts:
                yield scope, facts

    def _by_owner(self) -> _ByOwner:
        """The scopes of a setting by its name and their role, their database, and all of them.

        Those of a role in every database are those of the database None.
        """
        found: _ByOwner = defaultdict(list)
        for number, ((scope, name), alternatives) in enumerate(self.found.items()):
            entry = number, scope, alternatives
            found[name, "all", None].append(entry)
            if scope.role is not None:
                found[name, "role", scope.role].append(entry)
            if scope.role is not None or scope.database is not None:
                found[name, "database", scope.database].append(entry)
        return found

    def _set(self, key: _Key, alternatives: Alternatives) -> None:
        self.found[key] = alternatives
        scope = key[0]
        owners = (("role", scope.role), ("database", scope.database))
        for each in (scope, *(owner for owner in owners if owner[1] is not None)):
            self._keys.setdefault(each, {})[key] = None

    def _of(self, what: object) -> list[_Key]:
        return [key for key in self._keys.get(what, ()) if key in self.found]

    def _forget(self, keys: Iterable[_Key]) -> list[tuple[_Key, Alternatives]]:
        """Remove what is stored under the keys."""
        removed = [(key, self.found[key]) for key in keys]
        for key, _ in removed:
            self.found.discard(key)
        return removed


_Entry = tuple[int, Scope, Alternatives]
_ByOwner = dict[tuple[str, str, Name | None], list[_Entry]]


def _near(scope: Scope, name: str, by_owner: _ByOwner) -> list[_Entry]:
    """The scopes among which those are that override one."""
    if scope.role is not None:
        return by_owner[name, "role", scope.role]
    if scope.database is None:
        return by_owner[name, "all", None]
    own, roles = (by_owner[name, "database", one] for one in (scope.database, None))
    return sorted((*own, *roles), key=lambda entry: entry[0])


def _overriding(
    scope: Scope, assignment: Assignment, others: Iterable[_Entry]
) -> Iterator[Related]:
    """Where narrower scopes have another value."""
    for _, narrower, alternatives in others:
        if not narrower.overrides(scope):
            continue
        for one in alternatives:
            if one is not None and one.essence != assignment.essence:
                yield Related(f"{narrower} has a value of its own", one.origin)


def written_value(text: str, shown: str, origin: Origin) -> Value[str]:
    """The value of a statement; `shown` is the text with placeholders in their own spelling."""
    placeholder = _PLACEHOLDER.search(shown)
    if shown != text or placeholder:
        what = placeholder.group() if placeholder else shown
        return Unknown(f"it is {what.strip('<>')}, which is only known at run time", origin)
    return Known(text, origin)
