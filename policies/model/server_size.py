# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""The fact about how many connections a server takes."""

from __future__ import annotations

from connguard.policies.model.amount import Amount
from connguard.policies.model.origin import Origin
from connguard.policies.model.records import dataclass


@dataclass(frozen=True, slots=True)
class ServerSize:
    """How many connections a server takes, and whether a pooler stands before it."""

    max_connections: Amount
    origin: Origin
    pooled: bool
