# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of pooler sizing that naive checks get wrong (edges 61 to 84)."""

from __future__ import annotations

from pathlib import Path

import pytest
from budget_cases import database, ids, ini, role, server, service, write

from connguard.policies.model.amount import UNBOUNDED, Standing
from connguard.policies.model.risks import risks

SERVER = "[server]\nmax_connections = 300\n"


def test_pools_are_per_user_and_database(tmp_path: Path) -> None:
    """edge 61: 4 users on 3 databases with pools of 20 are 240 connections, not 60."""
    names = ("a", "b", "c")
    users = ("app", "jobs", "report", "admin_user")
    services = "".join(service(f"{name}{user}", 30, name, user) for name in names for user in users)
    lines = "\n".join(f"{name} = host=db" for name in names)
    done = write(tmp_path, ini(lines, "max_client_conn = 400"), services + SERVER).run()

    assert server(done).demand.high == 240
    assert role(done, "app").demand.high == 60


def test_aliases_have_a_cap_each(tmp_path: Path) -> None:
    """edge 62: max_db_connections counts the pooler's names, not the server's databases."""
    services = service("web", 9, "one") + service("jobs", 9, "two")
    lines = "one = host=db dbname=shop\ntwo = host=db dbname=shop"
    done = write(tmp_path, ini(lines, "max_db_connections = 3"), services + SERVER).run()

    assert database(done, "shop").demand.high == 6


@pytest.mark.parametrize(("timeout", "connections"), [("5", 50), ("0", 40)])
def test_the_reserve_is_per_pool(tmp_path: Path, timeout: str, connections: int) -> None:
    """edge 63: each pool has its own reserve; reserve_pool_timeout = 0 switches it off."""
    services = service("web", 40, "a") + service("jobs", 40, "b")
    settings = f"reserve_pool_size = 5\nreserve_pool_timeout = {timeout}"
    done = write(tmp_path, ini("a = host=db\nb = host=db", settings), services + SERVER).run()

    assert role(done, "app").demand.high == connections


def test_zero_on_an_entry_does_not_lift_the_general_cap(tmp_path: Path) -> None:
    """edge 64: it falls back to the general one."""
    line = "shop = host=db max_db_connections=0"
    done = write(tmp_path, ini(line, "max_db_connections = 7"), service("web", 40) + SERVER).run()

    assert role(done, "app").demand.high == 7


@pytest.mark.parametrize(("version", "connections"), [("1.18", 1), ("1.23", 1), ("1.24", 40)])
def test_pool_size_zero(tmp_path: Path, version: str, connections: int) -> None:
    """edge 65: one connection before 1.24, no limit from then on."""
    pooler = ini("shop = host=db", "default_pool_size = 0")
    done = write(tmp_path, pooler, service("web", 40) + SERVER, version).run()

    assert role(done, "app").demand.high == connections


def test_pool_size_zero_of_an_unknown_version_is_a_range(tmp_path: Path) -> None:
    """edge 65: the version is then what would decide."""
    pooler = ini("shop = host=db", "default_pool_size = 0")
    limited = service("web", 40) + SERVER + '[[role]]\nname = "app"\nlimit = 20\n'
    done = write(tmp_path, pooler, limited, version=None).run()

    usage = role(done, "app")
    assert (usage.demand.low, usage.demand.high) == (1, 40)
    assert usage.standing is Standing.UNKNOWN
    assert "version" in usage.demand.reason


def test_a_users_pool_size_wins_over_the_databases(tmp_path: Path) -> None:
    """edge 66: from 1.23 on."""
    pooler = ini("shop = host=db pool_size=9", users="app = pool_size=4")
    done = write(tmp_path, pooler, service("web", 40) + SERVER, "1.23").run()

    assert role(done, "app").demand.high == 4


def test_an_older_version_refuses_a_users_pool_size(tmp_path: Path) -> None:
    """edge 66: the place of the setting is reported."""
    pooler = ini("shop = host=db", users="app = pool_size=4")
    done = write(tmp_path, pooler, service("web", 5) + SERVER, "1.18").run()

    assert ("PG901", "pgbouncer.ini", 4) in ids(done)


def test_the_version_that_a_setting_needs_is_the_oldest_considered(tmp_path: Path) -> None:
    """edge 66: who uses it runs a version that knows it."""
    pooler = ini("shop = host=db user=app", "default_pool_size = 20", users="app = pool_size=4")
    done = write(tmp_path, pooler, service("web", 40) + SERVER, version=None).run()

    assert role(done, "app").demand.high == 4


def test_every_process_holds_full_pools(tmp_path: Path) -> None:
    """edge 67: instances multiply, and `[peers] pool_size` is no server pool."""
    pooler = ini("shop = host=db", "default_pool_size = 4") + (
        "[peers]\n1 = host=a pool_size=50\n2 = host=b pool_size=50\n"
    )
    stack = write(tmp_path, pooler, service("web", 40) + SERVER)
    text = (tmp_path / "connguard.toml").read_text() + "instances = 3\n"
    (tmp_path / "connguard.toml").write_text(text)

    assert server(stack.run()).demand.high == 12


def test_an_entry_for_any_database_is_unbounded(tmp_path: Path) -> None:
    """edge 68: unless the services that use it are declared."""
    open_ended = write(tmp_path, ini("* = host=db"), SERVER).run()
    assert server(open_ended).demand.high == UNBOUNDED
    assert ("PG110", "pgbouncer.ini", 2) in ids(open_ended)

    services = service("web", 40, "a") + service("jobs", 40, "b")
    closed = write(tmp_path, ini("* = host=db"), services + SERVER).run()
    assert server(closed).demand.high == 40
    assert database(closed, "a").demand.high == 20


def test_user_lookups_have_a_pool_in_each_database(tmp_path: Path) -> None:
    """edge 69: of the user who looks up, and only for clients who are not in the auth_file."""
    services = service("web", 40, "a", "newcomer") + service("jobs", 40, "b", "newcomer")
    services += service("known", 40, "c", "app")
    lines = "a = host=db\nb = host=db\nc = host=db"
    settings = "auth_user = lookup\nmax_client_conn = 200\ndefault_pool_size = 5"
    done = write(tmp_path, ini(lines, settings), services + SERVER).run()
    assert role(done, "lookup").demand.high == 10

    together = ini(f"{lines}\nauth = host=db", f"{settings}\nauth_dbname = auth")
    done = write(tmp_path, together, services + SERVER).run()
    assert role(done, "lookup").demand.high == 5


def test_a_comment_after_a_number_is_refused(tmp_path: Path) -> None:
    """edge 71: PgBouncer does not start; the number is not read as 20 or as a default."""
    pooler = ini("shop = host=db", "default_pool_size = 20 ; more than enough")
    done = write(tmp_path, pooler, service("web", 40) + SERVER).run()

    assert ("PG901", "pgbouncer.ini", 7) in ids(done)
    assert not role(done, "app").demand.exact


def test_the_last_of_equal_settings_counts(tmp_path: Path) -> None:
    """edge 72: for settings, and for lines of [databases] as a whole."""
    lines = "shop = host=db pool_size=3\nshop = host=db"
    pooler = ini(lines, "default_pool_size = 8\ndefault_pool_size = 6")
    done = write(tmp_path, pooler, service("web", 40) + SERVER).run()

    assert role(done, "app").demand.high == 6


def test_a_second_header_resets_the_settings(tmp_path: Path) -> None:
    """edge 72: [pgbouncer] sets all defaults again, every time."""
    pooler = ini("shop = host=db", "default_pool_size = 8") + (
        "[pgbouncer]\nauth_file = userlist.txt\npool_mode = transaction\n"
    )
    done = write(tmp_path, pooler, service("web", 40) + SERVER).run()

    assert role(done, "app").demand.high == 20


def test_includes_go_on_in_the_same_section(tmp_path: Path) -> None:
    """edge 73: and what an included file sets has its place there."""
    (tmp_path / "sizes.ini").write_text("default_pool_size = 3\n[databases]\nlate = host=db\n")
    pooler = ini("shop = host=db", "%include /etc/pgbouncer/sizes.ini")
    done = write(tmp_path, pooler, service("web", 40, "late") + SERVER).run()

    assert role(done, "app").demand.high == 3
    assert ("PG901", "pgbouncer.ini", 7) not in ids(done)


def test_a_missing_include_leaves_everything_open(tmp_path: Path) -> None:
    """edge 73: what it sets is not known."""
    limited = service("web", 40) + SERVER + '[[role]]\nname = "app"\nlimit = 30\n'
    pooler = ini("shop = host=db", "%include /etc/pgbouncer/elsewhere.ini")
    done = write(tmp_path, pooler, limited).run()

    assert ("PG901", "pgbouncer.ini", 7) in ids(done)
    assert role(done, "app").standing is Standing.UNKNOWN


@pytest.mark.parametrize(("text", "size"), [("0x10", 16), ("010", 8), ("+7", 7), ("9", 9)])
def test_numbers_are_spelt_as_in_c(tmp_path: Path, text: str, size: int) -> None:
    """edge 74: settings take hexadecimal and octal."""
    pooler = ini("shop = host=db", f"default_pool_size = {text}")
    done = write(tmp_path, pooler, service("web", 40) + SERVER).run()

    assert role(done, "app").demand.high == size


@pytest.mark.parametrize(("text", "size"), [("0x10", 1), ("5abc", 5), ("abc", 1), ("'6'", 6)])
def test_numbers_in_connection_strings_go_through_atoi(
    tmp_path: Path, text: str, size: int
) -> None:
    """edge 74: what is no number there is 0, which is one connection before 1.24."""
    pooler = ini(f"shop = host=db pool_size={text}")
    done = write(tmp_path, pooler, service("web", 40) + SERVER, "1.18").run()

    assert role(done, "app").demand.high == size


def test_pools_above_a_role_limit(tmp_path: Path) -> None:
    """edge 75: pool, reserve and instances against the limit, at the largest of them."""
    limited = service("web", 60) + SERVER + '[[role]]\nname = "app"\nconnection_limit = 20\n'
    pooler = ini("shop = host=db", "default_pool_size = 20\nreserve_pool_size = 5")
    done = write(tmp_path, pooler, limited).run()

    assert role(done, "app").standing is Standing.UNSAFE
    assert ("PG101", "pgbouncer.ini", 7) in ids(done)
    message = next(one.message for one in done.report.findings if one.policy.id == "PG101")
    assert "web 60 clients → pool shop/app of pgbouncer opens 20 + 5 = 25" in message
    assert "connection 21 is refused" in message


def test_a_forced_user_is_the_role_that_counts(tmp_path: Path) -> None:
    """edge 76: the client's own role has no connection."""
    pooler = ini("shop = host=db user=jobs", "default_pool_size = 6")
    services = service("web", 40, user="app") + service("cron", 40, user="report")
    done = write(tmp_path, pooler, services + SERVER).run()

    assert role(done, "jobs").demand.high == 6
    ((_, budget),) = done.stacks
    assert [usage.name for usage in budget.roles] == ["jobs"]


@pytest.mark.parametrize(
    ("version", "pools"), [("1.18", 12), ("1.21", 12), ("1.23", 5), ("1.25", 5)]
)
def test_caps_of_forced_users(tmp_path: Path, version: str, pools: int) -> None:
    """Before 1.23 max_user_connections holds per entry, and [users] lines do not hold at all."""
    lines = "\n".join(f"{name} = host=db user=jobs" for name in "abc")
    services = "".join(service(name, 9, name) for name in "abc")
    settings = "default_pool_size = 4\nmax_user_connections = 5"
    done = write(tmp_path, ini(lines, settings), services + SERVER, version).run()

    assert role(done, "jobs").demand.high == pools


@pytest.mark.parametrize(
    ("settings", "slots"),
    [
        ("max_connections = 12", 9),
        ('max_connections = 12\nversion = "16"\nreserved_connections = 2', 7),
        ('max_connections = 12\nversion = "15"\nreserved_connections = 2', 9),
        ("max_connections = 12\nsuperuser_reserved_connections = 0\nprovider_reserved = 7", 5),
    ],
)
def test_slots_of_ordinary_roles(tmp_path: Path, settings: str, slots: int) -> None:
    """edge 77: what is reserved is not for them; reserved_connections is new in 16."""
    direct = service("web", slots, via="direct")
    fits = write(tmp_path, None, f"{direct}[server]\n{settings}\n[headroom]\nadmin = 0\n").run()
    assert server(fits).limit is not None
    assert (server(fits).limit.high, server(fits).standing) == (slots, Standing.SAFE)  # type: ignore[union-attr]

    direct = service("web", slots + 1, via="direct")
    above = write(tmp_path, None, f"{direct}[server]\n{settings}\n").run()
    assert server(above).standing is Standing.UNSAFE


def test_direct_connections_count_beside_the_pools(tmp_path: Path) -> None:
    """edge 78: migrations, cron and monitoring use the same role and slots."""
    services = service("web", 40) + service("migrations", 2, via="direct")
    limited = services + SERVER + '[[role]]\nname = "app"\nlimit = 21\n'
    done = write(tmp_path, ini("shop = host=db"), limited).run()

    assert role(done, "app").demand.high == 22
    assert role(done, "app").standing is Standing.UNSAFE


def test_poolers_on_one_server_add_up(tmp_path: Path) -> None:
    """edge 79: two poolers with full pools each."""
    (tmp_path / "second.ini").write_text(ini("shop = host=db", "default_pool_size = 30"))
    services = service("web", 40) + service("jobs", 40, via="second")
    second = '[[pooler]]\nname = "second"\nconfig = "second.ini"\nversion = "1.24"\n'
    done = write(tmp_path, ini("shop = host=db"), services + SERVER + second).run()

    assert role(done, "app").demand.high == 50


@pytest.mark.parametrize(("memory", "verdict"), [("4GiB", "unsafe"), ("64GiB", "safe")])
def test_a_smaller_instance_class_has_fewer_slots(
    tmp_path: Path, memory: str, verdict: str
) -> None:
    """edge 80: the default of max_connections is a formula over the memory."""
    formula = 'max_connections = "LEAST({DBInstanceClassMemory/9531392},5000)"'
    declared = service("web", 600, via="direct") + f'[server]\n{formula}\nmemory = "{memory}"\n'

    assert write(tmp_path, None, declared).run().verdict.value == verdict


def test_a_formula_without_memory_is_unknown(tmp_path: Path) -> None:
    """edge 80: and the memory is what would decide."""
    formula = 'max_connections = "LEAST({DBInstanceClassMemory/9531392},5000)"'
    done = write(tmp_path, None, service("web", 90, via="direct") + f"[server]\n{formula}\n").run()

    assert server(done).standing is Standing.UNKNOWN
    assert "memory" in done.report.undecided[0].reason


def test_more_clients_than_max_client_conn(tmp_path: Path) -> None:
    """edge 81: the default is 100, for all databases of the process together."""
    services = service("web", 60) + service("jobs", 41, "other")
    done = write(tmp_path, ini("shop = host=db\nother = host=db"), services + SERVER).run()

    ((_, budget),) = done.stacks
    assert budget.clients[0].standing is Standing.UNSAFE
    assert ("PG104", "connguard.toml", 3) in ids(done)


def test_open_files_below_the_estimate(tmp_path: Path) -> None:
    """edge 81: PgBouncer logs it only. 100 + 12 + 20 for each of 5 users it knows."""
    pooler = ini("shop = host=db")
    enough = write(tmp_path, pooler, service("web", 10) + SERVER)
    text = (tmp_path / "connguard.toml").read_text()
    (tmp_path / "connguard.toml").write_text(text + "open_files = 212\n")
    assert not {one for one in ids(enough.run()) if one[0] == "PG108"}

    (tmp_path / "connguard.toml").write_text(text + "open_files = 211\n")
    assert {one for one in ids(enough.run()) if one[0] == "PG108"}


def test_pools_that_cannot_fill(tmp_path: Path) -> None:
    """edge 82: above the cap, or above the slots; min_pool_size above the pool."""
    pooler = ini("shop = host=db", "default_pool_size = 30\nmax_db_connections = 25")
    done = write(tmp_path, pooler, service("web", 10) + SERVER).run()
    assert ("PG109", "pgbouncer.ini", 7) in ids(done)

    pooler = ini("shop = host=db", "default_pool_size = 5\nmin_pool_size = 9")
    done = write(tmp_path, pooler, service("web", 10) + SERVER).run()
    assert ("PG109", "pgbouncer.ini", 8) in ids(done)
    assert role(done, "app").demand.high == 5


def test_a_smaller_cap_of_one_entry_is_meant_so(tmp_path: Path) -> None:
    """edge 82: a cap for one user below the general pool size is no mistake."""
    pooler = ini("shop = host=db", "default_pool_size = 12", users="app = max_user_connections=6")
    done = write(tmp_path, pooler, service("web", 40) + SERVER).run()

    assert ids(done) == set()
    assert role(done, "app").demand.high == 6


@pytest.mark.parametrize(
    ("lines", "connections"),
    [
        ("max_connections = 50\nMax_Connections = 60", 60),
        ("max_connections = 50\ninclude 'more.conf'", 70),
        ("max_connections = 0x20", 32),
    ],
)
def test_the_last_place_that_sets_max_connections(
    tmp_path: Path, lines: str, connections: int
) -> None:
    """edge 84: as the server reads its files."""
    (tmp_path / "postgresql.conf").write_text(f"{lines}\n")
    (tmp_path / "more.conf").write_text("max_connections = 70\n")
    declared = service("web", 10, via="direct") + '[server]\nconfig = "postgresql.conf"\n'
    done = write(tmp_path, None, declared).run()

    assert server(done).limit is not None
    assert server(done).limit.high == connections - 3  # type: ignore[union-attr]


def test_the_automatic_configuration_comes_last(tmp_path: Path) -> None:
    """edge 84: ALTER SYSTEM writes postgresql.auto.conf, and a declared number wins over all."""
    (tmp_path / "postgresql.conf").write_text("max_connections = 50\n")
    (tmp_path / "postgresql.auto.conf").write_text("max_connections = 80\n")
    declared = service("web", 10, via="direct") + '[server]\nconfig = "postgresql.conf"\n'
    assert server(write(tmp_path, None, declared).run()).limit.high == 77  # type: ignore[union-attr]

    done = write(tmp_path, None, declared + "max_connections = 90\n").run()
    assert server(done).limit.high == 87  # type: ignore[union-attr]


def test_cancel_requests_are_a_risk_of_their_own(tmp_path: Path) -> None:
    """edge 70: up to twice the pool, but in sockets that are no connections of the role."""
    pooler = ini("shop = host=db", "default_pool_size = 7")
    done = write(tmp_path, pooler, service("web", 40) + SERVER).run()

    assert role(done, "app").demand.high == 7
    ((stack, _),) = done.stacks
    found = {risk.name: risk for risk in risks(stack.topology)}
    assert found["cancel-requests"].connections == 7
    assert "count against no limit" in found["cancel-requests"].message
