# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a topology that stand in SQL, Patroni's file, plans and other deployments' files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from budget_cases import database, ids, ini, role, server, service, write
from click.testing import CliRunner

from connguard.budget import suggest
from connguard.budget.run import Run, run
from connguard.engine.cli import main
from connguard.engine.settings import Settings
from connguard.engine.text import Text
from connguard.policies.model.amount import UNBOUNDED, Standing, exactly


def found(folder: Path, **files: str) -> Run:
    """The budget of files whose names are written with `__` for a dot."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return run([folder], Settings(), [])


def slots(done: Run) -> tuple[int, int]:
    limit = server(done).limit
    assert limit is not None
    return limit.low, limit.high


def migrate(folder: Path, sql: str) -> None:
    (folder / "migrations").mkdir(exist_ok=True)
    (folder / "migrations" / "V1__slots.sql").write_text(sql, encoding="utf-8")


def test_alter_system_wins_over_the_file(tmp_path: Path) -> None:
    """edge 84: postgresql.auto.conf is read last, so 30 - 5 and not 300 - 3 slots are there."""
    migrate(
        tmp_path,
        "ALTER SYSTEM SET max_connections = 30;\n"
        "ALTER SYSTEM SET superuser_reserved_connections = '5';\n",
    )
    done = found(
        tmp_path,
        pgbouncer__ini=ini("shop = host=db user=app", "default_pool_size = 28"),
        postgresql__conf="max_connections = 300\n",
    )

    assert slots(done) == (25, 25)
    assert ("PG103", "pgbouncer.ini", 7) in ids(done)
    place = server(done).settings[0].origin  # type: ignore[attr-defined]
    assert (Path(place.path).name, place.line) == ("V1__slots.sql", 1)


def test_alter_system_that_was_reset_sets_nothing(tmp_path: Path) -> None:
    """The state after all statements counts."""
    migrate(
        tmp_path,
        "ALTER SYSTEM SET max_connections = 30;\nALTER SYSTEM RESET max_connections;\n",
    )
    done = found(
        tmp_path,
        pgbouncer__ini=ini("shop = host=db user=app"),
        postgresql__conf="max_connections = 300\n",
    )

    assert slots(done) == (297, 297)


def test_alter_system_without_a_file_makes_a_server(tmp_path: Path) -> None:
    """The statement alone says how many slots there are."""
    migrate(tmp_path, "ALTER SYSTEM SET max_connections = 15;\n")
    done = found(tmp_path, pgbouncer__ini=ini("shop = host=db user=app"))

    assert slots(done) == (12, 12)
    assert server(done).standing is Standing.UNSAFE


def test_the_command_line_wins_over_alter_system(tmp_path: Path) -> None:
    """edge 84: `-c` counts last of all."""
    migrate(tmp_path, "ALTER SYSTEM SET max_connections = 15;\n")
    done = found(
        tmp_path,
        compose__yaml=(
            "services:\n  db:\n    image: postgres:16\n"
            "    command: postgres -c max_connections=60\n"
            "  other:\n    image: shop\n"
            "    environment: {DATABASE_URL: 'postgres://a@db/shop'}\n"
        ),
    )

    assert slots(done) == (57, 57)


def test_alter_system_may_be_meant_for_one_of_several_servers(tmp_path: Path) -> None:
    """Nothing says on which it is run: both values stay possible."""
    migrate(tmp_path, "ALTER SYSTEM SET max_connections = 50;\n")
    one = "  {0}:\n    image: postgres:16\n  web{0}:\n    image: shop\n"
    one += "    environment: {{DATABASE_URL: 'postgres://a@{0}/shop?pool_max_conns=5'}}\n"
    services = "services:\n" + one.format("a") + one.format("b")
    done = found(tmp_path, compose__yaml=services)

    limits = [budget.server.limit for _, budget in done.stacks if budget.server]
    assert [(one.low, one.high) for one in limits if one] == [(47, 97), (47, 97)]


def test_alter_system_below_a_declared_file(tmp_path: Path) -> None:
    """What connguard.toml says itself wins; what its file says does not."""
    migrate(tmp_path, "ALTER SYSTEM SET max_connections = 30;\n")
    (tmp_path / "pg.conf").write_text("max_connections = 80\n", encoding="utf-8")
    pooler, web = ini("shop = host=db"), service("web", 5)
    of_file = write(tmp_path, pooler, web + '[server]\nconfig = "pg.conf"\n').run()
    assert slots(of_file) == (27, 27)

    said = write(tmp_path, pooler, web + "[server]\nmax_connections = 40\n").run()
    assert slots(said) == (37, 37)


PATRONI = """\
scope: shop
bootstrap:
  dcs:
    ttl: 30
    loop_wait: 10
    postgresql:
      parameters:
        max_connections: 25
postgresql:
  listen: 0.0.0.0:5432
  parameters:
    max_connections: 500
    superuser_reserved_connections: 5
"""


def test_patroni_takes_max_connections_from_the_cluster(tmp_path: Path) -> None:
    """edge 84: what a member's own part says about it is ignored; other settings hold."""
    done = found(
        tmp_path,
        patroni__yml=PATRONI,
        pgbouncer__ini=ini("shop = host=db user=app", "default_pool_size = 21"),
    )

    assert slots(done) == (20, 20)
    assert server(done).settings[0].origin.line == 8  # type: ignore[attr-defined]
    assert ("PG103", "pgbouncer.ini", 7) in ids(done)


def test_patronis_default(tmp_path: Path) -> None:
    """Without a value in the cluster's configuration it is 100."""
    text = "ttl: 30\nloop_wait: 10\npostgresql:\n  parameters:\n    work_mem: 8MB\n"
    done = found(tmp_path, dcs__yml=text, pgbouncer__ini=ini("shop = host=db user=app"))

    assert slots(done) == (97, 97)


def test_a_database_limit_does_not_hold_for_superusers(tmp_path: Path) -> None:
    """Only ordinary roles are refused at it."""
    text = service("web", 40) + "[server]\nmax_connections = 300\n"
    text += '[[database]]\nname = "shop"\nconnection_limit = 5\n'
    superuser = '[[role]]\nname = "app"\nsuperuser = true\n'
    done = write(tmp_path, ini("shop = host=db"), text + superuser).run()
    usage = database(done, "shop")
    assert (usage.limit, usage.standing) == (None, Standing.SAFE)
    assert "superusers" in usage.ignored
    assert not any(name == "PG102" for name, _, _ in ids(done))

    ordinary = service("jobs", 3, user="jobs")
    done = write(tmp_path, ini("shop = host=db"), ordinary + text + superuser).run()
    assert database(done, "shop").standing is Standing.UNSAFE
    assert role(done, "jobs").demand.high == 3


def test_an_included_header_resets_the_settings(tmp_path: Path) -> None:
    """Measured on PgBouncer 1.18: [pgbouncer] in an included file sets all defaults again."""
    (tmp_path / "more.ini").write_text("[pgbouncer]\nreserve_pool_size = 2\n", encoding="utf-8")
    pooler = ini(
        "shop = host=db",
        "default_pool_size = 7\nmax_client_conn = 77\n%include more.ini\nmin_pool_size = 3",
    )
    done = write(tmp_path, pooler, "[server]\nmax_connections = 300\n").run()
    ((stack, _),) = done.stacks
    pooler_read = next(one for one in stack.topology.poolers if one.name == "pgbouncer")

    assert pooler_read.default_pool_size.high == 20
    assert pooler_read.max_client_conn.high == 100
    assert pooler_read.reserve_pool_size.high == 2
    assert pooler_read.min_pool_size.high == 3


PLAN = """\
{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
 {"address": "azurerm_postgresql_flexible_server.db", "mode": "managed",
  "type": "azurerm_postgresql_flexible_server", "name": "db",
  "values": {"sku_name": "GP_Standard_D2s_v3"}},
 {"address": "azurerm_postgresql_flexible_server_configuration.most", "mode": "managed",
  "type": "azurerm_postgresql_flexible_server_configuration", "name": "most",
  "values": {"name": "max_connections",
   "value": "40"}}
 ], "child_modules": [{"resources": [
 {"address": "module.a.azurerm_postgresql_flexible_server_configuration.on", "mode": "managed",
  "type": "azurerm_postgresql_flexible_server_configuration", "name": "on",
  "values": {"name": "pgbouncer.enabled", "value": "true"}},
 {"address": "module.a.azurerm_postgresql_flexible_server_configuration.size", "mode": "managed",
  "type": "azurerm_postgresql_flexible_server_configuration", "name": "size",
  "values": {"name": "pgbouncer.default_pool_size", "value": "30"}}
 ]}]}}}
"""


def test_a_plan_gives_the_topology_of_its_source(tmp_path: Path) -> None:
    """Planned values of all modules: 40 connections less Azure's 15, in the file at line 8."""
    done = found(tmp_path, plan__json=PLAN)

    assert slots(done) == (25, 25)
    assert server(done).settings[0].origin.line == 8  # type: ignore[attr-defined]
    ((stack, _),) = done.stacks
    assert [one.default_pool_size.high for one in stack.topology.poolers] == [30]


def test_a_broken_plan_is_reported_and_nothing_is_made_of_it(tmp_path: Path) -> None:
    """The front end of plans says so."""
    done = found(tmp_path, plan__json=PLAN[:-200])

    assert done.stacks == []


def test_rds_in_a_plan_whose_class_is_not_known(tmp_path: Path) -> None:
    """What comes after apply is a range, not a default."""
    text = (
        '{"format_version": "1.2", "planned_values": {"root_module": {"resources": [\n'
        ' {"address": "aws_db_instance.db", "mode": "managed", "type": "aws_db_instance",\n'
        '  "name": "db", "values": {"engine": "postgres"}}]}},\n'
        ' "resource_changes": [{"address": "aws_db_instance.db", "change":\n'
        '  {"after_unknown": {"instance_class": true}}}]}\n'
    )
    done = found(tmp_path, plan__json=text)
    low, high = slots(done)

    assert low < high


def test_suggestions_can_be_applied(tmp_path: Path) -> None:
    """The files are changed where the numbers stand, all else stays byte for byte."""
    pooler = ini("shop = host=db", "default_pool_size = 60\r\n# ünchanged\r\nreserve_pool_size = 9")
    declared = service("web", 90) + "[server]\nmax_connections = 50\n"
    declared += '[[role]]\nname = "app"\nconnection_limit = 20\n'
    write(tmp_path, pooler, declared)
    (tmp_path / "pgbouncer.ini").write_bytes(pooler.encode())
    result = CliRunner().invoke(main, ["budget", str(tmp_path), "--apply"])

    assert result.exit_code == 0, result.output
    after = CliRunner().invoke(main, ["budget", str(tmp_path), "--format", "json"])
    assert json.loads(after.output)["verdict"] == "safe"
    data = (tmp_path / "pgbouncer.ini").read_bytes()
    assert "\r\n# ünchanged\r\n".encode() in data
    assert b"default_pool_size = 60" not in data


def test_applying_goes_with_no_what_if(tmp_path: Path) -> None:
    """A number that is only assumed must not be written."""
    write(tmp_path, ini("shop = host=db"), service("web", 9))
    arguments = ["budget", str(tmp_path), "--apply", "--set", "service.web.instances=3"]

    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_numbers_that_two_stacks_want_different_are_left_alone(tmp_path: Path) -> None:
    """The same place cannot be two numbers; attributes and strings are edited in place."""
    text = Text("main.tf", 'value = "40"\nsize = 12\n')
    first = exactly(40, "max_connections", text.origin(0, 12))
    other = exactly(12, "size", text.origin(13, 22))
    changes = [
        suggest.Change("a", first, 50, "a"),
        suggest.Change("b", other, 9, "b"),
        suggest.Change("b", other, 8, "b"),
    ]
    made, left = suggest.edits(changes, {"main.tf": text})

    assert [(one.line, one.old, one.new) for one in made] == [(1, "40", "50")]
    assert [change.new for change in left] == [9, 8]
    assert suggest.edited(text.string, made) == 'value = "50"\nsize = 12\n'
    with pytest.raises(ValueError, match="line 1"):
        suggest.edited("value = 41", made)


ODYSSEY = """\
# database "commented" { user "x" { storage "pg" } }
storage "pg" {
    type "remote"
    host "[db1]:5432,[db2]:5432"
}
storage "local" { type "local" }
client_max 50
database "shop" {
    user "app" {
        authentication "none"
        storage "pg"
        storage_user "owner"
        pool "transaction"
        pool_size 12 # per route
        client_fwd_error yes
    }
    user "jobs" { storage "pg" pool "session" pool_size 3 }
}
database "console" { user default { storage "local" role "admin" } }
"""


def test_odyssey_has_a_pool_for_each_user_block(tmp_path: Path) -> None:
    """The console is no route to the server; the storage's user is the role that counts."""
    done = found(tmp_path, odyssey__conf=ODYSSEY, postgresql__conf="max_connections = 17\n")

    assert (role(done, "owner").demand.high, role(done, "jobs").demand.high) == (12, 3)
    assert server(done).demand.high == 15
    assert ("PG103", "odyssey.conf", 14) in ids(done)
    ((stack, _),) = done.stacks
    (pooler,) = stack.topology.poolers
    assert [entry.host for entry in pooler.entries] == ["db1", "db1"]
    assert pooler.max_client_conn.high == 50


def test_odyssey_without_a_pool_size_has_no_limit(tmp_path: Path) -> None:
    """The default of 0 is no limit; `default` stands for any name."""
    text = 'storage "pg" { type "remote" host "db" }\n'
    text += 'database default { user default { storage "pg" pool "session" } }\n'
    done = found(tmp_path, odyssey__conf=text, postgresql__conf="max_connections = 50\n")

    assert server(done).demand.high == UNBOUNDED


def test_a_broken_odyssey_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Nothing raises."""
    for end in range(0, len(ODYSSEY), 7):
        found(tmp_path, odyssey__conf=ODYSSEY[:end], postgresql__conf="max_connections = 50\n")


def test_supabases_pooler(tmp_path: Path) -> None:
    """Only if it is enabled; places are those of the file."""
    folder = tmp_path / "supabase"
    folder.mkdir()
    text = '[db]\nport = 54322\n[db.pooler]\nenabled = {}\npool_mode = "transaction"\n'
    text += "default_pool_size = 30\nmax_client_conn = 90\n"
    (folder / "config.toml").write_text(text.format("true"), encoding="utf-8")
    done = run([tmp_path], Settings(), [])
    ((stack, _),) = done.stacks
    (pooler,) = stack.topology.poolers
    assert pooler.max_client_conn.high == 90
    place = pooler.default_pool_size.origin
    assert (pooler.default_pool_size.high, place and place.line) == (30, 6)

    (folder / "config.toml").write_text(text.format("false"), encoding="utf-8")
    assert run([tmp_path], Settings(), []).stacks == []


@pytest.mark.parametrize(
    ("limit", "fires"),
    [("1024", True), ("1024:65536", True), ("65536", False), ("infinity", False), ("", False)],
)
def test_open_files_of_a_systemd_unit(tmp_path: Path, limit: str, fires: bool) -> None:
    """PG108: the soft limit counts, and a drop-in wins over the unit."""
    (tmp_path / "pgbouncer.service").write_text(
        "[Unit]\nDescription=pooler\n[Service]\n"
        "ExecStart=/usr/sbin/pgbouncer /etc/pgbouncer/pgbouncer.ini\nLimitNOFILE=200000\n",
        encoding="utf-8",
    )
    drop_in = tmp_path / "pgbouncer.service.d"
    drop_in.mkdir()
    (drop_in / "limits.conf").write_text(f"[Service]\nLimitNOFILE={limit}\n", encoding="utf-8")
    pooler = ini("shop = host=db user=app", "max_client_conn = 5000")
    done = found(tmp_path, pgbouncer__ini=pooler)

    assert any(name == "PG108" for name, _, _ in ids(done)) is fires
    declared = write(tmp_path, pooler, service("web", 9)).run()
    assert any(name == "PG108" for name, _, _ in ids(declared)) is fires


def test_units_of_several_poolers(tmp_path: Path) -> None:
    """Each configuration has the unit that starts it."""
    for name, limit in (("pgbouncer-a", 1000), ("pgbouncer-b", 50000)):
        (tmp_path / f"{name}.service").write_text(
            f"[Service]\nExecStart=/usr/sbin/pgbouncer /etc/pgbouncer/{name[-1]}.ini\n"
            f"LimitNOFILE={limit}\nExecReload=/bin/kill -HUP $MAINPID\n",
            encoding="utf-8",
        )
    text = ini("shop = host=db user=app", "max_client_conn = 5000")
    done = found(tmp_path, a__ini=text, b__ini=text)

    assert {one for one in ids(done) if one[0] == "PG108"} == {("PG108", "pgbouncer-a.service", 3)}


def test_odysseys_block_of_a_user_wins_over_the_default(tmp_path: Path) -> None:
    """Whatever comes last in the file."""
    text = (
        'storage "pg" { type "remote" host "db" }\n'
        'database "shop" { user "app" { storage "pg" pool_size 4 }\n'
        ' user default { storage "pg" pool_size 9 } }\n'
    )
    (tmp_path / "odyssey.conf").write_text(text, encoding="utf-8")
    services = service("web", 40, via="odyssey") + service("b", 40, user="jobs", via="odyssey")
    done = write(tmp_path, None, services + "[server]\nmax_connections = 90\n").run()

    assert (role(done, "app").demand.high, role(done, "jobs").demand.high) == (4, 9)


ECS = """\
variable "size" { default = 4 }
resource "aws_db_instance" "db" {
  engine         = "postgres"
  instance_class = "db.t3.micro"
}
resource "aws_ecs_task_definition" "web" {
  container_definitions = jsonencode([{
    name = "web"
    environment = [
      { name = "DATABASE_URL", value = "postgres://app@${aws_db_instance.db.address}/shop" },
      { name = "DB_POOL_SIZE", value = "5" },
    ]
  }])
}
resource "aws_ecs_service" "web" {
  name            = "web"
  task_definition = aws_ecs_task_definition.web.arn
  desired_count   = 3
}
"""
TARGET = """\
resource "aws_appautoscaling_target" "web" {
  resource_id  = "service/main/${aws_ecs_service.web.name}"
  max_capacity = 10
}
"""


@pytest.mark.parametrize(("more", "most"), [("", 30), (TARGET, 100)])
def test_tasks_of_ecs(tmp_path: Path, more: str, most: int) -> None:
    """The autoscaling maximum counts, and a deployment runs twice as many tasks."""
    done = found(tmp_path, main__tf=ECS + more)

    assert role(done, "app").demand.high == most
    assert server(done).demand.high == most


def test_instances_of_cloud_run(tmp_path: Path) -> None:
    """max_instance_count × pool; without a maximum the quotas of the region decide."""
    text = """\
resource "google_sql_database_instance" "db" {
  database_version = "POSTGRES_16"
  settings { tier = "db-custom-2-7680" }
}
resource "google_cloud_run_v2_service" "web" {
  name = "web"
  template {
    SCALING
    containers {
      env {
        name  = "DB_HOST"
        value = google_sql_database_instance.db.private_ip_address
      }
      env {
        name  = "DB_USER"
        value = "app"
      }
      env {
        name  = "DB_POOL"
        value = "7"
      }
    }
  }
}
"""
    done = found(tmp_path, main__tf=text.replace("SCALING", "scaling { max_instance_count = 6 }"))
    assert role(done, "app").demand.high == 42

    done = found(tmp_path, main__tf=text.replace("SCALING", ""))
    assert not role(done, "app").demand.bounded
    assert role(done, "app").demand.low == 7


APP = """\
{
  "addons": [{"plan": "heroku-postgresql:essential-0"}],
  "env": {"WEB_CONCURRENCY": "2", "DB_POOL": {"value": "5"}},
  "formation": {
    "web": {"quantity": 2},
    "worker": {"quantity": %s}
  }
}
"""


@pytest.mark.parametrize(
    ("workers", "standing"),
    [("0", Standing.SAFE), ("1", Standing.UNSAFE), ("{}", Standing.UNKNOWN)],
)
def test_dynos_of_heroku(tmp_path: Path, workers: str, standing: Standing) -> None:
    """2 dynos × 2 processes × 5, and the workers, against the 20 of the add-on's plan."""
    done = found(tmp_path, app__json=APP % workers)

    assert slots(done) == (20, 20)
    assert server(done).standing is standing
    if workers == "1":
        assert server(done).demand.high == 30


def test_other_files_of_these_names(tmp_path: Path) -> None:
    """Expo has an app.json, too."""
    for text in ('{"expo": {"name": "shop"}}', "[1, 2]", '{"addons": [', "", '"text"'):
        assert found(tmp_path, app__json=text).stacks == []
    for text in ('app = "shop"\n', "app = [\n", "[env]\nDATABASE_URL = 3\n"):
        assert found(tmp_path, fly__toml=text).stacks == []


@pytest.mark.parametrize(
    ("machines", "low", "high"),
    [("[[vm]]\ncount = 3\n", 21, 21), ("[http_service]\nmin_machines_running = 2\n", 14, None)],
)
def test_machines_of_fly(tmp_path: Path, machines: str, low: int, high: int | None) -> None:
    """The count of `[[vm]]`; else only how many keep running is in the file."""
    (tmp_path / "compose.yaml").write_text(
        "services:\n  db:\n    image: postgres:16\n    command: postgres -c max_connections=60\n",
        encoding="utf-8",
    )
    text = 'app = "shop"\n[env]\nDATABASE_URL = "postgres://app@db/shop?pool_max_conns=7"\n'
    (tmp_path / "fly.toml").write_text(text + machines, encoding="utf-8")
    done = run([tmp_path], Settings(), [])

    demand = role(done, "app").demand
    assert (demand.low, demand.high) == (low, high or UNBOUNDED)


def test_direct_clients_beside_a_proxy_that_takes_all(tmp_path: Path) -> None:
    """edge 78: at max_connections_percent = 100 a direct client finds no slot."""
    text = """\
resource "aws_db_instance" "db" {
  engine         = "postgres"
  instance_class = "db.r6g.large"
}
resource "aws_db_parameter_group" "db" {
  family = "postgres16"
  parameter {
    name  = "max_connections"
    value = "200"
  }
}
resource "aws_db_proxy_default_target_group" "a" {
  db_proxy_name = "a"
  connection_pool_config { max_connections_percent = 100 }
}
"""
    done = found(tmp_path, main__tf=text)

    assert server(done).standing is Standing.UNSAFE
    assert ("PG103", "main.tf", 9) in ids(done)


def test_a_forced_users_limit_counts_not_the_clients(tmp_path: Path) -> None:
    """edge 76: the client's role has a small limit, and no connection of its own."""
    limits = (
        "CREATE ROLE app LOGIN CONNECTION LIMIT 2;\nCREATE ROLE owner LOGIN CONNECTION LIMIT 9;\n"
    )
    migrate(tmp_path, limits)
    pooler = ini("shop = host=db user=owner", "default_pool_size = 12")
    done = found(tmp_path, pgbouncer__ini=pooler, postgresql__conf="max_connections = 90\n")

    assert role(done, "owner").standing is Standing.UNSAFE
    assert (role(done, "app").demand.high, role(done, "app").standing) == (0, Standing.SAFE)


def test_zalandos_max_connections_depend_on_the_memory(tmp_path: Path) -> None:
    """One for 30 MB, from 100 to 1000, unless the resource says so."""
    text = (
        "apiVersion: acid.zalan.do/v1\nkind: postgresql\nmetadata: {name: acid-shop}\nspec:\n"
        "  enableConnectionPooler: true\n  postgresql: {version: '16', parameters: {}}\n"
    )
    assert slots(found(tmp_path, shop__yaml=text)) == (97, 997)

    said = text.replace("{}}", "{max_connections: '300'}}")
    assert slots(found(tmp_path, shop__yaml=said)) == (297, 297)
