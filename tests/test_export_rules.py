# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`connguard export`: rules that promtool takes, alerts that fire where they should, dashboards."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from monitoring import promtool

from connguard.engine.cli import main
from connguard.exporting import grafana, metrics, prometheus
from connguard.exporting.limits import Wall, Walls
from connguard.exporting.rules import Alert, Record, groups, quoted

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "examples" / "shop" / "repaired"
SERVER = 'job="pg", instance="db:9187", server="db:5432"'
POOLER = 'job="pgb", instance="pooler:9127"'

WALLS = Walls(
    roles=(Wall("app", 40, "V1.sql:1", 30, "pgbouncer.ini:2"), Wall("jobs", None, "", None, "")),
    databases=(Wall("shop", 90, "V1.sql:2", None, ""),),
    servers=(Wall("the server", 97, "postgresql.conf:1", None, ""),),
)


def export(format_: str, output: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["export", "--format", format_, "-o", str(output), *more])


def test_promtool_takes_the_rules_of_the_shop(tmp_path: Path) -> None:
    """Rules and limits of a whole example, with the place of each limit beside it."""
    assert export("prometheus", tmp_path / "new", str(SHOP)).exit_code == 0
    said = promtool("check", "rules", prometheus.RULES, folder=tmp_path / "new")
    text = (tmp_path / "new" / prometheus.RULES).read_text()

    assert "SUCCESS" in said
    line = text[: text.index('role="shop_app"')].splitlines()[-2]
    assert re.search(r"# .*V13__connection_limits\.sql:2$", line)


@pytest.mark.parametrize(
    "name",
    [
        'a"b',
        "a\\b",
        "a'b",
        "ünï",
        "{{ $labels.x }}",
        "a\nb",
        "# c",
        "${x}",
        "a: b",
        "%s",
        "\u2028",
        "\U0001f418",
    ],
)
def test_names_of_any_kind_stay_names(name: str, tmp_path: Path) -> None:
    """Quotes, backslashes, templates and line breaks of a role's name break no file."""
    odd = Walls(
        roles=(Wall(name, 7, f"{name}.sql:1", 5, f"{name}.ini:1"),),
        databases=(Wall(name, 9, f"{name}.sql:2", None, ""),),
    )
    for file, text in prometheus.files(odd).items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    promtool("check", "rules", prometheus.RULES, folder=tmp_path)
    rules = yaml.safe_load((tmp_path / prometheus.RULES).read_text(encoding="utf-8"))

    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert any(quoted(name) in expression for expression in expressions)


def series(name: str, labels: str, values: str) -> dict[str, str]:
    return {"series": f"{name}{{{labels}}}", "values": values}


def firing(
    tmp_path: Path, given: list[dict[str, str]], at: str, alert: str, expected: list[dict[str, str]]
) -> None:
    """promtool runs the rules over these series and compares the alerts that fire."""
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / prometheus.RULES).write_text(prometheus.files(WALLS)[prometheus.RULES])
    rules = yaml.safe_load((tmp_path / prometheus.RULES).read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)  # their words are not what is tested here
    (tmp_path / prometheus.RULES).write_text(json.dumps(rules))
    test = {
        "rule_files": [prometheus.RULES],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": given,
                "alert_rule_test": [
                    {
                        "eval_time": at,
                        "alertname": alert,
                        "exp_alerts": [{"exp_labels": labels} for labels in expected],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps(test))
    promtool("test", "rules", "test.yml", folder=tmp_path)


def labels_of(text: str, severity: str, **more: str) -> dict[str, str]:
    found = dict(re.findall(r'(\w+)="([^"]*)"', text))
    return {**found, **more, "severity": severity}


def steady(value: float) -> str:
    return f"{value:g}x20"


@pytest.mark.parametrize(
    ("used", "limit", "warns", "critical"),
    [
        (79, 100, False, False),
        (80, 100, True, False),
        (94, 100, True, False),
        (95, 100, True, True),
        (27, 35, False, False),
        (28, 35, True, False),
        (5, -1, False, False),
        (0, 0, False, False),
    ],
)
def test_a_role_alerts_from_the_threshold_on(
    tmp_path: Path, used: int, limit: int, warns: bool, critical: bool
) -> None:
    """Not at 79 %, at 80 %; critical from 95 %; never without a limit."""
    labels = f'{SERVER}, role="jobs"'
    given = [
        series("connguard_role_connections", labels, steady(used)),
        series("connguard_role_connection_limit", labels, steady(limit)),
    ]
    for alert, severity, fires in (
        ("ConnguardRoleNearlyFull", "warning", warns),
        ("ConnguardRoleAtTheWall", "critical", critical),
    ):
        expected = [labels_of(labels, severity)] if fires else []
        firing(tmp_path, given, "10m", alert, expected)


@pytest.mark.parametrize(
    ("live", "used", "fires"),
    [(-1, 31, False), (-1, 32, True), (20, 16, True), (20, 15, False), (400, 32, True)],
)
def test_the_lower_of_both_limits_is_the_wall(
    tmp_path: Path, live: int, used: int, fires: bool
) -> None:
    """The repository says 40; the server says less, more, or nothing."""
    labels = f'{SERVER}, role="app"'
    given = [
        series("connguard_role_connections", labels, steady(used)),
        series("connguard_role_connection_limit", labels, steady(live)),
    ]
    expected = [labels_of(labels, "warning")] if fires else []
    firing(tmp_path, given, "10m", "ConnguardRoleNearlyFull", expected)


def test_a_short_peak_does_not_alert(tmp_path: Path) -> None:
    """The warning waits for five minutes, and it fires once they are over."""
    labels = f'{SERVER}, role="jobs"'
    given = [
        series("connguard_role_connections", labels, "90x4 10x20"),
        series("connguard_role_connection_limit", labels, steady(100)),
    ]
    firing(tmp_path, given, "5m", "ConnguardRoleNearlyFull", [])
    firing(tmp_path, given, "10m", "ConnguardRoleNearlyFull", [])
    given[0]["values"] = steady(90)
    firing(tmp_path, given, "4m", "ConnguardRoleNearlyFull", [])
    # Not at the very minute: promtool evaluates rules and the question side by side.
    firing(tmp_path, given, "6m", "ConnguardRoleNearlyFull", [labels_of(labels, "warning")])


@pytest.mark.parametrize("share", [79, 80])
def test_databases_servers_and_poolers_alert_alike(tmp_path: Path, share: int) -> None:
    """The same for the other three walls, from live limits."""
    database = f'{SERVER}, database="crm"'
    cases = {
        "ConnguardDatabaseNearlyFull": (
            database,
            [
                series("connguard_database_connections", database, steady(share)),
                series("connguard_database_connection_limit", database, steady(100)),
            ],
        ),
        "ConnguardServerNearlyFull": (
            SERVER,
            [
                series("connguard_server_connections", SERVER, steady(share * 0.5)),
                series("connguard_server_ordinary_slots", SERVER, steady(50)),
            ],
        ),
        "ConnguardPoolerNearlyFull": (
            POOLER,
            [
                series("pgbouncer_used_clients", POOLER, steady(share - 10)),
                series("pgbouncer_login_clients", POOLER, steady(10)),
                series("pgbouncer_config_max_client_connections", POOLER, steady(100)),
            ],
        ),
    }
    for alert, (labels, given) in cases.items():
        expected = [labels_of(labels, "warning")] if share >= 80 else []
        firing(tmp_path, given, "10m", alert, expected)


def pool(active: int, waiting: int, size: int, maxwait: int = 0) -> list[dict[str, str]]:
    labels = f'{POOLER}, database="shop", user="app"'
    states = ("idle", "used", "testing", "login")
    entry = f'{POOLER}, name="shop", database="shop_v2", host="db", port="5432", force_user=""'
    return [
        *(series(f"pgbouncer_pools_server_{one}_connections", labels, steady(0)) for one in states),
        series("pgbouncer_pools_server_active_connections", labels, steady(active)),
        series("pgbouncer_pools_client_waiting_connections", labels, steady(waiting)),
        series("pgbouncer_pools_client_maxwait_seconds", labels, steady(maxwait)),
        series("pgbouncer_databases_pool_size", entry, steady(size)),
        series("pgbouncer_databases_paused", entry, steady(0)),
    ]


@pytest.mark.parametrize(
    ("alert", "active", "waiting", "maxwait", "severity"),
    [
        ("ConnguardPoolCannotGrow", 3, 4, 0, "critical"),
        ("ConnguardPoolCannotGrow", 10, 4, 0, None),
        ("ConnguardPoolCannotGrow", 3, 0, 0, None),
        ("ConnguardPoolWithoutServer", 0, 1, 0, "critical"),
        ("ConnguardPoolWithoutServer", 1, 1, 0, None),
        ("ConnguardClientsWait", 10, 4, 6, "warning"),
        ("ConnguardClientsWait", 10, 4, 5, None),
    ],
)
def test_what_only_the_pooler_shows(
    tmp_path: Path, alert: str, active: int, waiting: int, maxwait: int, severity: str | None
) -> None:
    """A warm pool behind a role limit: no client gets an error, and this alert fires."""
    given = pool(active, waiting, 10, maxwait)
    labels = f'{POOLER}, database="shop", user="app"'
    expected = [labels_of(labels, severity)] if severity else []
    firing(tmp_path, given, "5m", alert, expected)


def test_the_other_alerts(tmp_path: Path) -> None:
    """Idle transactions, the budget, drift, a pause, and metrics that are missing."""
    role = f'{SERVER}, role="app"'
    idle = f'{SERVER}, role="app", database="shop"'
    entry = f'{POOLER}, name="shop", database="shop"'
    cases: list[tuple[str, list[dict[str, str]], list[dict[str, str]]]] = [
        (
            "ConnguardIdleInTransaction",
            [series("connguard_idle_in_transaction_oldest_seconds", idle, steady(301))],
            [labels_of(idle, "warning")],
        ),
        (
            "ConnguardIdleInTransaction",
            [series("connguard_idle_in_transaction_oldest_seconds", idle, steady(300))],
            [],
        ),
        (
            "ConnguardRoleAboveBudget",
            [series("connguard_role_connections", role, steady(31))],
            [labels_of(role, "warning")],
        ),
        ("ConnguardRoleAboveBudget", [series("connguard_role_connections", role, steady(30))], []),
        (
            "ConnguardRoleLimitDrift",
            [
                series("connguard_role_connections", role, steady(1)),
                series("connguard_role_connection_limit", role, steady(50)),
            ],
            [labels_of(role, "warning")],
        ),
        (
            "ConnguardRoleLimitDrift",
            [
                series("connguard_role_connections", role, steady(1)),
                series("connguard_role_connection_limit", role, steady(40)),
            ],
            [],
        ),
        (
            "ConnguardPoolerOutOfService",
            [series("pgbouncer_databases_paused", entry, steady(1))],
            [labels_of(entry, "warning")],
        ),
        (
            "ConnguardBlind",
            [series("pg_up", 'job="pg"', steady(1))],
            [{"severity": "warning"}],
        ),
        ("ConnguardBlind", [series("connguard_server_connections", SERVER, steady(1))], []),
    ]
    for alert, given, expected in cases:
        firing(tmp_path, given, "18m", alert, expected)


def test_thresholds_are_chosen(tmp_path: Path) -> None:
    """--threshold and --critical go into rules and colours; the other way round is refused."""
    assert export("prometheus", tmp_path, "--threshold", "62.5", str(SHOP)).exit_code == 0
    assert export("grafana", tmp_path, "--threshold", "62.5", str(SHOP)).exit_code == 0
    rules = (tmp_path / prometheus.RULES).read_text()
    board = (tmp_path / grafana.DASHBOARD).read_text()

    assert f"{metrics.ROLE_RATIO} >= 0.625\n" in rules
    assert f"{metrics.ROLE_RATIO} >= 0.95\n" in rules
    assert '"value": 0.625' in board
    assert export("prometheus", tmp_path, "--threshold", "96", str(SHOP)).exit_code == 2
    assert export("prometheus", tmp_path, "--threshold", "0", str(SHOP)).exit_code == 2


def test_rules_without_any_repository_use_live_limits(tmp_path: Path) -> None:
    """An empty folder still gives alerts: every limit comes from the metrics."""
    (tmp_path / "empty").mkdir()
    assert export("prometheus", tmp_path, str(tmp_path / "empty")).exit_code == 0
    promtool("check", "rules", prometheus.RULES, folder=tmp_path)
    names = {
        rule.name for group in groups(Walls()) for rule in group.rules if isinstance(rule, Record)
    }

    assert {metrics.ROLE_LIMIT, metrics.DATABASE_LIMIT, metrics.SERVER_LIMIT} <= names
    assert metrics.ROLE_EXPECTED not in names


def test_every_alert_is_documented() -> None:
    """The page names the alerts that there are, and no other."""
    page = (ROOT / "docs" / "alerts.md").read_text()
    both = Walls(
        roles=WALLS.roles, databases=(Wall("shop", 90, "V1.sql:2", 20, "pgbouncer.ini:3"),)
    )
    made = {rule.name for group in groups(both) for rule in group.rules if isinstance(rule, Alert)}

    assert made == set(re.findall(r"`(Connguard\w+)`", page))


def test_what_the_files_leave_open_is_said(tmp_path: Path) -> None:
    """A limit that only a variable knows: the alert takes the server's, and a note says so."""
    (tmp_path / "roles.tf").write_text(
        'variable "limit" {}\nresource "postgresql_role" "app" {\n  name = "app"\n  login = true\n'
        "  connection_limit = var.limit\n}\n"
    )
    (tmp_path / "connguard.toml").write_text(
        '[[service]]\nname = "web"\ninstances = 2\npool = 5\nvia = "direct"\ndatabase = "shop"\n'
        'user = "app"\n\n[server]\nversion = "16"\nmax_connections = 100\n'
    )
    ran = export("prometheus", tmp_path / "out", str(tmp_path))
    rules = (tmp_path / "out" / prometheus.RULES).read_text()

    assert ran.exit_code == 0
    assert 'note: the limit of role "app" is not known' in ran.stderr
    assert f"record: {metrics.ROLE_EXPECTED}" not in rules
    assert '(connguard_role_connections{role="app"}) + 10' in rules
    promtool("check", "rules", prometheus.RULES, folder=tmp_path / "out")


def panels() -> list[dict[str, Any]]:
    board = json.loads(json.dumps(grafana.dashboard(WALLS)))
    return list(board["panels"])


def test_every_expression_of_the_dashboard_is_parsed(tmp_path: Path) -> None:
    """promtool reads each as a rule, with the variable filled in as Grafana does."""
    rules = [
        {
            "record": f"panel:{panel['id']}:{target['refId']}",
            "expr": target["expr"].replace("$instance", ".*"),
        }
        for panel in panels()
        for target in panel["targets"]
    ]
    (tmp_path / "board.yml").write_text(json.dumps({"groups": [{"name": "x", "rules": rules}]}))

    assert f"{len(rules)} rules found" in promtool("check", "rules", "board.yml", folder=tmp_path)
    assert all("$" not in rule["expr"] for rule in rules)


def test_the_dashboard_has_the_structure_of_grafana() -> None:
    """Unique ids, a data source by variable, units, thresholds in order, panels side by side."""
    board = grafana.dashboard(WALLS)
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"] in ("percentunit", "short", "s")
        steps = [step["value"] for step in defaults["thresholds"]["steps"]]
        assert steps[0] is None
        assert steps[1:] == sorted(steps[1:])
        if defaults["unit"] == "percentunit":
            assert steps[1:] == [0.8, 0.95]
        assert panel["targets"]
        for target in (panel, *panel["targets"]):
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    assert [one["name"] for one in board["templating"]["list"]] == ["datasource", "instance"]
    assert board["schemaVersion"] >= 36


def test_only_metrics_that_exist_are_used() -> None:
    """Every name in rules and panels is exported by somebody or recorded by the rules."""
    ours = {f"{query.name}_{column}" for query in metrics.QUERIES for column, _ in query.gauges} | {
        "pg_up",
        *metrics.POOLER_METRICS,
    }
    made = groups(WALLS)
    recorded = {rule.name for group in made for rule in group.rules if isinstance(rule, Record)}
    expressions = [rule.expression for group in made for rule in group.rules]
    expressions += [target["expr"] for panel in panels() for target in panel["targets"]]
    used = {
        name
        for expression in expressions
        for name in re.findall(
            r"\b(?:connguard|pgbouncer|pg)[_:][\w:]+", _without_texts(expression)
        )
    }

    assert used <= ours | recorded
    assert set(metrics.POOLER_METRICS) <= used


def _without_texts(expression: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"|#.*', "", expression)


@pytest.mark.parametrize(
    "line",
    [
        'FATAL:  too many connections for role "app"',
        'login failed: FATAL too many connections for database "shop"',
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "FATAL:  sorry, too many clients already",
        "pooler error: no more connections allowed (max_client_conn)",
        "closing because: query_wait_timeout (age=120s)",
        "closing because: server login has been failing, try again later (server_login_retry)",
    ],
)
def test_log_rules_know_every_wording(line: str) -> None:
    """By the words: the SQLSTATE is 08P01 or missing for most of them."""
    document = yaml.safe_load(prometheus.files(WALLS)[prometheus.LOGS])
    (rule,) = document["groups"][0]["rules"]
    pattern = re.search(r'\|~ "(.*)" \[5m\]', rule["expr"])

    assert pattern is not None
    assert re.search(pattern[1], line)
    assert not re.search(pattern[1], "FATAL:  password authentication failed for user app")
    assert "08P01" in rule["annotations"]["description"]


def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")

    assert export("prometheus", tmp_path / "file", str(SHOP)).exit_code == 2
    assert export("prometheus", tmp_path / "file" / "below", str(SHOP)).exit_code == 2
