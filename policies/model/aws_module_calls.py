# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Calls of well-known public AWS modules, read by their inputs where their files are not at hand.

What the inputs mean, and their defaults, is read in the modules' own files, at every major version:
https://github.com/terraform-aws-modules/terraform-aws-security-group (1.0 to 5.3)
https://github.com/terraform-aws-modules/terraform-aws-rds (1.0 to 7.2)
https://github.com/terraform-aws-modules/terraform-aws-rds-aurora (2.0 to 10.2)
https://github.com/cloudposse/terraform-aws-rds (1.3)
https://github.com/cloudposse/terraform-aws-rds-cluster (2.5)
https://github.com/cloudposse/terraform-aws-security-group (2.2)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connguard.policies.model.addresses import NOWHERE
from connguard.policies.model.aws_rules import (
    RuleSources,
    database_port,
    items,
    rule_sources,
    tcp_ports,
)
from connguard.policies.model.network import Rule
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import ALL_PORTS, POSTGRES, Ports
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_resource import (
    MODULE,
    Body,
    Inventory,
    Resource,
    ValueBody,
)
from connguard.policies.model.terraform_value import Setting, Unresolved, boolean, integer

SOURCES = ("terraform-aws-modules/", "cloudposse/")

SECURITY_GROUP = "terraform-aws-modules/security-group"
RDS = "terraform-aws-modules/rds"
AURORA = "terraform-aws-modules/rds-aurora"
CLOUDPOSSE_GROUP = "cloudposse/security-group"
CLOUDPOSSE_RDS = "cloudposse/rds"
CLOUDPOSSE_CLUSTER = "cloudposse/rds-cluster"
CLOUDPOSSE_CLUSTER_PORT = 3306
"""The default of its input db_port, whatever the engine."""

GROUP_OUTPUTS = ("security_group_id", "this_security_group_id", "id")
"""The outputs of these modules that are the id of the group that they make."""

_SOURCE = lazily(
    r"(?P<owner>terraform-aws-modules|cloudposse)/(?:terraform-aws-)?(?P<name>[a-z0-9-]+?)"
    r"(?:/aws)?(?:\.git)?(?://(?P<part>[^?]*))?(?:\?.*)?$"
)
_SHORT_NAMES: Mapping[str, Ports] = {
    "postgresql-tcp": Ports.of(POSTGRES),
    "all-all": ALL_PORTS,
    "all-tcp": ALL_PORTS,
}
"""The names of the security-group module's rules that hold a port of PostgreSQL or a pooler."""


@dataclass(frozen=True, slots=True)
class Module:
    """Which module a call calls: "terraform-aws-modules/rds", and the part below `//`."""

    name: str
    part: str


def called(call: Resource) -> Module | None:
    """The module of a call; None when it is none of these owners'."""
    source = call.body.setting("source")
    value = source.value if source is not None else None
    match = _SOURCE.search(value) if isinstance(value, str) else None
    if match is None:
        return None
    return Module(f"{match['owner']}/{match['name']}", (match["part"] or "").strip("/"))


def calls(inventory: Inventory) -> Iterator[tuple[Resource, Module]]:
    """The calls of modules of these owners, unless they are switched off."""
    for call in inventory.of(MODULE):
        module = called(call)
        if module is not None and not any(
            is_off(call.body, name) for name in ("create", "enabled", "create_cluster")
        ):
            yield call, module


def is_off(body: Body, name: str) -> bool:
    """Whether a switch is certainly false."""
    setting = body.setting(name)
    value = boolean({name: setting}, name)
    return isinstance(value, Known) and not value.value


def module_groups(inventory: Inventory) -> Iterator[tuple[Resource, Iterator[Rule]]]:
    """The calls that make a security group, with its rules."""
    for call, module in calls(inventory):
        read = _GROUPS.get(module.name)
        if read is None or is_off(call.body, "create_security_group"):
            continue
        if module.name in (RDS, AURORA, CLOUDPOSSE_RDS, CLOUDPOSSE_CLUSTER) and module.part:
            continue
        yield call, read(call, module, inventory)


# --- terraform-aws-modules/security-group --------------------------------------------------------


def _security_group(call: Resource, module: Module, inventory: Inventory) -> Iterator[Rule]:
    body = call.body
    everybody = rule_sources(
        body,
        inventory,
        ("ingress_cidr_blocks", "ingress_ipv6_cidr_blocks"),
        ("ingress_prefix_list_ids",),
    )
    names = [*items(body.setting("ingress_rules")), *_computed(body, "ingress_rules")]
    if module.part == "modules/postgresql":
        automatic = body.setting("auto_ingress_rules")
        names += ["postgresql-tcp"] if automatic is None else items(automatic)
    for name in names:
        ports = _named_ports(name, body)
        if ports is not None and everybody:
            yield _rule(call, everybody, ports)
    for attribute, sources, prefix_lists in (
        ("ingress_with_cidr_blocks", "cidr_blocks", ()),
        ("ingress_with_ipv6_cidr_blocks", "ipv6_cidr_blocks", ()),
        ("ingress_with_prefix_list_ids", "", ("prefix_list_ids",)),
    ):
        for written in (attribute, f"computed_{attribute}"):
            for one in _maps(body, written):
                yield from _mapped(call, one, sources, prefix_lists, inventory)


def _computed(body: Body, name: str) -> list[object]:
    """The elements of a list of which the module takes as many as another input says."""
    found = items(body.setting(f"computed_{name}"))
    return found[: _number_of(body, f"computed_{name}", len(found))]


def _number_of(body: Body, name: str, most: int) -> int:
    setting = body.setting(f"number_of_{name}")
    number = integer({"number": setting}, "number")
    if isinstance(number, Unknown):
        return most
    return max(0, number.value) if number is not None else 0


def _maps(body: Body, name: str) -> list[Body]:
    found = list(body.blocks(name))
    if name.startswith("computed_"):
        return found[: _number_of(body, name, len(found))]
    return found


def _named_ports(name: object, body: Body) -> Value[Ports] | Ports | None:
    """The ports of a rule that is named; None for one without ports of ours."""
    origin = body.origin
    if isinstance(name, Unresolved):
        return Unknown(name.reason, origin)
    own = body.setting("rules")
    if own is not None and own.value is not None:
        if isinstance(own.value, Unresolved):
            return Unknown(own.value.reason, own.origin)
        written = own.value.get(str(name)) if isinstance(own.value, Mapping) else None
        if not isinstance(written, (list, tuple)) or len(written) < 3:
            return None
        keys = ("from_port", "to_port", "protocol")
        return tcp_ports(ValueBody(dict(zip(keys, written, strict=False)), own.origin), _NOTHING)
    return _SHORT_NAMES.get(str(name))


_NOTHING = Inventory(())


def _mapped(
    call: Resource,
    one: Body,
    cidrs: str,
    prefix_lists: tuple[str, ...],
    inventory: Inventory,
) -> Iterator[Rule]:
    """A rule of `ingress_with_…`; its sources are texts with commas, or those for everybody."""
    parts = {name: _split(one.setting(name)) for name in (cidrs, *prefix_lists) if name}
    values = {name: setting.value for name, setting in parts.items() if setting is not None}
    if values:
        found = rule_sources(
            ValueBody(values, one.origin), inventory, (cidrs,) if cidrs else (), prefix_lists
        )
    else:
        common = f"ingress_{cidrs or prefix_lists[0]}"
        found = rule_sources(
            call.body,
            inventory,
            (common,) if cidrs else (),
            (common,) if prefix_lists else (),
        )
    ports = _ports_of_map(one, call, inventory)
    if found and ports is not None:
        yield _rule(call, found, ports, certain=one.certain)


def _ports_of_map(one: Body, call: Resource, inventory: Inventory) -> Value[Ports] | Ports | None:
    named = one.setting("rule")
    own = any(
        (setting := one.setting(name)) is not None and setting.value is not None
        for name in ("from_port", "protocol")
    )
    if named is None or named.value is None or (own and not isinstance(named.value, str)):
        return tcp_ports(one, inventory)
    if own and one.setting("from_port") is not None:
        return tcp_ports(one, inventory)
    return _named_ports(named.value, call.body)


def _split(setting: Setting | None) -> Setting | None:
    """A text with commas as a list."""
    if setting is None or setting.value is None:
        return None
    value = setting.value
    if isinstance(value, str):
        return Setting([part.strip() for part in value.split(",")], setting.origin)
    return setting


def _rule(
    call: Resource,
    found: RuleSources,
    ports: Value[Ports] | Ports,
    certain: bool = True,
) -> Rule:
    return Rule(
        found.origin,
        found.found.known,
        ports,
        found.found.unknown,
        certain=certain and call.body.certain,
        calls=call.calls,
    )


# --- modules of databases with a group of their own ----------------------------------------------


def _aurora(call: Resource, module: Module, inventory: Inventory) -> Iterator[Rule]:
    body = call.body
    allowed = rule_sources(body, inventory, ("allowed_cidr_blocks",))
    if allowed:
        yield _rule(call, allowed, _own_port(call))
    for name, cidrs, prefix_lists, protocol in (
        ("security_group_rules", _CIDR_BLOCKS, ("prefix_list_ids",), "protocol"),
        ("security_group_ingress_rules", _CIDRS, ("prefix_list_id",), "ip_protocol"),
    ):
        for origin, one in _elements(body.setting(name)):
            if isinstance(one, Unresolved):
                yield Rule(
                    origin,
                    NOWHERE,
                    _own_port(call),
                    (Unknown(one.reason, origin),),
                    calls=call.calls,
                )
                continue
            if one.get("type") == "egress":
                continue
            values = ValueBody(one, origin)
            found = rule_sources(values, inventory, cidrs, prefix_lists)
            given = one.get("from_port") is not None or one.get("to_port") is not None
            whole = str(one.get(protocol)) in ("-1", "all")
            ports = tcp_ports(values, inventory, protocol) if given or whole else _own_port(call)
            if found and ports is not None and _may_be_tcp(one.get(protocol)):
                yield _rule(call, found, ports)


_CIDR_BLOCKS = ("cidr_blocks", "ipv6_cidr_blocks")
_CIDRS = ("cidr_ipv4", "cidr_ipv6")


def _may_be_tcp(protocol: object) -> bool:
    return (
        protocol is None
        or isinstance(protocol, Unresolved)
        or str(protocol).lower()
        in (
            "-1",
            "6",
            "all",
            "tcp",
        )
    )


def _elements(
    setting: Setting | None,
) -> Iterator[tuple[Origin, Mapping[str, object] | Unresolved]]:
    """The objects in a map or list of objects."""
    if setting is None or setting.value is None:
        return
    value = setting.value
    if isinstance(value, Mapping):
        value = list(value.values())
    for one in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(one, (Mapping, Unresolved)):
            yield setting.origin, one


def _own_port(call: Resource, default: int | None = None) -> Value[Ports]:
    if default is not None and call.body.setting("db_port") is None:
        return Known(Ports.of(default), call.origin)
    port = database_port(call)
    if isinstance(port, Unknown):
        return port
    return Known(Ports.of(port.value), port.origin)


def _cloudposse_database(call: Resource, module: Module, inventory: Inventory) -> Iterator[Rule]:
    allowed = rule_sources(
        call.body,
        inventory,
        ("allowed_cidr_blocks", "allowed_ipv6_cidr_blocks"),
        ("allowed_prefix_list_ids",),
    )
    if allowed:
        default = CLOUDPOSSE_CLUSTER_PORT if module.name == CLOUDPOSSE_CLUSTER else None
        yield _rule(call, allowed, _own_port(call, default))


def _cloudposse_group(call: Resource, module: Module, inventory: Inventory) -> Iterator[Rule]:
    body = call.body
    written = [*_elements(body.setting("rules"))]
    for origin, one in _elements(_flat_map(body.setting("rules_map"))):
        written.append((origin, one))
    for origin, row in _elements(_listed(body.setting("rule_matrix"))):
        if isinstance(row, Unresolved):
            written.append((origin, row))
            continue
        common = {key: value for key, value in row.items() if key != "rules"}
        for _, one in _elements(Setting(row.get("rules"), origin)):
            written.append((origin, one if isinstance(one, Unresolved) else {**common, **one}))
    for origin, one in written:
        if isinstance(one, Unresolved):
            unknown = Unknown(one.reason, origin)
            yield Rule(origin, NOWHERE, unknown=(unknown,), calls=call.calls)
            continue
        if one.get("type") == "egress":
            continue
        values = ValueBody(one, origin)
        found = rule_sources(values, inventory, _CIDR_BLOCKS, ("prefix_list_ids",))
        ports = tcp_ports(values, inventory)
        if found and ports is not None:
            yield _rule(call, found, ports)


def _listed(setting: Setting | None) -> Setting | None:
    """One object as a list: the first versions of the module took it so."""
    if setting is None or not isinstance(setting.value, Mapping):
        return setting
    return Setting([setting.value], setting.origin)


def _flat_map(setting: Setting | None) -> Setting | None:
    """A map of lists as one list."""
    if setting is None or not isinstance(setting.value, Mapping):
        return setting
    return Setting(items(Setting(list(setting.value.values()), setting.origin)), setting.origin)


_GROUPS: Mapping[str, Callable[[Resource, Module, Inventory], Iterator[Rule]]] = {
    SECURITY_GROUP: _security_group,
    AURORA: _aurora,
    CLOUDPOSSE_GROUP: _cloudposse_group,
    CLOUDPOSSE_RDS: _cloudposse_database,
    CLOUDPOSSE_CLUSTER: _cloudposse_database,
}
