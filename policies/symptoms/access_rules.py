# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of pg_hba.conf: no line lets the login in, or one rejects it."""

from __future__ import annotations

from connguard.policies.model import triage
from connguard.policies.model.policy import Failure
from connguard.policies.model.symptom import (
    Cause,
    Check,
    Code,
    Layer,
    Place,
    PlaceKind,
    Symptom,
    Wording,
    pooler,
    server,
)

_HBA = "https://www.postgresql.org/docs/current/auth-pg-hba-conf.html"
_LOGIN = (
    r'(?: for replication connection from)?(?: for)? host "(?P<client>[^"\n]{1,255})",'
    r' user "(?P<role>[^"\n]{0,63})"(?:, database "(?P<database>[^"\n]{0,63})")?'
    r"(?:, (?P<encryption>no encryption|SSL encryption|SSL off|SSL on|GSS encryption))?"
)

SYMPTOMS = (
    Symptom(
        id="no-pg-hba-entry",
        title="no pg_hba.conf entry",
        layer=Layer.ACCESS_RULES,
        codes=(
            Code("28000", "the server, and PgBouncer from 1.20 on"),
            Code("08P01", "PgBouncer before 1.20, and its own rules in every version"),
            Code("08004", "made up by some clients"),
        ),
        wordings=(
            Wording("server", "no pg_hba.conf entry", rf"no pg_hba\.conf entry(?:{_LOGIN})?"),
            Wording("PgBouncer", "no authentication method is found"),
            Wording(
                "PgBouncer",
                "login rejected",
                r"(?:closing because: |ERROR:? {1,3}|FATAL:? {1,3}|Pooler Error: )login rejected",
            ),
            Wording("server, German", "kein pg_hba.conf-Eintrag"),
            Wording("server, French", "aucune entrée dans pg_hba.conf"),
            Wording("server, Spanish", "no hay una línea en pg_hba.conf"),
        ),
        proves=(
            "The server was reached and has read type, address, database and user of the login; no"
            " line of pg_hba.conf matches all four. Role and database need not even exist."
        ),
        rules_out="Firewalls, listen_addresses, the password (nobody asked for it) and limits.",
        causes=(
            Cause(
                "There is no line for the client's address: a new subnet, a container's address,"
                " IPv6 where the file has IPv4."
            ),
            Cause(
                "Only hostssl lines match, and the connection is not encrypted (the message ends"
                " with no encryption or SSL off); or hostnossl, and it is."
            ),
            Cause(
                "User or database of the line are others, or misread: ALL, quotes, a /regex"
                " before version 16."
            ),
            Cause(
                "The address of the line is misread: 10/8, a short or octal number, an"
                " IPv4-mapped one."
            ),
            Cause(
                "The line was written and the server not reloaded, or the file has an error, so"
                " that the old rules go on."
            ),
            Cause("It is another pg_hba.conf than the server reads.", outside=True),
            Cause(
                "NAT: the server sees another address than the client has.",
                outside=True,
            ),
        ),
        triage=(
            triage.HBA_OFFLINE,
            triage.HBA_RULES,
            Check("SHOW hba_file;", "which file it reads"),
        ),
        avoid=(
            "host all all 0.0.0.0/0 trust, or md5: it lets the whole network try.",
            "sslmode=disable to get another line to match.",
            "A restart: SELECT pg_reload_conf() is enough.",
        ),
        failures=(Failure.NO_HBA_ENTRY,),
        policies=(
            "PG302",
            "PG306",
            "PG307",
            "PG308",
            "PG309",
            "PG605",
            "PG606",
        ),
        decided_by=(
            Place(PlaceKind.ACCESS_RULE),
            *server("ssl"),
            *pooler("auth_hba_file"),
        ),
        references=(_HBA,),
    ),
    Symptom(
        id="pg-hba-rejects",
        title="pg_hba.conf rejects the connection",
        layer=Layer.ACCESS_RULES,
        codes=(
            Code("28000", "the server, and PgBouncer from 1.20 on"),
            Code("08P01", "PgBouncer before 1.20"),
            Code("08004", "made up by some clients"),
        ),
        wordings=(
            Wording(
                "server",
                "pg_hba.conf rejects",
                rf"pg_hba\.conf rejects (?:replication )?connection(?:{_LOGIN})?",
            ),
        ),
        proves="A line with the method reject is the first that matches this login.",
        rules_out="Firewalls, listen_addresses, the password and limits; and a missing line.",
        causes=(
            Cause("A general reject stands before the line that was meant for this client."),
            Cause("The reject is meant: the client must come from elsewhere, or over TLS."),
            Cause("The client's address changed and falls under the reject now."),
        ),
        triage=(triage.HBA_OFFLINE, triage.HBA_RULES),
        avoid=("Deleting the reject: put the narrow line before it.",),
        failures=(Failure.NO_HBA_ENTRY,),
        policies=(
            "PG302",
            "PG307",
            "PG308",
            "PG309",
            "PG605",
        ),
        decided_by=(Place(PlaceKind.ACCESS_RULE),),
        references=(_HBA,),
    ),
)
