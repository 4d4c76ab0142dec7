# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that several symptoms share. All of them only read."""

from __future__ import annotations

from connguard.policies.model.symptom import Check

RESOLVE = Check("getent hosts HOST", "which address the client's machine finds for the name")
REACH = Check(
    "nc -vz -w 5 HOST PORT",
    "succeeded: something listens; refused at once: nothing does, or a firewall rejects; silence:"
    " packets are dropped",
)
LISTENERS = Check(
    "ss -ltnp",
    "on the server's machine: which process listens on which addresses and ports",
)
READY = Check("pg_isready -h HOST -p PORT", "whether a server answers there and takes logins")
SERVER_LOG = Check(
    "journalctl -u postgresql --since -15min",
    "the server's own words about starts, stops, crashes and refused logins (or docker logs,"
    " kubectl logs)",
)
LISTEN_SETTINGS = Check(
    "SELECT name, setting, sourcefile, sourceline FROM pg_settings"
    " WHERE name IN ('listen_addresses', 'port', 'ssl');",
    "where the server listens, and which line of which file says so",
)
HOLDERS = Check(
    "SELECT usename, datname, application_name, client_addr, state, count(*), min(state_change)"
    " FROM pg_stat_activity WHERE backend_type = 'client backend'"
    " GROUP BY 1, 2, 3, 4, 5 ORDER BY count(*) DESC;",
    "who holds the connections, from where, and whether they work or idle",
)
LIMITS = Check(
    "SELECT name, setting FROM pg_settings WHERE name IN ('max_connections',"
    " 'superuser_reserved_connections', 'reserved_connections');",
    "how many slots there are, and how many of them ordinary roles cannot use",
)
ROLE_LIMIT = Check(
    "SELECT rolname, rolconnlimit, (SELECT count(*) FROM pg_stat_activity a"
    " WHERE a.usename = r.rolname) AS used FROM pg_roles r WHERE rolname = 'ROLE';",
    "the role's limit (-1: none) and how much of it is used",
)
DATABASE_LIMIT = Check(
    "SELECT datname, datconnlimit, datallowconn, (SELECT count(*) FROM pg_stat_activity a"
    " WHERE a.datname = d.datname) AS used FROM pg_database d WHERE datname = 'DATABASE';",
    "the database's limit (-1: none) and how much of it is used",
)
OLD_TRANSACTIONS = Check(
    "SELECT pid, usename, application_name, state, now() - xact_start AS age, left(query, 60)"
    " FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start LIMIT 20;",
    "the oldest transactions: who keeps a connection busy without working",
)
BLOCKED = Check(
    "SELECT pid, pg_blocking_pids(pid), wait_event_type, now() - query_start AS waits,"
    " left(query, 60) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0;",
    "who waits for whose lock",
)
HBA_RULES = Check(
    "SELECT line_number, type, database, user_name, address, netmask, auth_method, error"
    " FROM pg_hba_file_rules;",
    "the rules in the order in which they are tried, and lines that the server refuses",
)
HBA_OFFLINE = Check(
    "connguard hba pg_hba.conf --user ROLE --database DATABASE --from CLIENT",
    "which line decides about this login, and why those before it do not",
)
POOLS = Check(
    "psql -h POOLER -p 6432 -U ADMIN pgbouncer -c 'SHOW POOLS'",
    "cl_waiting and maxwait: who waits; sv_active, sv_idle: what the pool has",
)
POOLER_LISTS = Check(
    "psql -h POOLER -p 6432 -U ADMIN pgbouncer -c 'SHOW LISTS' -c 'SHOW CONFIG'",
    "how many clients and servers there are, and the limits in force",
)
POOLER_LOG = Check(
    "journalctl -u pgbouncer --since -15min",
    "lines with `login failed: FATAL …` hold what the server really said",
)
TIMEOUTS = Check(
    "SELECT name, setting, unit, source, sourcefile, sourceline FROM pg_settings"
    " WHERE name LIKE '%timeout%';",
    "the timeouts of this session, and where each comes from",
)
ROLE_SETTINGS = Check(
    "SELECT coalesce(r.rolname, 'all roles'), d.datname, s.setconfig FROM pg_db_role_setting s"
    " LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase;",
    "settings that hold for single roles and databases",
)
TLS_STATE = Check(
    "openssl s_client -starttls postgres -connect HOST:PORT -brief </dev/null",
    "whether the server offers TLS, and the certificate that it shows",
)
