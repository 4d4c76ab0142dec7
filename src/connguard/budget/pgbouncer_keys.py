# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings PgBouncer knows, since which version, and what their values must be.

Read in the parameter tables of the releases 1.18 to 1.25 (src/main.c, src/loader.c).
"""

from __future__ import annotations

from connguard.policies.model.topology import Version

OLDEST: Version = (1, 18)
NEWEST: Version = (1, 25)
REPRESENTATIVES: tuple[Version, ...] = ((1, 18), (1, 21), (1, 23), (1, 24))
"""One version of each range within which the rules for pools are the same."""

SECTIONS = ("pgbouncer", "databases", "users", "peers")
PEERS_SINCE: Version = (1, 19)

DEFAULTS = {
    "default_pool_size": 20,
    "reserve_pool_size": 0,
    "min_pool_size": 0,
    "max_client_conn": 100,
    "max_db_connections": 0,
    "max_user_connections": 0,
    "max_db_client_connections": 0,
    "max_user_client_connections": 0,
}
"""The numbers that hold where a configuration is silent, the same in 1.18 to 1.25."""


def _since(table: dict[Version, str]) -> dict[str, Version]:
    return {name: version for version, names in table.items() for name in names.split()}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SETTINGS = _since(
    {
        (1, 18): """
            admin_users application_name_add_host auth_file auth_hba_file auth_query
            auth_type auth_user autodb_idle_timeout client_idle_timeout
            client_login_timeout client_tls_ca_file client_tls_cert_file
            client_tls_ciphers client_tls_dheparams client_tls_ecdhcurve
            client_tls_key_file client_tls_protocols client_tls_sslmode conffile
            default_pool_size disable_pqexec dns_max_ttl dns_nxdomain_ttl
            dns_zone_check_period idle_transaction_timeout ignore_startup_parameters
            job_name listen_addr listen_backlog listen_port log_connections
            log_disconnections log_pooler_errors log_stats logfile max_client_conn
            max_db_connections max_packet_size max_user_connections min_pool_size
            pidfile pkt_buf pool_mode query_timeout query_wait_timeout reserve_pool_size
            reserve_pool_timeout resolv_conf sbuf_loopcnt server_check_delay
            server_check_query server_connect_timeout server_fast_close
            server_idle_timeout server_lifetime server_login_retry server_reset_query
            server_reset_query_always server_round_robin server_tls_ca_file
            server_tls_cert_file server_tls_ciphers server_tls_key_file
            server_tls_protocols server_tls_sslmode so_reuseport stats_period
            stats_users suspend_timeout syslog syslog_facility syslog_ident
            tcp_defer_accept tcp_keepalive tcp_keepcnt tcp_keepidle tcp_keepintvl
            tcp_socket_buffer tcp_user_timeout unix_socket_dir unix_socket_group
            unix_socket_mode user verbose
        """,
        (1, 19): """
            auth_dbname cancel_wait_timeout peer_id
        """,
        (1, 20): """
            track_extra_parameters
        """,
        (1, 21): """
            max_prepared_statements
        """,
        (1, 23): """
            auth_ident_file
        """,
        (1, 24): """
            max_db_client_connections max_user_client_connections
        """,
        (1, 25): """
            auth_ldap_options client_tls13_ciphers query_wait_notify scram_iterations
            server_tls13_ciphers transaction_timeout
        """,
        (1, 26): """
            login_notify_message pool_idle_timeout
        """,
    }
)
"""The parameters of [pgbouncer], and the version that brought them (OLDEST: or before)."""

INTEGERS = _names(
    """
    application_name_add_host default_pool_size disable_pqexec listen_backlog listen_port
    log_connections log_disconnections log_pooler_errors log_stats max_client_conn
    max_db_client_connections max_db_connections max_packet_size max_prepared_statements
    max_user_client_connections max_user_connections min_pool_size peer_id pkt_buf
    query_wait_notify reserve_pool_size sbuf_loopcnt scram_iterations server_fast_close
    server_reset_query_always server_round_robin so_reuseport stats_period syslog
    tcp_defer_accept tcp_keepalive tcp_keepcnt tcp_keepidle tcp_keepintvl tcp_socket_buffer
    tcp_user_timeout unix_socket_mode verbose
    """
)

TIMES = _names(
    """
    autodb_idle_timeout cancel_wait_timeout client_idle_timeout client_login_timeout dns_max_ttl
    dns_nxdomain_ttl dns_zone_check_period idle_transaction_timeout pool_idle_timeout
    query_timeout query_wait_timeout reserve_pool_timeout server_check_delay
    server_connect_timeout server_idle_timeout server_lifetime server_login_retry
    suspend_timeout transaction_timeout
    """
)
"""Seconds; fractions are allowed, units are not."""

CHOICES = {
    "pool_mode": ("session", "transaction", "statement"),
    "auth_type": ("any", "trust", "plain", "md5", "cert", "hba", "ldap", "pam", "scram-sha-256"),
}

LINES = {
    "databases": _since(
        {
            (1, 18): """
                dbname host port user password auth_user client_encoding datestyle timezone
                pool_size min_pool_size reserve_pool max_db_connections pool_mode connect_query
                application_name
            """,
            (1, 19): "auth_dbname",
            (1, 22): "auth_query",
            (1, 23): "server_lifetime",
            (1, 24): "reserve_pool_size max_db_client_connections load_balance_hosts",
            (1, 26): "query_wait_timeout",
        }
    ),
    "users": _since(
        {
            (1, 18): "pool_mode max_user_connections",
            (1, 23): "pool_size",
            (1, 24): """
                reserve_pool_size max_user_client_connections idle_transaction_timeout
                query_timeout client_idle_timeout
            """,
            (1, 25): "transaction_timeout",
            (1, 26): "query_wait_timeout",
        }
    ),
    "peers": _since({(1, 19): "host port pool_size"}),
}
"""The parameters in a line of each section."""

LINE_ERRORS = {
    "databases": "unrecognized connection parameter",
    "users": "unrecognized user parameter",
    "peers": "unrecognized connection parameter",
}
