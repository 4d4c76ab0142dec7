# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of connections that are known exactly, within bounds, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import Enum

from connguard.policies.model.formula import least
from connguard.policies.model.origin import Origin, Related
from connguard.policies.model.records import dataclass

UNBOUNDED = 1 << 60
"""Stands for "no bound". Sums and products stop here, so it is never mistaken for a count."""


class Standing(Enum):
    """Whether a demand fits a capacity: for all possible values, for none, or it depends."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        return ("safe", "unknown", "unsafe").index(self.value)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of connections (or instances) that lies between `low` and `high`, both included.

    `high` is UNBOUNDED where nothing bounds it. `name` says what the number is ("pool_size");
    `origin` is the place that sets it, None for a default. `reason` says, where `low` and `high`
    differ, what would have to be known.
    """

    low: int
    high: int
    name: str = ""
    origin: Origin | None = None
    reason: str = ""

    @property
    def exact(self) -> bool:
        return self.low == self.high

    @property
    def bounded(self) -> bool:
        return self.high < UNBOUNDED

    def at(self, high: bool) -> int:
        return self.high if high else self.low

    def __str__(self) -> str:
        if self.low >= UNBOUNDED:
            return "any number"
        if self.exact:
            return str(self.low)
        return f"{self.low} to {self.high}" if self.bounded else f"{self.low} or more"


NO_LIMIT = Amount(UNBOUNDED, UNBOUNDED)
"""The limit that always suffices."""


def exactly(number: int, name: str = "", origin: Origin | None = None) -> Amount:
    return Amount(number, number, name, origin)


def unknown_amount(
    name: str, reason: str, origin: Origin | None = None, low: int = 0, high: int = UNBOUNDED
) -> Amount:
    return Amount(low, high, name, origin, reason)


def plus(*amounts: Amount) -> Amount:
    """The sum. Name and origin are dropped; the first reason for not knowing is kept."""
    return Amount(
        saturate(sum(amount.low for amount in amounts)),
        saturate(sum(amount.high for amount in amounts)),
        reason=next((amount.reason for amount in amounts if amount.reason), ""),
    )


def times(*amounts: Amount) -> Amount:
    """The product; 0 times unbounded is 0."""
    low = high = 1
    for amount in amounts:
        low = saturate(low * amount.low)
        high = saturate(high * amount.high)
    return Amount(low, high, reason=next((one.reason for one in amounts if one.reason), ""))


def named(amount: Amount, name: str, origin: Origin | None = None) -> Amount:
    return replace(amount, name=name, origin=origin or amount.origin)


def saturate(number: int) -> int:
    return least(number, UNBOUNDED)


def standing(demand: Amount, capacity: Amount) -> Standing:
    """Safe if the demand fits for all values, unsafe if it fits for none."""
    if demand.high <= capacity.low:
        return Standing.SAFE
    if demand.low > capacity.high:
        return Standing.UNSAFE
    return Standing.UNKNOWN


def worst_standing(standings: Iterable[Standing]) -> Standing:
    """Unsafe before unknown before safe; safe if there is nothing to judge."""
    return max(standings, key=lambda one: one.rank, default=Standing.SAFE)


def related(amounts: Iterable[Amount]) -> tuple[Related, ...]:
    """The places of these numbers, each once, in this order."""
    found: dict[Origin, Related] = {}
    for amount in amounts:
        if amount.origin is not None:
            message = f"{amount.name} is {amount}" if amount.name else str(amount)
            found.setdefault(amount.origin, Related(message, amount.origin))
    return tuple(found.values())
