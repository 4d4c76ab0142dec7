# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of roles and databases."""

from __future__ import annotations

from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a role or database. A symbolic one stands for a name that code computes."""

    key: str
    shown: str
    symbolic: bool = False
