# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of every kind that hold passwords, in places that are reported: whole and broken ones."""

from __future__ import annotations

import base64
import json
from itertools import count
from pathlib import Path

_SQL = (
    "CREATE ROLE a1 LOGIN PASSWORD '{}' CONNECTION LIMIT -1;",
    "CREATE ROLE a2 LOGIN PASSWORD '{}' FOO BAR;",
    "CREATE ROLE a3 LOGIN ENCRYPTED PASSWORD E'{}\\n' CONNECTION LIMIT 0 1;",
    "CREATE ROLE a4 LOGIN PASSWORD {};",
    'CREATE ROLE a5 LOGIN PASSWORD "{}";',
    "CREATE ROLE a6 LOGIN PASSWORD $${}$$ CONNECTION LIMIT -1;",
    "CREATE ROLE a7 LOGIN\n  PASSWORD\n  '{}'\n  CONNECTION LIMIT -1;",
    "CREATE ROLE a8 LOGIN PASSWORD -- why\n  '{}' BROKEN;",
    "CREATE ROLE a9 LOGIN PASSWORD /* x */ '{}' BROKEN;",
    "CREATE ROLE b1 IDENTIFIED BY '{}';",
    "DO $$ BEGIN EXECUTE 'CREATE ROLE b2 LOGIN PASSWORD ''{}'' CONNECTION LIMIT -1'; END $$;",
    "DO $$ DECLARE pw text := '{}'; BEGIN\n EXECUTE 'ALTER ROLE a1 CONNECTION LIMIT -1 PASSWORD '"
    " || quote_literal(pw); END $$;",
    "DO $$ BEGIN EXECUTE 'CREATE ROLE b3 PASSWORD ' || '{}' || x(; END $$;",
    "ALTER ROLE a1 PASSWORD 'x'||'{}';",
    "SELECT dblink_connect('postgres://u:{}@h/db' BROKEN;",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h password={}' BROKEN;",
    "CREATE USER MAPPING FOR a1 SERVER s OPTIONS (password '{}') BROKEN;",
    "ALTER SYSTEM SET primary_conninfo = 'host=h password={}';",
    "\\set pw '{}'\nCREATE ROLE b4 LOGIN PASSWORD :'pw' CONNECTION LIMIT -1;",
    "\\i postgres://u:{}@h/x.sql",
    "CREATE ROLE b5 LOGIN PASSWORD '{}",
)

_TERRAFORM = """\
provider "postgresql" {{
  password = "{}"
}}
resource "postgresql_role" "a" {{
  name = "a"
  login = true
  password = "{}"
}}
resource "aws_db_instance" "d" {{
  engine = "postgres"
  publicly_accessible = true
  password = "{}"
}}
resource "aws_ecs_task_definition" "t" {{
  container_definitions = jsonencode([{{ name = "a", environment = [
    {{ name = "DATABASE_URL", value = "postgres://u:{}@h/d" }},
    {{ name = "DB_PASSWORD", value = "{}" }},
  ]}}])
}}
"""

_COMPOSE = """\
services:
  db:
    image: postgres:16
    ports: ["5432:5432"]
    environment:
      POSTGRES_PASSWORD: {}
    command: postgres -c max_connections=20 -c primary_conninfo='password={}'
  app:
    build: .
    command: gunicorn --workers 9 app --dsn postgres://u:{}@db/d
    environment:
      DATABASE_URL: postgres://app:{}@db:5432/app?pool_size=90
      SQLALCHEMY_DATABASE_URI: "postgresql://app:{}@db:notaport/app"
      JDBC: "jdbc:postgresql://db:5432/app?user=u&password={}"
      DSN: "host=db user=app password={} dbname=app"
  pgbouncer:
    image: edoburu/pgbouncer
    environment:
      DATABASE_URL: "postgres://app:{}@db/app"
      DB_PASSWORD: "{}"
      MAX_CLIENT_CONN: 10
"""

_KUBERNETES = """\
apiVersion: v1
kind: Secret
metadata: {{name: s}}
stringData: {{password: {}, url: "postgres://u:{}@h/d"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app}}
spec:
  replicas: 50
  template:
    metadata: {{labels: {{app: app}}}}
    spec:
      containers:
      - name: app
        image: app
        env:
        - {{name: DATABASE_URL, value: "postgres://u:{}@pgbouncer/d"}}
        - {{name: PGPASSWORD, value: "{}"}}
        args: ["--dsn=postgres://u:{}@h/d", "--password={}"]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: pgb}}
data:
  pgbouncer.ini: |
    [databases]
    d = host=h password={} pool_size=x
    [pgbouncer]
    pool_mode = session
  userlist.txt: |
    "u" "{}"
    "broken "{}"
  pg_hba.conf: |
    host all all 0.0.0.0/0 ldap ldapbindpasswd={}
    host all all 10/8 radius radiussecrets="{}
"""

_PGBOUNCER = """\
[databases]
a = host=h dbname=d user=u password={} pool_size=500
b = host=h password='{}' pool_size=x
c = host=h password={} broken
d = host=h password='{}
e host=h password={}
* = host=h password={}
[pgbouncer]
auth_file = userlist.txt
default_pool_size = 600
[users]
u = pool_size=7 password={}
"""

_USERLIST = """\
"u" "{}"
"v" "md5{}"
"w" "SCRAM-SHA-256$4096:{}"
broken "{}"
"y" "{}
"""

_CONF = """\
listen_addresses = '*'
primary_conninfo = 'host=h password={}'
primary_conninfo = 'host=h password={}' x
archive_command 'postgres://u:{}@h'
restore_command = 'PGPASSWORD={}
"""

_HBA = """\
host all all 0.0.0.0/0 ldap ldapserver=x ldapbindpasswd="{}"
host all all 10.0.0.0/8 radius radiusservers=x radiussecrets={}
host all all 10.0.0.0/8 ldap ldapbindpasswd = {}
host all all 10.0.0.0/8 md5 ldapbindpasswd={}
host all all ldapbindpasswd={}
host all all 10.0.0.0/8 ldap "ldapbindpasswd={}
"""

_FILES = {
    "tf/main.tf": _TERRAFORM,
    "tf/terraform.tfvars": 'pw = "{}"\npassword = "{}\n',
    "tf1/main.tf": 'resource "postgresql_role" "a" {{\n  login = true\n  password = "{}\n}}\n',
    "tf2/main.tf": 'resource "postgresql_role" "a" {{\n  login = true\n  password = {} {}\n}}\n',
    "tf3/main.tf.json": '{{"resource":{{"postgresql_role":{{"a":{{"password":"{}" BROKEN}}}}}}}}',
    "plan/broken.json": '{{"format_version":"1.2","planned_values":{{"root_module":{{"resources":'
    '[{{"type":"postgresql_role","values":{{"password":"{}" "login"',
    "compose/docker-compose.yml": _COMPOSE,
    "compose/.env": "POSTGRES_PASSWORD={}\n",
    "compose1/docker-compose.yml": "services:\n  db:\n    POSTGRES_PASSWORD: '{}\n  x: [\n",
    "compose2/docker-compose.yml": "services:\n  db:\n    POSTGRES_PASSWORD: *{}\n",
    "compose3/docker-compose.yml": "services:\n  db:\n    POSTGRES_PASSWORD: !{} x: {}: b\n",
    "k8s/all.yaml": _KUBERNETES,
    "pgb/pgbouncer.ini": _PGBOUNCER,
    "pgb/userlist.txt": _USERLIST,
    "pg/postgresql.conf": _CONF,
    "pg/pg_hba.conf": _HBA,
    "svc/requirements.txt": "sqlalchemy\npsycopg\n",
    "svc/app.py": "from sqlalchemy import create_engine\nimport psycopg\n"
    'e = create_engine("postgresql://u:{}@h/d", pool_size=50)\n'
    'c = psycopg.connect(password="{}", host="h")\nc.execute("LISTEN x")\n',
    "svc/Dockerfile": "FROM python\nENV DATABASE_URL=postgres://u:{}@h/d PGPASSWORD={}\n"
    'RUN echo "host all all 0.0.0.0/0 ldap ldapbindpasswd={}" >> /x/pg_hba.conf\n',
    "java/src/main/resources/application.properties": "spring.datasource.password={}\n"
    "spring.datasource.url=jdbc:postgresql://h/d?password={}\n"
    "spring.datasource.hikari.maximum-pool-size=x\n",
    "rails/config/database.yml": "production:\n  adapter: postgresql\n"
    "  url: postgres://u:{}@h/d\n  password: {}\n  pool: x\n",
    "other/pgcat.toml": '[general]\nadmin_password = "{}"\n[pools.d]\npool_mode="session"\n'
    '[pools.d.users.0]\nusername="u"\npassword="{}"\npool_size=9\n',
    "init/docker-entrypoint-initdb.d/init.sh": "export PGPASSWORD={}\n"
    'psql "postgres://u:{}@h/d" -c "CREATE ROLE i1 LOGIN PASSWORD \'{}\' CONNECTION LIMIT -1"\n'
    "psql -c \"ALTER ROLE i1 PASSWORD '{}' BROKEN\"\n",
    "sd/app.service": "[Service]\nEnvironment=PGPASSWORD={}\nExecStart=/usr/bin/pgbouncer x\n",
    "alembic/versions/a.py": 'revision="a"\ndown_revision=None\nfrom alembic import op\nPW="{}"\n'
    "def upgrade():\n"
    "    op.execute(f\"CREATE ROLE p1 LOGIN PASSWORD '{{PW}}' CONNECTION LIMIT -1\")\n"
    "    op.execute(\"CREATE ROLE p2 PASSWORD '{}' BROKEN\")\n",
    "db/changelog/db.changelog-master.xml": '<databaseChangeLog><property name="pw" value="{}"/>'
    '<changeSet id="1" author="a"><sql>CREATE ROLE q1 LOGIN PASSWORD \'${{pw}}\';'
    " CREATE ROLE q2 PASSWORD '{}' BROKEN;</sql></changeSet></databaseChangeLog>",
}


def write_secrets(folder: Path) -> list[str]:
    """Write the files, each password another one. They are returned, encoded forms included."""
    numbers = count(100)
    secrets: list[str] = []

    def fresh() -> str:
        secrets.append(f"Zq{next(numbers)}xWvSecret")
        return secrets[-1]

    def write(name: str, text: str) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(*(fresh() for _ in range(text.count("{}")))), "utf-8")

    for number, statement in enumerate(_SQL):
        write(f"each/migrations/{number:03}.sql", f"{statement}\n")
    write("migrations/001.sql", "\n".join(_SQL) + "\n")
    for name, text in _FILES.items():
        write(name, text)
    planned = {"name": "a", "login": True, "superuser": False, "connection_limit": -1}
    resource = {"address": "postgresql_role.a", "type": "postgresql_role", "name": "a"}
    values = {**planned, "password": fresh()}
    plan = {
        "format_version": "1.2",
        "variables": {"pw": {"value": fresh()}},
        "planned_values": {"root_module": {"resources": [{**resource, "values": values}]}},
    }
    (folder / "plan" / "plan.json").write_text(json.dumps(plan), "utf-8")
    coded = base64.b64encode(fresh().encode()).decode()
    secrets.append(coded)
    (folder / "k8s" / "coded.yaml").write_text(
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: c}}\ndata: {{password: {coded}}}\n",
        "utf-8",
    )
    return secrets
