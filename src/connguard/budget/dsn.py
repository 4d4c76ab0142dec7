# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection strings of applications: where they connect, as whom, and with what pool."""

from __future__ import annotations

import re
from dataclasses import field
from urllib.parse import parse_qsl, unquote, urlsplit

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

_URL = lazily(
    r"^(?:jdbc:)?(?:postgres(?:ql)?|ecto|postgis|pgsql|cockroachdb)(?:\+[\w]+)?://", re.IGNORECASE
)
_FILLED_IN = lazily(r"\$\{(\w++)[^}]*+(\})?")
"""`${NAME:?message}`, whose characters would split a URL."""
_VARIABLE = lazily(r"\$\{?\w|\$\(|\{\{|<%")
_KEYWORD = lazily(r"(\w[\w ]*+)\s*+=\s*+('(?:[^'\\]|\\.)*+'|[^;\s]++)|\w[\w ]*+")
"""A key and its value; or words that are followed by no value, which are gone over once."""
_KEYS = {
    "host": "host",
    "server": "host",
    "data source": "host",
    "port": "port",
    "database": "database",
    "dbname": "database",
    "initial catalog": "database",
    "user": "user",
    "username": "user",
    "user id": "user",
    "uid": "user",
}
POOL_OPTIONS = (
    "connection_limit",
    "pool_max_conns",
    "maximum pool size",
    "maxpoolsize",
    "max pool size",
    "pool_size",
    "max_connections",
    "pool",
)
"""Pool sizes in a connection string: Prisma, pgx, Npgsql, Ecto and Rails."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a connection string says; None where it does not, or a variable stands there.

    `pool` is the pool size that it sets. `options` are its other parameters, in lower case.
    """

    host: str | None
    port: int | None
    database: str | None
    user: str | None
    pool: int | None = None
    options: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Target | None:
    """A PostgreSQL URL, JDBC URL or keyword string; None for anything else."""
    text = text.strip().strip("\"'")
    if _URL.match(text):
        return _url(text)
    pairs = {key.strip().lower(): value.strip("'") for key, value in _KEYWORD.findall(text)}
    if not {"host", "server", "data source"} & pairs.keys():
        return None
    if not {"dbname", "database", "initial catalog"} & pairs.keys():
        return None
    known = {_KEYS[key]: value for key, value in pairs.items() if key in _KEYS}
    return _target(known, pairs)


def _url(text: str) -> Target | None:
    text = _FILLED_IN.sub(lambda match: f"${match[1]}" if match[2] else match[0], text)
    scheme = text.index("://")
    try:
        parts = urlsplit("postgres" + _without_port_variable(text[scheme:]))
        port = parts.port
    except ValueError:
        return None
    options = {key.lower(): value for key, value in parse_qsl(parts.query)}
    path = unquote(parts.path.lstrip("/"))
    known = {
        "host": parts.hostname or options.get("host", ""),
        "port": str(port or options.get("port", "")),
        "database": path or options.get("dbname", ""),
        "user": unquote(parts.username or "") or options.get("user", ""),
    }
    return _target(known, options)


def _without_port_variable(text: str) -> str:
    """A variable in the place of the port is no number; it is left out."""
    return re.sub(r":\$\{?\w(?:[^@/}:]|:(?!\$))*\}?(?=/|\?|$)", "", text)


def _target(known: dict[str, str], options: dict[str, str]) -> Target:
    def value(key: str) -> str | None:
        text = known.get(key, "")
        return text if text and not _VARIABLE.search(text) else None

    port = value("port")
    pool = next((options[key] for key in POOL_OPTIONS if key in options), "")
    return Target(
        host=value("host"),
        port=whole(port) if port and port.isdecimal() else None,
        database=value("database"),
        user=value("user"),
        pool=whole(pool) if pool.isdecimal() else None,
        options=options,
    )
