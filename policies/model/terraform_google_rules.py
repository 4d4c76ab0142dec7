# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The rules of Google's VPC firewalls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connguard.policies.model.addresses import ALL_IPV4, EVERYWHERE, NOWHERE, AddressSet
from connguard.policies.model.network import Rule
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.terraform_guards import is_surely, may_be
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
_NARROW = ("src_secure_tags", "src_secure_tag", "src_fqdns", "src_networks")
_UNKNOWN = ("src_region_codes", "src_address_groups", "src_threat_intelligences")
_CONTEXTS = ("src_network_context", "src_network_scope")
_INSIDE = ("intra_vpc", "vpc_networks", "non_internet")
_DEFAULT_PRIORITY = 1000
_LAST = 2**32
"""After the last priority of a firewall policy."""
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
    name = value.rpartition("/")[2] if isinstance(value, str) else "default"
    for network in inventory.named("google_compute_network", "name", name):
        return network.address
    return name


def rules_of(firewall: Resource) -> Iterator[Rule]:
    """The ingress rules of one VPC firewall resource that concern TCP."""
    body, calls = firewall.body, firewall.calls
    doubts = _doubts(body)
    if doubts is None:
        return
    origin = origin_of(body, ("source_ranges", *_TAGS))
    found = Sources(unknown=tuple(doubts)) if doubts else _sources(body, origin)
    rank = _rank(body)
    for block in body.blocks("allow"):
        rule = Rule(origin, found.known, unknown=found.unknown, calls=calls)
        yield from _allowing(body, block, rule, rank)
    if doubts or isinstance(rank, Unknown) or _is_given(body, "destination_ranges"):
        # It may not hold, may be overruled, or leaves some addresses of the machines out.
        return
    for block in body.blocks("deny"):
        rule = Rule(origin, found.known, allow=False, rank=rank, certain=body.certain)
        for which in _ports(block):
            yield replace(rule, ports=which, certain=rule.certain and block.certain, calls=calls)


def policy_rules(body: Body, calls: tuple[Related, ...]) -> Iterator[Rule]:
    """The rules that one rule of a firewall policy makes, if it is for ingress and TCP."""
    doubts = _doubts(body)
    if doubts is None:
        return
    lets_in = may_be(body, "action", "allow", "apply_security_profile_group")
    rank = _rank(body)
    for match in body.blocks("match"):
        origin = origin_of(match, ("src_ip_ranges", *_NARROW, *_UNKNOWN))
        found = Sources(unknown=tuple(doubts)) if doubts else _policy_sources(match, origin)
        layers = [*match.blocks("layer4_configs"), *match.blocks("layer4_config")]
        for block in layers:
            if lets_in:
                rule = Rule(origin, found.known, unknown=found.unknown, calls=calls)
                yield from _allowing(body, block, rule, rank)
            elif not doubts and isinstance(rank, int) and not _is_given(match, "dest_ip_ranges"):
                # What goes on to the next level is not let in here, nor by the rules after it.
                rule = Rule(origin, found.known, allow=False, rank=rank, calls=calls)
                certain = body.certain and block.certain
                for which in _ports(block, "ip_protocol"):
                    yield replace(rule, ports=which, certain=certain)


def _allowing(body: Body, block: Body, rule: Rule, rank: int | Unknown) -> Iterator[Rule]:
    """An allowing rule for the ports of a block.

    Where the priority is unknown, it counts as the last one for certain, and as the first one
    perhaps.
    """
    rule = replace(rule, certain=body.certain and block.certain)
    for which in _ports(block, "protocol", "ip_protocol"):
        if isinstance(rank, Unknown):
            yield replace(rule, ports=which, rank=_LAST)
            yield replace(rule, ports=which, sources=NOWHERE, unknown=(rank,))
        else:
            yield replace(rule, ports=which, rank=rank)


def _doubts(body: Body) -> list[Unknown] | None:
    """Why it is not known whether a rule is for ingress and holds; None if one is not so."""
    disabled = _disabled(body)
    if not may_be(body, "direction", "ingress", default="ingress"):
        return None
    if isinstance(disabled, Known) and disabled.value:
        return None
    return [one for one in (_doubt(body, "direction"), disabled) if isinstance(one, Unknown)]


def _disabled(body: Body) -> Value[bool] | None:
    setting = body.setting("disabled")
    return boolean({"disabled": setting}, "disabled")


def _doubt(body: Body, name: str) -> Unknown | None:
    setting = body.setting(name)
    word = text({name: setting}, name)
    return word if isinstance(word, Unknown) else None


def _rank(body: Body) -> int | Unknown:
    setting = body.setting("priority")
    found = integer({"priority": setting}, "priority")
    if found is None:
        return _DEFAULT_PRIORITY
    return found if isinstance(found, Unknown) else found.value


def _ports(block: Body, *names: str) -> Iterator[Value[Ports] | Ports]:
    """The TCP ports of a block with a protocol; nothing when it is for other protocols."""
    found = [(name, block.setting(name)) for name in names or ("protocol",)]
    word = next((text({n: one}, n) for n, one in found if one is not None), None)
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


def _policy_sources(match: Body, origin: Origin) -> Sources:
    """Sources of several kinds are a union; the network that they come from limits them all."""
    for name in _CONTEXTS:
        if is_surely(match, name, *_INSIDE):
            return Sources()
        doubt = _doubt(match, name)
        if doubt is not None:
            return Sources(unknown=(doubt,))
    ranges = match.setting("src_ip_ranges")
    found = sources(ranges, "src_ip_ranges")
    for name in _UNKNOWN:
        if _is_given(match, name):
            found |= Sources(unknown=(Unknown(f"it is limited by {name}", origin),))
    if any(_is_given(match, name) for name in ("src_ip_ranges", *_UNKNOWN, *_NARROW)):
        return found
    if any(match.blocks(name) for name in _NARROW):
        return found
    return Sources(EVERYWHERE)


def _is_given(body: Body, name: str) -> bool:
    setting = body.setting(name)
    return setting is not None and setting.value not in (None, [])
