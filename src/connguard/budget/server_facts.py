# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The slots of a server as SQL (`ALTER SYSTEM`) and Patroni's configuration set them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from connguard.budget.server import DEFAULTS
from connguard.policies.model.amount import Amount, exactly, unknown_amount
from connguard.policies.model.origin import Known
from connguard.policies.model.reading import Subject
from connguard.policies.model.server_values import parse_integer
from connguard.policies.model.setting_facts import SERVER, EffectiveSetting

if TYPE_CHECKING:  # a parser of YAML that nothing else may need
    from connguard.engine.yaml_source import Node, Stream

_OTHER_FORMS = (".conf", ".tf", ".tofu", ".json", ".yml", ".yaml", ".sh", ".bash")
"""Their settings belong to the server that the file describes, and are read with it."""

_OF_THE_CLUSTER = ("max_connections",)
"""Patroni takes these from the cluster's configuration only, never from a member's own part.
https://patroni.readthedocs.io/en/latest/patroni_configuration.html"""


def altered(subjects: Iterable[Subject]) -> dict[str, Amount]:
    """What ALTER SYSTEM leaves behind, by the setting's name; a range over several states."""
    found: dict[str, list[Amount]] = {}
    for subject in subjects:
        for fact in subject.alternatives:
            if isinstance(fact, EffectiveSetting) and _is_altered(fact):
                found.setdefault(fact.name, []).append(_amount(fact))
    return {name: _any_of(amounts, "which statement came last") for name, amounts in found.items()}


def _is_altered(fact: EffectiveSetting) -> bool:
    name = PurePath(fact.origin.path).name
    described = name.endswith(_OTHER_FORMS) or name.startswith(("Dockerfile", "Containerfile"))
    return fact.scope == SERVER and fact.name in DEFAULTS and not described


def _amount(fact: EffectiveSetting) -> Amount:
    if not isinstance(fact.value, Known):
        return unknown_amount(fact.name, fact.value.reason, fact.origin)
    number = parse_integer(fact.value.value)
    if number is None or number < 0:
        return unknown_amount(fact.name, f"{fact.value.value} is no number", fact.origin)
    return exactly(number, fact.name, fact.origin)


def _any_of(amounts: list[Amount], reason: str) -> Amount:
    low = min(amount.low for amount in amounts)
    high = max(amount.high for amount in amounts)
    last = amounts[-1]
    why = next((amount.reason for amount in amounts if amount.reason), reason)
    return Amount(low, high, last.name, last.origin, why if low != high else "")


def with_altered(
    settings: Mapping[str, Amount], altered: Mapping[str, Amount], *, alone: bool
) -> dict[str, Amount]:
    """Settings of a file, and those of ALTER SYSTEM over them.

    Where there are several servers (not `alone`), any of them may be the one that is meant.
    """
    merged = dict(settings)
    for name, amount in altered.items():
        before = settings.get(name, exactly(DEFAULTS[name], f"{name} (default)"))
        both = _any_of([before, amount], "on which server ALTER SYSTEM is run")
        merged[name] = amount if alone else both
    return merged


def of_patroni(stream: Stream) -> dict[str, Amount] | None:
    """The slots of a cluster that Patroni runs; None if it is no configuration of Patroni."""
    for document in stream.documents:
        if document.get("bootstrap", "dcs") is not None:
            cluster = document.get("bootstrap", "dcs", "postgresql", "parameters")
        elif document.get("loop_wait") is not None and document.get("ttl") is not None:
            cluster = document.get("postgresql", "parameters")
        else:
            continue
        settings = _merged(cluster, document)
        # Patroni gives its own default on the command line, where ALTER SYSTEM has no effect.
        settings.setdefault("max_connections", exactly(100, "max_connections (Patroni's default)"))
        return settings
    return None


def parameters_of_patroni(document: Node) -> dict[str, Amount]:
    """What a configuration that starts a cluster sets, without Patroni's own defaults."""
    return _merged(document.get("bootstrap", "dcs", "postgresql", "parameters"), document)


def _merged(cluster: Node | None, document: Node) -> dict[str, Amount]:
    """The cluster's parameters, and those of the member that it may set itself.

    max_connections is one that "could be set only in the dynamic configuration":
    https://patroni.readthedocs.io/en/latest/patroni_configuration.html
    """
    settings = _of_parameters(cluster, tuple(DEFAULTS))
    own = tuple(name for name in DEFAULTS if name not in _OF_THE_CLUSTER)
    settings.update(_of_parameters(document.get("postgresql", "parameters"), own))
    return settings


def _of_parameters(node: Node | None, names: tuple[str, ...]) -> dict[str, Amount]:
    found: dict[str, Amount] = {}
    for name in names:
        value = node.get(name) if node is not None else None
        if value is None:
            continue
        number = parse_integer(value.string or "")
        found[name] = (
            unknown_amount(name, f"{value.string} is filled in elsewhere", value.origin)
            if number is None or number < 0
            else exactly(number, name, value.origin)
        )
    return found
