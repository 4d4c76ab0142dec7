# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes: Services, node ports, network policies, ingresses, and missed connections."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from container_scans import findings, messages, places, report_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SERVER = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: postgres
          image: postgres:17
          ports: [{name: pg, containerPort: 5432}]
"""


def _service(spec: str, annotations: str = "") -> str:
    return f"""
apiVersion: v1
kind: Service
metadata:
  name: db
  annotations: {{{annotations}}}
spec: {{{spec}}}
---
{SERVER}
"""


# --- load balancers ------------------------------------------------------------------------------

LB = "type: LoadBalancer, selector: {app: db}, ports: [{port: 5432}]"


@pytest.mark.parametrize(
    ("spec", "identifier"),
    [
        (LB, "PG201"),
        (f"{LB}, loadBalancerSourceRanges: []", "PG201"),
        (f"{LB}, loadBalancerSourceRanges: [0.0.0.0/0]", "PG201"),
        (f"{LB}, loadBalancerSourceRanges: [0.0.0.0/1, 128.0.0.0/1]", "PG201"),
        (f"{LB}, loadBalancerSourceRanges: [1.2.3.4/0]", "PG201"),
        (f"{LB}, loadBalancerSourceRanges: ['::/0']", "PG201"),
        (f"{LB}, loadBalancerSourceRanges: [62.4.0.0/14]", "PG202"),
        (f"{LB}, loadBalancerSourceRanges: [10.0.0.0/8]", "PG202"),
        (
            "type: LoadBalancer, selector: {app: db}, ports: [{port: 15432, targetPort: pg}]",
            "PG201",
        ),
        ("externalIPs: [8.8.4.4], selector: {app: db}, ports: [{port: 5432}]", "PG201"),
        ("type: NodePort, selector: {app: db}, ports: [{port: 5432, nodePort: 30432}]", "PG206"),
    ],
)
def test_services_that_let_strangers_in(tmp_path: Path, spec: str, identifier: str) -> None:
    """Absent ranges are all addresses; ranges are judged together."""
    assert places(tmp_path, _service(spec), "db.yaml") == {(6, identifier)}


@pytest.mark.parametrize(
    ("spec", "annotations"),
    [
        ("selector: {app: db}, ports: [{port: 5432}]", ""),
        (f"{LB}, loadBalancerSourceRanges: [203.0.113.0/24]", ""),
        (f"{LB}, loadBalancerClass: service.k8s.aws/nlb", ""),
        (f"{LB}, loadBalancerClass: tailscale", ""),
        ("externalIPs: [10.0.0.9], selector: {app: db}, ports: [{port: 5432}]", ""),
        ("type: LoadBalancer, selector: {app: db}, ports: [{port: 5432, protocol: UDP}]", ""),
        ("type: LoadBalancer, selector: {app: web}, ports: [{port: 443}]", ""),
        (LB, "service.beta.kubernetes.io/load-balancer-source-ranges: '62.4.1.0/24, 10.1.0.0/16'"),
        (LB, "service.beta.kubernetes.io/aws-load-balancer-internal: 'true'"),
        (LB, "service.beta.kubernetes.io/aws-load-balancer-internal: '0.0.0.0/0'"),
        (LB, "service.beta.kubernetes.io/aws-load-balancer-scheme: internal"),
        (LB, "service.beta.kubernetes.io/aws-load-balancer-type: external"),
        (LB, "service.beta.kubernetes.io/azure-load-balancer-internal: 'true'"),
        (LB, "networking.gke.io/load-balancer-type: Internal"),
        (LB, "load-balancer.hetzner.cloud/disable-public-network: 'true'"),
    ],
)
def test_services_that_stay_inside(tmp_path: Path, spec: str, annotations: str) -> None:
    """ClusterIP, internal load balancers, narrow ranges, and ports of other programs."""
    assert places(tmp_path, _service(spec, annotations), "db.yaml") == set()


def test_an_internet_facing_network_load_balancer(tmp_path: Path) -> None:
    """The AWS controller's load balancer is public only when the scheme says so."""
    scheme = "service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing"
    text = _service(f"{LB}, loadBalancerClass: service.k8s.aws/nlb", scheme)
    assert places(tmp_path, text, "db.yaml") == {(6, "PG201")}


def test_a_list_and_a_pod(tmp_path: Path) -> None:
    """Objects of a list; the pod is known by its image, not by the port of the Service."""
    text = """
    apiVersion: v1
    kind: List
    items:
      - apiVersion: v1
        kind: Service
        metadata: {name: db}
        spec:
          type: LoadBalancer
          selector: {app: db}
          ports: [{port: 80, targetPort: 5432}]
      - apiVersion: v1
        kind: Pod
        metadata: {name: db, labels: {app: db}}
        spec: {containers: [{name: db, image: "postgis/postgis:17"}]}
    """
    assert places(tmp_path, text, "db.yaml") == {(8, "PG201")}


def test_a_patch_of_an_overlay(tmp_path: Path) -> None:
    """A strategic merge patch says the type only; the ports are those of the base."""
    files = {
        "base/db.yaml": _service("selector: {app: db}, ports: [{port: 5432}]"),
        "overlays/prod/kustomization.yaml": "resources: [../../base]\npatches: [{path: db.yaml}]\n",
        "overlays/prod/db.yaml": """
        apiVersion: v1
        kind: Service
        metadata: {name: db}
        spec:
          type: LoadBalancer
        """,
    }
    assert findings(tmp_path, files) == {("overlays/prod/db.yaml", 5, "PG201")}


@pytest.mark.parametrize(
    ("patch", "line"),
    [
        ("[{op: replace, path: /spec/type, value: LoadBalancer}]", 4),
        ("[{op: replace, path: /spec/type, value: ClusterIP}]", 0),
        ("- op: replace\n        path: /spec/type\n        value: LoadBalancer", 6),
        ("- op: replace\n        path: /metadata/labels/x\n        value: LoadBalancer", 0),
        (
            "apiVersion: v1\n      kind: Service\n      metadata: {name: db}\n"
            "      spec: {type: LoadBalancer}",
            7,
        ),
    ],
)
def test_a_patch_inside_a_kustomization(tmp_path: Path, patch: str, line: int) -> None:
    """A JSON patch or a strategic merge patch as a block of text; the finding stands in it."""
    files = {
        "base/db.yaml": _service("selector: {app: db}, ports: [{port: 5432}]"),
        "prod/kustomization.yaml": (
            f"patches:\n  - target: {{kind: Service, name: db}}\n    patch: |-\n      {patch}\n"
        ),
    }
    expected = {("prod/kustomization.yaml", line, "PG201")} if line else set()
    assert findings(tmp_path, files) == expected


@pytest.mark.parametrize(
    "patch",
    [
        """'[{"op": "replace", "path": "/spec/type", "value": "LoadBalancer"}]'""",
        r'"- op: replace\n  path: /spec/type\n  value: LoadBalancer\n"',
        r'"apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {type: LoadBalancer}\n"',
        """>-\n      [{"op": "replace",\n      "path": "/spec/type", "value": "LoadBalancer"}]""",
    ],
)
def test_a_patch_in_quotes(tmp_path: Path, patch: str) -> None:
    """Quotes, escapes and folded lines hide no patch."""
    files = {
        "base/db.yaml": _service("selector: {app: db}, ports: [{port: 5432}]"),
        "prod/kustomization.yaml": (
            f"patches:\n  - target: {{kind: Service, name: db}}\n    patch: {patch}\n"
        ),
    }
    assert findings(tmp_path, files) == {("prod/kustomization.yaml", 3, "PG201")}


def test_a_type_that_is_filled_in(tmp_path: Path) -> None:
    """Undecided, with the expression."""
    text = _service("type: '${SERVICE_TYPE}', selector: {app: db}, ports: [{port: 5432}]")
    assert messages(tmp_path, {"db.yaml": text}) == [
        "PG201 is undecided: the type of the Service db is filled in: ${SERVICE_TYPE}"
    ]


def test_host_ports_and_the_network_of_the_node(tmp_path: Path) -> None:
    """hostPort with and without an address; hostNetwork with the image's own default."""
    text = """
    apiVersion: apps/v1
    kind: DaemonSet
    metadata: {name: ports}
    spec:
      template:
        metadata: {labels: {app: a}}
        spec:
          containers:
            - name: a
              image: postgres:17
              ports:
                - containerPort: 5432
                  hostPort: 5432
            - name: b
              image: bitnami/pgbouncer:1
              ports: [{containerPort: 6432, hostPort: 6432, hostIP: 127.0.0.1}]
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: node}
    spec:
      template:
        metadata: {labels: {app: b}}
        spec:
          hostNetwork: true
          containers: [{name: a, image: "postgres:17"}]
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: told}
    spec:
      template:
        metadata: {labels: {app: c}}
        spec:
          hostNetwork: true
          containers:
            - name: a
              image: postgres:17
              args:
                - -c
                - listen_addresses=*
    """
    assert places(tmp_path, text, "db.yaml") == {(13, "PG206"), (25, "PG206"), (41, "PG205")}


# --- network policies ----------------------------------------------------------------------------


def _policy(ingress: str, more: str = "") -> str:
    return f"""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: db}}
spec:
  podSelector: {{matchLabels: {{app: db}}}}
  ingress: {ingress}
---
{SERVER}
---
{more}
"""


@pytest.mark.parametrize(
    ("ingress", "found"),
    [
        ("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]", {"PG201"}),
        ("[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]", {"PG201"}),
        (
            "[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/3,"
            " 224.0.0.0/3]}}]}]",
            set(),
        ),
        ("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 9187}]}]", set()),
        ("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: pg}]}]", {"PG201"}),
        (
            "[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 5000, endPort: 6000}]}]",
            {"PG201"},
        ),
        ("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 5432, protocol: UDP}]}]", set()),
        ("[{from: [{podSelector: {}}]}]", set()),
        ("[{}]", set()),
        ("[]", set()),
    ],
)
def test_policies_with_addresses(tmp_path: Path, ingress: str, found: set[str]) -> None:
    """Only what a policy adds is judged: without any, a pod is open as well."""
    result = places(tmp_path, _policy(ingress), "db.yaml")
    assert result == {(6, identifier) for identifier in found}


@pytest.mark.parametrize(
    ("ports", "found"),
    [
        ("ports: [{port: 5432}]", {(6, "PG201")}),
        ("ports: [{port: 5000, endPort: 6000}]", {(6, "PG201")}),
        ("ports: [{port: 443}]", set()),
        ("ports: [{port: postgres}]", set()),
        ("ports: []", set()),
    ],
)
def test_policies_for_pods_of_operators(
    tmp_path: Path, ports: str, found: set[tuple[int, str]]
) -> None:
    """Their pods are not in the files: the policy has to name PostgreSQL's port."""
    text = f"""
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {{name: shop}}
    spec:
      podSelector: {{matchLabels: {{cnpg.io/cluster: shop}}}}
      ingress: [{{from: [{{ipBlock: {{cidr: 0.0.0.0/0}}}}], {ports}}}]
    """
    assert places(tmp_path, text, "db.yaml") == found


def test_a_policy_before_a_load_balancer(tmp_path: Path) -> None:
    """Both have to let an address in."""
    service = f"""
apiVersion: v1
kind: Service
metadata: {{name: db}}
spec: {{{LB}}}
"""
    inside = _policy("[{from: [{podSelector: {}}]}]", service)
    assert places(tmp_path, inside, "db.yaml") == set()


def _client(labels: str, environment: str = "value: postgres://web@db:5432/shop") -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: db}}
spec: {{selector: {{app: db}}, ports: [{{port: 5432}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  template:
    metadata: {{labels: {{{labels}}}}}
    spec:
      containers:
        - name: web
          image: example/web
          env:
            - name: DATABASE_URL
              {environment}
"""


@pytest.mark.parametrize(
    ("ingress", "kept_out"),
    [
        ("[{from: [{podSelector: {matchLabels: {app: api}}}]}]", True),
        ("[{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 9187}]}]", True),
        ("[]", True),
        ("[{from: [{podSelector: {matchLabels: {app: web}}}]}]", False),
        (
            "[{from: [{podSelector: {matchExpressions:"
            " [{key: app, operator: In, values: [web]}]}}]}]",
            False,
        ),
        ("[{from: [{namespaceSelector: {}}]}]", False),
        ("[{from: [{ipBlock: {cidr: 10.0.0.0/16}}]}]", False),
        ("[{ports: [{port: pg}]}]", False),
    ],
)
def test_a_policy_that_keeps_a_client_out(tmp_path: Path, ingress: str, kept_out: bool) -> None:
    """The labels of the client decide; addresses of pods are not known."""
    expected = {(3, "PG207")} if kept_out else set()
    text = _policy(ingress, _client("app: web"))
    assert places(tmp_path, text, "db.yaml") == expected


def test_a_namespace_that_is_closed_by_default(tmp_path: Path) -> None:
    """The policies that open it again may be elsewhere."""
    text = _policy("[]", _client("app: web")).replace("{matchLabels: {app: db}}", "{}", 1)
    assert places(tmp_path, text, "db.yaml") == set()


# --- connections ---------------------------------------------------------------------------------


def test_a_selector_that_no_pod_has(tmp_path: Path) -> None:
    """The server stands beside it, and no other Service leads to it."""
    text = _service("selector: {app: database}, ports: [{port: 5432}]")
    assert places(tmp_path, text, "db.yaml") == {(6, "PG207")}


@pytest.mark.parametrize(
    "selector", ["{application: spilo}", "{cnpg.io/cluster: db}", "{app: db, role: master}"]
)
def test_labels_that_are_set_later(tmp_path: Path, selector: str) -> None:
    """Operators and Patroni label the pods that they run."""
    text = _service(f"selector: {selector}, ports: [{{port: 5432}}]")
    assert places(tmp_path, text, "db.yaml") == set()


@pytest.mark.parametrize(
    ("port", "missed"),
    [
        ("{port: 5432, targetPort: pg}", False),
        ("{port: 5432, targetPort: postgresql}", True),
        ("{port: 5433, targetPort: 5433}", True),
        ("{port: 5433, targetPort: 5432}", False),
        ("{port: 5433}", True),
        ("{port: 8008}", True),
    ],
)
def test_target_ports(tmp_path: Path, port: str, missed: bool) -> None:
    """A name must be a port of a container, a number where the server listens."""
    text = _service(f"selector: {{app: db}}, ports: [{port}]")
    assert places(tmp_path, text, "db.yaml") == ({(6, "PG207")} if missed else set())


@pytest.mark.parametrize(
    ("environment", "missed"),
    [
        ("value: postgres://web@db:5432/shop", False),
        ("value: postgres://web@db:5433/shop", True),
        ("value: postgres://web@db.shop.svc.cluster.local:5433/shop", True),
        ("value: postgres://web@db:$(DB_PORT)/shop", False),
        ("value: postgres://web@localhost:5432/shop", True),
        ("value: postgres://web@elsewhere:5432/shop", False),
        ("valueFrom: {secretKeyRef: {name: s, key: url}}", False),
    ],
)
def test_what_clients_connect_to(tmp_path: Path, environment: str, missed: bool) -> None:
    """The port of the Service counts; a pod without sidecars has no server at localhost."""
    text = f"{_client('app: web', environment)}\n---\n{SERVER}"
    assert places(tmp_path, text, "db.yaml") == ({(18, "PG207")} if missed else set())


def test_localhost_with_a_sidecar(tmp_path: Path) -> None:
    """A proxy in the same pod answers there."""
    client = _client("app: web", "value: postgres://web@localhost:5432/shop")
    sidecar = "        - {name: proxy, image: example/cloud-sql-proxy}\n"
    text = f"{client.rstrip()}\n{sidecar}---\n{SERVER}"
    assert places(tmp_path, text, "db.yaml") == set()


def test_a_service_of_another_namespace(tmp_path: Path) -> None:
    """A short name is looked for in the namespace of the client; a kustomization may set it."""
    text = (
        f"{_client('app: web')}\n---\n{SERVER}".replace("{name: db}", "{name: db, namespace: data}")
    ).replace("{name: web}", "{name: web, namespace: shop}")
    files = {"db.yaml": text}
    assert findings(tmp_path, files) == {("db.yaml", 18, "PG207")}
    files["kustomization.yaml"] = "namespace: all\nresources: [db.yaml]\n"
    assert findings(tmp_path, files) == set()


def test_a_config_map_says_where(tmp_path: Path) -> None:
    """The finding stands where the value is written."""
    config = """
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  PGHOST: db
  PGPORT: "5433"
---
"""
    environment = "value: x\n          envFrom: [{configMapRef: {name: web}}]"
    text = f"{config}{_client('app: web', environment)}\n---\n{SERVER}"
    assert places(tmp_path, text, "db.yaml") == {(5, "PG207")}


# --- ingresses -----------------------------------------------------------------------------------


def test_ingresses_for_tcp(tmp_path: Path) -> None:
    """ingress-nginx, Traefik with and without a list of addresses, and the Gateway API."""
    text = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: tcp-services}
    data:
      "5432": data/db:5432
      "9000": "data/web:9000"
    ---
    apiVersion: traefik.io/v1alpha1
    kind: IngressRouteTCP
    metadata: {name: open}
    spec:
      routes:
        - match: HostSNI(`*`)
          services: [{name: db, port: 5432}]
        - match: HostSNI(`*`)
          middlewares: [{name: office}]
          services: [{name: db, port: 5432}]
        - match: HostSNI(`*`)
          middlewares: [{name: all}]
          services: [{name: db, port: 5432}]
    ---
    apiVersion: traefik.io/v1alpha1
    kind: MiddlewareTCP
    metadata: {name: office}
    spec: {ipAllowList: {sourceRange: [203.0.113.0/24]}}
    ---
    apiVersion: traefik.io/v1alpha1
    kind: MiddlewareTCP
    metadata: {name: all}
    spec: {ipAllowList: {sourceRange: [0.0.0.0/0]}}
    ---
    apiVersion: gateway.networking.k8s.io/v1alpha2
    kind: TCPRoute
    metadata: {name: db}
    spec:
      rules:
        - backendRefs: [{name: db, port: 5432}]
    """
    assert places(tmp_path, text, "ingress.yaml") == {
        (5, "PG206"),
        (14, "PG206"),
        (30, "PG201"),
        (37, "PG206"),
    }


_TEXT = st.text(alphabet="a1:/-.${}[] ", max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("spec", "template", "metadata", "labels", "containers", "ports", "port"),
                    *("selector", "type", "ingress", "from", "ipBlock", "cidr", "except", "env"),
                    *("image", "name", "value", "service", "targetPort", "services", "data"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    *("v1/Service", "v1/ConfigMap", "apps/v1/StatefulSet", "v1/Pod", "v1/List"),
                    *("networking.k8s.io/v1/NetworkPolicy", "postgresql.cnpg.io/v1/Cluster"),
                    *("acid.zalan.do/v1/postgresql", "pgv2.percona.com/v2/PerconaPGCluster"),
                    *("traefik.io/v1alpha1/IngressRouteTCP", "stackgres.io/v1/SGCluster"),
                ]
            ),
            _VALUES,
        ),
        max_size=4,
    )
)
def test_nothing_raises(tmp_path: Path, objects: list[tuple[str, object]]) -> None:
    """Whatever stands where, the scan goes on without a failure."""
    documents = [
        json.dumps(
            {
                "apiVersion": kind.rpartition("/")[0],
                "kind": kind.rpartition("/")[2],
                "metadata": {"name": "db", "labels": {"app": "db"}},
                "spec": body,
                "data": body,
                "items": body,
            }
        )
        for kind, body in objects
    ]
    report_of(tmp_path, {"db.yaml": "\n---\n".join([*documents, SERVER])})


def test_files_with_findings_were_scanned(tmp_path: Path) -> None:
    """ConfigMaps of an ingress and values of charts count, not only Services."""
    config_map = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: tcp-services}
    data:
      "5432": default/postgres:5432
    """
    chart = """
    name: shop
    dependencies: [{name: postgresql, version: 15.x.x}]
    """
    values = """
    postgresql: {primary: {service: {type: NodePort}}}
    """
    files = {"tcp.yaml": config_map, "Chart.yaml": chart, "values.yaml": values}
    report = report_of(tmp_path, files)
    assert {(Path(one.origin.path).name, one.policy.id) for one in report.findings} == {
        ("tcp.yaml", "PG206"),
        ("values.yaml", "PG206"),
    }
    assert {Path(name).name for name in report.names} == {"tcp.yaml", "values.yaml"}


@pytest.mark.parametrize(
    ("image", "more", "expected"),
    [
        ("edoburu/pgbouncer:1.22.1", "", "PG206"),
        ("bitnami/pgbouncer:1", "", "PG206"),
        ("edoburu/pgbouncer", ", env: [{name: LISTEN_ADDR, value: 127.0.0.1}]", None),
        (
            "edoburu/pgbouncer",
            ", env: [{name: LISTEN_ADDR, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]",
            "PG902",
        ),
        ("edoburu/pgbouncer", ", volumeMounts: [{mountPath: /etc/pgbouncer}]", "PG902"),
        (
            "edoburu/pgbouncer",
            ", volumeMounts: [{mountPath: /etc/pgbouncer/userlist.txt}]",
            "PG206",
        ),
        ("ghcr.io/postgresml/pgcat", "", "PG902"),
    ],
)
@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet"])
def test_a_pooler_on_the_network_of_the_node(
    tmp_path: Path, kind: str, image: str, more: str, expected: str | None
) -> None:
    text = f"""
    apiVersion: apps/v1
    kind: {kind}
    metadata: {{name: pooler}}
    spec:
      template:
        spec:
          hostNetwork: true
          containers: [{{name: p, image: "{image}"{more}}}]
    """
    found = {policy for _, policy in places(tmp_path, text, "p.yaml")}
    assert found == ({expected} if expected else set())


PODS_ELSEWHERE = """
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app: db, tier: store}
  ports: [{port: 5432}]
"""


def _restriction(selector: str, cidr: str = "51.15.3.0/28", more: str = "") -> str:
    return f"""---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: db{more}}}
spec:
  podSelector: {selector}
  policyTypes: [Ingress]
  ingress: [{{from: [{{ipBlock: {{cidr: {cidr}}}}}]}}]
"""


@pytest.mark.parametrize(
    ("policies", "is_open"),
    [
        ("", True),
        (_restriction("{matchLabels: {app: db, tier: store}}"), False),
        (_restriction("{matchLabels: {app: db}}"), False),
        (_restriction("{}"), False),
        # Not all pods of the Service, as far as one can see.
        (_restriction("{matchLabels: {app: db, role: replica}}"), True),
        (_restriction("{matchLabels: {app: web}}"), True),
        (_restriction("{matchExpressions: [{key: role, operator: Exists}]}"), True),
        (_restriction("{matchLabels: {app: db}}", "0.0.0.0/0"), True),
        # Policies add up, also with one that selects only some of the pods.
        (_restriction("{}") + _restriction("{matchLabels: {role: a}}", "0.0.0.0/0"), True),
        (_restriction("{}") + _restriction("{matchLabels: {app: web}}", "0.0.0.0/0"), False),
        (_restriction("{matchLabels: {app: db}}", more=", namespace: other"), False),
    ],
)
def test_a_policy_for_the_pods_of_a_service_that_stand_elsewhere(
    tmp_path: Path, policies: str, is_open: bool
) -> None:
    """What the Service selects, a policy with a part of its selector selects too."""
    found = {policy for _, policy in places(tmp_path, PODS_ELSEWHERE + policies, "db.yaml")}
    assert ("PG201" in found) is is_open


def test_a_policy_of_another_namespace(tmp_path: Path) -> None:
    service = PODS_ELSEWHERE.replace("name: db}", "name: db, namespace: shop}", 1)
    text = service + _restriction("{}", more=", namespace: other")
    assert (5, "PG201") in places(tmp_path, text, "db.yaml")
