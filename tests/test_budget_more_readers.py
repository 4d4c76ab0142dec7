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
from connguard.cli import main
from connguard.policies.model.amount import Standing, exactly
from connguard.settings import Settings
from connguard.text import Text


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
