# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of pg_hba.conf for PostgreSQL 12 to 18.

A line that the server refuses makes the whole file invalid: at start the server gives up, on
reload it keeps its old rules. The messages are the server's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from connguard.engine.reading import Context, SourceFile
from connguard.engine.text import Text
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.hba import (
    ALL_ADDRESSES,
    CONNECTION_TYPES,
    LOCAL_ADDRESS,
    SAMEHOST,
    SAMENET,
    ClientAddress,
    HbaRule,
    Name,
    NameKind,
    compile_regex,
    gap,
    host_name,
    network_address,
    parse_address,
    unknown_address,
)
from connguard.policies.model.origin import Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.reading import Notes
from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole
from connguard.postgres.hba_lines import (
    FieldLine,
    FieldLines,
    SourceLine,
    Token,
    read_lines,
    read_source_lines,
)

OLDEST_VERSION = 12
NEWEST_VERSION = 18
DEFAULT_VERSION = 17
"""The version assumed where nothing says which one will read the file."""

REGEX_SINCE = 16
OAUTH_SINCE = 18
CLIENTNAME_SINCE = 14
STRICT_CLIENTCERT_SINCE = 14

_METHODS = (
    "trust",
    "reject",
    "md5",
    "password",
    "scram-sha-256",
    "gss",
    "sspi",
    "ident",
    "peer",
    "pam",
    "ldap",
    "radius",
    "cert",
    "bsd",
)
_KEYWORDS = {
    "all": NameKind.ALL,
    "sameuser": NameKind.SAMEUSER,
    "samerole": NameKind.SAMEROLE,
    "samegroup": NameKind.SAMEROLE,
    "replication": NameKind.REPLICATION,
}
# Options that belong to methods, and how the server lists these methods in its message.
_OPTIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    name: (methods, listed)
    for names, methods, listed in (
        ("pamservice pam_use_hostname", ("pam",), "pam"),
        (
            "ldapurl ldaptls ldapscheme ldapserver ldapport ldapbinddn ldapbindpasswd"
            " ldapsearchattribute ldapsearchfilter ldapbasedn ldapprefix ldapsuffix",
            ("ldap",),
            "ldap",
        ),
        ("krb_realm include_realm", ("gss", "sspi"), "gssapi and sspi"),
        ("compat_realm upn_username", ("sspi",), "sspi"),
        ("radiusservers radiusports radiussecrets radiusidentifiers", ("radius",), "radius"),
    )
    for name in names.split()
}
_OAUTH_OPTIONS = ("issuer", "scope", "validator", "delegate_ident_mapping")
_SIMPLE_BIND = ("ldapprefix", "ldapsuffix")
_SEARCH_AND_BIND = (
    "ldapbasedn",
    "ldapbinddn",
    "ldapbindpasswd",
    "ldapsearchattribute",
    "ldapsearchfilter",
)
_PREFIX_LENGTH = lazily(r"[ \t]*[+-]?[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class HbaProblem:
    """A line that makes the server refuse the file, with the server's message."""

    reason: str
    origin: Origin


@dataclass(slots=True)
class HbaFile:
    """The rules of one server, in the order in which it tries them.

    Rules of lines before and after a problem are there, although the server then loads none.
    `gaps` are included files and lists that are not among the scanned files. `skips_lines` is True
    for PgBouncer, which goes on without the lines with problems; its `version` is 0.
    """

    name: str
    version: int
    rules: list[HbaRule] = field(default_factory=list)
    problems: list[HbaProblem] = field(default_factory=list)
    gaps: list[NotParsed] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    notes: list[Notes] = field(default_factory=list)
    skips_lines: bool = False

    @property
    def loads(self) -> bool:
        """Whether the server takes the file."""
        return self.skips_lines or not self.problems


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_hba(file: SourceFile, context: Context, version: int = DEFAULT_VERSION) -> HbaFile | None:
    """Read a pg_hba.conf as a major version does; None when it cannot be read."""
    text = context.text(file)
    return read_hba_text(text, version, file.path, context) if text is not None else None


def read_hba_text(
    text: Text,
    version: int = DEFAULT_VERSION,
    path: Path | None = None,
    context: Context | None = None,
) -> HbaFile:
    """Read the text of a pg_hba.conf; without `context` nothing that it names is included."""
    found = read_lines(text, version, path, context)
    return _assemble(text.path, version, found, text.line_origin(1))


def read_hba_lines(
    name: str, lines: Sequence[SourceLine], version: int, whole: Origin, *, shell: bool = False
) -> HbaFile:
    """Read rules that stand in another file. `whole` is the place of all of them.

    With `shell`, a shell puts its variables into them before the server reads them.
    """
    return _assemble(name, version, read_source_lines(lines, version, shell=shell), whole)


def _assemble(name: str, version: int, found: FieldLines, whole: Origin) -> HbaFile:
    file = HbaFile(name, version, files=found.files, notes=found.notes, gaps=found.gaps)
    templates: list[NotParsed] = []
    for line in found.lines:
        if line.missing:
            file.rules.append(gap(line.missing, line.origin))
            if line.filled_in:
                templates.append(NotParsed(line.missing, line.origin))
        elif line.error is not None:
            file.problems.append(HbaProblem(line.error, line.origin))
        else:
            try:
                rule = parse_rule(line, version)
            except _Refused as refused:
                unknown = _not_known(line)
                if unknown is None:
                    file.problems.append(HbaProblem(refused.reason, line.origin))
                    continue
                rule = gap(unknown, line.origin)  # what is filled in may well make it right
            file.rules.append(rule)
            if rule.is_gap:
                templates.append(NotParsed(rule.databases[0].text, line.origin))
    file.gaps.extend(templates[:1])  # one remark is enough for a template
    if not found.lines:
        file.problems.append(HbaProblem("configuration file contains no entries", whole))
    return file


def _not_known(line: FieldLine) -> str | None:
    return next((one.missing for part in line.fields for one in part if one.missing), None)


class _Fields:
    """The fields of a line, taken one after the other."""

    def __init__(self, line: FieldLine) -> None:
        self._fields = list(line.fields)
        self.origins: dict[str, Origin] = {}

    def take(self, name: str, missing: str) -> tuple[Token, ...]:
        if not self._fields:
            raise _Refused(f"end-of-line before {missing}")
        tokens = self._fields.pop(0)
        first, last = tokens[0].origin, tokens[-1].origin
        self.origins[name] = Origin(
            first.path, first.line, first.column, last.end_line, last.end_column
        )
        return tokens

    def one(self, name: str, missing: str, several: str) -> Token:
        tokens = self.take(name, missing)
        if len(tokens) > 1:
            raise _Refused(f"multiple values specified for {several}")
        return tokens[0]

    def rest(self) -> list[Token]:
        return [token for tokens in self._fields for token in tokens]


def parse_rule(line: FieldLine, version: int) -> HbaRule:
    """One line as a rule. Raises _Refused with the server's message."""
    for index, tokens in enumerate(line.fields):
        for token in tokens:
            if token.missing and index not in (1, 2, 3):  # databases, users, address
                return gap(token.missing, line.origin)
    fields = _Fields(line)
    kind = fields.one("type", "connection type", "connection type").text
    if kind not in CONNECTION_TYPES:
        raise _Refused(f'invalid connection type "{kind}"')
    databases = tuple(
        _name(token, version, user=False)
        for token in fields.take("database", "database specification")
    )
    users = tuple(
        _name(token, version, user=True) for token in fields.take("user", "role specification")
    )
    address = LOCAL_ADDRESS if kind == "local" else _address(fields)
    method = fields.one("method", "authentication method", "authentication type").text
    _check_method(kind, method, version)
    if kind == "local" and method == "ident":
        method = "peer"
    options = tuple(_option(token, kind, method, version) for token in fields.rest())
    _check_options(method, options)
    return HbaRule(kind, databases, users, address, method, options, line.origin, fields.origins)


def _name(token: Token, version: int, *, user: bool) -> Name:
    if token.missing:
        return Name(NameKind.UNKNOWN, token.missing)
    if user and not token.quoted and token.text.startswith("+"):
        return Name(NameKind.MEMBER, token.text[1:])
    keywords = {"all": NameKind.ALL} if user else _KEYWORDS
    if not token.quoted and token.text in keywords:
        return Name(keywords[token.text], token.text)
    if version >= REGEX_SINCE and token.text.startswith("/"):
        regex = token.text[1:]
        try:
            compile_regex(regex)
        except (re.error, RecursionError) as error:
            raise _Refused(f'invalid regular expression "{regex}": {error}') from error
        return Name(NameKind.REGEX, regex, token.quoted)
    return Name(NameKind.NAME, token.text, token.quoted)


def _address(fields: _Fields) -> ClientAddress:
    token = fields.one("address", "IP address specification", "host address")
    if token.missing:
        return unknown_address(token.missing)
    if not token.quoted and token.text in ("all", "samehost", "samenet"):
        return {"all": ALL_ADDRESSES, "samehost": SAMEHOST, "samenet": SAMENET}[token.text]
    host, slash, length = token.text.partition("/")
    parsed = parse_address(host)
    if slash:
        if parsed is None:
            raise _Refused(f'specifying both host name and CIDR mask is invalid: "{token.text}"')
        version, number = parsed
        bits = 32 if version == 4 else 128
        if not _PREFIX_LENGTH.fullmatch(length) or not 0 <= whole(length) <= bits:
            raise _Refused(f'invalid CIDR mask in address "{token.text}"')
        prefix = whole(length)
        mask = ((1 << prefix) - 1) << (bits - prefix)
        return network_address(token.text, version, number, mask)
    if parsed is None:
        return host_name(token.text)
    mask_token = fields.one("mask", "netmask specification", "netmask")
    mask_parsed = parse_address(mask_token.text)
    if mask_parsed is None:
        raise _Refused(f'invalid IP mask "{mask_token.text}": Name or service not known')
    if mask_parsed[0] != parsed[0]:
        raise _Refused("IP address and mask do not match")
    return network_address(f"{token.text} {mask_token.text}", *parsed, mask_parsed[1])


def _check_method(kind: str, method: str, version: int) -> None:
    if method not in _METHODS and not (method == "oauth" and version >= OAUTH_SINCE):
        raise _Refused(f'invalid authentication method "{method}"')
    if kind == "local" and method == "gss":
        raise _Refused("gssapi authentication is not supported on local sockets")
    if kind != "local" and method == "peer":
        raise _Refused("peer authentication is only supported on local sockets")
    if kind != "hostssl" and method == "cert":
        raise _Refused("cert authentication is only supported on hostssl connections")


def _option(token: Token, kind: str, method: str, version: int) -> tuple[str, str]:
    name, equals, value = token.text.partition("=")
    if not equals:
        raise _Refused(f"authentication option not in name=value format: {token.text}")
    if name == "map":
        _check_map(method, version)
    elif name == "clientcert":
        _check_clientcert(kind, method, value, version)
    elif name == "clientname" and version >= CLIENTNAME_SINCE:
        if kind != "hostssl":
            raise _Refused('clientname can only be configured for "hostssl" rows')
        if value not in ("CN", "DN"):
            raise _Refused(f'invalid value for clientname: "{value}"')
    elif name in _OPTIONS:
        methods, listed = _OPTIONS[name]
        if method not in methods:
            raise _Refused(_only_for(name, listed))
        _check_value(name, value)
    elif name in _OAUTH_OPTIONS and version >= OAUTH_SINCE:
        if method != "oauth":
            raise _Refused(_only_for(name, "oauth"))
    else:
        raise _Refused(f'unrecognized authentication option name: "{name}"')
    return name, value


def _check_map(method: str, version: int) -> None:
    if method in ("ident", "peer", "gss", "sspi", "cert"):
        return
    if version < OAUTH_SINCE:
        raise _Refused(_only_for("map", "ident, peer, gssapi, sspi, and cert"))
    if method != "oauth":
        raise _Refused(_only_for("map", "ident, peer, gssapi, sspi, cert, and oauth"))


def _only_for(name: str, methods: str) -> str:
    return f'authentication option "{name}" is only valid for authentication methods {methods}'


def _check_clientcert(kind: str, method: str, value: str, version: int) -> None:
    if kind != "hostssl":
        raise _Refused('clientcert can only be configured for "hostssl" rows')
    if value == "verify-full" or (value == "verify-ca" and method != "cert"):
        return
    if version >= STRICT_CLIENTCERT_SINCE:
        if value == "verify-ca":
            raise _Refused(
                'clientcert can only be set to "verify-full" when using "cert" authentication'
            )
        raise _Refused(f'invalid value for clientcert: "{value}"')
    if value not in ("0", "1", "no-verify", "verify-ca"):
        raise _Refused(f'invalid value for clientcert: "{value}"')
    if method == "cert" and value in ("0", "no-verify"):
        raise _Refused('clientcert can not be set to "no-verify" when using "cert" authentication')


def _check_value(name: str, value: str) -> None:
    if name == "ldapport" and not _leading_integer(value):
        raise _Refused(f'invalid LDAP port number: "{value}"')
    if name == "radiusports" and not all(_leading_integer(port) for port in value.split(",")):
        raise _Refused(f'invalid RADIUS port number: "{value}"')
    if name == "ldapurl" and not re.match(r"ldaps?://", value, re.I):
        if re.match(r"ldapi://", value, re.I):
            raise _Refused("unsupported LDAP URL scheme: ldapi")
        raise _Refused(f'could not parse LDAP URL "{value}"')


def _leading_integer(text: str) -> int:
    match = re.match(r"\s*[+-]?[0-9]{1,20}", text)
    return whole(match[0]) if match else 0


def _check_options(method: str, options: Sequence[tuple[str, str]]) -> None:
    given = dict(options)
    if method == "ldap":
        _check_ldap(given)
    elif method == "radius":
        _check_radius(given)
    elif method == "oauth":
        for name in ("scope", "issuer"):
            if name not in given:
                raise _Refused(_requires("oauth", name))
        if given.get("delegate_ident_mapping") == "1" and "map" in given:
            raise _Refused("map cannot be used in combination with delegate_ident_mapping")


def _requires(method: str, name: str) -> str:
    return f'authentication method "{method}" requires argument "{name}" to be set'


def _check_ldap(given: Mapping[str, str]) -> None:
    names = set(given)
    url = re.match(r"ldaps?://[^/]*/([^?]*)\??([^?]*)\??[^?]*\??(.*)", given.get("ldapurl", ""))
    if url:
        # A path, even an empty one, is the base; attribute and filter count when they are there.
        names.add("ldapbasedn")
        names |= {"ldapsearchattribute"} if url[2] else set()
        names |= {"ldapsearchfilter"} if url[3] else set()
    if names.intersection(_SIMPLE_BIND):
        if names.intersection(_SEARCH_AND_BIND):
            raise _Refused("cannot mix options for simple bind and search+bind modes")
    elif "ldapbasedn" not in names:
        raise _Refused(
            'authentication method "ldap" requires argument "ldapbasedn", "ldapprefix", or'
            ' "ldapsuffix" to be set'
        )
    if names >= {"ldapsearchattribute", "ldapsearchfilter"}:
        raise _Refused("cannot use ldapsearchattribute together with ldapsearchfilter")


def _check_radius(given: Mapping[str, str]) -> None:
    for name in ("radiusservers", "radiussecrets"):
        if name not in given:
            raise _Refused(_requires("radius", name))
    servers = len(_split(given["radiusservers"]))
    secrets = len(_split(given["radiussecrets"]))
    if not servers:
        raise _Refused("list of RADIUS servers cannot be empty")
    if not secrets:
        raise _Refused("list of RADIUS secrets cannot be empty")
    for what, count, least in (
        ("secrets", secrets, 1),
        ("ports", len(_split(given.get("radiusports", ""))), 0),
        ("identifiers", len(_split(given.get("radiusidentifiers", ""))), 0),
    ):
        if count not in (least, 1, servers):
            raise _Refused(
                f"the number of RADIUS {what} ({count}) must be 1 or the same as the number of"
                f" RADIUS servers ({servers})"
            )


def _split(value: str) -> list[str]:
    return [part for part in value.split(",") if part.strip()]
