# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many pods of a Kubernetes workload run at most, and how many more during a rollout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from connguard.budget import rollout
from connguard.containers.manifests import Manifest, may_share_namespace
from connguard.engine.yaml_source import Node
from connguard.policies.model.amount import Amount, exactly, named, times, unknown_amount
from connguard.policies.model.whole_numbers import whole

SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet", "Rollout", "DaemonSet")
JOBS = {"Job": (), "CronJob": ("jobTemplate", "spec"), "ScaledJob": ("jobTargetRef",)}
"""Workloads that come to an end, with the place of the job in their `spec`."""

_KEDA_MOST = 100
"""KEDA's maxReplicaCount where a ScaledObject or ScaledJob sets none.

https://keda.sh/docs/latest/reference/scaledobject-spec/#maxreplicacount
"""
_SURGE_PERCENT = "25%"
_STRATEGY = {"Deployment": "strategy", "Pooler": "deploymentStrategy"}
"""Where a Deployment, and the resource from which CloudNativePG makes one, say how they roll.

https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/#postgresql-cnpg-io-v1-PoolerSpec
"""


def template(manifest: Manifest) -> Node | None:
    """What the pods of a workload are made from."""
    return manifest.node.get("spec", *JOBS.get(manifest.kind, ()), "template")


def lone_scalers(folder: Iterable[Manifest]) -> list[Manifest]:
    """The autoscalers of a folder whose workload lies elsewhere."""
    manifests = list(folder)
    workloads = [one for one in manifests if one.kind in WORKLOADS]
    return [
        scaler
        for scaler in manifests
        if scaler.kind in SCALERS and not any(scales(scaler, one) for one in workloads)
    ]


def target_of(scaler: Manifest) -> str:
    """The name of what an autoscaler scales."""
    name = scaler.node.get("spec", "scaleTargetRef", "name")
    return (name.string if name is not None else None) or ""


def maybe_scaled(own: Amount, manifest: Manifest, lone: Iterable[Manifest]) -> Amount:
    """The replicas, where an autoscaler of another folder may be meant for the workload."""
    for scaler in lone:
        most = _most(scaler, own.name) if scales(scaler, manifest) else None
        if most is not None and most.high > own.high:
            reason = f"whether the autoscaler at {scaler.origin} is for {manifest.name}"
            return Amount(own.low, most.high, own.name, most.origin, reason)
    return own


def replicas(manifest: Manifest, scalers: Iterable[Manifest]) -> Amount:
    """The most replicas: of an autoscaler, else as the workload says."""
    name = f"replicas of {manifest.name}"
    if manifest.kind in JOBS:
        return _pods_of_job(manifest, f"pods of {manifest.name}")
    if manifest.kind == "DaemonSet":
        reason = f"how many nodes run {manifest.name}"
        return unknown_amount(f"pods of {manifest.name}", reason, manifest.origin, low=1)
    for scaler in scalers:
        most = _most(scaler, name) if scales(scaler, manifest) else None
        if most is not None:
            return most
    number = manifest.node.get("spec", "replicas")
    return exactly(1, name) if number is None else amount(number, name)


def _pods_of_job(manifest: Manifest, name: str) -> Amount:
    """The pods of a job at once, and of jobs that may run at the same time.

    https://kubernetes.io/docs/concepts/workloads/controllers/job/#controlling-parallelism
    https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#concurrency-policy
    """
    spec = manifest.node.get("spec", *JOBS[manifest.kind])
    parallelism = spec.get("parallelism") if spec else None
    completions = spec.get("completions") if spec else None
    pods = amount(parallelism, name) if parallelism else exactly(1, name, manifest.origin)
    if completions is not None and completions.integer is not None:
        enough = max(0, completions.integer)
        pods = replace(pods, low=min(pods.low, enough), high=min(pods.high, enough))
    if manifest.kind == "ScaledJob":
        most = manifest.node.get("spec", "maxReplicaCount")
        jobs = amount(most, name) if most else exactly(_KEDA_MOST)
        return named(times(pods, jobs), name, most.origin if most else pods.origin)
    policy = manifest.node.get("spec", "concurrencyPolicy")
    if manifest.kind == "CronJob" and (policy is None or policy.string == "Allow"):
        reason = f"how many runs of {manifest.name} overlap"
        return unknown_amount(name, reason, manifest.origin, pods.low)
    return pods


def _most(scaler: Manifest, name: str) -> Amount | None:
    if scaler.kind == "ScaledObject":
        most = scaler.node.get("spec", "maxReplicaCount")
        default = exactly(_KEDA_MOST, f"{name} (KEDA's default)", scaler.origin)
        return default if most is None else amount(most, name)
    most = scaler.node.get("spec", "maxReplicas")
    return None if most is None else amount(most, name)


def scales(scaler: Manifest, manifest: Manifest) -> bool:
    if target_of(scaler) != manifest.name:
        return False
    kind = scaler.node.get("spec", "scaleTargetRef", "kind")
    if kind is not None:
        same = kind.string == manifest.kind
    else:
        same = scaler.kind != "ScaledObject" or manifest.kind == "Deployment"
    return same and may_share_namespace(scaler, manifest)


def surge(manifest: Manifest, instances: Amount) -> Amount:
    """Pods beyond the replicas while a Deployment is rolled out: a quarter unless it says so."""
    if manifest.kind == "Rollout":
        return _surge_of_argo(manifest, instances)
    if manifest.kind not in _STRATEGY:
        return exactly(0)
    strategy = manifest.node.get("spec", _STRATEGY[manifest.kind])
    kind = strategy.get("type") if strategy else None
    if kind is not None and kind.string == "Recreate":
        return exactly(0)
    node = strategy.get("rollingUpdate", "maxSurge") if strategy else None
    return _most_surge(node, manifest, instances)


def _surge_of_argo(manifest: Manifest, instances: Amount) -> Amount:
    """Both colours run before the switch; with a router, so do both versions of a canary.

    https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/
    https://argo-rollouts.readthedocs.io/en/stable/features/canary/
    """
    colours = manifest.node.get("spec", "strategy", "blueGreen")
    if colours is not None:
        name = f"pods of the other colour of {manifest.name}"
        return rollout.share(instances, 100, name, colours.origin)
    canary = manifest.node.get("spec", "strategy", "canary")
    routed = canary.get("trafficRouting") if canary else None
    if routed is not None:
        reason = f"how far the canary of {manifest.name} is scaled"
        name = f"pods of the canary of {manifest.name}"
        return unknown_amount(name, reason, routed.origin, high=instances.high)
    return _most_surge(canary.get("maxSurge") if canary else None, manifest, instances)


def _most_surge(node: Node | None, manifest: Manifest, instances: Amount) -> Amount:
    name = f"maxSurge of {manifest.name}"
    text = (node.string if node else None) or _SURGE_PERCENT
    if text.endswith("%") and text[:-1].isdecimal():
        return rollout.share(instances, whole(text[:-1]), name, node.origin if node else None)
    return amount(node, name) if node else exactly(0)


def amount(node: Node, name: str) -> Amount:
    """The number that stands there; not known where it is filled in elsewhere."""
    number = node.integer
    if number is None or number < 0:
        filled = node.string or "the number"
        return unknown_amount(name, f"{filled} is filled in elsewhere", node.origin)
    return exactly(number, name, node.origin)
