# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the languages that are read, and a small text of each."""

from __future__ import annotations

SQL = (
    *("CREATE ROLE", "ALTER ROLE", "CREATE USER", "ALTER USER", "DROP ROLE", "LOGIN", "NOLOGIN"),
    *("CONNECTION LIMIT", "CONNECTION LIMIT -1", "SUPERUSER", "IN ROLE", "PASSWORD 'x'", "VALID"),
    *("CREATE DATABASE", "ALTER DATABASE", "IF EXISTS", "IF NOT EXISTS", "RENAME TO", "GRANT"),
    *("REVOKE", "SET", "RESET ALL", "ALTER SYSTEM", "pg_roles", "pg_authid", "rolconnlimit", "app"),
    *("UPDATE", "INSERT INTO", "SELECT", "FROM", "WHERE", "VALUES", "COPY t FROM stdin;", "\\."),
    *("DO $$ BEGIN", "END $$;", "EXECUTE", "format(", "quote_ident(", "||", "FOR r IN", "LOOP"),
    *("END LOOP;", "IF", "THEN", "ELSE", "ELSIF", "END IF;", "CASE", "WHEN", "END CASE;", "WHILE"),
    *("FOREACH x IN ARRAY", "EXCEPTION", "OTHERS", "RAISE", "RETURN", "PERFORM", "DECLARE", "CALL"),
    *("CREATE OR REPLACE FUNCTION f()", "RETURNS", "LANGUAGE plpgsql", "LANGUAGE sql", "AS $$"),
    *(
        "BEGIN;",
        "COMMIT;",
        "ROLLBACK;",
        "SAVEPOINT s;",
        "ROLLBACK TO s;",
        "BEGIN ATOMIC",
        "%I",
        "%L",
    ),
    *(
        "\\gexec",
        "\\set x 1\n",
        "\\if",
        "\\elif",
        "\\else",
        "\\endif",
        "\\i a.sql\n",
        "\\ir",
        "\\c",
    ),
    *(":x", ":'x'", ':"x"', ":{?x}", "${x}", "{{ x }}", "{% if x %}", "{% endif %}", "E'", "U&'"),
    *("-- connguard: ignore PG001 x\n", "::regclass", "current_user", "SESSION AUTHORIZATION"),
    *("NULL", "ARRAY['a', 'b']", "unnest(", "WITH a AS (", "UNION", "USING", "INTO", "LIKE", "INT"),
    *("-- +goose Up\n", "-- +goose Down\n", "--liquibase formatted sql\n", "--changeset a:1\n"),
)

MARKERS = (
    *("-- +goose Up\n", "-- +goose Down\n", "-- +goose StatementBegin\n", "-- migrate:up\n"),
    *("-- migrate:down\n", "-- +migrate Up\n", "--liquibase formatted sql\n", "--changeset a:1\n"),
    *("--rollback DROP ROLE a\n", "-- depends: a\n", "[deploy]\n", "%project=x\n", "GO\n", "a ="),
    *("flyway.locations=", "flyway.placeholders.x=1\n", "provider = ", '"tag": ', '"entries": ['),
)

PROGRAMS = (
    *(
        "execute",
        "query",
        "exec",
        "Exec",
        "if",
        "else",
        "for",
        "while",
        "return",
        "def",
        "end",
        "do",
    ),
    *(
        "function",
        "=>",
        "async",
        "await",
        "const",
        "let",
        "var",
        "import",
        "from",
        "export",
        "class",
    ),
    *(
        "try",
        "catch",
        "except",
        "finally",
        "with",
        "switch",
        "case",
        "match",
        "when",
        "unless",
        "fn",
    ),
    *(
        "f'",
        "r'",
        "b'",
        "`${",
        "${x}",
        "#{x}",
        "%w[",
        "<<~SQL\n",
        "SQL\n",
        "~s(",
        "~S[",
        '"""',
        "'''",
    ),
    *(
        ".join(",
        ".format(",
        "% (",
        "+",
        "sql.SQL(",
        "op.execute(",
        "conn.execute(text(",
        "fmt.Sprintf(",
    ),
    *(
        "\\n",
        "\\u0041",
        "\\x41",
        "\\N{BULLET}",
        "\\101",
        "None",
        "nil",
        "null",
        "self.",
        "this.",
        "...",
    ),
    *(
        "lambda x:",
        "yield",
        "[x for x in",
        "match x:\n",
        "@a\n",
        "// ",
        "# ",
        "/*",
        "*/",
        ":=",
        "<-",
    ),
)

EXECUTE = {
    "python": 'op.execute("CREATE ROLE companion LOGIN")',
    "javascript": "await knex.raw(`CREATE ROLE companion LOGIN`)",
    "typescript": "await q.query(`CREATE ROLE companion LOGIN`)",
    "ruby": 'execute "CREATE ROLE companion LOGIN"',
    "go": '_, err := tx.Exec("CREATE ROLE companion LOGIN")',
    "elixir": 'execute "CREATE ROLE companion LOGIN"',
    "java": 'context.getConnection().createStatement().execute("CREATE ROLE companion LOGIN");',
    "kotlin": 'context.connection.createStatement().execute("CREATE ROLE companion LOGIN")',
}

SHELL = (
    *(
        "psql",
        "-c",
        "-v x=1",
        "-f a.sql",
        "<<EOF\n",
        "<<-'EOF'\n",
        "EOF\n",
        "<<<",
        "$(",
        "`",
        "${x:-y}",
    ),
    *(
        "$x",
        "if",
        "then",
        "fi",
        "for",
        "do",
        "done",
        "case",
        "esac",
        "function f() {",
        "}",
        "||",
        "&&",
    ),
    *(
        "|",
        ">>",
        ">",
        "2>&1",
        "echo",
        "cat",
        "tee -a",
        "sed -i",
        "createuser",
        "createdb",
        "dropuser",
    ),
    *(
        "pg_hba.conf",
        "$PGDATA",
        "RUN",
        "COPY",
        "FROM",
        "CMD",
        "ENV",
        "ENTRYPOINT",
        "ARG",
        "\\\n",
        "eval",
    ),
)

LIQUIBASE = (
    *("databaseChangeLog", "changeSet", "changes", "sql", "sqlFile", "createProcedure", "include"),
    *(
        "includeAll",
        "file",
        "path",
        "rollback",
        "dbms",
        "preConditions",
        "property",
        "author",
        "id",
    ),
    *(
        "splitStatements",
        "endDelimiter",
        "stripComments",
        "<sql>",
        "</sql>",
        "<changeSet>",
        "<include",
    ),
    *("relativeToChangelogFile", "<![CDATA[", "]]>", "<!DOCTYPE a [<!ENTITY x 'y'>]>", "&x;", "- "),
    *(
        "<?xml version='1.0' encoding='UTF-16'?>",
        "xmlns:x='y'",
        "&#x41;",
        "|\n",
        ">-\n",
        "!!binary ",
    ),
    *("<<: *a", "&a", "*a", "? ", "%YAML 1.1\n", '":', '", "', "\\u0000", "\\ud800"),
)

CHANGELOG_XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog">
  <changeSet id="1" author="a">
    <sql>CREATE ROLE companion LOGIN;</sql>
  </changeSet>
</databaseChangeLog>
"""
CHANGELOG_YAML = """\
databaseChangeLog:
  - changeSet:
      id: 1
      author: a
      changes:
        - sql:
            sql: CREATE ROLE companion LOGIN
"""
CHANGELOG_JSON = """\
{"databaseChangeLog": [{"changeSet": {"id": "1", "author": "a", "changes": [
  {"sql": {"sql": "CREATE ROLE companion LOGIN"}}
]}}]}
"""

TERRAFORM = (
    *('resource "postgresql_role" "a" {', 'resource "postgresql_database" "b" {', "locals {"),
    *('variable "v" {', 'module "m" {', 'provider "postgresql" {', 'data "x" "y" {', "output"),
    *('dynamic "x" {', "content {", "}", "login = true", "connection_limit = ", "count = 2"),
    *("for_each = toset([", "default = ", "type = map(any)", 'source = "./"', "var.v", "local.a"),
    *("each.value", "each.key", "count.index", "module.m", "self.x", "path.module", "terraform"),
    *('"${', "${", "%{ if x }", "%{ endif }", "%{for x in y}", "<<EOT\n", "<<-E\n", "EOT\n", "~}"),
    *(
        "[for x in ",
        "{for k, v in ",
        " : ",
        " => ",
        "...",
        "[*]",
        ".*",
        "?",
        "!",
        "if",
        "null",
        "try(",
    ),
    *("merge(", "flatten(", 'format("%d", ', 'regex("(a+)+$", ', "range(", "toset(", "jsondecode("),
    *(
        "yamldecode(",
        "file(",
        "templatefile(",
        "lookup(",
        "setproduct(",
        "cidrsubnet(",
        "optional(",
    ),
    *(
        "lifecycle {",
        "moved {",
        "import {",
        "removed {",
        "superuser = true",
        'name = "a"',
        "jsonencode(",
    ),
)

TF_JSON = """\
{
 "//": "c",
 "variable": {"v": {"default": -1}},
 "locals": {"a": ["x", "${var.v}"]},
 "resource": {
  "postgresql_role": {
   "a": {"name": "${local.a[0]}", "login": true, "connection_limit": "${var.v}"},
   "b": [{"for_each": "${toset(local.a)}", "name": "${each.key}", "login": true}]
  }
 }
}
"""

NETWORKS = (
    *("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule"),
    *(
        "aws_db_instance",
        "aws_rds_cluster",
        "google_sql_database_instance",
        "ingress {",
        "egress {",
    ),
    *(
        "google_compute_firewall",
        "azurerm_postgresql_flexible_server",
        "azurerm_network_security_rule",
    ),
    *(
        'cidr_blocks = ["0.0.0.0/0"]',
        "from_port = 5432",
        "to_port = 5432",
        'protocol = "tcp"',
        "::/0",
    ),
    *(
        "publicly_accessible = true",
        '"10.0.0.0/8"',
        '"0.0.0.0/1"',
        '"1.2.3.4/33"',
        "ipv6_cidr_blocks",
    ),
    *(
        "authorized_networks {",
        "source_ranges",
        "security_group_id",
        "prefix_list_ids",
        "max_connections",
    ),
    *(
        "digitalocean_database_firewall",
        "parameter {",
        'value = "500"',
        "desired_count",
        "environment",
    ),
)

PLAN = (
    *('"planned_values"', '"root_module"', '"child_modules"', '"resources"', '"address"', '"mode"'),
    *(
        '"managed"',
        '"type"',
        '"postgresql_role"',
        '"values"',
        '"login"',
        '"connection_limit"',
        '"name"',
    ),
    *(
        '"resource_changes"',
        '"change"',
        '"after"',
        '"after_unknown"',
        '"before"',
        '"actions"',
        '"no-op"',
    ),
    *(
        '"configuration"',
        '"expressions"',
        '"references"',
        '"constant_value"',
        '"module_calls"',
        '"index"',
    ),
    *(
        '"format_version"',
        '"1.2"',
        '"prior_state"',
        '"sensitive_values"',
        "true",
        "false",
        "null",
        "{}",
    ),
    *(
        "[]",
        "[{}]",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '""',
        '"\\ud800"',
        '"\\u0000"',
        "1e999",
        "-0",
        "[[[[[[[",
    ),
    *(
        '"aws_security_group"',
        '"ingress"',
        '"cidr_blocks"',
        '"0.0.0.0/0"',
        '"from_port"',
        '"count"',
    ),
)

HBA = (
    *("host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc", "local", "all", "replication"),
    *(
        "sameuser",
        "samerole",
        "samegroup",
        "samehost",
        "samenet",
        "0.0.0.0/0",
        "::/0",
        "127.0.0.1/32",
    ),
    *(
        "10.0.0.0 255.0.0.0",
        "0.0.0.0/1",
        "128.0.0.0/1",
        "fe80::1%eth0/64",
        ".example.com",
        "db.local",
    ),
    *(
        "trust",
        "reject",
        "md5",
        "password",
        "scram-sha-256",
        "peer",
        "ident",
        "cert",
        "ldap",
        "radius",
    ),
    *(
        "gss",
        "sspi",
        "pam",
        "bsd",
        "oauth",
        "clientcert=verify-full",
        "map=m",
        "include",
        "include_dir",
    ),
    *(
        "include_if_exists",
        "@file",
        "+group",
        "/^a.*$",
        '"all"',
        '"',
        ",",
        "\\\n",
        "#",
        "ldapserver=x",
    ),
)

CONF = (
    *(
        "listen_addresses",
        "max_connections",
        "superuser_reserved_connections",
        "reserved_connections",
    ),
    *(
        "idle_session_timeout",
        "idle_in_transaction_session_timeout",
        "statement_timeout",
        "port",
        "ssl",
    ),
    *("tcp_keepalives_idle", "authentication_timeout", "hba_file", "include", "include_dir", "="),
    *(
        "include_if_exists",
        "'*'",
        "'0.0.0.0,::'",
        "'localhost'",
        "on",
        "off",
        "10min",
        "1d",
        "5.5s",
        "0x10",
    ),
    *(
        "-c",
        "shared_buffers",
        "pg_hba.conf",
        "'it''s'",
        "'\\''",
        "work_mem = 4MB",
        "a.b = c",
        "1e3",
        "kB",
    ),
)

PGBOUNCER = (
    *(
        "[databases]",
        "[pgbouncer]",
        "[users]",
        "[peers]",
        "%include x.ini",
        "* = host=db",
        "pool_size=5",
    ),
    *("default_pool_size = 5", "max_client_conn = 100", "pool_mode = transaction", "min_pool_size"),
    *(
        "reserve_pool_size",
        "max_db_connections",
        "max_user_connections",
        "auth_file = userlist.txt",
    ),
    *(
        "auth_type = any",
        "auth_hba_file",
        "auth_query = SELECT",
        "listen_addr = *",
        "server_idle_timeout",
    ),
    *(
        "host=",
        "port=",
        "dbname=",
        "user=",
        "password='a''b'",
        "connect_query=",
        "load_balance_hosts",
    ),
    *(
        '"user" "md5abc"',
        '"a""b" "SCRAM-SHA-256$1:x$y:z"',
        ";",
        "#",
        "'",
        "=",
        "-1",
        "0",
        "fallback",
    ),
)

POOLERS = (
    *(
        "[pools.a]",
        "[pools.a.users.0]",
        "[pools.a.shards.0]",
        "[general]",
        "[[databases]]",
        "[[users]]",
    ),
    *(
        "pool_size = 5",
        'pool_mode = "session"',
        "username = 'u'",
        'servers = [["db", 5432, "primary"]]',
    ),
    *('storage "s" {', 'database "d" {', 'user "u" {', "user default {", "pool_size 10", "type"),
    *(
        'pool "transaction"',
        "client_max 100",
        "listen {",
        'include "x"',
        "yes",
        "no",
        "num_init_children",
    ),
    *(
        "max_pool",
        "backend_hostname0",
        "child_max_connections",
        "[db.pooler]",
        "enabled = true",
        "[db]",
    ),
    *(
        "default_pool_size",
        "max_client_conn",
        "{",
        "}",
        "[",
        "]",
        "=",
        "'''",
        '"""',
        "1979-05-27",
        "inf",
    ),
)

ODYSSEY = """\
listen { host "*" port 6432 }
storage "db" { type "remote" host "db" port 5432 }
database "shop" {
  user "app" {
    authentication "none"
    storage "db"
    pool "transaction"
    pool_size 10
    client_max 100
  }
}
database default { user default { storage "db" pool_size 0 } }
"""
PGCAT = """\
[general]
port = 6432
[pools.shop]
pool_mode = "transaction"
[pools.shop.users.0]
username = "app"
pool_size = 9
[pools.shop.shards.0]
servers = [["db", 5432, "primary"]]
database = "shop"
"""

PLATFORMS = (
    *(
        "[Service]",
        "[Unit]",
        "[Install]",
        "ExecStart=",
        "Environment=",
        "EnvironmentFile=",
        "LimitNOFILE=",
    ),
    *(
        "gunicorn --workers 4",
        "puma -w 2",
        "WEB_CONCURRENCY=3",
        "DB_POOL",
        "DATABASE_URL",
        "%i",
        "\\\n",
    ),
    *(
        "postgres://a:b@db:5432/shop?connection_limit=5",
        "jdbc:postgresql://db/shop",
        "[env]",
        "[[vm]]",
    ),
    *(
        "[processes]",
        "min_machines_running = 2",
        '"formation"',
        '"quantity"',
        '"web"',
        "hikari",
        "spring.",
    ),
    *(
        "spring.datasource.hikari.maximum-pool-size=",
        "quarkus.datasource.jdbc.max-size=",
        "${X:5}",
        ":",
    ),
    *(
        "---\n",
        "spring:",
        "datasource:",
        "maximum-pool-size: 5",
        "on-profile: prod",
        "[",
        "]",
        "{",
        "}",
    ),
)

KUBERNETES = (
    *(
        "apiVersion: v1",
        "kind: Deployment",
        "kind: Service",
        "kind: NetworkPolicy",
        "metadata:",
        "spec:",
    ),
    *(
        "kind: List",
        "items:",
        "replicas: 3",
        "template:",
        "containers:",
        "- name: a",
        "image: postgres:16",
    ),
    *(
        "args: [-c, max_connections=5]",
        "env:",
        "valueFrom:",
        "configMapKeyRef:",
        "type: LoadBalancer",
    ),
    *(
        "type: NodePort",
        "ports:",
        "- port: 5432",
        "nodePort: 30432",
        "loadBalancerSourceRanges: [0.0.0.0/0]",
    ),
    *(
        "ingress:",
        "- from:",
        "ipBlock: {cidr: 0.0.0.0/0}",
        "podSelector: {}",
        "policyTypes: [Ingress]",
    ),
    *(
        "kind: HorizontalPodAutoscaler",
        "maxReplicas: 9",
        "kind: ConfigMap",
        "data:",
        "|\n",
        "<<: *a",
        "&a",
    ),
    *(
        "{{ .Values.x }}",
        "{{- if .Values.y }}",
        "{{- end }}",
        "---\n",
        "...\n",
        "? a\n",
        "- ",
        "!!int",
        "!x",
    ),
    *(
        "pg_hba:",
        "- host all all 0.0.0.0/0 trust",
        "postgresql:",
        "parameters:",
        "maxclients: 5",
        "~",
        "[]",
    ),
    *(
        "kind: Cluster",
        "apiVersion: postgresql.cnpg.io/v1",
        "kind: postgresql",
        "instances: 3",
        "kind: Pooler",
    ),
)

COMPOSE = (
    *(
        "services:",
        "db:",
        "image: postgres:16",
        "build: ./api",
        "ports:",
        "- '5432:5432'",
        "network_mode: host",
    ),
    *(
        "- target: 5432",
        "published: 5432",
        "environment:",
        "DATABASE_URL: postgres://a@db/shop",
        "command:",
    ),
    *(
        "postgres -c max_connections=5",
        "deploy: {replicas: 2}",
        "depends_on: [db]",
        "volumes:",
        "extends:",
    ),
    *(
        "- ./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini",
        "env_file: .env",
        "x-a: &a",
        "<<: *a",
        "${X:-5}",
    ),
    *(
        "${X:?e}",
        "$$",
        "include:",
        "profiles: [a]",
        "networks:",
        "scale: 3",
        "0.0.0.0",
        "127.0.0.1:",
        "/udp",
    ),
    *(
        "'5432-5440:5432-5440'",
        "[::]:5432:5432",
        "!reset",
        "!override",
        "null",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "? ",
    ),
)

POOLS = (
    *(
        "create_engine(URL, pool_size=5)",
        "max_overflow",
        "NullPool",
        "asyncpg.create_pool(",
        "psycopg_pool",
    ),
    *(
        "ConnectionPool(",
        "max_size=5",
        "new Pool({max: 5})",
        "require('pg')",
        "from 'pg'",
        "postgres(url)",
    ),
    *(
        "new PrismaClient(",
        "knex({pool: {min: 1, max: 5}})",
        "sql.Open(",
        "SetMaxOpenConns(5)",
        "pgxpool.New(",
    ),
    *(
        "MaxConns",
        "PgPoolOptions::new().max_connections(5)",
        "deadpool",
        "HikariConfig",
        "setMaximumPoolSize",
    ),
    *(
        "pool_size: 10",
        "Maximum Pool Size=5;",
        "Host=db;Pooling=false",
        "connection_limit=5",
        "datasource db {",
    ),
    *(
        "LISTEN a",
        "pg_advisory_lock(",
        "SET search_path",
        "PREPARE",
        "prepare_threshold=None",
        "pool.listen(",
    ),
    *(
        "import",
        "os.environ['X']",
        "process.env.X",
        "DATABASES = {",
        "CONN_MAX_AGE",
        "OPTIONS",
        "int(",
        "5 * 2",
    ),
)

SNAPSHOT = (
    *(
        '"connguard_live"',
        "1",
        '"servers"',
        '"poolers"',
        '"settings"',
        '"roles"',
        '"databases"',
        '"hba"',
    ),
    *(
        '"name"',
        '"setting"',
        '"max_connections"',
        '"source"',
        '"rolconnlimit"',
        '"rolname"',
        '"version"',
    ),
    *(
        '"users"',
        '"config"',
        '"pool_size"',
        '"hidden"',
        '"error"',
        '"pending_restart"',
        "true",
        "null",
        "{}",
    ),
    *(
        "[]",
        "[{}]",
        "-1",
        "1e999",
        '"5"',
        '"\\ud800"',
        '"address"',
        '"0.0.0.0"',
        '"auth_method"',
        '"line"',
    ),
)

SUPPRESSIONS = (
    *(
        "connguard: ignore",
        "connguard:ignore PG001",
        "PG001",
        "PG",
        "PG999",
        "PG403",
        ",",
        "checkov:skip=",
    ),
    *(
        "CKV_CUSTOM_PG_1",
        "CKV_CUSTOM_PG_*:why",
        "CKV_AWS_1",
        ":",
        "--",
        "/*",
        "*/",
        "#",
        "//",
        ";",
        "ignore-file",
    ),
    *(
        "CREATE ROLE b LOGIN;",
        "DO $$ BEGIN",
        "END $$;",
        "\r",
        "connguard: ignore PG903 x",
        "connection-limit",
    ),
)

EXPRESSIONS = (
    '[for k, v in {a = 1} : "${k}=${v}" if v > 0]',
    'merge({a = 1}, {for x in ["b"] : x => length(x)})["b"]',
    'format("%s-%03d", "a", 5 + 2 * -3) == "a-x" ? null : try(local.x, 4)',
    '"a${[1, 2][0]}%{ if true }b%{ else }c%{ endif }%{ for x in [1] }${x}%{ endfor ~}"',
    'jsondecode("{\\"a\\": [1]}").a[*] != [] && !contains(["x"], "y")',
    'cidrsubnet("10.0.0.0/8", 8, 2)',
    "flatten([[1], [[2]]])[count.index]...",
    'regexall("(a+)+$", "aaaaaaaaaaaa!")',
    'yamldecode("a: &x [1]\\nb: *x").b.0',
    'setproduct(["a"], range(3))[2][1]',
    'templatefile("a.tpl", {x = <<-EOT\n  a ${1}\n  EOT\n})',
    'coalesce("", lookup({}, "x", 5)) + tonumber("1e3") % 7',
    'replace("aXb", "/X(.)/", "$1") == join(",", sort(keys({b = 1, a = 2})))',
    'formatdate("YYYY", timeadd("2020-01-01T00:00:00Z", "10m"))',
    'csvdecode("a,b\\n1,2")[0].a',
    'substr(upper("ß"), 0, -1)',
    "element([1,2,3], 5)",
    'zipmap(["a"], [1]).a',
    "chunklist(range(10), 3)",
    'parseint("ff", 16)',
    'base64decode("YQ==")',
    "module.x.y[each.key].z",
    'var.a["b"].c',
    '{"a" = 1, (local.x) : 2}',
    "-(-(-1))",
    "!!true",
)

SETTINGS = (
    *(
        "[[migrations]]",
        "path = ",
        'format = "flyway"',
        "order = ",
        "select = ",
        "ignore = ",
        "[addresses]",
    ),
    *("fail-on = ", "[fail-on]", "default = ", "exclude = ", "baseline = ", "terraform-reader = "),
    *(
        "[per-path-ignores]",
        '"*" = ["PG"]',
        "[servers.db]",
        "max-connections = 5",
        "[poolers.p]",
        "server = ",
    ),
    *(
        "[services.web]",
        "pool-size = 5",
        "replicas = ",
        "[limits]",
        "true",
        "false",
        "-1",
        "1.5",
        "inf",
        "[]",
    ),
    *(
        "{}",
        '"x"',
        "[[",
        "]]",
        "=",
        "tool.connguard",
        "headroom",
        "databases",
        "public-block-ipv4 = 33",
    ),
)
BASELINES = (
    '{"version": 1, "findings": [{"id": "PG001", "path": "a.sql", "fingerprint": "0", "message": "m"}]}',
    '{"version": 1, "findings": []}',
)
LISTINGS = (
    "100644 blob 0123456789012345678901234567890123456789\ta.sql\0"
    "160000 commit 0123456789012345678901234567890123456789\tsub\0",
    "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +3,4 @@\n+a\n@@ -9 +9 @@\n",
)
GIT = (
    "100644 blob ",
    "160000 commit ",
    "120000 blob ",
    "\t",
    "\0",
    "../x",
    "/etc/passwd",
    ".git/config",
    "+++ b/",
    "+++ /dev/null",
    "@@ -1 +1 @@",
    "diff --git ",
    "\n",
    "0" * 40,
)
MESSAGES = (
    *(
        "FATAL:",
        "sorry, too many clients already",
        "remaining connection slots are reserved",
        "SQLSTATE",
    ),
    *(
        "53300",
        "28000",
        "no pg_hba.conf entry for host",
        "psycopg2.OperationalError",
        "too many connections",
    ),
    *(
        "PrismaClientInitializationError",
        "P1001",
        "password authentication failed",
        "pgbouncer",
        "port 5432",
    ),
    *(
        "could not connect to server",
        "Connection refused",
        "timeout",
        "query_wait_timeout",
        "mysql",
        'user "a"',
    ),
    *(
        "no more connections allowed (max_client_conn)",
        "database",
        "role",
        '"app"',
        "host",
        "ECONNREFUSED",
    ),
)
URLS = (
    "postgres://app:secret@db:5432/shop?pool_max_conns=5&sslmode=require",
    "postgresql+asyncpg://a@[::1]:6432,b:5433/x?host=/tmp",
    "host=db port=5432 user='a b' dbname=shop",
    "jdbc:postgresql://db/shop?user=a",
    "Host=db;Port=5432;Maximum Pool Size=5",
    "postgres:///x",
    "${URL}",
    "postgres://%61:%zz@h/%",
    "prisma://x?connection_limit=5&pgbouncer=true",
)
PLANNED_NETWORK = """{
 "format_version": "1.2", "terraform_version": "1.9.0",
 "planned_values": {"root_module": {"resources": [
  {"address": "aws_db_instance.db", "mode": "managed", "type": "aws_db_instance", "name": "db",
   "values": {"engine": "postgres", "publicly_accessible": true, "port": 5432}},
  {"address": "aws_security_group.sg", "mode": "managed", "type": "aws_security_group",
   "name": "sg", "values": {"ingress": [{"from_port": 5432, "to_port": 5432, "protocol": "tcp",
   "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": []}]}}]}},
 "resource_changes": [],
 "configuration": {"root_module": {"resources": [
  {"address": "aws_db_instance.db", "mode": "managed", "type": "aws_db_instance", "name": "db",
   "expressions": {"vpc_security_group_ids": {"references": ["aws_security_group.sg.id"]}}}]}}
}
"""
