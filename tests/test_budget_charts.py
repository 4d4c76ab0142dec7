# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm charts of a repository: values that the templates take plainly, and all else not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.budget.run import run
from connguard.engine.settings import Settings
from connguard.policies.model.amount import Amount
from connguard.policies.model.topology import Service

SERVER = """services:
  db:
    image: postgres:16
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "shop.fullname" . }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicaCount }}
  {{- end }}
  template:
    spec:
      containers:
        - name: web
          env:
            - name: DATABASE_URL
              value: {{ .Values.database.url | quote }}
            {{- range $key, $value := .Values.env }}
            - name: {{ $key }}
              value: {{ $value | quote }}
            {{- end }}
"""
SCALER = """{{- if .Values.autoscaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
spec:
  maxReplicas: {{ .Values.autoscaling.maxReplicas }}
{{- end }}
"""
VALUES = """replicaCount: 3
autoscaling:
  enabled: false
  maxReplicas: 8
database:
  url: postgres://app@db/shop
env:
  DB_POOL: "6"
"""


def service(folder: Path, **files: str) -> Service:
    chart = {
        "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "values.yaml": VALUES,
        "templates/deployment.yaml": DEPLOYMENT,
        "templates/hpa.yaml": SCALER,
    }
    chart.update({name.replace("__", ".").replace("_s_", "/"): one for name, one in files.items()})
    (folder / "compose.yml").write_text(SERVER)
    for name, text in chart.items():
        path = folder / "chart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    ((stack, _),) = run([folder], Settings(), []).stacks
    (found,) = stack.topology.services
    return found


def shown(amount: Amount) -> tuple[str, str, int]:
    assert amount.origin is not None
    return str(amount), Path(amount.origin.path).name, amount.origin.line


def test_values_that_the_templates_take(tmp_path: Path) -> None:
    """Replicas, the address and the pool, each at its place in values.yaml."""
    found = service(tmp_path)
    assert (found.name, found.user, found.database) == ("shop", "app", "shop")
    assert shown(found.instances) == ("3", "values.yaml", 1)
    assert shown(found.pool) == ("6", "values.yaml", 8)
    assert str(found.surge) == "1"


@pytest.mark.parametrize(
    ("values", "template", "expected"),
    [
        (VALUES.replace("enabled: false", "enabled: true"), DEPLOYMENT, ("8", "values.yaml", 4)),
        (
            VALUES.replace("  enabled: false\n", ""),
            DEPLOYMENT,
            ("8", "values.yaml", 3),
        ),
        (VALUES.replace("replicaCount: 3\n", ""), DEPLOYMENT, ("0 or more", "deployment.yaml", 7)),
        (
            VALUES,
            DEPLOYMENT.replace("{{ .Values.replicaCount }}", "{{ max 2 .Values.replicaCount }}"),
            ("0 or more", "deployment.yaml", 7),
        ),
        (
            VALUES,
            DEPLOYMENT.replace("{{ .Values.replicaCount }}", "5"),
            ("5", "deployment.yaml", 7),
        ),
        (
            VALUES.replace("replicaCount: 3", "web:\n  count: 4"),
            DEPLOYMENT.replace(".Values.replicaCount", ".Values.web.count"),
            ("4", "values.yaml", 2),
        ),
    ],
)
def test_replicas(
    tmp_path: Path, values: str, template: str, expected: tuple[str, str, int]
) -> None:
    """The autoscaler's maximum, plain values and numbers; an expression is not known."""
    found = service(tmp_path, values__yaml=values, templates_s_deployment__yaml=template)
    assert shown(found.instances) == expected


def test_files_of_values_that_differ(tmp_path: Path) -> None:
    """Which of them is used is not in the chart."""
    found = service(tmp_path, **{"values-production.yaml": "replicaCount: 9\n"})
    assert shown(found.instances) == ("3 to 9", "values-production.yaml", 1)
    assert found.instances.reason == "which file of values is used"


def test_a_strategy_that_values_decide(tmp_path: Path) -> None:
    """A rolling update may then start any number of pods more."""
    template = DEPLOYMENT.replace(
        "spec:\n  {{-", "spec:\n  strategy: {{ .Values.strategy }}\n  {{-", 1
    )
    found = service(tmp_path, templates_s_deployment__yaml=template)
    assert str(found.surge) == "0 to 3"


def test_the_surge_of_a_range(tmp_path: Path) -> None:
    """A quarter of the replicas at either end, and of replicas without a bound none either."""
    found = service(tmp_path, **{"values-production.yaml": "replicaCount: 12\n"})
    assert (str(found.instances), str(found.surge)) == ("3 to 12", "1 to 3")
    assert found.surge.reason == "which file of values is used"

    (tmp_path / "chart" / "values-production.yaml").unlink()
    found = service(tmp_path, values__yaml=VALUES.replace("replicaCount: 3\n", ""))
    assert str(found.surge) == "0 or more"
