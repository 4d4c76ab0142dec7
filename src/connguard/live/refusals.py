# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""At which layer a server, or a pooler, refuses a connection, and what to look at then.

The text decides before the SQLSTATE: libpq does not tell the code of a refused connection, and
PgBouncer until 1.19 gives 08P01 to everything. The code serves where the text is translated.
"""

from __future__ import annotations

import re

from connguard.live.protocol import Refusal
from connguard.live.step import Layer
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """Refusals of one cause. `pattern` is searched in the message."""

    pattern: re.Pattern[str]
    layer: Layer
    next: str


def _kind(pattern: str, layer: Layer, advice: str) -> Kind:
    return Kind(re.compile(pattern), layer, advice)


_KINDS = (
    _kind(
        "no pg_hba.conf entry|no authentication method is found",
        Layer.HBA,
        "add a line for this user, database, address and kind of encryption, and reload;"
        " connguard hba tells which line decides",
    ),
    _kind(
        "pg_hba.conf rejects",
        Layer.HBA,
        "the first line that matches decides, and it says reject: look at the lines above the one"
        " that was meant",
    ),
    _kind(
        "valid client certificate",
        Layer.HBA,
        "the line that matches asks for a client certificate: give sslcert and sslkey",
    ),
    _kind(
        "password authentication failed|SASL authentication failed|"
        '"trust" authentication failed|(?:peer|[Ii]dent|LDAP|PAM|RADIUS|GSSAPI|certificate)'
        " authentication failed|login rejected|no password supplied|server login failed",
        Layer.AUTHENTICATION,
        "the line of pg_hba.conf that matched is final: look at the password (rotated? expired?"
        " which source does the client take it from?) and at the method of that line",
    ),
    _kind(
        "too many connections for role",
        Layer.ROLE_SLOTS,
        "log in as another role to see who holds the connections; then compare the role's limit"
        " with all pools that use it (connguard budget)",
    ),
    _kind(
        "too many connections for database",
        Layer.DATABASE_SLOTS,
        "log in to another database to see who holds the connections (superusers are let in)",
    ),
    _kind(
        "remaining connection slots are reserved|sorry, too many clients already|"
        "requested standby connections exceeds",
        Layer.SERVER_SLOTS,
        "log in as a superuser (its slots are reserved) to see who holds the connections, above"
        " all those idle in transaction; do not raise max_connections first",
    ),
    _kind(
        "starting up|shutting down|in recovery mode|not yet accepting connections|"
        "consistent recovery state",
        Layer.SERVER,
        "look at the server's log: it starts, stops or recovers, and only waiting helps; a server"
        " that never leaves this state says why there",
    ),
    _kind(
        r"no more connections allowed|client connections exceeded",
        Layer.POOLER,
        "max_client_conn of PgBouncer is reached: compare it with the sum of all application pools",
    ),
    _kind(
        "query_wait_timeout",
        Layer.POOLER,
        "no server connection became free in time: give --pgbouncer-dsn to see which pool waits"
        " and whether it is paused; PgBouncer's log tells whether the server refuses its logins",
    ),
    _kind(
        "server login has been failing|server_login_retry",
        Layer.POOLER,
        "PgBouncer cannot log in to the server, and tries again after server_login_retry: its log"
        " has the server's answer; run connguard doctor against the server itself",
    ),
    _kind(
        r"no such database|database .* is disabled",
        Layer.POOLER,
        "PgBouncer has no (enabled) line for this name in [databases]",
    ),
    _kind(
        r"does not exist|not permitted to log in|permission denied for database|"
        "not currently accepting connections",
        Layer.SESSION,
        "authentication was no problem: look at the role and the database themselves",
    ),
)
_BY_CODE = {
    "28000": Layer.HBA,
    "28P01": Layer.AUTHENTICATION,
    "3D000": Layer.SESSION,
    "42501": Layer.SESSION,
    "53300": Layer.SERVER_SLOTS,
    "55000": Layer.SESSION,
    "57P03": Layer.SERVER,
}


def classify(refusal: Refusal, otherwise: Layer) -> tuple[Layer, str]:
    """The layer of a refusal, and the next thing to look at.

    `otherwise` is the layer for a text that is not known, with a code that is not known.
    """
    for kind in _KINDS:
        if kind.pattern.search(refusal.message):
            return kind.layer, kind.next
    layer = _BY_CODE.get(refusal.sqlstate or "", otherwise)
    return layer, "look at the log of the server, and of the pooler: it has the whole message"
