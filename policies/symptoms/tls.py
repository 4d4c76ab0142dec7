# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of TLS: both sides disagree about encryption, or about a certificate."""

from __future__ import annotations

from connguard.policies.model import triage
from connguard.policies.model.policy import Failure
from connguard.policies.model.symptom import (
    Cause,
    Check,
    Code,
    Layer,
    Nearness,
    Place,
    PlaceKind,
    Symptom,
    Wording,
    pooler,
    server,
)

_SSL = "https://www.postgresql.org/docs/current/libpq-ssl.html"
_SERVER_SSL = "https://www.postgresql.org/docs/current/ssl-tcp.html"

SYMPTOMS = (
    Symptom(
        id="server-without-tls",
        title="the client requires TLS and the server does not offer it",
        layer=Layer.TLS,
        codes=(Code("08004", "JDBC"), Code("P1011", "Prisma")),
        wordings=(
            Wording("libpq", "server does not support SSL, but SSL was required"),
            Wording("node-pg", "The server does not support SSL connections"),
            Wording(
                "lib/pq",
                "SSL is not enabled on the server",
                r"SSL is not enabled on the server(?!, connecting)",
            ),
            Wording("servers that are not PostgreSQL", "SSL not supported", needs_context=True),
            Wording("pgx", "server refused TLS connection"),
            Wording("pgx", "tls error: server refused TLS connection"),
            Wording(
                "JDBC",
                "The server does not support SSL",
                r"PSQLException: The server does not support SSL",
            ),
            Wording(
                "asyncpg",
                "rejected SSL upgrade",
                r'PostgreSQL server at "[^"\n]{0,255}" rejected SSL upgrade',
            ),
            Wording(
                "Npgsql",
                "SSL connection requested. No SSL enabled connection from this host is configured.",
            ),
            Wording("tokio-postgres", "server does not support TLS", needs_context=False),
            Wording("sqlx", "server does not support TLS"),
            Wording(
                "Postgrex",
                "ssl not available",
                r"Postgrex[^\n]{0,120}ssl not available",
            ),
            Wording("Prisma", "The server does not support SSL", needs_context=True),
        ),
        proves="The client reached a server or pooler, asked for TLS, and it said no.",
        rules_out="Networks, firewalls, pg_hba.conf, passwords and limits.",
        causes=(
            Cause("ssl = off in postgresql.conf, which is the default."),
            Cause(
                "The client talks to PgBouncer, whose client_tls_sslmode is disable (the default)."
            ),
            Cause(
                "The client's sslmode=require was made for production and runs against a local"
                " server."
            ),
            Cause("A tunnel or proxy between them speaks TLS itself.", outside=True),
        ),
        triage=(triage.TLS_STATE, triage.LISTEN_SETTINGS),
        avoid=("sslmode=disable or prefer over networks that others can listen to.",),
        failures=(Failure.EXPOSED,),
        policies=("PG401",),
        decided_by=server("ssl", "ssl_cert_file") + pooler("client_tls_sslmode"),
        references=(_SSL, _SERVER_SSL),
    ),
    Symptom(
        id="tls-required",
        title="the server requires TLS and the client does not use it",
        layer=Layer.TLS,
        codes=(Code("08P01", "PgBouncer"), Code("28000", "managed services")),
        wordings=(
            Wording("PgBouncer", "SSL required", needs_context=True),
            Wording(
                "Azure",
                "SSL connection is required. Please specify SSL options and retry",
            ),
            Wording("Neon", "connection is insecure (try using"),
            Wording("Heroku, RDS", "SSL/TLS required"),
            Wording("Supabase", "SSL connection is required", needs_context=True),
        ),
        proves="The client reached the server or pooler, which takes encrypted connections only.",
        rules_out="Networks, firewalls, passwords and limits.",
        causes=(
            Cause(
                "The client's sslmode is disable or prefer, or its driver does not ask for TLS by"
                " default (node-pg, Go's lib/pq in some versions)."
            ),
            Cause("PgBouncer's client_tls_sslmode is require or stricter."),
            Cause(
                "pg_hba.conf has hostssl lines only (then the message is: no pg_hba.conf entry …"
                " no encryption)."
            ),
        ),
        triage=(
            triage.TLS_STATE,
            Check(
                "psql 'host=HOST port=PORT user=ROLE dbname=DATABASE sslmode=require' -c"
                " '\\conninfo'",
                "whether it works with TLS",
            ),
        ),
        avoid=("Turning the requirement off on the server: passwords and data are readable then.",),
        failures=(Failure.EXPOSED,),
        policies=("PG401",),
        decided_by=pooler("client_tls_sslmode") + server("ssl"),
        references=(_SSL, "https://www.pgbouncer.org/config.html"),
    ),
    Symptom(
        id="certificate-not-accepted",
        title="a TLS certificate is not accepted",
        layer=Layer.TLS,
        codes=(
            Code("08006", "JDBC"),
            Code("28000", "the server, about the client's certificate"),
            Code("P1011", "Prisma"),
        ),
        wordings=(
            Wording("libpq", "SSL error: certificate verify failed"),
            Wording(
                "libpq",
                "root certificate file",
                r'root certificate file "[^"\n]{0,300}" does not exist',
            ),
            Wording(
                "libpq",
                "does not match host name",
                r'server certificate for "[^"\n]{0,255}" does not match host name'
                r' "(?P<host>[^"\n]{0,255})"',
            ),
            Wording(
                "libpq",
                "private key file",
                r'private key file "[^"\n]{0,300}" has group or world access',
            ),
            Wording(
                "Node.js",
                "self signed certificate",
                r"self[- ]signed certificate(?: in certificate chain)?",
                needs_context=True,
            ),
            Wording(
                "Node.js",
                "self-signed certificate",
                r"self-signed certificate(?: in certificate chain)?",
                needs_context=True,
            ),
            Wording("Node.js", "unable to verify the first certificate", needs_context=True),
            Wording("Node.js", "unable to get local issuer certificate", needs_context=True),
            Wording("Node.js", "ERR_TLS_CERT_ALTNAME_INVALID", needs_context=True),
            Wording(
                "Go",
                "x509: ",
                r"x509: certificate (?:signed by unknown authority|is valid for|has"
                r" expired|relies on legacy)",
                needs_context=True,
            ),
            Wording("JDBC", "PKIX path building failed", needs_context=True),
            Wording("Npgsql", "The remote certificate is invalid", needs_context=True),
            Wording("Python", "CERTIFICATE_VERIFY_FAILED", needs_context=True),
            Wording("Prisma", "Error opening a TLS connection", needs_context=True),
            Wording("server", "connection requires a valid client certificate"),
            Wording("libpq", "SSL error: tlsv1 alert unknown ca"),
        ),
        proves="Client and server spoke TLS; one of them does not trust the other's certificate.",
        rules_out="Networks, firewalls, passwords and limits.",
        causes=(
            Cause("The client has no root certificate of the service (sslrootcert)."),
            Cause(
                "The client uses another name than the certificate holds (an address, localhost"
                " through a tunnel)."
            ),
            Cause(
                "The certificate has expired, or was renewed by another authority.",
                outside=True,
            ),
            Cause("pg_hba.conf asks for a client certificate (cert, clientcert), and none came."),
        ),
        triage=(
            triage.TLS_STATE,
            Check(
                "openssl x509 -in ROOT.crt -noout -subject -enddate",
                "what the client trusts",
            ),
        ),
        avoid=(
            "rejectUnauthorized: false, sslmode=require instead of verify-full, or"
            " trustServerCertificate: anybody can then pose as the server.",
        ),
        failures=(Failure.EXPOSED,),
        policies=("PG401",),
        decided_by=(
            *server("ssl_cert_file", "ssl_ca_file"),
            Place(PlaceKind.PASSWORD_RULE),
        ),
        references=(_SSL,),
    ),
    Symptom(
        id="tls-broken-off",
        title="TLS was broken off while it was being set up",
        layer=Layer.TLS,
        nearness=Nearness.EFFECT,
        codes=(Code("08006", "JDBC"),),
        wordings=(
            Wording("libpq", "received invalid response to SSL negotiation"),
            Wording("libpq", "SSL error: wrong version number"),
            Wording("libpq", "SSL error: decryption failed or bad record mac"),
            Wording("libpq", "SSL error: tlsv1 alert protocol version"),
            Wording(
                "server",
                "could not accept SSL connection",
                r"could not accept SSL connection: [^\n]{0,120}",
            ),
            Wording(
                "Npgsql",
                "for SSLRequest",
                r"Received unknown response [^\n]{0,10} for SSLRequest",
            ),
        ),
        proves="A TCP connection was there, and one side closed or garbled the TLS on it.",
        rules_out="pg_hba.conf, passwords and limits, unless a session was open before.",
        causes=(
            Cause(
                "An open connection was shared after a fork, or was closed by the server while it"
                " was idle (see server-closed-the-connection).",
                outside=True,
            ),
            Cause("What listens there is no PostgreSQL: a web server, a proxy, another database."),
            Cause("A load balancer, firewall or VPN cut the connection.", outside=True),
            Cause("Client and server share no TLS version."),
        ),
        triage=(triage.TLS_STATE, triage.SERVER_LOG),
        avoid=("Disabling TLS: fix who closes the connection.",),
        failures=(Failure.LOST,),
        policies=("PG111", "PG503", "PG504"),
        decided_by=server(
            "ssl_min_protocol_version", "idle_session_timeout", "tcp_keepalives_idle"
        ),
        references=(_SSL,),
    ),
)
