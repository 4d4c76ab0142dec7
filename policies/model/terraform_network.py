# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Sources and ports of Terraform's firewall rules, as most providers write them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from connguard.policies.model.addresses import EVERYWHERE, NOWHERE, AddressSet
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.ports import ALL_PORTS, HIGHEST, Ports, parse_ports
from connguard.policies.model.records import dataclass
from connguard.policies.model.terraform_resource import Body
from connguard.policies.model.terraform_value import Setting, Unresolved, integer

_TAIL = lazily(r"/(\d{1,3})")
_NARROW_TAIL = 24
"""A network of this prefix length or longer is narrow wherever it lies (IPv4: 256 addresses)."""
_NETWORK = lazily(r"(?:^|\.)(?:data\.)?(?=\w*(?:vpc|vcn|vnet|subnet|network))\w++\.")
_OWN_RANGE = lazily(
    r"(?:(?:ip)?v[46]_)?(?:ip_)?cidrs?(?:_block|_range)?s?|(?:secondary_)?ip_ranges?"
    r"|address_(?:space|prefix(?:es)?)"
)
_CALL = lazily(r"(?:^|\.)module\.[^.]+$")
_ONE_ADDRESS = lazily(
    r"address|(?:\w+_)?ip(?:_?v[46])?(?:_address(?:es)?(?:_list|_private|_public)?)?"
)


@dataclass(frozen=True, slots=True)
class Sources:
    """The addresses that a rule names, as far as they are known."""

    known: AddressSet = NOWHERE
    unknown: tuple[Unknown, ...] = ()

    def __or__(self, other: Sources) -> Sources:
        return Sources(self.known | other.known, self.unknown + other.unknown)


@lru_cache(maxsize=4096)
def addresses(text: str) -> AddressSet | None:
    """The addresses of a CIDR, an address, a range `first-last` or `*`; None for another text.

    Host bits are ignored, as the providers do: `1.2.3.4/0` is every address.
    """
    text = text.strip()
    if text == "*":
        return EVERYWHERE
    try:
        if "-" in text:
            first, _, last = text.partition("-")
            return AddressSet.between(
                ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
            )
        return AddressSet.of(text)
    except ValueError:
        return None


def sources(setting: Setting | None, what: str) -> Sources:
    """The addresses in an attribute that holds a text or a list of texts.

    `what` names the attribute in the reason why a part is unknown. What is no address at all, such
    as the name of a security group, is unknown, too: sort such values out before.
    """
    if setting is None or setting.value is None:
        return Sources()
    return _sources(setting.value, setting.origin, what)


def _sources(value: object, origin: Origin, what: str) -> Sources:
    if isinstance(value, Unresolved):
        if value.parts:
            return _sources(value.parts, origin, what)
        if is_narrow(value):
            return Sources()
        return Sources(unknown=(Unknown(value.reason, origin),))
    if isinstance(value, (list, tuple)):
        found = [_sources(item, origin, what) for item in value]
        return Sources(
            AddressSet.union_of(one.known for one in found),
            tuple(unknown for one in found for unknown in one.unknown),
        )
    if value is None or value == "":
        return Sources()
    known = addresses(value) if isinstance(value, str) else None
    if known is None:
        return Sources(unknown=(Unknown(f"{what} holds {value!r}, which is no address", origin),))
    return Sources(known)


def is_narrow(value: Unresolved) -> bool:
    """Whether a source is narrow although its value is unknown.

    That is a small network ("${aws_eip.nat.public_ip}/32"), the address of a resource
    (azurerm_public_ip.nat.ip_address), and the range of a network or subnet of the configuration
    (aws_vpc.main.cidr_block): who owns the network chooses a private range for it.
    """
    match = _TAIL.fullmatch(value.tail)
    if match is not None:
        return int(match[1]) >= _NARROW_TAIL
    if value.tail or value.refers is None or value.attribute is None or not value.direct:
        return False
    if _CALL.search(value.refers):
        return False  # the output of a module may be anything, whatever its name
    if _NETWORK.search(value.refers) and _OWN_RANGE.fullmatch(value.attribute):
        return True
    return _ONE_ADDRESS.fullmatch(value.attribute) is not None


def port_range(body: Body, first: str, last: str) -> Value[Ports]:
    """The ports from one attribute to another; both ends included.

    Unknown when one is not known. An absent end is the other one, two absent ends are all ports.
    """
    settings = {
        name: setting for name in (first, last) if (setting := body.setting(name)) is not None
    }
    ends = [integer(settings, name) for name in (first, last)]
    for end in ends:
        if isinstance(end, Unknown):
            return end
    numbers = [end.value if isinstance(end, Known) else None for end in ends]
    low, high = numbers
    origin = ends[0].origin if ends[0] is not None else body.origin
    low = high if low is None else low
    high = low if high is None else high
    if low is None or high is None:
        return Known(ALL_PORTS, origin)
    return Known(Ports.between(max(low, 0), min(high, HIGHEST)), origin)


def ports(setting: Setting | None, what: str, default: Ports = ALL_PORTS) -> Value[Ports] | Ports:
    """The ports in an attribute: a number, a text such as `5000-6000`, or a list of them."""
    if setting is None or setting.value is None:
        return default
    values = setting.value if isinstance(setting.value, (list, tuple)) else [setting.value]
    found: list[Ports] = []
    for value in values:
        if isinstance(value, Unresolved):
            return Unknown(value.reason, setting.origin)
        one = parse_ports(str(value)) if isinstance(value, (str, int)) else None
        if one is None:
            return Unknown(f"{what} is {value!r}, which is no port", setting.origin)
        found.append(one)
    return Known(Ports.union_of(found), setting.origin)


def origin_of(body: Body, names: Iterable[str]) -> Origin:
    """The place of the first of these attributes that is set; the block when none is."""
    for name in names:
        setting = body.setting(name)
        if setting is not None and setting.value is not None:
            return setting.origin
    return body.origin
