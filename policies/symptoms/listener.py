# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of the listener: nothing takes connections on the address and port."""

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

_LISTEN = "https://www.postgresql.org/docs/current/runtime-config-connection.html"
_HOST = r"[\w.:*%@-]{1,255}"

SYMPTOMS = (
    Symptom(
        id="connection-refused",
        title="connection refused",
        layer=Layer.LISTENER,
        nearness=Nearness.TRANSPORT,
        codes=(
            Code("08001", "JDBC"),
            Code("08006", "PHP's PDO"),
            Code("P1001", "Prisma"),
        ),
        wordings=(
            Wording(
                "libpq",
                "failed: Connection refused",
                r"failed: Connection refused",
            ),
            Wording(
                "libpq before 14",
                "could not connect to server: Connection refused",
            ),
            Wording(
                "JDBC",
                "Check that the hostname and port are correct",
                r"Connection to (?P<host>[\w.-]{1,255}):(?P<port>\d{1,5}) refused\. "
                r"Check that the hostname and port are correct",
            ),
            Wording(
                "JDBC",
                " refused",
                r"Connection to (?P<host>[\w.-]{1,255}):(?P<port>\d{1,5}) refused",
            ),
            Wording(
                "Node.js",
                "ECONNREFUSED",
                rf"ECONNREFUSED(?: (?P<host>{_HOST}?):(?P<port>\d{{2,5}})\b)?",
                needs_context=True,
            ),
            Wording(
                "Go",
                "connect: connection refused",
                r"dial (?:tcp|error)[ :(]{1,3}(?:dial tcp"
                r" )?(?P<host>[\w.-]{1,255}|\[[0-9a-f:]{2,45}\]):(?P<port>\d{2,5}):"
                r" connect: connection refused",
                needs_context=True,
            ),
            Wording(
                "Go, Elixir",
                "connection refused",
                r"connection refused(?: - :econnrefused)?",
                needs_context=True,
            ),
            Wording(
                "Elixir",
                "tcp connect (",
                r"tcp connect \((?P<host>[^):\n]{1,255}):(?P<port>\d{1,5})\): connection refused",
            ),
            Wording(
                "Python",
                "Connect call failed",
                r"Connect call failed \('(?P<host>[^'\n]{1,255})', (?P<port>\d{1,5})",
                needs_context=True,
            ),
            Wording("Rust", "Connection refused (os error", needs_context=True),
            Wording(
                "tokio-postgres",
                "kind: Connect, cause: Some(Os",
                r"kind: Connect, cause: Some\(Os \{ code: \d{1,6}, kind: ConnectionRefused",
            ),
            Wording("libpq", "could not receive data from server: Connection refused"),
            Wording("C library", "Connection refused", needs_context=True),
            Wording(
                ".NET",
                "No connection could be made because the target machine actively refused it",
                needs_context=True,
            ),
            Wording("Sequelize", "SequelizeConnectionRefusedError"),
        ),
        proves=(
            "A machine has the address and answered: nothing listens on this address and port. (Or"
            " a firewall rejects instead of dropping.) The answer comes at once."
        ),
        rules_out=(
            "pg_hba.conf, passwords, roles, max_connections and CONNECTION LIMIT: the server never"
            " saw the connection. Firewalls that drop: these give a timeout."
        ),
        causes=(
            Cause(
                "The server is not running: it crashed, was stopped, or has not started yet.",
                outside=True,
            ),
            Cause(
                "It listens on localhost only, and the client is on another machine or container."
            ),
            Cause("It listens on another port than the client asks for."),
            Cause(
                "It refuses to start: an error in postgresql.conf, pg_hba.conf or pgbouncer.ini."
            ),
            Cause(
                "In a container, localhost is the container itself: the host must be the service's"
                " name."
            ),
            Cause("The container's port is not published, or the client starts before the server."),
            Cause("A firewall rejects the connection.", outside=True),
        ),
        triage=(
            triage.LISTENERS,
            triage.LISTEN_SETTINGS,
            triage.REACH,
            triage.SERVER_LOG,
            Check(
                "getent ahosts HOST",
                "whether the client tries IPv6 (::1) where only IPv4 listens",
            ),
        ),
        avoid=(
            "Editing pg_hba.conf: it is read after a connection is there.",
            "listen_addresses = '*' without knowing which networks the machine is in.",
            "Reloading: listen_addresses and port need a restart.",
        ),
        failures=(Failure.REFUSED,),
        policies=("PG104", "PG108", "PG207", "PG306", "PG508", "PG603", "PG604", "PG606"),
        decided_by=server("listen_addresses", "port") + pooler("listen_addr", "listen_port"),
        references=(
            _LISTEN,
            "https://www.postgresql.org/docs/current/server-start.html",
        ),
    ),
    Symptom(
        id="socket-not-found",
        title="the server's Unix socket is not there",
        layer=Layer.LISTENER,
        nearness=Nearness.TRANSPORT,
        codes=(Code("08006", "PHP's PDO"),),
        wordings=(
            Wording(
                "libpq",
                "connection to server on socket",
                r'connection to server on socket "[^"\n]{1,200}" failed: No such file or directory',
            ),
            Wording(
                "libpq before 14",
                "could not connect to server: No such file or directory",
            ),
            Wording(
                "libpq",
                "Is the server running locally and accepting",
                r"No such file or directory\s{0,20}Is the server running locally and accepting"
                r"\s{0,20}connections on that socket\?",
            ),
            Wording("Node.js", "ENOENT", r"connect ENOENT [^\n]{0,200}\.s\.PGSQL\.\d{2,5}"),
            Wording(
                "Go",
                "dial unix ",
                r"dial unix [^\n]{0,200}\.s\.PGSQL\.\d{2,5}: connect: no such file or directory",
            ),
        ),
        proves=(
            "The client looked for a socket file on its own machine, because no host was given or"
            " the host is a directory, and the file is not there."
        ),
        rules_out="Networks, firewalls, listen_addresses, pg_hba.conf, passwords and limits.",
        causes=(
            Cause("The client's configuration names no host: an environment variable is not set."),
            Cause("The server is not running.", outside=True),
            Cause(
                "The server has another unix_socket_directories or port than the client assumes."
            ),
            Cause(
                "Client and server are in different containers: use TCP, or share the directory."
            ),
        ),
        triage=(
            Check("ls -la /var/run/postgresql /tmp/.s.PGSQL.*", "which sockets there are"),
            Check(
                "SELECT name, setting FROM pg_settings"
                " WHERE name IN ('unix_socket_directories', 'port');",
                "where the server puts its socket",
            ),
            triage.READY,
        ),
        avoid=("Making links to the socket: name the host or the directory instead.",),
        failures=(Failure.REFUSED,),
        policies=("PG306", "PG508"),
        decided_by=server("unix_socket_directories", "port") + pooler("unix_socket_dir"),
        references=(_LISTEN,),
    ),
    Symptom(
        id="strangers-at-the-port",
        title="strangers reach the server's port",
        layer=Layer.LISTENER,
        wordings=(
            Wording("server", "invalid length of startup packet"),
            Wording("server", "incomplete startup packet", r"incomplete startup packet"),
            Wording("server", "unsupported frontend protocol"),
            Wording("server", "no PostgreSQL user name specified in startup packet"),
            Wording("server", "invalid startup packet layout"),
        ),
        codes=(Code("08P01", "the server's log"), Code("0A000", "the server's log")),
        proves=(
            "Something that is no PostgreSQL client talks to the port: a port scanner, a health"
            " check, a browser. Where it comes from the internet, everybody can reach the server."
        ),
        rules_out="A failure of an application: its own connections do not log this.",
        causes=(
            Cause("The port is open to the internet, and scanners have found it."),
            Cause("A load balancer's or orchestrator's TCP health check.", outside=True),
            Cause("A client is told the wrong port, or speaks HTTP to it.", outside=True),
        ),
        triage=(
            Check(
                "SHOW log_connections; -- and log_line_prefix with %h",
                "whether the log says from which address they come",
            ),
            triage.LISTENERS,
            Check(
                "SELECT line_number, type, address, auth_method FROM pg_hba_file_rules;",
                "who could log in if the password was right, or none is asked for",
            ),
        ),
        avoid=(
            "Silencing the log line.",
            "Moving to another port: scanners try them all.",
        ),
        failures=(Failure.EXPOSED,),
        policies=(
            *("PG201", "PG202", "PG203", "PG204", "PG205", "PG206", "PG301", "PG302", "PG303"),
            *("PG304", "PG305", "PG307", "PG309", "PG401", "PG402", "PG403", "PG509", "PG605"),
        ),
        decided_by=server("listen_addresses") + pooler("listen_addr"),
        references=(
            "https://www.postgresql.org/docs/current/protocol-flow.html",
            _LISTEN,
        ),
    ),
)
