# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts as plain JSON values: one rule for each type that the fields of facts have."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from connguard.policies.model.addresses import AddressSet
from connguard.policies.model.amount import UNBOUNDED, Amount
from connguard.policies.model.origin import Known, Unknown

MOST_NETWORKS = 256
_EXACT = 2**53


def plain(value: object) -> Any:
    """A value of a fact as JSON has it. Raises TypeError for a type that no rule covers.

    A value that the files set is an object with `known`, and `value` or `reason`; one that no file
    sets is null. Places are called `location`. A number without bound is null.
    """
    match value:
        case None | bool():
            return value
        case int():
            return max(-_EXACT, min(value, _EXACT))
        case str():
            return _encodable(value)
        case Enum():
            return value.value
        case Known():
            return {
                "known": True,
                "value": plain(value.value),
                "location": plain(value.origin),
            }
        case Unknown():
            return {
                "known": False,
                "reason": plain(value.reason),
                "location": plain(value.origin),
            }
        case Amount():
            return _amount(value)
        case AddressSet():
            return networks(value)
        case tuple() | list():
            return [plain(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain_fields(value)
    raise TypeError(f"no rule for {type(value).__name__}")


def plain_fields(fact: Any, *left_out: str) -> dict[str, Any]:
    """The fields of a dataclass by name; `origin` is called `location`."""
    return {
        "location" if one.name == "origin" else one.name: plain(getattr(fact, one.name))
        for one in fields(fact)
        if one.name not in left_out
    }


def networks(addresses: AddressSet) -> dict[str, Any]:
    """Addresses as networks in CIDR notation, and whether there are more than are listed."""
    listed: list[str] = []
    for network in addresses.networks():
        if len(listed) == MOST_NETWORKS:
            return {"networks": listed, "complete": False}
        listed.append(str(network))
    return {"networks": listed, "complete": True}


def _amount(amount: Amount) -> dict[str, Any]:
    return {
        "low": amount.low if amount.low < UNBOUNDED else None,
        "high": amount.high if amount.bounded else None,
        "text": str(amount),
        "name": plain(amount.name),
        "reason": plain(amount.reason),
        "location": plain(amount.origin),
    }


def _encodable(text: str) -> str:
    """The text with lone surrogates (of undecodable file names) written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
