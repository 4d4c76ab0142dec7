# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection pool as an application's code or its configuration makes it."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from connguard.budget import dsn
from connguard.policies.model.amount import UNBOUNDED, Amount, unknown_amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Made:
    """One pool: its largest size in one process, and what the code says about its target.

    `implied` means that the size is the library's default, which a setting elsewhere in the
    project replaces.
    """

    library: str
    origin: Origin
    size: Amount
    target: dsn.Target | None = None
    implied: bool = False


@dataclass(frozen=True, slots=True)
class CodePool:
    """A pool, the file that makes it and the folder of the project that the file belongs to."""

    made: Made
    file: Path
    project: Path = field(default_factory=Path)


def unread(library: str, expression: str, origin: Origin, low: int = 0) -> Amount:
    """The size is an expression that is not a number in this file."""
    shortened = " ".join(expression.split())
    if len(shortened) > 60:
        shortened = shortened[:57] + "…"
    return unknown_amount(
        f"pool of {library}", f"{shortened} is decided elsewhere", origin, low, UNBOUNDED
    )


def count(code: str) -> int | None:
    """A number as code writes it; None for an expression, or a number that is no count."""
    digits = code.strip().replace("_", "")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None


def foreign(text: str) -> bool:
    """Whether a connection string names another database than PostgreSQL."""
    return "://" in text and dsn.parse(text) is None
