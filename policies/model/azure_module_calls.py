# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Calls of Azure's public modules, read as the resources that they make, by their inputs.

What the inputs mean, and their defaults, is read in the modules' own files:
https://github.com/Azure/terraform-azurerm-network-security-group (4.1)
https://github.com/Azure/terraform-azurerm-avm-res-dbforpostgresql-flexibleserver (0.2)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_azure import FLEXIBLE
from connguard.policies.model.terraform_resource import (
    MODULE,
    Body,
    Inventory,
    Resource,
    ValueBody,
)
from connguard.policies.model.terraform_value import Unresolved

GROUP_SOURCE = "network-security-group"
SERVER_SOURCE = "avm-res-dbforpostgresql-flexibleserver"
GROUP = "azurerm_network_security_group"
FIREWALL_RULE = f"{FLEXIBLE}_firewall_rule"

_GROUP_MODULE = lazily(
    r"Azure/(?:terraform-azurerm-)?network-security-group(?:/azurerm)?(?:\.git)?(?:\?|$)", re.I
)
_SERVER_MODULE = lazily(
    r"Azure/(?:terraform-azurerm-)?avm-res-dbforpostgresql-flexibleserver"
    r"(?:/azurerm)?(?:\.git)?(?:\?|$)",
    re.I,
)
_PREDEFINED_PORTS = {"PostgreSQL": "5432"}
"""Of the names for rules that the module knows, those that concern PostgreSQL."""
_EVERYBODY = {"start_ip_address": "0.0.0.0", "end_ip_address": "255.255.255.255"}
_CUSTOM_DEFAULTS: Mapping[str, object] = {
    "access": "Allow",
    "direction": "Inbound",
    "protocol": "*",
    "destination_port_range": "*",
}
_CUSTOM_SOURCES = (
    "source_address_prefix",
    "source_address_prefixes",
    "source_application_security_group_ids",
)


@dataclass(frozen=True, slots=True)
class _Made:
    """A resource that a module makes."""

    type: str
    name: str
    address: str
    body: Body
    calls: tuple[Related, ...]

    @property
    def origin(self) -> Origin:
        return self.body.origin


def with_called(inventory: Inventory, kinds: Iterable[str]) -> Inventory:
    """The resources of these types, and those that calls of the modules make."""
    made = [one for call in inventory.of(MODULE) for one in _made(call)]
    if not made:
        return inventory
    return Inventory([*inventory.of(*dict.fromkeys(kinds)), *made], inventory.limits)


def _made(call: Resource) -> Iterator[Resource]:
    source = call.body.setting("source")
    text = source.value if source is not None and isinstance(source.value, str) else ""
    if _GROUP_MODULE.search(text):
        yield _group(call)
    elif _SERVER_MODULE.search(text):
        yield from _server(call)


def _group(call: Resource) -> Resource:
    rules, origin = _values(call.body, "predefined_rules")
    blocks = [_predefined(call.body, rule) for rule in rules]
    custom, place = _values(call.body, "custom_rules")
    blocks.extend(_custom(rule) for rule in custom)
    body = ValueBody({"security_rule": blocks}, place if custom else origin, call.body.certain)
    return _Made(GROUP, call.name, call.address, body, call.calls)


def _predefined(body: Body, rule: object) -> object:
    if not isinstance(rule, Mapping):
        return rule
    name = rule.get("name")
    port: object = _PREDEFINED_PORTS.get(name, "0") if isinstance(name, str) else name
    lists = body.setting("source_address_prefixes")
    single = body.setting("source_address_prefix")
    if lists is not None and lists.value is not None:
        sources = lists.value
    else:
        sources = single.value if single is not None and single.value is not None else ["*"]
    return {
        "priority": rule.get("priority", 4096),
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "destination_port_range": port,
        "source_address_prefixes": None if _has_groups(rule) else sources,
    }


def _custom(rule: object) -> object:
    if not isinstance(rule, Mapping):
        return rule
    made = dict(rule)
    for name, value in _CUSTOM_DEFAULTS.items():
        if made.get(name) is None:
            made[name] = value
    if all(made.get(name) is None for name in _CUSTOM_SOURCES):
        made["source_address_prefix"] = "*"
    return made


def _has_groups(rule: Mapping[str, object]) -> bool:
    return rule.get("source_application_security_group_ids") is not None


def _server(call: Resource) -> Iterator[Resource]:
    body = call.body
    public = body.setting("public_network_access_enabled")
    subnet = body.setting("delegated_subnet_id")
    values = {
        # The module's default, unlike that of the resource.
        "public_network_access_enabled": (
            False if public is None or public.value is None else public.value
        ),
        "delegated_subnet_id": subnet.value if subnet is not None else None,
    }
    origin = public.origin if public is not None else call.origin
    made = ValueBody(values, origin, body.certain)
    yield _Made(FLEXIBLE, call.name, call.address, made, call.calls)
    rules, place = _values(body, "firewall_rules")
    calls = call.calls
    if body.setting("firewall_rules") is None:
        rules = [_EVERYBODY]
        calls = (Related("firewall_rules is not set, and lets everybody in", place), *calls)
    for number, rule in enumerate(rules):
        ends = rule if isinstance(rule, Mapping) else dict.fromkeys(_EVERYBODY, rule)
        content = {**ends, "server_id": Unresolved("", call.address, "id")}
        yield _Made(
            FIREWALL_RULE,
            call.name,
            f"{call.address}.firewall_rules[{number}]",
            ValueBody(content, place, body.certain),
            calls,
        )


def _values(body: Body, name: str) -> tuple[list[object], Origin]:
    """The elements of an input that is a list or a map, and its place."""
    setting = body.setting(name)
    if setting is None or setting.value is None:
        return [], body.origin
    if isinstance(setting.value, Mapping):
        return list(setting.value.values()), setting.origin
    if isinstance(setting.value, (list, tuple)):
        return list(setting.value), setting.origin
    return [setting.value], setting.origin
