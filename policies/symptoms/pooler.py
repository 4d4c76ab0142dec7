# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of poolers between client and server."""

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
)

_CONFIG = "https://www.pgbouncer.org/config.html"
_FEATURES = "https://www.pgbouncer.org/features.html"

_SIZES = pooler(
    *(
        "default_pool_size",
        "pool_size",
        "reserve_pool_size",
        "reserve_pool",
        "max_db_connections",
    ),
    *("max_user_connections", "pool_mode"),
)

SYMPTOMS = (
    Symptom(
        id="pooler-takes-no-more-clients",
        title="the pooler takes no more clients",
        layer=Layer.POOLER,
        codes=(
            Code("08P01", "PgBouncer"),
            Code("53300", "Supavisor, Odyssey"),
            Code("XX000", "Supavisor"),
        ),
        wordings=(
            Wording(
                "PgBouncer",
                "no more connections allowed",
                r"no more connections allowed(?: \((?P<what>max_client_conn)\))?",
            ),
            Wording(
                "PgBouncer",
                "client connections exceeded",
                r"client connections exceeded(?:"
                r" \((?P<what>max_(?:db|user)_client_connections)\))?",
            ),
            Wording("Supavisor", "Max client connections reached"),
            Wording(
                "Supavisor",
                "max clients reached",
                r"(?:MaxClientsInSessionMode: )?max clients reached",
            ),
            Wording(
                "Odyssey",
                "odyssey:",
                r"odyssey:.{0,60}too many (?:tcp )?connections",
            ),
        ),
        proves="The pooler was reached; it has as many clients as its limit allows.",
        rules_out=(
            "The server's limits: the pooler has not asked the server. Firewalls, pg_hba.conf and"
            " the password."
        ),
        causes=(
            Cause(
                "The pools of all services behind this pooler add up to more than max_client_conn"
                " (100 by default, for all databases together)."
            ),
            Cause("A deployment doubles the instances for a moment."),
            Cause("A leak: clients stay connected.", outside=True),
            Cause("In session mode of a managed pooler, the limit is the pool's size."),
        ),
        triage=(
            triage.POOLER_LISTS,
            Check(
                "psql -h POOLER -p 6432 -U ADMIN pgbouncer -c 'SHOW CLIENTS'",
                "which users and addresses hold the connections",
            ),
        ),
        avoid=(
            "Raising max_client_conn above the limit of open files (PG108).",
            "Raising pool_size: it is another limit.",
        ),
        failures=(Failure.REFUSED, Failure.REJECTED),
        policies=("PG104", "PG108"),
        decided_by=pooler(
            "max_client_conn",
            "max_db_client_connections",
            "max_user_client_connections",
        ),
        references=(_CONFIG,),
    ),
    Symptom(
        id="pooler-query-wait-timeout",
        title="a client waited too long for a server connection of the pooler",
        layer=Layer.POOLER,
        nearness=Nearness.EFFECT,
        codes=(Code("08P01", "PgBouncer"),),
        wordings=(
            Wording(
                "PgBouncer",
                "query_wait_timeout",
                r"(?<![\w=])query_wait_timeout(?! ?=)",
            ),
            Wording(
                "PgBouncer 1.25",
                "No server connection available in postgres backend, client being queued",
            ),
            Wording("PgBouncer", "taking connection from reserve_pool"),
            Wording(
                "RDS Proxy",
                "imed-out waiting to acquire database connection",
                r"[Tt]imed-out waiting to acquire database connection",
            ),
            Wording(
                "Supavisor",
                "Unable to check out process from the pool due to checkout timeout",
            ),
            Wording(
                "Supavisor",
                "checkout timeout",
                r"(?:EDBHANDLER|:)? ?checkout timeout",
            ),
            Wording(
                "Odyssey",
                "failed to get connection from pool",
                r"(?:failed to get connection from pool|server pool wait timed? ?out)",
            ),
            Wording("PgCat", "AllServersDown"),
        ),
        proves=(
            "The pooler was reached and took the client; no server connection became free in time,"
            " or none could be opened."
        ),
        rules_out=(
            "max_client_conn, and firewalls between client and pooler. Not the server's"
            " limits: when"
            " the pooler is refused by the server, its clients often see nothing but this."
        ),
        causes=(
            Cause(
                "More clients than pool_size + reserve are busy at once; in session mode every"
                " connected client is."
            ),
            Cause(
                "The server refuses the pooler's logins (role limit, slots, password): the"
                " pooler's log has `login failed: FATAL …`."
            ),
            Cause("max_db_connections or max_user_connections leave less than the pool's size."),
            Cause("Transactions stay open, or statements run long."),
            Cause("The server is down or not reachable from the pooler.", outside=True),
        ),
        triage=(
            triage.POOLS,
            triage.POOLER_LOG,
            triage.HOLDERS,
            triage.OLD_TRANSACTIONS,
        ),
        avoid=(
            "A longer query_wait_timeout: users wait longer for the same error.",
            "Raising pool_size above what role and server allow.",
        ),
        failures=(
            Failure.TIMEOUT,
            Failure.ROLE_LIMIT,
            Failure.DATABASE_LIMIT,
            Failure.SERVER_SLOTS,
        ),
        policies=(
            "PG101",
            "PG102",
            "PG103",
            "PG105",
            "PG109",
            "PG111",
            "PG501",
            "PG502",
            "PG607",
            "PG608",
            "PG609",
        ),
        decided_by=(*pooler("query_wait_timeout"), *_SIZES),
        references=(_CONFIG,),
    ),
    Symptom(
        id="pooler-server-login-failed",
        title="the pooler cannot log in to the server",
        layer=Layer.POOLER,
        nearness=Nearness.EFFECT,
        codes=(Code("08P01", "PgBouncer"),),
        wordings=(
            Wording("PgBouncer", "server login failed"),
            Wording(
                "PgBouncer",
                "server login has been failing",
                r"server login has been failing(?:, (?:try again later|cached error))?",
            ),
            Wording(
                "PgBouncer",
                "closing because: login failed",
                r"closing because: login failed",
            ),
            Wording("PgBouncer", "pgbouncer cannot connect to server"),
            Wording("PgBouncer", "server_login_retry", r"\(server_login_retry\)"),
            Wording(
                "PgBouncer",
                "cannot connect to server",
                r"(?:closing because: |Pooler Error: )(?:pgbouncer )?cannot connect to server",
            ),
            Wording("PgBouncer", "connect failed", r"closing because: connect failed"),
            Wording("PgBouncer", "server DNS lookup failed"),
            Wording("PgBouncer", "bouncer config error"),
            Wording(
                "RDS Proxy",
                "has no credentials for the role",
                r"This RDS [Pp]roxy has no credentials for the role (?P<role>\S{1,63})",
            ),
            Wording(
                "PgBouncer",
                "server_connect_timeout",
                r"closing because: server_connect_timeout|Pooler Error: server_connect_timeout",
            ),
            Wording("pgpool", "failed to authenticate with backend"),
            Wording("pgpool", "all backend nodes are down"),
        ),
        proves=(
            "The client reached the pooler; the server refused the pooler, or was not reached. The"
            " error is remembered for server_login_retry (15 s), so new clients fail at once."
        ),
        rules_out="Firewalls between client and pooler, and max_client_conn.",
        causes=(
            Cause(
                "The pooled role's CONNECTION LIMIT, or the server's slots, are less"
                " than the pools."
            ),
            Cause(
                "The password in userlist.txt is not the server's, or md5 where the server wants"
                " SCRAM."
            ),
            Cause(
                "host or port in [databases] are wrong, or pg_hba.conf has no line for the pooler's"
                " address."
            ),
            Cause("The database in [databases] does not exist on the server."),
            Cause("The server is down, starting or failing over.", outside=True),
        ),
        triage=(triage.POOLER_LOG, triage.POOLS, triage.ROLE_LIMIT, triage.LIMITS),
        avoid=(
            "Restarting the pooler again and again: all clients log in at once.",
            "auth_type = any or trust to get round a password.",
        ),
        failures=(
            Failure.ROLE_LIMIT,
            Failure.DATABASE_LIMIT,
            Failure.SERVER_SLOTS,
            Failure.NO_HBA_ENTRY,
        ),
        policies=("PG101", "PG102", "PG103", "PG107", "PG308"),
        decided_by=(*pooler("[databases]", "server_login_retry", "auth_file", "auth_query"),),
        references=(_CONFIG,),
    ),
    Symptom(
        id="pooler-lost-the-server",
        title="the pooler lost its server connection",
        layer=Layer.POOLER,
        nearness=Nearness.EFFECT,
        codes=(
            Code("08P01", "PgBouncer"),
            Code("57P01", "Supavisor: the database closed it"),
        ),
        wordings=(
            Wording("PgBouncer", "server conn crashed?"),
            Wording(
                "PgBouncer",
                "closing because: server ",
                r"closing because: server (?:conn crashed|closed)",
            ),
            Wording("PgBouncer", "server disconnect while active"),
            Wording("Supavisor", "DbHandler exited"),
            Wording("PgBouncer", "unclean server", r"closing because: unclean server"),
        ),
        proves="A client's query was under way when the connection from pooler to server broke.",
        rules_out="Limits of the pooler, pg_hba.conf and the password.",
        causes=(
            Cause("The server crashed, was restarted or failed over.", outside=True),
            Cause("The session was ended on the server by a timeout or an administrator."),
            Cause("A firewall or load balancer forgot the connection while it was idle."),
        ),
        triage=(triage.SERVER_LOG, triage.POOLER_LOG),
        avoid=("Repeating a statement that writes without knowing whether it was committed.",),
        failures=(Failure.LOST,),
        policies=("PG111", "PG503", "PG504"),
        decided_by=pooler("server_idle_timeout", "server_lifetime", "tcp_keepalive"),
        references=(_CONFIG,),
    ),
    Symptom(
        id="pooler-ended-the-session",
        title="a timeout of the pooler ended the session",
        layer=Layer.POOLER,
        codes=(Code("08P01", "PgBouncer"),),
        wordings=(
            Wording(
                "PgBouncer",
                "client_idle_timeout",
                r"(?:closing because: |Pooler Error: |ERROR:? {1,3}|FATAL:?"
                r" {1,3})client_idle_timeout",
            ),
            Wording(
                "PgBouncer",
                "idle transaction timeout",
                r"(?<!idle-in-)idle transaction timeout",
            ),
            Wording(
                "PgBouncer",
                "query timeout",
                r"(?:FATAL:? {1,3}|ERROR:? {1,3}|Pooler Error: |closing because:"
                r" |DatabaseError: )query timeout",
            ),
            Wording(
                "PgBouncer",
                "transaction timeout",
                r"(?:closing because: |Pooler Error: )transaction timeout",
            ),
        ),
        proves="The session worked; a timeout of the pooler, not of the server, ended it.",
        rules_out="Networks, pg_hba.conf, the password, the server's own timeouts.",
        causes=(
            Cause("client_idle_timeout is shorter than what the application's pool keeps idle."),
            Cause("The application leaves transactions open longer than idle_transaction_timeout."),
            Cause("A statement runs longer than query_timeout."),
        ),
        triage=(triage.POOLER_LISTS, triage.POOLER_LOG),
        avoid=("Switching the timeouts off: they keep dead clients from holding the pool.",),
        failures=(Failure.LOST, Failure.TIMEOUT),
        policies=("PG111",),
        decided_by=pooler(
            *("client_idle_timeout", "idle_transaction_timeout", "query_timeout"),
            "transaction_timeout",
        ),
        references=(_CONFIG,),
    ),
    Symptom(
        id="prepared-statement-lost",
        title="a prepared statement is missing or exists already",
        layer=Layer.POOLER,
        codes=(
            Code("26000", "the server: does not exist"),
            Code("42P05", "the server: already exists"),
        ),
        wordings=(
            Wording(
                "server",
                "prepared statement",
                r'prepared statement \\?"[^"\n]{0,63}" (?:does not exist|already exists)',
            ),
            Wording("asyncpg", "DuplicatePreparedStatementError"),
            Wording("PgBouncer", "prepared statement name is already in use"),
            Wording("asyncpg", "InvalidSQLStatementNameError"),
            Wording(
                "asyncpg",
                'pgbouncer with pool_mode set to "transaction" or',
                r'pgbouncer with pool_mode set to "transaction" or\s{1,20}"statement"'
                r" does not support prepared statements",
            ),
            Wording(
                "server",
                "bind message supplies",
                r"bind message supplies \d{1,5} parameters, but prepared statement",
            ),
            Wording("lib/pq", "unnamed prepared statement does not exist"),
            Wording("PgBouncer", "transaction blocks not allowed in statement pooling mode"),
        ),
        proves=(
            "The session works, but the server connection behind it is not the one on which the"
            " statement was prepared: a pooler in transaction mode stands between."
        ),
        rules_out="Networks, limits, pg_hba.conf and the password.",
        causes=(
            Cause(
                "Prepared statements through PgBouncer in transaction mode, before 1.21 or with"
                " max_prepared_statements = 0."
            ),
            Cause("SQL's own PREPARE through a pool in transaction mode, in any version."),
            Cause("DEALLOCATE ALL or DISCARD ALL under a driver that remembers its statements."),
        ),
        triage=(
            triage.POOLER_LISTS,
            Check(
                "psql -h POOLER -p 6432 -U ADMIN pgbouncer -c 'SHOW VERSION'",
                "whether the pooler can track prepared statements",
            ),
        ),
        avoid=("pool_mode = session for all: it takes a server connection for every client.",),
        failures=(Failure.LOST,),
        policies=("PG112",),
        decided_by=pooler("pool_mode", "max_prepared_statements"),
        references=(_FEATURES, _CONFIG),
    ),
    Symptom(
        id="pooler-refuses-startup-parameter",
        title="the pooler does not take a parameter of the connection string",
        layer=Layer.POOLER,
        codes=(Code("08P01", "PgBouncer"),),
        wordings=(
            Wording(
                "PgBouncer",
                "unsupported startup parameter",
                r"unsupported startup parameter(?: in options)?: (?P<what>[\w.]{1,63})",
            ),
            Wording("Neon", "unsupported startup parameter in options"),
        ),
        proves="The pooler was reached and refuses what the driver sends when it connects.",
        rules_out="Networks, limits, the password.",
        causes=(
            Cause(
                "The driver sends extra_float_digits, search_path, statement_timeout or options,"
                " and ignore_startup_parameters does not list it."
            ),
        ),
        triage=(triage.POOLER_LISTS,),
        avoid=(
            "ignore_startup_parameters for search_path or timeouts that the application needs:"
            " they are dropped in silence.",
        ),
        decided_by=pooler("ignore_startup_parameters"),
        references=(_CONFIG,),
    ),
    Symptom(
        id="too-many-open-files",
        title="pooler or server ran out of file descriptors",
        layer=Layer.POOLER,
        codes=(Code("53000", "the server"), Code("58030", "the server")),
        wordings=(
            Wording("PgBouncer", "accept() failed: Too many open files"),
            Wording("server", "out of file descriptors", needs_context=True),
            Wording("PgBouncer, server", "Too many open files", needs_context=True),
        ),
        proves="The process reached its limit of open files; every connection is a file.",
        rules_out="pg_hba.conf, the password, CONNECTION LIMIT and max_connections.",
        causes=(
            Cause("LimitNOFILE or ulimit -n is less than max_client_conn + pools need."),
            Cause(
                "A client opens more and more connections (its own limit).",
                outside=True,
            ),
        ),
        triage=(
            Check(
                "grep 'open files' /proc/$(pgrep -o pgbouncer)/limits",
                "the limit in force",
            ),
            Check("ls /proc/$(pgrep -o pgbouncer)/fd | wc -l", "how many are open"),
        ),
        avoid=("ulimit -n in a shell: the service has its own limit.",),
        failures=(Failure.REFUSED, Failure.TIMEOUT),
        policies=("PG108",),
        decided_by=pooler("max_client_conn"),
        references=(_CONFIG,),
    ),
)
