# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""AWS load balancers that pass a port of PostgreSQL on.

A network or classic load balancer faces the internet unless `internal = true`. A network load
balancer without security groups lets everybody in; with them, and for a classic one, the groups are
judged as they stand in front of this port.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb_listener
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
"""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.addresses import ALL_IPV4
from connguard.policies.model.aws_rules import items
from connguard.policies.model.network import Endpoint, Rule
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.ports import USUAL_PORTS, Ports
from connguard.policies.model.terraform_resource import Inventory, Resource, ResourceTable
from connguard.policies.model.terraform_value import boolean, integer

BALANCERS = ("aws_lb", "aws_alb")
LISTENERS = ("aws_lb_listener", "aws_alb_listener")

_TCP_PROTOCOLS = ("tcp", "tls", "tcp_udp")

TABLES = (
    ResourceTable(
        (*BALANCERS, *LISTENERS),
        (
            "load_balancer_type",
            "internal",
            "security_groups",
            "load_balancer_arn",
            "port",
            "protocol",
        ),
        "A listener on a port of PostgreSQL, of a network load balancer that faces the internet"
        " (internal = false, the default) and has no security groups, lets everybody in.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    for listener in inventory.of(*LISTENERS):
        port = _postgres_port(listener)
        if port is None:
            continue
        setting = listener.body.setting("load_balancer_arn")
        for balancer in inventory.targets(setting.value) if setting is not None else ():
            if balancer.type in BALANCERS and _is_open(balancer):
                yield _endpoint(listener, balancer, port, inventory)


def _postgres_port(listener: Resource) -> Known[int] | None:
    protocol = listener.body.setting("protocol")
    if protocol is None or str(protocol.value).lower() not in _TCP_PROTOCOLS:
        return None
    setting = listener.body.setting("port")
    port = integer({"port": setting}, "port")
    return port if isinstance(port, Known) and port.value in USUAL_PORTS else None


def _is_open(balancer: Resource) -> bool:
    """Whether it is a network load balancer that the internet reaches, without a group."""
    kind = balancer.body.setting("load_balancer_type")
    if kind is None or kind.value != "network":
        return False
    internal = balancer.body.setting("internal")
    inside = boolean({"internal": internal}, "internal")
    if inside is not None and not (isinstance(inside, Known) and not inside.value):
        return False
    return not items(balancer.body.setting("security_groups"))


def _endpoint(
    listener: Resource, balancer: Resource, port: Known[int], inventory: Inventory
) -> Endpoint:
    place: Origin = port.origin
    everybody = Rule(place, ALL_IPV4, Ports.of(port.value), calls=listener.calls)
    return Endpoint(
        f"the load balancer {balancer.address}, which has no security group",
        (port.value,),
        ((everybody,),),
        place,
        limits=inventory.limits,
    )
