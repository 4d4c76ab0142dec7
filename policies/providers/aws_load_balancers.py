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

TARGET_GROUPS = ("aws_lb_target_group", "aws_alb_target_group")

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
            "default_action",
        ),
        "A listener on a port of PostgreSQL, or to a target group with one, of a network load"
        " balancer that faces the internet (internal = false, the default) and has no security"
        " groups, lets everybody in.",
    ),
    ResourceTable(
        TARGET_GROUPS,
        ("port",),
        "Its port tells that a listener leads to PostgreSQL.",
    ),
)


def facts(inventory: Inventory) -> Iterator[object]:
    for listener in inventory.of(*LISTENERS):
        port = _port_to_postgres(listener, inventory)
        if port is None:
            continue
        setting = listener.body.setting("load_balancer_arn")
        for balancer in inventory.targets(setting.value) if setting is not None else ():
            if balancer.type in BALANCERS and _is_open(balancer):
                yield _endpoint(listener, balancer, port, inventory)


def _port_to_postgres(listener: Resource, inventory: Inventory) -> Known[int] | None:
    """The port of a listener for TCP that is PostgreSQL's, or leads to PostgreSQL's."""
    protocol = listener.body.setting("protocol")
    if protocol is None or str(protocol.value).lower() not in _TCP_PROTOCOLS:
        return None
    port = _port(listener)
    if port is None or port.value in USUAL_PORTS:
        return port
    groups = (_port(group) for group in _target_groups(listener, inventory))
    return port if any(one is not None and one.value in USUAL_PORTS for one in groups) else None


def _port(resource: Resource) -> Known[int] | None:
    port = integer({"port": resource.body.setting("port")}, "port")
    return port if isinstance(port, Known) else None


def _target_groups(listener: Resource, inventory: Inventory) -> Iterator[Resource]:
    """Those to which a listener passes connections, alone or with weights."""
    for action in listener.body.blocks("default_action"):
        named = [action.setting("target_group_arn")]
        for forward in action.blocks("forward"):
            named.extend(group.setting("arn") for group in forward.blocks("target_group"))
        for setting in named:
            found = inventory.targets(setting.value) if setting is not None else []
            yield from (one for one in found if one.type in TARGET_GROUPS)


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
