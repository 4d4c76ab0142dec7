# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a PgBouncer configuration into a pooler of the topology."""

from __future__ import annotations

from pathlib import Path

from connguard.budget import pgbouncer_keys as keys
from connguard.budget import userlist
from connguard.budget.pgbouncer_ini import (
    Configuration,
    Line,
    Problem,
    Setting,
    locate,
    seconds,
)
from connguard.engine.limits import passed
from connguard.engine.reading import Context
from connguard.policies.model.amount import Amount, exactly, times, unknown_amount
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass
from connguard.policies.model.topology import ANY, Pooler, PoolerEntry, PoolerUser, Version

KIND = "pgbouncer"
_NO_LOOKUP = ("any", "pam")

_FIRST = 30
"""How many databases and users are looked at where there are too many."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """How a configuration is run. None means that nothing says so.

    `counted` is whether `instances` are all processes, `beside` how many other configurations
    stand beside this one.
    """

    name: str
    instances: Amount
    version: Version | None = None
    auth_file: str | None = None
    open_files: Amount | None = None
    counted: bool = False
    beside: int | None = None


def to_pooler(
    found: Configuration, deployment: Deployment, context: Context
) -> tuple[Pooler, list[NotParsed]]:
    """The pooler, and what could not be read or does not start."""
    return _Converter(found, deployment, context).convert()


class _Converter:
    def __init__(self, found: Configuration, deployment: Deployment, context: Context) -> None:
        self._found = found
        self._deployment = deployment
        self._context = context
        self._gaps = [_does_not_start(problem) for problem in found.problems]

    def convert(self) -> tuple[Pooler, list[NotParsed]]:
        found = self._found
        for _, origin in found.missing_includes:
            self._gaps.append(NotParsed("the included file is not among the scanned ones", origin))
        auth_type = self._text("auth_type") or "md5"
        auth_user = self._text("auth_user")
        entries = tuple(self._entry(line) for line in found.databases.values())
        if found.missing_includes:
            origin = found.missing_includes[0][1]
            entries = (*entries, self._anything(origin))
        auth_users = auth_user or any(entry.auth_user for entry in entries)
        looks_up = bool(auth_users) and auth_type not in _NO_LOOKUP
        listed = self._listed_users()
        silent = {
            name.strip()
            for key in ("admin_users", "stats_users")
            for name in (self._text(key) or "").split(",")
        }
        users = tuple(self._user(line) for line in found.users.values())
        known = (listed or frozenset()) | frozenset(found.users)
        most = self._context.settings.limits.pooler_pools
        if len(entries) * max(1, len(known)) > most:
            # Each user has a pool to each database. Only what the first of them open is added up.
            what = f"{len(entries)} databases and {len(known)} users make more than {most} pools"
            self._gaps.append(NotParsed(passed("pooler-pools", what), found.origin))
            entries = entries[:_FIRST]
            known = frozenset(sorted(known)[:_FIRST])
            users = tuple(user for user in users if user.name in known)
            listed = listed & known if listed is not None else None
        sizes = {key: self._amount(key, default) for key, default in keys.DEFAULTS.items()}
        pooler = Pooler(
            name=self._deployment.name,
            origin=found.origin,
            kind=KIND,
            instances=self._processes(),
            versions=self._versions(),
            entries=entries,
            users=users,
            login_users=known,
            console_users=known & silent,
            listed_users=listed or frozenset(),
            user_count=len(known | {"pgbouncer"}),
            users_known=listed is not None and not looks_up and auth_type not in _NO_LOOKUP,
            looks_up_users=looks_up,
            auth_user=auth_user,
            auth_dbname=self._text("auth_dbname"),
            reserve_pool_timeout=self._seconds("reserve_pool_timeout", 5.0),
            pool_mode=self._text("pool_mode") or "session",
            open_files=self._deployment.open_files,
            timeouts=self._timeouts(),
            prepared_statements=self._prepared_statements(),
            default_pool_size=sizes["default_pool_size"],
            reserve_pool_size=sizes["reserve_pool_size"],
            min_pool_size=sizes["min_pool_size"],
            max_client_conn=sizes["max_client_conn"],
            max_db_connections=sizes["max_db_connections"],
            max_user_connections=sizes["max_user_connections"],
            max_db_client_connections=sizes["max_db_client_connections"],
            max_user_client_connections=sizes["max_user_client_connections"],
        )
        return pooler, self._gaps

    def _processes(self) -> Amount:
        """With so_reuseport several processes share a port, and each has an entry in [peers]."""
        deployment = self._deployment
        given = deployment.instances
        shared = self._found.settings.get("so_reuseport")
        if deployment.counted or shared is None or shared.number == 0:
            return given
        name = f"processes of {deployment.name}"
        reason = f"how many processes of {deployment.name} share the port"
        peers = len(self._found.peers)
        if not peers:
            return unknown_amount(name, reason, shared.origin, low=given.low)
        if given.low >= peers or (deployment.beside or 0) + 1 >= peers:
            return given  # each of them has its own instance, or configuration
        if shared.number and given.high == 1 and deployment.beside == 0:
            return exactly(peers, f"number of [peers] of {deployment.name}", shared.origin)
        most = times(given, exactly(peers)).high
        return unknown_amount(name, reason, shared.origin, low=given.low, high=most)

    def _versions(self) -> tuple[Version, ...]:
        """The versions to consider: the known one, or those that can read the file at all."""
        version = self._deployment.version
        needed = max(self._found.needs, default=keys.OLDEST)
        if version is None:
            fitting = tuple(one for one in keys.REPRESENTATIVES if one >= needed)
            return fitting if fitting and needed <= fitting[0] else (needed, *fitting)
        for since, (key, origin) in sorted(self._found.needs.items()):
            if since > version:
                reason = f"version {_dotted(version)} does not know {key} (since {_dotted(since)})"
                self._gaps.append(_does_not_start(Problem(reason, origin)))
        return (version,)

    def _entry(self, line: Line) -> PoolerEntry:
        def amount(key: str) -> Amount | None:
            return self._parameter(line, key)

        return PoolerEntry(
            name=line.name,
            origin=line.origin,
            database=_text(line.parameters.get("dbname")),
            user=_text(line.parameters.get("user")),
            pool_size=amount("pool_size"),
            reserve_pool_size=self._reserve(line),
            min_pool_size=amount("min_pool_size"),
            max_connections=amount("max_db_connections"),
            max_client_connections=amount("max_db_client_connections"),
            pool_mode=_text(line.parameters.get("pool_mode")),
            auth_user=_text(line.parameters.get("auth_user")),
            auth_dbname=_text(line.parameters.get("auth_dbname")),
            host=_text(line.parameters.get("host")),
        )

    def _anything(self, origin: Origin) -> PoolerEntry:
        size = unknown_amount("pool_size", "a file that is included is missing", origin)
        return PoolerEntry(name=ANY, origin=origin, pool_size=size)

    def _user(self, line: Line) -> PoolerUser:
        return PoolerUser(
            name=line.name,
            origin=line.origin,
            pool_size=self._parameter(line, "pool_size"),
            reserve_pool_size=self._parameter(line, "reserve_pool_size"),
            max_connections=self._parameter(line, "max_user_connections"),
            max_client_connections=self._parameter(line, "max_user_client_connections"),
            pool_mode=_text(line.parameters.get("pool_mode")),
        )

    def _reserve(self, line: Line) -> Amount | None:
        """Two spellings of one setting; the one that stands last on the line counts."""
        last = None
        for key in line.parameters:
            if key in ("reserve_pool", "reserve_pool_size"):
                last = key
        return self._parameter(line, last) if last else None

    def _parameter(self, line: Line, key: str) -> Amount | None:
        """A size in a line; -1 is how PgBouncer says "not set", and other negatives act alike."""
        setting = line.parameters.get(key)
        if setting is None:
            return None
        name = f"{key} of {line.name}"
        if setting.number is None:
            return _unknown(name, setting)
        return None if setting.number < 0 else exactly(setting.number, name, setting.origin)

    def _amount(self, key: str, default: int) -> Amount:
        setting = self._found.settings.get(key)
        for order, origin in self._found.missing_includes:
            if setting is None or setting.order < order:
                return unknown_amount(key, "a file that is included is missing", origin)
        if setting is None:
            return exactly(default, key)
        if setting.number is None:
            return _unknown(key, setting)
        return exactly(max(0, setting.number), key, setting.origin)

    def _text(self, key: str) -> str | None:
        return _text(self._found.settings.get(key))

    def _seconds(self, key: str, default: float) -> float:
        setting = self._found.settings.get(key)
        value = None if setting is None or setting.template else seconds(setting.text)
        return default if value is None else value

    def _timeouts(self) -> tuple[tuple[str, float, Origin | None], ...]:
        defaults = {"query_wait_timeout": 120.0, "server_idle_timeout": 600.0}
        defaults |= {"client_idle_timeout": 0.0}
        return tuple(
            (
                key,
                self._seconds(key, default),
                setting.origin if (setting := self._found.settings.get(key)) else None,
            )
            for key, default in defaults.items()
        )

    def _prepared_statements(self) -> Amount | None:
        setting = self._found.settings.get("max_prepared_statements")
        if setting is None:
            return None
        if setting.number is None:
            return _unknown("max_prepared_statements", setting)
        return exactly(max(0, setting.number), "max_prepared_statements", setting.origin)

    def _listed_users(self) -> frozenset[str] | None:
        """The users of auth_file; None when it is not at hand."""
        name = self._deployment.auth_file or self._text("auth_file")
        if not name:
            return None
        folders: list[Path] = [self._found.path.parent]
        file = locate(name, folders, self._context)
        text = self._context.text(file) if file else None
        # An empty list, or one that cannot be read, is filled in when the pooler starts. One with
        # a byte order mark is broken for PgBouncer.
        found = userlist.users(text.string) if text is not None and not text.marked else []
        return frozenset(found) if found else None


def _text(setting: Setting | None) -> str | None:
    return setting.text if setting is not None and setting.text else None


def _unknown(name: str, setting: Setting) -> Amount:
    return unknown_amount(name, f"{setting.text} is filled in elsewhere", setting.origin)


def _does_not_start(problem: Problem) -> NotParsed:
    return NotParsed(f"PgBouncer does not start with this: {problem.reason}", problem.origin)


def _dotted(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
