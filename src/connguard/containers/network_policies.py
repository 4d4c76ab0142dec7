# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkPolicies: which addresses and which pods they let in to a pod.

Policies add up; a pod that none selects is open, and one that some select is closed to all that no
rule of them allows. https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connguard.containers.manifests import Manifest, Objects, labels, may_share_namespace
from connguard.containers.pods import Pod
from connguard.containers.service_exposure import addresses
from connguard.engine.yaml_source import Node
from connguard.policies.model.addresses import ALL_IPV4, ALL_IPV6, NOWHERE
from connguard.policies.model.network import Rule
from connguard.policies.model.origin import Unknown
from connguard.policies.model.ports import ALL_PORTS, NO_PORTS, Ports

_NAMESPACE_LABEL = "kubernetes.io/metadata.name"


_Label = tuple[str, str]


class Policies:
    """The NetworkPolicies of a scan, by a label of the pods that they select."""

    def __init__(self, objects: Objects) -> None:
        self._found: dict[_Label | None, list[tuple[int, Manifest]]] = {}
        for number, policy in enumerate(objects.of("NetworkPolicy")):
            kinds = policy.node.get("spec", "policyTypes")
            names = [one.string for one in kinds.elements()] if kinds else ["Ingress"]
            if policy.group == "networking.k8s.io" and "Ingress" in names:
                wanted = labels(policy.node.get("spec", "podSelector", "matchLabels"))
                label = next(iter(wanted.items()), None)
                self._found.setdefault(label, []).append((number, policy))

    def of(self, pod: Pod) -> list[Manifest]:
        """Those that restrict who may connect to a pod."""
        near = [one for label in (None, *pod.labels.items()) for one in self._found.get(label, ())]
        return [policy for _, policy in sorted(near, key=_number) if _restricts(policy, pod)]

    def of_selector(self, service: Manifest, selector: dict[str, str]) -> list[Manifest]:
        """Those that restrict the pods of a Service that stand elsewhere.

        Empty unless one of them selects whatever the Service selects. Those that may select some
        of its pods come along: what they let in may come in.
        """
        every = (policy for found in self._found.values() for _, policy in found)
        near = [
            policy
            for policy in every
            if selector
            and _is_of_deployment(policy, service)
            and _may_select(policy.node.get("spec", "podSelector"), selector)
        ]
        return near if any(_selects_all(policy, selector) for policy in near) else []


def _number(one: tuple[int, Manifest]) -> int:
    return one[0]


def _restricts(policy: Manifest, pod: Pod) -> bool:
    return _is_of_deployment(policy, pod.workload) and selects_pod(
        policy.node.get("spec", "podSelector"), pod.labels
    )


def _is_of_deployment(policy: Manifest, other: Manifest) -> bool:
    """Whether an object is of the same deployment, as far as one can see."""
    if not may_share_namespace(policy, other):
        return False
    if policy.file.path.parent == other.file.path.parent:
        return True
    return policy.namespace is not None and policy.namespace == other.namespace


def _selects_all(policy: Manifest, selector: dict[str, str]) -> bool:
    """Whether a policy selects every pod that has the labels of a Service's selector."""
    chosen = policy.node.get("spec", "podSelector")
    if chosen is None or chosen.get("matchExpressions") is not None:
        return chosen is None
    return labels(chosen.get("matchLabels")).items() <= selector.items()


def _may_select(chosen: Node | None, selector: dict[str, str]) -> bool:
    """Whether a pod with the labels of a Service's selector, and others, may be selected."""
    wanted = labels(chosen.get("matchLabels")) if chosen is not None else {}
    return all(selector.get(key, value) == value for key, value in wanted.items())


def rules_of(policies: Iterable[Manifest], pod: Pod | None) -> tuple[Rule, ...]:
    """The addresses that the policies of a pod let in. Selected pods and namespaces add none.

    Without a pod the names of ports mean nothing.
    """
    return tuple(rule for policy in policies for rule in _rules(policy, pod))


def admits(policies: Iterable[Manifest], pod: Pod, client: Pod, port: int) -> bool:
    """Whether pods of a client may connect to a port; True where it cannot be told."""
    for policy in policies:
        for rule in _ingress(policy):
            ports = _ports(rule, pod)
            if isinstance(ports, Ports) and port not in ports:
                continue
            senders = rule.get("from")
            if senders is None or not senders.elements():
                return True
            if any(_admits(one, policy, client) for one in senders.elements()):
                return True
    return False


def _admits(sender: Node, policy: Manifest, client: Pod) -> bool:
    if sender.get("ipBlock") is not None:
        return True  # the addresses of pods are not known
    spaces, chosen = sender.get("namespaceSelector"), sender.get("podSelector")
    if spaces is None and not may_share_namespace(policy, client.workload):
        return False
    if spaces is not None:
        wanted = labels(spaces.get("matchLabels"))
        name = wanted.pop(_NAMESPACE_LABEL, None)
        own = client.workload.namespace
        if not wanted and name is not None and own is not None and name != own:
            return False
    return chosen is None or selects_pod(chosen, client.labels)


def _rules(policy: Manifest, pod: Pod | None) -> Iterator[Rule]:
    for rule in _ingress(policy):
        ports = _ports(rule, pod)
        senders = rule.get("from")
        if senders is None or not senders.elements():
            yield Rule(rule.origin, ALL_IPV4 | ALL_IPV6, ports)
            continue
        for sender in senders.elements():
            cidr = sender.get("ipBlock", "cidr")
            if cidr is None:
                yield Rule(sender.origin, NOWHERE, ports)
                continue
            known, unknown = addresses(cidr, "ipBlock.cidr")
            excluded = sender.get("ipBlock", "except")
            for one in excluded.elements() if excluded else []:
                known -= addresses(one, "except")[0]
            yield Rule(cidr.origin, known, ports, unknown)


def _ingress(policy: Manifest) -> list[Node]:
    found = policy.node.get("spec", "ingress")
    return found.elements() if found is not None else []


def _ports(rule: Node, pod: Pod | None) -> Unknown | Ports:
    given = rule.get("ports")
    elements = given.elements() if given is not None else []
    if not elements:
        return ALL_PORTS
    found = NO_PORTS
    for element in elements:
        protocol, port, last = element.get("protocol"), element.get("port"), element.get("endPort")
        if protocol is not None and (protocol.string or "TCP").upper() != "TCP":
            continue
        if port is None:
            return ALL_PORTS
        number = port.integer
        if number is None:
            number = next(
                (
                    one.number
                    for container in (pod.containers if pod is not None else [])
                    for one in container.ports
                    if one.name == port.string
                ),
                None,
            )
        if number is None:
            return Unknown(f"no container has a port {port.string}", port.origin)
        end = last.integer if last is not None else None
        found = Ports.union_of((found, Ports.between(number, end or number)))
    return found


def selects_pod(selector: Node | None, found: dict[str, str]) -> bool:
    """A selector of a policy; an empty one selects every pod."""
    if selector is None:
        return True
    if any(found.get(key) != value for key, value in labels(selector.get("matchLabels")).items()):
        return False
    expressions = selector.get("matchExpressions")
    return all(_matches(one, found) for one in (expressions.elements() if expressions else []))


def _matches(expression: Node, found: dict[str, str]) -> bool:
    key = (expression.get("key") or expression).string or ""
    operator = (expression.get("operator") or expression).string
    given = expression.get("values")
    values = [one.string for one in given.elements()] if given is not None else []
    if operator == "In":
        return found.get(key) in values
    if operator == "NotIn":
        return found.get(key) not in values
    if operator == "Exists":
        return key in found
    return operator == "DoesNotExist" and key not in found
