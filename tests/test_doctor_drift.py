# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard doctor` compares real servers and poolers with files: each kind of drift, and none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from doctor_runs import dsn_of, findings, look, run
from servers import PgBouncer, Postgres, newest_postgres, oldest_postgres

import connguard
from connguard.engine.scan import scan
from connguard.engine.settings import Settings
from connguard.live import snapshot

HBA = """local  all   all                     trust
host   all   postgres   127.0.0.0/8  trust
host   shop  app        10.1.0.0/16  scram-sha-256
host   all   app        127.0.0.1/32 trust
"""
CONF: dict[str, str | int] = {
    "max_connections": 25,
    "superuser_reserved_connections": 4,
    "idle_in_transaction_session_timeout": "90s",
    "authentication_timeout": "30s",
    "listen_addresses": "127.0.0.1",
}
SQL = """CREATE ROLE app LOGIN CONNECTION LIMIT 12;
CREATE ROLE reporting LOGIN CONNECTION LIMIT 4;
CREATE DATABASE shop CONNECTION LIMIT 20;
ALTER ROLE app SET statement_timeout = '45s';
"""


@pytest.fixture(scope="module", params=["oldest", "newest"])
def shared(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    installation = oldest_postgres() if request.param == "oldest" else newest_postgres()
    with Postgres(installation, conf=CONF, hba=HBA) as running:
        running.execute(*(line for line in SQL.splitlines() if line))
        yield running


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Files that say exactly what the server is."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "V1__roles.sql").write_text(SQL)
    (tmp_path / "pg_hba.conf").write_text(HBA)
    (tmp_path / "postgresql.conf").write_text(
        "max_connections = 25\n"
        "superuser_reserved_connections = 4\n"
        "idle_in_transaction_session_timeout = 1min 30s\n".replace("1min 30s", "90000")
        + "authentication_timeout = 0.5min\n"
        "listen_addresses = '127.0.0.1'\n"
    )
    return tmp_path


def test_files_that_describe_the_server_show_no_drift(server: Postgres, repository: Path) -> None:
    """Units and notation do not matter; the exit code is 0."""
    found = look(dsn_of(server), repository)

    assert findings(found) == set()
    assert found.compared == 9
    assert found.exit_code == 0


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_limits_of_roles_and_databases(server: Postgres, repository: Path) -> None:
    """The line of the migration, and the row of the catalog, with both numbers."""
    sql = repository / "migrations" / "V1__roles.sql"
    change(sql, "LIMIT 12", "LIMIT 10")
    change(sql, "LIMIT 20", "LIMIT 18")
    change(sql, "CREATE ROLE reporting", "CREATE ROLE cron")
    found = look(dsn_of(server), repository)

    assert findings(found) == {
        ("V1__roles.sql", 1, "PG601"),
        ("V1__roles.sql", 2, "PG601"),
        ("V1__roles.sql", 3, "PG602"),
    }
    assert found.report is not None
    app = found.report.findings[0]
    assert f"is 10 here and 12 on 127.0.0.1:{server.port}/postgres" in app.message
    assert app.related[0].message == "pg_roles says 12"
    live = found.report.texts[app.related[0].origin.path]
    assert '"name": "app", "connection_limit": 12' in live.line(app.related[0].origin.line)
    assert found.exit_code == 1


def test_limits_of_terraform(server: Postgres, tmp_path: Path) -> None:
    """Terraform states the whole role: what it leaves out is no limit."""
    (tmp_path / "roles.tf").write_text(
        'resource "postgresql_role" "app" {\n  name = "app"\n  login = true\n}\n'
        'resource "postgresql_role" "reporting" {\n  name = "reporting"\n  login = true\n'
        "  connection_limit = 4\n}\n"
    )
    found = look(dsn_of(server), tmp_path)

    assert findings(found) == {("roles.tf", 1, "PG601")}


def test_settings_of_the_server(server: Postgres, repository: Path) -> None:
    """Numbers, times, lists and switches; where the server sets it is told, too."""
    conf = repository / "postgresql.conf"
    conf.write_text(
        "max_connections = 200\n"
        "superuser_reserved_connections = 4\n"
        "idle_in_transaction_session_timeout = 5min\n"
        "authentication_timeout = 30\n"
        "listen_addresses = '*'\n"
        "ssl = on\n"
    )
    found = look(dsn_of(server), repository)

    assert findings(found) == {
        ("postgresql.conf", 1, "PG603"),
        ("postgresql.conf", 3, "PG603"),
        ("postgresql.conf", 5, "PG603"),
        ("postgresql.conf", 6, "PG603"),
    }
    assert found.report is not None
    slots = next(one for one in found.report.findings if "max_connections" in one.message)
    there = slots.related[-1].origin
    assert there.path == str(server.data / "postgresql.conf")
    lines = (server.data / "postgresql.conf").read_text().splitlines()
    assert lines[there.line - 1] == "max_connections = 25"


def test_settings_of_a_role(server: Postgres, repository: Path) -> None:
    """ALTER ROLE … SET is compared with pg_db_role_setting."""
    sql = repository / "migrations" / "V1__roles.sql"
    change(sql, "45s", "60s")
    sql.write_text(sql.read_text() + "ALTER DATABASE shop SET lock_timeout = '2s';\n")
    found = look(dsn_of(server), repository)

    assert findings(found) == {("V1__roles.sql", 4, "PG603"), ("V1__roles.sql", 5, "PG603")}


def test_a_setting_of_our_own_role_hides_the_servers(server: Postgres, tmp_path: Path) -> None:
    """app has its own statement_timeout: looking as app cannot tell the server's."""
    (tmp_path / "postgresql.conf").write_text("statement_timeout = 45s\n")
    as_app = look(dsn_of(server, user="app"), tmp_path)
    as_admin = look(dsn_of(server), tmp_path)

    assert findings(as_app) == {("postgresql.conf", 1, "PG902")}
    assert findings(as_admin) == {("postgresql.conf", 1, "PG603")}


def test_a_change_that_waits_for_a_restart(repository: Path) -> None:
    """The server says itself that its file is ahead of it."""
    with Postgres(oldest_postgres(), conf=CONF, hba=HBA) as server:
        server.execute(*(line for line in SQL.splitlines() if line))
        server.write_conf({**CONF, "max_connections": 60})
        server.reload()
        found = look(dsn_of(server), repository)

    assert {policy for _, _, policy in findings(found)} == {"PG604"}
    assert found.report is not None
    (waiting,) = found.report.findings
    assert "runs with max_connections = 25" in waiting.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The same in another notation and order.
        (
            "local all postgres,app trust\nlocal all all trust\n"
            "host all app 127.0.0.1 255.255.255.255 trust\n"
            "host shop app 10.1.0.0/17 scram-sha-256\nhost shop app 10.1.128.0/17 scram-sha-256\n"
            'host all "postgres" 127.0.0.0/8 trust\nhost all all 0.0.0.0/0 reject\n',
            set(),
        ),
        # The server lets in somebody whom the file rejects.
        (HBA.replace("127.0.0.1/32 trust", "127.0.0.1/32 reject"), {(4, "error")}),
        # The server has no line for what the file lets in.
        (HBA + "host all backup 10.9.0.0/16 scram-sha-256\n", {(5, "error")}),
        # Another method.
        (HBA.replace("scram-sha-256", "md5"), {(3, "warning")}),
        # The server has a line more.
        (HBA.replace("host   shop  app        10.1.0.0/16  scram-sha-256\n", ""), {(1, "error")}),
    ],
    ids=["same", "opened", "closed", "method", "more"],
)
def test_access_rules_are_compared_by_meaning(
    server: Postgres, tmp_path: Path, text: str, expected: set[tuple[int, str]]
) -> None:
    """Only a login that meets another fate is a difference."""
    (tmp_path / "pg_hba.conf").write_text(text)
    found = look(dsn_of(server), tmp_path)

    assert found.report is not None
    assert {
        (finding.origin.line, finding.severity.value)
        for finding in found.report.findings
        if finding.policy.id == "PG605"
    } == expected
    assert {policy for _, _, policy in findings(found)} <= {"PG605"}


def test_access_rules_that_the_server_cannot_load(tmp_path: Path) -> None:
    """The file on the server has an error row; the repository need not hold one."""
    (tmp_path / "V1__x.sql").write_text("CREATE ROLE app LOGIN CONNECTION LIMIT 1;\n")
    with Postgres(newest_postgres()) as server:
        server.execute("CREATE ROLE app LOGIN CONNECTION LIMIT 1")
        server.write_file("pg_hba.conf", "local all all trust\nhost all all 0.0.0.0/0 scram\n")
        server.reload()
        found = look(dsn_of(server), tmp_path)

    assert {policy for _, _, policy in findings(found)} == {"PG606"}
    assert found.report is not None
    assert 'line 2: invalid authentication method "scram"' in found.report.findings[0].message


def test_an_ordinary_role_says_what_it_may_not_see(server: Postgres, repository: Path) -> None:
    """pg_hba_file_rules needs rights: undecided, never "no difference"."""
    found = look(dsn_of(server, user="app"), repository)

    assert ("pg_hba.conf", 1, "PG902") in findings(found)
    assert found.report is not None
    (gap,) = [one for one in found.report.undecided if one.policy_id == "PG605"]
    assert "permission denied" in gap.reason
    assert "GRANT" in gap.reason


def test_suppression_comments_hold_for_drift(server: Postgres, repository: Path) -> None:
    """A difference that is meant can be accepted where it stands."""
    sql = repository / "migrations" / "V1__roles.sql"
    change(
        sql,
        "LIMIT 12;",
        "LIMIT 10;  -- connguard: ignore PG601 raised by hand until the next release",
    )
    found = look(dsn_of(server), repository)

    assert findings(found) == set()
    assert found.report is not None
    assert [one.finding.policy.id for one in found.report.suppressed] == ["PG601"]


INI = """[databases]
shop = host=127.0.0.1 port={port} dbname=shop pool_size=6
[pgbouncer]
auth_type = trust
pool_mode = transaction
admin_users = postgres
default_pool_size = 8
query_wait_timeout = 30
"""


def console(pooler: PgBouncer) -> str:
    return f"host=127.0.0.1 port={pooler.port} user=postgres dbname=pgbouncer"


def test_a_pooler_that_runs_its_file(server: Postgres, tmp_path: Path) -> None:
    """SHOW CONFIG and SHOW DATABASES say what pgbouncer.ini says."""
    ini = INI.format(port=server.port)
    (tmp_path / "pgbouncer.ini").write_text(ini)
    with PgBouncer(ini, '"postgres" ""\n') as pooler:
        found = look(None, tmp_path, console=console(pooler))

    assert findings(found) == set()
    assert found.compared > 10
    assert found.exit_code == 0


def test_the_server_behind_a_pooler_is_compared(server: Postgres, repository: Path) -> None:
    """The same drift is found through PgBouncer, which takes no start-up options."""
    ini = INI.format(port=server.port)
    change(repository / "migrations" / "V1__roles.sql", "LIMIT 12", "LIMIT 10")
    with PgBouncer(ini, '"postgres" ""\n') as pooler:
        found = look(
            f"host=127.0.0.1 port={pooler.port} user=postgres dbname=shop",
            repository,
        )

    assert findings(found) == {("V1__roles.sql", 1, "PG601")}


def test_a_pooler_that_was_changed(server: Postgres, tmp_path: Path) -> None:
    """SET on the console, sizes of lines, lines that are missing, and a pause."""
    ini = INI.format(port=server.port)
    (tmp_path / "pgbouncer.ini").write_text(
        ini.replace("pool_size=6", "pool_size=9") + "crm = 1\n".replace("crm = 1\n", "")
    )
    live = ini.replace("[pgbouncer]", "crm = host=127.0.0.1\n[pgbouncer]")
    with PgBouncer(live, '"postgres" ""\n') as pooler:
        with pooler.connect(user="postgres", dbname="pgbouncer") as admin:
            admin.execute("SET default_pool_size = 80")
            admin.execute("SET max_client_conn = 500")
            admin.execute("PAUSE shop")
        found = look(None, tmp_path, console=console(pooler))
        lines = {
            (finding.origin.line, finding.policy.id, finding.message.partition(" on 127")[0])
            for finding in (found.report.findings if found.report else ())
        }

    assert lines == {
        (
            1,
            "PG607",
            "max_client_conn of PgBouncer (not set here: the default) is 100 here and 500",
        ),
        (1, "PG608", '"crm" in [databases] is absent here and present'),
        (2, "PG608", 'pool_size of "shop" in [databases] is 9 here and 6'),
        (2, "PG608", 'database "shop" is in service here and paused'),
        (7, "PG607", "default_pool_size of PgBouncer is 8 here and 80"),
    }
    assert found.exit_code == 1


def test_only_settings_without_secrets_are_saved(server: Postgres, tmp_path: Path) -> None:
    """Of PgBouncer's settings, those that are compared; auth_ldap_options holds a password."""
    saved = tmp_path / "connguard-live.json"
    with PgBouncer(INI.format(port=server.port), '"postgres" ""\n') as pooler:
        run("--pgbouncer-dsn", console(pooler), "--save", str(saved))
    keys = {row["key"] for row in json.loads(saved.read_text())["pgbouncer"]["config"]}

    assert {"default_pool_size", "query_wait_timeout", "pool_mode", "listen_port"} <= keys
    assert not keys & {"auth_ldap_options", "conffile", "auth_file", "logfile"}


def test_users_of_a_pooler(server: Postgres, tmp_path: Path) -> None:
    """[users] against SHOW USERS."""
    ini = INI.format(port=server.port) + "[users]\napp = pool_mode={mode}\n"
    (tmp_path / "pgbouncer.ini").write_text(ini.replace("{mode}", "session"))
    with PgBouncer(ini.replace("{mode}", "transaction"), '"postgres" ""\n"app" ""\n') as pooler:
        found = look(None, tmp_path, console=console(pooler))

    assert findings(found) == {("pgbouncer.ini", 10, "PG609")}


def test_two_configurations_of_which_neither_fits_better(server: Postgres, tmp_path: Path) -> None:
    """It is not guessed which one runs."""
    ini = INI.format(port=server.port)
    for name in ("blue", "green"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pgbouncer.ini").write_text(ini)
    with PgBouncer(ini, '"postgres" ""\n') as pooler:
        found = look(None, tmp_path, console=console(pooler))

    assert {policy for _, _, policy in findings(found)} == {"PG902"}


def test_nothing_to_compare_with_is_exit_code_3(server: Postgres, tmp_path: Path) -> None:
    """A healthy server and an empty folder: not the same as "no drift"."""
    (tmp_path / "README.md").write_text("nothing\n")

    assert run("--dsn", dsn_of(server), str(tmp_path)).code == 3


def test_a_snapshot_finds_the_same_later(server: Postgres, repository: Path) -> None:
    """What --save wrote is compared by a plain scan, without a server."""
    change(repository / "migrations" / "V1__roles.sql", "LIMIT 12", "LIMIT 10")
    change(repository / "postgresql.conf", "25", "30")
    saved = repository / "connguard-live.json"
    first = run("--dsn", dsn_of(server), "--save", str(saved), str(repository))
    later = scan([repository], Settings(select=("PG6",)))

    assert first.code == 1

    assert {
        (Path(one.origin.path).name, one.origin.line, one.policy.id) for one in later.findings
    } == {("V1__roles.sql", 1, "PG601"), ("postgresql.conf", 1, "PG603")}
    related = later.findings[0].related[0].origin
    assert Path(related.path).name == "connguard-live.json"


def test_parts_that_could_not_be_read_are_said(server: Postgres, repository: Path) -> None:
    """A migration that is no SQL may change any limit: silence about it would be a promise."""
    (repository / "migrations" / "V2__broken.sql").write_text("ALTER ROLE app CONNECTION LIMI 3;\n")
    found = look(dsn_of(server), repository)
    ran = run("--dsn", dsn_of(server), str(repository))

    assert found.unread == 1
    assert "Parts of the files that could not be read: 1" in ran.output


def test_the_json_report(server: Postgres, repository: Path) -> None:
    """Steps, and the comparison in the format of a scan."""
    change(repository / "postgresql.conf", "25", "30")
    ran = run("--dsn", dsn_of(server), "--format", "json", str(repository))
    document = json.loads(ran.output)

    assert ran.code == document["exit_code"] == 1
    steps = document["targets"][0]["steps"]
    assert [step["status"] for step in steps] == ["ok"] * len(steps)
    schemas = Path(connguard.__path__[0]) / "schemas"
    for part, name in ((document, "doctor-report-1"), (document["comparison"], "scan-report-1")):
        jsonschema.validate(part, json.loads((schemas / f"{name}.json").read_text()))
    (finding,) = document["comparison"]["findings"]
    assert (finding["id"], finding["location"]["line"]) == ("PG603", 1)
    assert finding["related"][0]["location"]["path"].startswith("live: 127.0.0.1:")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"connguard_live": 1}',
        '{"connguard_live": 2, "server": {}}',
        '{"connguard_live": 1, "server": 5, "pgbouncer": []}',
        '{"connguard_live": 1, "server": {"settings": [1, null, {"name": 7}], "hidden": 3}}',
        '{"connguard_live": 1, "server": {"version": "x", "hba": [{"rule": 5}, {"rule": null}]}}',
        '{"connguard_live": 1, "pgbouncer": {"config": [{"key": null}], "databases": [{}]}}',
    ],
)
def test_odd_snapshots_are_survived(text: str, repository: Path) -> None:
    """A file that only looks like a snapshot never ends a scan."""
    (repository / "connguard-live.json").write_text(text)
    (repository / "pgbouncer.ini").write_text(INI.format(port=1))
    report = scan([repository], Settings())

    assert report.failures == []
    assert snapshot.MARK not in text or report.files > 1
