# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server settings that statements store: ALTER SYSTEM, ALTER DATABASE … SET, ALTER ROLE … SET.

A session takes a setting from the narrowest place that has it: the role in the database, the role,
the database, all roles, and last the server (documentation of ALTER ROLE).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import field

from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.records import dataclass
from connguard.policies.model.setting_facts import ALL_ROLES, SERVER, EffectiveSetting
from connguard.sql_rules.names import Name

MOST_ALTERNATIVES = 16
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

_PLACEHOLDER = re.compile(
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


Alternatives = tuple[Assignment | None, ...]
"""What may be stored; None is nothing."""

_UNSET: Alternatives = (None,)


@dataclass(slots=True)
class Assignments:
    """All stored settings, by scope and name."""

    found: dict[tuple[Scope, str], Alternatives] = field(default_factory=dict)

    def copy(self) -> Assignments:
        return Assignments(self.found.copy())

    def store(self, scope: Scope, name: str, value: Value[str], origin: Origin) -> None:
        earlier = [one for one in self.found.get((scope, name), ()) if one is not None]
        history = [related for one in earlier for related in one.history]
        history += [Related(f"{name} is set here, too", one.origin) for one in earlier]
        self.found[scope, name] = (Assignment(value, origin, tuple(dict.fromkeys(history))),)

    def reset(self, scope: Scope, name: str | None) -> None:
        """Forget one setting of a scope, or all."""
        self._forget(lambda one: one == scope, name)

    def drop_role(self, role: Name) -> None:
        self._forget(lambda one: one.role == role, None)

    def drop_database(self, database: Name) -> None:
        self._forget(lambda one: one.database == database, None)

    def rename_role(self, old: Name, new: Name) -> None:
        self._move(
            lambda one: Scope(new, one.database, one.system) if one.role == old else one,
        )

    def rename_database(self, old: Name, new: Name) -> None:
        self._move(
            lambda one: Scope(one.role, new, one.system) if one.database == old else one,
        )

    def join(self, other: Assignments) -> Assignments:
        """What is stored after a branch of which either side may have run."""
        joined = {}
        for key in {**self.found, **other.found}:
            both = (*self.found.get(key, _UNSET), *other.found.get(key, _UNSET))
            different = {one.essence if one else None: one for one in reversed(both)}
            joined[key] = tuple(reversed(different.values()))[:MOST_ALTERNATIVES]
        return Assignments(joined)

    def effective(self) -> Iterator[tuple[Scope, list[EffectiveSetting]]]:
        """Every stored setting that some session takes, in each state that may come true."""
        for (scope, name), alternatives in self.found.items():
            everyone = self.found.get((Scope(), name), _UNSET)
            if scope.system and name not in SERVER_ONLY and None not in everyone:
                continue
            facts = [
                EffectiveSetting(
                    name,
                    one.value,
                    one.origin,
                    str(scope),
                    (*one.history, *self._overriding(scope, name, one)),
                )
                for one in alternatives
                if one is not None
            ]
            if facts:
                yield scope, facts

    def _overriding(self, scope: Scope, name: str, assignment: Assignment) -> Iterator[Related]:
        """Where narrower scopes have another value."""
        for (narrower, its_name), alternatives in self.found.items():
            if its_name != name or not narrower.overrides(scope):
                continue
            for one in alternatives:
                if one is not None and one.essence != assignment.essence:
                    yield Related(f"{narrower} has a value of its own", one.origin)

    def _forget(self, matches: Callable[[Scope], bool], name: str | None) -> None:
        for scope, each in list(self.found):
            if matches(scope) and name in (None, each):
                del self.found[scope, each]

    def _move(self, moved: Callable[[Scope], Scope]) -> None:
        self.found = {(moved(scope), name): one for (scope, name), one in self.found.items()}


def written_value(text: str, shown: str, origin: Origin) -> Value[str]:
    """The value of a statement; `shown` is the text with placeholders in their own spelling."""
    placeholder = _PLACEHOLDER.search(shown)
    if shown != text or placeholder:
        what = placeholder.group() if placeholder else shown
        return Unknown(f"it is {what.strip('<>')}, which is only known at run time", origin)
    return Known(text, origin)
