# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Supabase's config.toml: the pooler of the local stack, `[db.pooler]`.

https://supabase.com/docs/guides/local-development/cli/config. Its pooler, Supavisor, has no
prepared statements in transaction mode:
https://supabase.com/docs/guides/troubleshooting/disabling-prepared-statements-qL8lEL
"""

from __future__ import annotations

import tomllib

from connguard.budget.discovered import PoolerReady
from connguard.budget.toml_places import Document, not_parsed, parse
from connguard.engine.text import Text
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.topology import ANY, Pooler, PoolerEntry

_PATH = ("db", "pooler")
_POOL = 20
_CLIENTS = 100


def read(text: Text) -> PoolerReady | NotParsed | None:
    """The pooler, if it is enabled; None for other files."""
    try:
        document = parse(text)
    except tomllib.TOMLDecodeError as error:
        return not_parsed(text, error) if "pooler" in text.string else None
    database = document.values.get("db")
    pooler = database.get("pooler") if isinstance(database, dict) else None
    if not isinstance(pooler, dict) or pooler.get("enabled") is not True:
        return None
    origin = document.origin(*_PATH)
    mode = pooler.get("pool_mode")
    found = Pooler(
        name="supabase pooler",
        origin=origin,
        kind="supavisor",
        instances=exactly(1),
        versions=((1, 24),),
        entries=(PoolerEntry(ANY, origin),),
        default_pool_size=_number(document, pooler, "default_pool_size", _POOL),
        max_client_conn=_number(document, pooler, "max_client_conn", _CLIENTS),
        pool_mode=mode if isinstance(mode, str) else "transaction",
        prepared_statements=exactly(0, "prepared statements"),
    )
    return PoolerReady(found, frozenset({"pooler"}))


def _number(document: Document, table: dict[str, object], key: str, default: int) -> Amount:
    value = table.get(key)
    if value is None:
        return exactly(default, f"{key} (default)")
    place = document.origin(*_PATH, key)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return exactly(value, key, place)
    return unknown_amount(key, f"{value} is filled in elsewhere", place)
