# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Symptoms of authentication, and of roles and databases that cannot be used."""

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

_METHODS = "https://www.postgresql.org/docs/current/auth-methods.html"
_PASSWORDS = "https://www.postgresql.org/docs/current/auth-password.html"
_NAME = r'"(?P<role>[^"\n]{0,63})"'

SYMPTOMS = (
    Symptom(
        id="password-authentication-failed",
        title="password authentication failed",
        layer=Layer.AUTHENTICATION,
        codes=(
            Code("28P01", "the server, and PgBouncer from 1.20 on"),
            Code(
                "08P01",
                "PgBouncer before 1.20, and PgBouncer's own logins in every version",
            ),
            Code("P1000", "Prisma"),
        ),
        wordings=(
            Wording(
                "server",
                "password authentication failed",
                rf"password authentication failed(?: for user {_NAME}?)?",
            ),
            Wording(
                "asyncpg",
                "InvalidPasswordError",
                r"asyncpg\.exceptions\.InvalidPasswordError",
            ),
            Wording("PgBouncer", "SASL authentication failed"),
            Wording(
                "PgBouncer",
                "auth failed",
                r"(?:Pooler Error: |closing because: |ERROR:? {1,2})auth failed",
            ),
            Wording("PgBouncer", '"trust" authentication failed'),
            Wording(
                "PgBouncer",
                "no such user",
                r"(?:ERROR|FATAL|Pooler Error|closing because):? {1,3}no such user",
            ),
            Wording(
                "Prisma",
                "Authentication failed against database server",
                needs_context=True,
            ),
            Wording(
                "server, German",
                "Passwort-Authentifizierung für Benutzer",
                r"Passwort-Authentifizierung für Benutzer »(?P<role>[^«\n]{0,63})« fehlgeschlagen",
            ),
            Wording(
                "server, French",
                "authentification par mot de passe échouée",
                r"authentification par mot de passe échouée pour"
                r" l'utilisateur\s{0,2}«\s?(?P<role>[^»\n]{0,63}?)\s?»",
            ),
            Wording(
                "server, Spanish",
                "la autentificación password falló para el usuario",
                r"la autentificación password falló para el usuario [«\"](?P<role>[^»\"\n]{0,63})",
            ),
            Wording(
                "server, Portuguese",
                "autenticação do tipo senha falhou para",
                r'autenticação do tipo senha falhou para (?:o )?usuário "(?P<role>[^"\n]{0,63})"',
            ),
            Wording(
                "server, Chinese",
                "Password 认证失败",
                r'用户 "(?P<role>[^"\n]{0,63})" Password 认证失败',
            ),
            Wording(
                "server, Russian",
                "не прошёл проверку подлинности",
                r'пользователь "(?P<role>[^"\n]{0,63})" не прошёл проверку подлинности',
            ),
            Wording("SCRAM", "Wrong password", r"FATAL: {1,2}Wrong password\b"),
            Wording("Supabase", "Tenant or user not found"),
            Wording(
                "Crunchy, Neon",
                "invalid password for user",
                rf"invalid password for user {_NAME}",
            ),
        ),
        proves=(
            "The server (or pooler) was reached, a line of pg_hba.conf lets the client try, and"
            " asked for a password."
        ),
        rules_out="Firewalls, listen_addresses, a missing pg_hba.conf line, connection limits.",
        causes=(
            Cause(
                "The password is wrong: rotated on one side only, or not the one of this"
                " environment.",
                outside=True,
            ),
            Cause("Special characters of the password are not escaped in a URL (@, :, /, %, #)."),
            Cause("The role does not exist: with passwords the server does not say so."),
            Cause("The role has no password, or its password has expired (VALID UNTIL)."),
            Cause(
                "A Docker volume keeps the first POSTGRES_PASSWORD: changing the variable later"
                " does nothing.",
                outside=True,
            ),
            Cause("The line asks for scram-sha-256, and the stored password is md5."),
            Cause(
                "PgBouncer's userlist.txt or auth_query has another password, or lacks the user."
            ),
            Cause(
                "Another server answers on this host and port (a local one on 5432).",
                outside=True,
            ),
        ),
        triage=(
            Check(
                "SELECT rolname, rolcanlogin, rolvaliduntil,"
                " left(rolpassword, 3) AS kind FROM pg_authid WHERE rolname = 'ROLE';",
                "whether the role may log in, whether its password has expired, md5 or SCR(AM)",
            ),
            triage.HBA_RULES,
            Check(
                "grep -n 'Connection matched' LOG",
                "the server logs which line of pg_hba.conf asked for the password",
            ),
        ),
        avoid=(
            "trust in pg_hba.conf, even for a moment.",
            "Storing the password in a migration or in the repository.",
            "Trying again in a loop: it locks accounts at managed services and floods the log.",
        ),
        failures=(Failure.REJECTED, Failure.EXPOSED),
        policies=("PG402", "PG403"),
        decided_by=(
            Place(PlaceKind.PASSWORD_RULE),
            *server("password_encryption"),
            *pooler("auth_type", "auth_file", "auth_query"),
        ),
        references=(_PASSWORDS,),
    ),
    Symptom(
        id="no-password-given",
        title="the server asks for a password and the client has none",
        layer=Layer.AUTHENTICATION,
        codes=(Code("08004", "JDBC"), Code("28P01", "some clients")),
        wordings=(
            Wording("libpq", "fe_sendauth: no password supplied"),
            Wording("libpq", "empty password returned by client"),
            Wording(
                "node-pg",
                "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string",
            ),
            Wording("node-pg", "client password must be a "),
            Wording(
                "JDBC",
                "but no password was provided",
                r"The server requested [\w -]{4,40} authentication, but no password was provided",
            ),
            Wording("JDBC", "but the password is an empty string"),
            Wording("Npgsql", "No password has been provided but the backend requires one"),
            Wording(
                "lib/pq",
                "pq: password ",
                r"pq: password (?:required|authentication required)",
            ),
            Wording("Postgrex", "missing the :password option", needs_context=True),
            Wording("Postgrex", "no password was supplied", needs_context=True),
        ),
        proves="A line of pg_hba.conf matches, and its method needs a password.",
        rules_out="Firewalls, listen_addresses, a missing pg_hba.conf line, connection limits.",
        causes=(
            Cause("The variable or secret with the password is not set where the client runs."),
            Cause("The URL has no password, or a .pgpass line does not match host, port and user."),
            Cause("The password is a number or null in the configuration (JavaScript)."),
            Cause("The line used to be trust or peer, and asks for a password now."),
        ),
        triage=(
            Check(
                "env | grep -c -E 'PGPASSWORD|DATABASE_URL'",
                "whether the variables are set",
            ),
            triage.HBA_RULES,
        ),
        avoid=(
            "trust in pg_hba.conf.",
            "The password on a command line: others see it.",
        ),
        decided_by=(Place(PlaceKind.PASSWORD_RULE),),
        references=(
            "https://www.postgresql.org/docs/current/libpq-pgpass.html",
            _PASSWORDS,
        ),
    ),
    Symptom(
        id="peer-or-ident-failed",
        title="peer or ident authentication failed",
        layer=Layer.AUTHENTICATION,
        codes=(Code("28000", "the server"),),
        wordings=(
            Wording(
                "server",
                "eer authentication failed for user",
                rf"[Pp]eer authentication failed for user {_NAME}",
            ),
            Wording(
                "server",
                "dent authentication failed for user",
                rf"[Ii]dent authentication failed for user {_NAME}",
            ),
            Wording(
                "server",
                "authentication failed for user",
                rf"(?:GSSAPI|SSPI|LDAP|PAM|RADIUS|[Cc]ertificate|OAuth bearer|BSD)"
                rf" authentication failed for user {_NAME}",
            ),
            Wording(
                "server, German",
                "-Authentifizierung für Benutzer",
                r"(?:Peer|Ident)-Authentifizierung für Benutzer »(?P<role>[^«\n]{0,63})«",
            ),
            Wording(
                "server",
                "provided user name",
                r"provided user name \((?P<role>[^)\n]{0,63})\) and authenticated user"
                r" name \([^)\n]{0,63}\) do not match",
            ),
        ),
        proves=(
            "A line of pg_hba.conf matches, whose method asks the system and not for a password."
        ),
        rules_out="Firewalls, the password, connection limits.",
        causes=(
            Cause(
                "The operating system's user has another name than the role, and no map says that"
                " they belong together."
            ),
            Cause(
                "The client came over the socket, where the line says peer; over TCP"
                " (-h localhost) another line holds."
            ),
            Cause("An ident line for TCP: nearly no machine runs an ident server."),
        ),
        triage=(
            Check("id -un", "the system's user that peer compares"),
            triage.HBA_RULES,
            Check(
                "SELECT * FROM pg_ident_file_mappings;",
                "the maps (version 15 and newer)",
            ),
        ),
        avoid=(
            "trust instead of peer.",
            "Running the application as the user postgres.",
        ),
        failures=(Failure.EXPOSED,),
        policies=("PG304",),
        decided_by=(Place(PlaceKind.PASSWORD_RULE),),
        references=("https://www.postgresql.org/docs/current/auth-peer.html", _METHODS),
    ),
    Symptom(
        id="authentication-method-not-supported",
        title="the client does not know the authentication method",
        layer=Layer.AUTHENTICATION,
        codes=(Code("08004", "JDBC"),),
        wordings=(
            Wording("libpq", "SCRAM authentication requires libpq version 10 or above"),
            Wording("libpq", "authentication method 10 not supported"),
            Wording(
                "JDBC",
                "The authentication type",
                r"The authentication type \d{1,2} is not supported",
            ),
            Wording(
                "lib/pq",
                "unknown authentication response",
                r"(?:pq: )?unknown authentication response: \d{1,2}",
            ),
            Wording(
                "node-pg",
                "authenticationOk message type",
                r"[Uu]nknown authenticationOk message type",
            ),
            Wording(
                "Npgsql",
                "Authentication method not supported",
                r"Authentication method not supported \(Received: \d{1,2}\)",
            ),
            Wording(
                "libpq",
                "channel binding",
                r"channel binding (?:is )?required,? but",
            ),
            Wording(
                "PgBouncer",
                "cannot do SCRAM authentication: ",
                r"cannot do SCRAM authentication: ",
            ),
        ),
        proves="The server asked for a method (mostly SCRAM) that the library is too old for.",
        rules_out="Firewalls, a missing pg_hba.conf line, the password, limits.",
        causes=(
            Cause("The driver or its libpq is older than 10, and pg_hba.conf says scram-sha-256."),
            Cause("An image bundles an old libpq (older psycopg2-binary on ARM, for one)."),
            Cause("PgBouncer's userlist.txt holds md5, and the server wants SCRAM."),
        ),
        triage=(
            Check(
                "python -c 'import psycopg2; print(psycopg2.__libpq_version__)'",
                "the version of libpq (for other drivers: their own version)",
            ),
            triage.HBA_RULES,
            Check("SHOW password_encryption;", "what new passwords are stored as"),
        ),
        avoid=("Going back to md5: update the driver.",),
        failures=(Failure.REJECTED,),
        policies=("PG402",),
        decided_by=(Place(PlaceKind.PASSWORD_RULE), *server("password_encryption")),
        references=(_PASSWORDS,),
    ),
    Symptom(
        id="role-cannot-log-in",
        title="the role does not exist or may not log in",
        layer=Layer.AUTHENTICATION,
        codes=(
            Code("28000", "the server, and PgBouncer from 1.20 on"),
            Code("08P01", "PgBouncer before 1.20"),
        ),
        wordings=(
            Wording(
                "server",
                '" does not exist',
                rf"(?:FATAL|28000|ServerError|PSQLException|error|Error):(?:(?!ERROR).){{0,60}}"
                rf"role {_NAME} does not exist",
            ),
            Wording(
                "server",
                '" is not permitted to log in',
                rf"role {_NAME} is not permitted to log in",
            ),
            Wording(
                "server, German",
                "Rolle »",
                r"FATAL:.{0,20}Rolle »(?P<role>[^«\n]{0,63})« existiert nicht",
            ),
        ),
        proves="A line of pg_hba.conf let the login in, and the catalog has no such login role.",
        rules_out="Firewalls, pg_hba.conf, limits.",
        causes=(
            Cause("The migration that makes the role has not run here, or makes it NOLOGIN."),
            Cause(
                'The client logs in as the system\'s user because no user is given (role "root").'
            ),
            Cause("It is another server than meant.", outside=True),
            Cause("Upper case: CREATE ROLE App without quotes makes app."),
        ),
        triage=(
            Check(
                "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname ILIKE 'ROLE';",
                "whether it exists, perhaps in other case, and may log in",
            ),
        ),
        avoid=("CREATE ROLE … SUPERUSER to get on.",),
        decided_by=(Place(PlaceKind.ROLE_LIMIT),),
        references=("https://www.postgresql.org/docs/current/role-attributes.html",),
    ),
    Symptom(
        id="database-not-usable",
        title="the database does not exist or may not be used",
        layer=Layer.AUTHENTICATION,
        codes=(
            Code("3D000", "the server: does not exist"),
            Code("42501", "the server: no CONNECT privilege"),
            Code("55000", "the server: ALLOW_CONNECTIONS false"),
            Code("08P01", "PgBouncer: knows no such database"),
            Code("P1003", "Prisma"),
            Code("P1010", "Prisma: access denied"),
        ),
        wordings=(
            Wording(
                "server",
                '" does not exist',
                r'(?<!ERROR:  )(?<!ERROR: )database "(?P<database>[^"\n]{0,63})" does not exist',
            ),
            Wording("asyncpg", "InvalidCatalogNameError"),
            Wording(
                "server",
                "permission denied for database",
                r"(?<!ERROR:  )(?<!ERROR: )permission denied for database"
                r' "?(?P<database>[^"\s]{0,63})',
            ),
            Wording(
                "server",
                "is not currently accepting connections",
                r'database "(?P<database>[^"\n]{0,63})" is not currently accepting connections',
            ),
            Wording(
                "PgBouncer",
                "no such database",
                r"no such database: (?P<database>\S{1,63})",
            ),
            Wording(
                "PgBouncer",
                '" is disabled',
                r'database "(?P<database>[^"\n]{0,63})" is disabled',
            ),
            Wording(
                "Prisma",
                "does not exist on the database server at",
                r"Database `(?P<database>[^`\n]{0,63})` does not exist on the database server at",
                needs_context=True,
            ),
            Wording(
                "Prisma",
                "was denied access on the database",
                r"User `?(?P<role>[^`\n]{0,63}?)`? was denied access on the database"
                r" `(?P<database>[^`\n]{0,80})`",
                needs_context=True,
            ),
            Wording("Postgrex", "(invalid_catalog_name)"),
        ),
        proves="Network, TLS, pg_hba.conf and authentication are passed.",
        rules_out="Firewalls, pg_hba.conf, the password, limits.",
        causes=(
            Cause("The database was not created here, or has another name (case!)."),
            Cause("The client names no database, and the role's name is taken for it."),
            Cause("PgBouncer has no line for it in [databases], and no * line."),
            Cause("CONNECT was revoked, or ALLOW_CONNECTIONS is false."),
            Cause("It is another server than meant.", outside=True),
        ),
        triage=(triage.DATABASE_LIMIT, triage.POOLER_LISTS),
        avoid=("Giving the role superuser rights.",),
        decided_by=(Place(PlaceKind.DATABASE_LIMIT), *pooler("[databases]")),
        references=("https://www.postgresql.org/docs/current/sql-createdatabase.html",),
    ),
    Symptom(
        id="authentication-timed-out",
        title="the login took longer than authentication_timeout",
        layer=Layer.AUTHENTICATION,
        codes=(
            Code("57014", "the server"),
            Code("08P01", "PgBouncer: client_login_timeout"),
        ),
        wordings=(
            Wording("server", "canceling authentication due to timeout"),
            Wording(
                "PgBouncer",
                "client_login_timeout",
                r"(?:Pooler Error|closing because|ERROR|FATAL|error):? {1,3}client_login_timeout",
            ),
        ),
        proves="Somebody connected and did not finish the login in time.",
        rules_out="Firewalls that drop everything, pg_hba.conf, limits.",
        causes=(
            Cause(
                "Clients connect and say nothing: port checks, scanners, a pool that opens more"
                " than it can handle."
            ),
            Cause(
                "The server or the client is overloaded, so that a login takes a minute.",
                outside=True,
            ),
            Cause("PgBouncer cannot reach the server for auth_query."),
            Cause("LDAP, PAM or RADIUS does not answer.", outside=True),
        ),
        triage=(triage.HOLDERS, triage.SERVER_LOG, triage.POOLS),
        avoid=("A longer authentication_timeout: half-open logins hold slots meanwhile.",),
        failures=(Failure.SERVER_SLOTS,),
        policies=("PG505",),
        decided_by=(*server("authentication_timeout"), *pooler("client_login_timeout")),
        references=(
            "https://www.postgresql.org/docs/current/runtime-config-connection.html",
            "https://www.pgbouncer.org/config.html",
        ),
    ),
)
