# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""What a rule of an AWS security group or network ACL says: TCP ports, and sources.

With the protocol -1 (all) a rule covers every port, whatever its ports say:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connguard.policies.model.addresses import breadth
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import ALL_PORTS, HIGHEST, POSTGRES, Ports
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_network import Sources, origin_of, sources
from connguard.policies.model.terraform_resource import Body, Inventory, Resource
from connguard.policies.model.terraform_value import Setting, Unresolved, integer

ANY_PROTOCOL = ("-1", "all")
TCP = ("6", "tcp")

_NETWORK_TYPE = lazily(
    r"(?:^|\.)aws_(?:default_)?(?:vpc|subnet)(?:_ipv[46]_cidr_block_association)?\.[^.]+$"
)
_MODULE_OUTPUT = lazily(
    r"(?:vpc|subnets?)_(?:(?!(?:vpc|subnets?)_).)*cidr|^vpc_cidr|^nat_public_ips$"
)
_ONE_ADDRESS = lazily(r"(?:^|_)(?:ips?|ip_address(?:es)?|ipv6_address(?:es)?)$")
_OWN_CIDR = lazily(r"cidr")
_SERVICE_LIST = lazily(r"(?:^|\.)(?:aws_vpc_endpoint|data\.aws_prefix_list)\.")


def tcp_ports(
    body: Body, inventory: Inventory, protocol: str = "protocol"
) -> Value[Ports] | Ports | None:
    """The TCP ports that a rule covers; None when it is about another protocol."""
    setting = body.setting(protocol)
    if setting is not None and setting.value is not None:
        if isinstance(setting.value, Unresolved):
            return Unknown(setting.value.reason, setting.origin)
        written = str(setting.value).strip().lower()
        if written in ANY_PROTOCOL:
            return ALL_PORTS
        if written not in TCP:
            return None
    return _range(body, inventory)


def written_ports(body: Body, inventory: Inventory) -> list[Ports]:
    """The ports that a rule writes, when these are known, whatever its protocol."""
    if all(body.setting(name) is None for name in ("from_port", "to_port")):
        return []
    ports = _range(body, inventory)
    return [ports.value] if isinstance(ports, Known) else []


def _range(body: Body, inventory: Inventory) -> Value[Ports]:
    first, last = (port_number(body.setting(name), inventory) for name in ("from_port", "to_port"))
    for end in (first, last):
        if isinstance(end, Unknown):
            return end
    origin = origin_of(body, ("from_port", "to_port"))
    low = first.value if isinstance(first, Known) else None
    high = last.value if isinstance(last, Known) else None
    low, high = (high if low is None else low), (low if high is None else high)
    if low is None or high is None:
        return Known(ALL_PORTS, origin)
    return Known(Ports.between(max(low, 0), min(high, HIGHEST)), origin)


def port_number(setting: Setting | None, inventory: Inventory) -> Value[int] | None:
    """A port; one that is taken from a database has that database's default."""
    if setting is None:
        return None
    if isinstance(setting.value, Unresolved) and "port" in (setting.value.attribute or ""):
        for target in inventory.targets(setting.value):
            port = database_port(target)
            if isinstance(port, Known):
                return Known(port.value, setting.origin)
    return integer({"port": setting}, "port")


def database_port(database: Resource) -> Value[int]:
    """The port of a database, or of a module call that makes one, whose engine is known.

    Without a port it is the engine's: 5432 for PostgreSQL, also that of Aurora and RDS Proxy.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    """
    for name in ("port", "database_port", "db_port"):
        setting = database.body.setting(name)
        if setting is not None and setting.value == "":
            continue
        port = integer({name: setting}, name)
        if port is not None:
            return port
    engine = database.body.setting("engine") or database.body.setting("engine_family")
    if engine is not None and isinstance(engine.value, str) and "postgres" in engine.value.lower():
        return Known(POSTGRES, database.origin)
    return Unknown(f"the port of {database.address} is not set", database.origin)


# --- sources -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleSources:
    """All sources of a rule, and the attribute that adds the most."""

    found: Sources
    origin: Origin

    def __bool__(self) -> bool:
        return bool(self.found.known or self.found.unknown)


def rule_sources(
    body: Body,
    inventory: Inventory,
    cidrs: Sequence[str],
    prefix_lists: Sequence[str] = (),
) -> RuleSources:
    """The addresses in some attributes, and those of the prefix lists that others name.

    The networks of the VPC itself and its subnets, and single addresses, add nothing when they are
    not known: they are narrow. Nor do security groups, and the prefix lists of AWS's services.
    """
    read: list[tuple[Sources, Origin]] = []
    for name in cidrs:
        setting = body.setting(name)
        if setting is not None and setting.value is not None:
            read.append((sources(without_narrow(setting), name), setting.origin))
    for name in prefix_lists:
        setting = body.setting(name)
        if setting is not None and setting.value is not None:
            read.append((_prefix_lists(setting.value, setting.origin, inventory), setting.origin))
    if not read:
        return RuleSources(Sources(), body.origin)
    _, origin = max(read, key=lambda one: _weight(one[0]))
    found = Sources()
    for one, _ in read:
        found |= one
    return RuleSources(found, origin)


def _weight(found: Sources) -> tuple[int, int, bool]:
    size = found.known.size(4) + (found.known.size(6) >> 96)
    return breadth(found.known).rank, size, bool(found.unknown)


def without_narrow(setting: Setting) -> Setting:
    """The setting without the unknown parts that are narrow for certain."""
    return Setting(_sifted(setting.value), setting.origin)


def _sifted(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_sifted(item) for item in value]
    if isinstance(value, Unresolved) and value.parts:
        return _sifted(value.parts)
    if isinstance(value, Unresolved) and is_narrow(value):
        return None
    return value


def is_narrow(value: Unresolved) -> bool:
    """Whether an unknown source is a network of our own, or a few addresses."""
    if value.tail or not value.direct:
        return False  # `sources` judges what has a prefix length
    refers, attribute = value.refers or "", value.attribute or ""
    if _NETWORK_TYPE.search(refers):
        return not attribute or bool(_OWN_CIDR.search(attribute))
    if refers.rsplit(".", 2)[-2:][:1] == ["module"]:
        return bool(_MODULE_OUTPUT.search(attribute))
    return bool(_ONE_ADDRESS.search(attribute))


def _prefix_lists(value: object, origin: Origin, inventory: Inventory) -> Sources:
    if isinstance(value, Unresolved) and value.parts:
        value = value.parts
    if isinstance(value, (list, tuple)):
        found = Sources()
        for item in value:
            found |= _prefix_lists(item, origin, inventory)
        return found
    if value is None or value == "":
        return Sources()
    if isinstance(value, Unresolved) and _SERVICE_LIST.search(value.refers or ""):
        return Sources()
    lists = [one for one in inventory.targets(value) if one.type == "aws_ec2_managed_prefix_list"]
    if not lists:
        reason = value.reason if isinstance(value, Unresolved) else f"the prefix list {value}"
        if not isinstance(value, Unresolved):
            reason += " is not in the scanned files"
        return Sources(unknown=(Unknown(reason, origin),))
    found = Sources()
    for one in lists:
        for body in entries(one, inventory):
            setting = body.setting("cidr")
            if setting is not None:
                found |= sources(without_narrow(setting), "cidr")
    return found


def entries(prefix_list: Resource, inventory: Inventory) -> Iterator[Body]:
    """The entries of a prefix list: those in it, and those that are resources."""
    yield from prefix_list.body.blocks("entry")
    for entry in inventory.of("aws_ec2_managed_prefix_list_entry"):
        setting = entry.body.setting("prefix_list_id")
        if setting is not None and prefix_list in inventory.targets(setting.value):
            yield entry.body


# --- values --------------------------------------------------------------------------------------


def items(setting: Setting | None) -> list[object]:
    """The elements of a list, or the one value; nothing when it is not set."""
    if setting is None or setting.value is None:
        return []
    return _flat(setting.value)


def _flat(value: object) -> list[object]:
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in _flat(item)]
    if isinstance(value, Unresolved) and value.parts:
        return _flat(value.parts)
    return [] if value is None or value == "" else [value]
