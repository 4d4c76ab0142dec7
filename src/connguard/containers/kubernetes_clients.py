# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections inside a Kubernetes cluster that nothing answers.

Names: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/. Only what the
manifests decide is said: operators, charts and overlays make Services and labels of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.containers import network_policies
from connguard.containers.clients import Wanted, wanted
from connguard.containers.databases import is_other_database
from connguard.containers.kubernetes_facts import PORT_NAME, POSTGRES_PORTS, Reader
from connguard.containers.manifests import CORE, Manifest, labels, may_share_namespace
from connguard.containers.pods import Container, Pod
from connguard.engine.yaml_source import Node
from connguard.policies.model.database_facts import MissedConnection
from connguard.policies.model.origin import Related
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

_HOST = lazily(r"(?P<name>[\w-]+)(?:\.(?P<namespace>[\w-]+)(?:\.svc(?:\.[\w.-]+)?)?)?")
_PLAIN_LABEL = lazily(r"app\.kubernetes\.io/\w+|[\w.-]+")
_SET_LATER = ("role", "spilo-role", "cluster-name", "application", "tier-role")
"""Labels that operators and Patroni put on running pods."""


@dataclass
class Connections:
    """Judges the connections between the pods and Services of a scan."""

    reader: Reader

    def facts(self) -> Iterator[MissedConnection]:
        for service in self.reader.objects.of("Service"):
            if service.group == CORE and service.spec is not None:
                yield from self._service(service)
        for pod in self.reader.pods:
            for container in pod.containers:
                if container.program is None or not container.program.is_server:
                    for one in wanted(container.environment):
                        yield from self._wanted(pod, container, one)

    # --- from a Service to its pods --------------------------------------------------------------

    def _service(self, service: Manifest) -> Iterator[MissedConnection]:
        selector = service.node.get("spec", "selector")
        ports = service.node.get("spec", "ports")
        behind = self.reader.selected(service)
        if behind:
            servers = [pod for pod in behind if pod.servers]
            if len(servers) == len(behind):
                for entry in ports.elements() if ports is not None else []:
                    yield from self._target_port(service, entry, servers)
        elif selector is not None and any(map(_names_postgres, ports.elements() if ports else [])):
            yield from self._no_pod(service, selector)

    def _no_pod(self, service: Manifest, selector: Node) -> Iterator[MissedConnection]:
        chosen = labels(selector)
        if any(key in _SET_LATER or not _PLAIN_LABEL.fullmatch(key) for key in chosen):
            return
        if any("{{" in text or "$" in text for text in chosen.values()):
            return
        left = [
            pod
            for pod in self.reader.pods
            if pod.servers
            and pod.workload.file.path.parent == service.file.path.parent
            and may_share_namespace(pod.workload, service)
            and not any(
                other is not service and pod in self.reader.selected(other)
                for other in self.reader.objects.of("Service")
            )
        ]
        if not left:
            return
        pod = left[0]
        yield MissedConnection(
            f"the Service {service.name}",
            "a pod",
            f"no pod has the labels {_shown(chosen)}; those of {pod.title} are "
            f"{_shown(pod.labels)}",
            "Give the selector the labels of the pods.",
            selector.origin,
            (Related("the pods are defined here", pod.workload.origin),),
        )

    def _target_port(
        self, service: Manifest, entry: Node, servers: list[Pod]
    ) -> Iterator[MissedConnection]:
        given = entry.get("targetPort") or entry.get("port")
        if given is None or given.string is None or "{{" in given.string or "$" in given.string:
            return
        for pod in servers:
            declared = [port for container in pod.containers for port in container.ports]
            related = (Related("the pods are defined here", pod.workload.origin),)
            number = given.integer
            if number is None:
                if any(port.name == given.string for port in declared) or pod.sidecars:
                    return
                reason = f"no container of {pod.title} has a port of this name"
            else:
                if not all(one.program and one.program.is_plain for one in pod.containers):
                    return  # Patroni, for example, has a port of its own
                listening = {port for container in pod.containers for port in container.listens_on}
                unknown = any(not container.listens_on for container in pod.containers)
                if unknown or number in listening | {port.number for port in declared}:
                    return
                reason = f"{pod.title} listens on {', '.join(map(str, sorted(listening)))}"
            yield MissedConnection(
                f"the Service {service.name}",
                f"port {given.string}",
                reason,
                "Set targetPort to the port on which the container listens.",
                given.origin,
                related,
            )

    # --- from a client to a Service --------------------------------------------------------------

    def _wanted(self, pod: Pod, client: Container, one: Wanted) -> Iterator[MissedConnection]:
        if not one.certain and self._other_databases(pod):
            return
        if one.is_loopback:
            yield from self._loopback(pod, one)
            return
        match = _HOST.fullmatch(one.host)
        if match is None:
            return
        services = [
            service
            for service in self.reader.objects.of("Service")
            if service.group == CORE and service.name == match["name"]
        ]
        space = match["namespace"]
        if space is None:
            found = [one for one in services if may_share_namespace(one, pod.workload)]
            if services and not found:
                yield from self._elsewhere(pod, one, services)
        else:
            found = [one for one in services if one.namespace in (None, space)]
        folder = pod.workload.file.path.parent
        beside = [service for service in found if service.file.path.parent == folder]
        if found:
            yield from self._port(pod, one, beside or found)

    def _elsewhere(
        self, pod: Pod, one: Wanted, services: list[Manifest]
    ) -> Iterator[MissedConnection]:
        if self._namespaces_are_set():
            return
        service = services[0]
        yield MissedConnection(
            pod.title,
            one.text,
            f"the Service {service.name} is in the namespace {service.namespace}, and the client "
            f"in {pod.workload.namespace}",
            f"Connect to {service.name}.{service.namespace}.",
            one.origin,
            (Related("the Service is defined here", service.origin),),
        )

    def _namespaces_are_set(self) -> bool:
        """Whether a kustomization puts objects into other namespaces than they say."""
        return any(one.get("namespace") is not None for one in self.reader.objects.kustomizations)

    def _loopback(self, pod: Pod, one: Wanted) -> Iterator[MissedConnection]:
        if len(pod.containers) > 1 or pod.sidecars or pod.on_host_network:
            return
        near = [
            service
            for service in self.reader.objects.near(pod.workload, "Service")
            if service.file.path.parent == pod.workload.file.path.parent
            and any(other.servers for other in self.reader.selected(service))
        ]
        if not near or pod.workload.kind == "Pod":
            return
        yield MissedConnection(
            pod.title,
            one.text,
            "in a pod that is the pod itself, and it has no other container",
            f"Connect to the Service {near[0].name}.",
            one.origin,
            (Related("the server's Service is defined here", near[0].origin),),
        )

    def _port(self, pod: Pod, one: Wanted, services: list[Manifest]) -> Iterator[MissedConnection]:
        missed = [self._is_missed(service, one) for service in services]
        if all(missed):
            service = services[0]
            ports = ", ".join(str(port) for port in self._numbers(service))
            yield MissedConnection(
                pod.title,
                one.text,
                f"the Service {service.name} has port {ports}",
                f"Connect to port {ports}.",
                one.origin,
                (Related("the Service is defined here", service.origin),),
            )
            return
        for service in services:
            for server in self.reader.selected(service):
                yield from self._kept_out(pod, one, service, server)

    def _is_missed(self, service: Manifest, one: Wanted) -> bool:
        """Whether a Service certainly does not have the port that a client wants."""
        address, kind = service.node.get("spec", "clusterIP"), service.node.get("spec", "type")
        numbers = self._numbers(service)
        if one.port is None or not numbers or None in numbers:
            return False
        if (address is not None and address.string == "None") or (
            kind is not None and kind.string == "ExternalName"
        ):
            return False
        return one.port not in numbers

    def _numbers(self, service: Manifest) -> list[int | None]:
        ports = self.reader.whole(service, "ports")
        found = [one.get("port") for one in (ports.elements() if ports is not None else [])]
        return [port.integer for port in found if port is not None]

    def _kept_out(
        self, client: Pod, one: Wanted, service: Manifest, server: Pod
    ) -> Iterator[MissedConnection]:
        ports = {port for container in server.servers for port in container.listens_on}
        policies = self.reader.policies.of(server)
        if len(ports) != 1 or not any(map(_is_about_some, policies)):
            return  # what a policy for all pods keeps out, others may let in elsewhere
        port = ports.pop()
        if client is server or network_policies.admits(policies, server, client, port):
            return
        yield MissedConnection(
            client.title,
            one.text,
            f"the NetworkPolicy {policies[0].name} lets in no pod with the labels "
            f"{_shown(client.labels) or '(none)'} on port {port}",
            "Let the pods of this client in.",
            policies[0].origin,
            (Related("it is reached from here", one.origin),),
        )

    def _other_databases(self, pod: Pod) -> bool:
        return any(
            is_other_database(container.image)
            for other in self.reader.pods
            if other.workload.file.path.parent == pod.workload.file.path.parent
            for container in other.containers
        )


def _is_about_some(policy: Manifest) -> bool:
    """Whether a policy chooses pods, and is not the one that closes a whole namespace."""
    selector = policy.node.get("spec", "podSelector")
    return selector is not None and bool(selector.items())


def _names_postgres(entry: Node) -> bool:
    port, target, name = entry.get("port"), entry.get("targetPort"), entry.get("name")
    numbers = {one.integer for one in (port, target) if one is not None}
    words = [one.string or "" for one in (target, name) if one is not None]
    return bool(numbers & set(POSTGRES_PORTS)) or any(PORT_NAME.match(word) for word in words)


def _shown(found: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in found.items())
