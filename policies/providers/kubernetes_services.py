# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Kubernetes: Services that open PostgreSQL to the outside of the cluster.

https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs/resources/service_v1
https://kubernetes.io/docs/concepts/services-networking/service/
A load balancer without source ranges lets everybody in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connguard.policies.model.addresses import ALL_IPV4
from connguard.policies.model.database_facts import PublishedPort
from connguard.policies.model.kubernetes_service import (
    SOURCE_RANGES,
    decides_visibility,
    is_internal,
    is_postgres_port,
    names_postgres,
)
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known
from connguard.policies.model.ports import POSTGRES
from connguard.policies.model.terraform_guards import (
    doubtful,
    everybody,
    is_surely,
    may_be,
    settings_at,
)
from connguard.policies.model.terraform_network import origin_of, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import Setting, Unresolved, integer

_SERVICES = ("kubernetes_service", "kubernetes_service_v1")

TABLES = (
    ResourceTable(
        _SERVICES,
        (
            "spec.type",
            "spec.port.port",
            "spec.port.target_port",
            "spec.port.node_port",
            "spec.selector",
            "spec.load_balancer_source_ranges",
            "spec.load_balancer_class",
            "metadata.annotations",
        ),
        "Services whose port, or the one it leads to, is PostgreSQL's. A load balancer without"
        " source ranges is for everybody; an internal one (by annotation) is not judged. A NodePort"
        " is a port published on the nodes.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    for service in inventory.of(*_SERVICES):
        for spec in service.body.blocks("spec"):
            yield from _service(inventory, service, spec)


def _service(inventory: Inventory, service: Resource, spec: Body) -> Iterator[object]:
    ports = [port for port in spec.blocks("port") if _is_postgres(service, spec, port)]
    if not ports:
        return
    number = _number(ports[0])
    if may_be(spec, "type", "loadbalancer"):
        rules = _load_balancer(service, spec)
        if rules:
            yield Endpoint(
                f"the load balancer of {service.address}",
                (number,),
                (tuple(rules),),
                origin_of(spec, ("type",)),
                (Target(service.address, service.origin),),
                inventory.limits,
            )
    elif is_surely(spec, "type", "nodeport"):
        for port in ports:
            node_port = port.setting("node_port")
            yield PublishedPort(
                service.address,
                None,
                integer({"node_port": node_port}, "node_port"),
                _number(port),
                origin_of(spec, ("type",)),
            )


def _is_postgres(service: Resource, spec: Body, port: Body) -> bool:
    if not may_be(port, "protocol", "tcp", default="tcp"):
        return False
    settings = [port.setting(name) for name in ("port", "target_port")]
    values = [setting.value for setting in settings if setting is not None]
    if is_postgres_port(*values):
        return True
    if not any(isinstance(value, Unresolved) for value in values):
        return False
    return any(names_postgres(text) for text in _texts(service, spec))


def _texts(service: Resource, spec: Body) -> Iterator[str]:
    yield service.name
    for setting in settings_at(service.body, "metadata.name"):
        if isinstance(setting.value, str):
            yield setting.value
    selector = spec.setting("selector")
    if selector is not None and isinstance(selector.value, Mapping):
        yield from (value for value in selector.value.values() if isinstance(value, str))


def _number(port: Body) -> int:
    setting = port.setting("port")
    number = integer({"port": setting}, "port")
    return number.value if isinstance(number, Known) else POSTGRES


def _load_balancer(service: Resource, spec: Body) -> list[Rule]:
    """Whom a load balancer lets in; nothing for one that is certainly internal."""
    place = origin_of(spec, ("type",))
    annotations: dict[str, object] = {}
    for setting in settings_at(service.body, "metadata.annotations"):
        if isinstance(setting.value, Unresolved):
            return [doubtful(service, setting.value.reason, setting.origin)]
        if isinstance(setting.value, Mapping):
            annotations.update(setting.value)
    load_balancer_class = spec.setting("load_balancer_class")
    if is_internal(annotations, load_balancer_class.value if load_balancer_class else None):
        return []
    for name, value in annotations.items():
        if decides_visibility(name) and isinstance(value, Unresolved):
            return [doubtful(service, value.reason, place)]
    if not is_surely(spec, "type", "loadbalancer"):
        return [doubtful(service, "the type of the service", place)]
    ranges = spec.setting("load_balancer_source_ranges")
    if ranges is None or ranges.value in (None, [], ()):
        ranges = _annotated_ranges(service, annotations)
    if ranges is None:
        why = "a load balancer without source ranges is for everybody"
        return [everybody(service, why, place, ALL_IPV4)]
    found = sources(ranges, "load_balancer_source_ranges")
    return [Rule(ranges.origin, found.known, unknown=found.unknown, calls=service.calls)]


def _annotated_ranges(service: Resource, annotations: Mapping[str, object]) -> Setting | None:
    value = annotations.get(SOURCE_RANGES)
    for setting in settings_at(service.body, "metadata.annotations"):
        if isinstance(value, str) and value:
            return Setting(value.split(","), setting.origin)
        if isinstance(value, Unresolved):
            return Setting(value, setting.origin)
    return None
