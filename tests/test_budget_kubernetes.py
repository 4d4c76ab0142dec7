# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes: how many pods a workload has at most, with all of its containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from connguard.budget.run import Run, run
from connguard.engine.settings import Settings
from connguard.policies.model.amount import Standing

CLUSTER = """---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg}
spec: {instances: 1, storage: {size: 1Gi}}
"""
"""It has 97 slots."""


def scan(folder: Path, *documents: str, server: str = CLUSTER) -> Run:
    text = "---\n".join(documents) + server
    (folder / "all.yaml").write_text(text, encoding="utf-8")
    return run([folder], Settings(), [])


def container(pool: int, name: str = "api", more: str = "") -> str:
    return (
        f"      - name: {name}\n        image: shop/{name}\n{more}        env:\n"
        "        - name: DATABASE_URL\n"
        f"          value: postgres://app@pg-rw/shop?pool_max_conns={pool}\n"
    )


def workload(containers: str, spec: str = "", kind: str = "Deployment", meta: str = "") -> str:
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: api{meta}}}\nspec:\n"
        f"  selector: {{matchLabels: {{app: api}}}}\n{spec}"
        "  template:\n    metadata: {labels: {app: api}}\n    spec:\n      containers:\n"
        f"{containers}"
    )


def scaler(most: str, *, target: str = "kind: Deployment, ", meta: str = "") -> str:
    return (
        f"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
        f"metadata: {{name: api{meta}}}\n"
        f"spec:\n  scaleTargetRef: {{{target}name: api}}\n  maxReplicas: {most}\n"
    )


def counted(done: Run) -> dict[str, str]:
    """For each service: instances, instances more during a rollout, and the pool's size."""
    return {
        one.name: f"{one.instances} + {one.surge} × {one.pool}"
        for stack, _ in done.stacks
        for one in stack.topology.services
    }


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([workload(container(10), "  replicas: ${REPLICAS}\n")], "0 or more + 0 or more × 10"),
        ([workload(container(10)), scaler("${MAX}")], "0 or more + 0 or more × 10"),
        ([workload(container(10), "  replicas: 5\n")], "5 + 2 × 10"),
    ],
)
def test_the_surge_of_an_unknown_number(
    tmp_path: Path, documents: list[str], expected: str
) -> None:
    """A quarter of a number that nobody knows is not a number beyond all limits."""
    done = scan(tmp_path, *documents)

    assert counted(done) == {"api": expected}
    wanted = Standing.SAFE if "more" not in expected else Standing.UNKNOWN
    assert done.verdict is wanted


@pytest.mark.parametrize(
    ("own", "scaled", "replicas"),
    [
        ("", scaler("30"), 30),
        ("", scaler("30", target=""), 30),
        (", namespace: a", scaler("30"), 30),
        ("", scaler("30", meta=", namespace: b"), 30),
        (", namespace: a", scaler("30", meta=", namespace: a"), 30),
        (", namespace: a", scaler("30", meta=", namespace: b"), 2),
        ("", scaler("30", target="kind: StatefulSet, "), 2),
    ],
)
def test_an_autoscaler_of_another_workload(
    tmp_path: Path, own: str, scaled: str, replicas: int
) -> None:
    """One in another namespace, or of another kind, scales another workload of the same name."""
    done = scan(tmp_path, workload(container(12), "  replicas: 2\n", meta=own), scaled)

    assert counted(done)["api"].startswith(f"{replicas} + ")


SIDECAR = "        restartPolicy: Always\n"


def test_several_containers_of_a_pod(tmp_path: Path) -> None:
    """Each container has a pool of its own; none hides another one of the same pod."""
    spec = "  replicas: 4\n  strategy: {type: Recreate}\n"
    both = workload(container(20) + container(11, "worker"), spec)
    done = scan(tmp_path, both)

    assert counted(done) == {"api": "4 + 0 × 20", "api/worker": "4 + 0 × 11"}
    assert done.verdict is Standing.UNSAFE

    turned = workload(container(11, "worker") + container(20), spec)
    assert counted(scan(tmp_path, turned)) == counted(done)


def test_one_of_several_containers_uses_the_database(tmp_path: Path) -> None:
    """It keeps the name of the workload, by which its code is found."""
    plain = "      - {name: proxy, image: shop/proxy}\n"
    done = scan(tmp_path, workload(plain + container(20, "main"), "  replicas: 2\n"))

    assert counted(done) == {"api": "2 + 1 × 20"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [(SIDECAR, {"api": "2 + 1 × 5", "api/agent": "2 + 1 × 3"}), ("", {"api": "2 + 1 × 5"})],
)
def test_containers_that_start_first(tmp_path: Path, more: str, expected: dict[str, str]) -> None:
    """A sidecar goes on beside the others; another one has ended when these start."""
    first = container(3, "agent", more)
    text = workload(container(5), "  replicas: 2\n") + f"      initContainers:\n{first}"

    assert counted(scan(tmp_path, text)) == expected


def scaled_object(spec: str, name: str = "api") -> str:
    return (
        f"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: {name}}}\n"
        f"spec:\n  scaleTargetRef: {{name: {name}}}\n{spec}  triggers: []\n"
    )


@pytest.mark.parametrize(
    ("kind", "scaled", "expected"),
    [
        ("Deployment", scaled_object("  maxReplicaCount: 20\n"), "20 + 5 × 6"),
        ("Deployment", scaled_object(""), "100 + 25 × 6"),
        ("Deployment", scaled_object("  maxReplicaCount: ${MAX}\n"), "0 or more + 0 or more × 6"),
        ("Deployment", scaled_object("", "other"), "2 + 1 × 6"),
        ("StatefulSet", scaled_object(""), "2 + 0 × 6"),
    ],
)
def test_keda(tmp_path: Path, kind: str, scaled: str, expected: str) -> None:
    """It scales Deployments unless it says otherwise, and up to 100 where it sets no maximum."""
    (tmp_path / "scaling.yaml").write_text(scaled)
    done = scan(tmp_path, workload(container(6), "  replicas: 2\n", kind))

    assert counted(done) == {"api": expected}


def job(pool: str, spec: str = "", name: str = "import", image: str = "shop/import") -> str:
    return (
        f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\nspec:\n{spec}"
        "  template:\n    spec:\n      restartPolicy: Never\n      containers:\n"
        f"      - name: {name}\n        image: {image}\n        env:\n"
        f"        - {{name: DATABASE_URL, value: 'postgres://app@pg-rw/shop{pool}'}}\n"
    )


TEN = "?pool_max_conns=10"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("", "1 + 0 × 10"),
        ("  parallelism: 10\n", "10 + 0 × 10"),
        ("  parallelism: 10\n  completions: 100\n", "10 + 0 × 10"),
        ("  parallelism: 10\n  completions: 3\n", "3 + 0 × 10"),
        ("  parallelism: ${MANY}\n", "0 or more + 0 × 10"),
    ],
)
def test_jobs(tmp_path: Path, spec: str, expected: str) -> None:
    """As many pods at once as `parallelism` and `completions` allow."""
    done = scan(tmp_path, job(TEN, spec))

    assert counted(done) == {"import": expected}
    assert (done.verdict is Standing.UNSAFE) == (expected == "10 + 0 × 10")


def test_a_job_beside_a_workload_of_its_name(tmp_path: Path) -> None:
    done = scan(tmp_path, workload(container(5)), job(TEN, name="api"))

    assert counted(done) == {"api": "1 + 1 × 5", "job/api": "1 + 0 × 10"}


@pytest.mark.parametrize("image", ["shop/migrate", "postgres:16"])
def test_migrations_and_backups(tmp_path: Path, image: str) -> None:
    """The headroom is kept for them: a pod that says nothing of a pool decides nothing."""
    done = scan(tmp_path, workload(container(5)), job("", image=image))

    assert counted(done) == {"api": "1 + 1 × 5"}
    assert len(done.stacks) == 1
    assert done.verdict is Standing.SAFE


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", "2 or more + 0 × 10"),
        ("  concurrencyPolicy: Allow\n", "2 or more + 0 × 10"),
        ("  concurrencyPolicy: Forbid\n", "2 + 0 × 10"),
    ],
)
def test_jobs_of_a_schedule(tmp_path: Path, policy: str, expected: str) -> None:
    """Runs overlap unless that is forbidden."""
    head, _, spec = job(TEN, "  parallelism: 2\n").partition("spec:\n")
    inner = "".join(f"    {line}" for line in spec.splitlines(keepends=True))
    text = f"{head.replace('Job', 'CronJob')}spec:\n{policy}  jobTemplate:\n    spec:\n{inner}"

    assert counted(scan(tmp_path, text)) == {"import": expected}


def test_pods_of_every_node(tmp_path: Path) -> None:
    """How many nodes a cluster has is in no manifest."""
    done = scan(tmp_path, workload(container(10), kind="DaemonSet"))

    assert counted(done) == {"api": "1 or more + 0 × 10"}
    assert done.verdict is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("strategy", "expected", "verdict"),
    [
        ("blueGreen: {activeService: api}", "8 + 8 × 10", Standing.UNSAFE),
        ("canary: {maxSurge: 0}", "8 + 0 × 10", Standing.SAFE),
        ("canary: {maxSurge: 50%}", "8 + 4 × 10", Standing.UNSAFE),
        ("canary: {steps: []}", "8 + 2 × 10", Standing.UNSAFE),
        ("canary: {trafficRouting: {}}", "8 + 0 to 8 × 10", Standing.UNKNOWN),
    ],
)
def test_rollouts_of_argo(tmp_path: Path, strategy: str, expected: str, verdict: Standing) -> None:
    """Two colours are twice the pods; a canary has its own maxSurge."""
    spec = f"  replicas: 8\n  strategy: {{{strategy}}}\n"
    done = scan(tmp_path, workload(container(10), spec, "Rollout"))

    assert counted(done) == {"api": expected}
    assert done.verdict is verdict


POOLER = """      - name: pgbouncer
        image: edoburu/pgbouncer:1.22.1
        env:
        - {name: DATABASE_URL, value: "postgres://app:x@pg-rw/shop"}
        - {name: POOL_MODE, value: transaction}
        - {name: DEFAULT_POOL_SIZE, value: "30"}
        - {name: MAX_DB_CONNECTIONS, value: "30"}
"""


@pytest.mark.parametrize(
    ("spec", "kind", "demand"),
    [
        ("", "Deployment", 120),
        ("  strategy: {type: Recreate}\n", "Deployment", 90),
        ("  strategy: {rollingUpdate: {maxSurge: 0}}\n", "Deployment", 90),
        ("", "StatefulSet", 90),
    ],
)
def test_poolers_that_are_rolled_out(tmp_path: Path, spec: str, kind: str, demand: int) -> None:
    """A pooler that is started before an old one ends has pools as well."""
    done = scan(tmp_path, workload(POOLER, f"  replicas: 3\n{spec}", kind))
    ((stack, budget),) = done.stacks

    assert budget.server is not None
    assert budget.server.demand.high == demand
    assert stack.topology.poolers[0].instances.high == 3
    assert done.verdict is (Standing.SAFE if demand < 97 else Standing.UNSAFE)


def stateful(args: str = "", more: str = "", image: str = "postgres:16") -> str:
    return (
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: pg-rw}\nspec:\n"
        "  template:\n    spec:\n      containers:\n"
        f"      - name: pg\n        image: {image}\n{args}{more}"
    )


CONFIG = """apiVersion: v1
kind: ConfigMap
metadata: {name: pgconf}
data:
  postgresql.conf: |
    listen_addresses = '*'
    max_connections = 40
---
"""
VOLUMES = "      volumes: [{name: c, configMap: {name: pgconf}}]\n"
FOLDER = "        volumeMounts: [{name: c, mountPath: /etc/pg}]\n" + VOLUMES
FILE = (
    "        volumeMounts: [{name: c, mountPath: /var/lib/postgresql/data/postgresql.conf,"
    " subPath: postgresql.conf}]\n" + VOLUMES
)
BITNAMI = "        env: [{name: POSTGRESQL_MAX_CONNECTIONS, value: '40'}]\n"
NAMED = '        args: ["-c", "config_file=/etc/pg/postgresql.conf"]\n'


@pytest.mark.parametrize(
    ("server", "slots"),
    [
        (stateful(), "100"),
        (stateful('        args: ["-c", "max_connections=40"]\n'), "40"),
        (stateful('        args: ["-N", "40"]\n'), "40"),
        (stateful('        args: ["--max_connections=40"]\n'), "40"),
        (stateful('        args: ["--max-connections=40"]\n'), "40"),
        (stateful('        args: ["-N", "$(MOST)"]\n'), "0 or more"),
        (stateful('        command: [sh, -c, "exec postgres -c max_connections=40"]\n'), "40"),
        (CONFIG + stateful(NAMED, FOLDER), "40"),
        (CONFIG + stateful(NAMED.replace("postgresql.conf", "my.conf"), FOLDER), "0 or more"),
        (CONFIG + stateful(NAMED.replace('"]', '", "-N", "60"]'), FOLDER), "60"),
        (stateful(NAMED), "0 or more"),
        (CONFIG + stateful("", FILE), "40"),
        (stateful("", BITNAMI, "bitnami/postgresql:16"), "40"),
        (CONFIG + stateful("", FOLDER), "100"),
    ],
)
def test_slots_of_a_server(tmp_path: Path, server: str, slots: str) -> None:
    """As the server reads its command line, and the file that this names."""
    done = scan(tmp_path, workload(container(10), "  replicas: 4\n"), server=f"---\n{server}")
    ((stack, _),) = done.stacks

    assert stack.topology.server is not None
    assert str(stack.topology.server.max_connections) == slots
    verdicts = {"40": Standing.UNSAFE, "0 or more": Standing.UNKNOWN}
    assert done.verdict is verdicts.get(slots, Standing.SAFE)


@pytest.mark.parametrize(
    ("scaled", "beside", "expected"),
    [
        (scaler("10"), "", "2 to 10 + 1 to 3 × 20"),
        (scaled_object(""), "", "2 to 100 + 1 to 25 × 20"),
        (scaler("1"), "", "2 + 1 × 20"),
        (scaler("10", target="kind: StatefulSet, "), "", "2 + 1 × 20"),
        (scaler("10"), workload("      - {name: api, image: other}\n"), "2 + 1 × 20"),
    ],
)
def test_an_autoscaler_in_another_folder(
    tmp_path: Path, scaled: str, beside: str, expected: str
) -> None:
    """It may be meant for the workload if it scales none of its own folder."""
    other = tmp_path / "scaling"
    other.mkdir()
    (other / "scaling.yaml").write_text(f"{scaled}---\n{beside}")
    done = scan(tmp_path, workload(container(20), "  replicas: 2\n"))

    assert counted(done) == {"api": expected}
    assert done.verdict is (Standing.UNKNOWN if "to" in expected else Standing.SAFE)


def test_an_autoscaler_beside_a_workload_without_a_database(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "api.yaml").write_text(workload("      - {name: api, image: other}\n"))
    (other / "scaling.yaml").write_text(scaler("10"))
    done = scan(tmp_path, workload(container(20), "  replicas: 2\n"))

    assert counted(done) == {"api": "2 + 1 × 20"}


@pytest.mark.parametrize(
    ("strategy", "more"),
    [
        ("", 1),
        ("  deploymentStrategy: {type: Recreate}\n", 0),
        ("  deploymentStrategy: {rollingUpdate: {maxSurge: 2}}\n", 2),
    ],
)
def test_an_operators_pooler_that_is_rolled_out(tmp_path: Path, strategy: str, more: int) -> None:
    """CloudNativePG runs it as a Deployment."""
    text = (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Pooler\nmetadata: {name: pool}\nspec:\n"
        "  cluster: {name: pg}\n  instances: 3\n  pgbouncer: {poolMode: transaction,\n"
        f"    parameters: {{max_db_connections: '20'}}}}\n{strategy}"
    )
    ((stack, _),) = scan(tmp_path, text).stacks
    (pooler,) = stack.topology.poolers

    assert (pooler.instances.high, pooler.surge.high) == (3, more)
