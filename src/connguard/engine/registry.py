# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies, found by walking the folder `policies/`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import connguard.policies
from connguard.policies.model.policy import Policy
from connguard.policies.model.verdict import Verdict

_ID = re.compile(r"PG\d{3}")


class RegistryError(Exception):
    """A module in `policies/` is not a policy, or two policies claim one id. A bug in connguard."""


@dataclass(frozen=True, slots=True)
class RegisteredPolicy:
    """A policy's metadata and its decision, a pure function of one fact."""

    policy: Policy
    decide: Callable[[object], Verdict]


@cache
def policies() -> tuple[RegisteredPolicy, ...]:
    """Every policy, sorted by id.

    Raises RegistryError for a module that is no policy and for an id or a name used twice.
    """
    found: dict[str, RegisteredPolicy] = {}
    names: set[str] = set()
    for module_info in iter_modules(connguard.policies.__path__):
        if module_info.ispkg:
            continue
        module = import_module(f"connguard.policies.{module_info.name}")
        policy = getattr(module, "POLICY", None)
        if not isinstance(policy, Policy) or not _ID.fullmatch(policy.id):
            raise RegistryError(f"{module.__name__} has no POLICY with an id like PG001")
        if policy.id in found or policy.name in names:
            raise RegistryError(f"{module.__name__}: {policy.id} {policy.name} exists already")
        found[policy.id] = RegisteredPolicy(policy, module.decide)
        names.add(policy.name)
    return tuple(found[identifier] for identifier in sorted(found))


def policy_ids() -> tuple[str, ...]:
    return tuple(registered.policy.id for registered in policies())


def find(id_or_name: str) -> RegisteredPolicy | None:
    """The policy with this id, name or Checkov id, in any letter case."""
    wanted = id_or_name.strip().casefold()
    for registered in policies():
        policy = registered.policy
        if wanted in (policy.id.casefold(), policy.name, policy.checkov_id.casefold()):
            return registered
    return None


def select(patterns: Iterable[str]) -> frozenset[str]:
    """The ids that the patterns name: ids, prefixes of ids such as `PG0`, or names.

    Raises ValueError for a pattern that names no policy.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        named = find(pattern)
        matching = {named.policy.id} if named else set()
        if not named and pattern.upper().startswith("PG"):
            matching = {known for known in policy_ids() if known.startswith(pattern.upper())}
        if not matching:
            raise ValueError(f"no policy is called {pattern!r}; `connguard rules` lists them")
        chosen |= matching
    return frozenset(chosen)
