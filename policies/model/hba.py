# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Rules of pg_hba.conf, and which of them decides about a connection.

The first rule whose type, database, user and address match decides; no later one is tried, even if
authentication then fails (https://www.postgresql.org/docs/current/auth-pg-hba-conf.html). What a
file leaves open (host names, memberships that no scanned file states, some regular expressions) is
answered with `Answer.MAYBE`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum, IntEnum

from connguard.policies.model.addresses import (
    ALL_IPV4,
    ALL_IPV6,
    EVERYWHERE,
    IPV4_MAPPED,
    LOOPBACK,
    NOWHERE,
    AddressSet,
    IPAddress,
    masked,
)
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass


class Answer(IntEnum):
    """Whether something matches. `min` is "and", `max` is "or"."""

    NO = 0
    MAYBE = 1
    YES = 2


class Transport(Enum):
    """How a connection reaches the server. A server never combines TLS and GSSAPI encryption."""

    LOCAL = "local"
    PLAIN = "plain"
    TLS = "tls"
    GSS = "gss"


NETWORK = frozenset((Transport.PLAIN, Transport.TLS, Transport.GSS))

CONNECTION_TYPES: Mapping[str, frozenset[Transport]] = {
    "local": frozenset((Transport.LOCAL,)),
    "host": NETWORK,
    "hostssl": frozenset((Transport.TLS,)),
    "hostnossl": frozenset((Transport.PLAIN, Transport.GSS)),
    "hostgssenc": frozenset((Transport.GSS,)),
    "hostnogssenc": frozenset((Transport.PLAIN, Transport.TLS)),
}

CLIENT_ADDRESSES = EVERYWHERE - IPV4_MAPPED
"""Where connections can come from: servers listen on IPv6 without IPv4-mapped addresses."""


class NameKind(Enum):
    """What an element of the database or user field means."""

    NAME = "name"
    ALL = "all"
    SAMEUSER = "sameuser"
    SAMEROLE = "samerole"
    REPLICATION = "replication"
    MEMBER = "member"
    REGEX = "regex"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Name:
    """An element of the database or user field.

    `text` is the name, the role of which users must be members, or the regular expression; for
    `UNKNOWN` it says what is not known. `quoted` tells that it was written with quotes.
    """

    kind: NameKind
    text: str
    quoted: bool = False


class AddressKind(Enum):
    LOCAL = "local"
    ALL = "all"
    NETWORK = "network"
    SAMEHOST = "samehost"
    SAMENET = "samenet"
    HOSTNAME = "hostname"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """The address field of a rule.

    `sure` are the addresses that match on any server, `possible` those that may match on some.
    `text` is the field as written. `version`, `base` and `mask` are set for networks.
    """

    kind: AddressKind
    text: str
    sure: AddressSet
    possible: AddressSet
    version: int = 0
    base: int = 0
    mask: int = 0

    def answer(self, address: IPAddress) -> Answer:
        if not self.possible:
            return Answer.NO
        if self.kind is AddressKind.NETWORK:
            matches = (
                address.version == self.version and (int(address) ^ self.base) & self.mask == 0
            )
            return Answer.YES if matches and address in CLIENT_ADDRESSES else Answer.NO
        if address in self.sure:
            return Answer.YES
        return Answer.MAYBE if address in self.possible else Answer.NO


LOCAL_ADDRESS = ClientAddress(AddressKind.LOCAL, "", EVERYWHERE, EVERYWHERE)
ALL_ADDRESSES = ClientAddress(AddressKind.ALL, "all", CLIENT_ADDRESSES, CLIENT_ADDRESSES)
# Loopback interfaces have 127.0.0.1/8 and ::1/128; all else depends on the machine.
SAMEHOST = ClientAddress(
    AddressKind.SAMEHOST,
    "samehost",
    AddressSet.of("127.0.0.1", "::1"),
    (CLIENT_ADDRESSES - LOOPBACK) | AddressSet.of("127.0.0.1", "::1"),
)
SAMENET = ClientAddress(AddressKind.SAMENET, "samenet", LOOPBACK, CLIENT_ADDRESSES)

_IMPOSSIBLE_HOST = lazily(r"(?:.*\.)?\d+\.?|.*[^\w.-].*|", re.S)


def host_name(text: str) -> ClientAddress:
    """A host name, or a `.suffix` of host names. What no host can be called never matches."""
    never = _IMPOSSIBLE_HOST.fullmatch(text) is not None
    possible = NOWHERE if never else CLIENT_ADDRESSES
    return ClientAddress(AddressKind.HOSTNAME, text, NOWHERE, possible)


def unknown_address(text: str) -> ClientAddress:
    return ClientAddress(AddressKind.UNKNOWN, text, NOWHERE, CLIENT_ADDRESSES)


def network_address(text: str, version: int, base: int, mask: int) -> ClientAddress:
    """The addresses that equal `base` in the bits of `mask`, which need not be contiguous."""
    exact = masked(version, base, mask)
    if exact is None:
        possible = ALL_IPV4 if version == 4 else CLIENT_ADDRESSES & ALL_IPV6
        return ClientAddress(
            AddressKind.NETWORK, text, NOWHERE, possible, version, base & mask, mask
        )
    exact &= CLIENT_ADDRESSES
    return ClientAddress(AddressKind.NETWORK, text, exact, exact, version, base & mask, mask)


@dataclass(frozen=True, slots=True)
class HbaRule:
    """One line of the file. `origin` covers all of it, `fields` its parts by name.

    The names are type, database, user, address, method. `type` "unknown" stands for a place where
    lines may be that no scanned file shows (an included file); its method is then empty.
    """

    type: str
    databases: tuple[Name, ...]
    users: tuple[Name, ...]
    address: ClientAddress
    method: str
    options: tuple[tuple[str, str], ...]
    origin: Origin
    fields: Mapping[str, Origin] = field(default_factory=dict, compare=False)

    @property
    def is_gap(self) -> bool:
        return self.type == "unknown"

    @property
    def rejects(self) -> bool:
        return self.method == "reject"

    @property
    def transports(self) -> frozenset[Transport]:
        if self.is_gap:
            return frozenset(Transport)
        return CONNECTION_TYPES.get(self.type, frozenset())


def gap(reason: str, origin: Origin) -> HbaRule:
    """The place of lines that could not be read."""
    names = (Name(NameKind.UNKNOWN, reason),)
    return HbaRule("unknown", names, names, unknown_address(reason), "", (), origin)


@dataclass(frozen=True, slots=True)
class Memberships:
    """Which roles are direct members of which, as far as scanned files state it.

    `member_of` maps a role to the roles that it is a direct member of. Roles that are not in
    `known` may have memberships that are not stated.
    """

    member_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()

    def roles_of(self, role: str) -> frozenset[str]:
        """The role itself and all roles that it is known to be a member of, directly or not."""
        found: set[str] = set()
        pending = [role]
        while pending:
            one = pending.pop()
            if one not in found:
                found.add(one)
                pending.extend(self.member_of.get(one, ()))
        return frozenset(found)

    def answer(self, role: str, group: str) -> Answer:
        """Whether `role` is `group` or a member of it. Superusers are no implied members."""
        roles = self.roles_of(role)
        if group in roles:
            return Answer.YES
        return Answer.NO if roles <= self.known else Answer.MAYBE


NOTHING_KNOWN = Memberships()


@dataclass(frozen=True, slots=True)
class Connection:
    """A login attempt. `address` is None for the Unix socket.

    `replication` means physical replication; logical replication is an ordinary connection.
    """

    transport: Transport
    database: str
    user: str
    address: IPAddress | None = None
    replication: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What one rule says about a connection; `reason` tells why it does not surely match."""

    rule: HbaRule
    answer: Answer
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Which rule decides. `rule` is None when none matches.

    With `doubt`, a rule before may match, too, and the decision is not certain.
    """

    rule: HbaRule | None
    doubt: Step | None
    steps: tuple[Step, ...]


def decide(
    rules: Iterable[HbaRule], connection: Connection, memberships: Memberships = NOTHING_KNOWN
) -> Decision:
    """The first rule that matches, with the reasons why those before it do not."""
    steps: list[Step] = []
    doubt: Step | None = None
    for rule in rules:
        step = examine(rule, connection, memberships)
        steps.append(step)
        if step.answer is Answer.YES:
            return Decision(rule, doubt, tuple(steps))
        if step.answer is Answer.MAYBE and doubt is None:
            doubt = step
    return Decision(None, doubt, tuple(steps))


def examine(rule: HbaRule, connection: Connection, memberships: Memberships) -> Step:
    """Whether one rule matches a connection, and the first field that does not."""
    if rule.is_gap:
        return Step(rule, Answer.MAYBE, rule.databases[0].text)
    if connection.transport not in rule.transports:
        return Step(rule, Answer.NO, f"{rule.type} is not for {_words(connection)}")
    checks: list[tuple[Answer, str]] = []
    if connection.address is not None:
        address = rule.address.answer(connection.address)
        checks.append((address, _address_reason(rule.address, connection.address, address)))
    database = _any(
        database_answer(name, connection.database, connection.user, memberships)
        if not connection.replication
        else replication_answer(name)
        for name in rule.databases
    )
    wanted = "replication" if connection.replication else f'database "{connection.database}"'
    checks.append((database, f"{wanted} is {_maybe(database)} in {_listed(rule.databases)}"))
    user = _any(
        user_answer(name, connection.user, connection.database, memberships) for name in rule.users
    )
    checks.append((user, f'user "{connection.user}" is {_maybe(user)} in {_listed(rule.users)}'))
    answer, reason = min(checks, key=lambda check: check[0])
    return Step(rule, answer, "" if answer is Answer.YES else reason)


def database_answer(name: Name, database: str, user: str, memberships: Memberships) -> Answer:
    """Whether an element of the database field matches an ordinary connection."""
    match name.kind:
        case NameKind.ALL:
            return Answer.YES
        case NameKind.SAMEUSER:
            return _yes(database == user)
        case NameKind.SAMEROLE:
            return memberships.answer(user, database)
        case NameKind.REGEX:
            return regex_answer(name.text, database)
        case NameKind.NAME:
            return _yes(name.text == database)
        case NameKind.UNKNOWN:
            return Answer.MAYBE
        case _:
            return Answer.NO


def replication_answer(name: Name) -> Answer:
    """Whether an element of the database field matches physical replication."""
    if name.kind is NameKind.UNKNOWN:
        return Answer.MAYBE
    return _yes(name.kind is NameKind.REPLICATION)


def user_answer(name: Name, user: str, database: str, memberships: Memberships) -> Answer:
    """Whether an element of the user field matches. (`sameuser` there is PgBouncer's own.)"""
    match name.kind:
        case NameKind.ALL:
            return Answer.YES
        case NameKind.MEMBER:
            return memberships.answer(user, name.text)
        case NameKind.REGEX:
            return regex_answer(name.text, user)
        case NameKind.NAME:
            return _yes(name.text == user)
        case NameKind.SAMEUSER:
            return _yes(user == database)
        case NameKind.UNKNOWN:
            return Answer.MAYBE
        case _:
            return Answer.NO


# What means the same in PostgreSQL's advanced regular expressions and in Python's.
_COMMON_REGEX = lazily(
    r"(?:[A-Za-z0-9_@ ,:;=<>~!%&-]|\\[dws.\-_]|[.^$|)*+?]|\((?!\?)|\[\^?[A-Za-z0-9_.-]+\]"
    r"|\{\d{1,3}(?:,\d{0,3})?\})*"
)
_EVERY_NAME = frozenset(("", "^", ".", ".*", ".+", "^.", "^.*", "^.+"))


def matches_every_name(regex: str) -> bool:
    """Whether a regular expression plainly matches every name; False when that is not plain."""
    return regex in _EVERY_NAME or (regex.endswith(("*$", "+$")) and regex[:-1] in _EVERY_NAME)


def compile_regex(regex: str) -> re.Pattern[str] | None:
    """The expression for Python; None when it may mean something else there, or take for ever.

    Raises re.error when the server refuses it, too.
    """
    if not _COMMON_REGEX.fullmatch(regex) or re.search(r"\)[*+{]", regex):
        return None
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", regex), re.ASCII)


def regex_answer(regex: str, name: str) -> Answer:
    """Whether a regular expression matches; it need not match the whole name."""
    try:
        pattern = compile_regex(regex)
    except (re.error, RecursionError):
        return Answer.MAYBE
    if pattern is None or len(name) > 63:
        return Answer.MAYBE
    return _yes(pattern.search(name) is not None)


def parse_address(text: str) -> tuple[int, int] | None:
    """Version and number of a numeric address as the C library reads it; None if it is a name.

    IPv4 may be short (10 is 0.0.0.10, 10.1 is 10.0.0.1), octal (010 is 8) and hexadecimal, as in
    inet_aton(3), which getaddrinfo() uses.
    """
    if ":" in text:
        try:
            return 6, int(ipaddress.IPv6Address(text.partition("%")[0]))
        except ValueError:
            return None
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or len(text) > 100:
        return None
    numbers = []
    for part in parts:
        if re.fullmatch(r"0[xX][0-9a-fA-F]+", part):
            numbers.append(int(part, 16))
        elif re.fullmatch(r"0[0-7]*", part):
            numbers.append(int(part, 8))
        elif re.fullmatch(r"[1-9][0-9]*", part):
            numbers.append(int(part))
        else:
            return None
    *firsts, last = numbers
    if any(number > 255 for number in firsts) or last >= 256 ** (5 - len(numbers)):
        return None
    value = last
    for index, number in enumerate(firsts):
        value |= number << (24 - 8 * index)
    return 4, value


def _any(answers: Iterable[Answer]) -> Answer:
    return max(answers, default=Answer.NO)


def _yes(matches: bool) -> Answer:
    return Answer.YES if matches else Answer.NO


def _maybe(answer: Answer) -> str:
    return "perhaps" if answer is Answer.MAYBE else "not"


def _words(connection: Connection) -> str:
    return {
        Transport.LOCAL: "the Unix socket",
        Transport.PLAIN: "unencrypted connections",
        Transport.TLS: "TLS connections",
        Transport.GSS: "GSSAPI-encrypted connections",
    }[connection.transport]


def _address_reason(address: ClientAddress, client: IPAddress, answer: Answer) -> str:
    if answer is not Answer.MAYBE:
        if address.kind is AddressKind.NETWORK and address.version != client.version:
            return f"{client} is IPv{client.version}, {address.text} is IPv{address.version}"
        return f"{client} is not in {address.text}"
    if address.kind is AddressKind.UNKNOWN:
        return address.text
    if address.kind is AddressKind.HOSTNAME:
        return f'whether {client} is called "{address.text}" depends on DNS'
    return f"whether {client} is in {address.text} depends on the server's network interfaces"


def _listed(names: tuple[Name, ...]) -> str:
    return ", ".join(written(name) for name in names)


def written(name: Name) -> str:
    """An element as one would write it in the file."""
    match name.kind:
        case NameKind.MEMBER:
            return f"+{name.text}"
        case NameKind.REGEX:
            return f"/{name.text}"
        case NameKind.NAME:
            plain = re.fullmatch(r'[^\s,"#+@/][^\s,"#]*', name.text)
            keywords = ("all", "sameuser", "samerole", "samegroup", "replication")
            if plain and name.text not in keywords:
                return name.text
            return '"' + name.text.replace('"', '""') + '"'
        case NameKind.UNKNOWN:
            return "an unknown list"
        case _:
            return str(name.kind.value)
