# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools in Prisma schemas, .NET settings (Npgsql), Ecto's and Sequelize's files and Rust (sqlx)."""

from __future__ import annotations

import re

from connguard.budget import dsn
from connguard.budget.code_pool import Made, count, unread
from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.patterns import lazily
from connguard.terraform.json_cursor import JsonCursor, JsonError

_NPGSQL_DEFAULT = 100
_SQLX_DEFAULT = 10
SEQUELIZE_DEFAULT = 5
_DATASOURCE = lazily(
    r"^[ \t]*datasource\s+\w+\s*\{((?:(?!^[ \t]*datasource\s).)*?)\}[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_PROVIDER = lazily(r"^[ \t]*provider\s*=\s*\"postgres(?:ql)?\"", re.MULTILINE)
_URL = lazily(
    r"^[ \t]*url\s*=\s*(?:\"([^\"]*)\"|(env\((?:[^)\n]|\n(?![ \t]*url\b))*+\)))", re.MULTILINE
)
_JSON_PAIR = lazily(r'"(?:[^"\\]|\\.)*"\s*:\s*"((?:[^"\\]|\\.)*)"')
_NPGSQL = lazily(r"(?i)(?:^|;)\s*(?:host|username)\s*=")
_ECTO = lazily(r"^([^\n#]*\bpool_size:[ \t]*+)((?:[^\s#,]++|[ \t,]++(?=[^\s#,]))++)", re.MULTILINE)
_ECTO_CONFIG = lazily(r"^[ \t]*config[ (]+:\w+,[ \t]*([\w.]+)", re.MULTILINE)
_SQLX = lazily(r"PgPoolOptions::new\(\)|PgPool::connect(?:_with|_lazy)?\(")
_SQLX_SIZE = lazily(r"\.max_connections\(\s*+")
_SQLX_END = lazily(r"\)\s*(?=[.;?\n]|$)")


def prisma(text: Text) -> list[Made]:
    """The data source of a Prisma schema; the size is `connection_limit` of its URL."""
    found = []
    for block in _DATASOURCE.finditer(text.string):
        body = block[1]
        provider = _PROVIDER.search(body)
        if provider is None:
            continue
        # Without a URL (it may stand in prisma.config.ts) the provider is the place.
        address = _URL.search(body)
        url = address[1] if address is not None else None
        start, end = provider.span()
        if address is not None:
            start, end = address.span(1 if url is not None else 2)
        place = text.origin(block.start(1) + start, block.start(1) + end)
        target = dsn.parse(url) if url else None
        if target is not None and target.pool is not None:
            size = exactly(target.pool, "connection_limit", place)
        else:
            reason = "connection_limit of its URL (Prisma's default: 2 × CPUs + 1)"
            size = unknown_amount("pool of Prisma", reason, place, 1)
        found.append(Made("Prisma", place, size, target))
    return found


def npgsql(text: Text) -> list[Made]:
    """Connection strings of a .NET settings file that are PostgreSQL's."""
    found = []
    for pair in _JSON_PAIR.finditer(text.string):
        value = pair[1]
        if ";" not in value or not _NPGSQL.search(value):
            continue
        target = dsn.parse(value)
        if target is None:
            continue
        place = text.origin(*pair.span(1))
        options = {key.replace(" ", ""): one for key, one in target.options.items()}
        if options.get("pooling", "").lower() in ("false", "no"):
            size: Amount = unknown_amount(
                "pool of Npgsql", "how many connections are open at once (Pooling=false)", place
            )
        elif target.pool is not None:
            size = exactly(target.pool, "Maximum Pool Size", place)
        elif "maximumpoolsize" in options or "maxpoolsize" in options:
            size = unread("Npgsql", value.rpartition(";")[2], place)
        else:
            size = exactly(_NPGSQL_DEFAULT, "Maximum Pool Size (default of Npgsql)", place)
        found.append(Made("Npgsql", place, size, target))
    return found


def sequelize(text: Text) -> list[Made]:
    """The environment `production` of Sequelize's config.json.

    https://sequelize.org/docs/v6/other-topics/migrations/#configuration
    """
    try:
        production = JsonCursor(text.string).get("production")
        values = production.plain() if production is not None else None
        size = production.get("pool", "max") if production is not None else None
    except JsonError:
        return []
    if production is None or not isinstance(values, dict) or values.get("dialect") != "postgres":
        return []
    place = text.origin(production.start, production.start + 1)
    number = size.plain() if size is not None else None
    if size is None:
        amount = exactly(SEQUELIZE_DEFAULT, "pool.max (default of Sequelize)", place)
    elif isinstance(number, int) and not isinstance(number, bool) and number >= 0:
        amount = exactly(number, "pool.max", text.origin(size.start, size.end))
    else:
        amount = unread("Sequelize", str(number), text.origin(size.start, size.end))

    def known(name: str) -> str | None:
        value = values.get(name)
        return value if isinstance(value, str) else None

    host = known("host")
    target = dsn.Target(host, None, known("database"), known("username")) if host else None
    return [Made("Sequelize", place, amount, target)]


def ecto(text: Text) -> list[Made]:
    """`pool_size` of the repositories of an Elixir configuration."""
    found = []
    sections = list(_ECTO_CONFIG.finditer(text.string))
    for match in _ECTO.finditer(text.string):
        owner = next((one for one in reversed(sections) if one.start() < match.start()), None)
        if owner is None or not owner[1].endswith("Repo"):
            continue
        place = text.origin(*match.span(2))
        number = count(match[2])
        size = (
            exactly(number, "pool_size", place)
            if number is not None
            else unread("Ecto", match[2], place)
        )
        found.append(Made("Ecto", place, size))
    return found


def sqlx(text: Text) -> list[Made]:
    """Pools of Rust's sqlx. An expression ends at the next semicolon."""
    found = []
    for match in _SQLX.finditer(text.string):
        line = text.string.rfind("\n", 0, match.start()) + 1
        if "//" in text.string[line : match.start()]:
            continue
        place = text.origin(*match.span())
        end = text.string.find(";", match.end())
        end = end if end >= 0 else match.end()
        size_match = _SQLX_SIZE.search(text.string, match.end(), end)
        closed = _SQLX_END.search(text.string, size_match.end(), end) if size_match else None
        if size_match is None or closed is None:
            size = exactly(_SQLX_DEFAULT, "max_connections (default of sqlx)", place)
        else:
            written = text.string[size_match.end() : closed.start()].rstrip()
            origin = text.origin(size_match.end(), size_match.end() + len(written))
            number = count(written)
            size = (
                exactly(number, "max_connections", origin)
                if number is not None
                else unread("sqlx", written, origin)
            )
        found.append(Made("sqlx", place, size))
    return found
