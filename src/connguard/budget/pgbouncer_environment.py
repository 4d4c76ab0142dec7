# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PgBouncer images that write their configuration from environment variables.

The names and defaults are those of the images' entry scripts: bitnami's (PGBOUNCER_*, POSTGRESQL_*)
and edoburu's (DB_*, and PgBouncer's own names in capitals), from which most others are derived.
"""

from __future__ import annotations

from collections.abc import Mapping

from connguard.budget import dsn
from connguard.budget import pgbouncer_keys as keys
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.topology import ANY, Pooler, PoolerEntry, Version
from connguard.policies.model.whole_numbers import whole

Environment = Mapping[str, tuple[str, Origin, bool]]
"""Variables: the text, its place, and whether the text is known."""


def pooler_of_environment(
    name: str,
    origin: Origin,
    environment: Environment,
    flavour: str,
    version: Version | None,
    instances: Amount,
    open_files: Amount | None = None,
) -> Pooler:
    """The pooler that such an image runs."""
    prefixed = flavour in ("bitnami", "bitnamilegacy", "pgbouncer")
    reader = _Environment(environment, "PGBOUNCER_" if prefixed else "")
    entry, auth_user, user = reader.entry(origin, prefixed)
    return Pooler(
        name=name,
        origin=origin,
        kind="pgbouncer",
        instances=instances,
        versions=(version,) if version else keys.REPRESENTATIVES,
        entries=(entry,),
        login_users=frozenset({user} if user else ()),
        listed_users=frozenset({user} if user else ()),
        users_known=prefixed and user is not None,
        looks_up_users=auth_user is not None,
        auth_user=auth_user,
        pool_mode=reader.text("POOL_MODE") or "session",
        reserve_pool_timeout=reader.seconds("RESERVE_POOL_TIMEOUT", 5.0),
        prepared_statements=reader.optional("max_prepared_statements"),
        open_files=open_files,
        user_count=2,
        default_pool_size=reader.amount("default_pool_size"),
        reserve_pool_size=reader.amount("reserve_pool_size"),
        min_pool_size=reader.amount("min_pool_size"),
        max_client_conn=reader.amount("max_client_conn"),
        max_db_connections=reader.amount("max_db_connections"),
        max_user_connections=reader.amount("max_user_connections"),
        max_db_client_connections=reader.amount("max_db_client_connections"),
        max_user_client_connections=reader.amount("max_user_client_connections"),
    )


class _Environment:
    def __init__(self, variables: Environment, prefix: str) -> None:
        self._variables = variables
        self._prefix = prefix

    def entry(self, origin: Origin, prefixed: bool) -> tuple[PoolerEntry, str | None, str | None]:
        """The line of `[databases]`, the user that looks up others, and the listed user."""
        if prefixed:
            user = self._plain("POSTGRESQL_USERNAME") or self._plain("DATABASES_USER")
            user = user or (None if self._is_set("POSTGRESQL_USERNAME") else "postgres")
            name = self._plain("PGBOUNCER_DATABASE") or self._plain("DATABASES_DBNAME")
            database = self._plain("POSTGRESQL_DATABASE")
            forced = (self._plain("PGBOUNCER_SET_DATABASE_USER") or "").lower() in ("yes", "true")
            place = self._place("PGBOUNCER_DATABASE", origin)
            entry = PoolerEntry(
                name=name or "postgres",
                origin=place,
                database=None if name == ANY else database,
                user=user if forced else None,
                host=self._plain("POSTGRESQL_HOST") or self._plain("DATABASES_HOST"),
            )
            return entry, None, user
        # A password that is filled in elsewhere does not hide the rest of the address.
        target = (
            dsn.parse(self._variables["DATABASE_URL"][0]) if self._is_set("DATABASE_URL") else None
        )
        user = (target.user if target else None) or self._plain("DB_USER")
        host = (target.host if target else None) or self._plain("DB_HOST")
        name = (target.database if target else None) or self._plain("DB_NAME")
        if name is None and not self._is_set("DB_NAME") and target is None:
            name = ANY
        place = self._place("DB_NAME", self._place("DATABASE_URL", origin))
        entry = PoolerEntry(name=name or "DB_NAME", origin=place, host=host)
        looks_up = self._plain("AUTH_USER") or user or "postgres"
        return entry, looks_up, user

    def amount(self, key: str) -> Amount:
        return self.optional(key) or exactly(keys.DEFAULTS[key], key)

    def optional(self, key: str) -> Amount | None:
        name = self._prefix + key.upper()
        if name not in self._variables:
            return None
        text, origin, known = self._variables[name]
        if not known or not text.isdecimal():
            return unknown_amount(key, f"{text} is set elsewhere", origin) if text else None
        return exactly(whole(text), key, origin)

    def text(self, key: str) -> str | None:
        return self._plain(self._prefix + key)

    def seconds(self, key: str, default: float) -> float:
        try:
            return float(self.text(key) or default)
        except ValueError:
            return default

    def _plain(self, name: str) -> str | None:
        text, _, known = self._variables.get(name, ("", None, False))
        return text if text and known else None

    def _is_set(self, name: str) -> bool:
        return name in self._variables

    def _place(self, name: str, default: Origin) -> Origin:
        return self._variables[name][1] if name in self._variables else default
