# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches a Kubernetes Service from outside of the cluster.

A load balancer without source ranges is open to everybody unless an annotation or its class makes
it internal (kubernetes_service.py in the model names them).
https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import field

from connguard.engine.yaml_source import Node
from connguard.policies.model import kubernetes_service
from connguard.policies.model.addresses import (
    ALL_IPV4,
    ALL_IPV6,
    GLOBAL,
    NOWHERE,
    AddressSet,
    BreadthLimits,
)
from connguard.policies.model.database_facts import PublishedPort
from connguard.policies.model.facts import Undecided
from connguard.policies.model.kubernetes_service import SOURCE_RANGES
from connguard.policies.model.network import Endpoint, Rule, Target
from connguard.policies.model.origin import Known, Origin, Unknown
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass

TEMPLATE = lazily(r"\{\{|\$\{|\$\(|<[\w-]+>|%\(")
NODES = "every node of the cluster"
RANGES = "loadBalancerSourceRanges"


@dataclass(frozen=True, slots=True)
class Exposure:
    """A Service, or the part of an operator's object from which one is made.

    `spec` holds `type` and what belongs to it, under the names of a Service. `ports` are those that
    lead to PostgreSQL or a pooler, each with its node port where one is given. `sources` replaces
    the source ranges where an operator calls them otherwise, or a patch changes some of them;
    `closed` tells that it lets nobody in without them. `filters` are the network policies of the
    pods. `place` is what changes the Service, where its type does not stand in the same file.
    """

    title: str
    spec: Mapping[str, Node]
    annotations: Mapping[str, Node]
    ports: tuple[tuple[int, int | None], ...]
    origin: Origin
    target: Target | None = None
    type_node: Node | None = None
    type_text: str | None = None
    sources: tuple[Node, ...] | None = None
    closed: bool = False
    filters: tuple[tuple[Rule, ...], ...] = ()
    purpose: str | None = None
    limits: BreadthLimits = field(default_factory=BreadthLimits)
    place: Origin | None = None

    @property
    def kind(self) -> str:
        """The type of the Service, or the expression that stands for it."""
        node = self.type_node or self.spec.get("type")
        return self.type_text or (node.string if node else None) or "ClusterIP"


def entries(node: Node | None) -> dict[str, Node]:
    """The entries of a mapping that are not null, by their names."""
    return {
        key.string or "": value
        for key, value in (node.items() if node is not None else [])
        if not value.is_null
    }


def facts(exposed: Exposure) -> Iterator[object]:
    """What is known about who reaches the Service; nothing for one inside the cluster."""
    node = exposed.type_node or exposed.spec.get("type")
    kind = exposed.kind
    place = exposed.place or (node.origin if node is not None else exposed.origin)
    if TEMPLATE.search(kind):
        yield Undecided("PG201", f"the type of {exposed.title} is filled in: {kind}", place)
    elif kind == "LoadBalancer" and not is_internal(exposed.spec, exposed.annotations):
        yield _endpoint(exposed, tuple(_ranges(exposed, place)), place, "the load balancer of")
    elif kind == "NodePort":
        for port, node_port in exposed.ports:
            yield PublishedPort(
                exposed.title,
                None,
                Known(node_port, place) if node_port else None,
                port,
                place,
                host=NODES,
                purpose=exposed.purpose,
            )
    yield from _external_addresses(exposed)


def is_internal(spec: Mapping[str, Node], annotations: Mapping[str, Node]) -> bool:
    """Whether a load balancer has an address of the private network only."""
    given = {name: value.string or "" for name, value in annotations.items()}
    chosen = spec.get("loadBalancerClass")
    return kubernetes_service.is_internal(given, chosen.string if chosen is not None else None)


def addresses(node: Node, name: str) -> tuple[AddressSet, tuple[Unknown, ...]]:
    """The addresses of one element of a list of ranges."""
    text = (node.string or "").strip()
    try:
        return AddressSet.of(text), ()
    except ValueError:
        return NOWHERE, (Unknown(f"{name} holds {text or 'no text'}", node.origin),)


def _ranges(exposed: Exposure, place: Origin) -> Iterator[Rule]:
    given = exposed.spec.get(RANGES)
    elements = exposed.sources
    if elements is None:
        elements = tuple(given.elements()) if given is not None else ()
    for element in elements:
        known, unknown = addresses(element, RANGES)
        yield Rule(element.origin, known, unknown=unknown)
    if elements:
        return
    if given is not None and given.string:
        yield Rule(
            given.origin, NOWHERE, unknown=(Unknown(f"{given.string} is filled in", given.origin),)
        )
        return
    noted = exposed.annotations.get(SOURCE_RANGES)
    if noted is not None and noted.string:
        for text in noted.string.split(","):
            try:
                yield Rule(noted.origin, AddressSet.of(text.strip()))
            except ValueError:
                unknown = (Unknown(f"{SOURCE_RANGES} holds {text.strip()}", noted.origin),)
                yield Rule(noted.origin, NOWHERE, unknown=unknown)
        return
    if not exposed.closed:
        yield Rule(place, _everywhere(exposed.spec))


def _everywhere(spec: Mapping[str, Node]) -> AddressSet:
    """All addresses of the families that the Service has; IPv4 alone unless it says so."""
    named = spec.get("ipFamilies")
    families = {(one.string or "").lower() for one in (named.elements() if named else [])}
    policy = spec.get("ipFamilyPolicy")
    dual = policy is not None and (policy.string or "").endswith("DualStack")
    if "ipv6" in families or dual:
        return ALL_IPV6 if families == {"ipv6"} and not dual else ALL_IPV4 | ALL_IPV6
    return ALL_IPV4


def _endpoint(exposed: Exposure, rules: tuple[Rule, ...], place: Origin, what: str) -> Endpoint:
    return Endpoint(
        f"{what} {exposed.title}",
        tuple(port for port, _ in exposed.ports),
        (rules, *exposed.filters),
        place,
        (exposed.target,) if exposed.target else (),
        exposed.limits,
    )


def _external_addresses(exposed: Exposure) -> Iterator[Endpoint]:
    """`externalIPs`: the nodes take traffic to these addresses for the Service."""
    given = exposed.spec.get("externalIPs")
    for element in given.elements() if given is not None else []:
        try:
            address = ipaddress.ip_address((element.string or "").strip())
        except ValueError:
            continue
        if AddressSet.of(address) <= GLOBAL:
            everybody = ALL_IPV4 if address.version == 4 else ALL_IPV6
            rules = (Rule(element.origin, everybody),)
            yield _endpoint(exposed, rules, element.origin, "the external address of")
            return
