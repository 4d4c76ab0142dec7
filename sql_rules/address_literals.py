# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address ranges in the literals of SQL: inet, cidr, arrays, JSON, start and end, hba lines."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from connguard.policies.model.addresses import (
    EVERYWHERE,
    IPV4_MAPPED,
    NOWHERE,
    AddressSet,
    IPAddress,
)
from connguard.policies.model.patterns import lazily

_V4 = r"\d{1,3}(?:\.\d{1,3}){3}"
_V6 = r"[0-9a-fA-F]*:[0-9a-fA-F:]*:(?:[0-9a-fA-F.]*)"
_BETWEEN = lazily(rf"(?<![\w.:])({_V4}|{_V6})\s*-\s*({_V4}|{_V6})(?![\w.:/])")
_NETWORK = lazily(rf"(?<![\w.:])({_V4}|{_V6})(?:/({_V4}|\d{{1,3}}))?(?![\w.:/])")
_SHORT = lazily(r"\s*(\d{1,3}(?:\.\d{1,3}){0,2})/(\d{1,2})\s*")
_PUNCTUATION = lazily(r"[\s,;{}\[\]()\"'|]*")
_HBA = lazily(
    r"\b(?:host|hostssl|hostnossl|hostgssenc|hostnogssenc)[ \t]+(?:\"[^\"]*\"|[^\s\"]+)[ \t]+"
    rf"(?:\"[^\"]*\"|[^\s\"]+)[ \t]+(all|[\w.:]+/\d+|{_V4}(?=[ \t]+{_V4}))(?:[ \t]+({_V4}))?"
    r"[ \t]+([\w-]+)"
)
MOST_JSON = 200_000


def addresses(text: str, refused: Callable[[str], bool] = lambda _: False) -> AddressSet:
    """The addresses of a literal that holds nothing but addresses; of others, none.

    `refused` tells keys of JSON objects below which nothing counts.
    """
    if text[:1] in "{[" and '"' in text and len(text) <= MOST_JSON:
        import json  # few lists are written as JSON

        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return AddressSet.union_of(
                addresses(each) for each in _json_strings(document, refused) if each[:1] not in "{["
            )
    short = _SHORT.fullmatch(text)
    if short:
        padded = short[1] + ".0" * (3 - short[1].count("."))
        return _network(padded, short[2])
    found: list[AddressSet] = []

    def take_between(match: re.Match[str]) -> str:
        found.append(between(match[1], match[2]))
        return ""

    def take_network(match: re.Match[str]) -> str:
        one = _network(match[1], match[2])
        found.append(one)
        return "" if one else match[0]

    rest = _NETWORK.sub(take_network, _BETWEEN.sub(take_between, text))
    return AddressSet.union_of(found) if found and _PUNCTUATION.fullmatch(rest) else NOWHERE


def between(first: str, last: str) -> AddressSet:
    """From one address to another; nothing when they are no addresses in this order."""
    start, end = single(first), single(last)
    if start is None or end is None or start.version != end.version:
        return NOWHERE
    return AddressSet.between(start, end)


def single(text: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None


def hba_lines(text: str) -> AddressSet:
    """The addresses that lines for pg_hba.conf let in."""
    found = []
    for match in _HBA.finditer(text):
        address, mask, method = match.groups()
        if method == "reject":
            continue
        found.append(EVERYWHERE if address == "all" else _hba_address(address, mask))
    return AddressSet.union_of(found)


def _hba_address(address: str, mask: str | None) -> AddressSet:
    base, _, length = address.partition("/")
    return _network(base, mask or length)


def _network(base: str, length: str | None) -> AddressSet:
    try:
        network = ipaddress.ip_network(f"{base}/{length}" if length else base, strict=False)
    except ValueError:
        return NOWHERE
    found = AddressSet.of(network)
    if network.version == 6 and found <= IPV4_MAPPED:
        low = (1 << 32) - 1
        return AddressSet.intervals(4, [(first & low, last & low) for first, last in found.v6])
    return found


def _json_strings(document: object, refused: Callable[[str], bool]) -> Iterator[str]:
    waiting = [document]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, list):
            waiting.extend(reversed(current))
        elif isinstance(current, dict):
            waiting.extend(
                value for key, value in reversed(current.items()) if not refused(str(key))
            )
