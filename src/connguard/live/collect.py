# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a live server and a live PgBouncer say of themselves, as plain data without secrets.

The keys are those of a snapshot file (`snapshot.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from connguard.live.pooler_drift import COMPARED
from connguard.live.session import QueryFailed, Row, Session
from connguard.policies.model.hba_difference import SECRET_OPTIONS
from connguard.policies.model.live_facts import SETTINGS
from connguard.policies.model.patterns import lazily

VERSION = 1
_WIDE_NAMES_SINCE = 160000

_LISTED = ", ".join(f"'{name}'" for name in SETTINGS)
# reset_val is what the session would have without our SET LOCAL.
_SETTINGS = f"""
SELECT name, reset_val AS value, unit, vartype AS type, source, sourcefile AS file,
       sourceline AS line, pending_restart
FROM pg_catalog.pg_settings WHERE name IN ({_LISTED}) ORDER BY name
"""
_ROLES = """
SELECT rolname AS name, rolconnlimit AS connection_limit, rolcanlogin AS can_login,
       rolsuper AS superuser
FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname
"""
_DATABASES = """
SELECT datname AS name, datconnlimit AS connection_limit
FROM pg_catalog.pg_database WHERE NOT datistemplate ORDER BY datname
"""
# Custom settings may hold secrets: only names that are known not to are read.
_OVERRIDES = f"""
SELECT r.rolname AS role, d.datname AS database, split_part(c, '=', 1) AS name,
       substr(c, strpos(c, '=') + 1) AS value
FROM pg_catalog.pg_db_role_setting s
CROSS JOIN LATERAL unnest(s.setconfig) AS c
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
WHERE split_part(c, '=', 1) IN ({_LISTED}) ORDER BY 1, 2, 3
"""
_HBA = "SELECT * FROM pg_catalog.pg_hba_file_rules"
_SESSIONS = """
SELECT usename AS role, datname AS database, application_name AS application,
       client_addr::text AS client, backend_type AS kind, state, count(*)::int AS sessions,
       max(extract(epoch FROM clock_timestamp() - xact_start))::float8 AS oldest_transaction
FROM pg_catalog.pg_stat_activity WHERE usesysid IS NOT NULL {besides}
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 7 DESC, 1, 2, 3
"""

_KEYWORD = lazily(r"all|sameuser|samerole|samegroup|replication|\+.*|/.*", re.DOTALL)
_PLAIN = lazily(r'[^\s,"#@]+')

_CONFIG_COLUMNS = ("key", "value", "default", "changeable")
_DATABASE_COLUMNS = (
    "name",
    "host",
    "port",
    "database",
    "force_user",
    "pool_size",
    "min_pool_size",
    "reserve_pool",
    "reserve_pool_size",
    "pool_mode",
    "max_connections",
    "max_client_connections",
    "paused",
    "disabled",
)
_USER_COLUMNS = (
    "name",
    "pool_size",
    "reserve_pool_size",
    "pool_mode",
    "max_user_connections",
    "max_user_client_connections",
)


def collect_server(session: Session, name: str) -> dict[str, Any]:
    """The part `server` of a snapshot; what may not be seen is listed under `hidden`."""
    about = session.about
    hidden: list[str] = []
    server: dict[str, Any] = {
        "name": name,
        "version": about["version_num"],
        "role": about["role"],
        "database": about["database"],
    }
    for key, what, query in (
        ("settings", "pg_settings", _SETTINGS),
        ("roles", "pg_roles", _ROLES),
        ("databases", "pg_database", _DATABASES),
        ("overrides", "pg_db_role_setting", _OVERRIDES),
        ("hba", "pg_hba_file_rules", _HBA),
    ):
        if key == "hba" and not about["sees_hba"]:
            hidden.append(f"{what}: permission denied")  # do not make the server log an error
            continue
        try:
            server[key] = session.select(query)
        except QueryFailed as error:
            hidden.append(f"{what}: {error}")
    if "hba" in server:
        wide = about["version_num"] >= _WIDE_NAMES_SINCE
        server["hba"] = [_hba_row(row, wide) for row in server["hba"]]
    if any(
        row["file"] is None and row["source"] == "configuration file"
        for row in server.get("settings", ())
    ):
        hidden.append("sourcefile and sourceline of pg_settings: grant pg_read_all_settings")
    server["hidden"] = hidden
    return server


def collect_sessions(session: Session) -> list[Row]:
    """Who is connected, in groups. Raises QueryFailed.

    Our own session is left out: it will be gone. One of a pooler stays after us, and counts.
    """
    ours = "" if session.about["pooled"] else "AND pid <> pg_catalog.pg_backend_pid()"
    return session.select(_SESSIONS.format(besides=ours))


def _hba_row(row: Row, wide: bool) -> dict[str, Any]:
    """A row of pg_hba_file_rules with its rule as one would write it, without secrets."""
    place = {"file": row["file_name"] if wide else "pg_hba.conf", "line": row["line_number"]}
    if row["error"] is not None:
        return {**place, "rule": None, "error": row["error"]}
    options = []
    for option in row["options"] or ():
        key, _, value = option.partition("=")
        if key not in SECRET_OPTIONS:
            options.append(f'"{option}"' if re.search(r"[\s,#]", value) else option)
    fields = [
        row["type"],
        ",".join(_quoted(name) for name in row["database"] or ()),
        ",".join(_quoted(name) for name in row["user_name"] or ()),
        row["address"],
        row["netmask"],
        row["auth_method"],
        *options,
    ]
    return {**place, "rule": "  ".join(field for field in fields if field), "error": None}


def _quoted(name: str) -> str:
    """The view does not tell a quoted keyword from a keyword: it is taken for one."""
    if _PLAIN.fullmatch(name) or _KEYWORD.fullmatch(name):
        return name if not re.search(r'[\s,"#]', name) else '"' + name.replace('"', '""') + '"'
    return '"' + name.replace('"', '""') + '"'


def collect_pooler(session: Session, name: str) -> dict[str, Any]:
    """The part `pgbouncer` of a snapshot."""
    hidden: list[str] = []
    found: dict[str, Any] = {"name": name, "version": _version(session)}
    for key, columns in (
        ("config", _CONFIG_COLUMNS),
        ("databases", _DATABASE_COLUMNS),
        ("users", _USER_COLUMNS),
    ):
        try:
            rows = session.show(key.upper())
        except QueryFailed as error:
            hidden.append(f"SHOW {key.upper()}: {error}")
            continue
        if key == "config":
            rows = [row for row in rows if row.get("key") in COMPARED]
        found[key] = [_only(row, columns) for row in rows]
    found["hidden"] = hidden
    return found


def _version(session: Session) -> str:
    try:
        return str(next(iter(session.show("VERSION")[0].values())))
    except (QueryFailed, IndexError, StopIteration):
        return ""


def _only(row: Row, columns: Iterable[str]) -> Row:
    return {key: row[key] for key in columns if key in row}
