# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Poolers other than PgBouncer: Odyssey, PgCat, PgDog and Pgpool-II, in PgBouncer's terms."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from connguard.budget import odyssey
from connguard.budget.discovered import PoolerReady
from connguard.budget.toml_places import Document, not_parsed, parse
from connguard.engine import disk
from connguard.engine.reading import Context
from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Known
from connguard.policies.model.topology import ANY, Pooler, PoolerEntry
from connguard.postgres.conf import read_conf_text

_MODERN = ((1, 24),)
_NO_CLIENT_LIMIT = "the pooler does not limit its clients"
_PGPOOL_CHILDREN = 32
_PGPOOL_POOLS = 4
_PGDOG_POOL = 10


def read(text: Text, path: Path, context: Context) -> PoolerReady | NotParsed | None:
    """The pooler of a configuration file; None if it is not one."""
    if path.name == "pgpool.conf":
        return _pgpool(text)
    if path.name == "odyssey.conf":
        return odyssey.read(text, _Includes(path, context).find)
    beside = context.file(path.parent / "users.toml") if path.name == "pgdog.toml" else None
    users = context.text(beside) if beside else None
    read_now = text
    try:
        document = parse(read_now)
        if users is not None:
            read_now = users
        accounts = parse(users) if users is not None else None
    except tomllib.TOMLDecodeError as error:
        return not_parsed(read_now, error)
    return _pgdog(document, accounts) if path.name == "pgdog.toml" else _pgcat(document)


class _Includes:
    """Finds included files: below the configuration's folder, whatever folder the server has."""

    def __init__(self, path: Path, context: Context) -> None:
        self._folder = path.parent
        self._context = context
        self._read = {disk.resolve(path)}

    def find(self, _: Text, name: str) -> Text | None:
        parts = PurePath(name.lstrip("/")).parts
        for start in range(len(parts)):
            file = self._context.file(self._folder.joinpath(*parts[start:]))
            if file is not None and file.path not in self._read:  # which has no links
                self._read.add(file.path)
                return self._context.text(file)
        return None


def _pgcat(document: Document) -> PoolerReady | None:
    """Pools are per pool name and user, each with a size of its own (doc of PgCat, CONFIG.md)."""
    entries = []
    for name, pool in _tables(document.values, "pools").items():
        users = _tables(pool, "users")
        shards = _tables(pool, "shards")
        database = next((shard.get("database") for shard in shards.values()), None)
        for key, user in users.items():
            path = ("pools", name, "users", key)
            role = user.get("server_username") or user.get("username")
            entries.append(
                PoolerEntry(
                    name=name,
                    origin=document.origin(*path),
                    database=database if isinstance(database, str) else None,
                    user=str(role),
                    client_user=str(user.get("username")),
                    pool_size=_number(document, user, "pool_size", *path),
                    min_pool_size=_number(document, user, "min_pool_size", *path),
                    pool_mode=_string(user, "pool_mode") or _string(pool, "pool_mode"),
                )
            )
    return _pooler("pgcat", document, tuple(entries)) if entries else None


def _pgdog(document: Document, accounts: Document | None) -> PoolerReady | None:
    """Users are in a file of their own, each for one database."""
    general = _table(document.values, "general")
    size = _number(document, general, "default_pool_size", "general")
    databases = {
        str(one.get("name")): str(one.get("database_name") or one.get("name"))
        for one in _list(document.values, "databases")
    }
    entries = []
    for position, user in enumerate(_list(accounts.values, "users") if accounts else []):
        assert accounts is not None
        name = str(user.get("database"))
        place = ("users", position)
        entries.append(
            PoolerEntry(
                name=name,
                origin=accounts.origin(*place),
                database=databases.get(name, name),
                user=str(user.get("server_user") or user.get("name")),
                client_user=str(user.get("name")),
                pool_size=_number(accounts, user, "pool_size", *place),
                pool_mode=_string(user, "pooler_mode") or _string(general, "pooler_mode"),
            )
        )
    if not databases:
        return None
    if accounts is None:
        entries = [
            PoolerEntry(name=name, origin=document.origin("databases")) for name in databases
        ]
    default = size or exactly(_PGDOG_POOL, "default_pool_size")
    return _pooler("pgdog", document, tuple(entries), default, known=accounts is not None)


def _pgpool(text: Text) -> PoolerReady:
    """Each child keeps up to max_pool connections: num_init_children × max_pool in all."""
    settings = read_conf_text(text)

    def number(name: str, default: int) -> Amount:
        value = settings.integer(name)
        if value is None:
            return exactly(default, name)
        if isinstance(value, Known):
            return exactly(value.value, name, value.origin)
        return unknown_amount(name, value.reason, value.origin)

    children = number("num_init_children", _PGPOOL_CHILDREN)
    pools = number("max_pool", _PGPOOL_POOLS)
    origin = children.origin or text.line_origin(1)
    cap = Amount(
        children.low * pools.low,
        children.high * pools.high,
        "num_init_children × max_pool",
        origin,
        children.reason or pools.reason,
    )
    pooler = Pooler(
        name="pgpool",
        origin=origin,
        kind="pgpool",
        instances=exactly(1),
        versions=_MODERN,
        entries=(PoolerEntry(ANY, origin, pool_size=cap),),
        default_pool_size=cap,
        max_client_conn=children,
        server_cap=cap,
    )
    return PoolerReady(pooler, frozenset({"pgpool"}))


def _pooler(
    kind: str,
    document: Document,
    entries: tuple[PoolerEntry, ...],
    default: Amount | None = None,
    *,
    known: bool = True,
) -> PoolerReady:
    origin = document.text.line_origin(1)
    pooler = Pooler(
        name=kind,
        origin=origin,
        kind=kind,
        instances=exactly(1),
        versions=_MODERN,
        entries=entries,
        users_known=known,
        default_pool_size=default or exactly(0),
        max_client_conn=unknown_amount("clients", _NO_CLIENT_LIMIT, origin, low=1 << 20),
        pool_mode="transaction",
        prepared_statements=exactly(1),
    )
    return PoolerReady(pooler, frozenset({kind}))


def _number(
    document: Document, table: Mapping[str, Any], key: str, *path: str | int
) -> Amount | None:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return exactly(value, key, document.origin(*path, key))


def _table(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = values.get(key)
    if not isinstance(found, dict):
        return {}
    return found


def _tables(values: Mapping[str, Any], key: str) -> dict[str, dict[str, Any]]:
    """The tables in a table, by name."""
    return {name: one for name, one in _table(values, key).items() if isinstance(one, dict)}


def _string(values: Mapping[str, Any], key: str) -> str | None:
    found = values.get(key)
    return found if isinstance(found, str) else None


def _list(values: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = values.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
