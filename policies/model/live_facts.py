# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about live servers and poolers, beside what the files say of them."""

from __future__ import annotations

from connguard.policies.model.hba_difference import Difference
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.records import dataclass
from connguard.policies.model.verdict import PASS, Severity, Verdict, fail, undecided

SETTINGS = (
    "authentication_timeout",
    "client_connection_check_interval",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "listen_addresses",
    "lock_timeout",
    "max_connections",
    "max_wal_senders",
    "password_encryption",
    "port",
    "reserved_connections",
    "ssl",
    "ssl_min_protocol_version",
    "statement_timeout",
    "superuser_reserved_connections",
    "tcp_keepalives_count",
    "tcp_keepalives_idle",
    "tcp_keepalives_interval",
    "tcp_user_timeout",
    "transaction_timeout",
)
"""The settings of a server that decide whether clients get in and stay; none is a secret."""


@dataclass(frozen=True, slots=True)
class LiveComparison:
    """One value as the files state it and as a live server has it.

    `what` names it in a sentence. `claims` are what the files say, each a text in the form in
    which equal values are equal; there are several where several files speak of it. `live` is None
    when it does not exist there, and `seen` then is where it would stand. `view` is where the
    server shows it, `server` which server that is. `fix` is what brings the server to the files.
    """

    what: str
    claims: tuple[Value[str], ...]
    live: Known[str] | None
    seen: Origin
    view: str
    server: str
    fix: str = ""
    also: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveRoleLimit(LiveComparison):
    """The connection limit of a role."""


@dataclass(frozen=True, slots=True)
class LiveDatabaseLimit(LiveComparison):
    """The connection limit of a database."""


@dataclass(frozen=True, slots=True)
class LiveSetting(LiveComparison):
    """A setting of the server, or of a role or database on it."""


@dataclass(frozen=True, slots=True)
class LivePoolerSetting(LiveComparison):
    """A setting of PgBouncer."""


@dataclass(frozen=True, slots=True)
class LivePoolerDatabase(LiveComparison):
    """A parameter of a line of PgBouncer's [databases], or the line as a whole."""


@dataclass(frozen=True, slots=True)
class LivePoolerUser(LiveComparison):
    """A parameter of a line of PgBouncer's [users]."""


@dataclass(frozen=True, slots=True)
class LivePendingRestart:
    """A setting whose value in the server's files takes effect at the next start only."""

    name: str
    running: str
    server: str
    seen: Origin
    also: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveHbaError:
    """A line of the server's pg_hba.conf with which the server does not load the file."""

    file: str
    line: int
    reason: str
    server: str
    seen: Origin


@dataclass(frozen=True, slots=True)
class LiveHbaDifference:
    """Logins about which the file and the server decide differently."""

    difference: Difference
    file: Origin
    seen: Origin
    server: str


def compare(fact: LiveComparison, *, severity: Severity | None = None) -> Verdict:
    """Pass when one of the claims is what the server has; unknown when one of them is unknown."""
    known = [claim for claim in fact.claims if isinstance(claim, Known)]
    if not fact.claims:
        return PASS
    if fact.live is not None and any(claim.value == fact.live.value for claim in known):
        return PASS
    blocked = next((claim for claim in fact.claims if isinstance(claim, Unknown)), None)
    if blocked is not None and fact.live is not None:
        return undecided(fact.what, blocked)
    first = known[0] if known else None
    others = tuple(
        Related(f"and {claim.value} here", claim.origin)
        for claim in known[1:]
        if first is not None and claim.value != first.value
    )
    place = first.origin if first is not None else fact.claims[0].origin
    if fact.live is None:
        message = f"{fact.what} stands here and does not exist on {fact.server}"
        said = Related(f"{fact.view} does not list it", fact.seen)
    else:
        here = first.value if first is not None else ""
        message = f"{fact.what} is {here} here and {fact.live.value} on {fact.server}"
        said = Related(f"{fact.view} says {fact.live.value}", fact.live.origin)
    return fail(
        message,
        place,
        severity=severity,
        related=(*others, said, *fact.also),
        fix=fact.fix or None,
    )


def less_than_written(fact: LiveComparison) -> Severity | None:
    """Error when a limit is lower on the server than in the files, or there is none at all."""
    if fact.live is None:  # it may belong to another server than the one that was asked
        return None
    numbers = [_number(claim.value) for claim in fact.claims if isinstance(claim, Known)]
    live = _number(fact.live.value)
    if live is None or any(number is None for number in numbers):
        return None
    lower = all(number is not None and (live < number or number < 0) for number in numbers)
    return Severity.ERROR if live < 0 or lower else None


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
