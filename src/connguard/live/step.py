# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers between a client and its answer, and what was found at each."""

from __future__ import annotations

from enum import Enum

from connguard.policies.model.records import dataclass


class Layer(Enum):
    """In the order in which a connection passes them."""

    RESOLUTION = "name resolution"
    TCP = "network path"
    TLS = "TLS"
    SERVER = "server state"
    HBA = "pg_hba.conf"
    AUTHENTICATION = "authentication"
    ROLE_SLOTS = "slots of the role"
    DATABASE_SLOTS = "slots of the database"
    SERVER_SLOTS = "slots of the server"
    SESSION = "session"
    POOLER = "pooler"

    @property
    def rank(self) -> int:
        return list(Layer).index(self)


class Status(Enum):
    """WARNING: it works, and little is missing that it does not. UNKNOWN: it could not be seen."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Step:
    """What was found at a layer. `evidence` is what was seen, `next` what to look at now.

    `subject` is the host, address, role or pool that it is about; `symptom` the name of the
    failure in the catalogue of symptoms, where it has one; `details` are further lines.
    """

    layer: Layer
    status: Status
    subject: str
    evidence: str
    next: str = ""
    symptom: str | None = None
    details: tuple[str, ...] = ()
