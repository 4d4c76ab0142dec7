# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key that the settings may hold, with what it means: for the reader and for docs/.

A key that does not stand here is refused as unknown, so that none is without its description.
"""

from __future__ import annotations

from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """What a key holds and what counts without it, in Markdown."""

    value: str
    default: str


TOP = ""
"""The name of the table of keys that stand in no table."""

SETTINGS: dict[str, dict[str, Setting]] = {
    TOP: {
        "select": Setting("ids, prefixes of ids, or names of policies", "all"),
        "ignore": Setting("the same, left out", "none"),
        "fail-on": Setting(
            "least severity that exits 1: `error`, `warning`, `note`, `never`; or a table with"
            " `default` and levels by policy",
            "`error`",
        ),
        "exclude": Setting("paths to leave out, in the syntax of `.gitignore`", "none"),
        "respect-gitignore": Setting("leave out what `.gitignore` files leave out", "`true`"),
        "per-path-ignores": Setting("a table: glob → policies that are ignored there", "none"),
        "baseline": Setting("a file that lists accepted findings", "none"),
        "terraform-reader": Setting(
            "`tree-sitter`, or `hcl2` with `connguard[hcl]`", "`tree-sitter`"
        ),
        "terraform-var-files": Setting("tfvars files that Terraform is run with", "none"),
        "jobs": Setting(
            "how many processes read at once; the report is the same with any number",
            "one for each processor when there is much to read",
        ),
        "cache": Setting("use the report of an earlier scan that saw the same files", "`true`"),
    },
    "addresses": {
        "public-block-ipv4": Setting(
            "prefix length from which on public IPv4 addresses are too many", "16"
        ),
        "public-block-ipv6": Setting("the same for IPv6", "wider than 48"),
        "internet-ipv4": Setting("prefix length from which on they are part of the internet", "9"),
        "internet-ipv6": Setting("the same for IPv6", "16"),
    },
    "limits": {
        "file-size": Setting(
            "bytes up to which a file is read, where no other size holds", "20 MB: 20000000"
        ),
        "sql-file-size": Setting("the same for SQL", "2 GB: 2000000000"),
        "plan-file-size": Setting("the same for JSON, such as plans", "500 MB: 500000000"),
        "code-file-size": Setting(
            "the same for code in which connection pools are looked for: larger files are"
            " generated, and left out without a finding",
            "1 MB: 1000000",
        ),
        "statement-size": Setting(
            "bytes of a statement of SQL, or of a line of `COPY` data; a larger one is not read",
            "8 MB: 8000000",
        ),
        "kept-size": Setting(
            "bytes that can matter of a large SQL file; what follows them is not read",
            "64 MB: 64000000",
        ),
        "unparsed-statements": Setting(
            "statements of an SQL file that get a finding each because they cannot be parsed; all"
            " others get one together",
            "1000",
        ),
        "unpacked-size": Setting("bytes that a `.sql.gz` may unpack to", "64 MiB: 67108864"),
        "repeated-includes": Setting(
            "how often a file may include what it has included before", "1000"
        ),
        "yaml-alias-nodes": Setting(
            "nodes that the aliases of a YAML document stand for, besides those that are written",
            "200000",
        ),
        "hba-comparisons": Setting(
            "pairs of a line of `pg_hba.conf` and a kind of login, for telling what each decides",
            "2000000",
        ),
        "pooler-pools": Setting(
            "pools of a PgBouncer, one for each database and user, for the connection budget",
            "5000",
        ),
        "terraform-resources": Setting("resources of all instances of all modules", "20000"),
    },
    "migrations": {
        "path": Setting("a folder: what is below it is one database's history", "required"),
        "format": Setting(
            "`plain`, `flyway`, `liquibase`, `planned`, `alembic`, `django`, `initdb`, `programs`;"
            " `none` leaves the folder out",
            "as found",
        ),
        "order": Setting(
            "for `plain`: `natural`, `name`, or a list of the files in running order", "`natural`"
        ),
    },
    "service": {
        "name": Setting("", "required"),
        "instances": Setting("replicas", "1"),
        "processes": Setting("worker processes in each instance, each with a pool", "1"),
        "surge": Setting("instances more during a deployment", "0"),
        "pool": Setting("largest pool of a process, overflow included", "required"),
        "via": Setting('a pooler\'s name, or `"direct"`', 'the only pooler, else `"direct"`'),
        "database": Setting("the name that it asks for", "not known"),
        "user": Setting("the role that it logs in as", "not known"),
        "needs": Setting(
            '`"prepared-statements"`, `"listen"`, `"advisory-locks"`, `"session-settings"`,'
            ' `"sql-prepare"`, `"temporary-tables"`, `"holdable-cursors"`',
            "`[]`",
        ),
        "source": Setting("the folder of its code, for PG112", "the project of its name"),
        "connection_timeout": Setting("seconds that it waits for a connection", "not set"),
        "max_lifetime": Setting("seconds after which its pool renews a connection", "not set"),
        "keepalive": Setting("seconds after which its pool uses an idle connection", "not set"),
        "network_idle_timeout": Setting(
            "seconds after which a NAT gateway or load balancer on the way drops idle connections",
            "not set",
        ),
        "from": Setting("the subnets that it connects from, for PG308", "not known"),
        "tls": Setting("whether it connects with TLS, for PG308", "`false`"),
    },
    "pooler": {
        "name": Setting("", "required"),
        "config": Setting("a pgbouncer.ini", "required"),
        "instances": Setting("processes: replicas × `so_reuseport` processes", "1"),
        "version": Setting(
            'such as `"1.18"`; all versions that can read the file are considered', "not known"
        ),
        "auth_file": Setting("its list of users", "that of the configuration"),
        "open_files": Setting("its limit of open files", "not known"),
    },
    "server": {
        "config": Setting("a postgresql.conf", "none"),
        "version": Setting(
            'such as `"15.18"`; before 16 `reserved_connections` does not exist', "not known"
        ),
        "max_connections": Setting(
            "a count, or RDS's formula as a string", "that of `config`, else 100"
        ),
        "memory": Setting('for the formula: bytes, or `"8GiB"`', "not known"),
        "superuser_reserved_connections": Setting("a count", "that of `config`, else 3"),
        "reserved_connections": Setting("a count", "that of `config`, else 0"),
        "provider_reserved": Setting(
            "what a managed service keeps (Azure 15, DigitalOcean 3)", "0"
        ),
    },
    "role": {
        "name": Setting("", "required"),
        "connection_limit": Setting("-1 is none", "that of the SQL, else none"),
        "limit": Setting("the same as `connection_limit`", ""),
        "superuser": Setting("whether it is one", "`false`"),
        "reserved": Setting("whether it has pg_use_reserved_connections", "`false`"),
        "login": Setting("whether it can log in", "`true`"),
    },
    "database": {
        "name": Setting("", "required"),
        "connection_limit": Setting("-1 is none", "that of the SQL, else none"),
        "limit": Setting("the same as `connection_limit`", ""),
    },
    "headroom": {
        "admin": Setting("slots of the server that stay free", "3"),
        "recycling": Setting("below the limit of a role or database that is pooled", "1"),
    },
}

REPEATED = frozenset({"migrations", "service", "pooler", "role", "database"})
"""Tables of which there may be several, as `[[service]]`."""


def heading(table: str) -> str:
    """The table as TOML writes it."""
    return f"[[{table}]]" if table in REPEATED else f"[{table}]"


def markdown(*tables: str) -> str:
    """The keys of these tables as a Markdown table."""
    named = any(tables)
    lines = ["| Table | Key | Value | Default |" if named else "| Key | Value | Default |"]
    lines.append("| --- " * (4 if named else 3) + "|")
    for table in tables:
        first = f"`{heading(table)}`"
        for key, setting in SETTINGS[table].items():
            cells = [f"`{key}`", setting.value, setting.default]
            lines.append("| " + " | ".join([first, *cells] if named else cells) + " |")
            first = ""
    return "\n".join(lines)
