# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of open sessions that end: timeouts, signals, lost connections."""

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

_CLIENT = "https://www.postgresql.org/docs/current/runtime-config-client.html"
_ERRORS = "https://www.postgresql.org/docs/current/errcodes-appendix.html"
_SIGNALS = "https://www.postgresql.org/docs/current/functions-admin.html"

SYMPTOMS = (
    Symptom(
        id="idle-in-transaction-timeout",
        title="terminating connection due to idle-in-transaction timeout",
        layer=Layer.SESSION,
        codes=(Code("25P03", "the server, also through PgBouncer"),),
        wordings=(
            Wording(
                "server",
                "due to idle-in-transaction timeout",
                r"(?:terminating connection )?due to idle-in-transaction timeout",
            ),
            Wording("asyncpg", "IdleInTransactionSessionTimeoutError"),
        ),
        proves=(
            "The session was open and in a transaction in which nothing happened for longer than"
            " idle_in_transaction_session_timeout. The transaction was rolled back."
        ),
        rules_out=(
            "Networks, limits, pg_hba.conf and the password; a slow statement (that is another)."
        ),
        causes=(
            Cause(
                "The application does something else within a transaction: an HTTP call, a"
                " computation, waiting for a user."
            ),
            Cause(
                "A transaction was opened and forgotten: autocommit is off, an error path without"
                " rollback.",
                outside=True,
            ),
            Cause("The timeout is shorter than what a batch or migration needs."),
        ),
        triage=(triage.OLD_TRANSACTIONS, triage.TIMEOUTS, triage.ROLE_SETTINGS),
        avoid=(
            "Setting it to 0: forgotten transactions then hold slots, locks and vacuum for ever.",
            "Retrying without opening the transaction anew.",
        ),
        failures=(Failure.TIMEOUT,),
        policies=(
            "PG501",
            "PG603",
        ),
        decided_by=server("idle_in_transaction_session_timeout"),
        references=(_CLIENT,),
    ),
    Symptom(
        id="idle-session-timeout",
        title="terminating connection due to idle-session timeout",
        layer=Layer.SESSION,
        codes=(Code("57P05", "the server; PgBouncer reconnects, and its clients see nothing"),),
        wordings=(
            Wording(
                "server",
                "due to idle-session timeout",
                r"(?:terminating connection )?due to idle-session timeout",
            ),
            Wording("asyncpg", "IdleSessionTimeoutError"),
        ),
        proves=(
            "The session was open, outside a transaction, and idle longer than"
            " idle_session_timeout."
        ),
        rules_out="Networks, limits, pg_hba.conf and the password.",
        causes=(
            Cause(
                "idle_session_timeout holds for the whole server, and pools keep connections idle."
            ),
            Cause("The pool's idle or lifetime setting is longer than the server's timeout."),
        ),
        triage=(triage.TIMEOUTS, triage.ROLE_SETTINGS, triage.HOLDERS),
        avoid=("Retrying without a fix: the pool hands out dead connections again.",),
        failures=(Failure.LOST,),
        policies=(
            "PG111",
            "PG504",
            "PG603",
        ),
        decided_by=server("idle_session_timeout"),
        references=(_CLIENT,),
    ),
    Symptom(
        id="terminated-by-administrator",
        title="terminating connection due to administrator command",
        layer=Layer.SESSION,
        codes=(
            Code(
                "57P01",
                "the server; through PgBouncer within a transaction or query only",
            ),
        ),
        wordings=(
            Wording("server", "terminating connection due to administrator command"),
            Wording(
                "asyncpg",
                "AdminShutdownError",
                r"(?:asyncpg\.exceptions\.)?AdminShutdownError",
            ),
            Wording("psycopg", "AdminShutdown", r"(?:psycopg2?\.errors\.)AdminShutdown"),
            Wording(
                "server, German",
                "Verbindung wird abgebrochen aufgrund von Anweisung des Administrators",
            ),
            Wording(
                "server, French",
                "arrêt des connexions suite à la demande de l'administrateur",
            ),
            Wording("Supabase", "db_termination", r"\{?:?shutdown, :?db_termination"),
            Wording("Postgrex", "(admin_shutdown)"),
        ),
        proves="Somebody ended this session with pg_terminate_backend, or the server was stopped.",
        rules_out="Networks, limits, pg_hba.conf, the password, timeouts of the server.",
        causes=(
            Cause(
                "The server was restarted or failed over: maintenance of a managed service,"
                " docker stop.",
                outside=True,
            ),
            Cause(
                "A person, a script or a tool ended it: DROP DATABASE … WITH (FORCE), killers of"
                " idle sessions, a test suite that recreates its database."
            ),
            Cause(
                "The database scaled to zero or was suspended (serverless services).",
                outside=True,
            ),
        ),
        triage=(
            triage.SERVER_LOG,
            Check("SELECT pg_postmaster_start_time();", "whether the server was restarted"),
        ),
        avoid=(
            "Cron jobs that end idle sessions: limit the pools instead.",
            "Repeating a statement that writes without knowing whether it was committed.",
        ),
        failures=(Failure.LOST,),
        policies=(),
        references=(_SIGNALS, _ERRORS),
    ),
    Symptom(
        id="server-closed-the-connection",
        title="the connection was closed unexpectedly",
        layer=Layer.SESSION,
        nearness=Nearness.EFFECT,
        codes=(
            Code("08006", "made up by clients (JDBC, PDO); servers never send it"),
            Code("08003", "JDBC: used after it was closed"),
            Code("08000", "some clients"),
            Code("P1017", "Prisma"),
        ),
        wordings=(
            Wording("libpq", "server closed the connection unexpectedly"),
            Wording("libpq", "SSL SYSCALL error: EOF detected"),
            Wording("libpq", "SSL SYSCALL error: Connection reset by peer"),
            Wording("libpq", "SSL connection has been closed unexpectedly"),
            Wording("libpq", "SSL error: unexpected eof while reading"),
            Wording(
                "HikariCP",
                "marked as broken because of SQLSTATE(08",
                r"marked as broken because of SQLSTATE\(08\w{3}\)",
            ),
            Wording("asyncpg", "connection was closed in the middle of operation"),
            Wording("asyncpg", "ConnectionDoesNotExistError"),
            Wording(
                "psycopg 3",
                "consuming input failed",
                r"consuming input failed: [^\n]{0,100}",
            ),
            Wording("psycopg", "the connection is lost"),
            Wording("node-pg", "Connection terminated unexpectedly"),
            Wording(
                "node-pg",
                "Client has encountered a connection error and is not queryable",
            ),
            Wording("JDBC", "An I/O error occurred while sending to the backend"),
            Wording("Npgsql", "Exception while reading from stream", needs_context=True),
            Wording(
                "Npgsql",
                "Attempted to read past the end of the stream",
                needs_context=True,
            ),
            Wording("Npgsql", "Exception while writing to stream", needs_context=True),
            Wording("Prisma", "Server has closed the connection", needs_context=True),
            Wording("Rails", "PG::ConnectionBad: PQconsumeInput()"),
            Wording("Rails", "PQsocket() can't get socket descriptor"),
            Wording("Rails", "PG::UnableToSend"),
            Wording("lib/pq", "driver: bad connection", needs_context=True),
            Wording(
                "pgx",
                "unexpected EOF",
                r"(?:pgconn|pgx|conn busy|failed to receive message|receive message"
                r" failed|FATAL|connection)[^\n]{0,80}unexpected EOF",
            ),
            Wording("pgx", "failed to receive message", needs_context=True),
            Wording(
                "libpq",
                "no connection to the server",
                r"no connection to the server\b",
                needs_context=True,
            ),
            Wording(
                "libpq",
                "could not receive data from server: ",
                r"could not receive data from server: (?!Connection refused)[^\n]{0,60}",
            ),
            Wording(
                "libpq",
                "could not send data to server: ",
                r"could not send data to server: [^\n]{0,60}",
            ),
            Wording(
                "PHP",
                "SQLSTATE[HY000]: General error: 7 ",
                r"SQLSTATE\[HY000\]: General error: 7 (?:no connection|SSL|server closed)",
            ),
            Wording(
                "tokio-postgres",
                "connection closed",
                r"(?:db error|tokio_postgres|kind: Closed)[^\n]{0,60}connection closed",
            ),
            Wording(
                "Postgrex",
                "disconnected: **",
                r"Postgrex\.Protocol [^\n]{0,40}disconnected: \*\*"
                r" \(DBConnection\.ConnectionError\) (?:tcp|ssl) (?:recv|send)[^\n]{0,40}closed",
            ),
            Wording("Elixir", " recv", r"(?:tcp|ssl) recv(?: \(idle\))?: closed"),
            Wording(
                "postgres.js",
                "write CONNECTION_",
                r"write CONNECTION_(?:CLOSED|ENDED|DESTROYED)"
                r" (?P<host>[\w.-]{1,255})(?::(?P<port>\d{2,5}))?",
            ),
            Wording("server", "could not receive data from client: Connection reset by peer"),
            Wording("server", "unexpected EOF on client connection"),
            Wording("C library", "Connection reset by peer", needs_context=True),
            Wording("Node.js", "read ECONNRESET", needs_context=True),
            Wording("Rust", "unexpected end of file", needs_context=True),
            Wording(
                "Rust",
                "expected to read",
                r"expected to read \d{1,7} bytes, got \d{1,7} bytes at EOF",
            ),
            Wording("Django", "server closed the connection", needs_context=True),
        ),
        proves=(
            "A session was open, or about to be, and its socket was closed without a word from"
            " PostgreSQL, or the word was lost."
        ),
        rules_out="A refused login: that has words of its own.",
        causes=(
            Cause(
                "A firewall, NAT gateway or load balancer forgot the idle connection (350 s at"
                " AWS, 4 min at Azure)."
            ),
            Cause("The pool keeps connections longer than the server, pooler or network does."),
            Cause("The server crashed, was restarted or failed over.", outside=True),
            Cause("The backend was killed because memory ran out.", outside=True),
            Cause("PgBouncer was stopped, or closed the client."),
            Cause("A serverless database was suspended.", outside=True),
        ),
        triage=(
            triage.SERVER_LOG,
            Check(
                "SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp_keepalives%';",
                "whether idle connections are kept alive",
            ),
            Check("SELECT pg_postmaster_start_time();", "whether the server was restarted"),
        ),
        avoid=(
            "Repeating a statement that writes without knowing whether it was committed.",
            "Disabling TLS to make an SSL error go away.",
        ),
        failures=(Failure.LOST,),
        policies=("PG111", "PG112", "PG503", "PG504"),
        decided_by=(
            *server("idle_session_timeout", "tcp_keepalives_idle"),
            *pooler("client_idle_timeout", "server_idle_timeout"),
        ),
        references=(
            "https://www.postgresql.org/docs/current/libpq-connect.html",
            _ERRORS,
        ),
    ),
    Symptom(
        id="connection-used-after-close",
        title="a connection is used that the client has closed already",
        layer=Layer.SESSION,
        nearness=Nearness.EFFECT,
        codes=(Code("08003", "JDBC and others: the connection does not exist"),),
        wordings=(
            Wording("JDBC", "This connection has been closed."),
            Wording("psycopg", "the connection is closed", needs_context=True),
            Wording("psycopg2", "connection already closed", needs_context=True),
            Wording("asyncpg", "cannot perform operation: connection is closed"),
            Wording("asyncpg", "InterfaceError: connection is closed", needs_context=True),
            Wording("Rails", "PG::ConnectionBad: connection is closed"),
            Wording("node-pg", "Client was closed and is not queryable"),
            Wording(
                "pgx",
                "conn closed",
                r"(?:pgx|pgconn|failed|write|SQLSTATE|error|query|ERROR)[^\n]{0,60}:"
                r" ?conn closed|^conn closed$",
                needs_context=True,
            ),
            Wording("Npgsql", "Connection is not open", needs_context=True),
        ),
        proves=(
            "The client's object is closed: by an earlier error, by its pool, or by the program."
        ),
        rules_out="Refused logins and limits at this moment; look for the error before this one.",
        causes=(
            Cause(
                "The server or network had closed the connection before: see the first error.",
            ),
            Cause(
                "The pool gave out a dead connection: it does not test, and its lifetime is longer"
                " than what stands behind it keeps connections."
            ),
            Cause("The program closes it and goes on using it.", outside=True),
        ),
        triage=(triage.SERVER_LOG, triage.TIMEOUTS),
        avoid=("Swallowing the first error and reconnecting in a loop.",),
        failures=(Failure.LOST,),
        policies=("PG111", "PG503", "PG504"),
        decided_by=(
            *server("idle_session_timeout", "idle_in_transaction_session_timeout"),
            *pooler("client_idle_timeout"),
        ),
        references=(
            "https://jdbc.postgresql.org/documentation/server-prepare/",
            _ERRORS,
        ),
    ),
    Symptom(
        id="statement-timeout",
        title="canceling statement due to statement timeout",
        layer=Layer.SESSION,
        codes=(Code("57014", "the server, also through PgBouncer"),),
        wordings=(
            Wording("server", "canceling statement due to statement timeout"),
            Wording(
                "psycopg",
                "QueryCanceled",
                r"(?:psycopg2?\.errors\.)QueryCanceled(?=: canceling statement due to statement)",
            ),
            Wording(
                "server, German",
                "storniere Anfrage wegen Zeitüberschreitung der Anfrage",
            ),
            Wording(
                "server, French",
                "annulation de la requête à cause du délai écoulé pour l'exécution de"
                " l'instruction",
            ),
        ),
        proves="The session works; one statement ran longer than statement_timeout and was ended.",
        rules_out="Networks, limits, pg_hba.conf and the password.",
        causes=(
            Cause(
                "The statement is slow: a missing index, a changed plan, more data.",
                outside=True,
            ),
            Cause("It waited for a lock, for instance of a migration."),
            Cause("The timeout is meant for requests and holds for batches and migrations too."),
        ),
        triage=(
            triage.BLOCKED,
            triage.TIMEOUTS,
            triage.ROLE_SETTINGS,
            triage.OLD_TRANSACTIONS,
        ),
        avoid=("statement_timeout = 0 for everybody: set another one for the role of the batch.",),
        failures=(Failure.TIMEOUT,),
        policies=(
            "PG502",
            "PG603",
        ),
        decided_by=server("statement_timeout"),
        references=(_CLIENT,),
    ),
    Symptom(
        id="query-cancelled",
        title="canceling statement due to user request",
        layer=Layer.SESSION,
        codes=(Code("57014", "the server, also through PgBouncer"),),
        wordings=(
            Wording("server", "canceling statement due to user request"),
            Wording(
                "pgx",
                "context deadline exceeded",
                r"(?:pgx|pgconn|timeout: context deadline exceeded|failed to connect"
                r" to)[^\n]{0,80}context deadline exceeded",
                needs_context=True,
            ),
            Wording("lib/pq", "pq: canceling statement due to user request"),
            Wording("node-pg", "Query read timeout"),
        ),
        proves="The session works; the client, or a person, asked the server to stop a statement.",
        rules_out="statement_timeout (it has other words), networks, limits and the password.",
        causes=(
            Cause(
                "The client's own timeout ran out: a context in Go, setQueryTimeout in Java, a web"
                " server's deadline.",
                outside=True,
            ),
            Cause("A person or a tool called pg_cancel_backend.", outside=True),
            Cause("The statement waited for a lock or is slow."),
        ),
        triage=(triage.BLOCKED, triage.OLD_TRANSACTIONS),
        avoid=("Retrying at once: the slow statement is sent twice.",),
        failures=(Failure.TIMEOUT,),
        policies=("PG502",),
        decided_by=server("statement_timeout"),
        references=(_SIGNALS,),
    ),
    Symptom(
        id="lock-or-transaction-timeout",
        title="a lock or a transaction took too long",
        layer=Layer.SESSION,
        codes=(
            Code("55P03", "the server: lock_timeout"),
            Code("25P04", "the server: transaction_timeout"),
        ),
        wordings=(
            Wording("server", "canceling statement due to lock timeout"),
            Wording("server", "terminating connection due to transaction timeout"),
            Wording(
                "server",
                "could not obtain lock on",
                r"could not obtain lock on (?:relation|row)",
            ),
        ),
        proves="The session works; lock_timeout or transaction_timeout ran out.",
        rules_out="Networks, limits, pg_hba.conf and the password.",
        causes=(
            Cause("A migration or a long transaction holds the lock."),
            Cause("A session is idle in transaction and holds it."),
        ),
        triage=(triage.BLOCKED, triage.OLD_TRANSACTIONS, triage.TIMEOUTS),
        avoid=("lock_timeout = 0 for migrations: they then block everybody who comes after.",),
        failures=(Failure.TIMEOUT,),
        policies=("PG501",),
        decided_by=server("lock_timeout", "transaction_timeout"),
        references=(_CLIENT,),
    ),
    Symptom(
        id="ended-by-recovery-conflict",
        title="terminating connection due to conflict with recovery",
        layer=Layer.SESSION,
        codes=(Code("57P04", "the server: database dropped"),),
        wordings=(
            Wording(
                "server",
                "due to conflict with recovery",
                r"(?:terminating connection|canceling statement) due to conflict with recovery",
            ),
        ),
        proves="The session is on a standby, and replay of the primary's changes had to go on.",
        rules_out="Limits, pg_hba.conf and the password.",
        causes=(
            Cause("A long query on the standby needs rows that the primary has vacuumed."),
            Cause("A migration on the primary takes an exclusive lock."),
        ),
        triage=(
            Check(
                "SELECT * FROM pg_stat_database_conflicts;",
                "which kind of conflict, how often",
            ),
            Check("SHOW max_standby_streaming_delay;", "how long replay waits"),
        ),
        avoid=("max_standby_streaming_delay = -1 on the standby that is to take over.",),
        decided_by=server("max_standby_streaming_delay", "hot_standby_feedback"),
        references=("https://www.postgresql.org/docs/current/hot-standby.html",),
    ),
)
