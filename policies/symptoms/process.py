# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of the server process: it starts, stops, recovers or has crashed."""

from __future__ import annotations

from connguard.policies.model import triage
from connguard.policies.model.policy import Failure
from connguard.policies.model.symptom import (
    Cause,
    Check,
    Code,
    Layer,
    Symptom,
    Wording,
    server,
)

_CLASS_57 = "https://www.postgresql.org/docs/current/errcodes-appendix.html"
_STANDBY = "https://www.postgresql.org/docs/current/hot-standby.html"

SYMPTOMS = (
    Symptom(
        id="database-starting-up",
        title="the database system is starting up",
        layer=Layer.PROCESS,
        codes=(
            Code("57P03", "the server"),
            Code("08P01", "PgBouncer before 1.20, with the same text"),
            Code("08004", "made up by some clients"),
        ),
        wordings=(
            Wording("server", "the database system is starting up"),
            Wording("server", "the database system is not yet accepting connections"),
            Wording(
                "asyncpg",
                "CannotConnectNowError",
                r"CannotConnectNowError: the database system is (?:starting|not yet)",
            ),
        ),
        proves="The server's machine, port and process are there; recovery is not finished.",
        rules_out="Networks, firewalls, pg_hba.conf, passwords and limits.",
        causes=(
            Cause(
                "It was started a moment ago, and clients do not wait for it (Compose without a"
                " health check, tests)."
            ),
            Cause(
                "It crashed before and replays the write-ahead log; much of it takes minutes.",
                outside=True,
            ),
            Cause("A standby has not reached a consistent state yet.", outside=True),
        ),
        triage=(
            triage.READY,
            triage.SERVER_LOG,
            Check(
                "pg_controldata $PGDATA | grep -E 'cluster state|REDO'",
                "what state it is in",
            ),
        ),
        avoid=(
            "Restarting it again: recovery starts anew.",
            "Deleting files in pg_wal: that destroys the database.",
        ),
        decided_by=server("hot_standby"),
        references=(_CLASS_57,),
    ),
    Symptom(
        id="database-shutting-down",
        title="the database system is shutting down",
        layer=Layer.PROCESS,
        codes=(
            Code("57P03", "the server"),
            Code("08P01", "PgBouncer before 1.20, with the same text"),
            Code("08004", "made up by some clients"),
        ),
        wordings=(Wording("server", "the database system is shutting down"),),
        proves="The server was told to stop, and waits for something before it does.",
        rules_out="Networks, firewalls, pg_hba.conf, passwords and limits.",
        causes=(
            Cause("Somebody, an upgrade or a failover stops it.", outside=True),
            Cause(
                "A smart shutdown (SIGTERM, which docker stop sends) waits until the last client"
                " has left, while pools keep theirs for ever.",
                outside=True,
            ),
            Cause(
                "A replica or an archiver does not keep up, so that it cannot finish.",
                outside=True,
            ),
        ),
        triage=(triage.SERVER_LOG, triage.READY),
        avoid=("kill -9 on the postmaster: it leads to recovery, and may lose a running backup.",),
        references=(
            "https://www.postgresql.org/docs/current/server-shutdown.html",
            _CLASS_57,
        ),
    ),
    Symptom(
        id="database-in-recovery",
        title="the database system is in recovery mode",
        layer=Layer.PROCESS,
        codes=(
            Code("57P03", "the server"),
            Code("08P01", "PgBouncer before 1.20"),
            Code("57P02", "sessions that are open during the crash"),
        ),
        wordings=(
            Wording("server", "the database system is in recovery mode"),
            Wording("server", "Hot standby mode is disabled"),
            Wording("server", "the database system is not accepting connections"),
            Wording("server", "because of crash of another server process"),
            Wording(
                "server",
                "server process (PID",
                r"server process \(PID \d{1,10}\) was terminated by signal \d{1,2}",
            ),
            Wording(
                "server",
                "another server process exited abnormally and possibly corrupted shared memory",
            ),
            Wording("server", "terminating any other active server processes"),
            Wording("server", "could not fork new process for connection"),
        ),
        proves=(
            "A server process has crashed or was killed. All sessions were ended, and the server"
            " recovers before it takes new ones."
        ),
        rules_out="Networks, firewalls, pg_hba.conf, passwords and limits.",
        causes=(
            Cause(
                "The kernel killed a backend because memory ran out: too many connections times"
                " work_mem."
            ),
            Cause("Somebody sent kill -9 to a backend.", outside=True),
            Cause("A bug in an extension or in the server.", outside=True),
            Cause("It is a standby with hot_standby = off, which takes no connections."),
        ),
        triage=(
            triage.SERVER_LOG,
            Check(
                "dmesg -T | grep -i -E 'out of memory|killed process'",
                "who was killed, and why",
            ),
            triage.READY,
        ),
        avoid=(
            "Raising max_connections or work_mem: memory is what ran out.",
            "kill -9 on a backend: pg_terminate_backend ends one session only.",
        ),
        failures=(Failure.SERVER_SLOTS, Failure.TIMEOUT),
        policies=("PG106",),
        decided_by=server("hot_standby", "max_connections", "work_mem"),
        references=(
            "https://www.postgresql.org/docs/current/kernel-resources.html",
            _STANDBY,
        ),
    ),
    Symptom(
        id="server-does-not-start",
        title="the server refuses to start",
        layer=Layer.PROCESS,
        codes=(Code("F0000", "the server's log"),),
        wordings=(
            Wording(
                "server",
                "could not load ",
                r"could not load (?:\S{0,200}/)?pg_hba\.conf",
            ),
            Wording("server", "pg_hba.conf was not reloaded"),
            Wording(
                "server",
                "configuration file",
                r'configuration file "[^"\n]{1,300}" contains errors',
            ),
            Wording(
                "server",
                "could not bind IPv",
                r"could not bind IPv[46] (?:address|socket)",
            ),
            Wording("server", "could not create any TCP/IP sockets"),
            Wording("server", "could not create listen socket for"),
            Wording(
                "server",
                "must be less than max_connections",
                r"superuser_reserved_connections[^\n]{0,80} must be less than max_connections",
            ),
            Wording(
                "server",
                "unrecognized configuration parameter",
                r'unrecognized configuration parameter "[^"\n]{1,63}" in file',
            ),
            Wording("server", "could not create shared memory segment"),
            Wording("PgBouncer", "cannot load config file"),
            Wording(
                "PgBouncer",
                "syntax error in configuration",
                r"syntax error in configuration[^\n]{0,120}",
            ),
        ),
        proves="The server read its configuration and gave up. Clients get connection refused.",
        rules_out="Networks, firewalls, passwords and connection limits.",
        causes=(
            Cause("A line of pg_hba.conf, postgresql.conf or pgbouncer.ini is not valid."),
            Cause(
                "superuser_reserved_connections + reserved_connections are not less than"
                " max_connections."
            ),
            Cause("Another process has the port already.", outside=True),
            Cause(
                "A setting needs more memory, semaphores or files than the system gives.",
                outside=True,
            ),
        ),
        triage=(
            triage.SERVER_LOG,
            triage.LISTENERS,
            Check(
                "connguard scan --select PG306,PG508 .",
                "the lines that the server refuses",
            ),
        ),
        avoid=("Restarting in a loop: the message names file and line.",),
        failures=(Failure.REFUSED,),
        policies=("PG306", "PG508"),
        decided_by=server("port", "listen_addresses"),
        references=("https://www.postgresql.org/docs/current/server-start.html",),
    ),
    Symptom(
        id="server-is-read-only",
        title="the connection reached a server that takes no writes",
        layer=Layer.PROCESS,
        codes=(Code("25006", "the server"), Code("08004", "made up by some clients")),
        wordings=(
            Wording(
                "server",
                "in a read-only transaction",
                r"cannot execute [A-Z ]{2,40} in a read-only transaction",
            ),
            Wording("libpq", "session is read-only"),
            Wording("libpq", "server is in hot standby mode"),
            Wording("libpq", "session is not read-only"),
            Wording("libpq", "could not make a writable connection to server"),
            Wording("JDBC", "Could not find a server with specified targetServerType"),
            Wording("asyncpg", "ReadOnlySQLTransactionError"),
            Wording("pgx", "read only connection"),
        ),
        proves="Everything up to the session works; it is a standby, or the session is read-only.",
        rules_out="Networks, pg_hba.conf, passwords and limits.",
        causes=(
            Cause(
                "After a failover the client still has the address of the old primary.",
                outside=True,
            ),
            Cause("The client uses the read-only address for writes."),
            Cause("default_transaction_read_only is on."),
            Cause(
                "A managed server has gone read-only because its disk is full.",
                outside=True,
            ),
        ),
        triage=(
            Check(
                "SELECT pg_is_in_recovery(), inet_server_addr();",
                "which server this is",
            ),
            Check(
                "SHOW default_transaction_read_only;",
                "whether sessions start read-only",
            ),
        ),
        avoid=("Promoting the standby to make the error go away: there are two primaries then.",),
        decided_by=server("default_transaction_read_only"),
        references=(
            "https://www.postgresql.org/docs/current/libpq-connect.html",
            _STANDBY,
        ),
    ),
)
