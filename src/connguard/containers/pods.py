# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods of Kubernetes workloads: their labels, containers, ports and environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from connguard.containers import databases
from connguard.containers.compose_service import Variable, Word
from connguard.containers.databases import Program
from connguard.containers.manifests import Manifest, Objects, labels
from connguard.engine.yaml_source import Node
from connguard.policies.model.origin import Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

WORKLOADS = (
    *("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "DaemonSet"),
    *("DeploymentConfig", "Rollout", "Job", "Pod", "CronJob"),
)
_REFERENCE = lazily(r"\$\((\w+)\)")


@dataclass(frozen=True, slots=True)
class Port:
    """One entry of a container's `ports`."""

    number: int | None
    name: str | None
    node: Node


@dataclass
class Container:
    """A container of a pod."""

    node: Node
    pod: Pod

    @property
    def name(self) -> str:
        return (self.node.get("name") or self.node).string or ""

    @cached_property
    def image(self) -> str:
        return (self.node.get("image") or self.node).string or ""

    @cached_property
    def program(self) -> Program | None:
        return databases.program(self.image)

    @cached_property
    def ports(self) -> list[Port]:
        found = []
        for one in _elements(self.node.get("ports")):
            number, name = one.get("containerPort"), one.get("name")
            found.append(
                Port(number.integer if number else None, name.string if name else None, one)
            )
        return found

    @cached_property
    def words(self) -> list[Word]:
        return [
            Word(one.string or "", one.origin, "$(" not in (one.string or ""))
            for key in ("command", "args")
            for one in _elements(self.node.get(key))
        ]

    @cached_property
    def settings(self) -> dict[str, Value[str]]:
        return databases.settings(self.words)

    @cached_property
    def environment(self) -> dict[str, Variable]:
        return environment(self.node, self.pod.config_maps)

    @property
    def mounts(self) -> list[str]:
        """The paths at which something is mounted."""
        paths = (one.get("mountPath") for one in _elements(self.node.get("volumeMounts")))
        return [path.string for path in paths if path is not None and path.string]

    @cached_property
    def listens_on(self) -> tuple[int, ...]:
        """Where PostgreSQL or a pooler listens in it; empty when that is not known."""
        if self.program is None:
            return ()
        if "config_file" in self.settings:
            return ()
        return databases.listen_ports(self.program, self.environment, self.settings)


@dataclass
class Pod:
    """The pods that a workload makes."""

    workload: Manifest
    spec: Node
    labels: dict[str, str]
    config_maps: list[Manifest]

    @cached_property
    def containers(self) -> list[Container]:
        return [Container(one, self) for one in _elements(self.spec.get("containers"))]

    @cached_property
    def sidecars(self) -> bool:
        """Whether containers may run in it that the manifest does not list as such."""
        if self.spec.get("initContainers") is not None:
            return True
        marks = self.workload.node.get("spec", "template", "metadata", "annotations")
        return marks is not None and any("inject" in (key.string or "") for key, _ in marks.items())

    @property
    def servers(self) -> list[Container]:
        """The containers with PostgreSQL or a pooler."""
        return [one for one in self.containers if one.program is not None]

    @property
    def on_host_network(self) -> bool:
        found = self.spec.get("hostNetwork")
        return found is not None and found.boolean is True

    @property
    def title(self) -> str:
        return f"{self.workload.kind} {self.workload.name}"


def pods(objects: Objects) -> list[Pod]:
    """The pods of all workloads."""
    found = []
    for workload in objects.of(*WORKLOADS):
        holder = _template(workload)
        spec = holder.get("spec") if holder else None
        if holder is not None and spec is not None:
            own = labels(holder.get("metadata", "labels"))
            maps = objects.near(workload, "ConfigMap")
            found.append(Pod(workload, spec, own, maps))
    return found


def environment(container: Node, config_maps: Iterable[Manifest]) -> dict[str, Variable]:
    """The variables of a container, with those that ConfigMaps hold."""
    maps = list(config_maps)
    found: dict[str, Variable] = {}
    for source in _elements(container.get("envFrom")):
        name = source.get("configMapRef", "name")
        found.update(_config_map(name.string if name else None, maps))
    for variable in _elements(container.get("env")):
        key, value = variable.get("name"), variable.get("value")
        if key is None or not key.string:
            continue
        if value is not None and value.is_scalar:
            text = _expand(value.string or "", found)
            found[key.string] = Variable(text, value.origin, "$(" not in text)
            continue
        reference = variable.get("valueFrom", "configMapKeyRef")
        name = reference.get("name") if reference else None
        item = reference.get("key") if reference else None
        known = _config_map(name.string if name else None, maps)
        unknown = Variable("", variable.origin, False)
        found[key.string] = known.get((item.string if item else None) or "", unknown)
    return found


def _config_map(name: str | None, maps: Iterable[Manifest]) -> dict[str, Variable]:
    for manifest in maps:
        data = manifest.node.get("data")
        if manifest.name == name and data is not None:
            return {
                key.string or "": Variable(value.string or "", value.origin, True)
                for key, value in data.items()
            }
    return {}


def _expand(text: str, known: Mapping[str, Variable]) -> str:
    """`$(NAME)` of an earlier variable."""

    def fill(match: re.Match[str]) -> str:
        value = known.get(match[1])
        return value.text if value is not None and value.known else match[0]

    return _REFERENCE.sub(fill, text)


def _template(workload: Manifest) -> Node | None:
    if workload.kind == "Pod":
        return workload.node
    if workload.kind == "CronJob":
        return workload.node.get("spec", "jobTemplate", "spec", "template")
    return workload.node.get("spec", "template")


def _elements(node: Node | None) -> list[Node]:
    return node.elements() if node is not None else []
