# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What names say: whether a table, column, function or setting lets addresses in, or keeps out."""

from __future__ import annotations

import functools
from enum import Enum
from pathlib import PurePosixPath

from connguard.policies.model.patterns import lazily


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_PARTS = lazily(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ALLOW = word_set(
    """
    allow allows allowed allowlist allowlists whitelist whitelists whitelisted permit
    permits permitted trust trusted firewall firewalls ingress inbound acl acls hba
    authorized authorised authorization safelist passlist accept accepted
    """
)
_DENY = word_set(
    """
    deny denied denies denylist denylists block blocks blocked blocklist blocklists
    blacklist blacklists blacklisted black ban bans banned bogon bogons martian martians
    reserved reject rejected rejects drop dropped forbidden disallow disallowed untrusted
    exclude excluded except egress outbound abuse abusive threat threats spam spammer
    spammers attack attacker attackers malicious suspicious quarantine log logs audit audits
    history histories event events geo geoip geolocation asn asns route routes
    wireguard wg tunnel tunnels peer peers
    """
)
_TEST = word_set(
    """
    test tests testing sample samples example examples fixture fixtures mock mocks dummy
    """
)
_TEST_PATH = word_set(
    """
    test tests testdata fixture fixtures spec specs e2e mock mocks
    """
)
_TEST_PARTS = ("test", "fixture", "spec", "e2e", "mock")
_VERBS = word_set(
    """
    set add insert create upsert update put register open grant replace append enable save
    """
)
_STARTS = word_set("start first from begin min low lower")
_ENDS = word_set("end last to until max high upper")
_OF_LISTS = word_set(
    """
    ip ips list lists rule rules cidr cidrs network networks control
    """
)


class Meaning(Enum):
    """What a name says about the addresses behind it."""

    ALLOW = "allow"
    DENY = "deny"
    NOTHING = "nothing"


def words(name: str) -> list[str]:
    """The words of a name in snake case or camel case."""
    return [part.lower() for part in _PARTS.findall(name)]


@functools.lru_cache(maxsize=10_000)
def meaning(name: str) -> Meaning:
    found = set(words(name))
    joined = name.lower().replace("_", "")
    if found & (_DENY | _TEST) or any(
        each in joined for each in ("blacklist", "denylist", "blocklist", "disallow")
    ):
        return Meaning.DENY
    if found & _ALLOW or ("access" in found and found & _OF_LISTS):
        return Meaning.ALLOW
    if any(each in joined for each in ("whitelist", "allowlist", "firewall", "allowedip")):
        return Meaning.ALLOW
    return Meaning.NOTHING


def writes_allow_list(function: str) -> bool:
    """Whether a function adds to an allow-list: a verb and what it is about, or "allow_…"."""
    if meaning(function) is not Meaning.ALLOW:
        return False
    found = words(function)
    return bool(_VERBS & set(found)) or found[0] in ("allow", "permit", "trust", "whitelist")


def is_start(column: str) -> bool:
    return bool(_STARTS & set(words(column)))


def is_end(column: str) -> bool:
    return bool(_ENDS & set(words(column)))


def is_test_path(name: str) -> bool:
    """Whether a script is test data by its name or its folder."""
    lowered = name.lower()
    if not any(word in lowered for word in _TEST_PARTS):
        return False
    path = PurePosixPath(name)
    return bool(_TEST_PATH & {*words(path.stem), *words(path.parent.name)})
