# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The rules of Azure's network security groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connguard.policies.model.addresses import ALL_IPV4, NOWHERE, PRIVATE
from connguard.policies.model.network import LAST, Rule
from connguard.policies.model.origin import Known, Origin, Related, Unknown, Value
from connguard.policies.model.ports import ALL_PORTS, Ports
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_azure import service_tag
from connguard.policies.model.terraform_network import Sources, origin_of, ports, sources
from connguard.policies.model.terraform_resource import Body
from connguard.policies.model.terraform_value import Setting, integer, text

_SOURCES = ("source_address_prefix", "source_address_prefixes")
_DESTINATIONS = ("destination_address_prefix", "destination_address_prefixes")
_EVERYWHERE = ("*", "any", "0.0.0.0/0", "virtualnetwork")


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A security_rule block, or a rule's own resource, and the module calls that lead to it."""

    body: Body
    calls: tuple[Related, ...]


def security_rules(written: Sequence[WrittenRule]) -> Iterator[Rule]:
    """The inbound rules of one group that concern TCP.

    Where the priority of an allowing rule is unknown, it counts as the last one for certain, and
    as the first one perhaps.
    """
    found = [(rule, one.body) for one in written for rule in _rule(one)]
    denies = any(not rule.allow for rule, _ in found)
    for rule, body in found:
        priority = _priority(body)
        if isinstance(priority, Known):
            yield replace(rule, rank=priority.value)
        elif not rule.allow:
            yield replace(rule, rank=LAST, certain=False)
        else:
            yield replace(rule, rank=LAST)
            if denies and isinstance(priority, Unknown):
                yield replace(rule, sources=NOWHERE, unknown=(priority, *rule.unknown))


def _priority(body: Body) -> Value[int] | None:
    setting = body.setting("priority")
    return integer({"priority": setting}, "priority")


def _rule(one: WrittenRule) -> Iterator[Rule]:
    body = one.body
    doubts: list[Unknown] = []
    for name, wanted in (("direction", ("inbound",)), ("protocol", ("tcp", "*"))):
        word = _word(body, name)
        if isinstance(word, Unknown):
            doubts.append(word)
        elif word is not None and word.value.lower() not in wanted:
            return
    access = _word(body, "access")
    allow = not isinstance(access, Known) or access.value.lower() != "deny"
    if isinstance(access, Unknown):
        doubts.append(access)
    origin = origin_of(body, _SOURCES)
    found, what = _sources(body, origin)
    if doubts:
        if allow:
            yield Rule(origin, NOWHERE, _ports(body), (doubts[0],), calls=one.calls)
        return
    if not allow and not _covers_all(body):
        return
    known = found.known
    if allow and known >= ALL_IPV4:
        # Of the private addresses only those of the virtual network come in, which do anyway.
        known -= PRIVATE
    yield Rule(
        origin,
        known,
        _ports(body),
        found.unknown,
        allow=allow,
        certain=body.certain,
        calls=one.calls,
        what=what,
    )


def _word(body: Body, name: str) -> Value[str] | None:
    setting = body.setting(name)
    return text({name: setting}, name)


def _ports(body: Body) -> Value[Ports] | Ports:
    found: list[Ports] = []
    for name in ("destination_port_range", "destination_port_ranges"):
        setting = body.setting(name)
        if setting is None or setting.value in (None, "", []):
            continue
        one = ports(setting, name)
        if isinstance(one, Unknown):
            return one
        found.append(one.value if isinstance(one, Known) else one)
    return Ports.union_of(found) if found else ALL_PORTS


def _sources(body: Body, origin: Origin) -> tuple[Sources, str]:
    """The addresses of a rule, and what they are in words if they are no addresses."""
    found = Sources()
    words = ""
    for name in _SOURCES:
        setting = body.setting(name)
        if setting is None:
            continue
        values = setting.value if isinstance(setting.value, (list, tuple)) else [setting.value]
        for value in values:
            tag = service_tag(value) if isinstance(value, str) else None
            if tag is None:
                found |= sources(Setting(value, setting.origin), name)
            else:
                found |= Sources(tag[0])
                words = words or tag[1]
    return found, words


def _covers_all(body: Body) -> bool:
    """Whether a rule concerns every destination in the network, and every port of the clients.

    One that does not leaves servers, or clients, to the rules after it.
    """
    groups = body.setting("destination_application_security_group_ids")
    if groups is not None and groups.value not in (None, []):
        return False
    for name in (*_DESTINATIONS, "source_port_range", "source_port_ranges"):
        setting = body.setting(name)
        if setting is None or setting.value in (None, "", []):
            continue
        values = setting.value if isinstance(setting.value, (list, tuple)) else [setting.value]
        if not any(isinstance(one, str) and one.lower() in _EVERYWHERE for one in values):
            return False
    return True
