# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of slots: a limit of the role, the database or the server is reached."""

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
    server,
)

_CREATE_ROLE = "https://www.postgresql.org/docs/current/sql-createrole.html"
_CREATE_DATABASE = "https://www.postgresql.org/docs/current/sql-createdatabase.html"
_CONNECTIONS = "https://www.postgresql.org/docs/current/runtime-config-connection.html"

_CODES = (
    Code(
        "53300",
        "the server, and PgBouncer from 1.20 on, if its pool never had a server",
    ),
    Code(
        "08P01",
        "PgBouncer before 1.20; later versions for a pool that was in use before",
    ),
    Code("P2037", "Prisma"),
)
_EXIT = (
    "Ending idle sessions is no triage: find out first who holds them"
    " (pg_terminate_backend breaks transactions of others)."
)

SYMPTOMS = (
    Symptom(
        id="too-many-connections-for-role",
        title="too many connections for role",
        layer=Layer.SLOTS,
        codes=_CODES,
        wordings=(
            Wording(
                "server",
                "too many connections for role",
                r"too many connections for role "
                r"(?:\\?(?P<what>[\"'`])(?P<role>(?:(?!(?P=what))[^\\\n]){0,63}))?",
            ),
            Wording(
                "server, German",
                "zu viele Verbindungen für Rolle",
                r"zu viele Verbindungen für Rolle »(?P<role>[^«\n]{0,63})«",
            ),
            Wording(
                "server, French",
                "trop de connexions pour le rôle",
                r"trop de connexions pour le rôle «\s?(?P<role>[^»\n]{0,63}?)\s?»",
            ),
            Wording(
                "server, Spanish",
                "demasiadas conexiones para el rol",
                r'demasiadas conexiones para el rol [«"](?P<role>[^»"\n]{0,63})',
            ),
            Wording("Heroku", "connection limit exceeded for role", needs_context=True),
        ),
        proves=(
            "Network, TLS, pg_hba.conf and password are passed. The role has as many sessions as"
            " its CONNECTION LIMIT allows, in all databases together."
        ),
        rules_out=(
            "max_connections (that has other words), firewalls, pg_hba.conf and the password. Other"
            " roles still get in."
        ),
        causes=(
            Cause(
                "Pools × instances × processes, and the surge of a deployment, are more than the"
                " limit."
            ),
            Cause(
                "PgBouncer's pool_size + reserve, for every database and process, is more than"
                " the limit."
            ),
            Cause(
                "Sessions idle in transaction, or statements without a timeout, hold connections."
            ),
            Cause("A leak: connections are opened and not given back.", outside=True),
            Cause("The same role is used by migrations, jobs and people."),
            Cause("The limit is 0: the role was locked out on purpose."),
            Cause(
                "A plan of a managed service limits the role (20 on small Heroku plans).",
                outside=True,
            ),
        ),
        triage=(triage.ROLE_LIMIT, triage.HOLDERS, triage.OLD_TRANSACTIONS),
        avoid=(
            "CONNECTION LIMIT -1: one service then takes the slots of all others.",
            "Raising max_connections: this limit is the role's own.",
            "SUPERUSER, which no limit holds for.",
            _EXIT,
        ),
        failures=(Failure.ROLE_LIMIT,),
        policies=(
            "PG002",
            "PG005",
            "PG006",
            "PG008",
            "PG101",
            "PG107",
            "PG113",
            "PG501",
            "PG502",
            "PG506",
            "PG601",
            "PG607",
            "PG608",
            "PG609",
        ),
        decided_by=(Place(PlaceKind.ROLE_LIMIT),),
        references=(_CREATE_ROLE,),
    ),
    Symptom(
        id="too-many-connections-for-database",
        title="too many connections for database",
        layer=Layer.SLOTS,
        codes=_CODES,
        wordings=(
            Wording(
                "server",
                "too many connections for database",
                r"too many connections for database "
                r"(?:\\?(?P<what>[\"'`])(?P<database>(?:(?!(?P=what))[^\\\n]){0,63}))?",
            ),
            Wording(
                "server, German",
                "zu viele Verbindungen für Datenbank",
                r"zu viele Verbindungen für Datenbank »(?P<database>[^«\n]{0,63})«",
            ),
        ),
        proves=(
            "Network, TLS, pg_hba.conf and password are passed. The database has as many"
            " sessions as"
            " its CONNECTION LIMIT allows; those of superusers count."
        ),
        rules_out="max_connections and the role's own limit, firewalls, pg_hba.conf, the password.",
        causes=(
            Cause(
                "All pools to this database together, of all roles and poolers, are more than its"
                " limit."
            ),
            Cause("Two names of PgBouncer lead to the same database, each with pools of its own."),
            Cause("Sessions idle in transaction hold connections."),
            Cause("The limit is 0 or was lowered for maintenance."),
        ),
        triage=(triage.DATABASE_LIMIT, triage.HOLDERS, triage.OLD_TRANSACTIONS),
        avoid=(
            "CONNECTION LIMIT -1 for the database without limits for its roles.",
            _EXIT,
        ),
        failures=(Failure.DATABASE_LIMIT,),
        policies=(
            "PG005",
            "PG102",
            "PG107",
            "PG113",
            "PG602",
            "PG608",
        ),
        decided_by=(Place(PlaceKind.DATABASE_LIMIT),),
        references=(_CREATE_DATABASE,),
    ),
    Symptom(
        id="too-many-clients",
        title="sorry, too many clients already",
        layer=Layer.SLOTS,
        codes=(*_CODES, Code("08004", "made up by some clients")),
        wordings=(
            Wording(
                "server",
                "too many clients already",
                r"(?:[Ss]orry, )?too many clients already",
            ),
            Wording(
                "asyncpg",
                "asyncpg.exceptions.TooManyConnectionsError",
                r"asyncpg\.exceptions\.TooManyConnectionsError(?=$|: sorry)",
            ),
            Wording(
                "Postgrex",
                "(too_many_connections)",
                r"\(too_many_connections\)(?! (?:too many|remaining))",
            ),
            Wording(
                "Prisma",
                "Too many database connections opened",
                r"Too many database connections opened(?!: (?:ERROR HY000|.{0,40}mysql))",
                needs_context=True,
            ),
            Wording("server, German", "tut mir leid, schon zu viele Verbindungen"),
            Wording("server, French", "trop de clients sont déjà connectés"),
            Wording("server, Spanish", "ya tenemos demasiados clientes"),
            Wording("server, Portuguese", "muitos clientes conectados"),
            Wording("server, Russian", "уже слишком много клиентов"),
            Wording("server, Chinese", "已经有太多的客户"),
        ),
        proves=(
            "The server was reached. All max_connections slots are taken, those reserved for"
            " superusers too (or so many logins came at once that they held them all for a moment)."
        ),
        rules_out="Firewalls, pg_hba.conf, the password, and the limit of one role or database.",
        causes=(
            Cause(
                "The pools of all services, instances and processes together are more than"
                " max_connections."
            ),
            Cause(
                "No pooler stands before the server, and every process opens its own connections"
                " (serverless functions, workers)."
            ),
            Cause("Roles without CONNECTION LIMIT: one service takes all slots."),
            Cause("Sessions idle in transaction, or dead clients that the server has not noticed."),
            Cause("A leak: connections are opened and not given back.", outside=True),
            Cause("A retry storm after a failure.", outside=True),
        ),
        triage=(triage.LIMITS, triage.HOLDERS, triage.OLD_TRANSACTIONS),
        avoid=(
            "Raising max_connections alone: every connection takes memory, and pools grow into it.",
            "Restarting the server: all clients come back at once.",
            _EXIT,
        ),
        failures=(Failure.SERVER_SLOTS, Failure.REJECTED),
        policies=(
            "PG001",
            "PG003",
            "PG004",
            "PG005",
            "PG006",
            "PG007",
            "PG008",
            "PG009",
            "PG103",
            "PG106",
            "PG107",
            "PG110",
            "PG113",
            "PG201",
            "PG202",
            "PG204",
            "PG301",
            "PG501",
            "PG503",
            "PG505",
            "PG506",
            "PG507",
            "PG509",
            "PG601",
            "PG602",
            "PG603",
            "PG604",
            "PG607",
        ),
        decided_by=server(
            "max_connections", "superuser_reserved_connections", "reserved_connections"
        ),
        references=(_CONNECTIONS,),
    ),
    Symptom(
        id="slots-are-reserved",
        title="remaining connection slots are reserved",
        layer=Layer.SLOTS,
        codes=_CODES,
        wordings=(
            Wording("server", "remaining connection slots are reserved"),
            Wording("asyncpg", "TooManyConnectionsError: remaining"),
            Wording("server, German", "die verbleibenden Verbindungen sind für"),
            Wording(
                "server, French",
                "les emplacements de connexions restants sont réservés",
            ),
        ),
        proves=(
            "The server was reached. Ordinary roles have used up what they may:"
            " max_connections - superuser_reserved_connections - reserved_connections."
        ),
        rules_out="Firewalls, pg_hba.conf, the password, and the limit of one role or database.",
        causes=(
            Cause(
                "The pools of all services, instances and processes together are more than the"
                " ordinary slots."
            ),
            Cause("Roles without CONNECTION LIMIT: one service takes all slots."),
            Cause("Superusers' sessions take ordinary slots if they come first."),
            Cause("Sessions idle in transaction, or dead clients that the server has not noticed."),
            Cause("A managed service reserves slots for itself.", outside=True),
            Cause("A leak: connections are opened and not given back.", outside=True),
        ),
        triage=(triage.LIMITS, triage.HOLDERS, triage.OLD_TRANSACTIONS),
        avoid=(
            "superuser_reserved_connections = 0: then nobody gets in to look.",
            "Letting the application log in as superuser.",
            "Raising max_connections alone.",
            _EXIT,
        ),
        failures=(Failure.SERVER_SLOTS, Failure.REJECTED),
        policies=(
            "PG001",
            "PG003",
            "PG004",
            "PG005",
            "PG006",
            "PG007",
            "PG008",
            "PG009",
            "PG103",
            "PG106",
            "PG107",
            "PG110",
            "PG113",
            "PG501",
            "PG503",
            "PG505",
            "PG506",
            "PG509",
            "PG601",
            "PG602",
            "PG603",
            "PG604",
            "PG607",
        ),
        decided_by=server(
            "max_connections", "superuser_reserved_connections", "reserved_connections"
        ),
        references=(_CONNECTIONS,),
    ),
    Symptom(
        id="too-many-wal-senders",
        title="all slots for replication are taken",
        layer=Layer.SLOTS,
        codes=(
            Code("53300", "the server"),
            Code("53400", "the server: replication slots"),
        ),
        wordings=(
            Wording(
                "server",
                "max_wal_senders",
                r'exceeds "?max_wal_senders"? \(currently (?P<limit>\d{1,7})\)',
            ),
            Wording("server", "all replication slots are in use"),
        ),
        proves="A replication connection was let in, and max_wal_senders is reached.",
        rules_out="max_connections: replication has slots of its own since version 12.",
        causes=(
            Cause("More standbys, backups and change-data-capture clients than max_wal_senders."),
            Cause(
                "Broken standbys left connections behind that have not timed out.",
                outside=True,
            ),
        ),
        triage=(
            Check(
                "SELECT pid, application_name, client_addr, state FROM pg_stat_replication;",
                "who replicates",
            ),
            Check(
                "SELECT slot_name, active FROM pg_replication_slots;",
                "slots that nobody uses",
            ),
        ),
        avoid=("Dropping a replication slot without knowing whose it is.",),
        decided_by=server("max_wal_senders", "max_replication_slots"),
        references=("https://www.postgresql.org/docs/current/runtime-config-replication.html",),
    ),
)
