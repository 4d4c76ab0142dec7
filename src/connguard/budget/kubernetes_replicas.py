# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many pods of a Kubernetes workload run at most, and how many more during a rollout."""

from __future__ import annotations

from collections.abc import Iterable

from connguard.budget import rollout
from connguard.containers.manifests import Manifest, may_share_namespace
from connguard.engine.yaml_source import Node
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.whole_numbers import whole

SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
_KEDA_MOST = 100
"""KEDA's maxReplicaCount where a ScaledObject sets none.

https://keda.sh/docs/latest/reference/scaledobject-spec/#maxreplicacount
"""
_SURGE_PERCENT = "25%"


def replicas(manifest: Manifest, scalers: Iterable[Manifest]) -> Amount:
    """The most replicas: of an autoscaler, else as the workload says."""
    name = f"replicas of {manifest.name}"
    for scaler in scalers:
        most = _most(scaler, name) if _scales(scaler, manifest) else None
        if most is not None:
            return most
    number = manifest.node.get("spec", "replicas")
    return exactly(1, name) if number is None else amount(number, name)


def _most(scaler: Manifest, name: str) -> Amount | None:
    if scaler.kind == "ScaledObject":
        most = scaler.node.get("spec", "maxReplicaCount")
        default = exactly(_KEDA_MOST, f"{name} (KEDA's default)", scaler.origin)
        return default if most is None else amount(most, name)
    most = scaler.node.get("spec", "maxReplicas")
    return None if most is None else amount(most, name)


def _scales(scaler: Manifest, manifest: Manifest) -> bool:
    target = scaler.node.get("spec", "scaleTargetRef")
    name = target.get("name") if target else None
    if target is None or name is None or name.string != manifest.name:
        return False
    kind = target.get("kind")
    if kind is not None:
        same = kind.string == manifest.kind
    else:
        same = scaler.kind != "ScaledObject" or manifest.kind == "Deployment"
    return same and may_share_namespace(scaler, manifest)


def surge(manifest: Manifest, instances: Amount) -> Amount:
    """Pods beyond the replicas while a Deployment is rolled out: a quarter unless it says so."""
    if manifest.kind == "StatefulSet":
        return exactly(0)
    kind = manifest.node.get("spec", "strategy", "type")
    if kind is not None and kind.string == "Recreate":
        return exactly(0)
    node = manifest.node.get("spec", "strategy", "rollingUpdate", "maxSurge")
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
