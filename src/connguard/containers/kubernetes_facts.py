# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the objects of Kubernetes expose: Services, ports of pods, ingresses for TCP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace
from pathlib import Path, PurePath

from connguard.containers import (
    access_rule,
    databases,
    kubernetes_patches,
    network_policies,
    service_exposure,
)
from connguard.containers.compose_facts import purpose_of
from connguard.containers.manifests import (
    CORE,
    ByLabels,
    Manifest,
    Objects,
    Patch,
    labels,
    may_share_namespace,
)
from connguard.containers.network_policies import Policies
from connguard.containers.pods import Container, Pod, pods
from connguard.containers.service_exposure import Exposure
from connguard.engine.reading import Context
from connguard.engine.yaml_source import Node
from connguard.policies.model.addresses import NOWHERE
from connguard.policies.model.database_facts import PublishedPort
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import Ports
from connguard.policies.model.records import dataclass
from connguard.policies.model.setting_facts import EffectiveSetting
from connguard.policies.model.whole_numbers import whole

POSTGRES_PORTS = (5432, 6432)
"""Ports that tell PostgreSQL or a pooler where nothing else does."""

PORT_NAME = lazily(r"(?i)^(?:tcp-?)?(?:postgres(?:ql)?|pgsql|psql|pgbouncer|pgpool)(?:-?\w+)?$")
_TCP_SERVICES = lazily(r"(?:^|-)tcp-services?$|(?:^|-)tcp$")
_TARGET = lazily(r"(?:[\w.-]+/)?(?P<name>[\w.-]+):(?P<port>[\w-]+)(?::\w*)*")
_ROUTES = ("IngressRouteTCP", "TCPRoute", "TLSRoute")


@dataclass
class Reader:
    """Makes the facts of all manifests of a scan."""

    objects: Objects
    context: Context
    pods: list[Pod] = field(init=False)
    policies: Policies = field(init=False)
    _selected: dict[int, list[Pod]] = field(default_factory=dict)
    _labelled: ByLabels[Pod] = field(init=False)
    _near: dict[tuple[str, Path, str | None], Manifest | None] = field(default_factory=dict)
    _named: dict[tuple[str, str], list[Manifest]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pods = pods(self.objects)
        self.policies = Policies(self.objects)
        self._labelled = ByLabels(self.pods, lambda pod: pod.labels)
        for one in self.objects.manifests:
            self._named.setdefault((one.kind, one.name), []).append(one)

    def facts(self) -> Iterator[object]:
        for service in self.objects.of("Service"):
            if service.group == CORE:
                yield from self._service(service)
        for pod in self.pods:
            for container in pod.servers:
                yield from self._container(pod, container)
                yield from access_rule.facts(
                    container.image, container.environment, container.settings
                )
            yield from self._policies(pod)
        yield from self._policies_of_others()
        for config in self.objects.of("ConfigMap"):
            yield from self._tcp_services(config)
        for operations in kubernetes_patches.by_target(self.objects.patches).values():
            yield from self._patched(operations)
        for route in self.objects.of(*_ROUTES):
            yield from self._route(route)

    # --- Services --------------------------------------------------------------------------------

    def _service(self, service: Manifest) -> Iterator[object]:
        exposed = self._exposure(service)
        if exposed is None:
            return
        if self._base(service) is None:
            yield from service_exposure.facts(exposed)
            return
        place = kubernetes_patches.change(service.spec, service.annotations)
        if place is not None:
            sets_type = service.node.get("spec", "type") is not None
            changed = replace(exposed, place=place)
            yield from kubernetes_patches.facts_of_change(changed, sets_type=sets_type)

    def _exposure(self, service: Manifest) -> Exposure | None:
        """A Service that leads to PostgreSQL or a pooler."""
        behind = self.selected(service)
        ports = self._ports(service, behind)
        if not ports:
            return None
        target, filters = self._behind(service, behind)
        base = self._base(service)
        return Exposure(
            f"the Service {service.name}",
            kubernetes_patches.merged(base.spec if base else None, service.spec),
            kubernetes_patches.merged(base.annotations if base else None, service.annotations),
            ports,
            service.origin,
            target,
            filters=filters,
            purpose=purpose_of(service.file.path, self.context),
            limits=self.context.settings.addresses.limits(),
        )

    def _patched(self, operations: list[Patch]) -> Iterator[object]:
        """A Service after the operations of an overlay."""
        patch = operations[0]
        if patch.kind != "Service":
            return
        service = self._nearest(patch.name, patch.owner.path.parent, None)
        exposed = self._exposure(service) if service is not None else None
        if exposed is not None:
            purpose = purpose_of(patch.file.path, self.context)
            changed = replace(exposed, purpose=purpose)
            yield from kubernetes_patches.facts_of_operations(changed, operations)

    def _base(self, service: Manifest) -> Manifest | None:
        """The Service that a file without a selector and ports only changes."""
        if service.node.get("spec", "ports") and service.node.get("spec", "selector"):
            return None
        return self._nearest(service.name, service.file.path.parent, service.namespace)

    def _nearest(self, name: str, folder: Path, namespace: str | None) -> Manifest | None:
        """The whole Service of this name that is nearest to a folder in the tree of folders."""
        key = (name, folder, namespace)
        if key not in self._near:
            found = [
                other
                for other in self._named.get(("Service", name), ())
                if (None in (namespace, other.namespace) or namespace == other.namespace)
                and other.node.get("spec", "ports") is not None
                and other.node.get("spec", "selector") is not None
            ]
            self._near[key] = max(
                found, key=lambda other: _common(other.file.path, folder), default=None
            )
        return self._near[key]

    def whole(self, service: Manifest, *path: str) -> Node | None:
        """A value of a Service, or of the one of this name that a file only changes."""
        base = self._base(service)
        said = [service, *([base] if base is not None else [])]
        for other in said + self._named.get((service.kind, service.name), []):
            found = other.node.get("spec", *path)
            if found is not None:
                return found
        return None

    def selected(self, service: Manifest) -> list[Pod]:
        """The pods of a Service: those of its folder, else those of the scan."""
        if id(service) not in self._selected:
            selector = labels(self.whole(service, "selector"))
            found = [
                pod
                for pod in (self._labelled.with_all(selector) if selector else ())
                if may_share_namespace(pod.workload, service)
            ]
            folder = service.file.path.parent
            beside = [pod for pod in found if pod.workload.file.path.parent == folder]
            self._selected[id(service)] = beside or found
        return self._selected[id(service)]

    def _ports(self, service: Manifest, behind: list[Pod]) -> tuple[tuple[int, int | None], ...]:
        """The ports of a Service that lead to PostgreSQL or a pooler, with their node ports."""
        given = self.whole(service, "ports")
        found = []
        for one in given.elements() if given is not None else []:
            port, protocol = one.get("port"), one.get("protocol")
            if port is None or port.integer is None:
                continue
            if protocol is not None and protocol.string not in (None, "TCP"):
                continue
            if self._leads_to_database(one, port.integer, behind):
                node_port = one.get("nodePort")
                found.append((port.integer, node_port.integer if node_port else None))
        return tuple(found)

    def _leads_to_database(self, entry: Node, port: int, behind: list[Pod]) -> bool:
        target, name = entry.get("targetPort"), entry.get("name")
        number = target.integer if target is not None else port
        containers = [container for pod in behind for container in pod.containers]
        if containers:
            for container in containers:
                numbers = {one.number for one in container.ports}
                named = {
                    one.number for one in container.ports if target and one.name == target.string
                }
                reached = named or {number}
                if container.program is not None and reached & {*container.listens_on, 5432, 6432}:
                    return True
                if container.program is None and reached & {5432} & numbers:
                    return True
            return False
        words = (target.string if target is not None else None, name.string if name else None)
        return (
            port in POSTGRES_PORTS
            or number in POSTGRES_PORTS
            or any(word is not None and PORT_NAME.match(word) is not None for word in words)
        )

    def _behind(
        self, service: Manifest, behind: list[Pod]
    ) -> tuple[Target | None, tuple[tuple[Rule, ...], ...]]:
        """The server behind a Service, and what the network policies of its pods let in."""
        servers = [pod for pod in behind if pod.servers]
        if not behind:
            selector = labels(self.whole(service, "selector"))
            found = self.policies.of_selector(service, selector)
            return None, (network_policies.rules_of(found, None),) if found else ()
        if not servers:
            return None, ()
        pod = servers[0]
        policies = self.policies.of(pod)
        filters = (network_policies.rules_of(policies, pod),) if policies else ()
        return Target(pod.title, pod.workload.origin), filters

    # --- pods ------------------------------------------------------------------------------------

    def _container(self, pod: Pod, container: Container) -> Iterator[object]:
        purpose = purpose_of(pod.workload.file.path, self.context)
        if pod.on_host_network:
            yield from self._on_the_host(pod, container, purpose)
            return
        for port in container.ports:
            host_port, host_address = port.node.get("hostPort"), port.node.get("hostIP")
            if host_port is None or host_port.integer == 0 or port.number is None:
                continue
            if port.number not in {*container.listens_on, *POSTGRES_PORTS}:
                continue
            number: Value[int] = (
                Known(host_port.integer, host_port.origin)
                if host_port.integer
                else Unknown(f"{host_port.string} is filled in", host_port.origin)
            )
            address = (
                Known(host_address.string, host_address.origin)
                if host_address is not None and host_address.string
                else None
            )
            yield PublishedPort(
                pod.title,
                address,
                number,
                port.number,
                host_port.origin,
                host="the node that it runs on",
                purpose=purpose,
            )

    def _on_the_host(self, pod: Pod, container: Container, purpose: str | None) -> Iterator[object]:
        """What shares the addresses of its node listens on all of them by default."""
        setting = pod.spec.get("hostNetwork")
        if container.program is None or setting is None:
            return
        if not container.program.is_server:
            yield from self._pooler_on_the_host(pod, container, setting.origin, purpose)
            return
        addresses = container.settings.get("listen_addresses")
        if addresses is not None:
            yield EffectiveSetting("listen_addresses", addresses, addresses.origin)
        elif container.program.is_plain and "config_file" not in container.settings:
            for port in container.listens_on:
                known = Known(port, setting.origin)
                yield PublishedPort(
                    pod.title,
                    None,
                    known,
                    port,
                    setting.origin,
                    host="the node that it runs on",
                    purpose=purpose,
                )

    def _pooler_on_the_host(
        self, pod: Pod, container: Container, place: Origin, purpose: str | None
    ) -> Iterator[PublishedPort]:
        assert container.program is not None
        mounted = [
            one
            for one in container.mounts
            if "pgbouncer" in one and PurePath(one).suffix in ("", ".ini")
        ]
        unread = Unknown(f"what is mounted at {mounted[0]} is not read", place) if mounted else None
        found = databases.pooler_addresses(container.program, container.environment, unread, place)
        declared = tuple(one.number for one in container.ports if one.number is not None)
        for port in container.listens_on or declared or POSTGRES_PORTS[1:]:
            for address in found:
                yield PublishedPort(
                    pod.title,
                    address,
                    Known(port, place),
                    port,
                    place,
                    host="the node that it runs on",
                    purpose=purpose,
                )

    def _policies(self, pod: Pod) -> Iterator[Endpoint]:
        """A policy of a server's pods that lets in addresses, those inside the network."""
        for policy in self.policies.of(pod) if pod.servers else []:
            ports = {one for container in pod.servers for one in container.listens_on}
            target = Target(pod.title, pod.workload.origin, has_public_address=False)
            rules = network_policies.rules_of([policy], pod)
            yield from self._policy(policy, rules, tuple(sorted(ports)) or POSTGRES_PORTS, target)

    def _policies_of_others(self) -> Iterator[Endpoint]:
        """Policies for pods that an operator makes: judged when they name PostgreSQL's port."""
        for policy in self.objects.of("NetworkPolicy"):
            selector = policy.node.get("spec", "podSelector")
            wanted = labels(selector.get("matchLabels")) if selector is not None else {}
            near = self._labelled.with_all(wanted)
            if any(network_policies.selects_pod(selector, pod.labels) for pod in near):
                continue
            named = tuple(
                rule
                for rule in network_policies.rules_of([policy], None)
                if isinstance(rule.ports, Ports)
                and not rule.ports.is_all
                and any(port in rule.ports for port in POSTGRES_PORTS)
            )
            target = Target(f"the pods of {policy.name}", policy.origin, has_public_address=False)
            yield from self._policy(policy, named, POSTGRES_PORTS, target)

    def _policy(
        self, policy: Manifest, rules: tuple[Rule, ...], ports: tuple[int, ...], target: Target
    ) -> Iterator[Endpoint]:
        given = tuple(
            rule for rule in rules if (rule.sources or rule.unknown) and not _is_everything(rule)
        )
        if given:
            limits = self.context.settings.addresses.limits()
            guard = f"the NetworkPolicy {policy.name}"
            yield Endpoint(guard, ports, (given,), policy.origin, (target,), limits)

    # --- ingresses for TCP -----------------------------------------------------------------------

    def _tcp_services(self, config: Manifest) -> Iterator[PublishedPort]:
        """ingress-nginx: a ConfigMap of `port: namespace/service:port`."""
        data = config.node.get("data")
        if data is None or not _TCP_SERVICES.search(config.name):
            return
        for key, value in data.items():
            match = _TARGET.fullmatch((value.string or "").strip())
            if match is None or key.integer is None:
                continue
            named = PORT_NAME.match(match["port"]) is not None
            if named or (match["port"].isdecimal() and whole(match["port"]) in POSTGRES_PORTS):
                yield self._ingress(config, match["name"], key.integer, value.origin)

    def _route(self, route: Manifest) -> Iterator[object]:
        """Traefik's IngressRouteTCP and the Gateway API's TCPRoute."""
        entries = route.node.get("spec", "routes") or route.node.get("spec", "rules")
        for entry in entries.elements() if entries is not None else []:
            services = entry.get("services") or entry.get("backendRefs")
            for one in services.elements() if services is not None else []:
                port, name = one.get("port"), one.get("name")
                if port is None or name is None or not self._is_database(port, name.string or ""):
                    continue
                allowed = list(self._allowed(entry))
                if allowed:
                    yield Endpoint(
                        f"the {route.kind} {route.name}",
                        (port.integer or 5432,),
                        (tuple(allowed),),
                        port.origin,
                        limits=self.context.settings.addresses.limits(),
                    )
                else:
                    number = port.integer or 5432
                    yield self._ingress(route, name.string or "", number, port.origin)

    def _is_database(self, port: Node, name: str) -> bool:
        if port.integer is None:
            return PORT_NAME.match(port.string or "") is not None
        if port.integer in POSTGRES_PORTS:
            return True
        return any(
            port.integer in {number for number, _ in self._ports(service, self.selected(service))}
            for service in self.objects.of("Service")
            if service.name == name
        )

    def _allowed(self, entry: Node) -> Iterator[Rule]:
        """The addresses that Traefik's middlewares of a route let in."""
        named = entry.get("middlewares")
        for one in named.elements() if named is not None else []:
            name = one.get("name")
            known = [
                middleware
                for middleware in self.objects.of("MiddlewareTCP")
                if name is not None and middleware.name == name.string
            ]
            if not known:
                unknown = Unknown("the middleware is not among these files", one.origin)
                yield Rule(one.origin, NOWHERE, unknown=(unknown,))
            for middleware in known:
                for key in ("ipAllowList", "ipWhiteList"):
                    ranges = middleware.node.get("spec", key, "sourceRange")
                    for element in ranges.elements() if ranges is not None else []:
                        sources, doubt = service_exposure.addresses(element, "sourceRange")
                        yield Rule(element.origin, sources, unknown=doubt)

    def _ingress(self, manifest: Manifest, name: str, port: int, origin: Origin) -> PublishedPort:
        return PublishedPort(
            f"the Service {name}",
            None,
            Known(port, origin),
            port,
            origin,
            host="the ingress",
            purpose=purpose_of(manifest.file.path, self.context),
        )


def _common(first: Path, second: Path) -> int:
    """How many folders two paths have in common from the root on."""
    same = 0
    for one, other in zip(first.parts, second.parts, strict=False):
        if one != other:
            break
        same += 1
    return same


def _is_everything(rule: Rule) -> bool:
    """A rule without senders: it says no more than no policy does."""
    return len(rule.sources.v4) == 1 and bool(rule.sources.v6)
