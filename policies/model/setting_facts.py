# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about settings of a PostgreSQL server, wherever they are written."""

from __future__ import annotations

from connguard.policies.model.hba import HbaRule
from connguard.policies.model.origin import Origin, Related, Value
from connguard.policies.model.records import dataclass

SERVER = "the server"
ALL_ROLES = "all roles"


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """A setting in the state in which the scanned files leave it.

    `name` is in lower case. `value` is the text as written, without quotes. `scope` says for whom
    it holds, in words: "the server", "all roles", 'role "app"', 'database "shop"', 'role "app" in
    database "shop"'. `history` holds the earlier places that set it, oldest first.
    """

    name: str
    value: Value[str]
    origin: Origin
    scope: str = SERVER
    history: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedSetting:
    """A line of a configuration that the server refuses, with its message."""

    reason: str
    origin: Origin
    related: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class OverriddenSetting:
    """A line whose setting a later line sets again, to something else."""

    name: str
    origin: Origin
    by: Origin


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a server listens, and what wants to reach it.

    `addresses` is the value of listen_addresses, at `origin` (or where the configuration starts
    when nothing sets it and the default, localhost, holds). `wanted` is the first pg_hba.conf rule
    that lets clients of other machines in, if there is one.
    """

    addresses: Value[str]
    is_default: bool
    wanted: HbaRule | None
    origin: Origin
