# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end state that the replay gives, held against that of a real server."""

from __future__ import annotations

from collections.abc import Mapping

from sql_session import RoleRow

from connguard.engine.text import Text
from connguard.policies.model.facts import UNLIMITED
from connguard.policies.model.origin import Known, Value
from connguard.sql_rules.replay import final_state
from connguard.sql_rules.script import Chunk, Script
from connguard.sql_rules.state import Entity, Existence, Kind, State


def replayed(sql: str) -> State:
    """The end state of the replay of one script."""
    return final_state([Script("script.sql", (Chunk(sql, Text("script.sql", sql).origin),))])


def _allows(value: Value[int] | Value[bool] | None, actual: int, default: int | None) -> bool:
    """Whether the value may be `actual`; a value that no statement set is `default`, or any."""
    if value is None:
        return default is None or actual == default
    return not isinstance(value, Known) or value.value == actual


def allows_role(entity: Entity, row: RoleRow | None) -> bool:
    if row is None:
        return entity.existence is not Existence.PRESENT
    if entity.existence is Existence.ABSENT:
        return False
    made = entity.made is not None
    return (
        _allows(entity.limit, row.limit, UNLIMITED if made else None)
        and _allows(entity.login, row.login, None)
        and _allows(entity.superuser, row.superuser, None)
    )


def allows_database(entity: Entity, limit: int | None) -> bool:
    row = None if limit is None else RoleRow(limit, login=True, superuser=False)
    return allows_role(entity, row)


def check_allowed(
    sql: str, roles: Mapping[str, RoleRow], databases: Mapping[str, int], context: object
) -> None:
    """Assert that what the server has is an alternative of what the replay of `sql` gives.

    A state of a name that the code computes may be that of any role.
    """
    state = dict(replayed(sql).objects.items())
    computed = [
        entity
        for (kind, _), alternatives in state.items()
        for entity in alternatives
        if entity.name.symbolic and kind is Kind.ROLE
    ]
    symbolic = {key for key, alternatives in state.items() if alternatives[0].name.symbolic}
    named = {name for kind, name in state.keys() - symbolic if kind is Kind.ROLE}
    for name in sorted(named | set(roles)):
        own = state.get((Kind.ROLE, name), ())
        row = roles.get(name)
        assert any(allows_role(entity, row) for entity in [*own, *computed]), (
            f"{name} is {row} on the server, replay: {own or computed}",
            context,
        )
    for kind, name in state.keys() - symbolic:
        if kind is Kind.DATABASE:
            own = state[kind, name]
            limit = databases.get(name)
            assert any(allows_database(entity, limit) for entity in own), (
                f"{name} has {limit} on the server, replay: {own}",
                context,
            )
