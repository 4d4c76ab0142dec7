# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of the network path: the server was not reached at all."""

from __future__ import annotations

from connguard.policies.model import triage
from connguard.policies.model.policy import Failure
from connguard.policies.model.symptom import (
    Cause,
    Check,
    Code,
    Layer,
    Nearness,
    Symptom,
    Wording,
    pooler,
    server,
)

_LIBPQ_CONNECT = "https://www.postgresql.org/docs/current/libpq-connect.html"
_ERRORS = "https://www.postgresql.org/docs/current/errcodes-appendix.html"
_HOST = r"[\w.:*%@-]{1,255}"

SYMPTOMS = (
    Symptom(
        id="host-name-not-found",
        title="the host name is not found",
        layer=Layer.NETWORK_PATH,
        nearness=Nearness.TRANSPORT,
        codes=(Code("08001", "JDBC"), Code("08006", "PHP's PDO")),
        wordings=(
            Wording(
                "libpq",
                "could not translate host name",
                r'could not translate host name "(?P<host>[^"\n]{0,255})" to address',
            ),
            Wording(
                "psycopg 3",
                "failed to resolve host",
                rf"failed to resolve host '?(?P<host>{_HOST})'?",
            ),
            Wording(
                "Node.js",
                "getaddrinfo E",
                rf"getaddrinfo E(?:NOTFOUND|AI_AGAIN)(?: (?P<host>{_HOST}))?",
                needs_context=True,
            ),
            Wording(
                "Go",
                ": no such host",
                rf"lookup (?P<host>{_HOST})(?: on {_HOST})?: no such host",
                needs_context=True,
            ),
            Wording(
                "Go",
                "hostname resolving error",
                r"hostname resolving error",
                needs_context=True,
            ),
            Wording(
                "JDBC",
                "java.net.UnknownHostException",
                rf"java\.net\.UnknownHostException: (?P<host>{_HOST})",
                needs_context=True,
            ),
            Wording("C library", "Name or service not known", needs_context=True),
            Wording(
                "C library",
                "nodename nor servname provided, or not known",
                needs_context=True,
            ),
            Wording("C library", "Temporary failure in name resolution", needs_context=True),
            Wording("C library", "No address associated with hostname", needs_context=True),
            Wording(".NET", "No such host is known", needs_context=True),
            Wording(
                "Rust",
                "failed to lookup address information",
                needs_context=True,
            ),
            Wording(
                "Elixir", "nxdomain", r"(?:tcp connect[^\n]{0,120}|:)nxdomain", needs_context=True
            ),
        ),
        proves="The client asked for an address and got none. No packet was sent to a server.",
        rules_out="The server, its firewall, pg_hba.conf, passwords and limits: nobody was asked.",
        causes=(
            Cause("The host name is misspelt, or a placeholder was not filled in."),
            Cause(
                "In Compose and Kubernetes: the client is not in the server's network or namespace,"
                " or the service has another name."
            ),
            Cause("The name exists only in a private DNS zone (VPC, VPN).", outside=True),
            Cause("The DNS server is down or overloaded.", outside=True),
            Cause("The database was deleted, paused or renamed.", outside=True),
        ),
        triage=(
            triage.RESOLVE,
            Check("cat /etc/resolv.conf", "which DNS server is asked"),
        ),
        avoid=(
            "Writing the address into the configuration: it changes at the next failover.",
            "Looking at pg_hba.conf or listen_addresses: nothing has arrived there.",
        ),
        references=(_LIBPQ_CONNECT,),
    ),
    Symptom(
        id="connection-timed-out",
        title="connecting timed out",
        layer=Layer.NETWORK_PATH,
        nearness=Nearness.TRANSPORT,
        codes=(
            Code("08001", "JDBC"),
            Code("08006", "PHP's PDO"),
            Code("P1002", "Prisma"),
        ),
        wordings=(
            Wording(
                "libpq",
                ": timeout expired",
                r"(?:failed|could not connect to server): timeout expired",
            ),
            Wording(
                "Npgsql",
                "Timeout during reading attempt",
                r"Timeout during reading attempt(?:[^\n]*\n){1,12}?[^\n]{0,200}\b(?:Raw)?Open\(",
            ),
            Wording(
                "libpq",
                "timeout expired",
                r"(?m)^(?:.{0,200}[: ])?timeout expired\s*$",
                needs_context=True,
            ),
            Wording(
                "libpq",
                "Connection timed out",
                r"(?:connection to server at|could not connect to"
                r" server).{0,200}Connection timed out",
            ),
            Wording("psycopg 3", "connection timeout expired"),
            Wording(
                "tokio-postgres",
                "kind: Connect, cause: Some(Os",
                r"kind: Connect, cause: Some\(Os \{ code: \d{1,6}, kind: TimedOut",
            ),
            Wording(
                "n8n",
                "Could not establish database connection within the configured timeout",
                needs_context=True,
            ),
            Wording(
                "Node.js",
                "ETIMEDOUT",
                rf"ETIMEDOUT(?: (?P<host>{_HOST}?):(?P<port>\d{{2,5}})\b)?",
                needs_context=True,
            ),
            Wording("node-pg", "Connection terminated due to connection timeout"),
            Wording(
                "postgres.js",
                "write CONNECT_TIMEOUT",
                rf"write CONNECT_TIMEOUT (?P<host>{_HOST}?)(?::(?P<port>\d{{2,5}}))?\b",
            ),
            Wording(
                "Go",
                "i/o timeout",
                r"dial tcp (?P<host>[\w.-]{1,255}|\[[0-9a-f:]{2,45}\]):(?P<port>\d{2,5}):"
                r" i/o timeout",
                needs_context=True,
            ),
            Wording(
                "Go",
                "dial error",
                r"dial error(?: \(|: )timeout",
            ),
            Wording(
                "Go",
                "connect: connection timed out",
                rf"dial tcp (?P<host>{_HOST}?):(?P<port>\d{{2,5}}): connect: connection timed out",
                needs_context=True,
            ),
            Wording(
                "JDBC",
                "SocketTimeoutException: ",
                r"SocketTimeoutException: (?i:connect timed out)",
                needs_context=True,
            ),
            Wording(
                "JDBC",
                "ConnectException: ",
                r"java\.net\.ConnectException: (?:Connection timed out|Operation timed out)",
                needs_context=True,
            ),
            Wording("Npgsql", "The operation has timed out", needs_context=True),
            Wording("Npgsql", "Timeout during connection attempt", needs_context=True),
            Wording("C library", "Operation timed out", needs_context=True),
            Wording("C library", "Connection timed out", needs_context=True),
            Wording(
                ".NET",
                "because the connected party did not properly respond after a period of time",
                needs_context=True,
            ),
            Wording(
                "Elixir",
                "tcp connect (",
                r"tcp connect \((?P<host>[^):\n]{1,255}):(?P<port>\d{1,5})\):"
                r" (?:connection )?timed? ?out",
            ),
            Wording(
                "Prisma",
                "was reached but timed out",
                r"The database server at"
                r" `?(?P<host>[^`:\s]{1,255})`?:`?(?P<port>\d{2,5})`? was reached but timed out",
                needs_context=True,
            ),
            Wording(
                "asyncpg",
                "compat.timeout(",
                r"compat\.timeout\((?:[^\n]*\n){1,12}?(?:[\w.]{0,30}\.)?TimeoutError",
            ),
            Wording(
                "asyncpg",
                "TimeoutError",
                r"asyncpg/connect_utils\.py[^\n]{0,60}_connect_addr\n(?:[^\n]*\n){1,12}?"
                r"(?:[\w.]{0,30}\.)?TimeoutError",
            ),
        ),
        proves=(
            "Packets to the address and port got no answer, not even a refusal. Something drops"
            " them, or the server's queue of new connections is full."
        ),
        rules_out=(
            "pg_hba.conf, passwords and connection limits: these answer at once, with words. A"
            " server that is not running answers with connection refused, if its machine is up."
        ),
        causes=(
            Cause("A security group, firewall or network policy has no rule for the client."),
            Cause("The host or port in the client's configuration belongs to something else."),
            Cause("The server has no public address, and the client is outside its network."),
            Cause(
                "The machine is down, or its address has moved (failover).",
                outside=True,
            ),
            Cause(
                "The client's own network lets nothing out (egress rules, NAT).",
                outside=True,
            ),
            Cause("The server is overloaded and does not accept in time.", outside=True),
        ),
        triage=(triage.RESOLVE, triage.REACH, triage.LISTENERS),
        avoid=(
            "Opening the port to 0.0.0.0/0 to see whether it helps.",
            "Restarting PostgreSQL: it has not seen the connection.",
            "Raising connect_timeout before knowing who drops the packets.",
        ),
        failures=(Failure.TIMEOUT,),
        policies=("PG106", "PG108", "PG111"),
        references=(_LIBPQ_CONNECT, _ERRORS),
    ),
    Symptom(
        id="no-route-to-host",
        title="there is no route to the host",
        layer=Layer.NETWORK_PATH,
        nearness=Nearness.TRANSPORT,
        codes=(Code("08001", "JDBC"), Code("08006", "PHP's PDO")),
        wordings=(
            Wording("libpq", "No route to host", needs_context=True),
            Wording("libpq", "Network is unreachable", needs_context=True),
            Wording("Go", "network is unreachable", needs_context=True),
            Wording("Go", "no route to host", needs_context=True),
            Wording(
                "Node.js",
                "ENETUNREACH",
                rf"ENETUNREACH(?: (?P<host>{_HOST}?):(?P<port>\d{{2,5}})\b)?",
                needs_context=True,
            ),
            Wording(
                "Node.js",
                "EHOSTUNREACH",
                rf"EHOSTUNREACH(?: (?P<host>{_HOST}?):(?P<port>\d{{2,5}})\b)?",
                needs_context=True,
            ),
        ),
        proves="The client's machine, or a router, knows no way to the address, and says so.",
        rules_out="The server process, pg_hba.conf, passwords and limits.",
        causes=(
            Cause(
                "The name has an IPv6 address only, and the client's network has no IPv6 (managed"
                " databases, containers)."
            ),
            Cause("The client is in another network, VPC or namespace than the server."),
            Cause(
                "The machine is off, or a firewall rejects with 'host unreachable'.",
                outside=True,
            ),
            Cause("A VPN, peering or route is missing.", outside=True),
        ),
        triage=(
            triage.RESOLVE,
            Check("ip route get ADDRESS", "which way packets to the address would take"),
            triage.REACH,
        ),
        avoid=("Changing pg_hba.conf or listen_addresses: nothing has arrived there.",),
        references=(_LIBPQ_CONNECT,),
    ),
    Symptom(
        id="server-not-reached",
        title="the client says only that it did not reach the server",
        layer=Layer.NETWORK_PATH,
        nearness=Nearness.EFFECT,
        codes=(
            Code("08001", "JDBC, Npgsql and others make it up; servers never send it"),
            Code("08006", "PHP's PDO, for every failure to connect"),
            Code("P1001", "Prisma"),
        ),
        wordings=(
            Wording(
                "Prisma",
                "Can't reach database server at",
                r"Can't reach database server at `?(?P<host>[^`:\s]{1,255})`?:`?(?P<port>\d{2,5})?",
                needs_context=True,
            ),
            Wording(
                "JDBC",
                "The connection attempt failed",
                r"PSQLException: The connection attempt failed",
            ),
            Wording(
                "Npgsql",
                "Exception while connecting",
                r"NpgsqlException[^\n]{0,40}: Exception while connecting",
            ),
            Wording(
                "Npgsql",
                "Failed to connect to ",
                rf"Failed to connect to (?P<host>{_HOST}?):(?P<port>\d{{2,5}})\b",
                needs_context=True,
            ),
            Wording(
                "Django and others",
                "the database server may not be running",
                needs_context=True,
            ),
            Wording(
                "Rust",
                "error communicating with database: ",
                r"error communicating with database: ",
            ),
            Wording(
                "tokio-postgres",
                "error connecting to server: ",
                r"error connecting to server: ",
            ),
            Wording("Rails", "ActiveRecord::ConnectionNotEstablished"),
            Wording("Rails", "There is an issue connecting with your hostname"),
            Wording("Sequelize", "SequelizeHostNotReachableError"),
            Wording("Drizzle, TypeORM", "Unable to connect to the database. Retrying"),
        ),
        proves="Only that no usable connection came about.",
        rules_out="Nothing: the library hides whether it was refused, timed out or not resolved.",
        causes=(
            Cause("Host or port in the client's configuration are wrong."),
            Cause("Nothing listens there: see connection-refused."),
            Cause("Packets are dropped: see connection-timed-out."),
            Cause("The server is paused, starting or failing over.", outside=True),
            Cause("TLS is required and the client does not ask for it, or the reverse."),
        ),
        triage=(triage.RESOLVE, triage.REACH, triage.READY, triage.LISTENERS),
        avoid=(
            "Guessing: nc and pg_isready tell in a second which of the causes it is.",
            "Raising the client's timeouts first.",
        ),
        failures=(Failure.REFUSED, Failure.TIMEOUT),
        policies=("PG104", "PG108", "PG207", "PG306", "PG508"),
        decided_by=server("listen_addresses", "port") + pooler("listen_addr", "listen_port"),
        references=(
            "https://www.prisma.io/docs/orm/reference/error-reference",
            "https://jdbc.postgresql.org/documentation/use/",
        ),
    ),
)
