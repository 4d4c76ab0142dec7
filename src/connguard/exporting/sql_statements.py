# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQL statements about roles and databases, as entries of the exported document.

Passwords are no part of the summaries that this is made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connguard.exporting.plain_values import plain
from connguard.policies.model.origin import Known, Origin, Unknown
from connguard.sql_rules.observed import Observed
from connguard.sql_rules.placeholders import Blanks
from connguard.sql_rules.replay import statements
from connguard.sql_rules.script import Direction, Script
from connguard.sql_rules.statements import (
    AlterDatabase,
    AlterRole,
    CreateDatabase,
    CreateRole,
    DropDatabase,
    DropRoles,
    ObjectStatement,
    Options,
    Rename,
    object_statement,
)
from connguard.sql_rules.syntax import Parsed

Entry = dict[str, Any]


def sql_statements(histories: Iterable[Sequence[Script]]) -> list[Entry]:
    """The statements of all histories, each in the order in which its files run."""
    return [
        entry
        for scripts in histories
        for direction, found in statements(scripts)
        for entry in _entries(direction, found)
    ]


def _entries(direction: Direction, found: Observed) -> Iterator[Entry]:
    statement = object_statement(Parsed(found.kind, found.node, 0, 0))
    if statement is None:
        return
    for kind, name, details in _described(statement, found.blanks, found.origin):
        yield {
            "kind": kind,
            "name": plain(found.blanks.shown(name)),
            "direction": direction.value,
            "new_name": None,
            "connection_limit": None,
            "login": None,
            "superuser": None,
            **details,
            "location": plain(found.origin),
        }


def _described(
    statement: ObjectStatement, blanks: Blanks, origin: Origin
) -> Iterator[tuple[str, str, Entry]]:
    """Kind, name and details of what a statement does; nothing for one that sets no property."""
    match statement:
        case CreateRole():
            login = statement.user if statement.options.login is None else statement.options.login
            details = _options(statement.options, blanks, origin)
            superuser = bool(statement.options.superuser)
            yield (
                "create role",
                statement.name,
                details | {"login": login, "superuser": superuser},
            )
        case AlterRole():
            yield "alter role", statement.role.text, _options(statement.options, blanks, origin)
        case DropRoles():
            for role in statement.roles:
                yield "drop role", role.text, {}
        case CreateDatabase():
            yield "create database", statement.name, _options(statement.options, blanks, origin)
        case AlterDatabase():
            yield "alter database", statement.name, _options(statement.options, blanks, origin)
        case DropDatabase():
            yield "drop database", statement.name, {}
        case Rename():
            kind = "rename database" if statement.database else "rename role"
            yield kind, statement.name, {"new_name": plain(blanks.shown(statement.new_name))}


def _options(options: Options, blanks: Blanks, origin: Origin) -> Entry:
    limit: object = None
    if options.limits:
        number = options.limits[-1]
        found = "it is no integer" if number is None else blanks.limit(number)
        limit = Unknown(found, origin) if isinstance(found, str) else Known(found, origin)
    return {
        "connection_limit": plain(limit),
        "login": options.login,
        "superuser": options.superuser,
    }
