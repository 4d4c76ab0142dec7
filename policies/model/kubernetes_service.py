# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Kubernetes Services of the type LoadBalancer: which are internal, and whom they let in.

Annotations of internal load balancers:
https://kubernetes.io/docs/concepts/services-networking/service/#internal-load-balancer
The AWS load balancer controller makes internal ones unless told otherwise:
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/#lb-scheme
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import USUAL_PORTS

_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
_SCHEME = f"{_AWS}scheme"

SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
"""The annotation that says what spec.loadBalancerSourceRanges says, with commas between."""


def _is(*wanted: str) -> Callable[[str], bool]:
    return lambda value: value in wanted


_INTERNAL: dict[str, Callable[[str], bool]] = {
    "networking.gke.io/load-balancer-type": _is("internal"),
    "cloud.google.com/load-balancer-type": _is("internal"),
    _SCHEME: _is("internal"),
    f"{_AWS}internal": lambda value: value not in ("", "false"),
    "service.beta.kubernetes.io/azure-load-balancer-internal": _is("true"),
    "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type": _is("private"),
    "service.beta.kubernetes.io/openstack-internal-load-balancer": _is("true"),
    "service.beta.kubernetes.io/cce-load-balancer-internal-vpc": _is("true"),
    "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": bool,
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": _is("intranet"),
    "service.beta.kubernetes.io/oci-load-balancer-internal": _is("true"),
    "service.beta.kubernetes.io/scw-loadbalancer-private": _is("true"),
    "load-balancer.hetzner.cloud/disable-public-network": _is("true"),
    "yandex.cloud/load-balancer-type": _is("internal"),
}
_PRIVATE_CLASSES = ("tailscale",)
_AWS_CLASSES = ("service.k8s.aws/", "eks.amazonaws.com/")
_POSTGRES = lazily(r"postgres|pgsql|pg-?bouncer|pg-?pool|pgcat|timescale|(?<![a-z])pg(?![a-z])")
_NO_POSTGRES = lazily(r"exporter|metrics|admin|postgrest|backup|operator|gui|web|http")


def is_internal(annotations: Mapping[str, object], load_balancer_class: object = None) -> bool:
    """Whether a load balancer with these annotations has no public address for certain."""
    texts = {name: _text(value) for name, value in annotations.items()}
    if texts.get(_SCHEME) == "internet-facing":
        return False
    if any(test(texts[name]) for name, test in _INTERNAL.items() if name in texts):
        return True
    by_controller = texts.get(f"{_AWS}type") in ("external", "nlb-ip")
    if load_balancer_class in _PRIVATE_CLASSES:
        return True
    aws_class = isinstance(load_balancer_class, str) and load_balancer_class.startswith(
        _AWS_CLASSES
    )
    return _SCHEME not in texts and (by_controller or aws_class)


def decides_visibility(name: str) -> bool:
    """Whether an annotation may make a load balancer internal."""
    return name in _INTERNAL


def names_postgres(text: str) -> bool:
    """Whether the name of a service, port, label or image says PostgreSQL or a pooler."""
    lowered = text.lower()
    return _POSTGRES.search(lowered) is not None and _NO_POSTGRES.search(lowered) is None


def is_postgres_port(*ports: object) -> bool:
    """Whether the port of a service, or the one it leads to, is PostgreSQL's or a pooler's."""
    return any(
        names_postgres(port)
        if isinstance(port, str) and not port.isdigit()
        else str(port) in {str(usual) for usual in USUAL_PORTS}
        for port in ports
        if isinstance(port, (str, int))
    )


def _text(value: object) -> str:
    if isinstance(value, (bool, str, int)):
        return str(value).strip().lower()
    return ""
