# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares SHOW CONFIG, DATABASES and USERS of a live PgBouncer with pgbouncer.ini."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connguard.budget import pgbouncer_keys as keys
from connguard.budget.discovered import PoolerFile
from connguard.budget.pgbouncer_ini import Configuration, Line, Setting, seconds, strtol
from connguard.live.snapshot import LiveSource, Row
from connguard.policies.model.facts import Undecided
from connguard.policies.model.live_facts import (
    LiveComparison,
    LivePoolerDatabase,
    LivePoolerSetting,
    LivePoolerUser,
)
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.reading import Subject
from connguard.policies.model.topology import ANY

_TEXTS = (
    "auth_dbname",
    "auth_query",
    "auth_type",
    "auth_user",
    "client_tls_sslmode",
    "ignore_startup_parameters",
    "listen_addr",
    "pool_mode",
    "server_reset_query",
    "server_tls_sslmode",
)
_NOT_COMPARED = ("unix_socket_mode", "verbose", "pkt_buf", "sbuf_loopcnt", "tcp_defer_accept")
COMPARED = frozenset((*keys.INTEGERS, *keys.TIMES, *_TEXTS)) - frozenset(_NOT_COMPARED)
"""The settings that are looked at. Others may hold secrets (auth_ldap_options)."""

_SILENT = (*keys.DEFAULTS, "pool_mode", "max_prepared_statements", *sorted(keys.TIMES))
"""Compared with PgBouncer's default where the file says nothing."""

_LISTS = ("listen_addr", "ignore_startup_parameters")

# Parameters of a line, and the columns that show them (the name differs between versions).
_DATABASE_COLUMNS = {
    "host": ("host",),
    "port": ("port",),
    "dbname": ("database",),
    "user": ("force_user",),
    "pool_size": ("pool_size",),
    "min_pool_size": ("min_pool_size",),
    "reserve_pool": ("reserve_pool", "reserve_pool_size"),
    "reserve_pool_size": ("reserve_pool_size", "reserve_pool"),
    "pool_mode": ("pool_mode",),
    "max_db_connections": ("max_connections",),
    "max_db_client_connections": ("max_client_connections",),
}
_USER_COLUMNS = {
    "pool_size": ("pool_size",),
    "reserve_pool_size": ("reserve_pool_size",),
    "pool_mode": ("pool_mode",),
    "max_user_connections": ("max_user_connections",),
    "max_user_client_connections": ("max_user_client_connections",),
}
_NUMBERS = frozenset((*_DATABASE_COLUMNS, *_USER_COLUMNS)) - {"host", "dbname", "user", "pool_mode"}
_CONSOLE = "pgbouncer"


def pooler_facts(source: LiveSource, subjects: Sequence[Subject]) -> Iterator[object]:
    """One comparison for every value that pgbouncer.ini sets, or leaves to a default."""
    files = [
        fact.configuration
        for subject in subjects
        for fact in subject.alternatives
        if isinstance(fact, PoolerFile)
    ]
    if not files:
        return
    best = _best(files, source)
    if best is None:
        names = ", ".join(sorted(one.origin.path for one in files))
        reason = f"several files may be the one of {source.name}: {names}; name it as PATH"
        yield Undecided("PG607", reason, files[0].origin)
        return
    for table, view, policy_id in (
        ("config", "SHOW CONFIG", "PG607"),
        ("databases", "SHOW DATABASES", "PG608"),
        ("users", "SHOW USERS", "PG609"),
    ):
        if table not in source.tables:
            said = next((one for one in source.hidden if one.startswith(f"{view}: ")), view)
            yield Undecided(policy_id, f"{source.name}: {said} could not be read", best.origin)
    yield from _config(best, source)
    yield from _databases(best, source)
    yield from _lines(
        best.users,
        source.tables.get("users"),
        _USER_COLUMNS,
        "[users]",
        "SHOW USERS",
        source,
        LivePoolerUser,
    )


def _best(files: Sequence[Configuration], source: LiveSource) -> Configuration | None:
    """The file that is most like the live one; None when two are alike."""
    port = next(
        (
            row.text("value")
            for row in source.tables.get("config", ())
            if _key(row) == "listen_port"
        ),
        None,
    )
    names = {row.text("name") for row in source.tables.get("databases", ())}

    def likeness(one: Configuration) -> tuple[bool, int]:
        own = one.settings.get("listen_port")
        same_port = port is not None and own is not None and str(own.number) == port
        return same_port, len(names & set(one.databases))

    ranked = sorted(files, key=likeness, reverse=True)
    if len(ranked) > 1 and likeness(ranked[0]) == likeness(ranked[1]):
        return None
    return ranked[0]


def _key(row: Row) -> str | None:
    return row.text("key") or row.text("name")


def _config(file: Configuration, source: LiveSource) -> Iterator[LivePoolerSetting]:
    for row in source.tables.get("config", ()):
        key = _key(row) or ""
        if key not in COMPARED:
            continue
        setting = file.settings.get(key)
        if setting is not None:
            claim = _claim(key, setting)
        elif key in _SILENT and not file.missing_includes and row.text("default") is not None:
            claim = Known(_normal(key, row.text("default") or ""), file.origin)
        else:
            continue
        yield LivePoolerSetting(
            f"{key} of PgBouncer" + ("" if setting else " (not set here: the default)"),
            (claim,),
            Known(_normal(key, row.text("value") or ""), row.origin),
            row.origin,
            "SHOW CONFIG",
            source.name,
        )


def _claim(key: str, setting: Setting) -> Value[str]:
    if setting.template:
        return Unknown(f"{setting.text} is filled in elsewhere", setting.origin)
    return Known(_normal(key, setting.text), setting.origin)


def _normal(key: str, text: str) -> str:
    """A value in the form in which equal values are equal."""
    if key in keys.INTEGERS or key in _NUMBERS:
        number = strtol(text)
        return text.strip() if number is None else str(number)
    if key in keys.TIMES:
        time = seconds(text)
        return text.strip() if time is None else f"{time:g} s"
    if key in _LISTS:
        return ", ".join(sorted(part.strip() for part in text.split(",") if part.strip()))
    if key == "pool_mode":
        return text.strip().lower()
    return text.strip()


def _databases(file: Configuration, source: LiveSource) -> Iterator[object]:
    rows = source.tables.get("databases")
    if rows is None:
        return
    yield from _lines(
        file.databases,
        rows,
        _DATABASE_COLUMNS,
        "[databases]",
        "SHOW DATABASES",
        source,
        LivePoolerDatabase,
    )
    for row in rows:
        name = row.text("name") or ""
        line = file.databases.get(name)
        if line is None and name != _CONSOLE and ANY not in file.databases:
            if not file.missing_includes:
                claims = (Known("absent", file.origin),)
                yield _comparison(f'"{name}" in [databases]', claims, "present", row, source)
            continue
        place = line.origin if line is not None else None
        for state in ("paused", "disabled") if place is not None else ():
            live = row.text(state)
            if live not in (None, "0", "false") and place is not None:
                claims = (Known("in service", place),)
                yield _comparison(f'database "{name}"', claims, state, row, source)


def _comparison(
    what: str, claims: tuple[Known[str], ...], live: str, row: Row, source: LiveSource
) -> LivePoolerDatabase:
    return LivePoolerDatabase(
        what, claims, Known(live, row.origin), row.origin, "SHOW DATABASES", source.name
    )


def _lines(
    lines: Mapping[str, Line],
    rows: Sequence[Row] | None,
    columns: Mapping[str, tuple[str, ...]],
    section: str,
    view: str,
    source: LiveSource,
    fact: type[LiveComparison],
) -> Iterator[LiveComparison]:
    if rows is None:
        return
    by_name = {row.text("name"): row for row in rows}
    for name, line in lines.items():
        if name == ANY:
            continue
        row = by_name.get(name)
        if row is None:
            claim = Known("present", line.origin)
            what = f'"{name}" in {section}'
            yield fact(what, (claim,), None, source.origin, view, source.name)
            continue
        for key, setting in line.parameters.items():
            column = next((one for one in columns.get(key, ()) if one in row.values), None)
            if column is None or (setting.number is not None and setting.number < 0):
                continue
            yield fact(
                f'{key} of "{name}" in {section}',
                (_claim(key, setting),),
                Known(_normal(key, row.text(column) or ""), row.origin),
                _place(row),
                view,
                source.name,
            )


def _place(row: Row) -> Origin:
    return row.origin
