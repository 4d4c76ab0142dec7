# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares live servers and poolers with what the files say: facts for the policies PG601 …"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import TypeVar

from connguard.engine.reading import Context
from connguard.live.hba_drift import hba_facts
from connguard.live.pooler_drift import pooler_facts
from connguard.live.snapshot import LivePooler, LiveServer, LiveSource, Row
from connguard.policies.model.facts import UNLIMITED, Database, Role, Undecided
from connguard.policies.model.live_facts import (
    SETTINGS,
    LiveComparison,
    LiveDatabaseLimit,
    LivePendingRestart,
    LiveRoleLimit,
    LiveSetting,
)
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.reading import Reading, Subject
from connguard.policies.model.server_values import (
    parse_boolean,
    parse_integer,
    parse_number,
    split_list,
)
from connguard.policies.model.setting_facts import SERVER, EffectiveSetting

Fact = TypeVar("Fact")

_FILE_FORMS = (".conf", ".tf", ".tofu", ".json", ".yml", ".yaml", ".sh", ".bash")
_OF_OUR_SESSION = ("client", "session", "interactive")


def drift(subjects: Sequence[Subject], context: Context) -> Reading:
    """The facts of all comparisons; none where no live server was read."""
    reading = Reading()
    roles = facts_of(subjects, Role)
    databases = facts_of(subjects, Database)
    settings = facts_of(subjects, EffectiveSetting)
    for server in facts_of(subjects, LiveServer):
        for fact in (
            *_roles(roles, server.source),
            *_databases(databases, server.source),
            *_settings(settings, server.source),
            *_pending(server.source),
            *hba_facts(server, subjects, context),
        ):
            reading.add(fact)
    for pooler in facts_of(subjects, LivePooler):
        for fact in pooler_facts(pooler.source, subjects):
            reading.add(fact)
    return reading


def facts_of(subjects: Iterable[Subject], kind: type[Fact]) -> list[Fact]:
    return [fact for subject in subjects for fact in subject.alternatives if isinstance(fact, kind)]


# Connection limits.


def _roles(roles: Sequence[Role], source: LiveSource) -> Iterator[object]:
    by_name: dict[str, list[Value[str]]] = {}
    for role in roles:
        made_here = role.declarative or role.can_login is not None
        claim = _limit(role.connection_limit, role.origin, made_here=made_here)
        if claim is not None:
            by_name.setdefault(role.name, []).append(claim)
    yield from _limits("roles", "pg_roles", "role", by_name, source, LiveRoleLimit, "PG601")


def _databases(databases: Sequence[Database], source: LiveSource) -> Iterator[object]:
    by_name: dict[str, list[Value[str]]] = {}
    for database in databases:
        claim = _limit(database.connection_limit, database.origin, made_here=database.declarative)
        if claim is not None:
            by_name.setdefault(database.name, []).append(claim)
    yield from _limits(
        "databases", "pg_database", "database", by_name, source, LiveDatabaseLimit, "PG602"
    )


def _limit(limit: Value[int] | None, origin: Origin, *, made_here: bool) -> Value[str] | None:
    """What the files say of a limit; None when they say nothing."""
    if isinstance(limit, Unknown):
        return limit
    if limit is None:
        return Known(str(UNLIMITED), origin) if made_here else None
    return Known(str(limit.value), limit.origin)


def _limits(
    table: str,
    view: str,
    kind: str,
    claims: dict[str, list[Value[str]]],
    source: LiveSource,
    fact: type[LiveComparison],
    policy_id: str,
) -> Iterator[object]:
    rows = _table(source, table)
    for name, values in claims.items():
        if rows is None:
            yield Undecided(policy_id, _unseen(source, view), values[0].origin)
            return
        row = rows.get(name)
        live = row.text("connection_limit") if row else None
        wanted = next((one.value for one in values if isinstance(one, Known)), None)
        yield fact(
            f'the connection limit of {kind} "{name}"',
            tuple(values),
            Known(live, row.origin) if row is not None and live is not None else None,
            source.origin,
            view,
            source.name,
            f'on {source.name}: ALTER {kind.upper()} "{name}" CONNECTION LIMIT {wanted};'
            if row is not None and wanted is not None
            else "",
        )


def _table(source: LiveSource, name: str) -> dict[str, Row] | None:
    rows = source.tables.get(name)
    if rows is None:
        return None
    return {row.text("name") or "": row for row in rows}


def _unseen(source: LiveSource, view: str) -> str:
    """Why a view is missing: what the server said, or that the snapshot has none."""
    said = next((one for one in source.hidden if one.startswith(f"{view}: ")), None)
    reason = said.partition(": ")[2] if said else "it is not in the snapshot"
    return f"{view} of {source.name} could not be read: {reason}"


# Settings.


def _settings(settings: Sequence[EffectiveSetting], source: LiveSource) -> Iterator[object]:
    grouped: dict[tuple[str, str], list[EffectiveSetting]] = {}
    for setting in settings:
        if setting.name in SETTINGS:
            grouped.setdefault((setting.scope, setting.name), []).append(setting)
    rows = _table(source, "settings")
    for (scope, name), same in grouped.items():
        values = [one.value for one in _in_force(same)]
        if rows is None:
            yield Undecided("PG603", _unseen(source, "pg_settings"), values[0].origin)
            return
        row = rows.get(name)
        if scope == SERVER:
            yield _server_setting(name, values, row, source)
        elif row is not None and "overrides" in source.tables:
            yield _stored_setting(name, scope, values, row, source)


def _in_force(settings: Sequence[EffectiveSetting]) -> Sequence[EffectiveSetting]:
    """ALTER SYSTEM is over the one file that it is for; with several files that is not told."""
    altered = [one for one in settings if not PurePath(one.origin.path).name.endswith(_FILE_FORMS)]
    files = {one.origin.path for one in settings} - {one.origin.path for one in altered}
    return altered if altered and len(files) == 1 else settings


def _server_setting(
    name: str, values: Sequence[Value[str]], row: Row | None, source: LiveSource
) -> object:
    what = f"{name} of the server"
    if row is None:
        return LiveSetting(what, tuple(values), None, source.origin, "pg_settings", source.name)
    hidden = _overridden(name, row, source)
    if hidden:
        return Undecided("PG603", hidden, values[0].origin)
    claims = tuple(_normal(value, row) for value in values)
    return LiveSetting(
        what,
        claims,
        Known(_shown(row.text("value") or "", row), row.origin),
        row.origin,
        "pg_settings",
        source.name,
        also=_set_at(row, source),
    )


def _overridden(name: str, row: Row, source: LiveSource) -> str | None:
    """Why the value of the server as a whole is not seen in our session."""
    for one in source.tables.get("overrides", ()):
        if (
            one.text("name") == name
            and one.text("role") in (None, source.about.get("role"))
            and one.text("database") in (None, source.about.get("database"))
        ):
            return (
                f"{name} is set for the role or database that looked at {source.name}, which hides"
                " the value of the server: look as another role"
            )
    # Our own SET LOCAL is not in reset_val; what the client's options set is.
    if row.text("source") in _OF_OUR_SESSION and name != "statement_timeout":
        return f"{name} is set by the connection that looked at {source.name}"
    return None


def _stored_setting(
    name: str, scope: str, values: Sequence[Value[str]], row: Row, source: LiveSource
) -> object:
    """What ALTER ROLE … SET and ALTER DATABASE … SET leave behind."""
    stored = next(
        (
            one
            for one in source.tables["overrides"]
            if one.text("name") == name and _scope(one) == scope
        ),
        None,
    )
    live = stored.text("value") if stored else None
    return LiveSetting(
        f"{name} of {scope}",
        tuple(_normal(value, row) for value in values),
        Known(_normal_text(live, row) or live, stored.origin)
        if stored is not None and live is not None
        else None,
        source.origin,
        "pg_db_role_setting",
        source.name,
    )


def _scope(row: Row) -> str:
    role, database = row.text("role"), row.text("database")
    if role and database:
        return f'role "{role}" in database "{database}"'
    if role:
        return f'role "{role}"'
    return f'database "{database}"' if database else "all roles"


def _normal(value: Value[str], row: Row) -> Value[str]:
    if isinstance(value, Unknown):
        return value
    text = _normal_text(value.value, row)
    if text is None:
        return Unknown(f'"{value.value}" is no value that could be compared', value.origin)
    return Known(text, value.origin)


def _normal_text(text: str, row: Row) -> str | None:
    """A value in the form in which equal values are equal, with its unit."""
    kind, unit = row.text("type"), row.text("unit")
    if kind == "integer":
        number = parse_integer(text, unit)
        return None if number is None else _shown(str(number), row)
    if kind == "real":
        real = parse_number(text, unit)
        return None if real is None else _shown(f"{float(real):g}", row)
    if kind == "bool":
        flag = parse_boolean(text)
        return None if flag is None else ("on" if flag else "off")
    return _shown(text, row)


def _shown(text: str, row: Row) -> str:
    kind, unit = row.text("type"), row.text("unit")
    if row.text("name") == "listen_addresses":
        return ", ".join(sorted(split_list(text) or ())) or "no address"
    if kind == "enum":
        return text.lower()
    return f"{text} {unit}" if unit and kind in ("integer", "real") else text


def _set_at(row: Row, source: LiveSource) -> tuple[Related, ...]:
    """The line of the server's own files, where it is told."""
    file, line = row.text("file"), row.number("line")
    if not file or line is None or line < 1:
        return ()
    return (Related(f"on {source.name} it is set there", Origin(file, line, 1, line, 1)),)


def _pending(source: LiveSource) -> Iterator[object]:
    for row in source.tables.get("settings", ()):
        if row.values.get("pending_restart") is True:
            yield LivePendingRestart(
                row.text("name") or "",
                _shown(row.text("value") or "", row),
                source.name,
                row.origin,
                _set_at(row, source),
            )
