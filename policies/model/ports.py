# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""TCP ports: the sets that rules name, and those on which PostgreSQL is reached."""

from __future__ import annotations

from collections.abc import Iterable

from connguard.policies.model.records import dataclass
from connguard.policies.model.whole_numbers import whole

HIGHEST = 65535
POSTGRES = 5432
POOLERS = (6432, 6543)
"""PgBouncer (also the one built into Azure), and Supabase's Supavisor."""

USUAL_PORTS = (POSTGRES, *POOLERS)
"""What is judged where no database says its own port."""


@dataclass(frozen=True, slots=True)
class Ports:
    """A set of TCP ports as ranges, both ends included."""

    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, *ports: int) -> Ports:
        return cls(tuple((port, port) for port in ports))

    @classmethod
    def between(cls, first: int, last: int) -> Ports:
        return cls(((first, last),) if first <= last else ())

    @classmethod
    def union_of(cls, sets: Iterable[Ports]) -> Ports:
        return cls(tuple(one for ports in sets for one in ports.ranges))

    def __contains__(self, port: int) -> bool:
        return any(first <= port <= last for first, last in self.ranges)

    @property
    def is_all(self) -> bool:
        """Whether it is (nearly) every port: such a rule names no service."""
        return any(first <= 1 and last >= HIGHEST for first, last in self.ranges)

    def __str__(self) -> str:
        if self.is_all:
            return "all ports"
        shown = [str(a) if a == b else f"{a}-{b}" for a, b in self.ranges]
        if not shown:
            return "no port"
        return ("port " if len(shown) == 1 and "-" not in shown[0] else "ports ") + ", ".join(shown)


ALL_PORTS = Ports(((0, HIGHEST),))
NO_PORTS = Ports(())


def parse_ports(text: str) -> Ports | None:
    """`5432`, `5000-6000`, `5432,6432`, `*`. None for anything else."""
    found: list[tuple[int, int]] = []
    for part in text.split(","):
        part = part.strip()
        if part in ("*", "all"):
            return ALL_PORTS
        first, dash, last = part.partition("-")
        ends = (first.strip(), last.strip() if dash else first.strip())
        if not all(end.isascii() and end.isdigit() and len(end) <= 5 for end in ends):
            return None
        low, high = whole(ends[0]), whole(ends[1])
        if low > high or high > HIGHEST:
            return None
        found.append((low, high))
    return Ports(tuple(found))
