# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format grafana: a dashboard over the recorded saturations."""

from __future__ import annotations

import json
from typing import Any

from connguard.budget.run import run
from connguard.exporting import metrics
from connguard.exporting.formats import Exported, Request
from connguard.exporting.limits import Walls, walls

DASHBOARD = "connguard.dashboard.json"

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_HERE = 'instance=~"$instance"'
_WIDTH = 24


def export(request: Request) -> Exported:
    """The dashboard. Raises SettingsError for a wrong declaration."""
    done = run(request.paths, request.settings, [])
    found = walls(done, request.warning, request.critical)
    failures = [f"{failed.path}: {failed.reason}" for failed in done.report.failures]
    text = json.dumps(dashboard(found), indent=2, ensure_ascii=True) + "\n"
    return Exported({DASHBOARD: text}, failures, found.notes)


def dashboard(found: Walls) -> dict[str, Any]:
    """The dashboard as Grafana imports it; ratios are coloured at the alerts' thresholds."""
    ratio: dict[str, Any] = {
        "unit": "percentunit",
        "min": 0,
        "max": 1,
        "thresholds": {
            "mode": "absolute",
            "steps": [
                {"color": "green", "value": None},
                {"color": "orange", "value": found.warning},
                {"color": "red", "value": found.critical},
            ],
        },
    }
    count: dict[str, Any] = {
        "unit": "short",
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}]},
    }
    seconds = {**count, "unit": "s"}
    panels = [
        _panel(
            "bargauge",
            "Roles: share of the limit",
            ratio,
            12,
            9,
            _target(f"max by (role) ({metrics.ROLE_RATIO}{{{_HERE}}})", "{{role}}"),
        ),
        _panel(
            "bargauge",
            "Databases: share of the limit",
            ratio,
            12,
            9,
            _target(f"max by (database) ({metrics.DATABASE_RATIO}{{{_HERE}}})", "{{database}}"),
        ),
        _panel(
            "gauge",
            "Server: ordinary slots in use",
            ratio,
            6,
            8,
            _target(f"max by (server) ({metrics.SERVER_RATIO}{{{_HERE}}})", "{{server}}"),
        ),
        _panel(
            "gauge",
            "PgBouncer: clients of max_client_conn",
            ratio,
            6,
            8,
            _target(f"max by (instance) ({metrics.POOLER_RATIO})", "{{instance}}"),
        ),
        _panel(
            "timeseries",
            "Pools: server connections of pool_size",
            ratio,
            12,
            8,
            _target(f"max by (database, user) ({metrics.POOL_RATIO})", "{{database}}/{{user}}"),
        ),
        _panel(
            "timeseries",
            "Connections of roles, and their limits",
            count,
            12,
            9,
            _target(f"max by (role) (connguard_role_connections{{{_HERE}}} > 0)", "{{role}}"),
            _target(f"max by (role) ({metrics.ROLE_LIMIT}{{{_HERE}}})", "{{role}}: limit"),
        ),
        _panel(
            "timeseries",
            "Connections to the server, and its slots",
            count,
            12,
            9,
            _target(f"max by (server) (connguard_server_connections{{{_HERE}}})", "{{server}}"),
            _target(f"max by (server) ({metrics.SERVER_LIMIT}{{{_HERE}}})", "{{server}}: slots"),
        ),
        _panel(
            "timeseries",
            "PgBouncer: clients that wait",
            count,
            8,
            8,
            _target(
                "sum by (database, user) (pgbouncer_pools_client_waiting_connections)",
                "{{database}}/{{user}}",
            ),
        ),
        _panel(
            "timeseries",
            "PgBouncer: the longest wait",
            seconds,
            8,
            8,
            _target(
                "max by (database, user) (pgbouncer_pools_client_maxwait_seconds)",
                "{{database}}/{{user}}",
            ),
        ),
        _panel(
            "timeseries",
            "Idle in transaction: the longest",
            seconds,
            8,
            8,
            _target(
                "max by (role, database)"
                f" (connguard_idle_in_transaction_oldest_seconds{{{_HERE}}})",
                "{{role}} in {{database}}",
            ),
        ),
        _panel(
            "timeseries",
            "Limits that are not the repository's (0: as written)",
            count,
            24,
            7,
            _target(
                "abs(max by (role) (connguard_role_connection_limit)"
                f" - max by (role) ({metrics.ROLE_EXPECTED}))",
                "role {{role}}",
            ),
            _target(
                "abs(max by (database) (connguard_database_connection_limit)"
                f" - max by (database) ({metrics.DATABASE_EXPECTED}))",
                "database {{database}}",
            ),
        ),
    ]
    return {
        "title": "PostgreSQL connections (connguard)",
        "uid": "connguard-connections",
        "description": "How far each role, database, server and pooler is from its wall.",
        "tags": ["postgresql", "pgbouncer", "connguard"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_datasource(), _instance()]},
        "annotations": {"list": []},
        "panels": _laid_out(panels),
    }


def _datasource() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "hide": 0,
    }


def _instance() -> dict[str, Any]:
    query = "label_values(connguard_server_connections, instance)"
    return {
        "name": "instance",
        "label": "Exporter",
        "type": "query",
        "datasource": _SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "instance"},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "hide": 0,
    }


def _target(expression: str, legend: str) -> dict[str, Any]:
    return {"datasource": _SOURCE, "expr": expression, "legendFormat": legend, "editorMode": "code"}


def _panel(
    kind: str,
    title: str,
    defaults: dict[str, Any],
    width: int,
    height: int,
    *targets: dict[str, Any],
) -> dict[str, Any]:
    # A gauge shows the state now, a time series how it came to that.
    now = {"instant": True, "range": False} if kind != "timeseries" else {"range": True}
    return {
        "type": kind,
        "title": title,
        "datasource": _SOURCE,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [
            {**target, **now, "refId": chr(ord("A") + number)}
            for number, target in enumerate(targets)
        ],
    }


def _laid_out(panels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Panels from left to right, rows below each other."""
    x = y = below = 0
    found = []
    for number, panel in enumerate(panels, 1):
        place = panel["gridPos"]
        if x + place["w"] > _WIDTH:
            x, y = 0, below
        found.append({"id": number, **panel, "gridPos": {**place, "x": x, "y": y}})
        x += place["w"]
        below = max(below, y + place["h"])
    return found
