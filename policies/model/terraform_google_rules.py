# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The rules of Google's VPC firewalls."""

from __future__ import annotations

from collections.abc import Iterator

from connguard.policies.model.addresses import ALL_IPV4, NOWHERE, AddressSet
from connguard.policies.model.network import LAST, Rule
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.terraform_guards import may_be
from connguard.policies.model.terraform_network import Sources, addresses, origin_of, ports, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource
from connguard.policies.model.terraform_value import Setting, Unresolved, boolean, integer, text

GOOGLE_PROBES = AddressSet.of(
    "35.191.0.0/16",
    "130.211.0.0/22",
    "209.85.152.0/22",
    "209.85.204.0/22",
    "35.235.240.0/20",
    "35.199.192.0/19",
)
"""Health checks and front ends of load balancers, IAP's tunnels, and DNS forwarding: nobody's
machines have these addresses."""

_TAGS = ("source_tags", "source_service_accounts")
_DEFAULT_PRIORITY = 1000
_TCP = ("tcp", "6", "all")


def network_of(inventory: Inventory, setting: Setting | None) -> str:
    """A name for a network, the same however it is referred to, and for its subnetworks."""
    value = setting.value if setting is not None else None
    for target in inventory.targets(value):
        if target.type == "google_compute_subnetwork":
            return network_of(inventory, target.body.setting("network"))
        return target.address
    if isinstance(value, Unresolved):
        return value.refers or f"({value.reason})"
    name = value.rsplit("/", 1)[-1] if isinstance(value, str) else "default"
    for network in inventory.named("google_compute_network", "name", name):
        return network.address
    return name


def rules_of(firewall: Resource) -> Iterator[Rule]:
    """The ingress rules of one firewall resource that concern TCP.

    Where the priority of an allowing rule is unknown, it counts as the last one for certain, and
    as the first one perhaps.
    """
    body, calls = firewall.body, firewall.calls
    disabled = _disabled(body)
    if not may_be(body, "direction", "ingress", default="ingress"):
        return
    if isinstance(disabled, Known) and disabled.value:
        return
    doubts = [one for one in (_doubt(body, "direction"), disabled) if isinstance(one, Unknown)]
    origin = origin_of(body, ("source_ranges", *_TAGS))
    found = Sources(unknown=tuple(doubts)) if doubts else _sources(body, origin)
    rank = _rank(body)
    for block in body.blocks("allow"):
        certain = body.certain and block.certain
        for which in _ports(block):
            last = LAST if isinstance(rank, Unknown) else rank
            yield Rule(
                origin,
                found.known,
                which,
                found.unknown,
                rank=last,
                certain=certain,
                calls=calls,
            )
            if isinstance(rank, Unknown):
                yield Rule(origin, NOWHERE, which, (rank,), calls=calls)
    if doubts or isinstance(rank, Unknown) or _is_given(body, "destination_ranges"):
        # It may not hold, may be overruled, or leaves some addresses of the machines out.
        return
    for block in body.blocks("deny"):
        certain = body.certain and block.certain
        for which in _ports(block):
            yield Rule(
                origin,
                found.known,
                which,
                allow=False,
                rank=rank,
                certain=certain,
                calls=calls,
            )


def _disabled(body: Body) -> Value[bool] | None:
    setting = body.setting("disabled")
    return boolean({"disabled": setting}, "disabled") if setting is not None else None


def _doubt(body: Body, name: str) -> Unknown | None:
    setting = body.setting(name)
    word = text({name: setting}, name) if setting is not None else None
    return word if isinstance(word, Unknown) else None


def _rank(body: Body) -> int | Unknown:
    setting = body.setting("priority")
    found = integer({"priority": setting}, "priority") if setting is not None else None
    if found is None:
        return _DEFAULT_PRIORITY
    return found if isinstance(found, Unknown) else found.value


def _ports(block: Body) -> Iterator[Value[Ports] | Ports]:
    """The TCP ports of an allow or deny block; nothing when it is for other protocols."""
    protocol = block.setting("protocol")
    word = text({"protocol": protocol}, "protocol") if protocol is not None else None
    if isinstance(word, Unknown):
        yield word
        return
    if word is None or word.value.strip().lower() not in _TCP:
        return
    setting = block.setting("ports")
    if setting is None or setting.value in (None, []) or word.value.strip().lower() == "all":
        yield ALL_PORTS
    else:
        yield ports(setting, "ports")


def _sources(body: Body, origin: Origin) -> Sources:
    ranges = body.setting("source_ranges")
    if ranges is not None and isinstance(ranges.value, Unresolved):
        return sources(ranges, "source_ranges")
    values = ranges.value if ranges is not None else None
    values = list(values) if isinstance(values, (list, tuple)) else [values] if values else []
    if not values:
        return Sources() if any(_is_given(body, name) for name in _TAGS) else Sources(ALL_IPV4)
    found = Sources()
    for value in values:
        known = addresses(value) if isinstance(value, str) else None
        if known is None or not known <= GOOGLE_PROBES:
            found |= sources(Setting(value, origin), "source_ranges")
    return found


def _is_given(body: Body, name: str) -> bool:
    setting = body.setting(name)
    return setting is not None and setting.value not in (None, [])
