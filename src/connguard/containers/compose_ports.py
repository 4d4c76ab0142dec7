# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports that a Compose service publishes, in all their spellings.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md (ports). A spelling without
quotes such as 22:22 is text here, as it is to Compose; YAML 1.1 would take it for a number to the
base 60.
"""

from __future__ import annotations

from connguard.containers.compose_files import Part, Service
from connguard.policies.model.origin import Known, Origin, Unknown, Value
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

_RANGE = lazily(r"(\d{1,5})(?:-(\d{1,5}))?")
_ADDRESS_NAME = lazily(r"(?i)bind|addr|listen|interface|(?:^|_)ips?(?:_|$)|host(?!.*port)")
_PORT_NAME = lazily(r"(?i)port")
_HIGHEST = 65_535


@dataclass(frozen=True, slots=True)
class Published:
    """TCP ports of a container, published on the host, in two ranges of one length.

    `address` is None for all addresses. `host` is None where the ports are chosen at start, and
    unknown where a variable says them. `container` holds the first and the last port.
    """

    address: Value[str] | None
    host: Value[tuple[int, int]] | None
    container: tuple[int, int]
    origin: Origin

    def host_port(self, port: int) -> Value[int] | None:
        """The port of the host that leads to this port of the container."""
        if not isinstance(self.host, Known):
            return self.host
        first, last = self.host.value
        offset = port - self.container[0]
        if last - first != self.container[1] - self.container[0]:
            return None  # any free one of the range
        return Known(first + offset, self.host.origin)


def published(service: Service) -> list[Published]:
    """All TCP ports that a service publishes; those that nobody can read are left out."""
    found: dict[Published, None] = {}
    for part in service.every("ports"):
        for element in part.node.elements():
            one = Part(element, part.layer)
            mapping = _long(one) if element.is_mapping else _short(one)
            if mapping is not None:
                found[mapping] = None
    return list(found)


def unread(service: Service) -> list[tuple[Value[str] | None, Unknown]]:
    """TCP ports of which a variable says the container's; each with its address."""
    found: list[tuple[Value[str] | None, Unknown]] = []
    for part in service.every("ports"):
        for element in part.node.elements():
            target = element.get("target") if element.is_mapping else element
            if target is None:
                continue
            text = Part(target, part.layer).text[0]
            guess = Part(element, part.layer)
            mapping = _long(guess, 1) if element.is_mapping else _short(guess, 1)
            last = _split(text.partition("/")[0])[-1]
            if mapping is not None and "$" in last and _range(last) is None:
                found.append((mapping.address, Unknown(f"{last} is set elsewhere", target.origin)))
    return found


def _short(part: Part, otherwise: int | None = None) -> Published | None:
    """`[[address:][port]:]port[/protocol]`; `otherwise` is the container's port if unknown."""
    raw = part.node.string or ""
    text, known = part.text
    origin = part.node.origin
    text, _, protocol = text.partition("/")
    if protocol not in ("", "tcp"):
        return None
    pieces = _split(text)
    container = _range(pieces[-1]) or (otherwise and (otherwise, otherwise))
    if not container:
        return None  # not known which port it is
    if len(pieces) == 1:
        return Published(None, None, container, origin)
    host = _host_ports(pieces[-2], raw, origin)
    address = ":".join(pieces[:-2]).strip("[]")
    if len(pieces) == 2 and not known and _may_be_address(pieces[0]):
        return Published(Unknown(f"{pieces[0]} is set elsewhere", origin), None, container, origin)
    if not address:
        return Published(None, host, container, origin)
    if "$" in address:
        unknown = Unknown(f"{address} is set elsewhere", origin)
        return Published(unknown, host, container, origin)
    return Published(Known(address, origin), host, container, origin)


def _long(part: Part, otherwise: int | None = None) -> Published | None:
    def value(name: str) -> Part | None:
        node = part.node.get(name)
        return Part(node, part.layer) if node is not None and not node.is_null else None

    target, host, address = value("target"), value("published"), value("host_ip")
    protocol = value("protocol")
    if target is None or (protocol is not None and protocol.text[0] not in ("", "tcp")):
        return None
    container = _range(target.text[0]) or (otherwise and (otherwise, otherwise))
    if not container:
        return None
    place = (host or target).node.origin
    ports = _host_ports(host.text[0], host.node.string or "", place) if host else None
    if address is None or not address.node.string:
        return Published(None, ports, container, place)
    text, known = address.text
    bound: Value[str] = (
        Known(text, address.node.origin)
        if known
        else Unknown(f"{text} is set elsewhere", address.node.origin)
    )
    return Published(bound if text else None, ports, container, place)


def _split(text: str) -> list[str]:
    """Cut at colons, but not within brackets or variables."""
    pieces, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        elif character == ":" and depth == 0:
            pieces.append(text[start:position])
            start = position + 1
    return [*pieces, text[start:]]


def _host_ports(text: str, raw: str, origin: Origin) -> Value[tuple[int, int]] | None:
    if not text:
        return None
    found = _range(text)
    if found is None:
        return Unknown(f"{text or raw} is set elsewhere", origin)
    return None if found == (0, 0) else Known(found, origin)


def _may_be_address(text: str) -> bool:
    """Whether a variable before the port of the container may hold an address as well."""
    name = text.strip("${}").partition(":")[0]
    return "$" in text and bool(_ADDRESS_NAME.search(name)) and not _PORT_NAME.search(name)


def _range(text: str) -> tuple[int, int] | None:
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    first, last = whole(match[1]), whole(match[2] or match[1])
    return (first, last) if first <= last <= _HIGHEST else None
