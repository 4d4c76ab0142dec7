# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The slots of a server: from its files, its command line, a formula or a managed service."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connguard.engine.reading import Context, SourceFile
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.facts import NotParsed
from connguard.policies.model.origin import Known, Origin
from connguard.policies.model.patterns import lazily
from connguard.policies.model.topology import Server, Version
from connguard.policies.model.whole_numbers import whole
from connguard.postgres.conf import ServerSettings, read_conf

RESERVED_SINCE = 16
"""The major version that brought reserved_connections."""

DEFAULTS = {
    "max_connections": 100,
    "superuser_reserved_connections": 3,
    "reserved_connections": 0,
}

_RDS_MEMORY = lazily(
    r"\s*+(?:LEAST\s*+\(\s*+)?\{?\s*+DBInstanceClassMemory\s*+/\s*+(\d++)\s*+"
    r"(?:\}\s*+)?(?:,\s*+(\d++)\s*+\)?)?\s*+",
    re.IGNORECASE,
)


def server_of(
    origin: Origin,
    settings: Mapping[str, Amount],
    version: Version | None,
    provider_reserved: Amount | None = None,
) -> Server:
    """A server with these settings, and PostgreSQL's defaults for the others."""
    amounts = {
        key: settings.get(key, exactly(default, f"{key} (default)"))
        for key, default in DEFAULTS.items()
    }
    reserved = amounts["reserved_connections"]
    if version is not None and version[0] < RESERVED_SINCE:
        reserved = exactly(0, "reserved_connections")
    return Server(
        origin=origin,
        max_connections=amounts["max_connections"],
        superuser_reserved=amounts["superuser_reserved_connections"],
        reserved=reserved,
        provider_reserved=provider_reserved or exactly(0),
    )


def settings_of(file: SourceFile, context: Context) -> tuple[dict[str, Amount], list[NotParsed]]:
    """The numbers that a postgresql.conf and its includes set, and what could not be read."""
    return amounts_of(read_conf(file, context))


def amounts_of(found: ServerSettings) -> tuple[dict[str, Amount], list[NotParsed]]:
    """The numbers of settings that were read, and what could not be read."""
    gaps = list(found.missing)
    gaps.extend(
        NotParsed(f"PostgreSQL does not start with this: {problem.reason}", problem.origin)
        for problem in found.problems
    )
    amounts: dict[str, Amount] = {}
    for name in DEFAULTS:
        value = found.integer(name)
        if isinstance(value, Known):
            amounts[name] = exactly(value.value, name, value.origin)
        elif value is not None:
            amounts[name] = unknown_amount(name, value.reason, value.origin)
        elif found.missing:
            amounts[name] = unknown_amount(
                name, "a file that is included is missing", found.missing[0].origin
            )
    return amounts, gaps


_RDS_OWN = 400_000_000
"""Bytes that the system of an RDS instance takes at most, whatever the instance's size."""


def formula(text: str, memory: int | None, origin: Origin) -> Amount:
    """RDS's formula for max_connections: LEAST({DBInstanceClassMemory/9531392},5000).

    `memory` is the instance's in bytes. DBInstanceClassMemory is less than that, by an amount that
    AWS does not state, so the result is an upper estimate. The lower end takes off a fifth, and of
    small instances more: those of 1, 2 and 4 GiB are reported to have 81, 198 and 413 connections
    where their whole memory would make 112, 225 and 450.
    """
    if text.strip().isdecimal():
        return exactly(whole(text), "max_connections", origin)
    match = _RDS_MEMORY.fullmatch(text)
    if match is None or memory is None:
        missing = "the memory of the server" if match else f"the value of {text}"
        return unknown_amount("max_connections", missing, origin)
    cap = whole(match[2]) if match[2] else 262143
    divisor = max(1, whole(match[1]))
    high = min(cap, memory // divisor)
    usable = min(memory * 4 // 5, memory * 19 // 20 - _RDS_OWN)
    low = max(0, min(cap, usable // divisor))
    return Amount(low, high, "max_connections", origin, "how much of its memory the server can use")
