# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections are left, of the role, the database and the server, and who holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connguard.live.collect import collect_sessions
from connguard.live.session import QueryFailed, Row, Session
from connguard.live.step import Layer, Status, Step

NEARLY_FULL = 0.8
_HOLDERS = 5
_LONG = 60.0
"""Seconds after which a transaction that does nothing is worth telling."""


def slot_steps(session: Session, server: dict[str, Any]) -> list[Step]:
    """The three walls. `server` is the collected part of the snapshot."""
    try:
        about = session.about
        sessions = collect_sessions(session)
    except QueryFailed as error:
        return [_unseen(Layer.SERVER_SLOTS, "", str(error))]
    return list(_steps(about, sessions, server))


def _steps(about: Row, sessions: Sequence[Row], server: dict[str, Any]) -> Iterator[Step]:
    clients = [one for one in sessions if one["kind"] in (None, "client backend")]
    doubt = () if about["sees_all_sessions"] or about["superuser"] else (_DOUBT,)
    role, database = about["role"], about["database"]
    limits = {one["name"]: one["connection_limit"] for one in server.get("roles", ())}
    held = [one for one in clients if one["role"] == role]
    exempt = "it is a superuser, and limits do not hold for it" if about["superuser"] else ""
    yield _limited(Layer.ROLE_SLOTS, f'role "{role}"', limits.get(role), held, exempt, doubt)
    limits = {one["name"]: one["connection_limit"] for one in server.get("databases", ())}
    held = [one for one in clients if one["database"] == database]
    yield _limited(
        Layer.DATABASE_SLOTS, f'database "{database}"', limits.get(database), held, exempt, doubt
    )
    yield _server(clients, server, doubt)


_DOUBT = (
    "counted by name only, parallel workers included: this role may not see what other sessions"
    " are and do (GRANT pg_read_all_stats)"
)


def _limited(
    layer: Layer,
    subject: str,
    limit: int | None,
    held: Sequence[Row],
    exempt: str,
    doubt: tuple[str, ...],
) -> Step:
    used = sum(one["sessions"] for one in held)
    if limit is None:
        return _unseen(layer, subject, "its limit could not be read")
    if limit < 0:
        return Step(layer, Status.OK, subject, f"{used} used, no limit of its own", details=doubt)
    evidence = f"{used} of {limit} used, {max(0, limit - used)} left"
    if exempt:
        return Step(layer, Status.OK, subject, f"{evidence}; {exempt}", details=doubt)
    status = _fullness(used, limit)
    advice = "" if status is Status.OK else "look who holds them, then at pools and leaks"
    details = () if status is Status.OK else tuple(_holders(held))
    return Step(layer, status, subject, evidence, advice, details=(*details, *doubt))


def _server(clients: Sequence[Row], server: dict[str, Any], doubt: tuple[str, ...]) -> Step:
    layer, subject = Layer.SERVER_SLOTS, str(server["name"])
    settings = {one["name"]: one["value"] for one in server.get("settings", ())}
    try:
        total = int(settings["max_connections"])
        reserved = int(settings["superuser_reserved_connections"])
        special = int(settings.get("reserved_connections", 0))
    except (KeyError, ValueError):
        return _unseen(layer, subject, "its settings could not be read")
    used = sum(one["sessions"] for one in clients)
    ordinary = total - reserved - special
    evidence = (
        f"{used} of {ordinary} used by all, {max(0, ordinary - used)} left for ordinary roles"
        f" (max_connections {total} − {reserved} for superusers"
        + (f" − {special} for pg_use_reserved_connections)" if special else ")")
    )
    status = _fullness(used, ordinary)
    idle = sum(
        one["sessions"] for one in clients if (one["state"] or "").startswith("idle in transaction")
    )
    oldest = max(
        (
            one["oldest_transaction"] or 0.0
            for one in clients
            if (one["state"] or "").startswith("idle in transaction")
        ),
        default=0.0,
    )
    if idle:
        evidence += f"; {idle} idle in transaction, the oldest for {oldest:.0f} s"
    advice = ""
    if status is not Status.OK:
        advice = (
            "look who holds them; end what is idle in transaction before you think of raising"
            " max_connections"
        )
    elif oldest > _LONG:
        advice = "set idle_in_transaction_session_timeout"
    details = _holders(clients) if status is not Status.OK or oldest > _LONG else ()
    return Step(layer, status, subject, evidence, advice, details=(*details, *doubt))


def _fullness(used: int, limit: int) -> Status:
    if used >= limit:
        return Status.FAILED
    return Status.WARNING if used >= NEARLY_FULL * limit else Status.OK


def _holders(held: Sequence[Row]) -> Iterator[str]:
    """The groups that hold most, in words."""
    largest = sorted(held, key=lambda one: -int(one["sessions"]))
    for one in largest[:_HOLDERS]:
        where = f" from {one['client']}" if one["client"] else ""
        name = f", {one['application']}" if one["application"] else ""
        state = f", {one['state']}" if one["state"] else ""
        yield f"{one['sessions']} × {one['role']} to {one['database']}{where}{name}{state}"
    if len(largest) > _HOLDERS:
        rest = sum(one["sessions"] for one in largest[_HOLDERS:])
        yield f"{rest} more in {len(largest) - _HOLDERS} groups"


def _unseen(layer: Layer, subject: str, reason: str) -> Step:
    return Step(layer, Status.UNKNOWN, subject, f"could not be seen: {reason}")
