# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""What people see when a connection fails: the symptoms, as data."""

from __future__ import annotations

import re
from enum import Enum
from functools import cached_property

from connguard.policies.model.policy import Failure
from connguard.policies.model.records import dataclass


class Layer(Enum):
    """What a connection passes, in this order; `value` is its name, `holds` what belongs to it.

    A pooler may stand between: the client then passes the first layers on the way to the pooler,
    and the pooler passes them again on the way to the server.
    """

    CLIENT_POOL = "client pool"
    NETWORK_PATH = "network path"
    LISTENER = "listener"
    TLS = "TLS"
    POOLER = "pooler"
    PROCESS = "server process"
    ACCESS_RULES = "pg_hba.conf"
    AUTHENTICATION = "authentication"
    SLOTS = "slots"
    SESSION = "session lifetime"

    @property
    def holds(self) -> str:
        return _HOLDS[self]

    @property
    def rank(self) -> int:
        return list(Layer).index(self)


_HOLDS = {
    Layer.CLIENT_POOL: "the application's own pool of connections",
    Layer.NETWORK_PATH: "host names, routes, firewalls, security groups",
    Layer.LISTENER: "a process that listens on the address and port",
    Layer.TLS: "whether both sides want encryption, and certificates",
    Layer.POOLER: "PgBouncer, Odyssey, Supavisor, RDS Proxy: their own limits and logins",
    Layer.PROCESS: "a server that has started and is not being stopped",
    Layer.ACCESS_RULES: "the line of pg_hba.conf that decides",
    Layer.AUTHENTICATION: "password or certificate; role and database exist and may be used",
    Layer.SLOTS: "connection limits of role and database, max_connections",
    Layer.SESSION: "timeouts and signals that end an open session",
}


class Nearness(Enum):
    """How near to the root a symptom is: of several in one log the nearest one comes first."""

    CAUSE = "the server or the pooler says what is wrong"
    TRANSPORT = "the network says it"
    EFFECT = "others see that something went wrong elsewhere"
    WAIT = "somebody waited too long"

    @property
    def rank(self) -> int:
        return list(Nearness).index(self)


@dataclass(frozen=True)
class Wording:
    """How somebody puts a symptom into words.

    `by` is the program or library, `anchor` a literal part of the message, by which it is found.
    `pattern` is a regular expression around it (default: the anchor alone), whose named groups are
    values: role, database, host, port, limit, client. The pattern must not need more than linear
    time. `needs_context` is set where other databases and programs say the same: the message then
    counts only where PostgreSQL, a driver of it or its port is named near it.
    """

    by: str
    anchor: str
    pattern: str = ""
    needs_context: bool = False

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern or re.escape(self.anchor))


@dataclass(frozen=True, slots=True)
class Code:
    """A SQLSTATE, or a code of a client library, and who shows it for this symptom."""

    value: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. `outside` is True where no file of a repository shows it."""

    text: str
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A command or SQL statement that only reads, and what its answer tells."""

    run: str
    tells: str


class PlaceKind(Enum):
    """What kind of line decides about a symptom."""

    ROLE_LIMIT = "the role's connection limit"
    DATABASE_LIMIT = "the database's connection limit"
    SERVER_SETTING = "a setting of the server"
    POOLER_SETTING = "a setting of the pooler"
    ACCESS_RULE = "the access rule that decides about the login"
    PASSWORD_RULE = "the access rule that asks for the password"


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of line that decides, of whatever value; `name` is the setting's name."""

    kind: PlaceKind
    name: str = ""


def server(*names: str) -> tuple[Place, ...]:
    return tuple(Place(PlaceKind.SERVER_SETTING, name) for name in names)


def pooler(*names: str) -> tuple[Place, ...]:
    return tuple(Place(PlaceKind.POOLER_SETTING, name) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """Everything that is said about a symptom, said once.

    `id` is a slug and never changes. `causes` are in order of likelihood. `policies` are the ids of
    the policies that prevent it; each shares one of `failures`. `decided_by` are the lines that
    decide about it even where they violate no policy, such as the very limit that was reached.
    `references` are URLs.
    """

    id: str
    title: str
    layer: Layer
    nearness: Nearness = Nearness.CAUSE
    codes: tuple[Code, ...] = ()
    wordings: tuple[Wording, ...] = ()
    proves: str
    rules_out: str
    causes: tuple[Cause, ...]
    triage: tuple[Check, ...]
    avoid: tuple[str, ...]
    failures: tuple[Failure, ...] = ()
    policies: tuple[str, ...] = ()
    decided_by: tuple[Place, ...] = ()
    references: tuple[str, ...]
