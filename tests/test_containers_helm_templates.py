# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates of Helm: what they write themselves, and what their values decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from container_scans import findings, messages

CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"


def _found(folder: Path, template: str, **values: str) -> set[tuple[int, str]]:
    files = {"chart/Chart.yaml": CHART, "chart/templates/db.yaml": template}
    files |= {f"chart/{name.replace('_', '-')}.yaml": text for name, text in values.items()}
    return {(line, identifier) for _, line, identifier in findings(folder, files)}


def _service(
    spec: str, before: str = "", metadata: str = "", after: str = "", port: str = "5432"
) -> str:
    return (
        f"{before}apiVersion: v1\nkind: Service\nmetadata:\n  name: {{{{ .Release.Name }}}}-pg\n"
        f"{metadata}spec:\n{spec}  selector:\n    app: db\n  ports:\n    - port: {port}\n{after}"
    )


BALANCER = "  type: LoadBalancer\n"
LABELS = '  labels:\n    {{- include "shop.labels" . | nindent 4 }}\n'


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (_service(BALANCER), {(6, "PG201")}),
        (_service(BALANCER, metadata=LABELS), {(8, "PG201")}),
        (_service("  type: NodePort\n"), {(6, "PG206")}),
        (_service("  type: ClusterIP\n"), set()),
        (_service(""), set()),
        (_service(BALANCER, port="80"), set()),
        (_service(BALANCER, port="{{ .Values.port }}"), {(6, "PG201")}),
        (
            _service(f"{BALANCER}  loadBalancerSourceRanges: [51.15.3.0/28]\n"),
            set(),
        ),
        (
            _service(f"{BALANCER}  loadBalancerSourceRanges: [0.0.0.0/0]\n"),
            {(7, "PG201")},
        ),
        # Whom the values let in is not known.
        (
            _service(f"{BALANCER}  loadBalancerSourceRanges: {{{{ toYaml .Values.from }}}}\n"),
            {(7, "PG902")},
        ),
        (
            _service(
                f"{BALANCER}  {{{{- with .Values.from }}}}\n  loadBalancerSourceRanges:\n"
                "    {{- toYaml . | nindent 4 }}\n  {{- end }}\n"
            ),
            {(7, "PG902")},
        ),
        (
            _service(BALANCER, metadata="  annotations:\n    {{- toYaml .Values.notes }}\n"),
            {(6, "PG902")},
        ),
        (
            _service(BALANCER, "{{- if .Values.public }}\n", after="{{- end }}\n"),
            {(7, "PG902")},
        ),
        # What no values switch on is not there.
        (_service(BALANCER, "{{- if .Values.off }}\n", after="{{- end }}\n"), set()),
        (_service(BALANCER, "{{- if .Values.absent }}\n", after="{{- end }}\n"), set()),
    ],
)
def test_a_service_with_a_type_of_its_own(
    tmp_path: Path, template: str, expected: set[tuple[int, str]]
) -> None:
    values = "port: 5432\npublic: true\noff: false\nnotes: {}\nfrom: []\n"
    assert _found(tmp_path, template, values=values) == expected


def test_the_name_is_that_of_the_template(tmp_path: Path) -> None:
    files = {"chart/Chart.yaml": CHART, "chart/templates/db.yaml": _service(BALANCER)}
    (message,) = messages(tmp_path, files)
    assert message.endswith("the Service {{ .Release.Name }}-pg")


FILLED_IN = _service("  type: {{ .Values.service.type }}\n")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"values": "ClusterIP"}, set()),
        ({"values": "LoadBalancer"}, {(6, "PG902")}),
        ({"values": "ClusterIP", "values_prod": "LoadBalancer"}, {(6, "PG902")}),
        ({"values": "ClusterIP", "values_prod": "ClusterIP"}, set()),
        ({"values": "ClusterIP", "values_dev": "NodePort"}, set()),  # of a machine for development
        ({"values_prod": "ClusterIP"}, {(6, "PG902")}),
    ],
)
def test_a_type_that_some_values_say(
    tmp_path: Path, values: dict[str, str], expected: set[tuple[int, str]]
) -> None:
    given = {name: f"service: {{type: {kind}}}\n" for name, kind in values.items()}
    assert _found(tmp_path, FILLED_IN, **given) == expected


def test_a_port_that_the_values_say(tmp_path: Path) -> None:
    """The template itself does not tell that it is PostgreSQL."""
    template = _service("  type: {{ .Values.type }}\n", port="{{ .Values.port }}")
    template = template.replace("-pg", "-db")
    assert _found(tmp_path, template, values="type: LoadBalancer\nport: 5432\n") == {(6, "PG902")}


def test_no_port_of_postgresql(tmp_path: Path) -> None:
    template = _service("  type: {{ .Values.type }}\n", port="{{ .Values.port }}")
    assert _found(tmp_path, template, values="type: LoadBalancer\nport: 80\n") == set()


def _pod(ports: str, spec: str = "") -> str:
    return (
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: {{ .Release.Name }}-pg\n"
        "spec:\n"
        f"  template:\n    spec:\n{spec}      containers:\n        - name: pg\n"
        "          image: postgres:17\n          ports:\n            - containerPort: 5432\n"
        f"{ports}"
    )


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (_pod(""), set()),
        (_pod("              hostPort: 5432\n"), {(13, "PG206")}),
        (_pod("", "      hostNetwork: true\n"), {(8, "PG206")}),
        (
            _pod("              {{- if .Values.on }}\n              hostPort: 5432\n{{- end }}\n"),
            {(14, "PG902")},
        ),
        (
            _pod("              {{- if .Values.off }}\n              hostPort: 5432\n{{- end }}\n"),
            set(),
        ),
    ],
)
def test_a_pod_on_its_node(tmp_path: Path, template: str, expected: set[tuple[int, str]]) -> None:
    assert _found(tmp_path, template, values="on: true\noff: false\n") == expected
