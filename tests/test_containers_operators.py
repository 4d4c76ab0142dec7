# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators' objects and values of Helm charts expose, and whether they insist on TLS."""

from __future__ import annotations

from pathlib import Path

import pytest
from container_scans import findings, messages, places


def _object(version: str, kind: str, spec: str) -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: shop}}\nspec:\n  {spec}\n"


CNPG = "postgresql.cnpg.io/v1"
ZALANDO = "acid.zalan.do/v1"
PERCONA = "pgv2.percona.com/v2"
CRUNCHY = "postgres-operator.crunchydata.com/v1beta1"
STACKGRES = "stackgres.io/v1"
PUBLIC = "{type: LoadBalancer}"
INTERNAL = "{service.beta.kubernetes.io/aws-load-balancer-internal: 'true'}"


def _managed(template: str, more: str = "") -> str:
    return f"managed: {{services: {{additional: [{{serviceTemplate: {template}}}]}}}}{more}"


@pytest.mark.parametrize(
    ("version", "kind", "spec", "found"),
    [
        (CNPG, "Cluster", _managed(f"{{spec: {PUBLIC}}}"), {"PG201", "PG401"}),
        (
            *(CNPG, "Cluster"),
            _managed(
                f"{{spec: {PUBLIC}}}",
                "\n  postgresql: {pg_hba: [hostnossl all all all reject]}",
            ),
            {"PG201"},
        ),
        (
            *(CNPG, "Cluster"),
            _managed("{spec: {type: LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/24]}}"),
            {"PG401"},
        ),
        (
            *(CNPG, "Cluster"),
            _managed(f"{{metadata: {{annotations: {INTERNAL}}}, spec: {PUBLIC}}}"),
            set(),
        ),
        (CNPG, "Cluster", _managed("{spec: {type: NodePort}}"), {"PG206"}),
        (CNPG, "Cluster", "instances: 3", set()),
        (CNPG, "Pooler", f"serviceTemplate: {{spec: {PUBLIC}}}", {"PG201", "PG401"}),
        (
            *(CNPG, "Pooler"),
            f"serviceTemplate: {{spec: {PUBLIC}}}\n"
            "  pgbouncer: {parameters: {client_tls_sslmode: require}}",
            {"PG201"},
        ),
        (ZALANDO, "postgresql", "enableMasterLoadBalancer: true", set()),
        (
            *(ZALANDO, "postgresql", "enableMasterLoadBalancer: true\n  allowedSourceRanges: []"),
            set(),
        ),
        (
            *(ZALANDO, "postgresql"),
            "enableReplicaPoolerLoadBalancer: true\n  allowedSourceRanges: [0.0.0.0/0]",
            {"PG201"},
        ),
        (
            *(ZALANDO, "postgresql"),
            "enableMasterLoadBalancer: false\n  allowedSourceRanges: [0.0.0.0/0]",
            set(),
        ),
        (PERCONA, "PerconaPGCluster", f"expose: {PUBLIC}", {"PG201", "PG401"}),
        (PERCONA, "PerconaPGCluster", f"tlsOnly: true\n  expose: {PUBLIC}", {"PG201"}),
        (PERCONA, "PerconaPGCluster", "expose: {type: ClusterIP}", set()),
        (
            *(PERCONA, "PerconaPGCluster"),
            "tlsOnly: true\n  proxy: {pgBouncer: {expose: {type: LoadBalancer,"
            " loadBalancerSourceRanges: [10.0.0.0/8]}}}",
            {"PG202"},
        ),
        (
            *(PERCONA, "PerconaPGCluster"),
            f"expose: {{type: LoadBalancer, annotations: {INTERNAL}}}",
            set(),
        ),
        (CRUNCHY, "PostgresCluster", f"service: {PUBLIC}", {"PG201"}),
        (CRUNCHY, "PostgresCluster", "service: {type: NodePort, nodePort: 32000}", {"PG206"}),
        (CRUNCHY, "PostgresCluster", f"proxy: {{pgBouncer: {{service: {PUBLIC}}}}}", {"PG201"}),
        (
            *(CRUNCHY, "PostgresCluster"),
            f"service: {{type: LoadBalancer, metadata: {{annotations: {INTERNAL}}}}}",
            set(),
        ),
        (STACKGRES, "SGCluster", f"postgresServices: {{primary: {PUBLIC}}}", {"PG201"}),
        (STACKGRES, "SGCluster", f"postgresServices: {{replicas: {PUBLIC}}}", {"PG201"}),
        (
            *(STACKGRES, "SGCluster"),
            f"postgresServices: {{primary: {PUBLIC}}}\n"
            f"  metadata: {{annotations: {{primaryService: {INTERNAL}}}}}",
            set(),
        ),
        ("example.org/v1", "Cluster", _managed(f"{{spec: {PUBLIC}}}"), set()),
        ("example.org/v1", "PostgresCluster", f"service: {PUBLIC}", set()),
    ],
)
def test_operators(tmp_path: Path, version: str, kind: str, spec: str, found: set[str]) -> None:
    """Types, source ranges and annotations, each where the operator takes them from."""
    text = _object(version, kind, spec)
    assert {identifier for _, identifier in places(tmp_path, text, "shop.yaml")} == found


def test_what_a_finding_says(tmp_path: Path) -> None:
    """The database is named, and why TLS is not required."""
    text = _object(PERCONA, "PerconaPGCluster", f"expose: {PUBLIC}")
    reached, unprotected = messages(tmp_path, {"cr.yaml": text})
    assert reached.endswith("reaches port 5432 of PerconaPGCluster shop")
    assert unprotected == (
        "the primary of shop accepts connections without TLS: tlsOnly is not set, and false by"
        " default"
    )


# --- Helm ----------------------------------------------------------------------------------------

CHART = """
apiVersion: v2
name: shop
dependencies:
  - {name: postgresql, alias: database, version: 16.x.x, repository: "oci://x"}
  - {name: redis, version: 20.x.x, repository: "oci://x"}
"""


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ("database: {primary: {service: {type: LoadBalancer}}}", {"PG201", "PG401"}),
        ("database: {primary: {service: {type: NodePort}}}", {"PG206"}),
        ("database: {primary: {service: {type: ClusterIP}}}", set()),
        ("database: {readReplicas: {service: {type: LoadBalancer}}}", {"PG201", "PG401"}),
        ("database: {tls: {enabled: true}, primary: {service: {type: LoadBalancer}}}", {"PG201"}),
        ("database: {enabled: false, primary: {service: {type: LoadBalancer}}}", set()),
        ("redis: {primary: {service: {type: LoadBalancer}}}", set()),
        ("service: {type: LoadBalancer}", set()),
    ],
)
def test_values_of_a_dependency(tmp_path: Path, values: str, found: set[str]) -> None:
    """The alias names the values; other charts' services are not judged."""
    result = findings(tmp_path, {"Chart.yaml": CHART, "values.yaml": values})
    assert {identifier for _, _, identifier in result} == found


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (
            "auth: {postgresPassword: x}\nprimary: {service: {type: LoadBalancer}}",
            {(2, "PG201"), (2, "PG401")},
        ),
        (
            "auth: {postgresPassword: x}\nprimary:\n  service:\n    type: LoadBalancer\n"
            "    loadBalancerSourceRanges: [0.0.0.0/2, 64.0.0.0/2]\ntls: {enabled: true}",
            {(5, "PG201")},
        ),
        ("pgbouncer: {service: {type: NodePort}}", {(1, "PG206")}),
        (
            "postgresql: {replicaCount: 3}\npgpool: {replicaCount: 1}\nservice:\n  type: NodePort",
            {(4, "PG206")},
        ),
        ("primary: {service: {type: LoadBalancer}}", set()),
    ],
)
def test_values_by_their_shape(tmp_path: Path, values: str, found: set[tuple[int, str]]) -> None:
    """Values without a chart beside them, as they are given to `helm install`."""
    assert places(tmp_path, values, "values-production.yaml") == found


TEMPLATE = """
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-postgres
spec:
  type: {{ .Values.database.service.type }}
  ports:
    - port: 5432
{{- end }}
"""


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ("database: {service: {type: ClusterIP}}", set()),
        ("database: {service: {type: LoadBalancer}}", {("templates/service.yaml", 6, "PG902")}),
        ("{}", {("templates/service.yaml", 6, "PG902")}),
    ],
)
def test_templates(tmp_path: Path, values: str, lines: set[tuple[str, int, str]]) -> None:
    """What a template hides is undecided, unless the chart's own values keep it inside."""
    files = {
        "Chart.yaml": "apiVersion: v2\nname: shop\n",
        "values.yaml": values,
        "templates/service.yaml": TEMPLATE,
        "templates/web.yaml": TEMPLATE.replace("5432", "80").replace("postgres", "web"),
    }
    assert findings(tmp_path, files) == lines
