# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about settings of a PostgreSQL server, wherever they are written."""

from __future__ import annotations

from connguard.policies.model.effective_setting import ALL_ROLES, SERVER, EffectiveSetting
from connguard.policies.model.hba import HbaRule
from connguard.policies.model.origin import Origin, Related, Value
from connguard.policies.model.records import dataclass

__all__ = [
    "ALL_ROLES",
    "SERVER",
    "EffectiveSetting",
    "Listener",
    "OverriddenSetting",
    "RefusedSetting",
]


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
