# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fuzzed: one entry for each reader, with its seeds and the words of its language."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import yaml
from pglast.parser import ParseError, parse_sql_json

from . import words
from .seeds import example_projects, matching


def _parses_sql(text: str) -> bool:
    if re.search(r"\\|:['\"\w]", text):
        return True  # psql's commands and variables are not the parser's
    try:
        parse_sql_json(text)
    except (ParseError, UnicodeEncodeError):
        return False
    return True


def _parses_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parses_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parses_yaml(text: str) -> bool:
    try:
        list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Target:
    """A reader. `file` is what a lone text is called.

    `endings` choose the files of examples that are mutated, `modules` (globs of test modules) and
    `pattern` the strings of tests that make seeds; `wrap` puts a fragment into a whole file.
    `companion` are files beside the mutated one whose findings, or else facts, must not change.
    `before` and `after` make a text that says nothing, with `NOISE` for what is random in it, and
    `parses` is another parser of the language, for those languages in which errors are reported,
    in texts that still show (a pattern) what they are.
    """

    name: str
    file: str
    endings: tuple[str, ...]
    words: tuple[str, ...]
    modules: str = ""
    pattern: str = ""
    companion: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    parses: Callable[[str], bool] | None = None
    wrap: str = "NOISE"
    own: tuple[str, ...] = ()
    contains: str = ""
    shows: str = ""

    def projects(self) -> list[tuple[Mapping[str, bytes], str]]:
        """The seeds: the files, and which of them is mutated."""
        found: list[tuple[Mapping[str, bytes], str]] = []
        for text in (*self.own, *(self.wrapped(one) for one in self.strings())):
            found.append(({self.file: text.encode("utf-8", "surrogatepass")}, self.file))
        for project in example_projects():
            for name, data in project.items():
                if name.endswith(self.endings) and self.contains.encode() in data:
                    found.append((project, name))
        return found

    def strings(self) -> tuple[str, ...]:
        return matching(self.modules, self.pattern) if self.modules else ()

    def wrapped(self, text: str) -> str:
        lines = self.wrap.split("NOISE")
        if len(lines) == 1:
            return text
        indent = lines[0][lines[0].rfind("\n") + 1 :]
        return lines[0] + text.replace("\n", "\n" + indent) + lines[1]


OTHER_ROLE = "CREATE ROLE companion LOGIN;\n"
_HASH = ("# NOISE\n", "\n", "#NOISE\n\n")
_SLASHES = ("// NOISE\n", "/* NOISE */\n", "\n")
_SQL_BEFORE = ("-- NOISE\n", "/* NOISE */\n", "SELECT 1;\n", "\n\n", "SELECT 'x', $a$ NOISE $a$;\n")
_SQL_AFTER = ("\n-- NOISE", "\n/* NOISE */", "\n;\nSELECT 1;", "\n;\nSELECT $a$ NOISE $a$;")
_YAML_AFTER = ("\n# NOISE\n", "\n")
_TF_COMPANION = {
    "zz/main.tf": 'resource "postgresql_role" "companion" {\n  name = "c"\n  login = true\n}\n'
}
_TF_AFTER = ("\n# NOISE\n", "\n// NOISE\n", "\n/* NOISE */\n", '\nlocals {\n  zz = "a"\n}\n')
_OPEN_PORT = {
    "zz/main.tf": (
        'resource "aws_security_group" "c" {\n  ingress {\n    from_port = 5432\n'
        '    to_port = 5432\n    protocol = "tcp"\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'
    )
}
_HBA = {"zz/pg_hba.conf": "host all all 0.0.0.0/0 trust\n"}
_PLAN = {
    "zz/plan.json": json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {
                "root_module": {
                    "resources": [
                        {
                            "address": "postgresql_role.c",
                            "mode": "managed",
                            "type": "postgresql_role",
                            "name": "c",
                            "values": {"name": "c", "login": True, "connection_limit": -1},
                        }
                    ]
                }
            },
            "resource_changes": [],
            "configuration": {"root_module": {}},
        },
        indent=1,
    )
}
_COMPOSE = {
    "zz/compose.yml": "services:\n  db:\n    image: postgres:16\n    ports: ['5432:5432']\n"
}
_NODE_PORT = {
    "zz/service.yaml": (
        "apiVersion: v1\nkind: Service\nmetadata: {name: postgres}\n"
        "spec:\n  type: NodePort\n  ports: [{port: 5432, nodePort: 30432}]\n"
    )
}
_PGBOUNCER = {"zz/pgbouncer.ini": "[databases]\n* = host=db\n[pgbouncer]\nauth_file = u.txt\n"}
_SNAPSHOT = {"zz/a.sql": OTHER_ROLE}


def _sql(name: str, modules: str, pattern: str, **more: object) -> Target:
    return Target(
        name,
        "db/a.sql",
        (".sql",),
        words.SQL,
        modules,
        pattern,
        {"zz/other.sql": OTHER_ROLE},
        _SQL_BEFORE,
        _SQL_AFTER,
        _parses_sql if name == "sql" else None,
        **more,  # type: ignore[arg-type]
    )


def _program(name: str, file: str, ending: str, pattern: str, comment: str, wrap: str) -> Target:
    return Target(
        f"migrations-{name}",
        file,
        (ending,),
        (*words.SQL[:40], *words.PROGRAMS),
        "test_migrations_*.py test_fix_formats.py",
        pattern,
        {f"zz/{file}": wrap.replace("NOISE", words.EXECUTE[name])},
        (f"{comment} NOISE\n", "\n") if not wrap.startswith(("package", "<?php")) else (),
        (f"\n{comment} NOISE", "\n"),
        None,
        wrap,
        (wrap.replace("NOISE", words.EXECUTE[name]),),
    )


def _pools(name: str, file: str, ending: str, modules: str, pattern: str, contains: str) -> Target:
    return Target(
        f"code-{name}",
        file,
        (ending,),
        (*words.POOLS, *words.PROGRAMS),
        modules,
        pattern,
        _HBA,
        contains=contains,
    )


_POOL_TESTS = "test_budget_code_pools.py test_session_code.py test_budget_pool_settings.py"

TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        _sql("sql", "test_sql_*.py test_migrations_plain.py", r"(?i)role|user|database|limit"),
        _sql("psql", "test_sql_psql.py test_migrations_includes.py", r"\\", contains="\\"),
        _sql("plpgsql", "test_sql_code.py test_sql_state.py", r"(?i)\bbegin\b", contains="$"),
        Target(
            "migrations-sql",
            "migrations/V1__a.sql",
            (".sql", ".conf", ".toml", ".plan", ".sum", "_journal.json", ".prisma"),
            (*words.SQL, *words.MARKERS),
            "test_migrations_formats.py test_migrations_layouts.py test_migrations_settings.py",
            r"(?i)role|user|goose|changeset|migrate",
            {"zz/other/migrations/V1__x.sql": OTHER_ROLE},
            (),
            ("\n-- NOISE", "\n\n"),
        ),
        _program(
            "python",
            "migrations/versions/a.py",
            ".py",
            r"op\.|execute|import",
            "#",
            "revision = 'a'\ndown_revision = None\n\ndef upgrade():\n    NOISE\n",
        ),
        _program(
            "javascript",
            "migrations/1_a.js",
            ".js",
            r"knex|query|sql`|=>|exports",
            "//",
            "exports.up = async (knex) => {\n  NOISE\n}\n",
        ),
        _program(
            "typescript",
            "migrations/1_a.ts",
            ".ts",
            r"queryRunner|query|sql`|=>",
            "//",
            "export class A1 implements MigrationInterface {\n"
            "  public async up(q: QueryRunner): Promise<void> {\n    NOISE\n  }\n}\n",
        ),
        _program(
            "ruby",
            "db/migrate/1_a.rb",
            ".rb",
            r"execute|def |do$",
            "#",
            "class A < ActiveRecord::Migration[7.0]\n  def up\n    NOISE\n  end\nend\n",
        ),
        _program(
            "go",
            "migrations/1_a.go",
            ".go",
            r"Exec|func|:=",
            "//",
            "package migrations\n\nfunc init() { goose.AddMigration(up, nil) }\n\n"
            "func up(tx *sql.Tx) error {\n\tNOISE\n\treturn nil\n}\n",
        ),
        _program(
            "elixir",
            "priv/repo/migrations/1_a.exs",
            ".exs",
            r"execute|def |do$",
            "#",
            "defmodule A do\n  use Ecto.Migration\n\n  def up do\n    NOISE\n  end\nend\n",
        ),
        _program(
            "java",
            "db/migration/V1__a.java",
            ".java",
            r"execute|class|;$",
            "//",
            "package db.migration;\n\npublic class V1__a extends BaseJavaMigration {\n"
            "  public void migrate(Context context) throws Exception {\n    NOISE\n  }\n}\n",
        ),
        _program(
            "kotlin",
            "db/migration/V1__a.kt",
            ".kt",
            r"execute|fun |class",
            "//",
            "package db.migration\n\nclass V1__a : BaseJavaMigration() {\n"
            "  override fun migrate(context: Context) {\n    NOISE\n  }\n}\n",
        ),
        Target(
            "migrations-shell",
            "docker-entrypoint-initdb.d/a.sh",
            (".sh",),
            (*words.SQL[:40], *words.SHELL),
            "test_migrations_*.py test_hba_embedded.py",
            r"psql|EOF|pg_hba|echo",
            {"zz/docker-entrypoint-initdb.d/b.sh": 'psql -c "CREATE ROLE companion LOGIN"\n'},
            ("# NOISE\n",),
            ("\n# NOISE\n",),
            own=(
                "psql -v ON_ERROR_STOP=1 <<-EOSQL\n\tCREATE ROLE app LOGIN;\nEOSQL\n",
                "psql -c 'CREATE ROLE app LOGIN' \"$DB\" && createuser -d -c 5 web\n",
                "echo 'host all all 0.0.0.0/0 trust' >> \"$PGDATA/pg_hba.conf\"\n",
            ),
        ),
        Target(
            "liquibase-xml",
            "liquibase/changelog.xml",
            ("changelog.xml", ".xml"),
            (*words.SQL[:40], *words.LIQUIBASE),
            "test_migrations_*.py",
            r"<\w+",
            {"zz/liquibase/db.changelog.xml": words.CHANGELOG_XML},
            own=(words.CHANGELOG_XML,),
        ),
        Target(
            "liquibase-yaml",
            "liquibase/changelog.yaml",
            ("changelog.yaml", "changelog.yml"),
            (*words.SQL[:40], *words.LIQUIBASE),
            "test_migrations_*.py",
            r"databaseChangeLog",
            {"zz/liquibase/db.changelog.yaml": words.CHANGELOG_YAML},
            ("# NOISE\n",),
            _YAML_AFTER,
            _parses_yaml,
            own=(words.CHANGELOG_YAML,),
            shows="databaseChangeLog",
        ),
        Target(
            "liquibase-json",
            "liquibase/changelog.json",
            ("changelog.json",),
            (*words.SQL[:40], *words.LIQUIBASE),
            "test_migrations_*.py",
            r"databaseChangeLog",
            {"zz/liquibase/db.changelog.json": words.CHANGELOG_JSON},
            (" \n",),
            ("\n",),
            _parses_json,
            own=(words.CHANGELOG_JSON,),
            shows=r'^\s*\{(?s:.*)"databaseChangeLog"',
        ),
        Target(
            "terraform",
            "main.tf",
            ("main.tf", "roles.tf", ".tf"),
            words.TERRAFORM,
            "test_terraform_*.py test_fix_*.py",
            r'resource "|locals \{|variable "|module "',
            _TF_COMPANION,
            ("# NOISE\n", "// NOISE\n", "/* NOISE */\n", "\n"),
            _TF_AFTER,
            contains="postgresql_",
        ),
        Target(
            "terraform-values",
            "terraform.tfvars",
            (".tfvars", ".yaml", ".yml", ".tf.json", ".tofu", ".conf", ".ini", ".json"),
            words.TERRAFORM,
            companion=_TF_COMPANION,
        ),
        Target(
            "terraform-json",
            "main.tf.json",
            (".tf.json",),
            (*words.TERRAFORM, '":', '": {', '": ['),
            "test_terraform_*.py",
            r'^\s*\{.*"',
            _TF_COMPANION,
            parses=_parses_json,
            own=(words.TF_JSON,),
        ),
        Target(
            "terraform-networks",
            "main.tf",
            (".tf",),
            (*words.TERRAFORM, *words.NETWORKS),
            "test_network_*.py network_scans.py network_edges.py other_provider_cases.py",
            r'resource "',
            _OPEN_PORT,
            ("# NOISE\n", "\n"),
            _TF_AFTER,
            contains="ip",
        ),
        Target(
            "terraform-plan",
            "plan.json",
            ("plan.json",),
            words.PLAN,
            "test_terraform_plan.py test_network_*.py",
            r"planned_values|resource_changes",
            _PLAN,
            (" \n",),
            ("\n",),
            _parses_json,
            own=(*_PLAN.values(), words.PLANNED_NETWORK),
            shows=r'^\s*\{\s*"format_version"(?s:.*)"(planned_values|resource_changes)"',
        ),
        Target(
            "terraform-topology",
            "main.tf",
            (".tf",),
            (*words.TERRAFORM, *words.NETWORKS),
            "test_budget_terraform_services.py test_terraform_yamlencode.py test_budget_*.py",
            r'resource "',
            _HBA,
            contains="max_c",
        ),
        Target(
            "hba",
            "pg_hba.conf",
            (".pg_hba.conf", ".pgbouncer_hba.conf", "pg_hba.conf"),
            words.HBA,
            "test_hba_*.py hba_generator.py hba_attempts.py",
            r"^\s*(?:host|local)|include|trust|scram",
            _HBA,
            ("# NOISE\n", "\n"),
            ("\n# NOISE\n", "\nlocal all postgres peer\n"),
            own=(
                "local all all peer\nhost all all 0.0.0.0/0 trust\n",
                'hostssl "shop",@dbs +grp,/^a.*$ 10.0.0.1 255.0.0.0 scram-sha-256 clientcert=1\n',
                "host all all samenet \\\n md5 # c\ninclude_if_exists b.conf\ninclude_dir d\n",
            ),
        ),
        Target(
            "ident",
            "pg_ident.conf",
            ("pg_ident.conf",),
            words.HBA,
            "test_hba_*.py",
            r"ident|map",
            {"zz/pg_hba.conf": "host all all 0.0.0.0/0 trust\n"},
            own=("# MAP SYS PG\nm /^(.*)@x$ \\1\nm root postgres\n", "a b c\ninclude x\n"),
        ),
        Target(
            "postgresql.conf",
            "postgresql.conf",
            ("postgresql.conf",),
            words.CONF,
            "test_terraform_conf.py test_server_values.py test_conf_*.py test_budget_*.py",
            r"^\s*\w+\s*=\s*\S",
            {"zz/postgresql.conf": "listen_addresses = '*'\nidle_session_timeout = 5\n", **_HBA},
            ("# NOISE\n", "\n"),
            ("\n# NOISE\n", "\nbonjour_name = 'x'\n"),
            own=(
                "listen_addresses = '*'\nmax_connections = 500\nshared_buffers 1GB\n",
                "include 'a.conf'\ninclude_dir = 'conf.d'\ntcp_keepalives_idle = 0\n",
                "idle_in_transaction_session_timeout = 0\nstatement_timeout='1min'\n",
            ),
        ),
        Target(
            "embedded",
            "deploy/cluster.yaml",
            (".patroni.yml", ".cluster.yaml", "Dockerfile", ".sh"),
            (*words.HBA, *words.CONF, *words.KUBERNETES),
            "test_hba_embedded.py test_budget_spilo.py test_containers_*.py",
            r"pg_hba|postgresql|parameters",
            {"zz/x.patroni.yml": "postgresql:\n  pg_hba:\n  - host all all 0.0.0.0/0 trust\n"},
            ("# NOISE\n",),
            _YAML_AFTER,
        ),
        Target(
            "dockerfile",
            "Dockerfile",
            ("Dockerfile",),
            (*words.SHELL, *words.HBA, *words.COMPOSE),
            "test_hba_embedded.py test_containers_*.py test_budget_processes.py",
            r"^(?:FROM|RUN|CMD)\b",
            _HBA,
            own=(
                'FROM postgres:16\nRUN echo "host all all 0.0.0.0/0 trust" >> pg_hba.conf\n'
                'CMD ["postgres", "-c", "max_connections=500"]\n',
            ),
        ),
        Target(
            "pgbouncer",
            "pgbouncer.ini",
            (".ini", "userlist.txt"),
            words.PGBOUNCER,
            "test_budget_*.py test_hba_pgbouncer.py",
            r"\[databases\]|\[pgbouncer\]",
            _PGBOUNCER,
            ("; NOISE\n", "# NOISE\n", "\n"),
            ("\n; NOISE\n",),
            own=tuple(_PGBOUNCER.values()),
        ),
        Target(
            "odyssey",
            "odyssey.conf",
            ("odyssey.conf", "pgpool.conf"),
            words.POOLERS,
            "test_budget_odyssey.py test_budget_more_readers.py",
            r"storage|database \"|pool",
            _HBA,
            ("# NOISE\n",),
            ("\n# NOISE\n",),
            own=(words.ODYSSEY,),
        ),
        Target(
            "pgcat",
            "pgcat.toml",
            ("pgcat.toml", "pgdog.toml"),
            words.POOLERS,
            "test_budget_*.py",
            r"\[pools|\[general\]|\[\[databases",
            _HBA,
            ("# NOISE\n",),
            ("\n# NOISE\n",),
            own=(words.PGCAT,),
        ),
        Target(
            "pgpool",
            "pgpool.conf",
            ("pgpool.conf",),
            (*words.POOLERS, *words.CONF),
            "test_budget_more_readers.py",
            r"num_init|backend_",
            _HBA,
            own=(
                "num_init_children = 32\nmax_pool = 4\nbackend_hostname0 = 'db'\n"
                "backend_port0 = 5432\nreserved_connections = 1\n",
            ),
        ),
        Target(
            "supabase",
            "supabase/config.toml",
            ("supabase/config.toml",),
            words.POOLERS,
            "test_budget_*.py",
            r"\[db",
            _HBA,
            own=(
                "[db]\nport = 5432\nmajor_version = 15\n[db.pooler]\nenabled = true\n"
                'pool_mode = "transaction"\ndefault_pool_size = 20\nmax_client_conn = 100\n',
            ),
        ),
        Target(
            "systemd",
            "deploy/api.service",
            (".service",),
            words.PLATFORMS,
            "test_budget_*.py",
            r"\[Service\]|\[Unit\]",
            _HBA,
            own=(
                "[Unit]\nDescription=pgbouncer\n[Service]\nLimitNOFILE=1024\nUser=app\n"
                "ExecStart=/usr/bin/gunicorn --workers 4 --threads=2 app:app\n"
                'Environment="DATABASE_URL=postgres://a@db/shop?pool=5" WEB_CONCURRENCY=3\n',
            ),
        ),
        Target(
            "platforms",
            "fly.toml",
            ("fly.toml", "app.json"),
            words.PLATFORMS,
            "test_budget_*.py",
            r"\[env\]|app =|formation",
            _HBA,
            own=(
                'app = "shop"\n[env]\nDB_POOL = "5"\n[processes]\nweb = "puma -w 2 -t 5:5"\n'
                "[[vm]]\nsize = 'a'\n[http_service]\nmin_machines_running = 2\n",
            ),
        ),
        Target(
            "app-json",
            "app.json",
            ("app.json",),
            words.PLATFORMS,
            companion=_HBA,
            own=(
                '{"name": "a", "formation": {"web": {"quantity": 2}}, '
                '"env": {"DB_POOL": {"value": "5"}}, "addons": ["heroku-postgresql:standard-0"]}',
            ),
        ),
        Target(
            "application-files",
            "src/main/resources/application.properties",
            (".properties", "application.yml", "application.yaml"),
            words.PLATFORMS,
            "test_budget_*.py",
            r"spring|hikari|quarkus",
            _HBA,
            own=(
                "spring.datasource.url=jdbc:postgresql://db:5432/shop\n"
                "spring.datasource.hikari.maximum-pool-size=20\nspring.application.name=a\n",
                "quarkus.datasource.jdbc.url = jdbc:postgresql://db/shop\n"
                "quarkus.datasource.jdbc.max-size: 30\n%prod.x=\\u0041\\\n b\n",
            ),
        ),
        Target(
            "application-yaml",
            "src/main/resources/application.yml",
            ("application.yml", "application.yaml"),
            words.PLATFORMS,
            companion=_HBA,
            own=(
                "spring:\n  application: {name: a}\n  datasource:\n"
                "    url: jdbc:postgresql://db:5432/shop\n    hikari:\n"
                "      maximum-pool-size: ${POOL:20}\n---\nspring.config.activate.on-profile: x\n",
            ),
        ),
        Target(
            "charts",
            "chart/values.yaml",
            ("Chart.yaml", "values.yaml"),
            words.KUBERNETES,
            "test_budget_charts.py test_containers_*.py",
            r"^\w+:",
            _NODE_PORT,
            ("# NOISE\n",),
            _YAML_AFTER,
        ),
        Target(
            "compose",
            "compose.yml",
            ("compose.yml", "compose.yaml", "docker-compose.yml"),
            words.COMPOSE,
            "test_containers_*.py test_budget_*.py",
            r"services:|image:|ports:",
            _COMPOSE,
            ("# NOISE\n", "\n"),
            _YAML_AFTER,
            _parses_yaml,
        ),
        Target(
            "kubernetes",
            "k8s/all.yaml",
            (".yaml", ".yml"),
            words.KUBERNETES,
            "test_containers_*.py test_budget_*.py",
            r"apiVersion",
            _NODE_PORT,
            ("# NOISE\n", "\n", "apiVersion: v1\nkind: Secret\nmetadata: {name: zz}\n---\n"),
            (*_YAML_AFTER, "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: zz}\n"),
            _parses_yaml,
            contains="apiVersion",
            shows=r"(?is)^apiVersion:\s.*^kind:\s.*(postg|\b5432\b)",
        ),
        _pools("python", "api/app.py", ".py", _POOL_TESTS, r"import|create_|Pool|\(", "import"),
        _pools(
            "javascript", "api/index.mjs", ".mjs", _POOL_TESTS, r"require|import|new ", "import"
        ),
        _pools("typescript", "api/index.ts", ".ts", _POOL_TESTS, r"require|import|new ", "import"),
        _pools("go", "api/main.go", "main.go", _POOL_TESTS, r"package|import|:=", "package"),
        _pools("rust", "api/main.rs", ".rs", _POOL_TESTS, r"::|use |fn ", "use"),
        _pools("prisma", "prisma/schema.prisma", ".prisma", _POOL_TESTS, r"datasource", ""),
        _pools("ruby", "api/app.rb", ".rb", _POOL_TESTS, r"\.|def ", "def"),
        _pools("elixir", "config/config.exs", ".exs", _POOL_TESTS, r"config|import", "config"),
        _pools("java", "api/App.java", ".java", _POOL_TESTS, r"class|import|;", "class"),
        _pools("kotlin", "api/App.kt", ".kt", _POOL_TESTS, r"fun |val |import", "class"),
        _pools("dotnet", "api/appsettings.json", "appsettings.json", _POOL_TESTS, r"Host=", ""),
        _pools("sequelize", "config/config.json", "config.json", _POOL_TESTS, r"dialect|pool", ""),
        _pools("cable", "config/cable.yml", "cable.yml", _POOL_TESTS, r"adapter", ""),
        Target(
            "topology",
            "connguard.toml",
            ("shop.py", "app.py", "main.go", "index.mjs", "compose.yml", "compose.yaml", "u.txt"),
            (*words.POOLS, *words.COMPOSE, *words.PGBOUNCER),
            companion=_HBA,
            contains="",
        ),
        Target(
            "snapshot",
            "connguard-live.json",
            ("connguard-live.json",),
            words.SNAPSHOT,
            "test_doctor_drift.py test_doctor_*.py",
            r"connguard_live",
            _SNAPSHOT,
            parses=_parses_json,
        ),
        Target(
            "suppressions",
            "db/a.sql",
            (".sql", ".tf", ".yaml", ".yml", ".conf", ".ini"),
            words.SUPPRESSIONS,
            "test_suppressions.py",
            r"connguard|checkov",
            {"zz/other.sql": OTHER_ROLE},
            own=(
                "-- connguard: ignore PG001 why\nCREATE ROLE a LOGIN;\n",
                "CREATE ROLE a LOGIN; -- connguard:ignore PG001, PG403: b\n",
                "/* checkov:skip=CKV_CUSTOM_PG_1:x */\nDO $$ BEGIN\nCREATE ROLE a;\nEND $$;\n",
            ),
            contains="ignore",
        ),
    )
}
